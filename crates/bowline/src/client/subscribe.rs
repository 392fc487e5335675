//! Listening for changes.
//!
//! A server of the newest kind tells on a stream of the subscription's own; one with a session tells the session, and
//! what is told is handed to every subscription that wants it.

use super::live::{Core, backoff};
use super::session;
use super::wire::{Event, Failure, Outgoing};
use crate::error::{Error, Result};
use bowline_protocol::era::client::Answer;
use bowline_protocol::http::HeaderMap;
use bowline_protocol::protocol::Request;
use bowline_protocol::scan::{BodyKey, Message};
use bowline_types::capability::ServerCapabilities;
use bowline_types::method::{
    Method, Notification, PromptListChanged, ResourceListChanged, ResourceUpdated,
    SubscriptionsAcknowledged, SubscriptionsListen, ToolListChanged,
};
use bowline_types::subscription::{
    SubscriptionFilter, SubscriptionsAcknowledgedNotificationParams,
    SubscriptionsListenRequestParams,
};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context as Task, Poll, Waker};
use tokio::sync::oneshot;
use tokio::task::AbortHandle;
use tokio::time::timeout;

/// What changed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// The list of tools.
    Tools,
    /// The list of prompts.
    Prompts,
    /// The list of resources.
    Resources,
    /// The resource at this URI.
    Resource(String),
    /// The connection was lost and is there again, or more has changed than is kept for a reader: anything may have
    /// changed meanwhile.
    Resumed,
}

impl Change {
    fn of(message: &Message) -> Option<Self> {
        match &*message.method() {
            ToolListChanged::NAME => Some(Self::Tools),
            PromptListChanged::NAME => Some(Self::Prompts),
            ResourceListChanged::NAME => Some(Self::Resources),
            ResourceUpdated::NAME => {
                message.body_str(BodyKey::Uri).map(|uri| Self::Resource(uri.into_owned()))
            }
            _ => None,
        }
    }

    fn is_wanted(&self, filter: &SubscriptionFilter) -> bool {
        match self {
            Self::Tools => filter.tools_list_changed == Some(true),
            Self::Prompts => filter.prompts_list_changed == Some(true),
            Self::Resources => filter.resources_list_changed == Some(true),
            // A server may tell of a part of what was asked for, such as a file of a folder.
            Self::Resource(uri) => uris(filter).any(|wanted| uri.starts_with(wanted)),
            Self::Resumed => true,
        }
    }
}

fn uris(filter: &SubscriptionFilter) -> impl Iterator<Item = &str> {
    filter.resource_subscriptions.iter().flatten().map(String::as_str)
}

/// Changes of a server, as they come. Dropping it ends it.
///
/// Of the same change only one waits to be read, so that a reader may be as slow as it likes.
#[derive(Debug)]
pub struct Subscription {
    changes: Arc<Changes>,
    honored: SubscriptionFilter,
    _end: End,
}

impl Subscription {
    /// The next change; `None` when the server has ended the subscription, or the client is closed.
    pub async fn next(&mut self) -> Option<Change> {
        poll_fn(|task| self.changes.poll_next(task)).await
    }

    /// The part of what was asked for that the server agreed to.
    #[must_use]
    pub fn honored(&self) -> &SubscriptionFilter {
        &self.honored
    }
}

/// What ends with a subscription.
#[derive(Debug)]
enum End {
    /// The task that listens.
    Task(AbortHandle),
    /// The wish for resources, of a session.
    Wish(Weak<Core>),
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.changes.close();
        match &self._end {
            End::Task(task) => task.abort(),
            End::Wish(core) => {
                if let Some(core) = core.upgrade() {
                    core.subscriptions.release(&core, &self.honored);
                }
            }
        }
    }
}

/// The changes that wait to be read.
#[derive(Debug, Default)]
struct Changes(Mutex<Queue>);

#[derive(Debug, Default)]
struct Queue {
    changes: VecDeque<Change>,
    closed: bool,
    reader: Option<Waker>,
}

/// How many changes wait for a reader before they become one: anything.
const WAITING: usize = 256;

impl Changes {
    fn push(&self, change: Change) {
        let mut queue = lock(&self.0);
        if queue.closed || queue.changes.contains(&change) {
            return;
        }
        if queue.changes.len() >= WAITING {
            queue.changes.clear();
            queue.changes.push_back(Change::Resumed);
        }
        queue.changes.push_back(change);
        queue.wake();
    }

    fn is_open(&self) -> bool {
        !lock(&self.0).closed
    }

    fn close(&self) {
        let mut queue = lock(&self.0);
        queue.closed = true;
        queue.wake();
    }

    fn poll_next(&self, task: &mut Task<'_>) -> Poll<Option<Change>> {
        let mut queue = lock(&self.0);
        match queue.changes.pop_front() {
            Some(change) => Poll::Ready(Some(change)),
            None if queue.closed => Poll::Ready(None),
            None => {
                queue.reader = Some(task.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl Queue {
    fn wake(&mut self) {
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }
}

/// The subscriptions that are told what a session hears.
#[derive(Debug, Default)]
pub(super) struct Subscriptions(Mutex<Vec<Told>>);

#[derive(Debug)]
struct Told {
    filter: SubscriptionFilter,
    changes: Weak<Changes>,
    /// Whether it hears what the session hears; else it has a stream of its own.
    of_session: bool,
}

impl Told {
    fn is_open(&self) -> bool {
        self.changes.upgrade().is_some_and(|changes| changes.is_open())
    }
}

impl Subscriptions {
    fn add(&self, changes: &Arc<Changes>, filter: &SubscriptionFilter, of_session: bool) {
        let mut all = lock(&self.0);
        all.retain(|told| told.changes.strong_count() > 0);
        all.push(Told { filter: filter.clone(), changes: Arc::downgrade(changes), of_session });
    }

    /// The resources that a session has to be asked for.
    pub(super) fn uris(&self) -> Vec<String> {
        let all = lock(&self.0);
        let alive = all.iter().filter(|told| told.of_session && told.is_open());
        let mut wanted: Vec<String> =
            alive.flat_map(|told| uris(&told.filter)).map(str::to_owned).collect();
        wanted.sort_unstable();
        wanted.dedup();
        wanted
    }

    fn tell(&self, change: &Change) {
        for told in lock(&self.0).iter().filter(|told| told.of_session) {
            if change.is_wanted(&told.filter)
                && let Some(changes) = told.changes.upgrade()
            {
                changes.push(change.clone());
            }
        }
    }

    /// A new session is there.
    pub(super) fn resumed(&self) {
        self.tell(&Change::Resumed);
    }

    /// Nothing will be told any more.
    pub(super) fn close(&self) {
        for told in lock(&self.0).drain(..) {
            if let Some(changes) = told.changes.upgrade() {
                changes.close();
            }
        }
    }

    /// Lets go of the resources that nobody else wants.
    fn release(&self, core: &Arc<Core>, filter: &SubscriptionFilter) {
        let wanted = self.uris();
        let alone: Vec<String> = uris(filter)
            .filter(|uri| !wanted.iter().any(|other| other == uri))
            .map(str::to_owned)
            .collect();
        if alone.is_empty() || core.is_closed() {
            return;
        }
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let core = core.clone();
            // Owned by nobody: bounded by the time of its requests.
            runtime.spawn(async move {
                for uri in alone {
                    let _ = session::unsubscribe(&core, &uri).await;
                }
            });
        }
    }
}

impl Core {
    /// Takes what a session, or any request, was told of changes.
    pub(super) fn changed(&self, message: &Message) {
        if let Some(change) = Change::of(message) {
            self.outdated(&change, message);
            self.subscriptions.tell(&change);
        }
    }

    /// What was kept and is not so any more.
    fn outdated(&self, change: &Change, message: &Message) {
        self.kept.notified(message);
        if *change == Change::Tools {
            self.tools().clear();
        }
    }
}

pub(super) async fn open(core: &Arc<Core>, filter: SubscriptionFilter) -> Result<Subscription> {
    let live = core.ready().await?;
    let changes = Arc::new(Changes::default());
    if live.is_modern() {
        core.subscriptions.add(&changes, &filter, false);
        let (tell, told) = oneshot::channel();
        let listen = Listen { core: Arc::downgrade(core), changes: changes.clone(), filter };
        // Owned by the subscription.
        let end = End::Task(tokio::spawn(listen.run(tell)).abort_handle());
        let mut subscription =
            Subscription { changes, honored: SubscriptionFilter::default(), _end: end };
        let ended = || Err(Error::closed("the client was closed while it subscribed"));
        let time = core.limits().call_idle_timeout;
        let late = |_| {
            let name = SubscriptionsListen::NAME;
            Error::timed_out(format!("{name}: the server has agreed to nothing for {time:?}"))
        };
        let told = timeout(time, told).await.map_err(late)?;
        subscription.honored = told.unwrap_or_else(|_| ended())?;
        return Ok(subscription);
    }
    let honored = possible(&core.server().capabilities, filter);
    core.subscriptions.add(&changes, &honored, true);
    let end = End::Wish(Arc::downgrade(core));
    let subscription = Subscription { changes, honored, _end: end };
    for uri in uris(&subscription.honored) {
        session::subscribe(core, uri).await?;
    }
    Ok(subscription)
}

/// The part of a wish that a server of sessions declares it can fulfil.
fn possible(declared: &ServerCapabilities, wanted: SubscriptionFilter) -> SubscriptionFilter {
    let tools = declared.tools.as_ref().and_then(|tools| tools.list_changed);
    let prompts = declared.prompts.as_ref().and_then(|prompts| prompts.list_changed);
    let resources = declared.resources.as_ref();
    let mut possible = SubscriptionFilter::default();
    let both = |wanted: Option<bool>, declared: Option<bool>| {
        (wanted == Some(true) && declared == Some(true)).then_some(true)
    };
    possible.tools_list_changed = both(wanted.tools_list_changed, tools);
    possible.prompts_list_changed = both(wanted.prompts_list_changed, prompts);
    possible.resources_list_changed =
        both(wanted.resources_list_changed, resources.and_then(|resources| resources.list_changed));
    if resources.and_then(|resources| resources.subscribe) == Some(true) {
        possible.resource_subscriptions = wanted.resource_subscriptions;
    }
    possible
}

/// Listens on a stream of its own, and opens another one when that is lost.
struct Listen {
    core: Weak<Core>,
    changes: Arc<Changes>,
    filter: SubscriptionFilter,
}

/// Tells whoever opened a subscription what was agreed to, once.
type Tell = oneshot::Sender<Result<SubscriptionFilter>>;

impl Listen {
    async fn run(self, tell: Tell) {
        let mut tell = Some(tell);
        let mut attempt = 0;
        loop {
            let Some(core) = self.core.upgrade() else {
                break;
            };
            match self.listen(&core, &mut tell, &mut attempt).await {
                Ok(()) => break,
                Err(error) if tell.is_some() => {
                    // It never stood: whoever wants it is told, and may try again.
                    if let Some(tell) = tell.take() {
                        let _ = tell.send(Err(error));
                    }
                    break;
                }
                Err(error) => {
                    attempt += 1;
                    core.fault(&error);
                    if core.is_closed() || attempt > core.limits().reconnects {
                        break;
                    }
                    let delay = backoff(core.limits(), attempt);
                    drop(core);
                    tokio::time::sleep(delay).await;
                }
            }
        }
        self.changes.close();
    }

    /// Listens until the server ends the subscription in good order.
    async fn listen(
        &self,
        core: &Arc<Core>,
        tell: &mut Option<Tell>,
        attempt: &mut u32,
    ) -> Result<()> {
        let live = core.ready().await?;
        let params =
            super::call::params(&SubscriptionsListenRequestParams::new(self.filter.clone()))?;
        let params = live.speaker.outgoing(SubscriptionsListen::NAME, params);
        let params = params.map_err(|fault| Error::unsupported(fault.to_string()))?;
        let request = Request::new(SubscriptionsListen::NAME).params(params);
        let mut exchange = live.wire.exchange(Outgoing { request, headers: HeaderMap::new() });
        loop {
            match poll_fn(|task| exchange.poll_next(task)).await {
                Ok(Event::Notification(message)) => {
                    if message.method() == SubscriptionsAcknowledged::NAME {
                        self.acknowledged(&message, tell)?;
                        *attempt = 0;
                    } else if let Some(change) = Change::of(&message) {
                        core.outdated(&change, &message);
                        // "The server MUST NOT send notification types the client has not explicitly requested."
                        if change.is_wanted(&self.filter) {
                            self.changes.push(change);
                        }
                    } else {
                        core.notification(&message, None);
                    }
                }
                Ok(Event::Answer(response)) => {
                    let read =
                        Answer::read(live.revision(), SubscriptionsListen::NAME, response, &[]);
                    return match read {
                        Ok(_) => Ok(()),
                        Err(bowline_protocol::era::client::Failure::Error(error)) => {
                            Err(Error::rpc_error(error))
                        }
                        Err(fault) => Err(Error::bad_answer(SubscriptionsListen::NAME, fault)),
                    };
                }
                Ok(Event::Progress(_) | Event::Question(_) | Event::Cancelled(_) | Event::Left) => {
                }
                Err(Failure::SessionLost(error)) => {
                    core.lost(live.number, error, true);
                    return Err(Error::closed("the session was lost"));
                }
                Err(failure) => return Err(failure.into_error()),
            }
        }
    }

    fn acknowledged(&self, message: &Message, tell: &mut Option<Tell>) -> Result<()> {
        let name = SubscriptionsAcknowledged::NAME;
        let params = message.params().ok_or_else(|| Error::bad_answer(name, "no `params`"))?;
        let params: SubscriptionsAcknowledgedNotificationParams =
            params.decode().map_err(|fault| Error::bad_answer(name, fault))?;
        match tell.take() {
            Some(tell) => {
                let _ = tell.send(Ok(params.notifications));
            }
            None => self.changes.push(Change::Resumed),
        }
        Ok(())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing that runs under these locks can leave anything half-changed.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
