//! What a shared stream has brought for one exchange and nobody has read yet.

use super::{Event, Failure};
use bowline_protocol::limits::Limits;
use bowline_protocol::protocol::Response;
use bowline_protocol::scan::Message;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context as Task, Poll, Waker};

/// The events of one exchange, between the task that reads the stream and the caller that polls the exchange.
///
/// Bounded: of progress a few reports wait, the last of which is the newest, and of other notifications as many as an outbox holds, of which the
/// oldest go first. The answer always fits.
#[derive(Debug, Default)]
pub(super) struct Slot(Mutex<Held>);

/// How many reports of progress wait one by one, as a server keeps them too.
const PROGRESS: usize = 10;

#[derive(Debug, Default)]
struct Held {
    events: VecDeque<Event>,
    bytes: usize,
    end: Option<Result<Response, Failure>>,
    reader: Option<Waker>,
}

impl Slot {
    /// Puts in progress, in place of the last of it when enough waits.
    pub(super) fn progress(&self, message: Message) {
        let mut held = self.lock();
        let is_progress = |event: &&Event| matches!(event, Event::Progress(_));
        let waiting = held.events.iter().rev().take_while(is_progress).count();
        match held.events.back_mut() {
            Some(last) if waiting >= PROGRESS => *last = Event::Progress(message),
            _ => held.events.push_back(Event::Progress(message)),
        }
        held.wake();
    }

    /// Puts in another notification; how many older ones had to go.
    pub(super) fn notification(&self, message: Message, limits: &Limits) -> usize {
        let mut held = self.lock();
        held.bytes += message.raw().as_bytes().len();
        held.events.push_back(Event::Notification(message));
        let mut dropped = 0;
        while held.events.len() > limits.outbox_messages || held.bytes > limits.outbox_bytes {
            // The newest one stays, however large: it has passed the limit of a message.
            let oldest =
                held.events.iter().position(|event| matches!(event, Event::Notification(_)));
            let Some(at) = oldest.filter(|at| at + 1 < held.events.len()) else {
                break;
            };
            if let Some(Event::Notification(message)) = held.events.remove(at) {
                held.bytes -= message.raw().as_bytes().len();
                dropped += 1;
            }
        }
        held.wake();
        dropped
    }

    /// Puts in the end; the first one stays.
    pub(super) fn end(&self, end: Result<Response, Failure>) {
        let mut held = self.lock();
        held.end.get_or_insert(end);
        held.wake();
    }

    /// What comes next; pending for ever behind the end.
    pub(super) fn poll_next(&self, task: &mut Task<'_>) -> Poll<Result<Event, Failure>> {
        let mut held = self.lock();
        if let Some(event) = held.events.pop_front() {
            if let Event::Notification(message) = &event {
                held.bytes -= message.raw().as_bytes().len();
            }
            return Poll::Ready(Ok(event));
        }
        match held.end.take() {
            Some(end) => Poll::Ready(end.map(Event::Answer)),
            None => {
                held.reader = Some(task.waker().clone());
                Poll::Pending
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        // Nothing that runs under the lock can leave the state half-changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn wake(&mut self) {
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }
}
