//! Questions put live, to the client of a session, while its call runs.
//!
//! The question leaves in the outbox of its call, as a request among the notifications, and so on the stream of that
//! call. The answer comes by whatever way the client's messages come, and is found by its id.

use super::question::Question;
use super::seal::random;
use crate::context::Context;
use crate::error::{Error, Result};
use bowline_protocol::dialect::{self, QuestionError};
use bowline_protocol::protocol::{Answered, Asking, Request, Response};
use bowline_protocol::scan::{Message, Raw};
use bowline_types::input::{ElicitRequestParams, InputRequest};
use bowline_types::jsonrpc::{ErrorCode, ErrorObject};
use bowline_types::legacy::{ElicitationComplete, ElicitationCompleteNotificationParams};
use bowline_types::revision::Revision;
use serde_json::{Map, Value};
use std::future::poll_fn;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context as Task, Poll, Waker};
use tokio::sync::{Notify, oneshot};

/// The way to the client of one session: the questions that it has not answered yet.
///
/// The lock is held for a few instructions and never across an await; it is needed because calls ask from tasks of
/// their own.
#[derive(Debug)]
pub(crate) struct Line {
    revision: Revision,
    /// Tells it from every other one of this process.
    #[cfg_attr(not(feature = "host"), expect(dead_code, reason = "hosts tell sessions apart"))]
    number: u64,
    state: Mutex<State>,
    /// Rings when the client may be asked, and when it can be asked no more.
    bell: Notify,
    /// Calls that wait for an answer, or until they may ask.
    waiting: AtomicUsize,
}

#[derive(Debug, Default)]
struct State {
    /// Made by the first question: most sessions are never asked.
    asking: Option<Box<Asking<Open>>>,
    /// Questions that have no answer, put or not yet.
    questions: usize,
    phase: Phase,
    /// Whoever wants to know that a call waits.
    reader: Option<Waker>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    /// The client has not said that it is ready.
    #[default]
    Early,
    Open,
    Closed,
}

impl State {
    fn asking(&mut self) -> &mut Asking<Open> {
        self.asking.get_or_insert_default()
    }
}

/// A question without an answer.
#[derive(Debug)]
struct Open {
    /// The call that asks.
    call: usize,
    reply: oneshot::Sender<Response>,
}

/// The number of the line made last.
static LAST: AtomicU64 = AtomicU64::new(0);

/// The code by which clients of sessions say that a person refused.
const REJECTED: ErrorCode = ErrorCode(-1);

impl Line {
    /// The line of a session that has just been opened in this protocol version.
    pub(crate) fn new(revision: Revision) -> Self {
        Self {
            revision,
            number: LAST.fetch_add(1, Ordering::Relaxed) + 1,
            state: Mutex::default(),
            bell: Notify::new(),
            waiting: AtomicUsize::new(0),
        }
    }

    /// What tells it from every other one of this process.
    #[cfg(feature = "host")]
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// The client said that it is ready; until then questions wait.
    pub(crate) fn open(&self) {
        let mut state = self.lock();
        if state.phase == Phase::Early {
            state.phase = Phase::Open;
        }
        drop(state);
        self.bell.notify_waiters();
    }

    /// The session has ended: all questions fail.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        state.phase = Phase::Closed;
        let open = state.asking.take();
        drop(state);
        drop(open);
        self.bell.notify_waiters();
    }

    /// Takes what the client answered. What belongs to no question is counted and forgotten.
    pub(crate) fn answered(&self, message: Message) {
        let answered = self.lock().asking().receive(message);
        match answered {
            // Who asked may be gone by now.
            Ok(Some(Answered { data, response, .. })) => drop(data.reply.send(response)),
            Ok(None) => {}
            Err(error) => {
                let code = error.code.0;
                tracing::debug!(code, "client could not read a message of ours");
            }
        }
    }

    /// How many calls wait for an answer; they do not count as running.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Acquire)
    }

    /// Wakes `task` at the next question; look at [`Line::waiting`] afterwards, there may have been one.
    pub(crate) fn wake_on_question(&self, task: &Task<'_>) {
        self.lock().reader = Some(task.waker().clone());
    }

    /// Gives up the questions of a call that is about to be dropped: the messages that tell the client so.
    pub(crate) fn cancel_of(&self, cx: &Context) -> Vec<Raw> {
        let mut state = self.lock();
        let asking = state.asking();
        let asked = asking.ids_where(|open| open.call == cx.address());
        asked.into_iter().filter_map(|id| Some(asking.cancel(id, None)?.1)).collect()
    }

    /// Asks, and waits for the answer; inside, what the client made of it that is no answer.
    pub(super) async fn ask(
        &self,
        cx: &Context,
        key: &str,
        question: Question,
    ) -> Result<Result<Map<String, Value>, String>> {
        let visit = format!("{:032x}", u128::from_be_bytes(random()));
        let need = question.need();
        let request = question.into_request();
        let message =
            dialect::question(self.revision, key, &request, &visit).map_err(impossible)?;
        // After what the protocol version lacks: no client of it could have declared that.
        need.check(&cx.client_capabilities())?;
        read(key, self.put(cx, key, &request, &message, visit).await?)
    }

    /// Hands on a question of somebody else, whom the client has said it answers, and brings back what it said.
    #[cfg(feature = "host")]
    pub(crate) async fn hand_on(
        &self,
        cx: &Context,
        key: &str,
        request: &InputRequest,
    ) -> Result<Response> {
        let visit = format!("{:032x}", u128::from_be_bytes(random()));
        let message = dialect::question(self.revision, key, request, &visit).map_err(impossible)?;
        self.put(cx, key, request, &message, visit).await
    }

    /// Puts a question, and waits for whatever the client says to it.
    async fn put(
        &self,
        cx: &Context,
        key: &str,
        request: &InputRequest,
        message: &Request,
        visit: String,
    ) -> Result<Response> {
        let limit = cx.limits().person_timeout;
        let _waiting = self.wait(cx)?;
        let answer = async {
            self.ready().await?;
            let (reply, answer) = oneshot::channel();
            let asked = self.begin(cx, message, reply)?;
            if let InputRequest::Elicit(request) = request
                && matches!(request.params, ElicitRequestParams::Url(_))
            {
                cx.asks().visited(key, visit);
            }
            send(cx, &asked.message).await?;
            answer.await.map_err(|_| Error::closed("the session ended before the client answered"))
        };
        match tokio::time::timeout(limit, answer).await {
            Ok(answered) => answered,
            Err(_) => {
                let seconds = limit.as_secs();
                Err(Error::timed_out(format!("nobody answered `{key}` within {seconds} seconds")))
            }
        }
    }

    /// Waits until the client may be asked.
    async fn ready(&self) -> Result<()> {
        loop {
            // Listening begins before looking, so that nothing can fall between.
            let bell = self.bell.notified();
            match self.lock().phase {
                Phase::Early => {}
                Phase::Open => return Ok(()),
                Phase::Closed => return Err(ended()),
            }
            bell.await;
        }
    }

    /// Counts a question, from before it is put until it is answered or given up.
    fn wait<'a>(&'a self, cx: &'a Context) -> Result<Waiting<'a>> {
        let mut state = self.lock();
        let most = cx.limits().waiting_per_link;
        if state.questions >= most {
            let message = format!("{most} questions wait for this client already");
            return Err(Error::overloaded(message));
        }
        state.questions += 1;
        if cx.asks().begin_waiting() {
            self.waiting.fetch_add(1, Ordering::AcqRel);
        }
        let reader = state.reader.take();
        drop(state);
        if let Some(reader) = reader {
            reader.wake();
        }
        Ok(Waiting { line: self, cx })
    }

    fn begin<'a>(
        &'a self,
        cx: &'a Context,
        request: &Request,
        reply: oneshot::Sender<Response>,
    ) -> Result<Asked<'a>> {
        let open = Open { call: cx.address(), reply };
        let mut state = self.lock();
        // It may have closed since it was ready, and nobody would answer any more.
        if state.phase == Phase::Closed {
            return Err(ended());
        }
        // The time is kept by whoever waits.
        let (id, message) = state.asking().call(request, open);
        Ok(Asked { line: self, cx, id, message })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that runs under the lock can leave the state half-changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Context {
    /// Tells the client that what [`Context::elicit_url`] sent its user to do under this key is done.
    ///
    /// A client of a session may wait for that to try again what had failed; others are told nothing. Nothing
    /// happens either when the key was not asked in this call.
    ///
    /// See [Completion notifications](https://modelcontextprotocol.io/specification/2025-11-25/client/elicitation#completion-notifications-for-url-mode-elicitation).
    pub fn elicitation_complete(&self, key: &str) {
        if let Some(id) = self.asks().visit(key) {
            // Refused where nobody reads any more.
            let params = ElicitationCompleteNotificationParams::new(id);
            let _ = self.notify::<ElicitationComplete>(&params);
        }
    }
}

/// A question without an answer, as far as the call counts as waiting.
struct Waiting<'a> {
    line: &'a Line,
    cx: &'a Context,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.line.lock().questions -= 1;
        if self.cx.asks().end_waiting() {
            self.line.waiting.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

/// A question on its way; dropped before it is answered, it is given up and its client told.
struct Asked<'a> {
    line: &'a Line,
    cx: &'a Context,
    id: i64,
    message: Raw,
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        let cancelled = self.line.lock().asking().cancel(self.id, None);
        if let Some((_, message)) = cancelled {
            // Refused where nobody reads any more, and then there is nobody to tell.
            let _ = self.cx.send(message);
        }
    }
}

/// Puts a question into the outbox of its call, as soon as there is room.
async fn send(cx: &Context, message: &Raw) -> Result<()> {
    let outbox = cx.outbox();
    while cx.send(message.clone()).is_err() {
        if outbox.is_closed() {
            return Err(Error::closed("the call has ended"));
        }
        if outbox.is_empty() {
            let message = "the question is larger than all that may wait for one reader";
            return Err(Error::overloaded(message));
        }
        poll_fn(|task| match outbox.poll_drained(task) {
            Poll::Pending if outbox.is_closed() => Poll::Ready(()),
            drained => drained,
        })
        .await;
    }
    Ok(())
}

fn read(key: &str, response: Response) -> Result<Result<Map<String, Value>, String>> {
    match response {
        Response::Result(message) => {
            let result = message.result().map(|result| result.decode());
            Ok(match result {
                Some(Ok(Value::Object(members))) => Ok(members),
                _ => Err("the result is no object".to_owned()),
            })
        }
        Response::Malformed(why) => Ok(Err(why.into())),
        Response::Error(error) => Err(refused(key, error)),
    }
}

fn ended() -> Error {
    Error::closed("the session has ended")
}

/// What a question comes to whose client answers it with an error.
pub(crate) fn refused(key: &str, error: ErrorObject) -> Error {
    if error.code == REJECTED {
        return Error::declined(format!("the user declined `{key}`"));
    }
    let ErrorObject { code, message, .. } = &error;
    let text = format!("the client refused `{key}` with error {}: {message}", code.0);
    Error::refused(text, error)
}

fn impossible(error: QuestionError) -> Error {
    match error {
        QuestionError::Unsupported(lacking) => Error::unsupported(lacking.to_string()),
        other => Error::invalid(other.to_string()),
    }
}
