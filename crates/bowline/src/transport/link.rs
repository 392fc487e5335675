//! A byte stream that carries many calls: stdio, Unix sockets, memory.
//!
//! One loop owns the stream. It reads, starts calls by polling them once, and writes; a call that is not done at its
//! first poll moves into a task of its own. Whatever one read brought is answered with one write.
//!
//! What is held for a peer is bounded: the bytes to be written, the requests read ahead, the calls that run, and what
//! each of them has sent. A peer that reads nothing stops the link from reading, and after a while ends it.

pub(super) mod drive;
mod queue;
#[cfg(not(modern_only))]
mod session;
#[cfg(modern_only)]
#[path = "link/no_session.rs"]
mod session;
mod slots;

use crate::closing::Closing;
use crate::context::{Context, Surroundings};
use crate::error::{Error, Result};
use crate::principal::Principal;
use crate::service::Service;
use crate::transport::End;
use bowline_protocol::era::{self, Incoming, Refusal, id_text};
use bowline_protocol::frame::ndjson;
use bowline_protocol::http::HeaderMap;
use bowline_protocol::limits::{BUSY, Limits};
use bowline_protocol::protocol::{Answering, Received, Throttle};
use bowline_protocol::scan::{Message, Raw, recover_id};
use bowline_types::jsonrpc::ErrorObject;
use bytes::{Buf, BytesMut};
use drive::{Drive, Frame, Of};
use queue::Queue;
use session::{Batch, Talk};
use slots::Slots;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context as Task, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::{Instant, Sleep};

pub(crate) use drive::conclude;
#[cfg(feature = "client")]
pub(crate) use drive::panicked;

/// Serves one byte stream, on which each message is one line, until its peer closes it or `end` is told: for transports
/// of your own.
///
/// `examples/tcp.rs` has one over TCP.
///
/// # Errors
/// When reading or writing fails, or the peer reads nothing for [`Limits::stalled_timeout`].
pub async fn serve_stream(
    service: Arc<dyn Service>,
    reader: impl AsyncRead + Send,
    writer: impl AsyncWrite + Send,
    principal: Principal,
    end: End,
) -> Result<()> {
    let limits = Arc::new(Limits::default());
    serve(service, reader, writer, principal, limits, end.signal()).await
}

/// Serves one byte stream until its peer closes it or `closing` is told.
///
/// # Errors
/// When reading or writing fails, or the peer reads nothing for [`Limits::stalled_timeout`].
pub(crate) async fn serve<R, W>(
    service: Arc<dyn Service>,
    reader: R,
    writer: W,
    principal: Principal,
    limits: Arc<Limits>,
    closing: Closing,
) -> Result<()>
where
    R: AsyncRead + Send,
    W: AsyncWrite + Send,
{
    let (sender, frames) = mpsc::channel(FRAMES);
    let mut link = Link {
        info: service.server_info(),
        service,
        principal,
        answering: session::answering(limits.json_depth),
        talk: Talk::default(),
        decoder: ndjson::Decoder::new(limits.server_line_bytes),
        input: Input::Open,
        starved: true,
        out: BytesMut::new(),
        flushed: true,
        stalled: None,
        queue: Queue::default(),
        slots: Slots::default(),
        tickets: 0,
        sender,
        frames,
        throttle: Throttle::default(),
        born: Instant::now(),
        phase: Phase::Open,
        alarm: None,
        closing,
        ending: Closing::default(),
        limits,
    };
    let (mut reader, mut writer) = (pin!(reader), pin!(writer));
    let closing = link.closing.clone();
    let mut closed = pin!(closing.closed());
    let mut told = false;
    let outcome = poll_fn(|task| {
        if !told && closed.as_mut().poll(task).is_ready() {
            told = true;
            let deadline = link.closing.deadline();
            link.end_by(deadline.unwrap_or_else(|| Instant::now() + DRAIN));
        }
        link.poll(task, reader.as_mut(), writer.as_mut())
    })
    .await;
    link.stop().await;
    outcome
}

/// Messages on their way from tasks to the writer; more wait in the outboxes of their calls.
const FRAMES: usize = 64;

/// How long running calls may go on after the peer has stopped sending, or where no deadline was told.
pub(super) const DRAIN: Duration = Duration::from_secs(5);

/// How long the last bytes may take when everything has been told to end.
const GRACE: Duration = Duration::from_millis(250);

/// Reads between two chances for other tasks of the runtime.
const TURNS: usize = 32;

/// Bytes to be written at which nothing more is read: as many as a pipe holds, so that it never runs dry.
const FULL: usize = 64 * 1024;

/// A buffer larger than this is not kept for small answers.
const KEPT: usize = 256 * 1024;

struct Link {
    service: Arc<dyn Service>,
    /// What goes into every result; asked for once.
    info: Option<Raw>,
    principal: Principal,
    limits: Arc<Limits>,
    answering: Answering<Running>,
    /// The session, if the peer opened one.
    talk: Talk,
    decoder: ndjson::Decoder,
    input: Input,
    /// Whether the decoder has nothing more to give until more is read.
    starved: bool,
    /// Bytes to be written.
    out: BytesMut,
    /// Whether everything that was written has been flushed too.
    flushed: bool,
    /// When the link ends if the peer goes on reading nothing.
    stalled: Option<Instant>,
    /// Requests read ahead while as many calls run as may.
    queue: Queue,
    slots: Slots,
    tickets: u64,
    sender: mpsc::Sender<Frame>,
    frames: mpsc::Receiver<Frame>,
    throttle: Throttle,
    born: Instant,
    phase: Phase,
    /// Rings at the next of the times above and below; made when there is one.
    alarm: Option<Pin<Box<Sleep>>>,
    /// Told from outside: refuse what is new.
    closing: Closing,
    /// Told to the calls that would otherwise wait for ever.
    ending: Closing,
}

/// What may still come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Input {
    /// More.
    Open,
    /// Nothing but what the decoder holds.
    Ended,
    /// Nothing.
    Done,
}

/// How far the end is.
#[derive(Clone, Copy)]
enum Phase {
    /// Not begun.
    Open,
    /// Calls may go on until then.
    Draining(Instant),
    /// Listeners are told, and the last bytes may be written until then.
    Ending(Instant),
}

/// What a request is, to the peer that may cancel it.
enum Running {
    /// Read, but not started; with its ticket in the queue.
    Waiting { ticket: u64, batch: Option<Batch> },
    /// In a task.
    Task { ticket: u64, listen: bool, cx: Context, batch: Option<Batch>, _task: AbortOnDrop },
}

/// Ends a task together with whoever knows of it.
struct AbortOnDrop(AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Link {
    /// Goes as far as it can; ready when the link has ended.
    ///
    /// The order is fixed: answers leave before new requests come in, and nothing is read while something that was
    /// read before waits for room.
    fn poll<R, W>(
        &mut self,
        task: &mut Task<'_>,
        mut reader: Pin<&mut R>,
        mut writer: Pin<&mut W>,
    ) -> Poll<Result<()>>
    where
        R: AsyncRead,
        W: AsyncWrite,
    {
        for _ in 0..TURNS {
            self.take_frames(task);
            self.start_waiting(task);
            self.take_lines(task);
            let pressed = !self.has_room();
            if let Poll::Ready(Err(error)) = self.poll_write(task, writer.as_mut()) {
                return Poll::Ready(Err(error));
            }
            if pressed && self.has_room() {
                continue;
            }
            if self.poll_end(task).is_ready() {
                return Poll::Ready(Ok(()));
            }
            match self.poll_read(task, reader.as_mut()) {
                Poll::Ready(Ok(())) => continue,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => {}
            }
            ready!(self.poll_alarm(task))?;
        }
        // A stream that never makes its reader wait must not keep the thread for itself.
        task.waker().wake_by_ref();
        Poll::Pending
    }

    /// Takes what calls in tasks have to say.
    fn take_frames(&mut self, task: &mut Task<'_>) {
        while self.has_room()
            && let Poll::Ready(Some(frame)) = self.frames.poll_recv(task)
        {
            self.take_frame(frame);
        }
    }

    fn take_frame(&mut self, frame: Frame) {
        let Frame { of, message } = frame;
        let Some(Of { id, ticket, last }) = of else {
            return ndjson::encode(message.as_bytes(), &mut self.out);
        };
        // A cancelled request gets not one byte more, nor does a later one with its id.
        let batch = match self.answering.get(&id) {
            Some(Running::Task { ticket: running, batch, .. }) if *running == ticket => *batch,
            _ => return,
        };
        if !last {
            return ndjson::encode(message.as_bytes(), &mut self.out);
        }
        self.answering.finished(&id);
        self.reply(batch, message);
    }

    /// Handles whole lines that have been read, as long as there is room for what they lead to.
    fn take_lines(&mut self, task: &mut Task<'_>) {
        while !self.starved && self.has_room() && !self.is_held_up(task) && !self.is_paused(task) {
            let event = match self.input {
                Input::Open => self.decoder.decode(),
                Input::Ended => self.decoder.finish(),
                Input::Done => None,
            };
            match event {
                Some(ndjson::Event::Line(line)) => {
                    let received = self.answering.receive(line);
                    self.take(received, None, task);
                }
                Some(ndjson::Event::TooLong { prefix }) => {
                    let limit = self.limits.server_line_bytes;
                    let error = ErrorObject::invalid_request(format!(
                        "message is longer than the limit of {limit} bytes"
                    ));
                    self.refuse(&Refusal { id: recover_id(&prefix).map(|id| id_text(&id)), error });
                }
                None => {
                    self.starved = true;
                    if self.input == Input::Ended {
                        self.input = Input::Done;
                        self.talk.end_of_input();
                    }
                }
            }
        }
    }

    fn take(&mut self, received: Received<Running>, batch: Option<Batch>, task: &mut Task<'_>) {
        match received {
            Received::Request(incoming) => self.take_request(incoming, batch),
            Received::Cancelled(running) => self.give_up(running),
            Received::Refused(refusal) if batch.is_some() => {
                let reply = self.answering.refusal(&refusal);
                self.reply(batch, reply);
            }
            Received::Refused(refusal) => self.refuse(&refusal),
            Received::Notification(notification) => self.notify(notification),
            Received::Response(message) => self.talk.answered(message),
            Received::Session(told) => self.take_told(told, batch, task),
            Received::NotRunning(_) | Received::Nothing => {}
        }
    }

    /// Ends what the peer gave up.
    fn give_up(&mut self, running: Running) {
        let batch = match running {
            Running::Waiting { ticket, batch } => {
                self.queue.remove(ticket);
                batch
            }
            Running::Task { cx, batch, _task, .. } => {
                // What the call has asked is told to be of no interest while it can still be named.
                for message in cx.line().into_iter().flat_map(|line| line.cancel_of(&cx)) {
                    ndjson::encode(message.as_bytes(), &mut self.out);
                }
                batch
            }
        };
        let joined = batch.and_then(|batch| self.talk.settle(batch, None));
        if let Some(joined) = joined {
            ndjson::encode(joined.as_bytes(), &mut self.out);
        }
    }

    fn take_request(&mut self, incoming: Incoming, batch: Option<Batch>) {
        if self.closing.is_closed() {
            let why = "closing; no further request is answered";
            return self.refuse_busy(&incoming, batch, why);
        }
        // As one text they must not be longer than what a client reads.
        if batch.is_some() && self.talk.held() >= self.limits.response_bytes {
            let why = "the other answers to this batch are long already; send fewer at once";
            return self.refuse_busy(&incoming, batch, why);
        }
        if is_listen(&incoming) {
            if self.slots.listens() < self.limits.listens_per_principal {
                return self.start(incoming, batch);
            }
            let why = "too many subscriptions are open; end one first";
            return self.refuse_busy(&incoming, batch, why);
        }
        if self.queue.is_empty() && self.running() < self.limits.running_per_link {
            return self.start(incoming, batch);
        }
        // Otherwise nothing would have been read: this is read only to find what those wait for.
        if self.is_full() && self.talk.waiting() > 0 {
            let why = "too much waits already, and calls wait for answers; answer them first";
            return self.refuse_busy(&incoming, batch, why);
        }
        if let Some(id) = incoming.id() {
            let ticket = self.queue.push(incoming);
            self.answering.started(id, Running::Waiting { ticket, batch });
        }
    }

    fn start_waiting(&mut self, task: &Task<'_>) {
        while !self.queue.is_empty() && self.has_room() {
            if self.running() >= self.limits.running_per_link {
                // Wakes the link when there is a place; there may be one already.
                let _ = self.slots.poll_empty(task);
                self.talk.wake_on_question(task);
                if self.running() >= self.limits.running_per_link {
                    return;
                }
            }
            if let Some(incoming) = self.queue.pop() {
                let waited = incoming.id().and_then(|id| self.answering.finished(&id));
                let batch = match waited {
                    Some(Running::Waiting { batch, .. }) => batch,
                    _ => None,
                };
                self.start(incoming, batch);
            }
        }
    }

    /// Polls a call once; what is not done then gets a task.
    fn start(&mut self, incoming: Incoming, batch: Option<Batch>) {
        let listen = is_listen(&incoming);
        let line = self.talk.line_of(&incoming);
        let cx = Context::new(
            incoming,
            Surroundings {
                principal: self.principal.clone(),
                headers: HeaderMap::new(),
                limits: self.limits.clone(),
                closing: self.ending.clone(),
                line,
                running: None,
            },
        );
        let answer = match drive::start(self.service.clone(), &cx) {
            Err(answer) => answer,
            Ok(outcome) if cx.outbox().is_used() => {
                conclude(&cx, &outcome, self.info.as_ref());
                let answer = drive::drain(&cx, |message| {
                    ndjson::encode(message.as_bytes(), &mut self.out);
                });
                return answer.map_or((), |answer| self.reply(batch, answer));
            }
            Ok(outcome) => {
                let message = era::response(cx.request(), &outcome, self.info.as_ref());
                if cx.line().is_some() {
                    // A task that the handler left behind must not wait for an answer that never comes.
                    cx.outbox().close();
                }
                return self.reply(batch, message);
            }
        };
        let Some(id) = cx.request().id() else {
            return;
        };
        self.tickets += 1;
        let ticket = self.tickets;
        let drive = Drive {
            cx: cx.clone(),
            id: id.clone(),
            ticket,
            answer,
            info: self.info.clone(),
            sender: self.sender.clone(),
            slot: self.slots.enter(listen),
        };
        // Owned by the link: a cancellation or the end of the link aborts it.
        let task = AbortOnDrop(tokio::spawn(drive.run()).abort_handle());
        self.answering.started(id, Running::Task { ticket, listen, cx, batch, _task: task });
    }

    /// Writes an answer, or keeps it for the rest of its batch.
    fn reply(&mut self, batch: Option<Batch>, message: Raw) {
        let message = match batch {
            None => message,
            Some(batch) => match self.talk.settle(batch, Some(message)) {
                Some(joined) => joined,
                None => return,
            },
        };
        ndjson::encode(message.as_bytes(), &mut self.out);
    }

    fn notify(&self, notification: Message) {
        let told = catch_unwind(AssertUnwindSafe(|| {
            self.service.notify(&self.principal, notification);
        }));
        if told.is_err() {
            tracing::error!("service panicked over a notification");
        }
    }

    fn refuse_busy(&mut self, incoming: &Incoming, batch: Option<Batch>, why: &str) {
        let refusal = Refusal::of(incoming.message(), busy(why));
        let reply = self.answering.refusal(&refusal);
        self.reply(batch, reply);
    }

    fn refuse(&mut self, refusal: &Refusal) {
        // Whoever can be named gets an answer; for the rest a few are enough.
        if refusal.id.is_some() || self.throttle.allows(self.born.elapsed()) {
            let message = self.answering.refusal(refusal);
            ndjson::encode(message.as_bytes(), &mut self.out);
        }
    }

    /// Reads once, if what was read before has been handled and there is room for what it may lead to.
    fn poll_read<R: AsyncRead>(
        &mut self,
        task: &mut Task<'_>,
        mut reader: Pin<&mut R>,
    ) -> Poll<Result<()>> {
        let wanted = self.input == Input::Open && self.starved && !self.is_paused(task);
        if !wanted || !self.has_room() || matches!(self.phase, Phase::Ending(_)) {
            return Poll::Pending;
        }
        let read = pin!(reader.read_buf(self.decoder.room())).poll(task);
        let count = ready!(read).map_err(|error| Error::io("cannot read from the peer", error))?;
        self.starved = false;
        if count == 0 {
            self.input = Input::Ended;
            self.end_by(Instant::now() + DRAIN);
        }
        Poll::Ready(Ok(()))
    }

    /// Writes what there is; ready when nothing is left.
    fn poll_write<W: AsyncWrite>(
        &mut self,
        task: &mut Task<'_>,
        mut writer: Pin<&mut W>,
    ) -> Poll<Result<()>> {
        let failed = |error| Error::io("cannot write to the peer", error);
        while !self.out.is_empty() {
            let Poll::Ready(written) = writer.as_mut().poll_write(task, &self.out) else {
                return self.stall();
            };
            match written.map_err(failed)? {
                0 => return Poll::Ready(Err(Error::closed("the peer takes no more bytes"))),
                count => self.out.advance(count),
            }
            self.flushed = false;
            self.stalled = None;
        }
        if !self.flushed {
            let Poll::Ready(flushed) = writer.as_mut().poll_flush(task) else {
                return self.stall();
            };
            flushed.map_err(failed)?;
            self.flushed = true;
            self.stalled = None;
        }
        if self.out.capacity() > KEPT {
            self.out = BytesMut::new();
        }
        Poll::Ready(Ok(()))
    }

    fn stall(&mut self) -> Poll<Result<()>> {
        if self.stalled.is_none() {
            self.stalled = Some(Instant::now() + self.limits.stalled_timeout);
        }
        Poll::Pending
    }

    /// Begins the end, or brings it nearer.
    fn end_by(&mut self, deadline: Instant) {
        self.phase = match self.phase {
            Phase::Open => Phase::Draining(deadline),
            Phase::Draining(before) => Phase::Draining(before.min(deadline)),
            ending @ Phase::Ending(_) => ending,
        };
    }

    /// Goes on with the end, if it has begun; ready when nothing is left to be done.
    fn poll_end(&mut self, task: &mut Task<'_>) -> Poll<()> {
        if let Phase::Draining(deadline) = self.phase {
            let alive = self.slots.poll_empty(task).is_pending() && self.slots.calls() > 0;
            let idle = self.frames.is_empty() && self.queue.is_empty() && self.starved;
            let quiet = !alive && idle && !self.is_held_up(task);
            if !quiet && Instant::now() < deadline {
                return Poll::Pending;
            }
            self.queue.clear();
            let open: Vec<_> = self.answering.drain().collect();
            for (id, running) in open {
                if let Running::Task { listen: true, .. } = running {
                    self.answering.started(id, running);
                }
            }
            // Whoever listens for events would listen for ever.
            self.ending.close();
            for joined in self.talk.end() {
                ndjson::encode(joined.as_bytes(), &mut self.out);
            }
            self.phase = Phase::Ending(Instant::now() + GRACE);
        }
        let Phase::Ending(deadline) = self.phase else {
            return Poll::Pending;
        };
        let written = self.out.is_empty() && self.flushed;
        let quiet = self.slots.poll_empty(task).is_ready() && self.frames.is_empty();
        if (written && quiet) || Instant::now() >= deadline {
            return Poll::Ready(());
        }
        Poll::Pending
    }

    /// Waits for the next of the times that matter; ready when one has come.
    fn poll_alarm(&mut self, task: &mut Task<'_>) -> Poll<Result<()>> {
        let end = match self.phase {
            Phase::Open => None,
            Phase::Draining(deadline) | Phase::Ending(deadline) => Some(deadline),
        };
        let Some(due) = [self.stalled, end].into_iter().flatten().min() else {
            return Poll::Pending;
        };
        let alarm = self.alarm.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(due)));
        if alarm.deadline() != due {
            alarm.as_mut().reset(due);
        }
        ready!(alarm.as_mut().poll(task));
        if self.stalled.is_some_and(|stalled| stalled <= Instant::now()) {
            let time = self.limits.stalled_timeout.as_secs_f64();
            let error = format!("the peer has read nothing for {time} seconds");
            return Poll::Ready(Err(Error::closed(error)));
        }
        Poll::Ready(Ok(()))
    }

    /// Ends what is still open, and waits until it is gone; not for ever, since a handler may block its thread.
    async fn stop(mut self) {
        self.queue.clear();
        drop(self.answering.drain());
        self.ending.close();
        drop(self.talk.end());
        self.talk = Talk::default();
        self.frames.close();
        let slots = self.slots.clone();
        let gone = poll_fn(|task| slots.poll_empty(task));
        if tokio::time::timeout(GRACE, gone).await.is_err() {
            tracing::warn!(
                "a handler goes on although its link has ended; does it block its thread?"
            );
        }
    }

    fn has_room(&self) -> bool {
        self.out.len() < self.limits.outbox_bytes.min(FULL)
    }

    /// Calls that may be expected to end by themselves: those that wait for the peer end when it answers.
    fn running(&self) -> usize {
        self.slots.calls().saturating_sub(self.talk.waiting())
    }

    /// Whether nothing more should be read.
    fn is_full(&self) -> bool {
        self.queue.bytes() >= self.limits.read_ahead_bytes
            || self.talk.held() >= self.limits.outbox_bytes
    }

    /// Whether nothing more is read: not while a call waits for the peer, since its answer has to be.
    fn is_paused(&self, task: &Task<'_>) -> bool {
        if !self.is_full() {
            return false;
        }
        self.talk.wake_on_question(task);
        self.talk.waiting() == 0
    }
}

fn busy(why: &str) -> ErrorObject {
    ErrorObject::new(BUSY, why)
}

fn is_listen(incoming: &Incoming) -> bool {
    incoming.row().name == "subscriptions/listen"
}
