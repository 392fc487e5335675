//! One session, as far as it lives in this process: who it belongs to, what runs in it and what is being read of it.

use super::own::Own;
use super::reading::left;
use super::stream::Stream;
use super::{SessionKey, SessionRecord, StreamId};
use crate::ask::Line;
use crate::context::Context;
use crate::principal::Principal;
use bowline_protocol::era::Incoming;
use bowline_protocol::era::legacy::{Received, Session};
use bowline_protocol::limits::Limits;
use bowline_protocol::scan::Scanned;
use bowline_types::jsonrpc::Id;
use bowline_types::revision::Revision;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::task::AbortHandle;
use tokio::time::Instant;

/// One session.
pub(super) struct Live {
    pub(super) key: SessionKey,
    pub(super) principal: Principal,
    pub(super) revision: Revision,
    pub(super) line: Arc<Line>,
    created: SystemTime,
    born: Instant,
    /// Held while the session is saved or changes what it listens to: one after the other, the newest last.
    pub(super) turn: tokio::sync::Mutex<()>,
    /// Held for a few instructions, never across an await.
    state: Mutex<State>,
}

struct State {
    session: Session,
    ended: bool,
    /// When the client was last heard of.
    used: Instant,
    /// Whether it was heard of after `initialize`.
    talked: bool,
    calls: HashMap<Id, Running>,
    tickets: u64,
    /// The streams of calls that are not read to their end.
    streams: HashMap<StreamId, Arc<Stream>>,
    /// What is said outside of calls; made by the first who wants to hear it.
    own: Option<Arc<Own>>,
    /// The streams that say it, the oldest first.
    own_streams: VecDeque<Arc<Stream>>,
    /// The task that listens for the session.
    listening: Option<AbortOnDrop>,
}

/// A call of the session, as somebody knows it who may cancel it.
struct Running {
    ticket: u64,
    cx: Context,
    phase: Phase,
}

enum Phase {
    /// It is being polled for the first time.
    First,
    /// It was cancelled meanwhile.
    Cancelled,
    /// A task of its own runs it.
    Task(AbortHandle, Arc<Stream>),
}

/// Ends a task together with whoever knows of it.
#[derive(Debug)]
pub(super) struct AbortOnDrop(pub(super) AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// How many streams a session has for what it says outside of calls.
const OWN_STREAMS: usize = 4;

/// The session has ended.
#[derive(Debug)]
pub(super) struct Ended;

impl Live {
    /// A session that `initialize` has opened, now or in another process; `None` for one that nothing has.
    pub(super) fn new(
        key: SessionKey,
        principal: Principal,
        session: Session,
        created: SystemTime,
    ) -> Option<Self> {
        let revision = session.revision()?;
        let line = Arc::new(Line::new(revision));
        if session.is_open() {
            line.open();
        }
        let now = Instant::now();
        let age = SystemTime::now().duration_since(created).unwrap_or_default();
        let state = State {
            session,
            ended: false,
            used: now,
            talked: false,
            calls: HashMap::new(),
            tickets: 0,
            streams: HashMap::new(),
            own: None,
            own_streams: VecDeque::new(),
            listening: None,
        };
        Some(Self {
            key,
            principal,
            revision,
            line,
            created,
            born: now.checked_sub(age).unwrap_or(now),
            turn: tokio::sync::Mutex::default(),
            state: Mutex::new(state),
        })
    }

    /// Whether its clients know how to come back to a stream before anything was said on it.
    pub(super) fn primes(&self) -> bool {
        self.revision >= Revision::V2025_11_25
    }

    /// Takes what the client sent.
    pub(super) fn receive(&self, scanned: Scanned) -> Result<Received, Ended> {
        let mut state = self.lock();
        if state.ended {
            return Err(Ended);
        }
        Ok(state.session.receive(scanned))
    }

    /// Notes that the client was heard of.
    pub(super) fn touch(&self) {
        self.lock().touch();
    }

    /// What has to be remembered; `None` once the session has ended.
    pub(super) fn record(&self) -> Option<SessionRecord> {
        SessionRecord::of(&self.lock().session, &self.principal, self.created)
    }

    /// How much longer the session may live.
    pub(super) fn remaining(&self, ttl: Duration) -> Duration {
        ttl.saturating_sub(self.born.elapsed())
    }

    /// The request by which the session listens; `None` when there is nothing to listen to, or the session has ended.
    pub(super) fn listen(&self) -> Option<Incoming> {
        let state = self.lock();
        let peer = state.session.peer()?;
        let wanted = peer.listening();
        let lists =
            [wanted.tools_list_changed, wanted.prompts_list_changed, wanted.resources_list_changed];
        let any = lists.contains(&Some(true)) || wanted.resource_subscriptions.is_some();
        any.then(|| peer.listen("listen")).flatten()
    }

    /// Changes the task that listens; gives the one before.
    pub(super) fn set_listening(&self, task: Option<AbortOnDrop>) -> Option<AbortOnDrop> {
        let mut state = self.lock();
        if state.ended {
            return task;
        }
        std::mem::replace(&mut state.listening, task)
    }

    /// Whether a task listens.
    pub(super) fn is_listening(&self) -> bool {
        self.lock().listening.is_some()
    }

    /// What is said outside of calls.
    pub(super) fn own(&self) -> Result<Arc<Own>, Ended> {
        let mut state = self.lock();
        if state.ended {
            return Err(Ended);
        }
        Ok(state.own.get_or_insert_default().clone())
    }

    /// Keeps a stream of what is said outside of calls. Of more than a few the oldest that nobody reads is forgotten,
    /// or ends.
    pub(super) fn keep_own(&self, stream: Stream) -> Result<Arc<Stream>, Ended> {
        let mut state = self.lock();
        if state.ended {
            return Err(Ended);
        }
        let stream = Arc::new(stream);
        if state.own_streams.len() >= OWN_STREAMS {
            let unread = state.own_streams.iter().position(|stream| !stream.is_read());
            let oldest = state.own_streams.remove(unread.unwrap_or(0));
            oldest.iter().for_each(|oldest| oldest.end());
        }
        state.own_streams.push_back(stream.clone());
        Ok(stream)
    }

    /// A stream that is not read to its end.
    pub(super) fn stream(&self, id: StreamId) -> Option<Arc<Stream>> {
        let state = self.lock();
        let own = state.own_streams.iter().find(|own| own.id == id);
        own.or_else(|| state.streams.get(&id)).cloned()
    }

    /// Keeps the stream of calls.
    pub(super) fn keep(&self, stream: Stream) -> Result<Arc<Stream>, Ended> {
        let mut state = self.lock();
        if state.ended {
            return Err(Ended);
        }
        let stream = Arc::new(stream);
        state.streams.insert(stream.id, stream.clone());
        Ok(stream)
    }

    /// Forgets the stream of calls, which has been read to its end.
    pub(super) fn forget(&self, id: StreamId) {
        let mut state = self.lock();
        if state.streams.remove(&id).is_some() {
            state.used = Instant::now();
        }
    }

    /// Keeps a call as running, unless one with its id is; gives the ticket to end it with.
    pub(super) fn begin(&self, id: Id, cx: &Context) -> Result<Option<u64>, Ended> {
        let mut state = self.lock();
        if state.ended {
            return Err(Ended);
        }
        if state.calls.contains_key(&id) {
            return Ok(None);
        }
        state.tickets += 1;
        let ticket = state.tickets;
        state.calls.insert(id, Running { ticket, cx: cx.clone(), phase: Phase::First });
        Ok(Some(ticket))
    }

    /// The call was polled and is not done: this task runs it, on this stream; whether it may.
    pub(super) fn moved(
        &self,
        id: &Id,
        ticket: u64,
        task: AbortHandle,
        stream: &Arc<Stream>,
    ) -> bool {
        let mut state = self.lock();
        match state.calls.get_mut(id) {
            Some(running) if running.ticket == ticket => {
                if let Phase::Cancelled = running.phase {
                    state.calls.remove(id);
                    return false;
                }
                running.phase = Phase::Task(task, stream.clone());
                true
            }
            // The task was faster, and the call is done.
            _ => !state.ended,
        }
    }

    /// Ends a call that is done; whether its answer may be sent.
    pub(super) fn finished(&self, id: &Id, ticket: u64) -> bool {
        let mut state = self.lock();
        if state.calls.get(id).is_none_or(|running| running.ticket != ticket) {
            return false;
        }
        state.used = Instant::now();
        let done = state.calls.remove(id);
        !matches!(done, Some(Running { phase: Phase::Cancelled, .. }))
    }

    /// The client gives up a call, which may be done or never have been there.
    pub(super) fn cancel(self: &Arc<Self>, id: &Id) {
        let mut state = self.lock();
        let Some(running) = state.calls.get_mut(id) else {
            return;
        };
        if let Phase::First | Phase::Cancelled = running.phase {
            running.phase = Phase::Cancelled;
            return;
        }
        let Some(Running { cx, phase: Phase::Task(task, stream), .. }) = state.calls.remove(id)
        else {
            return;
        };
        drop(state);
        let instead = self.line.cancel_of(&cx);
        task.abort();
        stream.cancelled(&cx, instead);
        left(&stream, &Arc::downgrade(self));
    }

    /// Ends what runs, and says no more. The first time it does.
    pub(super) fn end(&self) {
        let mut state = self.lock();
        state.ended = true;
        state.session.close();
        let calls = std::mem::take(&mut state.calls);
        let streams = std::mem::take(&mut state.streams);
        let own = state.own.take();
        let own_streams = std::mem::take(&mut state.own_streams);
        let listening = state.listening.take();
        drop(state);
        self.line.close();
        for Running { cx, phase, .. } in calls.into_values() {
            if let Phase::Task(task, _) = phase {
                task.abort();
            }
            cx.outbox().close();
        }
        for stream in streams.into_values().chain(own_streams) {
            stream.end();
        }
        if let Some(own) = own {
            own.outbox.close();
        }
        drop(listening);
    }

    /// Whether no call runs and nobody reads.
    pub(super) fn is_idle(&self) -> bool {
        self.lock().is_idle()
    }

    /// When the client was last heard of, and whether it ever was after `initialize`.
    pub(super) fn used(&self) -> (bool, Instant) {
        let state = self.lock();
        (state.talked, state.used)
    }

    /// Lets go of readers that have asked for nothing for so long.
    pub(super) fn drop_stalled(self: &Arc<Self>, patience: Duration) {
        let Some(then) = Instant::now().checked_sub(patience) else {
            return;
        };
        let stalled: Vec<_> = {
            let state = self.lock();
            let streams = state.streams.values().chain(&state.own_streams);
            streams.filter(|stream| stream.detach_stalled(then)).cloned().collect()
        };
        for stream in stalled {
            left(&stream, &Arc::downgrade(self));
        }
    }

    /// Whether the session's time is over; never while a call runs or somebody reads.
    pub(super) fn is_over(&self, limits: &Limits) -> bool {
        let now = Instant::now();
        let mut state = self.lock();
        if !state.is_idle() {
            state.used = now;
            return false;
        }
        let idle = now.saturating_duration_since(state.used);
        let patience = if state.talked { limits.session_idle } else { limits.session_init_timeout };
        idle >= patience || now.saturating_duration_since(self.born) >= limits.session_ttl
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that runs under the lock can leave the state half-changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn touch(&mut self) {
        self.used = Instant::now();
        self.talked = true;
    }

    fn is_idle(&self) -> bool {
        let mut streams = self.streams.values().chain(&self.own_streams);
        self.calls.is_empty() && !streams.any(|stream| stream.is_read())
    }
}

impl std::fmt::Debug for Live {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Live").field("revision", &self.revision).finish_non_exhaustive()
    }
}
