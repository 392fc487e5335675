//! An exchange out of an async function.

use crate::client::wire::{BoxFuture, Event, Exchange, Failure};
use std::future::Future;
use std::task::{Context as Task, Poll, ready};

/// What says one thing after another.
pub(super) trait Steps: Send + Sized + 'static {
    /// The next event; none follows the answer or a failure.
    fn next(&mut self) -> impl Future<Output = Result<Event, Failure>> + Send;

    /// The HTTP status that the last event came with, where it came with one of its own.
    fn status(&self) -> Option<u16>;
}

/// An exchange that is being driven. Nothing happens before it is polled first.
pub(super) struct Running<S> {
    next: BoxFuture<(S, Result<Event, Failure>)>,
    status: Option<u16>,
}

impl<S: Steps> Running<S> {
    pub(super) fn new(mut steps: S) -> Self {
        let status = steps.status();
        let next = Box::pin(async move {
            let event = steps.next().await;
            (steps, event)
        });
        Self { next, status }
    }
}

impl<S: Steps> Exchange for Running<S> {
    fn poll_next(&mut self, task: &mut Task<'_>) -> Poll<Result<Event, Failure>> {
        let (steps, event) = ready!(self.next.as_mut().poll(task));
        *self = Self::new(steps);
        Poll::Ready(event)
    }

    fn status(&self) -> Option<u16> {
        self.status
    }
}
