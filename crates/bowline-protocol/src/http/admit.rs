//! From the head and body of a POST to a request that may be answered.
//!
//! See [Streamable HTTP](https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http).

use crate::era::{Incoming, Refusal, modern};
use crate::http::headers::{Disagreement, check_name};
use crate::scan::{BodyKey, Kind, Message, MetaKey, Scanned, scan};
use crate::table::NamedBy;
use bowline_types::jsonrpc::{ErrorCode, ErrorObject};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

/// What a POST turned out to be.
#[derive(Debug)]
pub enum Admitted {
    /// A request, to be answered.
    Request(Incoming),
    /// A notification, to be accepted without an answer.
    Notification(Message),
}

/// `MCP-Protocol-Version`
pub(super) static PROTOCOL_VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");
/// `Mcp-Method`
pub(super) static METHOD: HeaderName = HeaderName::from_static("mcp-method");
/// `Mcp-Name`
pub(super) static NAME: HeaderName = HeaderName::from_static("mcp-name");

/// Decides over one POST: scans its body, then does as [`decide`].
///
/// # Errors
/// A [`Refusal`]; [`status_of`] gives its HTTP status.
pub fn admit(headers: &HeaderMap, body: Bytes, depth: usize) -> Result<Admitted, Refusal> {
    decide(headers, scan(body, depth)?)
}

/// Decides over one POST whose body has been scanned.
///
/// # Errors
/// A [`Refusal`]; [`status_of`] gives its HTTP status.
pub fn decide(headers: &HeaderMap, body: Scanned) -> Result<Admitted, Refusal> {
    let message = match body {
        Scanned::Message(message) => message,
        Scanned::Batch(_) => {
            return Err(Refusal::anonymous(ErrorObject::invalid_request(
                "batches are not allowed; send every message in a POST of its own",
            )));
        }
    };
    match message.kind() {
        Ok(Kind::Request) => {}
        Ok(Kind::Notification) => return Ok(Admitted::Notification(message)),
        Ok(Kind::Result | Kind::Error) => {
            let error = ErrorObject::invalid_request(
                "clients send no responses; answers travel in `inputResponses` of a repeated request",
            );
            return Err(Refusal::anonymous(error));
        }
        Err(fault) => {
            return Err(Refusal::of(&message, ErrorObject::invalid_request(fault.to_string())));
        }
    }
    if let Err(error) = version_header(headers, &message) {
        return Err(Refusal::of(&message, error));
    }
    let incoming = modern::admit(message)?;
    match method_headers(headers, &incoming) {
        Ok(()) => Ok(Admitted::Request(incoming)),
        Err(error) => Err(Refusal::of(incoming.message(), error)),
    }
}

/// The HTTP status that goes with an error, where the response has not begun as a stream.
#[must_use]
pub fn status_of(code: ErrorCode) -> StatusCode {
    match code {
        ErrorCode::METHOD_NOT_FOUND => StatusCode::NOT_FOUND,
        ErrorCode::PARSE_ERROR
        | ErrorCode::INVALID_REQUEST
        | ErrorCode::HEADER_MISMATCH
        | ErrorCode::MISSING_REQUIRED_CLIENT_CAPABILITY
        | ErrorCode::UNSUPPORTED_PROTOCOL_VERSION => StatusCode::BAD_REQUEST,
        _ => StatusCode::OK,
    }
}

/// The header must repeat what `_meta` says; what `_meta` lacks is reported as such by the era.
fn version_header(headers: &HeaderMap, message: &Message) -> Result<(), ErrorObject> {
    let Some(in_body) = message.meta_str(MetaKey::ProtocolVersion) else {
        return Ok(());
    };
    match the_only(headers, &PROTOCOL_VERSION)? {
        Some(value) if value.as_bytes() == in_body.as_bytes() => Ok(()),
        Some(value) => Err(mismatch(&PROTOCOL_VERSION, value, &in_body)),
        None => Err(missing(&PROTOCOL_VERSION)),
    }
}

fn method_headers(headers: &HeaderMap, incoming: &Incoming) -> Result<(), ErrorObject> {
    let method = incoming.method();
    match the_only(headers, &METHOD)? {
        Some(value) if value.as_bytes() == method.as_bytes() => {}
        Some(value) => return Err(mismatch(&METHOD, value, &method)),
        None => return Err(missing(&METHOD)),
    }
    let key = match incoming.row().named_by {
        NamedBy::Nothing => return Ok(()),
        NamedBy::Name => BodyKey::Name,
        NamedBy::Uri => BodyKey::Uri,
        NamedBy::TaskId => BodyKey::TaskId,
    };
    let Some(in_body) = incoming.param_str(key) else {
        return Err(ErrorObject::invalid_params(format!(
            "params.{}: missing or not a string",
            key.name()
        )));
    };
    let Some(value) = the_only(headers, &NAME)? else {
        return Err(missing(&NAME));
    };
    check_name(value.as_bytes(), &in_body).map_err(|fault| match fault {
        Disagreement::Invalid(fault) => {
            ErrorObject::header_mismatch(format!("header {}: {fault}", title(&NAME)))
        }
        _ => mismatch(&NAME, value, &in_body),
    })
}

/// The value of a header that may stand only once: two of them would let two readers believe different ones.
fn the_only<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> Result<Option<&'a HeaderValue>, ErrorObject> {
    let mut values = headers.get_all(name).iter();
    let first = values.next();
    if values.next().is_some() {
        return Err(ErrorObject::header_mismatch(format!(
            "header {} stands more than once",
            title(name)
        )));
    }
    Ok(first)
}

fn missing(name: &HeaderName) -> ErrorObject {
    ErrorObject::header_mismatch(format!("header {} is missing", title(name)))
}

fn mismatch(name: &HeaderName, value: &HeaderValue, in_body: &str) -> ErrorObject {
    ErrorObject::header_mismatch(format!(
        "header {} is `{}`, but the body says `{}`",
        title(name),
        shown(&String::from_utf8_lossy(value.as_bytes())),
        shown(in_body)
    ))
}

/// A value that a peer sent, short and without characters that could steer a terminal.
fn shown(value: &str) -> String {
    value.chars().take(80).flat_map(char::escape_debug).collect()
}

fn title(name: &HeaderName) -> &'static str {
    match name.as_str() {
        "mcp-protocol-version" => "MCP-Protocol-Version",
        "mcp-method" => "Mcp-Method",
        _ => "Mcp-Name",
    }
}
