//! The protocol versions in which every request stands for itself.
//!
//! See [Per-request protocol fields](https://modelcontextprotocol.io/specification/2026-07-28/basic/index#meta) and
//! [Versioning](https://modelcontextprotocol.io/specification/2026-07-28/basic/versioning).

use super::{Incoming, Refusal};
use crate::outcome::{CacheScope, Outcome};
use crate::scan::{BodyKey, Message, MetaKey, Raw};
use crate::table::{self, Row, RowKind};
use bowline_types::jsonrpc::ErrorObject;
use bowline_types::revision::Revision;

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
        Ok(row) => Ok(Incoming { message, row, revision }),
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
        Outcome::Result { kind, body, cache } => {
            let members = body.members().members();
            let meta = body.meta().map_or(&[][..], Raw::members);
            let info = server_info.map_or(&[][..], Raw::as_bytes);
            let mut out =
                Vec::with_capacity(members.len() + meta.len() + info.len() + id.len() + 160);
            out.extend_from_slice(b"{\"jsonrpc\":\"2.0\",\"id\":");
            out.extend_from_slice(id);
            out.extend_from_slice(b",\"result\":{");
            if !members.is_empty() {
                out.extend_from_slice(members);
                out.push(b',');
            }
            out.extend_from_slice(b"\"resultType\":");
            crate::scan::encode_text(&mut out, kind.as_str());
            if let Some(hint) = cache {
                out.extend_from_slice(b",\"ttlMs\":");
                out.extend_from_slice(hint.ttl_ms.to_string().as_bytes());
                out.extend_from_slice(match hint.scope {
                    CacheScope::Public => b",\"cacheScope\":\"public\"".as_slice(),
                    CacheScope::Private => b",\"cacheScope\":\"private\"".as_slice(),
                });
            }
            if !(meta.is_empty() && info.is_empty()) {
                out.extend_from_slice(b",\"_meta\":{");
                out.extend_from_slice(meta);
                if !info.is_empty() {
                    if !meta.is_empty() {
                        out.push(b',');
                    }
                    out.push(b'"');
                    out.extend_from_slice(MetaKey::ServerInfo.name().as_bytes());
                    out.extend_from_slice(b"\":");
                    out.extend_from_slice(info);
                }
                out.push(b'}');
            }
            out.extend_from_slice(b"}}");
            Raw::written(out)
        }
        Outcome::Error(error) => error_response(Some(id), error),
    }
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
    let supported = SUPPORTED.iter().map(|revision| revision.as_str());
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

fn is_string_or_integer(value: &[u8]) -> bool {
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
