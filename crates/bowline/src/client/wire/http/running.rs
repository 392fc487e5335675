//! An exchange out of an async function.

use crate::client::wire::{BoxFuture, Event, Exchange, Failure};
use crate::error::Error;
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
    /// `None` behind the answer or a failure.
    next: Option<BoxFuture<(S, Result<Event, Failure>)>>,
    status: Option<u16>,
}

impl<S: Steps> Running<S> {
    pub(super) fn new(steps: S) -> Self {
        Self { status: steps.status(), next: Some(going_on(steps)) }
    }
}

impl<S: Steps> Exchange for Running<S> {
    fn poll_next(&mut self, task: &mut Task<'_>) -> Poll<Result<Event, Failure>> {
        let Some(next) = &mut self.next else {
            return Poll::Ready(Err(Failure::Lost(Error::closed("the exchange is over"))));
        };
        let (steps, event) = ready!(next.as_mut().poll(task));
        self.status = steps.status();
        let is_last = matches!(event, Ok(Event::Answer(_)) | Err(_));
        // Of an exchange that is over nothing is kept: most have one event, and so one future.
        self.next = (!is_last).then(|| going_on(steps));
        Poll::Ready(event)
    }

    fn status(&self) -> Option<u16> {
        self.status
    }
}

fn going_on<S: Steps>(mut steps: S) -> BoxFuture<(S, Result<Event, Failure>)> {
    Box::pin(async move {
        let event = steps.next().await;
        (steps, event)
    })
}
