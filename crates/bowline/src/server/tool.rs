//! Registering and calling tools.

use super::Server;
use super::arguments::{ArgumentError, Arguments};
use super::catalogue::{Handler, Item};
use super::function::Function;
use super::output::{IntoToolResult, ToolError};
use super::run::run;
use crate::error::Result;
use crate::service::Answer;
use bowline_protocol::outcome::{Body, Outcome};
use bowline_protocol::scan::{BodyKey, Raw};
use bowline_types::jsonrpc::ErrorObject;
use bowline_types::tool::{CallToolResult, Tool};

impl Server {
    /// Offers a tool.
    ///
    /// The input schema is derived from the function's last parameter, the output schema from what it returns,
    /// unless the definition brings its own.
    ///
    /// See [Tools](https://modelcontextprotocol.io/specification/2026-07-28/server/tools).
    #[must_use]
    pub fn tool<M, F>(self, tool: impl Into<Tool>, function: F) -> Self
    where
        F: Function<M>,
        F::Output: IntoToolResult,
    {
        match self.add_tool(tool, function) {
            Ok(()) => self,
            Err(fault) => self.set(|settings| settings.faults.push(fault.to_string())),
        }
    }

    /// Offers a tool from now on, and tells the listeners.
    ///
    /// # Errors
    /// When its name is taken or its definition cannot be encoded.
    pub fn add_tool<M, F>(&self, tool: impl Into<Tool>, function: F) -> Result<()>
    where
        F: Function<M>,
        F::Output: IntoToolResult,
    {
        let mut tool = tool.into();
        if let Some(schema) = F::schema() {
            tool.input_schema = schema;
        }
        if tool.output_schema.is_none() {
            tool.output_schema = F::Output::output_schema();
        }
        let item = Item {
            name: tool.name.as_str().into(),
            definition: Raw::encode(&tool)?,
            handler: handler(function),
        };
        self.offer(|catalogue| &mut catalogue.tools, item)
    }
}

/// Boxes a function: from here on nothing is generic any more.
fn handler<M, F>(function: F) -> Handler
where
    F: Function<M>,
    F::Output: IntoToolResult,
{
    Box::new(move |server, cx| {
        let arguments = Arguments::Json(cx.request().param(BodyKey::Arguments));
        match function.start(&cx, arguments) {
            Ok(future) => {
                let limit = server.settings().handler_timeout;
                Answer::new(run(server.clone(), cx, limit, future, |server, output| {
                    outcome(server, output.into_tool_result())
                }))
            }
            Err(ArgumentError::Wrong(message)) => {
                Answer::ready(outcome(server, Ok(CallToolResult::error(message))))
            }
            Err(ArgumentError::Extractor(error)) => {
                Answer::ready(outcome(server, Err(error.into())))
            }
        }
    })
}

fn outcome(_server: &Server, result: Result<CallToolResult, ToolError>) -> Outcome {
    match result.or_else(ToolError::into_result) {
        Ok(result) => Body::encode(result).map_or_else(
            |_| Outcome::Error(ErrorObject::internal_error("result cannot be encoded")),
            Outcome::complete,
        ),
        Err(error) => Outcome::Error(error),
    }
}
