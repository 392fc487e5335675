//! Running one call: its first poll, and the task it moves into when that was not enough.

use super::slots::Slot;
use crate::context::Context;
use crate::outbox::Next;
use crate::service::{Answer, Call, Service};
use bowline_protocol::era;
use bowline_protocol::outcome::Outcome;
use bowline_protocol::scan::Raw;
use bowline_types::jsonrpc::{ErrorObject, Id};
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context as Task, Poll, Waker};
use tokio::sync::mpsc;

/// A message from a task.
#[derive(Debug)]
pub(super) struct Frame {
    /// `None` for what belongs to no call.
    pub(super) of: Option<Of>,
    pub(super) message: Raw,
}

/// The call that a message belongs to.
#[derive(Debug)]
pub(super) struct Of {
    pub(super) id: Id,
    /// Tells the call from an earlier one with the same id, of which something may still be under way.
    pub(super) ticket: u64,
    /// Whether the message is the answer.
    pub(super) last: bool,
}

/// Starts a call and polls it once; what is not done then is returned.
pub(in crate::transport) fn start(
    service: Arc<dyn Service>,
    cx: &Context,
) -> Result<Outcome, Answer> {
    let call = Call::new(cx.clone());
    let started = catch_unwind(AssertUnwindSafe(|| {
        let mut answer = service.call(call);
        // The waker of nobody: a call that has to wait is polled again by its task at once.
        match Pin::new(&mut answer).poll(&mut Task::from_waker(Waker::noop())) {
            Poll::Ready(outcome) => Ok(outcome),
            Poll::Pending => Err(answer),
        }
    }));
    started.unwrap_or_else(|panic| Ok(panicked(cx, &*panic)))
}

/// Puts the answer behind everything the call has sent.
pub(crate) fn conclude(cx: &Context, outcome: &Outcome, info: Option<&Raw>) {
    cx.tell_dropped_logs();
    cx.outbox().finish(era::response(cx.request(), outcome, info));
}

/// Takes what a call that is done has sent, and gives back its answer.
pub(super) fn drain(cx: &Context, mut take: impl FnMut(&Raw)) -> Option<Raw> {
    let nobody = Task::from_waker(Waker::noop());
    loop {
        match cx.outbox().poll_next(&nobody) {
            Poll::Ready(Next::Message(message)) => take(&message),
            Poll::Ready(Next::Answer(answer)) => return Some(answer),
            _ => return None,
        }
    }
}

/// A call on its way to its end.
pub(super) struct Drive {
    pub(super) cx: Context,
    pub(super) id: Id,
    pub(super) ticket: u64,
    pub(super) answer: Answer,
    pub(super) info: Option<Raw>,
    pub(super) sender: mpsc::Sender<Frame>,
    /// Held until the handler is gone.
    pub(super) slot: Slot,
}

impl Drive {
    /// Drives the call and passes on what it sends, never faster than the writer takes it.
    pub(super) async fn run(self) {
        let Self { cx, id, ticket, answer, info, sender, slot } = self;
        // Locals are dropped last to first: the place is given back when the handler is gone, and what the
        // handler left behind finds its outbox closed.
        let _slot = slot;
        let _closed = CloseOnDrop(cx.clone());
        let mut running = Some(answer);
        // The handler is polled whatever the writer does: waiting for room must not stop its timers.
        let mut poll_handler = |task: &mut Task<'_>| {
            let Some(answer) = &mut running else {
                return;
            };
            let polled = catch_unwind(AssertUnwindSafe(|| Pin::new(answer).poll(task)));
            let outcome = match polled {
                Ok(Poll::Pending) => return,
                Ok(Poll::Ready(outcome)) => outcome,
                Err(panic) => panicked(&cx, &*panic),
            };
            running = None;
            conclude(&cx, &outcome, info.as_ref());
        };
        loop {
            let next = poll_fn(|task| {
                poll_handler(task);
                cx.outbox().poll_next(task)
            })
            .await;
            let (message, last) = match next {
                Next::Message(message) => (message, false),
                Next::Answer(answer) => (answer, true),
                Next::End => return,
                Next::NotBefore(due) => {
                    let mut alarm = pin!(tokio::time::sleep_until(due));
                    poll_fn(|task| {
                        poll_handler(task);
                        if cx.outbox().is_ready_before(task) {
                            Poll::Ready(())
                        } else {
                            alarm.as_mut().poll(task)
                        }
                    })
                    .await;
                    continue;
                }
            };
            let mut sending =
                pin!(sender.send(Frame { of: Some(Of { id: id.clone(), ticket, last }), message }));
            let sent = poll_fn(|task| {
                poll_handler(task);
                sending.as_mut().poll(task)
            })
            .await;
            if sent.is_err() || last {
                return;
            }
        }
    }
}

struct CloseOnDrop(Context);

impl Drop for CloseOnDrop {
    fn drop(&mut self) {
        self.0.outbox().close();
    }
}

/// What a panic in a service is answered with; the details stay here.
pub(crate) fn panicked(cx: &Context, panic: &(dyn std::any::Any + Send)) -> Outcome {
    let details = panic
        .downcast_ref::<&'static str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    tracing::error!(method = &*cx.request().method(), details, "service panicked");
    Outcome::Error(ErrorObject::internal_error("the service failed unexpectedly"))
}
