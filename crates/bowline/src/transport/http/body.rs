//! Bodies of responses: one JSON text, or a stream of events.

use crate::context::Context;
use crate::outbox::Next;
use bytes::{BufMut, Bytes, BytesMut};
use http_body::{Body, Frame, SizeHint};
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context as Task, Poll, ready};
use std::time::Duration;
use tokio::task::AbortHandle;
use tokio::time::{Instant, Sleep};

/// The body of a response.
#[derive(Debug)]
pub struct ResponseBody(Kind);

#[derive(Debug)]
enum Kind {
    Whole(Option<Bytes>),
    Events(Box<Events>),
}

impl ResponseBody {
    /// A body that is there already.
    pub(super) fn whole(bytes: impl Into<Bytes>) -> Self {
        let bytes = bytes.into();
        Self(Kind::Whole((!bytes.is_empty()).then_some(bytes)))
    }

    pub(super) fn events(events: Events) -> Self {
        Self(Kind::Events(Box::new(events)))
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        task: &mut Task<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match &mut self.0 {
            Kind::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Kind::Events(events) => {
                events.poll_event(task).map(|event| event.map(|event| Ok(Frame::data(event))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.0, Kind::Whole(None))
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::Whole(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, Bytes::len) as u64),
            Kind::Events(_) => SizeHint::default(),
        }
    }
}

/// The stream of one call: it only drains the call's outbox, it never polls the handler.
///
/// Its drop is the client's cancellation: it ends the task that runs the handler.
#[derive(Debug)]
pub(super) struct Events {
    cx: Context,
    /// The task that runs the handler, where it has not ended yet.
    task: Option<AbortHandle>,
    keep_alive: Duration,
    /// When a comment is due so that nobody takes the stream for dead, or held-back progress.
    alarm: Option<Pin<Box<Sleep>>>,
    ended: bool,
}

impl Events {
    pub(super) fn new(cx: Context, task: Option<AbortHandle>) -> Self {
        let keep_alive = cx.limits().keep_alive;
        Self { cx, task, keep_alive, alarm: None, ended: false }
    }

    fn poll_event(&mut self, task: &mut Task<'_>) -> Poll<Option<Bytes>> {
        if self.ended {
            return Poll::Ready(None);
        }
        loop {
            match self.cx.outbox().poll_next(task) {
                Poll::Ready(Next::Message(message)) => {
                    self.alarm = None;
                    return Poll::Ready(Some(event(message.as_bytes())));
                }
                Poll::Ready(Next::Answer(answer)) => {
                    self.ended = true;
                    return Poll::Ready(Some(event(answer.as_bytes())));
                }
                Poll::Ready(Next::End) => {
                    self.ended = true;
                    return Poll::Ready(None);
                }
                Poll::Ready(Next::NotBefore(due)) => {
                    ready!(self.poll_alarm(due, task));
                    self.alarm = None;
                }
                Poll::Pending => {
                    let due = Instant::now() + self.keep_alive;
                    ready!(self.poll_alarm(due, task));
                    self.alarm = None;
                    return Poll::Ready(Some(Bytes::from_static(b":\n\n")));
                }
            }
        }
    }

    /// Waits for the alarm; one that is set already and rings earlier is left as it is.
    fn poll_alarm(&mut self, due: Instant, task: &mut Task<'_>) -> Poll<()> {
        let alarm = self.alarm.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(due)));
        if due < alarm.deadline() {
            alarm.as_mut().reset(due);
        }
        alarm.as_mut().poll(task)
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
        }
        self.cx.outbox().close();
    }
}

/// One message as one event.
fn event(message: &[u8]) -> Bytes {
    let mut event = BytesMut::with_capacity(message.len() + 8);
    event.put_slice(b"data: ");
    event.put_slice(message);
    event.put_slice(b"\n\n");
    event.freeze()
}
