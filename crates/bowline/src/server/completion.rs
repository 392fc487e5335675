//! Suggestions for the arguments of prompts and the variables of resource templates.
//!
//! See [Completion](https://modelcontextprotocol.io/specification/2026-07-28/server/utilities/completion).

use super::Server;
use super::arguments::Arguments;
use super::catalogue::Catalogue;
use super::dispatch::{unknown, wrong_param};
use super::function::{FromCall, Function};
use super::handler::HandlerError;
use super::visible::ItemKind;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::service::Answer;
use bowline_protocol::outcome::{Body, Outcome};
use bowline_protocol::scan::BodyKey;
use bowline_types::completion::{
    CompleteResult, Completion, CompletionArgument, CompletionContext, CompletionReference,
};
use bowline_types::jsonrpc::ErrorObject;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// The completions of a server, by what they are of and the argument.
#[derive(Clone, Default)]
pub(super) struct Completions {
    /// Whether there ever were any: clients were told.
    pub(super) declared: bool,
    by_item: HashMap<(ItemKind, Box<str>), Starts>,
}

/// What completes the arguments of one item, by their names.
type Starts = BTreeMap<Box<str>, Arc<Start>>;

type Start = Box<dyn Fn(&Server, Context, &BTreeMap<String, String>) -> Answer + Send + Sync>;

/// The most values that a result may have.
const VALUES: usize = 100;

impl Server {
    /// Offers suggestions for an argument of a prompt, or for a variable of a resource template.
    ///
    /// The function takes [`CompleteRequest`], or, as its last parameter, a struct of what is filled in already.
    #[must_use]
    pub fn completion<M, F>(
        self,
        reference: impl Into<CompletionReference>,
        argument: &str,
        function: F,
    ) -> Self
    where
        F: Function<M>,
        F::Output: IntoCompletion,
    {
        // The prompt or template may be registered later: `check` looks.
        match self.put_completion(&reference.into(), argument, function, false) {
            Ok(()) => self,
            Err(fault) => self.fault(&fault),
        }
    }

    /// Offers suggestions from now on.
    ///
    /// # Errors
    /// When there is no such prompt or template, it has no such argument, or there are suggestions for it already.
    pub fn add_completion<M, F>(
        &self,
        reference: impl Into<CompletionReference>,
        argument: &str,
        function: F,
    ) -> Result<()>
    where
        F: Function<M>,
        F::Output: IntoCompletion,
    {
        self.put_completion(&reference.into(), argument, function, true)
    }

    /// Takes suggestions away. `false` when there were none.
    pub fn remove_completion(
        &self,
        reference: impl Into<CompletionReference>,
        argument: &str,
    ) -> bool {
        let reference = reference.into();
        let Some((kind, name)) = target(&reference) else {
            return false;
        };
        self.change(|catalogue| catalogue.completions.remove(kind, name, argument))
    }

    fn put_completion<M, F>(
        &self,
        reference: &CompletionReference,
        argument: &str,
        function: F,
        now: bool,
    ) -> Result<()>
    where
        F: Function<M>,
        F::Output: IntoCompletion,
    {
        let Some((kind, name)) = target(reference) else {
            return Err(Error::invalid("completion of neither a prompt nor a resource template"));
        };
        let start = start(function);
        self.change(|catalogue| {
            if now && !catalogue.has_argument(kind, name, argument) {
                return Err(dangling(kind, name, argument));
            }
            catalogue.completions.declared = true;
            let item = catalogue.completions.by_item.entry((kind, name.into())).or_default();
            if item.contains_key(argument) {
                return Err(Error::invalid(format!(
                    "completion of `{argument}` of {kind} `{name}` is registered twice"
                )));
            }
            item.insert(argument.into(), Arc::new(start));
            Ok(())
        })
    }
}

/// What is to be completed, as an extractor.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CompleteRequest {
    /// The argument's name.
    pub name: String,
    /// What was typed so far.
    pub value: String,
    /// What is filled in already, by the names of the arguments.
    pub arguments: BTreeMap<String, String>,
}

impl FromCall for CompleteRequest {
    fn from_call(cx: &Context) -> Result<Self, Error> {
        Self::decode(cx).map_err(Error::rpc_error)
    }
}

impl CompleteRequest {
    fn decode(cx: &Context) -> Result<Self, ErrorObject> {
        let argument: CompletionArgument = param(cx, BodyKey::Argument)?;
        let arguments = match cx.request().param(BodyKey::Context) {
            None | Some(b"null") => None,
            Some(_) => param::<CompletionContext>(cx, BodyKey::Context)?.arguments,
        };
        let CompletionArgument { name, value, .. } = argument;
        Ok(Self { name, value, arguments: arguments.unwrap_or_default() })
    }
}

/// What a function that completes may return: the best suggestions first.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not something a completion can be",
    note = "return a `Vec` or array of texts, a `Completion`, or a `Result` of one of them"
)]
pub trait IntoCompletion: Send {
    /// Makes the suggestions; of more than 100 the first are sent.
    ///
    /// # Errors
    /// What the caller gets instead.
    fn into_completion(self) -> Result<Completion, HandlerError>;
}

impl IntoCompletion for Completion {
    fn into_completion(self) -> Result<Completion, HandlerError> {
        Ok(self)
    }
}

impl<T: Into<String> + Send> IntoCompletion for Vec<T> {
    fn into_completion(self) -> Result<Completion, HandlerError> {
        let (total, more) = (self.len() as u64, self.len() > VALUES);
        let values: Vec<String> = self.into_iter().take(VALUES).map(Into::into).collect();
        Ok(Completion::new(values).total(total).has_more(more))
    }
}

impl<T: Into<String> + Send, const N: usize> IntoCompletion for [T; N] {
    fn into_completion(self) -> Result<Completion, HandlerError> {
        Vec::from(self).into_completion()
    }
}

impl<T: IntoCompletion, E: Into<HandlerError> + Send> IntoCompletion for Result<T, E> {
    fn into_completion(self) -> Result<Completion, HandlerError> {
        self.map_err(Into::into)?.into_completion()
    }
}

/// Answers `completion/complete`.
pub(super) fn complete(server: &Server, cx: Context, catalogue: &Catalogue) -> Answer {
    match find(&cx, catalogue) {
        Ok((Some(start), arguments)) => start(server, cx, &arguments),
        Ok((None, _)) => Answer::ready(
            outcome(Vec::<String>::new()).unwrap_or_else(|error| server.refused(&cx, error)),
        ),
        Err(error) => Answer::ready(error),
    }
}

/// What completes, with what is filled in already; nothing completes an argument that nobody wrote a function for.
#[expect(clippy::type_complexity, reason = "a pair of two things that are used once")]
fn find<'a>(
    cx: &Context,
    catalogue: &'a Catalogue,
) -> Result<(Option<&'a Arc<Start>>, BTreeMap<String, String>), ErrorObject> {
    let reference: CompletionReference = param(cx, BodyKey::Ref)?;
    let request = CompleteRequest::decode(cx)?;
    let Some((kind, name)) = target(&reference) else {
        return Err(ErrorObject::invalid_params(
            "params.ref.type: neither `ref/prompt` nor `ref/resource`",
        ));
    };
    if !catalogue.knows(cx, kind, name) {
        return Err(unknown(&kind.to_string(), name));
    }
    if !catalogue.has_argument(kind, name, &request.name) {
        return Err(unknown("argument", &request.name));
    }
    Ok((catalogue.completions.find(kind, name, &request.name), request.arguments))
}

fn start<M, F>(function: F) -> Start
where
    F: Function<M>,
    F::Output: IntoCompletion,
{
    Box::new(move |server, cx, arguments| {
        server.launch(
            cx,
            &function,
            Arguments::Strings(arguments),
            |message| ErrorObject::invalid_params(format!("params.context.arguments: {message}")),
            |_, output| outcome(output),
        )
    })
}

fn outcome(output: impl IntoCompletion) -> Result<Outcome, HandlerError> {
    let mut completion = output.into_completion()?;
    if completion.values.len() > VALUES {
        completion.total.get_or_insert(completion.values.len() as u64);
        completion.has_more = Some(true);
        completion.values.truncate(VALUES);
    }
    Ok(Outcome::complete(Body::encode(CompleteResult::new(completion))?))
}

fn param<T: serde::de::DeserializeOwned>(cx: &Context, key: BodyKey) -> Result<T, ErrorObject> {
    let text = cx
        .request()
        .param(key)
        .ok_or_else(|| ErrorObject::invalid_params(format!("params.{}: missing", key.name())))?;
    bowline_types::decode(text).map_err(|error| wrong_param(key, &error))
}

fn target(reference: &CompletionReference) -> Option<(ItemKind, &str)> {
    match reference {
        CompletionReference::Prompt(prompt) => Some((ItemKind::Prompt, &prompt.name)),
        CompletionReference::Resource(template) => {
            Some((ItemKind::ResourceTemplate, &template.uri))
        }
        _ => None,
    }
}

fn dangling(kind: ItemKind, name: &str, argument: &str) -> Error {
    Error::invalid(format!("completion of `{argument}` of {kind} `{name}`: there is no such thing"))
}

impl Completions {
    /// Takes away all completions of an item.
    pub(super) fn remove_all(&mut self, kind: ItemKind, name: &str) {
        self.by_item.remove(&(kind, name.into()));
    }

    fn remove(&mut self, kind: ItemKind, name: &str, argument: &str) -> bool {
        let item = self.by_item.get_mut(&(kind, name.into()));
        item.is_some_and(|item| item.remove(argument).is_some())
    }

    fn find(&self, kind: ItemKind, name: &str, argument: &str) -> Option<&Arc<Start>> {
        self.by_item.get(&(kind, name.into()))?.get(argument)
    }
}

impl Catalogue {
    /// The faults of completions of things that do not exist.
    pub(super) fn dangling_completions(&self) -> Vec<Error> {
        let all = self.completions.by_item.iter().flat_map(|((kind, name), arguments)| {
            arguments.keys().map(move |argument| (*kind, name, argument))
        });
        all.filter(|(kind, name, argument)| !self.has_argument(*kind, name, argument))
            .map(|(kind, name, argument)| dangling(kind, name, argument))
            .collect()
    }

    fn knows(&self, cx: &Context, kind: ItemKind, name: &str) -> bool {
        match kind {
            ItemKind::Prompt => self.find(&self.prompts, cx.principal(), name).is_some(),
            _ => self.find(&self.templates, cx.principal(), name).is_some(),
        }
    }

    fn has_argument(&self, kind: ItemKind, name: &str, argument: &str) -> bool {
        match kind {
            ItemKind::Prompt => self.prompts.find(name).is_some_and(|prompt| {
                prompt.handler.arguments.iter().any(|known| *known.name == *argument)
            }),
            _ => self.templates.find(name).is_some_and(|template| {
                template.handler.variables.iter().any(|known| *known.name == *argument)
            }),
        }
    }
}
