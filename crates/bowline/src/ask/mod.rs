//! Questions to the client: to its user, to its model, for its roots.
//!
//! A question never leaves through a return value that a handler could swallow. Either its answer is there, or the
//! future that asks stays pending; when a handler waits with questions open, the driver drops it and answers with all
//! of them and a sealed state. The client answers and calls again with that state, the handler runs from its
//! beginning, and finds its answers. The client of a session is asked live instead, while the handler waits; to a
//! handler the two look the same.
//!
//! See [Multi Round-Trip Requests](https://modelcontextprotocol.io/specification/2026-07-28/basic/patterns/mrtr).

mod asks;
mod canonical;
mod chain;
mod derive;
mod desk;
pub(crate) mod form;
mod format;
mod ledger;
#[cfg(not(modern_only))]
mod line;
#[cfg(modern_only)]
#[path = "no_line.rs"]
mod line;
mod once;
mod question;
mod sampling;
mod seal;
#[cfg(feature = "host")]
mod seals;

pub use format::fits;
pub use ledger::{Ledger, LedgerError, LedgerFuture, MemoryLedger, Slot, Term};

pub(crate) use asks::Asks;
#[cfg(feature = "host")]
pub(crate) use chain::not_valid;
pub(crate) use chain::{answer, load, open};
pub(crate) use desk::Desk;
pub(crate) use line::Line;
#[cfg(all(feature = "host", not(modern_only)))]
pub(crate) use line::refused;
#[cfg(feature = "host")]
pub(crate) use question::Need;
#[cfg(feature = "host")]
pub(crate) use seals::Seals;

use crate::context::Context;
use crate::error::{Error, Result};
use bowline_types::List;
use bowline_types::input::{
    CreateMessageRequestParams, CreateMessageResult, ElicitAction, ElicitMode,
    ElicitRequestFormParams, ElicitResult, Root,
};
use question::{Answer, Question};
use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::convert::Infallible;
use std::future::Future;

/// Whether a handler that waits is to be dropped, since it waits for its client; if not, `task` is woken by the
/// question that changes this.
pub(crate) fn suspended(cx: &Context, task: &std::task::Context<'_>) -> bool {
    cx.request().row().may_ask && cx.asks().is_suspended_or_wake(task)
}

/// Asking. Only `tools/call`, `prompts/get` and `resources/read` can ask.
///
/// `key` names the question within its call: the same in every round, and used once in a run. What a handler does
/// before its last question it does again in every round; see [`Context::once`]. Ask from the handler itself: a task
/// that it spawned is not ended with it.
impl Context {
    /// Asks the user to fill in a form with the fields of `T`: strings, numbers, booleans, enums without data, and
    /// lists of such enums. Never ask for secrets in one.
    ///
    /// See [Elicitation](https://modelcontextprotocol.io/specification/2026-07-28/client/elicitation).
    ///
    /// # Errors
    /// - [`Error::is_declined`] when the user declined or went away,
    /// - [`Error::is_unsupported`] when the client declared no forms, or this method cannot ask,
    /// - [`Error::is_invalid`] when a form cannot have the fields of `T`, or `key` was used before.
    pub async fn elicit<T>(&self, key: &str, message: impl Into<String>) -> Result<T>
    where
        T: DeserializeOwned + JsonSchema,
    {
        let form = ElicitRequestFormParams::new(message, derive::form_of::<T>()?);
        let (question, schema) = Question::form(form)?;
        let answer = self.put(key, question, |answer: Answer| {
            let result = answer.elicit(&schema)?;
            if result.action != ElicitAction::Accept {
                return Ok(Err(went_away(key, &result.action)));
            }
            let content = result.content.unwrap_or_default();
            serde_json::from_value(content.into()).map(Ok).map_err(|error| error.to_string())
        });
        answer.await?
    }

    /// Asks the user to fill in a form, and tells what the user did.
    ///
    /// Content that came with [`ElicitAction::Accept`] fits the schema and has no other members.
    ///
    /// # Errors
    /// - [`Error::is_unsupported`] when the client declared no forms, or this method cannot ask,
    /// - [`Error::is_invalid`] when the specification does not allow the schema, or `key` was used before.
    pub async fn elicit_form(
        &self,
        key: &str,
        form: ElicitRequestFormParams,
    ) -> Result<ElicitResult> {
        let (question, schema) = Question::form(form)?;
        self.put(key, question, |answer| answer.elicit(&schema)).await
    }

    /// Asks the user to visit a URL, for what the client must not see.
    ///
    /// It tells what the user did. After [`ElicitAction::Accept`] they agreed to go there; whether what had to be done
    /// there is done, only the server behind the URL knows.
    ///
    /// # Errors
    /// - [`Error::is_unsupported`] when the client did not declare this mode, or this method cannot ask,
    /// - [`Error::is_invalid`] when `url` is none, or `key` was used before.
    pub async fn elicit_url(
        &self,
        key: &str,
        message: impl Into<String>,
        url: impl Into<String>,
    ) -> Result<ElicitAction> {
        let question = Question::url(message.into(), url.into())?;
        Ok(self.put(key, question, Answer::elicit_url).await?.action)
    }

    /// Asks the model of the client.
    ///
    /// See [Sampling](https://modelcontextprotocol.io/specification/2026-07-28/client/sampling).
    ///
    /// # Errors
    /// - [`Error::is_unsupported`] when the client declared no sampling, or not the tools or the context that `params`
    ///   need, or this method cannot ask,
    /// - [`Error::is_invalid`] when the specification does not allow the messages, or `key` was used before.
    pub async fn sample(
        &self,
        key: &str,
        params: CreateMessageRequestParams,
    ) -> Result<CreateMessageResult> {
        let (question, offer) = Question::sampling(params)?;
        self.put(key, question, |answer| answer.create_message(&offer)).await
    }

    /// Asks for the directories and files to work on; each is a `file://` URI.
    ///
    /// See [Roots](https://modelcontextprotocol.io/specification/2026-07-28/client/roots).
    ///
    /// # Errors
    /// - [`Error::is_unsupported`] when the client declared no roots, or this method cannot ask,
    /// - [`Error::is_invalid`] when `key` was used before.
    pub async fn roots(&self, key: &str) -> Result<List<Root>> {
        self.put(key, Question::roots(), Answer::list_roots).await
    }

    /// Does something at most once, however many rounds this call takes: later rounds get the value of the first.
    ///
    /// `key` names the effect within its call and is used once in a run. Questions inside of `effect` are an error.
    /// What happens when a process dies in the middle nobody can know; give the other side
    /// [`Context::idempotency_key`] where it takes one.
    ///
    /// # Errors
    /// - [`Error::is_interrupted`] when an earlier run began it and did not finish, or another is at it right now,
    /// - [`Error::is_invalid`] when `key` was used before,
    /// - when the value cannot be encoded as JSON, or decoded from it.
    pub async fn once<T, F>(&self, key: &str, effect: F) -> Result<T>
    where
        T: Serialize + DeserializeOwned,
        F: Future<Output = T>,
    {
        once::once(self, key, effect).await
    }

    /// A text that is the same in every round of this call and in no other call, for services that take one.
    #[must_use]
    pub fn idempotency_key(&self) -> String {
        self.asks().chain().to_string()
    }

    /// The one way of all questions: an answer that is there and fits, or none for ever.
    async fn put<T>(
        &self,
        key: &str,
        question: Question,
        check: impl FnOnce(Answer) -> Result<T, String>,
    ) -> Result<T> {
        let answer = match (self.begin(key, &question)?, self.line()) {
            (Some(answer), _) => Ok(answer),
            (None, Some(line)) => line.ask(self, key, question).await?.map(Answer),
            (None, None) => match self.suspend(key, question).await? {},
        };
        match answer.and_then(check) {
            Ok(value) => Ok(value),
            // As with a question, the handler does not go on: it could take the failure for consent.
            Err(why) => {
                self.asks().break_off(key, why);
                std::future::pending().await
            }
        }
    }

    /// What the client has answered so far.
    fn begin(&self, key: &str, question: &Question) -> Result<Option<Answer>> {
        let request = self.request();
        if !request.row().may_ask || self.server().is_none() {
            let method = request.method();
            let message =
                format!("question `{key}` cannot be asked: no client answers any in {method}");
            return Err(Error::unsupported(message));
        }
        self.asks().begin(key, question)
    }

    /// Opens a question and waits for the driver to drop the handler.
    async fn suspend(&self, key: &str, question: Question) -> Result<Infallible> {
        question.need().check(&self.client_capabilities())?;
        self.asks().put(key, question);
        std::future::pending().await
    }
}

fn went_away(key: &str, action: &ElicitAction) -> Error {
    let did = if *action == ElicitAction::Decline { "declined" } else { "cancelled" };
    Error::declined(format!("the user {did} `{key}`"))
}

/// The mode of every form that is sent.
const FORM: ElicitMode = ElicitMode::Form;
