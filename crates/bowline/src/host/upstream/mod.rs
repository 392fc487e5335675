//! One server of a host: its instances, started when they are needed and stopped when nobody needs them.
//!
//! A server that speaks the newest protocol version, or that was not told it may ask, has one instance for everybody.
//! Every other one belongs to an [`Owner`], since what it asks is for whoever it works for; and one whose questions do
//! not say for which request they are does one call at a time, each call with a lane of its own.

mod group;
mod instance;
mod keeper;
mod owner;

pub(crate) use instance::Instance;
pub(crate) use keeper::begin;
pub(crate) use owner::{Key, Owner};

use super::catalogue::{Offer, Stored, Told};
use super::fault;
use super::monitor::Monitor;
use super::settings::{Isolation, ServerSettings};
use super::status::Calls;
use crate::bridge::Lease;
use crate::client::lane::Lane;
use crate::client::{self, State, Target};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::principal::Principal;
use bowline_protocol::scan::MetaKey;
use bowline_types::capability::ClientCapabilities;
use bowline_types::input::Root;
use bowline_types::jsonrpc::ErrorObject;
use bowline_types::log::LoggingLevel;
use group::Group;
use instance::{Running, Taken};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, Weak};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::Instant;

/// What a host knows of a server before it has been started.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// What the host calls it.
    pub(crate) name: Arc<str>,
    /// What it is reached by.
    pub(crate) target: Target,
    /// The tools that may be used; all of them when there is no list.
    pub(crate) tools: Option<Vec<String>>,
    /// What the settings say of it.
    pub(crate) settings: ServerSettings,
    /// With whose login it is used.
    pub(crate) login: Login,
    /// Under what its offer is kept from one run to the next; changes with anything that makes it another server.
    pub(crate) fingerprint: Option<String>,
}

/// With whose login a server is used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Login {
    /// With none.
    Nobody,
    /// That of whoever runs the host.
    #[default]
    Host,
    /// That of a caller.
    Of(Principal),
}

/// What a server needs of its host.
pub(crate) trait Hosting: Send + Sync + 'static {
    /// A client to be, as the host wants it.
    fn client(&self, plan: &Plan) -> client::Builder;
    /// A server's offer came, changed or went.
    fn offered(&self);
    /// Where offers are kept.
    fn stored(&self) -> Option<&Stored>;
    /// What holds for all servers that do not say otherwise.
    fn isolation(&self) -> Option<Isolation>;
    /// How long nobody has used an instance before it is stopped.
    fn idle_stop(&self) -> Option<Duration>;
    /// Who looks at what processes use.
    fn monitor(&self) -> &Arc<Monitor>;
}

/// One server of a host.
pub(crate) struct Upstream {
    pub(crate) plan: Plan,
    host: Weak<dyn Hosting>,
    /// The instance for everybody, once it is known that one will do.
    common: RwLock<Option<Arc<Instance>>>,
    groups: Mutex<HashMap<Key, Arc<Group>>>,
    offer: RwLock<Option<Arc<Offer>>>,
    standing: Mutex<Standing>,
    /// How often its lists were said to have changed.
    told: Mutex<Told>,
    numbers: AtomicU64,
    /// The number of the instance that the keeper listens to; 0 for none.
    kept: AtomicU64,
    leaving: AtomicBool,
    /// Whether it wants a login, and has none.
    guarded: AtomicBool,
    /// Whether it is known what it offers, or that it offers nothing now.
    tried: watch::Sender<bool>,
    /// Hears of changes of its lists, and brings it back when it is gone.
    keeper: Mutex<Option<AbortHandle>>,
}

/// How it stands, for those who look.
#[derive(Clone, Debug, Default)]
pub(crate) struct Standing {
    /// What went wrong last, whether or not it has been well since.
    pub(crate) last_error: Option<(Arc<Error>, Instant)>,
    /// How often one was started.
    pub(crate) starts: u64,
    /// The calls of instances that are gone.
    pub(crate) past: Calls,
}

/// How many instances there are for those who share them, where each does one call at a time.
const INSTANCES: usize = 4;

/// How long a call waits for an instance that others have.
const PATIENCE: Duration = Duration::from_secs(60);

impl Plan {
    /// Whether it is the same server, to be treated the same.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.fingerprint.is_some()
            && self.fingerprint == other.fingerprint
            && self.settings == other.settings
            && self.tools == other.tools
    }
}

impl Upstream {
    pub(crate) fn new(plan: Plan, host: Weak<dyn Hosting>) -> Arc<Self> {
        Arc::new(Self {
            plan,
            host,
            common: RwLock::new(None),
            groups: Mutex::default(),
            offer: RwLock::new(None),
            standing: Mutex::default(),
            told: Mutex::default(),
            numbers: AtomicU64::new(0),
            kept: AtomicU64::new(0),
            leaving: AtomicBool::new(false),
            guarded: AtomicBool::new(false),
            tried: watch::Sender::new(false),
            keeper: Mutex::new(None),
        })
    }

    /// What the host calls it.
    pub(crate) fn name(&self) -> &Arc<str> {
        &self.plan.name
    }

    /// What it offers, as far as that is known; nothing while it cannot be used.
    pub(crate) fn offer(&self) -> Option<Arc<Offer>> {
        self.offer.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether it is being taken out of the host.
    pub(crate) fn is_leaving(&self) -> bool {
        self.leaving.load(Ordering::Acquire)
    }

    /// Whether it wants a login, and is used without.
    pub(crate) fn is_guarded(&self) -> bool {
        self.guarded.load(Ordering::Acquire)
    }

    /// It wants a login, after all. Nothing is used any more that has none.
    pub(crate) fn guard(&self) {
        if self.plan.login == Login::Nobody && !self.guarded.swap(true, Ordering::AcqRel) {
            self.rest();
            self.stop(|_| true);
        }
    }

    /// Who runs it.
    pub(crate) fn hosting(&self) -> Weak<dyn Hosting> {
        self.host.clone()
    }

    pub(crate) fn standing(&self) -> Standing {
        lock(&self.standing).clone()
    }

    /// Waits until it is known what it offers, or that it cannot be started.
    pub(crate) async fn tried(&self) {
        let _ = self.tried.subscribe().wait_for(|tried| *tried).await;
    }

    /// An instance for one call.
    ///
    /// # Errors
    /// What the caller is told: it cannot be started, it is being removed, or all instances are in use.
    pub(crate) async fn lease(self: &Arc<Self>, cx: &Context) -> Result<Lease, ErrorObject> {
        if self.leaving.load(Ordering::Acquire) {
            return Err(fault::leaving(self.name()));
        }
        if let Some(call) = self.common() {
            self.check(&call.instance)?;
            self.wish(&call.instance, cx).await;
            return Ok(shared(call));
        }
        // Boxed, so that the future of a call to a server that all share stays small.
        Box::pin(self.lease_of_owner(cx)).await
    }

    /// One instance that can be used with this key, to ask or to listen; started if there is none.
    ///
    /// # Errors
    /// When it cannot be started.
    pub(crate) async fn instance(self: &Arc<Self>, key: &Key) -> Result<Running> {
        if let Some(call) = self.common() {
            return Ok(call);
        }
        let group = self.group(key);
        if let Some(call) = group.first() {
            return Ok(call);
        }
        let _starting = group.starting.lock().await;
        match self.common().or_else(|| group.first()) {
            Some(call) => Ok(call),
            None => match self.start(&group, key).await? {
                Started::ForEverybody(call) => Ok(call),
                Started::ForOne(taken) => Ok(taken.instance().enter()),
            },
        }
    }

    /// Which instances a call can use, if there is none for everybody.
    pub(crate) fn key(&self, cx: &Context) -> Key {
        Key::of(cx, self.isolation())
    }

    /// All instances, with whose they are.
    pub(crate) fn instances(&self) -> Vec<(Owner, Arc<Instance>)> {
        let common = self.common().map(|call| (Owner::Everybody, call.instance.clone()));
        let mut all: Vec<_> = common.into_iter().collect();
        for (key, group) in lock(&self.groups).iter() {
            all.extend(group.all().into_iter().map(|instance| (key.owner.clone(), instance)));
        }
        all.sort_by_key(|(_, instance)| instance.number);
        all
    }

    /// Whether an instance is being started.
    pub(crate) fn is_starting(&self) -> bool {
        lock(&self.groups).values().any(|group| group.starting.try_lock().is_err())
    }

    /// How many calls wait for an instance.
    pub(crate) fn waiting(&self) -> usize {
        lock(&self.groups).values().map(|group| group.waiting()).sum()
    }

    /// Stops what nobody has used for long enough; called now and then.
    pub(crate) fn sweep(&self) {
        let limit = self.plan.settings.idle_stop.or_else(|| self.host()?.idle_stop());
        let stale =
            |one: &Instance| limit.zip(one.idle()).is_some_and(|(limit, idle)| idle >= limit);
        self.stop(stale);
        if let Some(most) = self.plan.settings.max_memory {
            self.stop(|one| {
                let over = one.watched.over(most);
                if let Some(memory) = over {
                    let server = &**self.name();
                    tracing::warn!(
                        target: "bowline::host",
                        server, instance = one.number, memory, most,
                        "it has more memory than it may have, and is started anew"
                    );
                }
                over.is_some()
            });
        }
    }

    /// Stops instances of which `wants_out` says so; calls in flight on them fail.
    pub(crate) fn stop(&self, wants_out: impl Fn(&Instance) -> bool) {
        let mut out = Vec::new();
        {
            let mut common = self.common.write().unwrap_or_else(PoisonError::into_inner);
            out.extend(common.take_if(|instance| wants_out(instance)));
        }
        let mut groups = lock(&self.groups);
        for group in groups.values() {
            out.extend(group.remove(&wants_out));
        }
        groups.retain(|_, group| !group.is_unused() || Arc::strong_count(group) > 1);
        drop(groups);
        for instance in out {
            lock(&self.standing).past.add(instance.meter.calls());
            // Its end takes a while, and nobody waits for it.
            tokio::spawn(async move { instance.client.close().await });
        }
    }

    /// Takes no more calls, lets those in flight end until the deadline, and stops.
    pub(crate) async fn leave(&self, deadline: Duration) {
        self.leaving.store(true, Ordering::Release);
        if let Some(keeper) = lock(&self.keeper).take() {
            keeper.abort();
        }
        let ends = Instant::now() + deadline;
        while Instant::now() < ends
            && self.instances().iter().any(|(_, instance)| instance.running() > 0)
        {
            tokio::time::sleep(DRAIN_STEP).await;
        }
        let instances = self.instances();
        *self.common.write().unwrap_or_else(PoisonError::into_inner) = None;
        lock(&self.groups).clear();
        let closing = instances
            .into_iter()
            .map(|(_, instance)| tokio::spawn(async move { instance.client.close().await }));
        for closing in closing.collect::<Vec<_>>() {
            let _ = closing.await;
        }
    }

    /// Stops at once: takes no more calls, and lets go of all that it has.
    pub(crate) fn end(&self) {
        self.leaving.store(true, Ordering::Release);
        if let Some(keeper) = lock(&self.keeper).take() {
            keeper.abort();
        }
        let common = self.common.write().unwrap_or_else(PoisonError::into_inner).take();
        let groups: Vec<_> = lock(&self.groups).drain().map(|(_, group)| group).collect();
        // Without the locks: a good deal goes with the last holder of an instance.
        drop((common, groups));
    }

    async fn lease_of_owner(self: &Arc<Self>, cx: &Context) -> Result<Lease, ErrorObject> {
        let key = self.key(cx);
        let unavailable = |error| fault::unavailable(self.name(), &error);
        let first = self.instance(&key).await.map_err(unavailable)?;
        self.check(&first.instance)?;
        if self.is_common(&first.instance) {
            return Ok(shared(first));
        }
        if key.declared.is_empty() || first.instance.client.owns_questions() {
            self.wish(&first.instance, cx).await;
            let own = key.owner.is_one() || first.instance.is_only(owner::caller(cx));
            let roots = self.plan.settings.roots.as_deref().map(Arc::from);
            return Ok(Lease { own, roots, ..shared(first) });
        }
        drop(first);
        let group = self.group(&key);
        let busy = || fault::busy(self.name(), self.lanes());
        let permit = group.permit(PATIENCE).await.ok_or_else(busy)?;
        let taken = match group.take() {
            Some(taken) => taken,
            None => {
                let _starting = group.starting.lock().await;
                match self.start(&group, &key).await.map_err(unavailable)? {
                    Started::ForOne(taken) => taken,
                    // It is another version of the server by now.
                    Started::ForEverybody(call) => return Ok(shared(call)),
                }
            }
        };
        let instance = taken.instance().clone();
        self.wish(&instance, cx).await;
        let own = key.owner.is_one() || instance.is_only(owner::caller(cx));
        Ok(Lease {
            client: instance.client.clone(),
            lane: Some(instance.lane.clone()),
            own,
            roots: self.roots(own),
            measured: Some(instance.measure()),
            hold: Some(Box::new((taken, permit))),
        })
    }

    /// Refuses a call that would only wait for a server that has been lost and does not come back.
    fn check(&self, instance: &Instance) -> Result<(), ErrorObject> {
        instance.client.standing(|state| match state {
            State::Reconnecting { attempt, last_error } if *attempt > 1 => {
                Err(fault::unavailable(self.name(), last_error))
            }
            _ => Ok(()),
        })
    }

    /// Starts an instance. It is put where it belongs, which only its protocol version tells.
    async fn start(self: &Arc<Self>, group: &Arc<Group>, key: &Key) -> Result<Started> {
        let lane = Lane::default();
        let (builder, monitor) = {
            // Not kept while it starts: a host that is dropped meanwhile ends the start.
            let host = self.host().ok_or_else(|| Error::closed("the host is closed"))?;
            (host.client(&self.plan), host.monitor().clone())
        };
        let builder = builder.hand_on(self.capabilities(key), lane.clone());
        let connected = builder.connect(self.plan.target.clone()).await;
        let mut standing = lock(&self.standing);
        let client = match connected {
            Ok(client) => client,
            Err(error) => {
                let error = Arc::new(error);
                standing.last_error = Some((error.clone(), Instant::now()));
                drop(standing);
                let wants_login = error.is_unauthorized();
                if wants_login && self.plan.login == Login::Nobody {
                    self.guarded.store(true, Ordering::Release);
                }
                // Its tools are taken out, and it is tried again: not by every call that comes.
                keeper::bring_back(self);
                let failed = if wants_login {
                    Error::unauthorized("it wants a login")
                } else {
                    Error::unreachable("it could not be started or reached")
                };
                return Err(failed.because(error));
            }
        };
        standing.starts += 1;
        drop(standing);
        let number = self.numbers.fetch_add(1, Ordering::Relaxed) + 1;
        let is_common = client.is_modern() || !self.may_ask();
        let group_of = client.clone();
        let watched = monitor.watch(move || group_of.process_group());
        let instance = Instance::new(client, lane, watched, number);
        let started = if is_common {
            let mut common = self.common.write().unwrap_or_else(PoisonError::into_inner);
            // Two owners may have started one each before either could know; the second is closed when it is dropped.
            if let Some(first) = common.as_ref().filter(|first| first.is_open()) {
                return Ok(Started::ForEverybody(first.enter()));
            }
            Started::ForEverybody(common.insert(instance.clone()).enter())
        } else {
            let taken = instance.begin();
            group.add(instance.clone());
            Started::ForOne(taken)
        };
        keeper::look_after(self, &instance);
        Ok(started)
    }

    /// The instance for everybody, and the right to use it: taken under the lock under which it is decided that nobody
    /// uses it.
    fn common(&self) -> Option<Running> {
        let common = self.common.read().unwrap_or_else(PoisonError::into_inner);
        common.as_ref().filter(|instance| instance.is_open()).map(Instance::enter)
    }

    fn is_common(&self, instance: &Arc<Instance>) -> bool {
        let common = self.common.read().unwrap_or_else(PoisonError::into_inner);
        common.as_ref().is_some_and(|common| Arc::ptr_eq(common, instance))
    }

    fn group(&self, key: &Key) -> Arc<Group> {
        let mut groups = lock(&self.groups);
        groups.entry(key.clone()).or_insert_with(|| Group::new(self.lanes())).clone()
    }

    fn lanes(&self) -> usize {
        self.plan.settings.instances.unwrap_or(INSTANCES).max(1)
    }

    fn isolation(&self) -> Option<Isolation> {
        self.plan.settings.isolation.or_else(|| self.host()?.isolation())
    }

    fn host(&self) -> Option<Arc<dyn Hosting>> {
        self.host.upgrade()
    }

    fn may_ask(&self) -> bool {
        self.plan.settings.questions.unwrap_or(true)
    }

    /// What a server with a session is told that it may ask for.
    fn capabilities(&self, key: &Key) -> ClientCapabilities {
        if self.may_ask() { key.declared.capabilities() } else { ClientCapabilities::new() }
    }

    /// The roots that are told instead of asking, where nothing says for which call they are asked: those of the
    /// config, and none where several share an instance.
    fn roots(&self, own: bool) -> Option<Arc<[Root]>> {
        match &self.plan.settings.roots {
            Some(roots) => Some(roots.as_slice().into()),
            None => (!own).then(|| Arc::from([])),
        }
    }

    /// Makes a server with a session log as verbosely as this caller wishes.
    async fn wish(&self, instance: &Instance, cx: &Context) {
        let Some(level) = cx.request().meta(MetaKey::LogLevel) else {
            return;
        };
        if instance.client.is_modern() || instance.client.server().capabilities.logging.is_none() {
            return;
        }
        let Ok(level) = bowline_types::decode::<LoggingLevel>(level) else {
            return;
        };
        if let Err(error) = Box::pin(instance.wish(level)).await {
            tracing::debug!(target: "bowline::host", server = &**self.name(), "log level not set: {error}");
        }
    }
}

/// What was started, for the one who wanted it.
enum Started {
    ForEverybody(Running),
    ForOne(Taken),
}

/// A lease of an instance that others use at the same time.
fn shared(call: Running) -> Lease {
    Lease {
        client: call.instance.client.clone(),
        lane: None,
        own: false,
        roots: None,
        measured: Some(call.instance.measure()),
        hold: Some(Box::new(call)),
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.end();
    }
}

impl std::fmt::Debug for Upstream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Upstream").field("name", self.name()).finish_non_exhaustive()
    }
}

/// How often a leaving server looks whether its calls have ended.
const DRAIN_STEP: Duration = Duration::from_millis(20);

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing that runs under these locks can leave what they hold half-changed.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
