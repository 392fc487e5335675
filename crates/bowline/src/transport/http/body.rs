//! Bodies of responses: one JSON text, or a stream of events.

use crate::context::Context;
use crate::outbox::Next;
use bytes::{BufMut, Bytes, BytesMut};
use http_body::{Body, Frame, SizeHint};
use std::convert::Infallible;
use std::future::Future;
use std::hash::{BuildHasher, RandomState};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context as Task, Poll, ready};
use std::time::Duration;
use tokio::task::AbortHandle;
use tokio::time::{Instant, Sleep, sleep};

/// The body of a response.
#[derive(Debug)]
pub struct ResponseBody(Kind);

#[derive(Debug)]
enum Kind {
    Whole(Bytes),
    Pieces(Box<Pieces>),
    Flow(Box<dyn Flow>),
}

/// A body that comes in time.
pub(super) trait Flow: std::fmt::Debug + Send + Sync {
    /// The next bytes; `None` behind the last ones.
    fn poll_bytes(&mut self, task: &mut Task<'_>) -> Poll<Option<Bytes>>;

    /// Whether nothing more will come.
    fn is_over(&self) -> bool;
}

impl ResponseBody {
    /// A body that is there already.
    pub(super) fn whole(bytes: impl Into<Bytes>) -> Self {
        Self(Kind::Whole(bytes.into()))
    }

    /// As [`ResponseBody::whole`], in pieces that are too large to be joined.
    pub(super) fn pieces(pieces: [Bytes; 3]) -> Self {
        Self(Kind::Pieces(Box::new(Pieces(pieces))))
    }

    /// Ends a stream after this time, wherever it is. What is whole comes whole.
    pub(super) fn until(self, left: Duration) -> Self {
        match self.0 {
            Kind::Flow(flow) => Self::flow(Until { flow: Some(flow), end: Box::pin(sleep(left)) }),
            whole => Self(whole),
        }
    }

    pub(super) fn flow(flow: impl Flow + 'static) -> Self {
        Self(Kind::Flow(Box::new(flow)))
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        task: &mut Task<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let bytes = match &mut self.0 {
            Kind::Whole(bytes) => (!bytes.is_empty()).then(|| std::mem::take(bytes)),
            Kind::Pieces(pieces) => pieces.next(),
            Kind::Flow(flow) => ready!(flow.poll_bytes(task)),
        };
        Poll::Ready(bytes.map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Kind::Whole(bytes) => bytes.is_empty(),
            Kind::Pieces(pieces) => pieces.len() == 0,
            Kind::Flow(flow) => flow.is_over(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Kind::Pieces(pieces) => SizeHint::with_exact(pieces.len()),
            Kind::Flow(_) => SizeHint::default(),
        }
    }
}

/// A stream that ends at a time.
#[derive(Debug)]
struct Until {
    /// `None` behind that time: whatever the stream owned has ended with it.
    flow: Option<Box<dyn Flow>>,
    end: Pin<Box<Sleep>>,
}

impl Flow for Until {
    fn is_over(&self) -> bool {
        self.flow.as_ref().is_none_or(|flow| flow.is_over())
    }

    fn poll_bytes(&mut self, task: &mut Task<'_>) -> Poll<Option<Bytes>> {
        let Some(flow) = &mut self.flow else { return Poll::Ready(None) };
        if self.end.as_mut().poll(task).is_ready() {
            self.flow = None;
            return Poll::Ready(None);
        }
        flow.poll_bytes(task)
    }
}

/// Bytes that go out one after the other; empty ones are passed over.
#[derive(Debug, Default)]
struct Pieces([Bytes; 3]);

impl Pieces {
    fn next(&mut self) -> Option<Bytes> {
        self.0.iter_mut().find(|piece| !piece.is_empty()).map(std::mem::take)
    }

    fn len(&self) -> u64 {
        self.0.iter().map(|piece| piece.len() as u64).sum()
    }
}

/// The stream of one call: it only drains the call's outbox, it never polls the handler.
///
/// Its drop is the client's cancellation: it ends the task that runs the handler.
#[derive(Debug)]
pub(super) struct Events {
    cx: Context,
    /// The task that runs the handler, where there is one.
    task: Option<AbortHandle>,
    /// Tells that task that somebody reads.
    reader: Option<Reader>,
    /// When a comment is due so that nobody takes the stream for dead, or held-back progress.
    alarm: Option<Pin<Box<Sleep>>>,
    /// What is left of a large event.
    pieces: Pieces,
    ended: bool,
}

impl Events {
    pub(super) fn new(cx: Context) -> Self {
        Self { cx, task: None, reader: None, alarm: None, pieces: Pieces::default(), ended: false }
    }

    /// Something to see by whether anybody reads.
    pub(super) fn reader(&mut self) -> Reader {
        self.reader.get_or_insert_with(Reader::default).clone()
    }

    /// Aborts this task when the stream is dropped.
    pub(super) fn own(&mut self, task: AbortHandle) {
        self.task = Some(task);
    }

    /// Waits for the alarm; one that is set already and rings earlier is left as it is.
    fn poll_alarm(&mut self, due: Instant, task: &mut Task<'_>) -> Poll<()> {
        let alarm = self.alarm.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(due)));
        if due < alarm.deadline() {
            alarm.as_mut().reset(due);
        }
        alarm.as_mut().poll(task)
    }

    /// One message as one event: its first piece, which is all of it unless it is large.
    fn event(&mut self, message: Bytes) -> Bytes {
        if message.len() >= LARGE {
            self.pieces = Pieces([message, Bytes::from_static(b"\n\n"), Bytes::new()]);
            return Bytes::from_static(b"data: ");
        }
        let mut event = BytesMut::with_capacity(message.len() + 8);
        event.put_slice(b"data: ");
        event.put_slice(&message);
        event.put_slice(b"\n\n");
        event.freeze()
    }
}

impl Flow for Events {
    fn is_over(&self) -> bool {
        self.ended && self.pieces.len() == 0
    }

    fn poll_bytes(&mut self, task: &mut Task<'_>) -> Poll<Option<Bytes>> {
        if let Some(Reader(asked)) = &self.reader {
            asked.store(true, Ordering::Relaxed);
        }
        if let Some(piece) = self.pieces.next() {
            return Poll::Ready(Some(piece));
        }
        if self.ended {
            return Poll::Ready(None);
        }
        loop {
            match self.cx.outbox().poll_next(task) {
                Poll::Ready(Next::Message(message)) => {
                    self.alarm = None;
                    return Poll::Ready(Some(self.event(message.into_bytes())));
                }
                Poll::Ready(Next::Answer(answer)) => {
                    // Nothing follows it, and nobody should have to wait to learn that.
                    self.ended = true;
                    return Poll::Ready(Some(self.event(answer.into_bytes())));
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
                    let due = match &self.alarm {
                        Some(alarm) => alarm.deadline(),
                        None => Instant::now() + jittered(self.cx.limits().keep_alive),
                    };
                    ready!(self.poll_alarm(due, task));
                    self.alarm = None;
                    return Poll::Ready(Some(Bytes::from_static(b":\n\n")));
                }
            }
        }
    }
}

/// Whether the connection asks a stream for more.
///
/// HTTP/2 asks nothing of a stream whose peer grants it no room, so the stream itself cannot see that it stalls.
#[derive(Clone, Debug, Default)]
pub(super) struct Reader(Arc<AtomicBool>);

impl Reader {
    /// Waits until nobody has asked for so long, or up to twice as long.
    pub(super) async fn stalled(self, patience: Duration) {
        loop {
            sleep(patience).await;
            if !self.0.swap(false, Ordering::Relaxed) {
                return;
            }
        }
    }
}

/// Bytes from which on copying costs more than another piece.
pub(super) const LARGE: usize = 64 * 1024;

impl Drop for Events {
    fn drop(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
        }
        self.cx.outbox().close();
    }
}

/// A time changed by up to a fifth, so that many streams do not all wake at once.
pub(super) fn jittered(time: Duration) -> Duration {
    let random = RandomState::new().hash_one(()) as u32;
    time.mul_f64(0.8 + 0.4 * f64::from(random) / f64::from(u32::MAX))
}
