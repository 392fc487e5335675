//! A byte stream that carries many calls: stdio, Unix sockets, memory.
//!
//! One loop owns the stream. It reads, starts calls by polling them once, and writes; a call that is not done at its
//! first poll moves into a task of its own. Whatever is due is written in one piece when nothing is left to read.

use crate::closing::Closing;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::outbox::Next;
use crate::principal::Principal;
use crate::service::{Answer, Call, Service};
use bowline_protocol::era::{Incoming, Refusal, modern};
use bowline_protocol::frame::ndjson;
use bowline_protocol::limits::Limits;
use bowline_protocol::outcome::Outcome;
use bowline_protocol::protocol::{Answering, Received};
use bowline_protocol::scan::{Raw, recover_id};
use bowline_types::jsonrpc::{ErrorObject, Id};
use bytes::{Buf, BytesMut};
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::Instant;

/// Serves one byte stream until its peer closes it or `closing` is told.
///
/// # Errors
/// When reading or writing fails.
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
    let link = Link {
        info: service.server_info(),
        service,
        principal,
        answering: Answering::new(limits.json_depth),
        decoder: ndjson::Decoder::new(limits.server_line_bytes),
        out: BytesMut::new(),
        waiting: VecDeque::new(),
        waiting_bytes: 0,
        sender,
        closing,
        limits,
    };
    link.run(pin!(reader), pin!(writer), frames).await
}

/// Messages on their way from tasks to the writer; more wait in the outboxes of their calls.
const FRAMES: usize = 64;

/// How long running calls may go on after the peer has stopped sending.
const DRAIN: Duration = Duration::from_secs(5);

struct Link {
    service: Arc<dyn Service>,
    /// What goes into every result; asked for once.
    info: Option<Raw>,
    principal: Principal,
    limits: Arc<Limits>,
    answering: Answering<Running>,
    decoder: ndjson::Decoder,
    /// Bytes to be written.
    out: BytesMut,
    /// Requests read ahead while as many calls run as may.
    waiting: VecDeque<Incoming>,
    waiting_bytes: usize,
    sender: mpsc::Sender<Frame>,
    closing: Closing,
}

/// What a request is, to the peer that may cancel it.
enum Running {
    /// Read, but not started.
    Waiting,
    /// In a task; ended by this handle.
    Task(AbortHandle),
}

impl Running {
    fn stop(self) {
        if let Self::Task(task) = self {
            task.abort();
        }
    }
}

/// A message of a call that runs in a task.
struct Frame {
    id: Id,
    message: Raw,
    /// Whether it is the answer.
    last: bool,
}

impl Link {
    async fn run<R, W>(
        mut self,
        mut reader: Pin<&mut R>,
        mut writer: Pin<&mut W>,
        mut frames: mpsc::Receiver<Frame>,
    ) -> Result<()>
    where
        R: AsyncRead,
        W: AsyncWrite,
    {
        let mut reading = true;
        let mut deadline = None;
        let closing = self.closing.clone();
        let mut closed = pin!(closing.closed());
        let outcome = loop {
            if !reading && self.out.is_empty() && self.answering.is_empty() {
                break Ok(());
            }
            let may_read =
                reading && self.out.len() < self.limits.outbox_bytes && self.may_read_ahead();
            let may_take = self.out.len() < self.limits.outbox_bytes;
            tokio::select! {
                read = reader.read_buf(self.decoder.room()), if may_read => match read {
                    Ok(0) => {
                        self.take_lines(true);
                        reading = false;
                        // Whoever listens for events would listen for ever.
                        self.closing.close();
                        deadline = Some(Instant::now() + DRAIN);
                    }
                    Ok(_) => self.take_lines(false),
                    Err(error) => break Err(Error::io("cannot read from the peer", error)),
                },
                written = writer.write(&self.out), if !self.out.is_empty() => match written {
                    Ok(0) => break Err(Error::closed("the peer reads no more")),
                    Ok(count) => self.out.advance(count),
                    Err(error) => break Err(Error::io("cannot write to the peer", error)),
                },
                Some(frame) = frames.recv(), if may_take => self.take_frame(&frame),
                () = closed.as_mut(), if reading => {
                    reading = false;
                    deadline = Some(Instant::now() + DRAIN);
                }
                () = sleep_until(deadline), if deadline.is_some() => break Ok(()),
            }
        };
        for (_, running) in self.answering.drain() {
            running.stop();
        }
        // Bytes that wait in a buffer of the writer belong to answers that were given.
        let flushed = writer.flush().await;
        outcome.and(flushed.map_err(|error| Error::io("cannot write to the peer", error)))
    }

    fn may_read_ahead(&self) -> bool {
        self.waiting.is_empty() || self.waiting_bytes < self.limits.read_ahead_bytes
    }

    /// Handles every whole line that has been read.
    fn take_lines(&mut self, end: bool) {
        loop {
            let event = if end { self.decoder.finish() } else { self.decoder.decode() };
            match event {
                None => return,
                Some(ndjson::Event::Line(line)) => match self.answering.receive(line) {
                    Received::Request(incoming) => self.take_request(incoming),
                    Received::Cancelled(running) => running.stop(),
                    Received::Refused(refusal) => self.refuse(&refusal),
                    Received::Notification(notification) => {
                        self.service.notify(&self.principal, notification)
                    }
                    // We have asked nothing on this stream.
                    Received::Response(_) | Received::NotRunning(_) | Received::Nothing => {}
                },
                Some(ndjson::Event::TooLong { prefix }) => {
                    let limit = self.limits.server_line_bytes;
                    let error = ErrorObject::invalid_request(format!(
                        "message is longer than the limit of {limit} bytes"
                    ));
                    let id = recover_id(&prefix).map(|id| bowline_protocol::era::id_text(&id));
                    self.refuse(&Refusal { id, error });
                }
            }
        }
    }

    fn take_request(&mut self, incoming: Incoming) {
        if self.waiting.is_empty() && self.answering.len() < self.limits.running_per_link {
            return self.start(incoming);
        }
        if let Some(id) = incoming.id() {
            self.answering.started(id, Running::Waiting);
            self.waiting_bytes += incoming.message().raw().as_bytes().len();
            self.waiting.push_back(incoming);
        }
    }

    fn start_waiting(&mut self) {
        while self.answering.len() - self.waiting.len().min(self.answering.len())
            < self.limits.running_per_link
        {
            let Some(incoming) = self.waiting.pop_front() else {
                return;
            };
            self.waiting_bytes -= incoming.message().raw().as_bytes().len();
            // One that was cancelled while it waited is no longer known.
            let known = incoming.id().is_some_and(|id| self.answering.finished(&id).is_some());
            if known {
                self.start(incoming);
            }
        }
    }

    /// Polls a call once; what is not done then gets a task.
    fn start(&mut self, incoming: Incoming) {
        let headers = bowline_protocol::http::HeaderMap::new();
        let cx = Context::new(
            incoming,
            self.principal.clone(),
            headers,
            self.limits.clone(),
            self.closing.clone(),
            None,
        );
        let mut running = self.service.clone().call(Call::new(cx.clone()));
        // The waker of nobody: a call that has to wait is polled again by its task at once.
        let mut nobody = std::task::Context::from_waker(std::task::Waker::noop());
        match Pin::new(&mut running).poll(&mut nobody) {
            Poll::Ready(outcome) if !cx.outbox().is_used() => {
                let message =
                    modern::response(cx.request().id_text(), &outcome, self.info.as_ref());
                ndjson::encode(message.as_bytes(), &mut self.out);
            }
            polled => {
                let Some(id) = cx.request().id() else {
                    return;
                };
                let first = match polled {
                    Poll::Ready(outcome) => First::Done(outcome),
                    Poll::Pending => First::Running(running),
                };
                let call = drive(cx, id.clone(), first, self.info.clone(), self.sender.clone());
                // Owned by the link: a cancellation or the end of the link aborts it.
                let task = tokio::spawn(call);
                self.answering.started(id, Running::Task(task.abort_handle()));
            }
        }
    }

    fn take_frame(&mut self, frame: &Frame) {
        // A cancelled request gets not one byte more.
        let wanted = if frame.last {
            self.answering.finished(&frame.id).is_some()
        } else {
            self.answering.is_running(&frame.id)
        };
        if wanted {
            ndjson::encode(frame.message.as_bytes(), &mut self.out);
        }
        if frame.last {
            self.start_waiting();
        }
    }

    fn refuse(&mut self, refusal: &Refusal) {
        let message = modern::error_response(refusal.id.as_deref(), &refusal.error);
        ndjson::encode(message.as_bytes(), &mut self.out);
    }
}

enum First {
    Running(Answer),
    Done(Outcome),
}

/// Drives one call to its end and passes on what it sends, never faster than the writer takes it.
async fn drive(cx: Context, id: Id, first: First, info: Option<Raw>, sender: mpsc::Sender<Frame>) {
    let conclude = |outcome: &Outcome| {
        cx.tell_dropped_logs();
        cx.outbox().finish(modern::response(cx.request().id_text(), outcome, info.as_ref()));
    };
    let mut running = match first {
        First::Running(running) => Some(running),
        First::Done(outcome) => {
            conclude(&outcome);
            None
        }
    };
    // The handler is polled whatever the writer does: waiting for room must not stop its timers.
    let mut poll_handler = |task: &mut std::task::Context<'_>| {
        if let Some(answer) = &mut running
            && let Poll::Ready(outcome) = Pin::new(answer).poll(task)
        {
            running = None;
            conclude(&outcome);
        }
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
        let mut sending = pin!(sender.send(Frame { id: id.clone(), message, last }));
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

async fn sleep_until(deadline: Option<Instant>) {
    if let Some(deadline) = deadline {
        tokio::time::sleep_until(deadline).await;
    }
}
