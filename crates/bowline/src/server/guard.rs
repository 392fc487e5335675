//! What is decided about a call of a tool before its function starts, and about its result before it is sent.

use super::Server;
use super::dispatch::arguments;
use super::json::ROOT;
use super::mirrored::Mirrored;
use super::output::{BROKEN, IntoToolResult, ToolError, encode};
use super::requirement::Requirement;
use super::schema::checks::Checks;
use super::schema::raw::Validator;
use crate::context::Context;
use bowline_protocol::era;
use bowline_protocol::outcome::Outcome;
use bowline_protocol::scan::BodyKey;
use bowline_types::jsonrpc::ErrorObject;
use bowline_types::tool::CallToolResult;
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Everything that was fixed about a tool when it was registered.
#[derive(Debug)]
pub(super) struct Guard {
    pub(super) name: Box<str>,
    pub(super) requirement: Option<Requirement>,
    pub(super) mirrored: Mirrored,
    pub(super) input: Input,
    pub(super) output: Option<Arc<Validator>>,
    pub(super) timeout: Option<Duration>,
    pub(super) gate: Option<Arc<Gate>>,
}

/// Who checks the arguments.
#[derive(Debug)]
pub(super) enum Input {
    /// Nobody: the function takes none.
    Unused,
    /// The decoder of a Rust type, and what its schema says beyond that.
    Decoded(Checks),
    /// A schema of the user's own.
    Schema(Validator),
}

impl Guard {
    /// Lets a call in, or answers it.
    pub(super) fn admit(&self, cx: &Context) -> Result<Option<Permit>, Outcome> {
        if let Some(requirement) = &self.requirement {
            requirement.check(cx)?;
        }
        let arguments = arguments(cx)?;
        self.mirrored.check(cx.headers(), arguments)?;
        match &self.input {
            Input::Unused => {}
            Input::Decoded(checks) if !checks.are_bounded() => {}
            Input::Decoded(checks) => {
                let found = checks.run(&tree(cx, arguments)?, arguments.len());
                if !found.bounds.is_empty() {
                    return Err(wrong(cx, found.bounds.into_iter().chain(found.shape)));
                }
            }
            Input::Schema(schema) => {
                let found = schema.violations(&tree(cx, arguments)?, MAX_LINES);
                if !found.is_empty() {
                    return Err(wrong(cx, found));
                }
            }
        }
        self.gate.as_ref().map(|gate| gate.enter(&self.name)).transpose()
    }

    /// Answers a call whose arguments did not decode, with all that the schema tells about it.
    #[cold]
    pub(super) fn undecoded(&self, cx: &Context, said: String) -> Outcome {
        let arguments = cx.request().param(BodyKey::Arguments).unwrap_or(b"{}");
        let Input::Decoded(checks) = &self.input else { return wrong(cx, [said]) };
        let Ok(value) = tree(cx, arguments) else { return wrong(cx, [said]) };
        let found = checks.run(&value, arguments.len());
        // The decoder stops at the first fault. What it says of that counts where the schema has less to say.
        let place = |line: &str| line.split(": ").next().unwrap_or_default().to_owned();
        let at = place(&said);
        let same = |line: &String| place(line) == at;
        // A decoder that had to read a value whole before it could refuse it no longer knows where it was.
        let told = found.shape.iter().any(same)
            || at == ROOT && !(found.shape.is_empty() && found.unclear.is_empty());
        let unclear = found.unclear.into_iter().filter(|line| !at.starts_with(&place(line)));
        let said = (!told).then_some(said);
        wrong(cx, said.into_iter().chain(found.shape).chain(unclear).chain(found.bounds))
    }

    /// How long the function may run.
    pub(super) fn limit(&self, server: &Server) -> Option<Duration> {
        self.timeout.or_else(|| server.settings().handler_timeout)
    }
}

/// Makes the answer out of what a function returned.
pub(super) fn conclude(
    server: &Server,
    cx: &Context,
    schema: Option<&Validator>,
    output: impl IntoToolResult,
) -> Outcome {
    let body = match schema {
        None => output.into_body(),
        Some(schema) => match output.into_tool_result() {
            Ok(result) => match broken(schema, &result) {
                None => encode(result),
                Some(how) => {
                    return server.failed(cx, "result breaks the tool's output schema", Some(&how));
                }
            },
            Err(error) => Err(error),
        },
    };
    body.map_or_else(|error| refuse(server, cx, error), Outcome::complete)
}

/// Makes the answer out of why a tool did not do its work.
#[cold]
pub(super) fn refuse(server: &Server, cx: &Context, error: ToolError) -> Outcome {
    if let Some(details) = error.unexpected() {
        return server.failed(cx, BROKEN, Some(details));
    }
    match error.into_result() {
        Ok(result) => answer(result),
        Err(error) => Outcome::Error(error),
    }
}

/// How a result breaks the schema that was promised. Failures promise nothing.
fn broken(schema: &Validator, result: &CallToolResult) -> Option<String> {
    if result.is_error == Some(true) {
        return None;
    }
    let Some(value) = &result.structured_content else {
        return Some("structured content is missing".to_owned());
    };
    let found = schema.violations(value, MAX_LINES);
    (!found.is_empty()).then(|| found.join("\n"))
}

fn tree(cx: &Context, arguments: &[u8]) -> Result<Value, Outcome> {
    // The scanner lets through what is JSON but no text or number that a program can hold.
    serde_json::from_slice(arguments).map_err(|error| wrong(cx, [format!("arguments: {error}")]))
}

fn wrong(cx: &Context, lines: impl IntoIterator<Item = String>) -> Outcome {
    let lines: Vec<String> = lines.into_iter().take(MAX_LINES).collect();
    era::argument_violation(cx.request(), &format!("invalid arguments:\n{}", lines.join("\n")))
}

fn answer(result: CallToolResult) -> Outcome {
    encode(result).map_or_else(|_| ErrorObject::internal_error(BROKEN).into(), Outcome::complete)
}

/// How many calls of a tool may run at once.
#[derive(Debug)]
pub(super) struct Gate {
    running: AtomicUsize,
    limit: usize,
}

impl Gate {
    pub(super) fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self { running: AtomicUsize::new(0), limit })
    }

    fn enter(self: &Arc<Self>, tool: &str) -> Result<Permit, Outcome> {
        // Made before it is known whether there is room: its drop gives back what was taken.
        let before = self.running.fetch_add(1, Ordering::Relaxed);
        let permit = Permit(self.clone());
        if before < self.limit {
            return Ok(permit);
        }
        Err(answer(CallToolResult::error(format!(
            "tool `{tool}` is busy with {} calls, which is as many as it runs at once; try again later",
            self.limit
        ))))
    }
}

/// One running call of a tool; its drop ends the count.
#[derive(Debug)]
pub(super) struct Permit(Arc<Gate>);

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::Relaxed);
    }
}

const MAX_LINES: usize = 5;
