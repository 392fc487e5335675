//! Writing for a session: what the newest protocol version appends to every result is not appended here.

use crate::dialect;
use crate::era::{Incoming, modern};
use crate::outcome::{Outcome, ResultKind};
use crate::scan::{Kind, MAX_DEPTH, Message, MetaKey, Raw, Scanned, scan};
use crate::table;
use bowline_types::jsonrpc::ErrorObject;
use bowline_types::revision::Revision;
use bytes::Bytes;
use serde_json::{Map, Value, json};

/// Writes the answer to a request of this method, in the shape of this protocol version.
#[must_use]
pub fn response(revision: Revision, method: &str, id: &[u8], outcome: &Outcome) -> Raw {
    Raw::written(response_pieces(revision, method, id, outcome).concat())
}

/// As [`response`], in pieces to be sent one after the other, so that a large result is not copied.
#[must_use]
pub fn response_pieces(
    revision: Revision,
    method: &str,
    id: &[u8],
    outcome: &Outcome,
) -> [Bytes; 3] {
    let whole = |raw: Raw| [raw.into_bytes(), Bytes::new(), Bytes::new()];
    let error = |error: &ErrorObject| whole(error_response(Some(revision), Some(id), error));
    let body = match dialect::outcome(revision, method, outcome.clone()) {
        Outcome::Error(fault) => return error(&fault),
        Outcome::Result { kind: ResultKind::Complete, body, .. } => body,
        // Whoever serves a session asks it live; a result that asks has nobody to go to.
        Outcome::Result { kind, .. } => {
            let kind = kind.as_str();
            let fault = format!("a result of type {kind} does not exist in this protocol version");
            return error(&ErrorObject::internal_error(fault));
        }
    };
    let members = body.members().clone().into_bytes();
    // Without the braces.
    let members = members.slice(1..members.len().max(2) - 1);
    let head = [br#"{"jsonrpc":"2.0","id":"#, id, br#","result":{"#].concat();
    let comma: &[u8] = if members.trim_ascii().is_empty() { b"" } else { b"," };
    let tail = match body.meta() {
        Some(meta) => [comma, b"\"_meta\":", meta.as_bytes(), b"}}"].concat(),
        None => b"}}".to_vec(),
    };
    [head.into(), members, tail.into()]
}

/// Writes an error response.
///
/// Without an id, because the request's could not be read, it has `null` there until 2025-06-18, which required the
/// member, and none since, nor as long as no protocol version is agreed on.
#[must_use]
pub fn error_response(revision: Option<Revision>, id: Option<&[u8]>, error: &ErrorObject) -> Raw {
    let required = revision.is_some_and(|revision| revision <= Revision::V2025_06_18);
    let missing: Option<&[u8]> = required.then_some(b"null");
    modern::error_response(id.or(missing), error)
}

/// A notification of the newest protocol version in the shape of this one; `None` when it does not exist there.
///
/// What names the stream of `subscriptions/listen` is taken off: there is none.
#[must_use]
pub fn notification(revision: Revision, notification: &Raw) -> Option<Raw> {
    let message = message_of(notification)?;
    let exists = table::find(&message.method()).is_none_or(|row| row.exists_in(revision));
    if !exists {
        return None;
    }
    if message.meta(MetaKey::SubscriptionId).is_none() {
        return Some(notification.clone());
    }
    let mut params: Value = message.params()?.decode().ok()?;
    let meta = params.get_mut("_meta").and_then(Value::as_object_mut)?;
    meta.remove(MetaKey::SubscriptionId.name());
    if meta.is_empty() {
        params.as_object_mut()?.remove("_meta");
    }
    crate::write::notification(&message.method(), &params).ok()
}

fn message_of(notification: &Raw) -> Option<Message> {
    match scan(notification.clone().into_bytes(), MAX_DEPTH) {
        Ok(Scanned::Message(message)) if message.kind() == Ok(Kind::Notification) => Some(message),
        _ => None,
    }
}

/// A request of the newest protocol version that the session itself makes.
pub(super) fn request(
    id: &str,
    method: &str,
    capabilities: Option<&Raw>,
    fill: impl FnOnce(&mut Map<String, Value>),
) -> Option<Incoming> {
    let mut params = Map::new();
    fill(&mut params);
    let meta = json!({
        MetaKey::ProtocolVersion.name(): modern::SUPPORTED.first()?.as_str(),
        MetaKey::ClientCapabilities.name(): capabilities.map_or_else(|| json!({}), |raw| json!(raw)),
    });
    params.insert("_meta".to_owned(), meta);
    let text = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
    match scan(text.to_string().into(), MAX_DEPTH) {
        Ok(Scanned::Message(message)) => modern::admit(message).ok(),
        _ => None,
    }
}

/// The answer to `initialize`.
pub(super) fn initialized(id: &[u8], result: &Raw) -> Raw {
    Raw::written(
        [br#"{"jsonrpc":"2.0","id":"#, id, br#","result":"#, result.as_bytes(), b"}"].concat(),
    )
}

/// The answer to a request whose result says no more than that it was done.
pub(super) fn empty(id: &[u8]) -> Raw {
    Raw::written([br#"{"jsonrpc":"2.0","id":"#, id, br#","result":{}}"#].concat())
}
