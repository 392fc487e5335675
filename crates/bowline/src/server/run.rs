//! Running a handler: its panics, its time, and the questions that suspend it.

use super::Server;
use crate::ask;
use crate::context::Context;
use bowline_protocol::outcome::Outcome;
use bowline_types::jsonrpc::ErrorObject;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;
use tokio::time::Instant;

/// Runs a started function until it returns, panics, runs out of time, or asks what only the client can answer.
pub(super) async fn run<F: Future>(
    server: Server,
    cx: Context,
    limit: Option<Duration>,
    future: F,
    convert: impl FnOnce(&Server, F::Output) -> Outcome,
) -> Outcome {
    if let Err(error) = ask::load(&server, &cx).await {
        return Outcome::Error(error);
    }
    match drive(&cx, limit, future).await {
        End::Returned(output) => convert(&server, output),
        End::Suspended => match ask::answer(&server, &cx).await {
            Ok(outcome) => outcome,
            Err(why) => server.failed(&cx, "client cannot be asked", Some(&why)),
        },
        End::TimedOut => server.failed(&cx, "handler ran out of time", None),
        End::Panicked(panic) => server.failed(&cx, "handler panicked", Some(text_of(&*panic))),
    }
}

/// Drives a function until one of the ends; by then it is dropped.
async fn drive<F: Future>(cx: &Context, limit: Option<Duration>, future: F) -> End<F::Output> {
    let mut future = pin!(future);
    // Made at the first wait: a handler that never waits never costs a timer.
    let mut timer = None;
    let mut paused: Option<Instant> = None;
    poll_fn(|task| {
        match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(task))) {
            Ok(Poll::Ready(output)) => return Poll::Ready(End::Returned(output)),
            Err(panic) => return Poll::Ready(End::Panicked(panic)),
            Ok(Poll::Pending) => {}
        }
        if ask::suspended(cx, task) {
            return Poll::Ready(End::Suspended);
        }
        if let Some(limit) = limit {
            let timer = timer.get_or_insert_with(|| Box::pin(tokio::time::sleep(limit)));
            // The time in which a client thinks is not the handler's.
            if cx.asks().is_waiting() {
                paused.get_or_insert_with(Instant::now);
                return Poll::Pending;
            }
            if let Some(since) = paused.take() {
                let due = timer.deadline() + since.elapsed();
                timer.as_mut().reset(due);
            }
            if timer.as_mut().poll(task).is_ready() {
                return Poll::Ready(End::TimedOut);
            }
        }
        Poll::Pending
    })
    .await
}

enum End<T> {
    Returned(T),
    Suspended,
    TimedOut,
    Panicked(Box<dyn std::any::Any + Send>),
}

impl Server {
    /// An unexpected failure: the details go to `on_error`, the client gets a number to quote.
    pub(super) fn failed(&self, cx: &Context, what: &str, details: Option<&str>) -> Outcome {
        let reference = self.report(cx, what, details);
        Outcome::Error(ErrorObject::internal_error(format!("{what} (reference {reference})")))
    }
}

pub(super) fn text_of(panic: &(dyn std::any::Any + Send)) -> &str {
    panic
        .downcast_ref::<&'static str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a value that is no text")
}
