//! Which requests are of a session, and what their heads must say.

use super::live::Live;
use super::sessions::{Missing, Sessions};
use super::table::Full;
use crate::principal::Principal;
use crate::transport::http::refuse::{Refused, only_post, refuse, refuse_unread};
use bowline_protocol::era::{legacy, modern};
use bowline_protocol::http::{HeaderMap, HeaderName, HeaderValue};
use bowline_protocol::limits::busy;
use bowline_protocol::scan::{MetaKey, Scanned};
use bowline_types::jsonrpc::ErrorObject;
use bowline_types::revision::Revision;
use http::{StatusCode, header};
use std::sync::Arc;

/// `Mcp-Session-Id`
pub(super) static SESSION_ID: HeaderName = HeaderName::from_static("mcp-session-id");
/// `Last-Event-ID`
pub(super) static LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// `MCP-Protocol-Version`
static PROTOCOL_VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");

/// Whether a POST is of a session, or of a client that should have one.
///
/// A message that says itself which newer protocol version it speaks is not, whatever headers are around it.
pub(super) fn concerns(headers: &HeaderMap, body: &Scanned) -> bool {
    let old = |version: &HeaderValue| is_one_of(legacy::SUPPORTED, version.as_bytes());
    let of_session =
        || headers.contains_key(&SESSION_ID) || headers.get(&PROTOCOL_VERSION).is_some_and(old);
    match body {
        Scanned::Batch(_) => of_session(),
        Scanned::Message(message) => match message.meta_str(MetaKey::ProtocolVersion) {
            Some(version) if is_one_of(modern::SUPPORTED, version.as_bytes()) => false,
            // Whoever says it there expects to be told what is spoken that way.
            Some(_) => headers.contains_key(&SESSION_ID),
            None => of_session() || legacy::opens(message),
        },
    }
}

/// Refuses what is no POST to clients that say that they have no sessions.
pub(super) fn check_method(headers: &HeaderMap) -> Result<(), Refused> {
    let new = |version: &HeaderValue| is_one_of(modern::SUPPORTED, version.as_bytes());
    if headers.get(&PROTOCOL_VERSION).is_some_and(new) {
        return Err(only_post("POST"));
    }
    Ok(())
}

/// Takes out of the headers what whoever has it can speak with for the client: no handler and no log gets it.
pub(super) fn strip(headers: &mut HeaderMap) {
    for name in [&SESSION_ID, &LAST_EVENT_ID] {
        headers.remove(name);
    }
}

/// The id of the session that a request names.
pub(super) fn session_id(headers: &HeaderMap) -> Result<Option<&HeaderValue>, Refused> {
    the_only(headers, &SESSION_ID, "Mcp-Session-Id")
}

/// The session that a request must name.
pub(super) async fn session(
    sessions: &Arc<Sessions>,
    headers: &HeaderMap,
    principal: &Principal,
) -> Result<Arc<Live>, Refused> {
    let Some(id) = session_id(headers)? else {
        return Err(refuse_unread(
            StatusCode::BAD_REQUEST,
            "header Mcp-Session-Id is missing; open a session with `initialize`, and send its id with every request",
        ));
    };
    let live = sessions.find(principal, id.as_bytes()).await.map_err(missing)?;
    check_version(headers)?;
    Ok(live)
}

/// Checks the header that repeats the protocol version of a session.
///
/// It may be left out. It should be the version that was agreed on, but clients are about that send another one; the
/// session knows better, so that only what no session can speak is refused.
fn check_version(headers: &HeaderMap) -> Result<(), Refused> {
    match the_only(headers, &PROTOCOL_VERSION, "MCP-Protocol-Version")? {
        Some(version) if !is_one_of(legacy::SUPPORTED, version.as_bytes()) => {
            let known: Vec<_> = legacy::SUPPORTED.iter().map(|version| version.as_str()).collect();
            let known = known.join(", ");
            let message =
                format!("header MCP-Protocol-Version must be one of {known} in a session");
            Err(refuse_unread(StatusCode::BAD_REQUEST, message))
        }
        _ => Ok(()),
    }
}

/// Tells that nothing more comes on the stream that a client wants to go on with: it is over, was never there, or is
/// of another session. A stream that ends at once would make clients ask again for ever.
pub(super) fn nothing_more() -> Refused {
    refuse_unread(
        StatusCode::METHOD_NOT_ALLOWED,
        "nothing more comes behind the event that header Last-Event-ID names",
    )
    .header(header::ALLOW, "POST, DELETE")
}

/// Tells why there is no session.
pub(super) fn missing(why: Missing) -> Refused {
    match why {
        // Word for word the same whether it never was, has ended, or is somebody else's.
        Missing::Unknown => refuse_unread(
            StatusCode::NOT_FOUND,
            "no such session; open another one with `initialize`",
        ),
        Missing::Full(Full::Principal) => too_many(StatusCode::TOO_MANY_REQUESTS),
        Missing::Full(Full::All) => too_many(StatusCode::SERVICE_UNAVAILABLE),
        Missing::Unavailable => refuse_unread(
            StatusCode::SERVICE_UNAVAILABLE,
            "sessions are not available; try again later",
        )
        .header(header::RETRY_AFTER, "5"),
    }
}

fn too_many(status: StatusCode) -> Refused {
    let error = ErrorObject::new(busy(0).code, "too many sessions are open; try again later");
    refuse(status, None, &error).header(header::RETRY_AFTER, "5")
}

/// The value of a header that may stand only once: two of them would let two readers believe different ones.
fn the_only<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
    title: &str,
) -> Result<Option<&'a HeaderValue>, Refused> {
    let mut values = headers.get_all(name).iter();
    let first = values.next();
    if values.next().is_some() {
        let message = format!("header {title} stands more than once");
        return Err(refuse_unread(StatusCode::BAD_REQUEST, message));
    }
    Ok(first)
}

fn is_one_of(versions: &[Revision], text: &[u8]) -> bool {
    versions.iter().any(|version| version.as_str().as_bytes() == text)
}
