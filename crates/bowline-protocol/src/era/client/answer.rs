//! What a server answered, in the shape of the newest protocol version.

use super::session;
use crate::outcome::{Body, Outcome, ResultKind};
use crate::protocol::Response;
use crate::scan::{BodyKey, Message, MetaKey, Raw, Span};
use crate::table;
use bowline_types::DecodeError;
use bowline_types::jsonrpc::ErrorObject;
use bowline_types::method::{CacheHint, CacheScope};
use bowline_types::revision::{Era, Revision};
use serde_core::de::DeserializeOwned;
use std::{error, fmt};

/// The result of a request of ours.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Answer {
    /// Its type.
    pub kind: ResultKind,
    /// How long and by whom it may be kept; only of a method that is cacheable, and of a finished result.
    pub cache: Option<CacheHint>,
    /// The result whole, an object.
    pub text: Raw,
    envelope: Envelope,
}

impl Answer {
    /// Reads what came for a request of this method.
    ///
    /// `kinds` are the types of results that extensions in use define, such as `task`; any other that the
    /// specification does not define [must be taken for an error].
    ///
    /// # Errors
    /// The error of the server, or what is wrong with its answer.
    ///
    /// [must be taken for an error]: https://modelcontextprotocol.io/specification/2026-07-28/basic/index#resulttype
    pub fn read(
        revision: Revision,
        method: &str,
        response: Response,
        kinds: &[&str],
    ) -> Result<Self, Failure> {
        match response {
            Response::Error(error) => Err(Failure::Error(session::error(revision, method, error))),
            Response::Malformed(fault) => Err(Failure::Malformed(fault)),
            Response::Result(message) => {
                let text = message.result().ok_or_else(|| Failure::malformed("no `result`"))?;
                let envelope = Envelope::of(&message);
                if revision.era() == Era::Legacy {
                    return Ok(Self { kind: ResultKind::Complete, cache: None, text, envelope });
                }
                let kind = kind_of(&message, method, kinds)?;
                let cache = cache_of(&message, method, &kind);
                Ok(Self { kind, cache, text, envelope })
            }
        }
    }

    /// Decodes the result.
    ///
    /// # Errors
    /// A [`DecodeError`] that names the path to what is wrong.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, DecodeError> {
        self.text.decode().map_err(|fault| fault.in_member("result"))
    }

    /// The same for handing on: without what belongs to the envelope, which whoever hands it on writes anew.
    ///
    /// That is the type of the result, how it may be cached, and in `_meta` who the server is. Everything else stays as
    /// the server wrote it.
    ///
    /// # Errors
    /// A [`DecodeError`] when `_meta` is no object.
    pub fn into_outcome(self) -> Result<Outcome, DecodeError> {
        let Envelope { members, meta, server_info } = self.envelope;
        let meta = match meta.is_empty() {
            true => None,
            false => meta_to_hand_on(&self.text.slice(meta), server_info)?,
        };
        let body = Body::from_raw(self.text.without(members).into_raw(), meta);
        Ok(Outcome::Result { kind: self.kind, body, cache: self.cache })
    }
}

/// What of a result belongs to the envelope, as places in its text.
#[derive(Clone, Copy, Debug, Default)]
struct Envelope {
    /// The values of its members.
    members: [Span; 4],
    /// That of `_meta`, which is among them.
    meta: Span,
    /// That of who the server is, in `_meta`.
    server_info: Span,
}

impl Envelope {
    fn of(message: &Message) -> Self {
        let [result, meta] = [message.result_span(), message.body_span(BodyKey::Meta)];
        let members = [BodyKey::ResultType, BodyKey::TtlMs, BodyKey::CacheScope, BodyKey::Meta];
        Self {
            members: members.map(|key| message.body_span(key).within(result)),
            meta: meta.within(result),
            server_info: message.meta_span(MetaKey::ServerInfo).within(meta),
        }
    }
}

/// `_meta` of a result without who the server is; `None` when nothing else is in it.
fn meta_to_hand_on(meta: &Raw, server_info: Span) -> Result<Option<Raw>, DecodeError> {
    if !meta.is_object() {
        return Err(DecodeError::new("expected an object").in_member(BodyKey::Meta.name()));
    }
    let rest = meta.without([server_info]);
    Ok((!rest.is_empty()).then(|| rest.into_raw()))
}

/// Why a request of ours has no result.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Failure {
    /// The server answered with an error.
    Error(ErrorObject),
    /// The server answered with something that is no answer, or none to this request.
    Malformed(Box<str>),
}

impl Failure {
    fn malformed(fault: impl Into<Box<str>>) -> Self {
        Self::Malformed(fault.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Error(error) => error.fmt(f),
            Self::Malformed(fault) => write!(f, "server answered with no valid response: {fault}"),
        }
    }
}

impl error::Error for Failure {}

fn kind_of(message: &Message, method: &str, kinds: &[&str]) -> Result<ResultKind, Failure> {
    if message.body(BodyKey::ResultType).is_none() {
        return Ok(ResultKind::Complete);
    }
    let Some(name) = message.body_str(BodyKey::ResultType) else {
        return Err(Failure::malformed("result.resultType: expected a string"));
    };
    match &*name {
        "complete" => Ok(ResultKind::Complete),
        "input_required" => match table::find(method) {
            Some(row) if !row.may_ask => {
                Err(Failure::malformed(format!("`{method}` may not ask for input")))
            }
            _ => Ok(ResultKind::InputRequired),
        },
        "task" if kinds.contains(&"task") => Ok(ResultKind::Task),
        other if kinds.contains(&other) => Ok(ResultKind::Other(other.into())),
        other => {
            let other: String = other.chars().take(40).flat_map(char::escape_debug).collect();
            Err(Failure::malformed(format!("result.resultType: unknown result type `{other}`")))
        }
    }
}

fn cache_of(message: &Message, method: &str, kind: &ResultKind) -> Option<CacheHint> {
    let cacheable = table::find(method).is_some_and(|row| row.cacheable);
    if !cacheable || *kind != ResultKind::Complete {
        return None;
    }
    let ttl = message.body(BodyKey::TtlMs);
    let scope = message.body_str(BodyKey::CacheScope);
    if ttl.is_none() && scope.is_none() {
        return None;
    }
    // Absent, negative and unreadable all count as stale at once.
    let ttl = ttl.and_then(|text| std::str::from_utf8(text).ok()).map(str::parse);
    let ttl_ms = ttl.and_then(Result::ok).unwrap_or(0);
    let public = scope.as_deref() == Some(CacheScope::Public.as_str());
    Some(if public { CacheHint::public(ttl_ms) } else { CacheHint::private(ttl_ms) })
}
