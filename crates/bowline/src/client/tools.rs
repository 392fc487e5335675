//! What a client knows of the tools of its server.

use super::live::{Core, Live};
use super::target::Kind;
use super::{Client, call};
use crate::error::{Error, Result};
use crate::server::schema::raw::Validator;
use bowline_protocol::http::HeaderMap;
use bowline_protocol::http::headers::{self, Annotation, annotations};
use bowline_protocol::outcome::Body;
use bowline_protocol::protocol::Request;
use bowline_protocol::scan::Raw;
use bowline_types::List;
use bowline_types::content::ContentBlock;
use bowline_types::method::{CallTool, ListTools, Method};
use bowline_types::prompt::GetPromptRequestParams;
use bowline_types::tool::{CallToolResult, Tool};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// The tools as they were last listed.
#[derive(Debug, Default)]
pub(super) struct Tools(Mutex<HashMap<Box<str>, Arc<Known>>>);

/// What calling a tool depends on.
#[derive(Debug)]
pub(super) struct Known {
    /// The arguments that HTTP repeats in headers.
    pub(super) annotations: Vec<Annotation>,
    /// Whether a second call does no more than a first.
    pub(super) repeatable: bool,
    output: Option<Value>,
    /// Compiled when the first result comes.
    validator: OnceLock<Result<Validator, String>>,
}

/// How many tools are remembered. Beyond them a tool is called as one that was never listed.
const REMEMBERED: usize = 10_000;

impl Tools {
    /// Takes a tool of a list.
    ///
    /// # Errors
    /// When its header annotations are invalid, so that HTTP must not call it.
    pub(super) fn learn(&self, tool: &Tool) -> Result<(), String> {
        let schema = Value::Object(tool.input_schema.as_map().clone());
        let annotations = annotations(&schema).map_err(|fault| fault.to_string())?;
        let hint = |of: fn(&bowline_types::tool::ToolAnnotations) -> Option<bool>| {
            tool.annotations.as_ref().and_then(of) == Some(true)
        };
        let known = Known {
            annotations,
            repeatable: hint(|hints| hints.read_only_hint) || hint(|hints| hints.idempotent_hint),
            output: tool.output_schema.as_ref().map(|schema| schema.as_map().clone().into()),
            validator: OnceLock::new(),
        };
        let mut tools = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if tools.len() < REMEMBERED || tools.contains_key(tool.name.as_str()) {
            tools.insert(tool.name.as_str().into(), Arc::new(known));
        }
        Ok(())
    }

    pub(super) fn get(&self, name: &str) -> Option<Arc<Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// Forgets all: the list changed, or another process answers.
    pub(super) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl Known {
    /// Checks the structured content of a result against the tool's output schema.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn check(&self, result: &Raw) -> Result<(), String> {
        let Some(schema) = self.output.as_ref().filter(|_| CHECKED) else {
            return Ok(());
        };
        let result: CallToolResult = result.decode().map_err(|fault| fault.to_string())?;
        if result.is_error == Some(true) {
            return Ok(());
        }
        let Some(content) = &result.structured_content else {
            return Err(
                "`structuredContent` is missing, though the tool has an output schema".into()
            );
        };
        match self.validator.get_or_init(|| Validator::compile(schema)) {
            Ok(validator) => match &*validator.violations(content, VIOLATIONS) {
                [] => Ok(()),
                violations => Err(format!(
                    "`structuredContent` breaks the output schema: {}",
                    violations.join("; ")
                )),
            },
            Err(why) => Err(format!("the output schema cannot be used: {why}")),
        }
    }
}

/// Whether there is anything to check with.
const CHECKED: bool = cfg!(feature = "schema");

/// How many violations an error names.
const VIOLATIONS: usize = 5;

impl Core {
    /// What of a page of tools can be used, and is remembered.
    pub(super) fn accept(&self, tools: List<Tool>) -> Vec<Tool> {
        let over_http = matches!(self.target.kind, Kind::Url(_));
        let mut accepted = Vec::with_capacity(tools.len());
        for tool in tools {
            match self.tools().learn(&tool) {
                Err(why) if over_http => {
                    let name = tool.name.escape_debug();
                    let fault = format!("tool `{name}` is left out: {why}");
                    self.fault(&Error::bad_answer(ListTools::NAME, fault));
                }
                _ => accepted.push(tool),
            }
        }
        accepted
    }

    /// Lists the tools for what calling them depends on.
    pub(super) async fn list_tools_anew(self: &Arc<Self>) -> Result<()> {
        self.tools().clear();
        // Boxed, since a list is itself made of requests.
        Box::pin(Client(self.clone()).tools().fresh().all()).await.map(drop)
    }

    /// The headers that repeat arguments of a tool, where there are any to send.
    pub(super) fn param_headers(
        &self,
        live: &Live,
        tool: Option<&str>,
        request: &Request,
    ) -> Result<HeaderMap> {
        let over_http = live.is_modern() && matches!(self.target.kind, Kind::Url(_));
        match tool.filter(|_| over_http).and_then(|tool| self.tools().get(tool)) {
            Some(known) => headers::param_headers(&known.annotations, request)
                .map_err(|fault| Error::invalid(fault.to_string())),
            None => Ok(HeaderMap::new()),
        }
    }
}

/// The parameters of `tools/call`.
pub(super) fn call(name: &str, arguments: &impl Serialize) -> Result<Body> {
    Body::call(name, arguments)
        .map_err(|error| Error::invalid("arguments must make a JSON object").because(error))
}

/// The parameters of `prompts/get`.
pub(super) fn prompt(name: &str, arguments: &impl Serialize) -> Result<Body> {
    let mut params = GetPromptRequestParams::new(name);
    if let Some(arguments) = object(arguments)? {
        let text = |(name, value)| match value {
            Value::String(text) => Ok((name, text)),
            _ => Err(Error::invalid(format!("argument `{name}` of a prompt must be a string"))),
        };
        params.arguments = Some(arguments.into_iter().map(text).collect::<Result<_>>()?);
    }
    call::params(&params)
}

/// Arguments; `None` for those that serialise as nothing.
fn object(arguments: &impl Serialize) -> Result<Option<Map<String, Value>>> {
    match serde_json::to_value(arguments) {
        Ok(Value::Object(arguments)) => Ok(Some(arguments)),
        Ok(Value::Null) => Ok(None),
        Ok(_) => Err(Error::invalid("arguments must make a JSON object")),
        Err(error) => Err(Error::invalid("arguments cannot be encoded as JSON").because(error)),
    }
}

/// Reads the result of a tool as a type.
pub(super) fn typed<Out: DeserializeOwned>(name: &str, result: CallToolResult) -> Result<Out> {
    if result.is_error == Some(true) {
        return Err(Error::tool(name, &texts(&result)));
    }
    let decoded = match result.structured_content {
        Some(content) => serde_json::from_value(content),
        None => {
            let text = texts(&result);
            serde_json::from_str(&text).or_else(|fault| {
                // A text that is no JSON may still be what a string is wanted from.
                serde_json::from_value(Value::String(text)).map_err(|_| fault)
            })
        }
    };
    decoded.map_err(|fault| {
        let name = name.escape_debug();
        Error::bad_answer(
            CallTool::NAME,
            format!("the result of `{name}` is not what was wanted: {fault}"),
        )
    })
}

/// The text blocks of a result, one a line.
fn texts(result: &CallToolResult) -> String {
    let texts = result.content.iter().filter_map(|block| match block {
        ContentBlock::Text(text) => Some(text.text.as_str()),
        _ => None,
    });
    texts.collect::<Vec<_>>().join("\n")
}
