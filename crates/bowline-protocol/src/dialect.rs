//! What messages look like in the older protocol versions: a ladder of small steps down from the newest.
//!
//! Each step knows one difference, the newest protocol version that has it, and a few bytes without which a message
//! cannot be concerned; most messages are concerned by none and are passed on unread. What belongs to the envelope of
//! the newest protocol version is no step: whoever writes for an older one does not append it.
//!
//! Members that only add something (`title`, `icons`, `_meta`, `annotations` of a tool, `lastModified`) stay: no
//! schema of any protocol version forbids members it does not know, a client passes over them, and one that is newer
//! than the version it agreed on may use them. What a client cannot pass over is translated: kinds of content and
//! codes of errors, by which it decides what to do; members whose shape changed; and members that only repeat at
//! length what stands elsewhere (`structuredContent`, `outputSchema`).

mod capability;
mod content;
mod error;
mod feature;
mod question;
mod structured;

#[cfg(test)]
mod tests;

pub use capability::{client_capabilities, declared_capabilities, server_capabilities};
pub use feature::{Feature, Unsupported, supports};
pub use question::{QUESTION_KEY, QuestionError, question};

use crate::outcome::{Body, Outcome};
use crate::scan::Raw;
use bowline_types::jsonrpc::ErrorObject;
use bowline_types::method::{CallTool, Complete, GetPrompt, ListTools, Method};
use bowline_types::revision::Revision;
use memchr::memmem;
use serde_json::{Map, Value};

/// How the newest protocol version ends an exchange of this method, in the shape of another one.
#[must_use]
pub fn outcome(revision: Revision, method: &str, outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Result { kind, body, cache } => {
            Outcome::Result { kind, body: result(revision, method, body), cache }
        }
        Outcome::Error(error) => Outcome::Error(error::down(revision, method, error)),
    }
}

/// How arguments are refused that break the tool's schema: as a result that the model sees, or as an error.
///
/// See the changes of [2025-11-25](https://modelcontextprotocol.io/specification/2025-11-25/changelog).
#[must_use]
pub fn argument_violation(revision: Revision, message: &str) -> Outcome {
    error::argument_violation(revision, message)
}

/// An error that a server of a protocol version answered with, in the shape of the newest one.
#[must_use]
pub fn newest_error(revision: Revision, method: &str, error: ErrorObject) -> ErrorObject {
    error::up(revision, method, error)
}

/// The params of a client's request in the shape of a protocol version.
///
/// Of all requests only `completion/complete` ever gained a member that older servers refuse: the arguments that are
/// known already.
#[must_use]
pub fn params(revision: Revision, method: &str, params: Body) -> Body {
    if method != Complete::NAME || revision >= Revision::V2025_06_18 {
        return params;
    }
    let without = || {
        let mut members: Map<String, Value> = params.members().decode().ok()?;
        members.remove("context")?;
        Body::of(&members).ok()
    };
    match without() {
        Some(body) => body.with_raw_meta(params.meta().cloned()),
        None => params,
    }
}

/// One difference between results, and the newest protocol version that has it.
struct Step {
    until: Revision,
    method: &'static str,
    /// Text without which a result is not concerned.
    sign: &'static str,
    down: fn(&mut Map<String, Value>),
}

const fn step(
    until: Revision,
    method: &'static str,
    sign: &'static str,
    down: fn(&mut Map<String, Value>),
) -> Step {
    Step { until, method, sign, down }
}

/// The differences between results, the newest first: each step may build on those before it.
#[rustfmt::skip]
static LADDER: &[Step] = &[
    step(Revision::V2025_11_25, CallTool::NAME, "structuredContent", structured::only_objects),
    step(Revision::V2025_11_25, ListTools::NAME, "outputSchema", structured::only_schemas_of_objects),
    step(Revision::V2025_03_26, CallTool::NAME, "structuredContent", structured::none),
    step(Revision::V2025_03_26, ListTools::NAME, "outputSchema", structured::no_schemas),
    step(Revision::V2025_03_26, CallTool::NAME, "resource_link", content::links_of_result),
    step(Revision::V2025_03_26, GetPrompt::NAME, "resource_link", content::links_of_prompt),
    step(Revision::V2024_11_05, CallTool::NAME, "audio", content::audio_of_result),
    step(Revision::V2024_11_05, GetPrompt::NAME, "audio", content::audio_of_prompt),
];

fn result(revision: Revision, method: &str, body: Body) -> Body {
    let text = body.members().as_bytes();
    // A sign may be written with escapes.
    let escaped = memmem::find(text, b"\\u").is_some();
    let concerned = |step: &&Step| {
        revision <= step.until
            && step.method == method
            && (escaped || memmem::find(text, step.sign.as_bytes()).is_some())
    };
    let mut steps = LADDER.iter().filter(concerned).peekable();
    if steps.peek().is_none() {
        return body;
    }
    rewritten(&body, steps).unwrap_or(body)
}

/// `None` for a result that cannot be taken apart, which the scanner never lets in.
fn rewritten<'a>(body: &Body, steps: impl Iterator<Item = &'a Step>) -> Option<Body> {
    let mut members: Map<String, Value> = body.members().decode().ok()?;
    for step in steps {
        (step.down)(&mut members);
    }
    let rewritten = Body::of(&members).ok()?;
    match body.meta() {
        None => Some(rewritten),
        Some(meta) => rewritten.with_meta::<Raw>(meta).ok(),
    }
}
