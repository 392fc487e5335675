//! The session of a wire: its identifier, and what runs for it.

use super::super::course::Course;
use super::super::running::Running;
use super::super::shared::{Shared, read};
use super::inbox::{Inboxes, Registered};
use super::listen::listen;
use crate::client::wire::{Event, Exchange, Failure};
use crate::error::Error;
use bowline_protocol::era::{Incoming, id_text};
use bowline_protocol::http::{HeaderMap, HeaderName, HeaderValue};
use bowline_protocol::limits::Limits;
use bowline_protocol::outcome::Outcome;
use bowline_types::jsonrpc::Id;
use bytes::Bytes;
use http::Method;
use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context as Task, Poll};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::{AbortHandle, JoinHandle};
use tokio::time::{Instant, timeout, timeout_at};

/// The session of a wire. Nothing shows its identifier, which is as good as a password.
#[derive(Default)]
pub(in crate::client::wire::http) struct Session {
    id: Mutex<Option<HeaderValue>>,
    /// Reads what the session itself says.
    reader: Mutex<Option<AbortHandle>>,
    /// The open requests, for what is said of them elsewhere than on their own streams.
    pub(super) inboxes: Arc<Inboxes>,
    /// The last questions that the server gave up.
    withdrawn: Mutex<VecDeque<Id>>,
}

/// How many such questions are remembered. Of an older one the answer is sent, which the server ignores.
const REMEMBERED: usize = 64;

const SESSION_ID: HeaderName = HeaderName::from_static("mcp-session-id");

impl Session {
    /// The identifier as it is sent; `None` where the server gave none.
    pub(in crate::client::wire::http) fn header(&self) -> Option<HeaderValue> {
        self.id.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts the identifier into the headers of a request.
    pub(in crate::client::wire::http) fn name_in(&self, headers: &mut HeaderMap) {
        headers.extend(self.header().map(|id| (SESSION_ID, id)));
    }

    /// Takes the identifier out of the response to `initialize`.
    ///
    /// # Errors
    /// It is none.
    pub(in crate::client::wire::http) fn take(
        &self,
        headers: &HeaderMap,
        limits: &Limits,
    ) -> Result<(), &'static str> {
        let mut ids = headers.get_all(SESSION_ID).iter();
        let Some(id) = ids.next() else { return Ok(()) };
        if ids.next().is_some() {
            return Err("the server sent two session identifiers");
        }
        if !id.as_bytes().iter().all(u8::is_ascii_graphic) || id.is_empty() {
            return Err("the session identifier has other than visible ASCII characters");
        }
        if id.len() > limits.mcp_header_bytes {
            return Err("the session identifier is longer than `Limits::mcp_header_bytes`");
        }
        *self.id.lock().unwrap_or_else(PoisonError::into_inner) = Some(id.clone());
        Ok(())
    }

    /// Hears of a question.
    pub(in crate::client::wire::http) fn asked(&self, question: &Incoming) {
        let Some(id) = question.id() else { return };
        self.withdrawn.lock().unwrap_or_else(PoisonError::into_inner).retain(|other| *other != id);
    }

    /// Hears that the server gave up a question.
    pub(in crate::client::wire::http) fn withdrew(&self, id: &Id) {
        let mut withdrawn = self.withdrawn.lock().unwrap_or_else(PoisonError::into_inner);
        if withdrawn.len() == REMEMBERED {
            withdrawn.pop_front();
        }
        withdrawn.push_back(id.clone());
    }

    /// Whether a question still waits for its answer.
    fn wants_answer(&self, id: &Id) -> bool {
        !self.withdrawn.lock().unwrap_or_else(PoisonError::into_inner).contains(id)
    }

    /// Makes a task this session's own reader.
    pub(super) fn read_by(&self, reader: &JoinHandle<()>) {
        let mut running = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(earlier) = running.replace(reader.abort_handle()) {
            earlier.abort();
        }
    }

    /// Ends the reader.
    pub(super) fn stop(&self) {
        let reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(reader) = reader {
            reader.abort();
        }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Session")
    }
}

/// The exchange of a request.
pub(in crate::client::wire::http) fn exchange(
    shared: &Arc<Shared>,
    course: Course,
) -> Box<dyn Exchange> {
    let registered =
        course.token_in_session().and_then(|id| shared.session.inboxes.overhear(id).ok());
    let running = Running::new(course);
    match registered {
        Some(registered) => Box::new(Overheard { running, registered }),
        None => Box::new(running),
    }
}

/// An exchange whose progress may be told on the stream of the session: some servers do not know better.
struct Overheard {
    running: Running<Course>,
    registered: Registered,
}

impl Exchange for Overheard {
    fn poll_next(&mut self, task: &mut Task<'_>) -> Poll<Result<Event, Failure>> {
        if let Poll::Ready(event) = self.registered.poll_next(task) {
            return Poll::Ready(event);
        }
        self.running.poll_next(task)
    }

    fn status(&self) -> Option<u16> {
        self.running.status()
    }
}

/// Answers a question.
///
/// # Errors
/// The server did not take the answer.
pub(in crate::client::wire::http) async fn reply(
    shared: &Shared,
    id: &Id,
    outcome: &Outcome,
) -> Result<(), Failure> {
    if !shared.session.wants_answer(id) {
        return Ok(());
    }
    let answer = read(shared.ear().response(&id_text(id), outcome))?;
    shared.tell(&answer).await
}

/// Hears of a message that was sent: a session that is open is listened to. Most servers keep nothing for a stream that
/// is not open yet, so that nothing else is sent before it is, or has had its time.
pub(in crate::client::wire::http) async fn said(shared: &Arc<Shared>, method: &str) {
    if method == "notifications/initialized" && !shared.closing.is_closed() {
        let (opened, opening) = oneshot::channel();
        // Owned by the wire, which aborts it when it is closed or dropped.
        shared.session.read_by(&tokio::spawn(listen(shared.clone(), opened)));
        let _ = timeout(OPENING, opening).await;
    }
}

/// How long the stream of a session is waited for: some servers answer only with the first event.
const OPENING: Duration = Duration::from_secs(1);

/// Tells the server that a request was given up, and keeps `rest` of it until that is told: in a session a connection
/// that ends says nothing.
pub(in crate::client::wire::http) fn abandon<R: Send + 'static>(
    shared: &Arc<Shared>,
    id: i64,
    rest: R,
) {
    let params = serde_json::json!({ "requestId": id });
    let Ok(message) = bowline_protocol::write::notification("notifications/cancelled", &params)
    else {
        return;
    };
    let Ok(message) = read(message) else { return };
    let telling = shared.clone();
    shared.errands.run(async move {
        // Nobody waits for it; a server that does not take it finds out by itself.
        let _ = telling.tell(&message).await;
        drop(rest);
    });
}

/// Ends the session, at the latest at `deadline`.
pub(in crate::client::wire::http) async fn end(shared: &Arc<Shared>, deadline: Instant) {
    shared.session.stop();
    let _ = timeout_at(deadline, delete(shared)).await;
}

/// Ends the session without waiting.
pub(in crate::client::wire::http) fn leave(shared: &Arc<Shared>) {
    shared.session.stop();
    if let (Some(_), Ok(runtime)) = (shared.session.header(), Handle::try_current()) {
        let shared = shared.clone();
        // It has no owner any more, and ends by itself.
        runtime.spawn(async move { timeout(LEAVING, delete(&shared)).await });
    }
}

/// How long a session that was dropped may take to end.
const LEAVING: Duration = Duration::from_secs(2);

/// See [Session management](https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#session-management).
async fn delete(shared: &Shared) -> Result<(), Error> {
    if shared.session.header().is_none() {
        return Ok(());
    }
    let mut headers = shared.heads.delete.clone();
    shared.name_in(&mut headers);
    // Whatever it answers: it may forbid it, or know nothing of the session any more.
    shared.send(Method::DELETE, || headers.clone(), Bytes::new()).await?;
    Ok(())
}
