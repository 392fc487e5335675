//! Registering and calling tools.

use super::arguments::{ArgumentError, Arguments};
use super::catalogue::{Handler, Item};
use super::function::Function;
use super::guard::{Gate, Guard, Input, conclude, refuse};
use super::mirrored::Mirrored;
use super::output::IntoToolResult;
use super::requirement::Requirement;
use super::run::run;
use super::schema::checks::Checks;
use super::schema::raw::Validator;
use super::schema::{Side, friendly};
use super::spec::ToolSpec;
use super::{ItemKind, Server};
use crate::error::{Error, Result};
use crate::scopes::is_scope;
use crate::service::Answer;
use bowline_protocol::scan::{BodyKey, Raw};
use bowline_types::tool::{Schema, Tool};
use serde_json::Value;
use std::sync::Arc;

impl Server {
    /// Offers a tool.
    ///
    /// The input schema is derived from the function's last parameter, the output schema from what it returns,
    /// unless the definition brings its own, which is then shown as it is and enforced. Schemas of one's own need the
    /// feature `schema`, are of dialect 2020-12 (the default) or draft-07, and refer to nothing outside themselves.
    /// Arguments that break the schema are answered with a result that tells the model what to change; a result that
    /// breaks it is never sent: the caller gets an internal error, [`Server::on_error`] the details.
    ///
    /// How the tool runs (its time, its concurrency, what it needs of the client) is chained behind its definition,
    /// see [`ToolExt`](super::ToolExt).
    ///
    /// See [Tools](https://modelcontextprotocol.io/specification/2026-07-28/server/tools).
    #[must_use]
    pub fn tool<M, F>(self, tool: impl Into<ToolSpec>, function: F) -> Self
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
    /// When its name is taken, its definition cannot be encoded, or a schema cannot be checked.
    pub fn add_tool<M, F>(&self, tool: impl Into<ToolSpec>, function: F) -> Result<()>
    where
        F: Function<M>,
        F::Output: IntoToolResult,
    {
        let mut spec = tool.into();
        let tags = std::mem::take(&mut spec.tags);
        let scopes = std::mem::take(&mut spec.scopes);
        if let Some(wrong) = scopes.iter().find(|scope| !is_scope(scope)) {
            let name = &spec.tool.name;
            return Err(Error::invalid(format!("tool `{name}`: {wrong:?} is no scope")));
        }
        let (tool, guard) =
            registered(spec, F::schema(), F::Output::output_schema(), self.is_precise())?;
        let item = Item {
            name: tool.name.as_str().into(),
            definition: Raw::encode(&tool)?,
            scopes,
            handler: handler(guard, function),
        };
        if !tags.is_empty() {
            self.set_tags(ItemKind::Tool, &item.name, tags.iter().map(AsRef::as_ref));
        }
        self.ask_for_scopes(!item.scopes.is_empty());
        self.offer(|catalogue| &mut catalogue.tools, item)
    }

    fn is_precise(&self) -> bool {
        self.settings().precise_schemas
    }
}

/// Decides who checks what, and what clients are shown.
fn registered(
    spec: ToolSpec,
    input: Option<Schema>,
    output: Option<Schema>,
    precise: bool,
) -> Result<(Tool, Guard)> {
    let mut tool = spec.tool;
    let name = tool.name.clone();
    let fault = |what: String| Error::invalid(format!("tool `{name}`: {what}"));
    let precise = precise || spec.precise;
    let shown = |schema, side| if precise { schema } else { friendly(schema, side) };

    // The schema that a definition has when nothing was said about it.
    let own = tool.input_schema != Schema::default();
    let checks = match input {
        _ if own => {
            let schema = Value::Object(tool.input_schema.as_map().clone());
            Input::Schema(
                Validator::compile(&schema).map_err(|why| fault(format!("input schema: {why}")))?,
            )
        }
        Some(schema) => {
            let checks =
                Checks::compile(&schema).map_err(|why| fault(format!("input schema: {why}")))?;
            tool.input_schema = of_objects(shown(schema, Side::Input));
            Input::Decoded(checks)
        }
        None => Input::Unused,
    };
    if tool.input_schema.get("type").is_none_or(|kind| kind != "object") {
        return Err(fault(
            "input schema: `type` must be `object`, since arguments have names".to_owned(),
        ));
    }
    let validator = match &tool.output_schema {
        Some(schema) => {
            let schema = Value::Object(schema.as_map().clone());
            let validator = Validator::compile(&schema)
                .map_err(|why| fault(format!("output schema: {why}")))?;
            Some(Arc::new(validator))
        }
        None => {
            tool.output_schema = output.map(|schema| shown(schema, Side::Output));
            None
        }
    };
    let requirement = spec.requires.map(Requirement::new).transpose();
    let guard = Guard {
        name: tool.name.as_str().into(),
        requirement: requirement.map_err(|why| fault(format!("required capabilities: {why}")))?,
        mirrored: Mirrored::of(&tool.input_schema)
            .map_err(|why| fault(format!("input schema: {why}")))?,
        input: checks,
        output: validator,
        timeout: spec.timeout,
        gate: spec.concurrency.map(Gate::new),
    };
    Ok((tool, guard))
}

/// Types such as enums and `Value` do not say that they are objects; as arguments they can be nothing else.
fn of_objects(schema: Schema) -> Schema {
    if schema.get("type").is_some() {
        return schema;
    }
    let mut keywords = schema.into_map();
    keywords.insert("type".to_owned(), "object".into());
    Schema::from(keywords)
}

/// Boxes a function: from here on nothing is generic any more.
fn handler<M, F>(guard: Guard, function: F) -> Handler
where
    F: Function<M>,
    F::Output: IntoToolResult,
{
    Box::new(move |server, cx| {
        let permit = match guard.admit(&cx) {
            Ok(permit) => permit,
            Err(outcome) => return Answer::ready(outcome),
        };
        let arguments = Arguments::Json(cx.request().param(BodyKey::Arguments));
        match function.start(&cx, arguments) {
            Ok(future) => {
                let limit = guard.limit(server);
                let schema = guard.output.clone();
                let call = cx.clone();
                Answer::new(run(server.clone(), cx, limit, future, move |server, output| {
                    // Taken along, so that it lasts as long as the call.
                    drop(permit);
                    conclude(server, &call, schema.as_deref(), output)
                }))
            }
            Err(ArgumentError::Wrong(said)) => Answer::ready(guard.undecoded(&cx, said)),
            Err(ArgumentError::Extractor(error)) => {
                Answer::ready(refuse(server, &cx, error.into()))
            }
        }
    })
}

#[cfg(test)]
mod tests;
