//! The body of a response that carries a stream, and what becomes of a stream that nobody carries.

use super::live::Live;
use super::sessions::Sessions;
use super::stream::{Stream, Taken};
use super::{StoredEvent, StreamId};
use crate::closing::Closing;
use crate::transport::http::body::{Flow, LARGE, jittered};
use bowline_protocol::limits::Limits;
use bytes::{BufMut, Bytes, BytesMut};
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Context as Task, Poll, ready};
use tokio::time::Instant;

/// How long a client waits before it comes back, in milliseconds.
const RETRY: u32 = 1_000;

/// A connection that reads a stream; its drop lets the stream go, and ends nothing else.
#[derive(Debug)]
pub(super) struct Reading {
    stream: Arc<Stream>,
    home: Weak<Live>,
    ticket: u64,
    limits: Arc<Limits>,
    /// Told when the endpoint is about to end.
    closing: Closing,
    begin: Begin,
    /// Events that were sent before, to be sent again.
    again: VecDeque<StoredEvent>,
    /// Whether the client knows how to come back to this stream.
    primed: bool,
    /// The newest event of it that the client has.
    sent: u64,
    /// What is left of a large event.
    pieces: VecDeque<Bytes>,
    over: bool,
}

/// Where a reader begins.
#[derive(Debug)]
pub(super) enum Begin {
    /// With what nobody has read.
    New,
    /// Behind this event, which was sent.
    After(u64),
    /// With these events, which were sent on a stream that is no more, and with what nobody has read.
    Again(Vec<StoredEvent>),
    /// It has begun.
    Going,
}

impl Reading {
    /// Reads a stream that has been taken over with this ticket.
    pub(super) fn new(
        sessions: &Sessions,
        stream: Arc<Stream>,
        home: Weak<Live>,
        ticket: u64,
        begin: Begin,
    ) -> Self {
        Self {
            stream,
            home,
            ticket,
            limits: sessions.limits.clone(),
            closing: sessions.closing.clone(),
            begin,
            again: VecDeque::new(),
            primed: true,
            sent: 0,
            pieces: VecDeque::new(),
            over: false,
        }
    }

    /// The next bytes; `None` behind the last ones.
    async fn next(&mut self) -> Option<Bytes> {
        self.stream.asked(self.ticket);
        if let Some(piece) = self.pieces.pop_front() {
            return Some(piece);
        }
        match std::mem::replace(&mut self.begin, Begin::Going) {
            Begin::After(seq) => self.catch_up(seq).await,
            Begin::Again(events) => {
                self.again = events.into();
                self.primed = !self.stream.primes;
            }
            Begin::New => self.primed = !self.stream.primes,
            Begin::Going => {}
        }
        if let Some(event) = self.again.pop_front() {
            if event.stream == self.stream.id {
                self.sent = event.seq;
            }
            self.over |= event.last;
            return Some(self.event(&event));
        }
        if !self.primed {
            self.primed = true;
            return Some(self.prime());
        }
        while !self.over {
            match self.wait().await {
                None => return Some(Bytes::from_static(b":\n\n")),
                Some(Taken::Event(event)) => {
                    store(&self.stream, event.clone()).await;
                    if !self.stream.confirm(self.ticket, &event) {
                        break;
                    }
                    self.over |= event.last;
                    // The reader before may have got it into the store, and did not live to tell.
                    if event.seq > self.sent {
                        self.sent = event.seq;
                        return Some(self.event(&event));
                    }
                }
                Some(Taken::HangUp) => {
                    self.over = true;
                    return Some(Bytes::from(format!("retry: {RETRY}\n\n")));
                }
                Some(Taken::NotBefore(_) | Taken::Over) => break,
            }
        }
        self.over = true;
        None
    }

    /// Reads what was sent behind an event.
    async fn catch_up(&mut self, seq: u64) {
        self.sent = seq;
        let Stream { events, session, id, .. } = &*self.stream;
        match events.after(session, *id, seq).await {
            Ok(events) => self.again = events.into(),
            Err(error) => tracing::error!(%error, "events that were sent cannot be read again"),
        }
    }

    /// What the stream has next; `None` when it is time for a comment.
    async fn wait(&self) -> Option<Taken> {
        let beat = Instant::now() + jittered(self.limits.keep_alive);
        let mut alarm = pin!(tokio::time::sleep_until(beat));
        let mut closed = pin!(self.closing.closed());
        poll_fn(|task| {
            loop {
                let due = match self.stream.poll_take(self.ticket, task) {
                    Poll::Ready(Taken::NotBefore(due)) => due.min(beat),
                    Poll::Ready(taken) => return Poll::Ready(Some(taken)),
                    Poll::Pending => beat,
                };
                // A call may go on for a while; whoever only listens would listen for ever.
                if self.stream.is_own() && closed.as_mut().poll(task).is_ready() {
                    return Poll::Ready(Some(Taken::Over));
                }
                if alarm.deadline() != due {
                    alarm.as_mut().reset(due);
                }
                ready!(alarm.as_mut().poll(task));
                if due == beat {
                    return Poll::Ready(None);
                }
            }
        })
        .await
    }

    /// Tells the client how to come back before there is anything to come back for.
    fn prime(&self) -> Bytes {
        let id = self.stream.id.event(self.stream.prime());
        format!("id: {id}\nretry: {RETRY}\ndata: \n\n").into()
    }

    /// One event: its first piece, which is all of it unless it is large.
    fn event(&mut self, event: &StoredEvent) -> Bytes {
        let message = event.message.as_bytes();
        let id = StreamId::event(event.stream, event.seq);
        let mut out = BytesMut::with_capacity(id.len() + 16 + message.len().min(LARGE));
        out.put_slice(b"id: ");
        out.put_slice(id.as_bytes());
        out.put_slice(b"\ndata: ");
        if message.len() >= LARGE {
            self.pieces.push_back(event.message.clone().into_bytes());
            self.pieces.push_back(Bytes::from_static(b"\n\n"));
        } else {
            out.put_slice(message);
            out.put_slice(b"\n\n");
        }
        out.freeze()
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        if self.stream.detach(self.ticket) {
            left(&self.stream, &self.home);
        }
    }
}

/// Looks after a stream that nobody reads: once nothing more will be said on it, what it still holds goes into the
/// store, for whoever comes back, and the stream is forgotten.
pub(super) fn left(stream: &Arc<Stream>, home: &Weak<Live>) {
    if !stream.is_settled() || stream.is_read() {
        return;
    }
    if !stream.is_known() {
        // Nobody can come back to it.
        stream.end();
    }
    let (stream, home) = (stream.clone(), home.clone());
    let mut putting_away = Box::pin(async move {
        let ticket = stream.attach();
        loop {
            match poll_fn(|task| stream.poll_take(ticket, task)).await {
                Taken::Event(event) => {
                    store(&stream, event.clone()).await;
                    if !stream.confirm(ticket, &event) {
                        break;
                    }
                }
                Taken::NotBefore(due) => tokio::time::sleep_until(due).await,
                Taken::HangUp | Taken::Over => break,
            }
        }
        if stream.detach(ticket)
            && stream.is_over()
            && let Some(home) = home.upgrade()
        {
            home.forget(stream.id);
        }
    });
    // A store in memory is done at once; with another one it takes as long as that does.
    let mut nobody = Task::from_waker(std::task::Waker::noop());
    if putting_away.as_mut().poll(&mut nobody).is_pending()
        && let Ok(runtime) = tokio::runtime::Handle::try_current()
    {
        drop(runtime.spawn(putting_away));
    }
}

async fn store(stream: &Stream, event: StoredEvent) {
    if let Err(error) = stream.events.append(&stream.session, event).await {
        tracing::error!(%error, "an event cannot be stored; a client that comes back will miss it");
    }
}

/// A [`Reading`] as a body.
#[derive(Debug)]
pub(super) struct ReadingBody(Step);

enum Step {
    Idle(Box<Reading>),
    Busy(Mutex<Busy>),
    Over,
}

/// The lock is never taken: it only tells the compiler that nobody looks inside while it is polled.
type Busy = Pin<Box<dyn Future<Output = (Box<Reading>, Option<Bytes>)> + Send>>;

impl ReadingBody {
    pub(super) fn new(reading: Reading) -> Self {
        Self(Step::Idle(Box::new(reading)))
    }
}

impl Flow for ReadingBody {
    fn poll_bytes(&mut self, task: &mut Task<'_>) -> Poll<Option<Bytes>> {
        if let Step::Idle(_) = &self.0 {
            let Step::Idle(mut reading) = std::mem::replace(&mut self.0, Step::Over) else {
                return Poll::Ready(None);
            };
            self.0 = Step::Busy(Mutex::new(Box::pin(async move {
                let bytes = reading.next().await;
                (reading, bytes)
            })));
        }
        let Step::Busy(busy) = &mut self.0 else {
            return Poll::Ready(None);
        };
        let busy = busy.get_mut().unwrap_or_else(PoisonError::into_inner);
        let (reading, bytes) = ready!(busy.as_mut().poll(task));
        let over = reading.over && reading.pieces.is_empty() && reading.again.is_empty();
        self.0 = if bytes.is_none() || over { Step::Over } else { Step::Idle(reading) };
        Poll::Ready(bytes)
    }

    fn is_over(&self) -> bool {
        matches!(self.0, Step::Over)
    }
}

impl std::fmt::Debug for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Idle(_) => "Idle",
            Self::Busy(_) => "Busy",
            Self::Over => "Over",
        })
    }
}
