//! One byte stream that carries everything: a child process, a Unix socket, somebody's own.
//!
//! One task owns the stream. Exchanges put requests into the shared [`Protocol`] and wake it; what it reads it puts
//! into the slots of the exchanges. It goes on reading whatever the server does with what it is sent, since two sides
//! that both wait to write would wait for ever.

use super::slot::Slot;
use super::{BoxFuture, Event, Exchange, Failure, Hears, Outgoing, Wire};
use crate::client::target::Pipe;
use crate::error::Error;
use crate::transport::child::{Child, Ending};
use bowline_protocol::frame::ndjson;
use bowline_protocol::limits::Limits;
use bowline_protocol::outcome::Outcome;
use bowline_protocol::protocol::{self, Answered, Protocol};
use bowline_protocol::scan::{Message, MetaKey, Raw, read_id};
use bowline_types::jsonrpc::Id;
use bowline_types::revision::Revision;
use bytes::{Buf, BytesMut};
use std::fmt;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context as Task, Poll, Waker, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout};

/// A byte stream to a server.
pub(crate) struct StreamWire {
    shared: Arc<Shared>,
    /// The task that owns the stream; it ends with the wire.
    task: AbortHandle,
    /// Turns true when the task has ended.
    ended: watch::Receiver<bool>,
}

struct Shared {
    state: Mutex<State>,
    hears: Arc<dyn Hears>,
    limits: Limits,
}

struct State {
    /// For a question of the server its id is kept, for a request of ours the slot of its exchange.
    protocol: Protocol<Id, Arc<Slot>>,
    /// The task that owns the stream.
    driver: Option<Waker>,
    /// Exchanges that wait with their request until there is room.
    waiting: Vec<Waker>,
    /// More waits to be written than should.
    full: bool,
    /// Until when to end in good order, once that is wanted.
    closing: Option<Instant>,
    /// Nothing can be sent any more.
    over: bool,
}

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Bytes waiting to be written at which no request is added.
const FULL: usize = 64 * 1024;

/// A buffer larger than this is not kept for small messages.
const KEPT: usize = 256 * 1024;

/// Reads between two chances for other tasks of the runtime.
const TURNS: usize = 32;

/// How long a server that is not a process of ours may take to close its side of the stream.
const GOODBYE: Duration = Duration::from_secs(2);

/// How long a process that closed its output may take to say with which status it ended. Its callers wait so long.
const LAST_WORDS: Duration = Duration::from_millis(50);

/// How long the task may take beyond the deadline of a close.
const GRACE: Duration = Duration::from_secs(1);

impl StreamWire {
    /// Begins to read, in a task that the wire owns. A child ends with its stream.
    pub(crate) fn start(
        pipe: Pipe,
        child: Option<Child>,
        limits: &Limits,
        hears: Arc<dyn Hears>,
    ) -> Arc<Self> {
        let state = State {
            protocol: Protocol::of_client(limits.json_depth),
            driver: None,
            waiting: Vec::new(),
            full: false,
            closing: None,
            over: false,
        };
        let shared = Arc::new(Shared { state: Mutex::new(state), hears, limits: limits.clone() });
        let (end, ended) = watch::channel(false);
        let link = Link {
            shared: shared.clone(),
            decoder: ndjson::Decoder::new(limits.client_line_bytes),
            out: BytesMut::new(),
            flushed: true,
        };
        let task = tokio::spawn(async move {
            link.run(pipe, child).await;
            let _ = end.send(true);
        });
        Arc::new(Self { shared, task: task.abort_handle(), ended })
    }
}

impl Wire for StreamWire {
    fn exchange(&self, outgoing: Outgoing) -> Box<dyn Exchange> {
        Box::new(Open {
            shared: self.shared.clone(),
            slot: Arc::default(),
            stage: Stage::Unsent(outgoing),
        })
    }

    fn send(&self, message: Raw) -> BoxFuture<Result<(), Failure>> {
        let mut state = self.shared.lock();
        let sent = if state.over { Err(Failure::Unsent(closed())) } else { Ok(()) };
        if sent.is_ok() {
            state.protocol.notify(message);
            state.wake();
        }
        Box::pin(std::future::ready(sent))
    }

    fn reply(&self, id: &Id, outcome: Outcome) -> BoxFuture<Result<(), Failure>> {
        let mut state = self.shared.lock();
        // One that the server gave up meanwhile is not answered.
        state.protocol.finish(id, &outcome);
        state.wake();
        Box::pin(std::future::ready(Ok(())))
    }

    fn settle(&self, revision: Revision) {
        self.shared.lock().protocol.agreed(revision);
    }

    fn close(&self, deadline: Duration) -> BoxFuture<()> {
        {
            let mut state = self.shared.lock();
            state.closing.get_or_insert_with(|| Instant::now() + deadline);
            state.wake();
        }
        let (mut ended, task) = (self.ended.clone(), self.task.clone());
        Box::pin(async move {
            if timeout(deadline + GRACE, ended.wait_for(|ended| *ended)).await.is_err() {
                task.abort();
            }
        })
    }
}

impl Drop for StreamWire {
    fn drop(&mut self) {
        // A child that the task owned goes its own way to its end.
        self.task.abort();
        self.shared.fail(|| Failure::Lost(closed()));
    }
}

impl fmt::Debug for StreamWire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StreamWire")
    }
}

fn closed() -> Error {
    Error::closed("the connection to the server is closed")
}

/// One exchange on the stream.
struct Open {
    shared: Arc<Shared>,
    slot: Arc<Slot>,
    stage: Stage,
}

enum Stage {
    Unsent(Outgoing),
    Sent {
        id: i64,
        /// Whether giving it up is told; an `initialize` must not be cancelled.
        told: bool,
    },
    Done,
}

impl Exchange for Open {
    fn poll_next(&mut self, task: &mut Task<'_>) -> Poll<Result<Event, Failure>> {
        if let Stage::Unsent(outgoing) = &self.stage {
            let mut state = self.shared.lock();
            if state.over || state.closing.is_some() {
                self.stage = Stage::Done;
                return Poll::Ready(Err(Failure::Unsent(closed())));
            }
            if state.full {
                state.waiting.push(task.waker().clone());
                return Poll::Pending;
            }
            let id = state.protocol.call(&outgoing.request, self.slot.clone());
            state.wake();
            let told = outgoing.request.method() != "initialize";
            drop(state);
            self.stage = Stage::Sent { id, told };
        }
        let next = self.slot.poll_next(task);
        if let Poll::Ready(Ok(Event::Answer(_)) | Err(_)) = next {
            self.stage = Stage::Done;
        }
        next
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let Stage::Sent { id, told } = self.stage else {
            return;
        };
        let mut state = self.shared.lock();
        if told {
            state.protocol.cancel(id, Some("given up by the client"));
            state.wake();
        } else {
            state.protocol.asking_mut().cancel(id, None);
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that runs under the lock can leave the state half-changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends every exchange.
    fn fail(&self, mut failure: impl FnMut() -> Failure) {
        let open = {
            let mut state = self.lock();
            state.over = true;
            for waiting in std::mem::take(&mut state.waiting) {
                waiting.wake();
            }
            state.protocol.end().1
        };
        for slot in open {
            slot.end(Err(failure()));
        }
    }

    /// Takes one line of the server.
    fn hear(&self, line: ndjson::Event) {
        let event = match line {
            ndjson::Event::Line(mut line) => {
                // Some programs put one before their first word, and some shells before every one.
                if line.starts_with(BYTE_ORDER_MARK) {
                    line.advance(BYTE_ORDER_MARK.len());
                }
                self.lock().protocol.receive(Duration::ZERO, line)
            }
            ndjson::Event::TooLong { prefix } => {
                let limit = self.limits.client_line_bytes;
                let fault = format!(
                    "the server sent a line longer than {limit} bytes; see `Limits::client_line_bytes`"
                );
                let spoilt = self.lock().protocol.cut_off(&prefix, &fault);
                let error = Error::overloaded(fault);
                return match spoilt {
                    Some(Answered { data: slot, .. }) => {
                        slot.end(Err(Failure::here(error)));
                    }
                    None => self.hears.fault(error),
                };
            }
        };
        self.take(event);
    }

    fn take(&self, event: protocol::Event<Id, Arc<Slot>>) {
        match event {
            protocol::Event::Answered(Answered { data: slot, response, .. }) => {
                slot.end(Ok(response));
            }
            protocol::Event::Progress { id, notification } => {
                if let Some(slot) = self.lock().protocol.asking().data(id).cloned() {
                    slot.progress(notification);
                }
            }
            protocol::Event::Notification(message) => self.notification(message),
            protocol::Event::Request(question) => {
                if let Some(id) = question.id() {
                    self.lock().protocol.started(id.clone(), id);
                    self.hears.question(question);
                }
            }
            protocol::Event::Cancelled(id) => self.hears.cancelled(&id),
            protocol::Event::Ended { data: slot, .. } => {
                slot.end(Err(Failure::Lost(Error::closed("the server ended the subscription"))));
            }
            protocol::Event::Batch(events) => events.into_iter().for_each(|event| self.take(event)),
            protocol::Event::Stray(error) => self.hears.fault(Error::rpc_error(error)),
            protocol::Event::Refused(error) => {
                self.hears.fault(Error::bad_answer("server", error.message));
            }
            protocol::Event::Nothing => {}
        }
    }

    /// A notification that says for which subscription it is goes there.
    fn notification(&self, message: Message) {
        let subscription = message.meta(MetaKey::SubscriptionId).and_then(read_id);
        let slot = match subscription {
            Some(Id::Int(id)) => self.lock().protocol.asking().data(id).cloned(),
            _ => None,
        };
        match slot {
            None => self.hears.notification(message),
            Some(slot) => {
                let dropped = slot.notification(message, &self.limits);
                if dropped > 0 {
                    let fault =
                        format!("{dropped} notifications of a subscription were not read in time");
                    self.hears.fault(Error::overloaded(fault));
                }
            }
        }
    }
}

impl State {
    fn wake(&mut self) {
        if let Some(driver) = self.driver.take() {
            driver.wake();
        }
    }
}

/// What owns the stream.
struct Link {
    shared: Arc<Shared>,
    decoder: ndjson::Decoder,
    out: BytesMut,
    flushed: bool,
}

/// Why a process is not to be spoken to any more.
async fn gone(child: &Child) -> String {
    match timeout(LAST_WORDS, child.exited()).await {
        Ok(exit) => format!("the server's process has ended: {exit}"),
        Err(_) => "the server closed its output".to_owned(),
    }
}

/// How a stream ended.
enum End {
    /// It was closed from here.
    Closed,
    /// The server closed it, or it broke.
    Lost(Option<io::Error>),
}

impl Link {
    async fn run(mut self, pipe: Pipe, child: Option<Child>) {
        let Pipe { mut input, mut output } = pipe;
        let end = poll_fn(|task| self.poll(task, &mut input, &mut output)).await;
        match end {
            End::Closed => {
                self.shared.fail(|| Failure::Lost(closed()));
                let deadline = self.shared.lock().closing.unwrap_or_else(Instant::now);
                let goodbye = async {
                    let _ = output.shutdown().await;
                    drop(output);
                    if child.is_none() {
                        // Whatever is still said is not for anybody.
                        let _ = tokio::io::copy(&mut input, &mut tokio::io::sink()).await;
                    }
                };
                let patience = Instant::now() + GOODBYE;
                let _ = tokio::time::timeout_at(deadline.min(patience), goodbye).await;
                if let Some(child) = child {
                    let limits = &self.shared.limits;
                    let ladder = limits.child_eof_grace + limits.child_term_grace;
                    let time = deadline.saturating_duration_since(Instant::now());
                    child.close(Ending::within(time.min(ladder))).await;
                }
            }
            End::Lost(error) => {
                drop(output);
                let why = match &child {
                    Some(child) => gone(child).await,
                    None => "the server closed the connection".to_owned(),
                };
                let lost = |error: Option<io::Error>| {
                    let lost = Error::closed(why.clone());
                    error.into_iter().fold(lost, Error::because)
                };
                self.shared.fail(|| Failure::Lost(lost(None)));
                self.shared.hears.lost(lost(error));
                if let Some(child) = child {
                    child.close(Ending::default()).await;
                }
            }
        }
    }

    fn poll(
        &mut self,
        task: &mut Task<'_>,
        input: &mut (impl AsyncRead + Unpin),
        output: &mut (impl AsyncWrite + Unpin),
    ) -> Poll<End> {
        for _ in 0..TURNS {
            let closing = self.gather(task);
            let pressed = self.out.len() >= FULL;
            match self.poll_write(task, output) {
                Poll::Ready(Err(error)) => {
                    // What it said before it went away still counts.
                    while let Poll::Ready(None) = self.poll_read(task, input) {}
                    return Poll::Ready(End::Lost(Some(error)));
                }
                Poll::Ready(Ok(())) if closing => return Poll::Ready(End::Closed),
                Poll::Ready(Ok(())) | Poll::Pending => {}
            }
            if pressed && self.out.len() < FULL {
                continue;
            }
            if let Some(end) = ready!(self.poll_read(task, input)) {
                return Poll::Ready(end);
            }
        }
        // A server that never makes its reader wait must not keep the thread for itself.
        task.waker().wake_by_ref();
        Poll::Pending
    }

    /// Reads once, and takes what has come; the end, if that was it.
    fn poll_read(
        &mut self,
        task: &mut Task<'_>,
        input: &mut (impl AsyncRead + Unpin),
    ) -> Poll<Option<End>> {
        let read = ready!(pin!(input.read_buf(self.decoder.room())).poll(task));
        if matches!(read, Ok(1..)) {
            while let Some(line) = self.decoder.decode() {
                self.shared.hear(line);
            }
            return Poll::Ready(None);
        }
        while let Some(line) = self.decoder.finish() {
            self.shared.hear(line);
        }
        Poll::Ready(Some(End::Lost(read.err())))
    }

    /// Takes what waits to be sent; whether the end is wanted.
    fn gather(&mut self, task: &Task<'_>) -> bool {
        let mut state = self.shared.lock();
        state.driver = Some(task.waker().clone());
        while let Some(message) = state.protocol.poll_transmit() {
            ndjson::encode(message.as_bytes(), &mut self.out);
        }
        state.full = self.out.len() >= FULL;
        if !state.full {
            for waiting in std::mem::take(&mut state.waiting) {
                waiting.wake();
            }
        }
        state.closing.is_some()
    }

    fn poll_write(
        &mut self,
        task: &mut Task<'_>,
        output: &mut (impl AsyncWrite + Unpin),
    ) -> Poll<io::Result<()>> {
        while !self.out.is_empty() {
            match Pin::new(&mut *output).poll_write(task, &self.out) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(Ok(count)) => self.out.advance(count),
            }
            self.flushed = false;
        }
        if !self.flushed {
            ready!(Pin::new(&mut *output).poll_flush(task))?;
            self.flushed = true;
        }
        if self.out.capacity() > KEPT {
            self.out = BytesMut::new();
        }
        Poll::Ready(Ok(()))
    }
}
