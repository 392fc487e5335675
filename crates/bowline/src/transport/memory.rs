//! Inside one process: for tests, and for clients and servers that live together.

use super::{End, Transport, link};
use crate::closing::Closing;
use crate::context::{Context, Surroundings};
use crate::error::Result;
use crate::outbox::Next;
use crate::principal::Principal;
use crate::service::{Call, Service};
use bowline_protocol::era::{Refusal, modern};
use bowline_protocol::http::HeaderMap;
use bowline_protocol::limits::Limits;
use bowline_protocol::protocol::{Answering, Received};
use bowline_protocol::scan::Raw;
use bytes::Bytes;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context as Task, Poll};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};

/// One end of a byte stream in memory, with the framing of [`Stdio`](super::Stdio): one message a line.
///
/// Serve one end, and read and write the other.
#[derive(Debug)]
pub struct Memory {
    stream: DuplexStream,
    limits: Limits,
}

/// Bytes under way in one direction, as in a pipe.
const PIPE: usize = 64 * 1024;

/// Both ends of a new stream.
#[must_use]
pub fn pair() -> (Memory, Memory) {
    let (one, other) = tokio::io::duplex(PIPE);
    let end = |stream| Memory { stream, limits: Limits::default() };
    (end(one), end(other))
}

impl Memory {
    /// Sets the limits of the end that is served.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }
}

impl Transport for Memory {
    async fn serve(self, service: Arc<dyn Service>, end: End) -> Result<()> {
        let (input, output) = tokio::io::split(self.stream);
        let principal = Principal::process("memory");
        link::serve(service, input, output, principal, Arc::new(self.limits), end.signal()).await
    }
}

impl AsyncRead for Memory {
    fn poll_read(
        mut self: Pin<&mut Self>,
        task: &mut Task<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(task, buf)
    }
}

impl AsyncWrite for Memory {
    fn poll_write(
        mut self: Pin<&mut Self>,
        task: &mut Task<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(task, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(task)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(task)
    }
}

/// What a service has said to one message.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Exchange {
    /// The messages before the answer, in order.
    pub notifications: Vec<Raw>,
    /// The answer, as a whole JSON-RPC response; `None` when the message was no request.
    pub response: Option<Raw>,
}

/// Gives one JSON-RPC message to a service and waits for what it says, without a stream in between.
///
/// The message passes the same checks as on any other transport. Dropping the future cancels the call.
pub async fn answer(
    service: Arc<dyn Service>,
    message: impl Into<Bytes>,
    principal: Principal,
    limits: Arc<Limits>,
) -> Exchange {
    let mut exchange = Exchange::default();
    match Answering::<()>::new(limits.json_depth).receive(message.into()) {
        Received::Request(incoming) => {
            let cx = Context::new(
                incoming,
                Surroundings {
                    principal,
                    headers: HeaderMap::new(),
                    limits,
                    closing: Closing::default(),
                    line: None,
                    running: None,
                },
            );
            run(service, cx, &mut exchange).await;
        }
        Received::Refused(Refusal { id, error }) => {
            exchange.response = Some(modern::error_response(id.as_deref(), &error));
        }
        Received::Notification(notification) => service.notify(&principal, notification),
        // Nothing was asked, and nothing is running.
        Received::Response(_)
        | Received::Cancelled(())
        | Received::NotRunning(_)
        | Received::Session(_)
        | Received::Nothing => {}
    }
    exchange
}

async fn run(service: Arc<dyn Service>, cx: Context, exchange: &mut Exchange) {
    let info = service.server_info();
    let mut running = pin!(service.call(Call::new(cx.clone())));
    let mut done = false;
    let mut alarm = None;
    poll_fn(|task| {
        if !done && let Poll::Ready(outcome) = running.as_mut().poll(task) {
            done = true;
            link::conclude(&cx, &outcome, info.as_ref());
        }
        loop {
            match cx.outbox().poll_next(task) {
                Poll::Ready(Next::Message(message)) => exchange.notifications.push(message),
                Poll::Ready(Next::Answer(answer)) => exchange.response = Some(answer),
                Poll::Ready(Next::End) => return Poll::Ready(()),
                Poll::Ready(Next::NotBefore(due)) => {
                    let alarm = alarm.insert(Box::pin(tokio::time::sleep_until(due)));
                    if alarm.as_mut().poll(task).is_pending() {
                        return Poll::Pending;
                    }
                }
                Poll::Pending => return Poll::Pending,
            }
        }
    })
    .await;
}
