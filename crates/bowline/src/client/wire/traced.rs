//! A wire whose messages are written down.

use super::{BoxFuture, Event, Exchange, Failure, Outgoing, Wire};
use crate::layer::trace::{Entry, Sink};
use bowline_protocol::era::{id_text, modern};
use bowline_protocol::outcome::Outcome;
use bowline_protocol::protocol::Response;
use bowline_protocol::scan::Raw;
use bowline_types::jsonrpc::{ErrorObject, Id};
use bowline_types::revision::Revision;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context as Task, Poll};
use std::time::Duration;

/// Where the messages of one client are written down; see [`crate::layer::trace`] for the format.
///
/// The number of a call is its id there, whatever id it has on its way.
#[derive(Clone, Debug)]
pub(crate) struct Trace {
    sink: Arc<Sink>,
    transport: &'static str,
    calls: Arc<AtomicU64>,
}

impl Trace {
    pub(crate) fn new(sink: Arc<Sink>, transport: &'static str) -> Self {
        Self { sink, transport, calls: Arc::default() }
    }

    /// Writes down what the server said.
    pub(crate) fn heard(&self, call: Option<u64>, message: &Raw) {
        self.put(call, "out", message);
    }

    fn put(&self, call: Option<u64>, dir: &'static str, message: &Raw) {
        self.sink.put(Entry {
            call,
            dir,
            transport: self.transport.into(),
            principal: Box::default(),
            headers: None,
            message: Some(message.clone()),
        });
    }
}

/// A wire, and where its messages are written down.
#[derive(Debug)]
pub(crate) struct Traced {
    wire: Arc<dyn Wire>,
    trace: Trace,
}

impl Traced {
    pub(crate) fn new(wire: Arc<dyn Wire>, trace: Trace) -> Arc<Self> {
        Arc::new(Self { wire, trace })
    }
}

impl Wire for Traced {
    fn exchange(&self, outgoing: Outgoing) -> Box<dyn Exchange> {
        let call = self.trace.calls.fetch_add(1, Ordering::Relaxed) + 1;
        let id = i64::try_from(call).unwrap_or(i64::MAX);
        self.trace.put(Some(call), "in", &outgoing.request.write(id));
        let exchange = self.wire.exchange(outgoing);
        Box::new(Open { exchange, trace: self.trace.clone(), call, done: false })
    }

    fn reply(&self, id: &Id, outcome: Outcome) -> BoxFuture<Result<(), Failure>> {
        self.trace.put(None, "in", &modern::response(&id_text(id), &outcome, None));
        self.wire.reply(id, outcome)
    }

    fn send(&self, message: Raw) -> BoxFuture<Result<(), Failure>> {
        self.trace.put(None, "in", &message);
        self.wire.send(message)
    }

    fn settle(&self, revision: Revision) {
        self.wire.settle(revision);
    }

    #[cfg(feature = "host")]
    fn owns_questions(&self) -> bool {
        self.wire.owns_questions()
    }

    fn close(&self, deadline: Duration) -> BoxFuture<()> {
        self.wire.close(deadline)
    }
}

/// An exchange whose messages are written down.
struct Open {
    exchange: Box<dyn Exchange>,
    trace: Trace,
    call: u64,
    done: bool,
}

impl Exchange for Open {
    fn poll_next(&mut self, task: &mut Task<'_>) -> Poll<Result<Event, Failure>> {
        let next = self.exchange.poll_next(task);
        let message = match &next {
            Poll::Ready(Ok(Event::Progress(message) | Event::Notification(message))) => {
                message.raw().clone()
            }
            Poll::Ready(Ok(Event::Question(question))) => question.message().raw().clone(),
            Poll::Ready(Ok(Event::Answer(response))) => {
                self.done = true;
                match response {
                    Response::Result(message) => message.raw().clone(),
                    Response::Error(error) => self.error(error),
                    Response::Malformed(fault) => {
                        self.error(&ErrorObject::invalid_request(fault.clone()))
                    }
                }
            }
            _ => return next,
        };
        self.trace.heard(Some(self.call), &message);
        next
    }

    fn status(&self) -> Option<u16> {
        self.exchange.status()
    }
}

impl Open {
    fn error(&self, error: &ErrorObject) -> Raw {
        modern::error_response(Some(self.call.to_string().as_bytes()), error)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if !self.done {
            self.trace.sink.put(Entry::cancelled(self.call));
        }
    }
}
