//! The connection: made, lost, made anew.

use super::asked::{Asked, Handlers, HearLog};
use super::builder::Builder;
use super::call::Options;
use super::connect;
use super::kept::Kept;
use super::lane::Handing;
use super::session;
use super::state::State;
use super::subscribe::Subscriptions;
use super::target::Target;
use super::tools::Tools;
use super::web::Web;
use super::wire::{BoxFuture, Hears, Trace, Wire};
use crate::error::{Error, Result};
use crate::layer::trace::Sink;
use crate::transport::child::{Group, StderrLog};
use bowline_protocol::era::Incoming;
use bowline_protocol::era::client::{Agreed, Speaker};
use bowline_protocol::http::HeaderMap;
use bowline_protocol::limits::Limits;
use bowline_protocol::outcome::Body;
use bowline_protocol::protocol::{Clock, Timeouts};
use bowline_protocol::scan::{Message, Raw};
use bowline_types::capability::ServerCapabilities;
use bowline_types::discover::DiscoverResult;
use bowline_types::input::Root;
use bowline_types::jsonrpc::Id;
use bowline_types::log::LoggingLevel;
use bowline_types::meta::Meta;
use bowline_types::method::{Discover, LoggingMessage, Method, Notification};
use bowline_types::revision::{Era, Revision};
use ring::rand::SecureRandom;
use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, Weak};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::Instant;

/// Everything of one client.
pub(super) struct Core {
    pub(super) name: Arc<str>,
    pub(super) target: Target,
    pub(super) setup: Setup,
    pub(super) handlers: Handlers,
    pub(super) subscriptions: Subscriptions,
    pub(super) kept: Kept,
    tools: Tools,
    live: RwLock<Option<Live>>,
    state: watch::Sender<State>,
    /// Of the process that was lost last.
    last_words: Mutex<Option<StderrLog>>,
    /// What the server was when it was there last.
    server: RwLock<Arc<DiscoverResult>>,
    log_level: Mutex<Option<LoggingLevel>>,
    connections: AtomicU64,
    /// How many attempts there were since a connection was good.
    attempts: AtomicU32,
    /// Makes the connection anew; at most one does.
    repairing: Mutex<Option<AbortHandle>>,
    /// The questions that belong to no request, and who answers them.
    questions: Mutex<HashMap<Id, AbortHandle>>,
    thinking: Mutex<Thinking>,
    born: Instant,
    pub(super) handing: Handing,
}

/// What a client was told when it was built, encoded where it is sent.
pub(super) struct Setup {
    pub(super) info: Raw,
    pub(super) capabilities: Raw,
    pub(super) result_kinds: Vec<&'static str>,
    pub(super) limits: Limits,
    pub(super) pin: Option<Revision>,
    #[cfg_attr(not(feature = "http"), expect(dead_code, reason = "only HTTP has headers"))]
    pub(super) headers: HeaderMap,
    #[cfg_attr(
        not(feature = "http"),
        expect(dead_code, reason = "only HTTP is made in many ways")
    )]
    pub(super) web: Web,
    pub(super) memory: Option<std::path::PathBuf>,
    pub(super) reconnect: bool,
    good: Duration,
    pub(super) trace: Option<Trace>,
}

/// A connection that stands. Cheap to clone.
#[derive(Clone)]
pub(super) struct Live {
    pub(super) wire: Arc<dyn Wire>,
    pub(super) speaker: Arc<Speaker>,
    pub(super) stderr: Option<StderrLog>,
    #[cfg_attr(not(feature = "host"), expect(dead_code, reason = "hosts look at groups"))]
    pub(super) group: Option<Group>,
    /// Tells it from those before it.
    pub(super) number: u64,
    pub(super) since: Instant,
    /// Who hears for it, and knows whether it is lost.
    pub(super) ears: Arc<Ears>,
}

/// How long somebody has been thinking over questions that do not say for which request they are.
#[derive(Default)]
struct Thinking {
    open: usize,
    since: Duration,
    total: Duration,
}

/// How long the end of a connection may take.
const CLOSING: Duration = Duration::from_secs(10);

impl Live {
    pub(super) fn revision(&self) -> Revision {
        self.speaker.revision()
    }

    pub(super) fn is_modern(&self) -> bool {
        self.revision().era() == Era::Modern
    }
}

impl Core {
    pub(super) async fn connect(builder: Builder, target: Target) -> Result<Arc<Self>> {
        let trace = match &builder.trace {
            Some(file) => Some(Trace::new(sink(file)?, target.transport())),
            None => None,
        };
        let kept = Kept::new(&builder.limits);
        let core = Arc::new(Self {
            name: target.name().into(),
            target,
            setup: Setup {
                info: Raw::encode(&builder.info)?,
                capabilities: Raw::encode(&builder.capabilities)?,
                result_kinds: builder.result_kinds,
                limits: builder.limits,
                pin: builder.pin,
                headers: builder.headers,
                web: builder.web,
                memory: builder.memory,
                reconnect: builder.restart,
                good: builder.good,
                trace,
            },
            handlers: builder.handlers,
            subscriptions: Subscriptions::default(),
            kept,
            tools: Tools::default(),
            live: RwLock::new(None),
            state: watch::Sender::new(State::Connecting),
            last_words: Mutex::new(None),
            server: RwLock::new(Arc::new(DiscoverResult::new(
                Vec::new(),
                ServerCapabilities::new(),
            ))),
            log_level: Mutex::new(builder.log_level),
            connections: AtomicU64::new(0),
            attempts: AtomicU32::new(0),
            repairing: Mutex::new(None),
            questions: Mutex::default(),
            thinking: Mutex::default(),
            born: Instant::now(),
            handing: builder.handing,
        });
        match core.establish().await {
            Ok(()) => Ok(core),
            Err(error) => {
                core.state.send_replace(State::Closed { reason: None });
                Err(error)
            }
        }
    }

    /// Makes a connection and puts it in place.
    async fn establish(self: &Arc<Self>) -> Result<()> {
        let (live, agreed) = connect::connect(self).await?;
        if self.is_closed() {
            live.wire.close(CLOSING).await;
            return Err(closed(None));
        }
        *write(&self.server) = Arc::new(discovered(agreed));
        self.kept.settle(live.revision());
        let protocol_version = live.revision().as_str();
        *write(&self.live) = Some(live.clone());
        self.state.send_replace(State::Ready { protocol_version });
        // One that was lost before it stood here was missed by nobody yet.
        if live.ears.is_deaf() {
            let fault = "the connection was lost as soon as it was made";
            self.lost(live.number, Error::closed(fault), false);
            return Ok(());
        }
        if !live.is_modern() {
            session::resume(self).await;
        }
        Ok(())
    }

    /// The connection, once it is there.
    pub(super) async fn ready(&self) -> Result<Live> {
        if let Some(live) = self.live() {
            return Ok(live);
        }
        let mut state = self.state.subscribe();
        loop {
            if let State::Closed { reason } = &*state.borrow_and_update() {
                return Err(closed(reason.as_deref()));
            }
            if let Some(live) = self.live() {
                return Ok(live);
            }
            if state.changed().await.is_err() {
                return Err(closed(None));
            }
        }
    }

    pub(super) fn live(&self) -> Option<Live> {
        self.live.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes a connection for lost, and begins to make it anew: at once where the server is known to be there.
    pub(super) fn lost(self: &Arc<Self>, number: u64, error: Error, at_once: bool) {
        {
            let mut place = write(&self.live);
            let Some(live) = place.as_ref().filter(|live| live.number == number) else {
                // Whoever found out first has seen to it.
                return;
            };
            if live.since.elapsed() >= self.setup.good {
                self.attempts.store(0, Ordering::Relaxed);
            }
            *lock(&self.last_words) = live.stderr.clone();
            *place = None;
        }
        self.tools.clear();
        self.kept.clear();
        self.forget_questions();
        if let Some(delay) = self.try_again(Arc::new(error)) {
            let delay = if at_once { Duration::ZERO } else { delay };
            let repair = tokio::spawn(repair(Arc::downgrade(self), delay));
            *lock(&self.repairing) = Some(repair.abort_handle());
        }
    }

    /// Whether to try again, and when: says so, or says that it is over.
    fn try_again(&self, error: Arc<Error>) -> Option<Duration> {
        let attempt = self.attempts.fetch_add(1, Ordering::Relaxed) + 1;
        let again = self.setup.reconnect && attempt <= self.limits().reconnects;
        let open = self.state.send_if_modified(|state| {
            let open = !matches!(state, State::Closed { .. });
            if open {
                *state = match again {
                    true => State::Reconnecting { attempt, last_error: error },
                    false => State::Closed { reason: Some(error) },
                };
            }
            open
        });
        if !again {
            self.subscriptions.close();
        }
        (again && open).then(|| backoff(self.limits(), attempt))
    }

    pub(super) fn state(&self) -> watch::Receiver<State> {
        self.state.subscribe()
    }

    #[cfg(feature = "host")]
    pub(super) fn standing(&self) -> watch::Ref<'_, State> {
        self.state.borrow()
    }

    pub(super) fn is_closed(&self) -> bool {
        matches!(&*self.state.borrow(), State::Closed { .. })
    }

    pub(super) async fn close(&self) {
        if let Some(live) = self.end() {
            live.wire.close(CLOSING).await;
        }
    }

    /// Says that it is over and ends what runs by itself; the connection, if there is one, ends with its drop.
    pub(super) fn end(&self) -> Option<Live> {
        self.state.send_if_modified(|state| {
            let open = !matches!(state, State::Closed { .. });
            if open {
                *state = State::Closed { reason: None };
            }
            open
        });
        self.stop();
        write(&self.live).take()
    }

    /// Ends what runs by itself.
    fn stop(&self) {
        if let Some(repairing) = lock(&self.repairing).take() {
            repairing.abort();
        }
        self.forget_questions();
        self.subscriptions.close();
    }

    fn forget_questions(&self) {
        for (_, answering) in lock(&self.questions).drain() {
            answering.abort();
        }
        *lock(&self.thinking) = Thinking { total: self.thinking(), ..Thinking::default() };
    }

    #[cfg(feature = "host")]
    pub(super) fn connections(&self) -> u64 {
        self.connections.load(Ordering::Relaxed)
    }

    pub(super) fn name(&self) -> Arc<str> {
        self.name.clone()
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.setup.limits
    }

    pub(super) fn result_kinds(&self) -> &[&'static str] {
        &self.setup.result_kinds
    }

    pub(super) fn reconnects(&self) -> bool {
        self.setup.reconnect
    }

    pub(super) fn tools(&self) -> &Tools {
        &self.tools
    }

    pub(super) fn fault(&self, error: &Error) {
        self.handlers.fault(error);
    }

    pub(super) fn born(&self) -> Instant {
        self.born
    }

    pub(super) fn now(&self) -> Duration {
        self.born.elapsed()
    }

    pub(super) fn clock(&self, timeouts: Timeouts) -> Clock {
        Clock::start(timeouts, self.now())
    }

    #[cfg(feature = "host")]
    pub(super) fn process_group(&self) -> Option<u32> {
        self.live()?.group?.id()
    }

    /// What the process says, and before it says anything, what the last one said.
    pub(super) fn stderr(&self) -> String {
        let tail = |log: Option<StderrLog>| log.map(|log| log.tail()).unwrap_or_default();
        let now = tail(self.live().and_then(|live| live.stderr));
        if now.is_empty() { tail(lock(&self.last_words).clone()) } else { now }
    }

    pub(super) fn protocol_version(&self) -> &'static str {
        match &*self.state.borrow() {
            State::Ready { protocol_version } => protocol_version,
            _ => self.live().map_or("", |live| live.revision().as_str()),
        }
    }

    pub(super) fn server(&self) -> Arc<DiscoverResult> {
        self.server.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) async fn ping(self: &Arc<Self>) -> Result<()> {
        let live = self.ready().await?;
        let method = if live.is_modern() { Discover::NAME } else { session::PING };
        let options = Options { fresh: true, ..Options::default() };
        self.exchange(method, Body::empty(), options).await.map(drop)
    }

    pub(super) async fn discover(self: &Arc<Self>) -> Result<Arc<DiscoverResult>> {
        if self.ready().await?.is_modern() {
            let options = Options { fresh: true, ..Options::default() };
            let result = self.exchange(Discover::NAME, Body::empty(), options).await?;
            let fault = |fault| Error::bad_answer(Discover::NAME, fault);
            *write(&self.server) = Arc::new(result.decode().map_err(fault)?);
        }
        Ok(self.server())
    }

    pub(super) async fn notify(&self, method: &str, params: &Body) -> Result<()> {
        let live = self.ready().await?;
        let message = live.speaker.notification(method, params);
        let message = message.map_err(|fault| Error::unsupported(fault.to_string()))?;
        live.wire.send(message).await.map_err(|failure| failure.into_error())
    }

    pub(super) fn log_level(&self) -> Option<LoggingLevel> {
        *lock(&self.log_level)
    }

    pub(super) async fn set_log_level(self: &Arc<Self>, level: Option<LoggingLevel>) -> Result<()> {
        let live = self.ready().await?;
        if live.is_modern() {
            if let Some(live) = &mut *write(&self.live) {
                Arc::make_mut(&mut live.speaker).set_log_level(level);
            }
        } else if let Some(level) = level {
            session::set_log_level(self, level).await?;
        }
        *lock(&self.log_level) = level;
        Ok(())
    }

    pub(super) async fn set_roots(&self, roots: Vec<Root>) -> Result<()> {
        let Some(kept) = &self.handlers.roots else {
            let fault = "the client was built without roots, and has told servers so; call `Builder::roots`";
            return Err(Error::invalid(fault));
        };
        kept.set(roots);
        match self.live() {
            Some(live) if !live.is_modern() => {
                self.notify(session::ROOTS_CHANGED, &Body::empty()).await
            }
            _ => Ok(()),
        }
    }

    /// Takes a notification; log messages go to `on_log` where that is somebody.
    pub(super) fn notification(&self, message: &Message, on_log: Option<&HearLog>) {
        let method = message.method();
        if method == LoggingMessage::NAME {
            let Some(hear) = on_log.or(self.handlers.log.as_deref()) else {
                return;
            };
            match message.params().map(|params| params.decode()) {
                Some(Ok(log)) => hear(log),
                Some(Err(fault)) => self.fault(&Error::bad_answer(&method, fault)),
                None => self.fault(&Error::bad_answer(&method, "`params` is missing")),
            }
            return;
        }
        self.changed(message);
        if let Some(hear) = self.handlers.notifications.get(&*method) {
            let params = message.params().unwrap_or_else(|| Body::empty().members().clone());
            if let Err(error) = hear(params) {
                self.fault(&error);
            }
        }
    }

    /// Answers a question and sends the answer; the future never fails, what goes wrong `on_error` hears.
    pub(super) fn reply(
        self: Arc<Self>,
        live: Live,
        asked: Asked,
        question: Incoming,
    ) -> BoxFuture<()> {
        Box::pin(async move {
            let Some(id) = question.id() else {
                return;
            };
            let outcome = session::answer(&self.handlers, live.revision(), asked, question).await;
            if let Err(failure) = live.wire.reply(&id, outcome).await {
                self.fault(&failure.into_error());
            }
        })
    }

    /// How long somebody has been thinking, in all.
    pub(super) fn thinking(&self) -> Duration {
        let thinking = lock(&self.thinking);
        let now = if thinking.open > 0 {
            self.now().saturating_sub(thinking.since)
        } else {
            Duration::ZERO
        };
        thinking.total + now
    }

    fn think(&self) {
        let now = self.now();
        let mut thinking = lock(&self.thinking);
        if thinking.open == 0 {
            thinking.since = now;
        }
        thinking.open += 1;
    }

    fn thought(&self) {
        let now = self.now();
        let mut thinking = lock(&self.thinking);
        thinking.open = thinking.open.saturating_sub(1);
        if thinking.open == 0 {
            let since = thinking.since;
            thinking.total += now.saturating_sub(since);
        }
    }

    /// Writes down what was heard outside of every exchange, where that is wanted.
    fn traced(&self, message: &Raw) {
        if let Some(trace) = &self.setup.trace {
            trace.heard(None, message);
        }
    }

    /// What a wire of this client tells what it hears.
    pub(super) fn ears(self: &Arc<Self>) -> Arc<Ears> {
        let number = self.connections.fetch_add(1, Ordering::Relaxed) + 1;
        Arc::new(Ears {
            core: Arc::downgrade(self),
            number,
            spoken: watch::Sender::new(false),
            deaf: AtomicBool::new(false),
        })
    }
}

/// Makes a lost connection anew, as often as that may be tried.
async fn repair(core: Weak<Core>, mut delay: Duration) {
    loop {
        tokio::time::sleep(delay).await;
        let Some(core) = core.upgrade().filter(|core| !core.is_closed()) else {
            return;
        };
        match core.establish().await {
            Ok(()) => return core.subscriptions.resumed(),
            Err(error) => {
                core.fault(&error);
                match core.try_again(Arc::new(error)) {
                    Some(wait) => delay = wait,
                    None => return,
                }
            }
        }
    }
}

/// How long to wait before an attempt: anything up to a time that doubles, so that many clients do not come at once.
pub(super) fn backoff(limits: &Limits, attempt: u32) -> Duration {
    let longest = limits.reconnect_delay.saturating_mul(1 << attempt.saturating_sub(1).min(16));
    longest.min(limits.reconnect_delay_max).mul_f64(fraction())
}

/// A random number from 0 to 1; where the system has none to give, 1.
fn fraction() -> f64 {
    let mut bytes = [0; 4];
    match ring::rand::SystemRandom::new().fill(&mut bytes) {
        Ok(()) => f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX),
        Err(_) => 1.0,
    }
}

/// Hears for one wire of a client.
pub(super) struct Ears {
    core: Weak<Core>,
    number: u64,
    /// Whether the server has said anything at all.
    spoken: watch::Sender<bool>,
    /// Whether the wire is lost.
    deaf: AtomicBool,
}

impl Ears {
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    fn is_deaf(&self) -> bool {
        self.deaf.load(Ordering::Acquire)
    }

    /// Waits until the server has said anything at all.
    pub(super) async fn spoken(&self) {
        let _ = self.spoken.subscribe().wait_for(|spoken| *spoken).await;
    }
}

impl Hears for Ears {
    fn notification(&self, message: Message) {
        self.spoken.send_replace(true);
        if let Some(core) = self.core.upgrade() {
            core.traced(message.raw());
            core.notification(&message, None);
            core.handing.notification(&message);
        }
    }

    fn question(&self, question: Incoming) {
        let Some((core, id)) = self.core.upgrade().zip(question.id()) else {
            return;
        };
        core.traced(question.message().raw());
        let live = core.live().filter(|live| live.number == self.number);
        let Some(live) = live else {
            // Before the session is open nothing but a ping may be asked, and after its end nobody waits.
            return;
        };
        let Some((question, live)) = core.handing.question(question, live) else {
            return;
        };
        let mut questions = lock(&core.questions);
        if questions.len() >= core.limits().waiting_per_link {
            let busy = bowline_protocol::limits::busy(questions.len());
            let refused = live.wire.reply(&id, busy.into());
            tokio::spawn(refused);
            return;
        }
        core.think();
        let asked = Asked { server: core.name(), request: None };
        let (answering, done) = (core.clone().reply(live, asked, question), Arc::downgrade(&core));
        let key = id.clone();
        // Owned by the table: it ends when the server gives the question up, or the connection ends.
        let task = tokio::spawn(async move {
            let _thought = Thought(done, key);
            answering.await;
        });
        questions.insert(id, task.abort_handle());
    }

    fn cancelled(&self, id: &Id) {
        let Some(core) = self.core.upgrade() else {
            return;
        };
        core.handing.cancelled(id);
        if let Some(answering) = lock(&core.questions).remove(id) {
            answering.abort();
        }
    }

    fn fault(&self, error: Error) {
        self.spoken.send_replace(true);
        if let Some(core) = self.core.upgrade() {
            core.fault(&error);
        }
    }

    #[cfg(feature = "auth")]
    fn held(&self, waits: bool) {
        match self.core.upgrade() {
            Some(core) if waits => core.think(),
            Some(core) => core.thought(),
            None => {}
        }
    }

    fn lost(&self, error: Error) {
        // Told before it is looked for a place that the connection may not have yet.
        self.deaf.store(true, Ordering::Release);
        if let Some(core) = self.core.upgrade() {
            core.lost(self.number, error, false);
        }
    }
}

impl fmt::Debug for Ears {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ears")
    }
}

/// Ends the thinking over one question, however it ends.
struct Thought(Weak<Core>, Id);

impl Drop for Thought {
    fn drop(&mut self) {
        if let Some(core) = self.0.upgrade() {
            lock(&core.questions).remove(&self.1);
            core.thought();
        }
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        self.stop();
    }
}

impl fmt::Debug for Core {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Core").field("name", &self.name).finish_non_exhaustive()
    }
}

fn sink(file: &Path) -> Result<Arc<Sink>> {
    let fault = |error| Error::io(format!("cannot write the trace to {}", file.display()), error);
    Sink::open(file).map(Arc::new).map_err(fault)
}

fn discovered(agreed: Agreed) -> DiscoverResult {
    let mut result = DiscoverResult::new(agreed.supported_versions, agreed.capabilities);
    result.instructions = agreed.instructions;
    result.cache = agreed.cache;
    if let Some(info) = &agreed.server_info {
        let mut meta = Meta::new();
        meta.set_server_info(info);
        result.meta = Some(meta);
    }
    result
}

fn closed(reason: Option<&Error>) -> Error {
    match reason {
        Some(reason) => Error::closed(format!("the client is closed: {reason}")),
        None => Error::closed("the client is closed"),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing that runs under these locks can leave anything half-changed.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> std::sync::RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}
