//! What leaves a call before its answer does.
//!
//! Every call has one outbox. Whoever carries the call drains it: the body of an SSE response, or the writer of a
//! byte stream. It is bounded in messages and bytes; what does not fit is coalesced (progress), dropped and counted
//! (logs) or refused (anything else). The answer always fits.

use bowline_protocol::scan::Raw;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context as Task, Poll, Waker};
use std::time::Duration;
use tokio::time::Instant;

/// The queue of one call.
///
/// The lock is held for a few instructions and never across an await; it is needed because a handler may send from
/// tasks of its own.
#[derive(Debug, Default)]
pub(crate) struct Outbox(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    queue: VecDeque<Item>,
    bytes: usize,
    /// Set by the first message: from then on the answer must be a stream.
    used: bool,
    /// Set when the answer is in, or when nobody will read any more.
    closed: bool,
    answer: Option<Raw>,
    progress: Pace,
    dropped_logs: u64,
    reader: Option<Waker>,
    /// Whoever waits with what it has to say until all of this is read.
    writer: Option<Waker>,
    observer: Option<Observer>,
    /// Whether the reader can be let go, to come back for the rest.
    polled: bool,
    /// Whether it shall be.
    hang_up: bool,
}

/// Sees every message on its way to the reader.
struct Observer(Box<dyn Fn(&Raw) + Send + Sync>);

impl std::fmt::Debug for Observer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Observer")
    }
}

#[derive(Debug)]
struct Item {
    message: Raw,
    droppable: bool,
}

/// How fast progress may go out: ten at once, then ten a second, the last one always.
#[derive(Debug, Default)]
struct Pace {
    sent: u32,
    next: Option<Instant>,
    held: Option<Raw>,
}

/// The most an outbox holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) messages: usize,
    pub(crate) bytes: usize,
}

/// A message that found no room, or no reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refused;

const BURST: u32 = 10;
const PACE: Duration = Duration::from_millis(100);

impl Outbox {
    /// Puts in a message that must not be lost.
    pub(crate) fn send(&self, message: Raw, bounds: Bounds) -> Result<(), Refused> {
        let mut state = self.lock();
        if state.closed || !state.has_room(&message, bounds) {
            return Err(Refused);
        }
        state.push(message, false);
        Ok(())
    }

    /// As [`Outbox::send`], unless the very same message is inside already.
    pub(crate) fn send_once(&self, message: &Raw, bounds: Bounds) -> Result<(), Refused> {
        let mut state = self.lock();
        if !state.closed && state.queue.iter().any(|item| item.message == *message) {
            return Ok(());
        }
        if state.closed || !state.has_room(message, bounds) {
            return Err(Refused);
        }
        state.push(message.clone(), false);
        Ok(())
    }

    /// Puts in a log message; when there is no room the oldest ones make some.
    pub(crate) fn log(&self, message: Raw, bounds: Bounds) {
        let mut state = self.lock();
        if state.closed {
            return;
        }
        while !state.has_room(&message, bounds) {
            let Some(oldest) = state.queue.iter().position(|item| item.droppable) else {
                state.dropped_logs += 1;
                return;
            };
            if let Some(item) = state.queue.remove(oldest) {
                state.bytes -= item.message.as_bytes().len();
                state.dropped_logs += 1;
            }
        }
        state.push(message, true);
    }

    /// Puts in a progress message, or keeps it as the newest until its time has come.
    pub(crate) fn progress(&self, message: Raw, bounds: Bounds) {
        let mut state = self.lock();
        if state.closed {
            return;
        }
        let now = Instant::now();
        let due = state.progress.next.is_none_or(|next| next <= now);
        if due && state.has_room(&message, bounds) {
            state.progress.held = None;
            state.progress.sent += 1;
            if state.progress.sent >= BURST {
                state.progress.next = Some(now + PACE);
            }
            state.push(message, true);
        } else {
            state.used = true;
            state.progress.held = Some(message);
            state.progress.next.get_or_insert(now + PACE);
            state.wake();
        }
    }

    /// Shows every message but the answer to `observer`, which must be quick and must not send. The first one stays.
    pub(crate) fn observe(&self, observer: impl Fn(&Raw) + Send + Sync + 'static) {
        self.lock().observer.get_or_insert_with(|| Observer(Box::new(observer)));
    }

    /// Puts in the answer, behind everything else; nothing follows it.
    pub(crate) fn finish(&self, answer: Raw) {
        let mut state = self.lock();
        if let Some(last) = state.progress.held.take() {
            state.push(last, false);
        }
        state.closed = true;
        state.answer = Some(answer);
        state.wake();
    }

    /// Nobody reads any more: what is inside is let go, and what comes is refused.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.queue = VecDeque::new();
        state.bytes = 0;
        state.answer = None;
        state.reader = None;
        state.writer = None;
    }

    /// The reader may be let go: it knows how to come back.
    #[cfg(all(feature = "http", not(modern_only)))]
    pub(crate) fn let_hang_up(&self) {
        self.lock().polled = true;
    }

    /// Lets the reader go once it has read what is inside; nothing happens where it could not come back.
    pub(crate) fn hang_up(&self) {
        let mut state = self.lock();
        if state.polled && !state.closed {
            state.used = true;
            state.hang_up = true;
            state.wake();
        }
    }

    /// Whether the reader, which has read everything, shall be let go; told once.
    #[cfg(all(feature = "http", not(modern_only)))]
    pub(crate) fn take_hang_up(&self) -> bool {
        std::mem::take(&mut self.lock().hang_up)
    }

    /// Whether anything was ever put in; if not, `task` is woken by the first message.
    #[cfg(feature = "http")]
    pub(crate) fn is_used_or_wake(&self, task: &Task<'_>) -> bool {
        let mut state = self.lock();
        if !state.used {
            state.reader = Some(task.waker().clone());
        }
        state.used
    }

    /// Whether there is something to take before held-back progress is due; if not, `task` is woken by it.
    pub(crate) fn is_ready_before(&self, task: &Task<'_>) -> bool {
        let mut state = self.lock();
        let ready = !state.queue.is_empty() || state.closed;
        if !ready {
            state.reader = Some(task.waker().clone());
        }
        ready
    }

    /// Waits until everything is read. Pending for ever once nothing can be put in any more.
    pub(crate) fn poll_drained(&self, task: &Task<'_>) -> Poll<()> {
        let mut state = self.lock();
        if state.queue.is_empty() && !state.closed {
            return Poll::Ready(());
        }
        state.writer = Some(task.waker().clone());
        Poll::Pending
    }

    /// Whether nothing waits to be read.
    #[cfg(not(modern_only))]
    pub(crate) fn is_empty(&self) -> bool {
        self.lock().queue.is_empty()
    }

    /// Whether nothing can be put in any more.
    #[cfg(not(modern_only))]
    pub(crate) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// Whether anything was ever put in.
    pub(crate) fn is_used(&self) -> bool {
        self.lock().used
    }

    /// How many log messages found no room.
    pub(crate) fn dropped_logs(&self) -> u64 {
        self.lock().dropped_logs
    }

    /// The next message; [`Next::End`] behind the answer.
    pub(crate) fn poll_next(&self, task: &Task<'_>) -> Poll<Next> {
        let mut state = self.lock();
        if let Some(item) = state.queue.pop_front() {
            state.bytes -= item.message.as_bytes().len();
            if state.queue.is_empty()
                && let Some(writer) = state.writer.take()
            {
                writer.wake();
            }
            return Poll::Ready(Next::Message(item.message));
        }
        if let Some(answer) = state.answer.take() {
            return Poll::Ready(Next::Answer(answer));
        }
        if state.closed {
            return Poll::Ready(Next::End);
        }
        if state.progress.held.is_some()
            && let Some(due) = state.progress.next
        {
            let now = Instant::now();
            if due > now {
                state.reader = Some(task.waker().clone());
                return Poll::Ready(Next::NotBefore(due));
            }
            state.progress.next = Some(now + PACE);
            let Some(held) = state.progress.held.take() else {
                return Poll::Pending;
            };
            state.show(&held);
            return Poll::Ready(Next::Message(held));
        }
        state.reader = Some(task.waker().clone());
        Poll::Pending
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that runs under the lock can leave the state half-changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a reader gets.
#[derive(Debug)]
pub(crate) enum Next {
    /// A message of the call.
    Message(Raw),
    /// The answer.
    Answer(Raw),
    /// Nothing before this time, unless the reader is woken.
    NotBefore(Instant),
    /// Nothing any more.
    End,
}

impl State {
    fn has_room(&self, message: &Raw, bounds: Bounds) -> bool {
        self.queue.len() < bounds.messages && self.bytes + message.as_bytes().len() <= bounds.bytes
    }

    fn push(&mut self, message: Raw, droppable: bool) {
        self.used = true;
        self.show(&message);
        self.bytes += message.as_bytes().len();
        self.queue.push_back(Item { message, droppable });
        self.wake();
    }

    fn show(&self, message: &Raw) {
        if let Some(observer) = &self.observer {
            (observer.0)(message);
        }
    }

    fn wake(&mut self) {
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }
}
