//! One stream of events: what it still has to say, how far it is, and who reads it.
//!
//! A stream outlives the connections that carry it. At any time one reader at most holds it; whoever comes later takes
//! it over, and the one before ends. Each message gets its number when the reader takes it, and stays in the hands of
//! the stream until the reader has put it into the store: a reader that is dropped in between loses nothing.

use super::own::Own;
use super::{EventStore, SessionKey, StoredEvent, StreamId};
use crate::context::Context;
use crate::outbox::Next;
use bowline_protocol::scan::Raw;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context as Task, Poll, Waker};
use tokio::time::Instant;

/// One stream of events.
pub(super) struct Stream {
    pub(super) id: StreamId,
    pub(super) session: SessionKey,
    pub(super) events: Arc<dyn EventStore>,
    /// Whether its readers are told how to come back before anything else.
    pub(super) primes: bool,
    /// What the session says outside of calls; `None` in the stream of a call.
    own: Option<Arc<Own>>,
    /// Held for a few instructions, never across an await.
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The calls whose messages leave here.
    calls: Vec<Context>,
    /// Messages of no call that is here any more.
    loose: VecDeque<Raw>,
    /// The number of the newest event.
    seq: u64,
    /// The newest event, until it is in the store.
    taken: Option<StoredEvent>,
    /// Who reads, as a ticket; 0 is nobody.
    reader: u64,
    tickets: u64,
    /// When the reader last asked for something.
    asked: Option<Instant>,
    waker: Option<Waker>,
    /// Whether a reader was ever given an event, and could come back to it.
    known: bool,
    over: bool,
}

/// What a reader finds.
#[derive(Debug)]
pub(super) enum Taken {
    /// The next event, to be put into the store and then [confirmed](Stream::confirm).
    Event(StoredEvent),
    /// Nothing before this time.
    NotBefore(Instant),
    /// The reader shall go, and come back for the rest.
    HangUp,
    /// There will be nothing more, or it is somebody else's.
    Over,
}

impl Stream {
    /// The stream of calls, and of messages besides theirs.
    pub(super) fn of_calls(
        place: (StreamId, SessionKey, Arc<dyn EventStore>),
        primes: bool,
        calls: Vec<Context>,
        loose: VecDeque<Raw>,
    ) -> Self {
        let (id, session, events) = place;
        let state = Mutex::new(State { calls, loose, ..State::default() });
        Self { id, session, events, primes, own: None, state }
    }

    /// A stream of what a session says outside of calls; it ends when it is told to.
    pub(super) fn of_session(
        place: (StreamId, SessionKey, Arc<dyn EventStore>),
        primes: bool,
        own: Arc<Own>,
    ) -> Self {
        let (id, session, events) = place;
        Self { id, session, events, primes, own: Some(own), state: Mutex::default() }
    }

    /// Whether it is of no call.
    pub(super) fn is_own(&self) -> bool {
        self.own.is_some()
    }

    /// Takes the stream over; gives the ticket to read with.
    pub(super) fn attach(&self) -> u64 {
        let mut state = self.lock();
        state.tickets += 1;
        state.reader = state.tickets;
        state.asked = Some(Instant::now());
        state.wake();
        if let Some(own) = &self.own {
            own.attach(self.id);
        }
        state.reader
    }

    /// As [`Stream::attach`], to go on behind an event; `None` where no such event was ever taken.
    pub(super) fn attach_behind(&self, seq: u64) -> Option<u64> {
        // It can only grow until the stream is taken over.
        let newest = self.lock().seq;
        (seq <= newest).then(|| self.attach())
    }

    /// Lets the stream go; whether nobody has it now.
    pub(super) fn detach(&self, ticket: u64) -> bool {
        let mut state = self.lock();
        if state.reader == ticket {
            self.let_go(&mut state);
        }
        state.reader == 0
    }

    fn let_go(&self, state: &mut State) {
        state.reader = 0;
        if let Some(own) = &self.own {
            own.detach(self.id);
        }
    }

    /// Whether somebody reads.
    pub(super) fn is_read(&self) -> bool {
        self.lock().reader != 0
    }

    /// Lets a reader go that has asked for nothing since `then`.
    pub(super) fn detach_stalled(&self, then: Instant) -> bool {
        let mut state = self.lock();
        let stalled = state.reader != 0 && state.asked.is_some_and(|asked| asked < then);
        if stalled {
            self.let_go(&mut state);
            state.wake();
        }
        stalled
    }

    /// Notes that a reader is alive.
    pub(super) fn asked(&self, ticket: u64) {
        let mut state = self.lock();
        if state.reader == ticket {
            state.asked = Some(Instant::now());
        }
    }

    /// The number of the newest event, for a reader that is given it to come back with.
    pub(super) fn prime(&self) -> u64 {
        let mut state = self.lock();
        state.known = true;
        state.seq
    }

    /// Whether somebody could come back to it.
    pub(super) fn is_known(&self) -> bool {
        self.lock().known
    }

    /// Whether nothing will be said any more: all that is left is to be read.
    pub(super) fn is_settled(&self) -> bool {
        let state = self.lock();
        self.own.is_none() && (state.over || state.calls.iter().all(|cx| cx.outbox().is_closed()))
    }

    /// Lets go of a call that was cancelled, and says this in its place.
    pub(super) fn cancelled(&self, cx: &Context, instead: Vec<Raw>) {
        cx.outbox().close();
        let mut state = self.lock();
        state.loose.extend(instead);
        state.wake();
    }

    /// Ends the stream: what was not read will not be.
    pub(super) fn end(&self) {
        let mut state = self.lock();
        state.over = true;
        state.wake();
        let calls = std::mem::take(&mut state.calls);
        state.loose = VecDeque::new();
        self.let_go(&mut state);
        drop(state);
        for cx in &calls {
            cx.outbox().close();
        }
    }

    /// The next thing for the reader with this ticket.
    pub(super) fn poll_take(&self, ticket: u64, task: &Task<'_>) -> Poll<Taken> {
        let mut state = self.lock();
        if state.reader != ticket || state.over {
            return Poll::Ready(Taken::Over);
        }
        if let Some(event) = &state.taken {
            return Poll::Ready(Taken::Event(event.clone()));
        }
        let mut due: Option<Instant> = None;
        if let Some(own) = &self.own {
            match own.poll_next(self.id, task) {
                Poll::Ready(Next::Message(message)) => return self.number(&mut state, message),
                Poll::Ready(Next::NotBefore(time)) => due = Some(time),
                Poll::Ready(Next::Answer(_) | Next::End) | Poll::Pending => {}
            }
        }
        let mut at = 0;
        let mut hang_up = false;
        while let Some(cx) = state.calls.get(at) {
            match cx.outbox().poll_next(task) {
                Poll::Ready(Next::Message(message)) => return self.number(&mut state, message),
                Poll::Ready(Next::Answer(answer)) => {
                    state.calls.remove(at);
                    return self.number(&mut state, answer);
                }
                Poll::Ready(Next::End) => drop(state.calls.remove(at)),
                Poll::Ready(Next::NotBefore(time)) => {
                    due = Some(due.map_or(time, |due| due.min(time)));
                    at += 1;
                }
                Poll::Pending => {
                    hang_up |= cx.outbox().take_hang_up();
                    at += 1;
                }
            }
        }
        if let Some(message) = state.loose.pop_front() {
            return self.number(&mut state, message);
        }
        if self.own.is_none() && state.calls.is_empty() {
            state.over = true;
            return Poll::Ready(Taken::Over);
        }
        if hang_up {
            state.reader = 0;
            return Poll::Ready(Taken::HangUp);
        }
        state.waker = Some(task.waker().clone());
        due.map_or(Poll::Pending, |due| Poll::Ready(Taken::NotBefore(due)))
    }

    /// Gives a message its number.
    fn number(&self, state: &mut State, message: Raw) -> Poll<Taken> {
        state.seq += 1;
        let last = self.own.is_none() && state.calls.is_empty() && state.loose.is_empty();
        let event = StoredEvent::new(self.id, state.seq, message).last(last);
        state.taken = Some(event.clone());
        Poll::Ready(Taken::Event(event))
    }

    /// Tells that an event is in the store; whether the reader still has the stream, and may send it.
    pub(super) fn confirm(&self, ticket: u64, event: &StoredEvent) -> bool {
        let mut state = self.lock();
        if state.reader != ticket {
            return false;
        }
        state.taken = None;
        state.known = true;
        state.over |= event.last;
        true
    }

    /// Whether everything has been read.
    pub(super) fn is_over(&self) -> bool {
        self.lock().over
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that runs under the lock can leave the state half-changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}

impl std::fmt::Debug for Stream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stream").finish_non_exhaustive()
    }
}
