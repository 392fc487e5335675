//! Calls within one process, without a stream.

use crate::closing::Closing;
use crate::context::Context;
use crate::outbox::Next;
use crate::principal::Principal;
use crate::service::{Answer, Call, Service};
use bowline_protocol::era::modern;
use bowline_protocol::http::HeaderMap;
use bowline_protocol::limits::Limits;
use bowline_protocol::protocol::{Answering, Received};
use bowline_protocol::scan::Raw;
use bytes::Bytes;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context as Task, Poll};

/// What one message led to.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Exchange {
    /// What the service sent before its answer, in order.
    pub notifications: Vec<Raw>,
    /// The answer; `None` for a message that has none.
    pub response: Option<Raw>,
}

/// Hands one message of `principal` to a service, and waits for everything that comes back.
pub async fn answer(
    service: Arc<dyn Service>,
    message: impl Into<Bytes>,
    principal: Principal,
    limits: Arc<Limits>,
) -> Exchange {
    let request = match Answering::<()>::new(limits.json_depth).receive(message.into()) {
        Received::Request(request) => request,
        Received::Refused(refusal) => {
            let response = modern::error_response(refusal.id.as_deref(), &refusal.error);
            return Exchange { response: Some(response), ..Exchange::default() };
        }
        Received::Notification(notification) => {
            service.notify(&principal, notification);
            return Exchange::default();
        }
        Received::Cancelled(()) | Received::Response(_) | Received::Nothing => {
            return Exchange::default();
        }
    };
    let info = service.server_info();
    let closing = Closing::default();
    let cx = Context::new(request, principal, HeaderMap::new(), limits, closing, None);
    let mut running = Running { answer: Some(service.call(Call::new(cx.clone()))), cx, info };
    let mut exchange = Exchange::default();
    loop {
        match poll_fn(|task| running.poll_next(task)).await {
            Next::Message(message) => exchange.notifications.push(message),
            Next::Answer(answer) => exchange.response = Some(answer),
            Next::End => return exchange,
            Next::NotBefore(due) => {
                let mut due = pin!(tokio::time::sleep_until(due));
                poll_fn(|task| running.poll_before(task, due.as_mut())).await;
            }
        }
    }
}

/// A call, and its way out.
struct Running {
    answer: Option<Answer>,
    cx: Context,
    info: Option<Raw>,
}

impl Running {
    fn poll_next(&mut self, task: &mut Task<'_>) -> Poll<Next> {
        self.poll(task);
        self.cx.outbox().poll_next(task)
    }

    /// Waits for a time, or for something to send before it.
    fn poll_before(&mut self, task: &mut Task<'_>, due: Pin<&mut tokio::time::Sleep>) -> Poll<()> {
        self.poll(task);
        if self.cx.outbox().is_ready_before(task) { Poll::Ready(()) } else { due.poll(task) }
    }

    fn poll(&mut self, task: &mut Task<'_>) {
        if let Some(answer) = &mut self.answer
            && let Poll::Ready(outcome) = Pin::new(answer).poll(task)
        {
            self.answer = None;
            self.cx.tell_dropped_logs();
            let id = self.cx.request().id_text();
            self.cx.outbox().finish(modern::response(id, &outcome, self.info.as_ref()));
        }
    }
}
