//! The protocol versions in which every request stands for itself.
//!
//! See [Per-request protocol fields](https://modelcontextprotocol.io/specification/2026-07-28/basic/index#meta) and
//! [Versioning](https://modelcontextprotocol.io/specification/2026-07-28/basic/versioning).

use super::{Incoming, Refusal};
use crate::outcome::{Body, CacheHint, Outcome, ResultKind};
use crate::scan::{BodyKey, Message, MetaKey, Raw};
use crate::table::{self, Row, RowKind};
use bowline_types::jsonrpc::ErrorObject;
use bowline_types::revision::Revision;
use bytes::Bytes;
use std::borrow::Cow;

/// The protocol versions of this kind, newest first.
pub const SUPPORTED: &[Revision] = &[Revision::V2026_07_28];

/// Admits a request by what its `_meta` says.
///
/// # Errors
/// A [`Refusal`] with the code the specification gives to each fault.
pub fn admit(message: Message) -> Result<Incoming, Refusal> {
    let revision = match version_of(&message) {
        Ok(revision) => revision,
        Err(error) => return Err(Refusal::of(&message, error)),
    };
    match checked_row(&message, revision) {
        Ok(row) => Ok(Incoming::new(message, row, revision)),
        Err(error) => Err(Refusal::of(&message, error)),
    }
}

/// The protocol version a request says it speaks.
///
/// # Errors
/// Invalid params where there is none, unsupported protocol version where it is not ours.
pub fn version_of(message: &Message) -> Result<Revision, ErrorObject> {
    let Some(value) = message.meta(MetaKey::ProtocolVersion) else {
        // What an older client opens with; it is told which versions there are.
        if let Some(offered) = message.body_str(BodyKey::ProtocolVersion) {
            return Err(unsupported(&offered));
        }
        return Err(missing_meta(MetaKey::ProtocolVersion));
    };
    let Some(text) = message.meta_str(MetaKey::ProtocolVersion) else {
        return Err(wrong_meta(MetaKey::ProtocolVersion, "a string", value));
    };
    SUPPORTED
        .iter()
        .copied()
        .find(|revision| revision.as_str() == text)
        .ok_or_else(|| unsupported(&text))
}

/// Checks the rest of `_meta` and finds the method.
fn checked_row(message: &Message, revision: Revision) -> Result<&'static Row, ErrorObject> {
    match message.meta(MetaKey::ClientCapabilities) {
        None => return Err(missing_meta(MetaKey::ClientCapabilities)),
        Some(value) if !is_object(value) => {
            return Err(wrong_meta(MetaKey::ClientCapabilities, "an object", value));
        }
        Some(_) => {}
    }
    if let Some(value) = message.meta(MetaKey::ClientInfo)
        && !is_object(value)
    {
        return Err(wrong_meta(MetaKey::ClientInfo, "an object", value));
    }
    if let Some(value) = message.meta(MetaKey::LogLevel)
        && !is_log_level(value)
    {
        return Err(wrong_meta(MetaKey::LogLevel, "a log level", value));
    }
    if let Some(value) = message.meta(MetaKey::ProgressToken)
        && !is_string_or_integer(value)
    {
        return Err(wrong_meta(MetaKey::ProgressToken, "a string or an integer", value));
    }
    let method = message.method();
    match table::find(&method) {
        None => Ok(&table::CUSTOM),
        Some(row) if row.exists_in(revision) && row.kind == RowKind::Request => Ok(row),
        Some(_) => Err(ErrorObject::method_not_found(&method)),
    }
}

/// Writes the answer to a request: one JSON-RPC response on one line.
///
/// `server_info` is put into the result's `_meta`, as servers should.
#[must_use]
pub fn response(id: &[u8], outcome: &Outcome, server_info: Option<&Raw>) -> Raw {
    match outcome {
        // One allocation of exactly the right size: what is shared as `Bytes` afterwards needs no second one.
        Outcome::Result { kind, body, cache } => {
            Raw::written(with_text(id, kind, body, cache.as_ref(), server_info, |text| {
                text.concat()
            }))
        }
        Outcome::Error(error) => error_response(Some(id), error),
    }
}

/// As [`response`], in pieces to be sent one after the other, so that a large result is not copied.
#[must_use]
pub fn response_pieces(id: &[u8], outcome: &Outcome, server_info: Option<&Raw>) -> [Bytes; 3] {
    let Outcome::Result { kind, body, cache } = outcome else {
        let whole = response(id, outcome, server_info).into_bytes();
        return [whole, Bytes::new(), Bytes::new()];
    };
    let members = body.members().clone().into_bytes();
    // Without the braces.
    let members = members.slice(1..members.len().max(2) - 1);
    with_text(id, kind, body, cache.as_ref(), server_info, |text| {
        [text[..MEMBERS].concat().into(), members, text[MEMBERS + 1..].concat().into()]
    })
}

/// Where the members of the result stand among the parts of a response.
const MEMBERS: usize = 3;

/// Hands on the parts of a response, in order.
fn with_text<T>(
    id: &[u8],
    kind: &ResultKind,
    body: &Body,
    cache: Option<&CacheHint>,
    server_info: Option<&Raw>,
    write: impl FnOnce(&[&[u8]; 14]) -> T,
) -> T {
    let members = body.members().members();
    let meta = body.meta().map_or(&[][..], Raw::members);
    let info = server_info.map_or(&[][..], Raw::as_bytes);
    let kind = type_member(kind);
    let hint = cache.map(|hint| {
        format!(",\"ttlMs\":{},\"cacheScope\":\"{}\"", hint.ttl_ms, hint.scope.as_str())
    });
    let when = |there: bool, text: &'static str| if there { text.as_bytes() } else { b"" };
    write(&[
        br#"{"jsonrpc":"2.0","id":"#,
        id,
        br#","result":{"#,
        members,
        when(!members.is_empty(), ","),
        &kind,
        hint.as_ref().map_or(&[][..], String::as_bytes),
        when(!(meta.is_empty() && info.is_empty()), ",\"_meta\":{"),
        meta,
        when(!(meta.is_empty() || info.is_empty()), ","),
        when(!info.is_empty(), "\"io.modelcontextprotocol/serverInfo\":"),
        info,
        when(!(meta.is_empty() && info.is_empty()), "}"),
        b"}}",
    ])
}

/// The member `resultType`.
fn type_member(kind: &ResultKind) -> Cow<'static, [u8]> {
    let text = match kind {
        ResultKind::Complete => r#""resultType":"complete""#,
        ResultKind::InputRequired => r#""resultType":"input_required""#,
        ResultKind::Task => r#""resultType":"task""#,
        ResultKind::Other(name) => {
            let mut out = br#""resultType":"#.to_vec();
            crate::scan::encode_text(&mut out, name);
            return Cow::Owned(out);
        }
    };
    Cow::Borrowed(text.as_bytes())
}

/// Answers a call whose arguments break the tool's schema: the model is told, so that it can do better.
///
/// See [Error handling](https://modelcontextprotocol.io/specification/2026-07-28/server/tools#error-handling).
#[must_use]
pub fn argument_violation(message: &str) -> Outcome {
    let result = serde_json::json!({
        "content": [{ "type": "text", "text": message }],
        "isError": true,
    });
    // Strings and booleans can always be encoded.
    Outcome::complete(Body::of(&result).unwrap_or_else(|_| Body::empty()))
}

/// Writes an error response; without an id when the request's could not be read.
#[must_use]
pub fn error_response(id: Option<&[u8]>, error: &ErrorObject) -> Raw {
    let mut out = Vec::with_capacity(96 + error.message.len());
    out.extend_from_slice(b"{\"jsonrpc\":\"2.0\",");
    if let Some(id) = id {
        out.extend_from_slice(b"\"id\":");
        out.extend_from_slice(id);
        out.push(b',');
    }
    out.extend_from_slice(b"\"error\":{\"code\":");
    out.extend_from_slice(error.code.0.to_string().as_bytes());
    out.extend_from_slice(b",\"message\":");
    crate::scan::encode_text(&mut out, &error.message);
    // Data that cannot be encoded is left out rather than losing the error with it.
    if let Some(data) = error.data.as_ref().and_then(|data| Raw::encode(data).ok()) {
        out.extend_from_slice(b",\"data\":");
        out.extend_from_slice(data.as_bytes());
    }
    out.extend_from_slice(b"}}");
    Raw::written(out)
}

fn unsupported(requested: &str) -> ErrorObject {
    let supported = super::supported().map(Revision::as_str);
    ErrorObject::unsupported_protocol_version(supported, requested)
}

fn missing_meta(key: MetaKey) -> ErrorObject {
    ErrorObject::invalid_params(format!(
        "params._meta.{}: missing; every request carries it",
        key.name()
    ))
}

fn wrong_meta(key: MetaKey, expected: &str, found: &[u8]) -> ErrorObject {
    ErrorObject::invalid_params(format!(
        "params._meta.{}: expected {expected}, found {}",
        key.name(),
        kind_of(found)
    ))
}

fn is_object(value: &[u8]) -> bool {
    value.first() == Some(&b'{')
}

pub(super) fn is_string_or_integer(value: &[u8]) -> bool {
    match value.first() {
        Some(b'"') => true,
        Some(b'-' | b'0'..=b'9') => !value.iter().any(|byte| matches!(byte, b'.' | b'e' | b'E')),
        _ => false,
    }
}

fn is_log_level(value: &[u8]) -> bool {
    let levels: [&[u8]; 8] = [
        b"\"debug\"",
        b"\"info\"",
        b"\"notice\"",
        b"\"warning\"",
        b"\"error\"",
        b"\"critical\"",
        b"\"alert\"",
        b"\"emergency\"",
    ];
    levels.contains(&value)
}

fn kind_of(value: &[u8]) -> &'static str {
    match value.first() {
        Some(b'{') => "an object",
        Some(b'[') => "an array",
        Some(b'"') => "another string",
        Some(b't' | b'f') => "a boolean",
        Some(b'n') => "null",
        _ => "a number",
    }
}

#[cfg(test)]
mod tests {
    use super::{response, response_pieces};
    use crate::outcome::{Body, CacheHint, CacheScope, Outcome, ResultKind};
    use crate::scan::Raw;
    use bowline_types::jsonrpc::ErrorObject;

    #[test]
    fn pieces_join_to_the_response_and_fit_their_buffers() {
        let info = Raw::parse(&b"{\"name\":\"s\"}"[..]).unwrap();
        let members = [Body::empty(), Body::of(&serde_json::json!({ "a": [1, 2] })).unwrap()];
        let metas = [serde_json::json!({}), serde_json::json!({ "m": true })];
        let kinds = [ResultKind::Complete, ResultKind::Other("a\"b".into())];
        let hint = CacheHint { ttl_ms: 7, scope: CacheScope::Private };
        for body in &members {
            for meta in &metas {
                for kind in &kinds {
                    for cache in [None, Some(hint)] {
                        for info in [None, Some(&info)] {
                            let outcome = Outcome::Result {
                                kind: kind.clone(),
                                body: body.clone().with_meta(meta).unwrap(),
                                cache,
                            };
                            let whole = response(b"1", &outcome, info);
                            let pieces = response_pieces(b"1", &outcome, info);
                            assert_eq!(pieces.concat(), whole.as_bytes(), "{whole:?}");
                            Raw::parse(whole.into_bytes()).unwrap();
                        }
                    }
                }
            }
        }
        let error = Outcome::Error(ErrorObject::invalid_params("no"));
        assert_eq!(
            response_pieces(b"1", &error, None).concat(),
            response(b"1", &error, None).as_bytes()
        );
    }
}
