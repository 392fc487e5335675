//! What a session says outside of calls, and which of its streams says it.
//!
//! A client may hold several streams open. Each message goes out on one of them: on the one that was taken up last.
//! The others stay open and silent, since a client whose stream ends opens it again; when the last one is let go, the
//! one before it goes on.

use super::StreamId;
use crate::outbox::{Next, Outbox};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context as Task, Poll, Waker};

/// What a session says outside of calls.
#[derive(Debug, Default)]
pub(super) struct Own {
    pub(super) outbox: Outbox,
    /// The streams that are read, the one that speaks last, and who waits for each.
    ///
    /// Held for a few instructions, never across an await.
    readers: Mutex<Vec<(StreamId, Option<Waker>)>>,
}

impl Own {
    /// A stream was taken up: from now on it speaks.
    pub(super) fn attach(&self, stream: StreamId) {
        let mut readers = self.lock();
        readers.retain(|(id, _)| *id != stream);
        // Nearly always it is the only one.
        readers.reserve_exact(1);
        readers.push((stream, None));
    }

    /// A stream was let go.
    pub(super) fn detach(&self, stream: StreamId) {
        let mut readers = self.lock();
        readers.retain(|(id, _)| *id != stream);
        if let Some((_, waker)) = readers.last_mut()
            && let Some(waker) = waker.take()
        {
            waker.wake();
        }
    }

    /// The next message for this stream; none as long as it is not the one that speaks.
    pub(super) fn poll_next(&self, stream: StreamId, task: &Task<'_>) -> Poll<Next> {
        let mut readers = self.lock();
        let speaks = readers.last().is_some_and(|(id, _)| *id == stream);
        if let Some((_, waker)) = readers.iter_mut().find(|(id, _)| *id == stream) {
            *waker = Some(task.waker().clone());
        }
        if speaks { self.outbox.poll_next(task) } else { Poll::Pending }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(StreamId, Option<Waker>)>> {
        // Nothing that runs under the lock can leave the list half-changed.
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
