//! Responses that say no.

use super::body::ResponseBody;
use bowline_protocol::era::modern;
use bowline_protocol::http::origin;
use bowline_protocol::limits;
use bowline_types::jsonrpc::ErrorObject;
use http::{HeaderValue, Response, StatusCode, header};

/// A refusal as a JSON-RPC error.
pub(super) fn refuse(
    status: StatusCode,
    id: Option<&[u8]>,
    error: &ErrorObject,
) -> Response<ResponseBody> {
    let body = modern::error_response(id, error);
    let mut response = Response::new(ResponseBody::whole(body.into_bytes()));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// A refusal of a request whose body was not looked at.
pub(super) fn refuse_unread(
    status: StatusCode,
    message: impl Into<String>,
) -> Response<ResponseBody> {
    refuse(status, None, &ErrorObject::invalid_request(message))
}

/// Tells the client what was refused, and the log which switch would have let it in.
pub(super) fn forbidden(refusal: &origin::Refusal) -> Response<ResponseBody> {
    tracing::warn!(header = %refusal.header(), value = refusal.value(), switch = refusal.switch(), "request refused");
    refuse_unread(refusal.status(), refusal.to_string())
}

/// Asks for a token. The answer is the same for every token that is not known, and none says which.
pub(super) fn unauthorized(presented: bool) -> Response<ResponseBody> {
    let mut response =
        refuse_unread(StatusCode::UNAUTHORIZED, "a bearer token that is known here is required");
    let challenge = if presented { "Bearer error=\"invalid_token\"" } else { "Bearer" };
    response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    response
}

/// Too much at once.
pub(super) fn busy(status: StatusCode, id: &[u8], running: usize) -> Response<ResponseBody> {
    let mut response = refuse(status, Some(id), &limits::busy(running));
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    response
}
