//! What a server with a session asks while a call runs: of its caller, live or when that comes back.

use super::Lease;
use super::hears::Hears;
use crate::ask::Need;
use crate::client::lane::Asking;
use crate::context::Context;
use crate::error::{Error, Result};
use bowline_protocol::era::client::{question, reply_to_question};
use bowline_protocol::limits::busy;
use bowline_protocol::outcome::{Body, Outcome};
use bowline_protocol::protocol::Response;
use bowline_protocol::scan::Message;
use bowline_types::capability::ClientCapabilities;
use bowline_types::input::{
    ElicitAction, ElicitRequestParams, InputRequest, InputRequests, InputResponse, ListRootsResult,
    Root,
};
use bowline_types::jsonrpc::{ErrorObject, Id};
use bowline_types::legacy::ElicitationCompleteNotificationParams;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context as Task, Poll, ready};
use std::time::Duration;
use tokio::time::{Instant, Sleep};

/// The questions of one exchange.
#[derive(Default)]
pub(super) struct Questions {
    /// Those that wait until the caller comes back.
    open: Vec<Open>,
    /// Those that the caller is asked live.
    live: Vec<Live>,
    /// Answers on their way to the server.
    replies: Vec<Pin<Box<dyn Future<Output = ()> + Send>>>,
    /// How many were heard so far.
    heard: u32,
    /// When those that wait are all that the server asks for now.
    quiet: Option<Pin<Box<Sleep>>>,
    /// What the caller declared, where it is away.
    declared: Option<Box<ClientCapabilities>>,
    /// What was refused because the caller did not declare it.
    missing: Option<Box<ClientCapabilities>>,
    /// Answers that the caller sent before anything was asked.
    foreseen: Map<String, Value>,
    /// Whether the server has come to an end, and was not given up before; made by the first question.
    over: Option<Arc<AtomicBool>>,
    /// The visits to URLs that the caller was asked for: the server's name of it, and our key.
    visits: Vec<(String, String)>,
}

/// Everything is asked that the server wants to know for now.
pub(super) struct Round(());

struct Open {
    key: String,
    request: InputRequest,
    owed: Owed,
}

struct Live {
    id: Id,
    answering: Pin<Box<dyn Future<Output = ()> + Send>>,
}

/// How long no further question has to come for a round to be full.
const QUIET: Duration = Duration::from_millis(20);

impl Questions {
    /// Takes a question: it is asked, or waits, or is refused.
    pub(super) fn hear(&mut self, asking: Asking, hears: Hears<'_>, lease: &Lease) {
        self.heard += 1;
        let owed = Owed { asking: Some(asking), over: self.over.get_or_insert_default().clone() };
        let Some(asking) = &owed.asking else {
            return;
        };
        let most = lease.client.limits().waiting_per_link;
        if self.open.len() + self.live.len() >= most {
            return self.pay(owed, busy(most).into());
        }
        let asked = match question(&asking.question) {
            Some(Ok(asked)) => asked,
            Some(Err(fault)) => {
                let why = ErrorObject::invalid_params(format!("params.{fault}"));
                return self.pay(owed, why.into());
            }
            None => {
                let why = ErrorObject::method_not_found(&asking.question.method());
                return self.pay(owed, why.into());
            }
        };
        let mut request = asked.request;
        if let (InputRequest::ListRoots(_), Some(roots)) = (&request, &lease.roots) {
            let told = told(roots);
            return self.pay(owed, told);
        }
        if let Some(outcome) =
            asked.key.as_ref().and_then(|key| self.foreseen(key, &request, &owed))
        {
            return self.pay(owed, outcome);
        }
        let declared = match (hears, &self.declared) {
            (Hears::Nobody, Some(declared)) => Cow::Borrowed(&**declared),
            (Hears::Nobody, None) => Cow::Owned(ClientCapabilities::new()),
            (Hears::Caller(cx), _) => Cow::Owned(cx.client_capabilities()),
        };
        let visit = ours(&mut request, &declared);
        let can = match Need::of(&request) {
            Some(need) => need.check(&declared),
            None => Err(Error::unsupported("no client answers questions of this kind")),
        };
        if let Err(error) = can.and_then(|()| may_ask(hears)) {
            if let Some(required) = error.required_capabilities() {
                self.missing = Some(Box::new(required.clone()));
            }
            let why = refused(&request, &error);
            return self.pay(owed, why.into());
        }
        let key = self.key(asked.key);
        match hears {
            Hears::Caller(cx) if cx.line().is_some() => {
                if let Some(id) = visit {
                    self.visits.push((id, key.clone()));
                }
                self.ask(cx, key, request, owed);
            }
            _ => {
                self.open.push(Open { key, request, owed });
                let quiet = Instant::now() + QUIET;
                match &mut self.quiet {
                    Some(alarm) => alarm.as_mut().reset(quiet),
                    alarm => *alarm = Some(Box::pin(tokio::time::sleep_until(quiet))),
                }
            }
        }
    }

    /// Asks the client of a session, while everything else goes on.
    fn ask(&mut self, cx: &Context, key: String, request: InputRequest, owed: Owed) {
        let (Some(asking), Some(line)) = (&owed.asking, cx.line().cloned()) else {
            return;
        };
        let Some(id) = asking.question.id() else {
            return;
        };
        let cx = cx.clone();
        let answering = async move {
            let outcome = match line.hand_on(&cx, &key, &request).await {
                Ok(response) => owed.read(response),
                Err(error) => refused(&request, &error).into(),
            };
            owed.pay(outcome).await;
        };
        self.live.push(Live { id, answering: Box::pin(answering) });
    }

    /// The server does not want to know it any more.
    pub(super) fn give_up(&mut self, id: &Id) {
        // Dropped, its client is told.
        self.live.retain(|live| live.id != *id);
        self.open.retain(|open| !open.owed.is(id));
    }

    /// A visit that the server asked for is done.
    pub(super) fn visited(&mut self, message: &Message, hears: Hears<'_>) {
        let Some(Ok(done)) = message.params().map(|params| params.decode()) else {
            return;
        };
        let ElicitationCompleteNotificationParams { elicitation_id, .. } = done;
        let at = self.visits.iter().position(|(id, _)| *id == elicitation_id);
        if let (Some(at), Hears::Caller(cx)) = (at, hears) {
            let (_, key) = self.visits.swap_remove(at);
            cx.elicitation_complete(&key);
        }
    }

    /// Goes on with what is being asked, and answered.
    pub(super) fn poll(&mut self, task: &mut Task<'_>) {
        self.live.retain_mut(|live| live.answering.as_mut().poll(task).is_pending());
        self.replies.retain_mut(|reply| reply.as_mut().poll(task).is_pending());
    }

    /// Ready when questions wait for their caller, and no further one has come for a while.
    pub(super) fn poll_round(&mut self, task: &mut Task<'_>) -> Poll<Round> {
        if self.open.is_empty() {
            return Poll::Pending;
        }
        if let Some(quiet) = &mut self.quiet {
            ready!(quiet.as_mut().poll(task));
            self.quiet = None;
        }
        Poll::Ready(Round(()))
    }

    /// How many questions were heard.
    pub(super) fn made(&self) -> u32 {
        self.heard
    }

    /// Whether anybody is to answer.
    pub(super) fn is_waiting(&self) -> bool {
        !self.open.is_empty() || !self.live.is_empty()
    }

    /// What the caller did not declare and a question was refused for.
    pub(super) fn missing(&self) -> Option<&ClientCapabilities> {
        self.missing.as_deref()
    }

    /// Those that wait for their caller.
    pub(super) fn requests(&self) -> InputRequests {
        self.open.iter().map(|open| (open.key.clone(), open.request.clone())).collect()
    }

    /// Takes answers that came before anything was asked: each counts for the first question of its key.
    pub(super) fn foresee(&mut self, answers: Map<String, Value>) {
        self.foreseen = answers;
    }

    fn foreseen(&mut self, key: &str, request: &InputRequest, owed: &Owed) -> Option<Outcome> {
        let answer = self.foreseen.remove(key)?;
        Some(owed.answer(checked(request, answer).ok()?))
    }

    /// The server has come to an end.
    pub(super) fn end(&mut self) {
        if let Some(over) = &self.over {
            over.store(true, Ordering::Release);
        }
    }

    /// The caller goes away, and this is what it has declared.
    pub(super) fn leave(&mut self, cx: &Context) {
        self.declared = Some(Box::new(cx.client_capabilities()));
    }

    /// Takes the answers that a caller brings, those that are wanted; how many these are.
    ///
    /// # Errors
    /// The key of an answer that is none, and why; nothing was answered then.
    pub(super) fn answer(
        &mut self,
        mut given: Map<String, Value>,
    ) -> Result<usize, (String, String)> {
        let mut answers = Vec::new();
        for (at, open) in self.open.iter().enumerate() {
            if let Some(answer) = given.remove(&open.key) {
                let answer = checked(&open.request, answer);
                answers.push((at, answer.map_err(|why| (open.key.clone(), why))?));
            }
        }
        let count = answers.len();
        // From behind, so that the places of those before stay.
        for (at, answer) in answers.into_iter().rev() {
            let Open { owed, .. } = self.open.remove(at);
            let outcome = owed.answer(answer);
            self.pay(owed, outcome);
        }
        self.quiet = Some(Box::pin(tokio::time::sleep(QUIET)));
        Ok(count)
    }

    fn pay(&mut self, owed: Owed, outcome: Outcome) {
        self.replies.push(owed.pay(outcome));
    }

    /// A key that no other question has which waits.
    fn key(&self, wanted: Option<String>) -> String {
        let taken = |key: &String| self.open.iter().any(|open| open.key == *key);
        let made = || format!("question-{}", self.heard);
        wanted.filter(|key| !taken(key)).unwrap_or_else(made)
    }
}

/// An answer that the server waits for; it gets an error if nobody gives another one.
struct Owed {
    asking: Option<Asking>,
    over: Arc<AtomicBool>,
}

impl Owed {
    fn is(&self, id: &Id) -> bool {
        self.asking.as_ref().and_then(|asking| asking.question.id()).as_ref() == Some(id)
    }

    fn pay(mut self, outcome: Outcome) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        match self.asking.take() {
            Some(asking) => asking.reply(outcome),
            None => Box::pin(std::future::ready(())),
        }
    }

    /// What the client of a session said, for the server.
    fn read(&self, response: Response) -> Outcome {
        match response {
            Response::Error(error) => error.into(),
            Response::Malformed(why) => unusable(&why).into(),
            Response::Result(message) => match message.result().map(|result| result.decode()) {
                Some(Ok(answer)) => self.answer(InputResponse::new(answer)),
                _ => unusable("the result is no object").into(),
            },
        }
    }

    /// An answer, in the shape of the server's protocol version.
    fn answer(&self, answer: InputResponse) -> Outcome {
        let Some(asking) = &self.asking else {
            return unusable("nobody waits for it").into();
        };
        match reply_to_question(asking.revision(), &asking.question.method(), answer) {
            Ok(body) => Outcome::complete(body),
            Err(fault) => ErrorObject::internal_error(fault.to_string()).into(),
        }
    }
}

impl Drop for Owed {
    fn drop(&mut self) {
        let Some(asking) = self.asking.take() else {
            return;
        };
        // A server whose request is given up must not take the error for an answer; where that could overtake what it
        // is told, it gets none.
        if asking.is_of_exchange() && !self.over.load(Ordering::Acquire) {
            return;
        }
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let gone = ErrorObject::internal_error("the request that this was asked for has ended");
            // It waits for nothing but a place in the stream.
            runtime.spawn(asking.reply(gone.into()));
        }
    }
}

fn unusable(why: &str) -> ErrorObject {
    ErrorObject::internal_error(format!("the client's answer is not usable: {why}"))
}

/// Takes off a question what belongs to the server's side of it, and what the caller cannot do and may leave undone; the
/// server's name of a visit.
fn ours(request: &mut InputRequest, declared: &ClientCapabilities) -> Option<String> {
    match request {
        InputRequest::Elicit(request) => match &mut request.params {
            ElicitRequestParams::Form(form) => (form.meta, form.task) = (None, None),
            ElicitRequestParams::Url(url) => {
                (url.meta, url.task) = (None, None);
                return url.elicitation_id.take();
            }
            _ => {}
        },
        InputRequest::CreateMessage(request) => {
            (request.params.meta, request.params.task) = (None, None);
            // "The client MAY ignore this request."
            let with_context = |sampling: &bowline_types::capability::SamplingCapability| {
                sampling.context.is_some()
            };
            if !declared.sampling.as_ref().is_some_and(with_context) {
                request.params.include_context = None;
            }
        }
        InputRequest::ListRoots(request) => request.params = None,
        _ => {}
    }
    None
}

/// Whether there is a way to ask this caller in this request.
fn may_ask(hears: Hears<'_>) -> Result<()> {
    match hears {
        Hears::Caller(cx) if cx.line().is_none() => {
            if cx.request().is_of_session() || !cx.request().row().may_ask {
                let method = cx.request().method();
                return Err(Error::unsupported(format!("no client answers questions in {method}")));
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// What a server is told whose question is not asked.
fn refused(request: &InputRequest, error: &Error) -> ErrorObject {
    let method = match request {
        InputRequest::CreateMessage(_) => "sampling/createMessage",
        InputRequest::ListRoots(_) => "roots/list",
        _ => "elicitation/create",
    };
    if error.is_unsupported() {
        return ErrorObject::method_not_found(&format!("{method}: {error}"));
    }
    error.object().unwrap_or_else(|| ErrorObject::internal_error(error.to_string()))
}

/// The roots, as the config has them.
fn told(roots: &Arc<[Root]>) -> Outcome {
    let roots: Vec<Root> = roots.to_vec();
    match Body::encode(ListRootsResult::new(roots)) {
        Ok(body) => Outcome::complete(body),
        Err(_) => ErrorObject::internal_error("the roots cannot be encoded").into(),
    }
}

/// Whether an answer has the shape of one to this question. What stands in it only whoever asked can judge.
pub(super) fn checked(request: &InputRequest, answer: Value) -> Result<InputResponse, String> {
    let Value::Object(answer) = answer else {
        return Err("expected an object".to_owned());
    };
    let answer = InputResponse::new(answer);
    let read = match request {
        InputRequest::Elicit(_) => answer.elicit().map(|result| match result.action {
            ElicitAction::Other(action) => Some(format!("unknown action {action:?}")),
            _ => None,
        }),
        InputRequest::CreateMessage(_) => answer.create_message().map(|_| None),
        _ => answer.list_roots().map(|_| None),
    };
    match read {
        Ok(None) => Ok(answer),
        Ok(Some(why)) => Err(why),
        Err(fault) => Err(fault.to_string()),
    }
}
