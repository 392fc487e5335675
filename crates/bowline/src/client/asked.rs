//! What a server may ask of a client, and who answers.

use super::call::too_many;
use super::live::Core;
use super::wire::BoxFuture;
use crate::ask::form;
use crate::error::{Error, Result};
use bowline_protocol::outcome::Body;
use bowline_protocol::scan::Raw;
use bowline_types::input::{
    CreateMessageRequestParams, CreateMessageResult, ElicitAction, ElicitRequest,
    ElicitRequestFormParams, ElicitRequestParams, ElicitRequestUrlParams, ElicitResult,
    InputRequest, InputRequests, InputResponse, ListRootsResult, Root,
};
use bowline_types::jsonrpc::ErrorObject;
use bowline_types::log::LoggingMessageNotificationParams;
use bowline_types::method::{Method, Notification};
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::fmt;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;

/// Who asks, and for the sake of what.
#[derive(Clone, Debug)]
pub struct Asked {
    pub(super) server: Arc<str>,
    pub(super) request: Option<Arc<str>>,
}

impl Asked {
    #[cfg(feature = "host")]
    pub(crate) fn new(server: Arc<str>, request: Option<Arc<str>>) -> Self {
        Self { server, request }
    }

    /// What the server is called: its URL, its command line.
    #[must_use]
    pub fn server(&self) -> &str {
        &self.server
    }

    /// The request for whose sake it asks, such as `tools/call add`, where that is known.
    #[must_use]
    pub fn request(&self) -> Option<&str> {
        self.request.as_deref()
    }
}

/// Everybody who answers or hears.
#[derive(Default)]
pub(super) struct Handlers {
    pub(super) form: Option<Answers<ElicitRequestFormParams, ElicitResult>>,
    pub(super) url: Option<Answers<ElicitRequestUrlParams, ElicitResult>>,

    /// With it, whether the model can use tools.
    pub(super) sample: Option<(Answers<CreateMessageRequestParams, CreateMessageResult>, bool)>,
    pub(super) roots: Option<Roots>,
    pub(super) methods: HashMap<&'static str, Answers<Raw, Body>>,
    pub(super) notifications: HashMap<&'static str, Hear<Raw>>,
    pub(super) log: Option<Arc<HearLog>>,
    pub(super) error: Option<Arc<HearError>>,
}

/// The roots as they are now.
pub(super) struct Roots(Mutex<Vec<Root>>);

pub(super) type Answers<P, R> = Box<dyn Fn(Asked, P) -> BoxFuture<Result<R>> + Send + Sync>;
type Hear<P> = Box<dyn Fn(P) -> Result<()> + Send + Sync>;
pub(super) type HearLog = dyn Fn(LoggingMessageNotificationParams) + Send + Sync;
pub(super) type HearError = dyn Fn(&Error) + Send + Sync;

impl Handlers {
    /// Answers a question, whichever way it came.
    ///
    /// # Errors
    /// What the handler failed with, or why there is none.
    pub(super) async fn answer(
        &self,
        asked: Asked,
        question: InputRequest,
    ) -> Result<InputResponse> {
        caught(self.ask(asked, question)).await
    }

    /// Whether somebody answers such a question.
    fn has(&self, question: &InputRequest) -> bool {
        match question {
            InputRequest::Elicit(ElicitRequest { params, .. }) => match params {
                ElicitRequestParams::Form(_) => self.form.is_some(),
                ElicitRequestParams::Url(_) => self.url.is_some(),
                _ => false,
            },
            InputRequest::CreateMessage(_) => self.sample.is_some(),
            InputRequest::ListRoots(_) => self.roots.is_some(),
            _ => false,
        }
    }

    async fn ask(&self, asked: Asked, question: InputRequest) -> Result<InputResponse> {
        match question {
            InputRequest::Elicit(ElicitRequest { params, .. }) => match params {
                ElicitRequestParams::Form(form) => self.form(asked, form).await,
                ElicitRequestParams::Url(url) => {
                    let answer = self.url.as_ref().ok_or_else(|| none("visits to a URL"))?;
                    Ok(answer(asked, url).await?.into())
                }
                _ => Err(none("elicitation of this mode")),
            },
            InputRequest::CreateMessage(request) => {
                Ok(self.sample(asked, request.params).await?.into())
            }
            InputRequest::ListRoots(_) => {
                let roots = self.roots.as_ref().ok_or_else(|| none("roots"))?;
                Ok(ListRootsResult::new(roots.list()).into())
            }
            _ => Err(none("questions of this kind")),
        }
    }

    async fn form(&self, asked: Asked, form: ElicitRequestFormParams) -> Result<InputResponse> {
        let answer = self.form.as_ref().ok_or_else(|| none("forms"))?;
        let schema = form.requested_schema.clone();
        let mut result = answer(asked, form).await?;
        if result.action == ElicitAction::Accept {
            let content = result.content.take().unwrap_or_default();
            let content = form::complete(&schema, content).map_err(|why| {
                Error::invalid(format!("the answer to a form does not fit it: {why}"))
            })?;
            result.content = Some(content);
        } else {
            result.content = None;
        }
        Ok(result.into())
    }

    async fn sample(
        &self,
        asked: Asked,
        params: CreateMessageRequestParams,
    ) -> Result<CreateMessageResult> {
        let (answer, with_tools) = self.sample.as_ref().ok_or_else(|| none("sampling"))?;
        if !with_tools && (params.tools.is_some() || params.tool_choice.is_some()) {
            return Err(none("sampling with tools"));
        }
        answer(asked, params).await
    }

    /// Answers a request of the server that is no question of the core.
    #[cfg(not(modern_only))]
    pub(super) async fn custom(&self, asked: Asked, method: &str, params: Raw) -> Result<Body> {
        match self.methods.get(method) {
            Some(answer) => caught(async { answer(asked, params).await }).await,
            None => Err(Error::rpc_error(ErrorObject::method_not_found(method))),
        }
    }

    pub(super) fn method<M, F, A>(&mut self, answer: F)
    where
        M: Method,
        F: Fn(Asked, M::Params) -> A + Send + Sync + 'static,
        A: Future<Output = Result<M::Result>> + Send + 'static,
    {
        let decode = move |asked, params: Raw| -> BoxFuture<Result<Body>> {
            match params.decode::<M::Params>() {
                Ok(params) => {
                    let answer = answer(asked, params);
                    Box::pin(async move { Ok(Body::of(&answer.await?)?) })
                }
                Err(fault) => {
                    let error = ErrorObject::invalid_params(format!("params.{fault}"));
                    Box::pin(std::future::ready(Err(Error::rpc_error(error))))
                }
            }
        };
        self.methods.insert(M::NAME, Box::new(decode));
    }

    pub(super) fn notification<N: Notification>(
        &mut self,
        hear: impl Fn(N::Params) + Send + Sync + 'static,
    ) {
        let decode = move |params: Raw| {
            let params =
                params.decode::<N::Params>().map_err(|fault| Error::bad_answer(N::NAME, fault))?;
            hear(params);
            Ok(())
        };
        self.notifications.insert(N::NAME, Box::new(decode));
    }

    /// Tells whoever wants to know what goes wrong.
    pub(super) fn fault(&self, error: &Error) {
        match &self.error {
            Some(hear) => hear(error),
            None => tracing::warn!(target: "bowline::client", "{error}"),
        }
    }
}

/// A handler that panics has failed, and nothing else has.
async fn caught<T>(answering: impl Future<Output = Result<T>>) -> Result<T> {
    let mut answering = pin!(answering);
    poll_fn(|task| {
        catch_unwind(AssertUnwindSafe(|| answering.as_mut().poll(task))).unwrap_or_else(|_| {
            Poll::Ready(Err(Error::invalid("a handler panicked while it answered the server")))
        })
    })
    .await
}

/// What a server is told that asks for what nobody here answers.
fn none(what: &str) -> Error {
    Error::rpc_error(ErrorObject::method_not_found(&format!("{what}: not answered by this client")))
}

impl Roots {
    pub(super) fn list(&self) -> Vec<Root> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set(&self, roots: Vec<Root>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = roots;
    }
}

impl From<Vec<Root>> for Roots {
    fn from(roots: Vec<Root>) -> Self {
        Self(Mutex::new(roots))
    }
}

impl fmt::Debug for Handlers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Handlers")
    }
}

impl Core {
    /// Answers the questions of a result, all at the same time.
    pub(super) async fn answers(&self, asked: &Asked, questions: InputRequests) -> Result<Value> {
        // "Servers MUST NOT send an `inputRequests` that the client has not declared support for in its capabilities."
        if let Some((key, _)) = questions.iter().find(|(_, question)| !self.handlers.has(question))
        {
            let key = key.escape_debug();
            let fault =
                format!("the server asks `{key}`, which this client has not said it answers");
            return Err(Error::bad_answer("input_required", fault));
        }
        let most = self.limits().waiting_per_link;
        if questions.iter().count() > most {
            return Err(too_many(most));
        }
        let mut open: Vec<_> = Vec::new();
        for (key, question) in questions.iter() {
            let answering = self.handlers.answer(asked.clone(), question.clone());
            open.push((key.clone(), Box::pin(answering)));
        }
        let mut answers = Map::new();
        poll_fn(|task| {
            let mut failed = None;
            open.retain_mut(|(key, answering)| match answering.as_mut().poll(task) {
                Poll::Pending => true,
                Poll::Ready(Ok(answer)) => {
                    answers.insert(std::mem::take(key), Value::Object(answer.into_map()));
                    false
                }
                Poll::Ready(Err(error)) => {
                    failed.get_or_insert(error);
                    false
                }
            });
            match failed {
                Some(error) => Poll::Ready(Err(error)),
                None if open.is_empty() => Poll::Ready(Ok(())),
                None => Poll::Pending,
            }
        })
        .await?;
        Ok(Value::Object(answers))
    }
}
