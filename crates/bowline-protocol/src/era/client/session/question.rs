//! Questions that a session's server asks by requests of its own.

use crate::dialect::{Feature, QUESTION_KEY, Unsupported};
use crate::era::Incoming;
use crate::outcome::Body;
use crate::scan::{BodyKey, EncodeError};
use bowline_types::DecodeError;
use bowline_types::decode_value;
use bowline_types::input::{InputRequest, InputResponse};
use bowline_types::method::{CreateMessage, Method};
use bowline_types::revision::Revision;
use serde_json::{Map, Value, json};
use std::{error, fmt};

/// A question of a server, in the shape of the newest protocol version.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Asked {
    /// What tells it from other questions of the same call, where the server said that.
    pub key: Option<String>,
    /// The question.
    pub request: InputRequest,
}

/// Reads a request of a session's server as a question; `None` for a method that is none.
///
/// # Errors
/// A [`DecodeError`] that names what is wrong with its params.
pub fn question(incoming: &Incoming) -> Option<Result<Asked, DecodeError>> {
    let method = incoming.method();
    if !QUESTIONS.contains(&&*method) {
        return None;
    }
    let meta: Option<Map<String, Value>> =
        incoming.param_raw(BodyKey::Meta).and_then(|meta| meta.decode().ok());
    let key = meta.and_then(|meta| Some(meta.get(QUESTION_KEY)?.as_str()?.to_owned()));
    let mut message = json!({ "method": method });
    if let Some(params) = incoming.params() {
        match params.decode::<Value>() {
            Ok(params) => message["params"] = params,
            Err(fault) => return Some(Err(fault.in_member("params"))),
        }
    }
    Some(decode_value(message).map(|request| Asked { key, request }))
}

/// The answer to a question, in the shape of a protocol version.
///
/// # Errors
/// [`Unsayable`] when the protocol version has no shape for it; the server is told so by an error.
pub fn reply_to_question(
    revision: Revision,
    method: &str,
    answer: InputResponse,
) -> Result<Body, Unsayable> {
    let mut members = answer.into_map();
    if method == CreateMessage::NAME {
        message_of_model(revision, &mut members)?;
    }
    let meta = members.remove("_meta");
    let body = Body::of(&members)?;
    match meta {
        Some(meta) => Ok(body.with_meta(&meta)?),
        None => Ok(body),
    }
}

/// The requests of a server that are questions.
const QUESTIONS: &[&str] = &["sampling/createMessage", "elicitation/create", "roots/list"];

/// Why an answer cannot be given.
#[derive(Debug)]
#[non_exhaustive]
pub enum Unsayable {
    /// The protocol version lacks what it needs.
    Unsupported(Unsupported),
    /// A message of the model has several parts, and the protocol version knows only one.
    SeveralParts(Revision),
    /// It cannot be encoded.
    Encode(EncodeError),
}

/// A message had one block of content until 2025-06-18, and no audio until 2024-11-05.
fn message_of_model(revision: Revision, members: &mut Map<String, Value>) -> Result<(), Unsayable> {
    let Some(content) = members.get_mut("content") else {
        return Ok(());
    };
    if revision <= Revision::V2025_06_18
        && let Value::Array(blocks) = content
    {
        let one = one_block(blocks).ok_or(Unsayable::SeveralParts(revision))?;
        *content = one;
    }
    let is_audio = |block: &Value| block["type"] == "audio";
    if is_audio(content) || content.as_array().is_some_and(|blocks| blocks.iter().any(is_audio)) {
        Unsupported::check(revision, Feature::SamplingWithAudio)?;
    }
    Ok(())
}

/// The only block, or the text of all if all are text.
fn one_block(blocks: &[Value]) -> Option<Value> {
    if let [one] = blocks {
        return Some(one.clone());
    }
    let texts =
        blocks.iter().map(|block| block["text"].as_str().filter(|_| block["type"] == "text"));
    let text: Option<String> = texts.collect();
    Some(json!({ "type": "text", "text": text? }))
}

impl From<Unsupported> for Unsayable {
    fn from(fault: Unsupported) -> Self {
        Self::Unsupported(fault)
    }
}

impl From<EncodeError> for Unsayable {
    fn from(fault: EncodeError) -> Self {
        Self::Encode(fault)
    }
}

impl fmt::Display for Unsayable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsupported(Unsupported { feature, revision }) => {
                write!(
                    f,
                    "{feature} does not exist in protocol version {revision}, which this server speaks"
                )
            }
            Self::SeveralParts(revision) => write!(
                f,
                "a message of several parts does not exist in protocol version {revision}, which this server speaks"
            ),
            Self::Encode(fault) => fault.fmt(f),
        }
    }
}

impl error::Error for Unsayable {}
