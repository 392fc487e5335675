//! Registering prompts and filling them in.

use super::Server;
use super::arguments::Arguments;
use super::catalogue::{Catalogue, Item};
use super::dispatch::unknown;
use super::function::Function;
use super::messages::IntoPrompt;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::scopes::Scopes;
use crate::service::Answer;
use bowline_protocol::outcome::{Body, Outcome};
use bowline_protocol::scan::{BodyKey, Raw};
use bowline_types::List;
use bowline_types::jsonrpc::ErrorObject;
use bowline_types::prompt::{Prompt, PromptArgument};
use bowline_types::tool::Schema;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// What is behind a prompt.
pub(super) struct PromptHandler {
    pub(super) arguments: Box<[Argument]>,
    start: Start,
}

/// An argument of a prompt.
pub(super) struct Argument {
    pub(super) name: Box<str>,
    required: bool,
}

type Start = Box<dyn Fn(&Server, Context, &BTreeMap<String, String>) -> Answer + Send + Sync>;

impl Server {
    /// Offers a prompt.
    ///
    /// Its arguments are derived from the function's last parameter, a struct whose fields are decoded from texts,
    /// unless the definition brings its own. Those derived stand in this order: required ones as the struct has them,
    /// then the others by name.
    ///
    /// See [Prompts](https://modelcontextprotocol.io/specification/2026-07-28/server/prompts).
    #[must_use]
    pub fn prompt<M, F>(self, prompt: impl Into<Prompt>, function: F) -> Self
    where
        F: Function<M>,
        F::Output: IntoPrompt,
    {
        match self.add_prompt(prompt, function) {
            Ok(()) => self,
            Err(fault) => self.fault(&fault),
        }
    }

    /// Offers a prompt from now on, and tells the listeners.
    ///
    /// # Errors
    /// When its name is taken, an argument stands twice, or its definition cannot be encoded.
    pub fn add_prompt<M, F>(&self, prompt: impl Into<Prompt>, function: F) -> Result<()>
    where
        F: Function<M>,
        F::Output: IntoPrompt,
    {
        let mut prompt = prompt.into();
        if prompt.arguments.is_none() {
            prompt.arguments = F::schema().map(|schema| arguments_of(&schema));
        }
        let mut arguments: Vec<Argument> = Vec::new();
        for PromptArgument { name, required, .. } in prompt.arguments.iter().flatten() {
            if arguments.iter().any(|known| *known.name == **name) {
                return Err(Error::invalid(format!(
                    "prompt `{}`: argument `{name}` stands twice",
                    prompt.name
                )));
            }
            let (name, required) = (name.as_str().into(), required.unwrap_or(false));
            arguments.push(Argument { name, required });
        }
        let item = Item {
            name: prompt.name.as_str().into(),
            definition: Raw::encode(&prompt)?,
            scopes: Scopes::default(),
            handler: PromptHandler { arguments: arguments.into(), start: start(function) },
        };
        self.offer(|catalogue| &mut catalogue.prompts, item)
    }
}

/// Answers `prompts/get`.
pub(super) fn get(server: &Server, cx: Context, catalogue: &Catalogue) -> Answer {
    let Some(name) = cx.request().param_str(BodyKey::Name) else {
        return Answer::ready(ErrorObject::invalid_params("params.name: missing or not a string"));
    };
    let Some(item) = catalogue.find(&catalogue.prompts, cx.principal(), &name) else {
        return Answer::ready(unknown("prompt", &name));
    };
    drop(name);
    match texts(cx.request().param(BodyKey::Arguments), &item.handler.arguments) {
        Ok(texts) => (item.handler.start)(server, cx, &texts),
        Err(error) => Answer::ready(error),
    }
}

fn start<M, F>(function: F) -> Start
where
    F: Function<M>,
    F::Output: IntoPrompt,
{
    Box::new(move |server, cx, texts| {
        server.launch(
            cx,
            &function,
            Arguments::Strings(texts),
            |message| ErrorObject::invalid_params(format!("params.arguments: {message}")),
            |_, output| Ok(Outcome::complete(Body::encode(output.into_prompt()?)?)),
        )
    })
}

/// The arguments of a request, which are texts; those that a prompt requires are among them.
fn texts(
    given: Option<&[u8]>,
    arguments: &[Argument],
) -> Result<BTreeMap<String, String>, ErrorObject> {
    let wrong = |what: String| ErrorObject::invalid_params(format!("params.arguments{what}"));
    let given: Map<String, Value> = match given {
        None | Some(b"null") => Map::new(),
        Some(text) => serde_json::from_slice(text).map_err(|_| wrong(": not an object".into()))?,
    };
    let mut texts = BTreeMap::new();
    for (name, value) in given {
        let Value::String(text) = value else {
            return Err(wrong(format!(".{name}: not a string")));
        };
        texts.insert(name, text);
    }
    let missing =
        arguments.iter().find(|argument| argument.required && !texts.contains_key(&*argument.name));
    match missing {
        Some(argument) => Err(wrong(format!(".{}: missing, but required", argument.name))),
        None => Ok(texts),
    }
}

/// The arguments that a struct's schema describes.
fn arguments_of(schema: &Schema) -> List<PromptArgument> {
    let properties = schema.get("properties").and_then(Value::as_object);
    let required: Vec<&str> = match schema.get("required") {
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let mut arguments: Vec<_> = properties
        .into_iter()
        .flatten()
        .map(|(name, property)| {
            let text = |key| property.get(key).and_then(Value::as_str).map(str::to_owned);
            let mut argument = PromptArgument::new(name.as_str());
            argument.title = text("title");
            argument.description = text("description");
            argument.required = required.contains(&name.as_str()).then_some(true);
            argument
        })
        .collect();
    // A schema's properties are a set, but what is required of them is a list in the order of the struct.
    arguments.sort_by_key(|argument| {
        required.iter().position(|name| *name == argument.name).unwrap_or(usize::MAX)
    });
    arguments.into()
}
