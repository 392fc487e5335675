//! Responses that say no.

use super::body::ResponseBody;
use crate::scopes::Scopes;
use bowline_protocol::era::modern;
use bowline_protocol::http::origin;
use bowline_protocol::limits;
use bowline_types::jsonrpc::ErrorObject;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};

/// The response to a request that goes no further; in a box, because the way on is the one to be fast.
#[derive(Debug)]
pub(super) struct Refused(Box<Response<ResponseBody>>);

impl From<Response<ResponseBody>> for Refused {
    fn from(response: Response<ResponseBody>) -> Self {
        Self(Box::new(response))
    }
}

impl From<Refused> for Response<ResponseBody> {
    fn from(refused: Refused) -> Self {
        *refused.0
    }
}

impl Refused {
    /// Adds a header.
    pub(super) fn header(self, name: HeaderName, value: &'static str) -> Self {
        self.header_value(name, HeaderValue::from_static(value))
    }

    /// Adds a header.
    pub(super) fn header_value(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers_mut().insert(name, value);
        self
    }
}

/// A refusal as a JSON-RPC error.
pub(super) fn refuse(status: StatusCode, id: Option<&[u8]>, error: &ErrorObject) -> Refused {
    let body = modern::error_response(id, error);
    let mut response = Response::new(ResponseBody::whole(body.into_bytes()));
    *response.status_mut() = status;
    Refused::from(response).header(header::CONTENT_TYPE, "application/json")
}

/// A refusal of a request whose body was not looked at.
pub(super) fn refuse_unread(status: StatusCode, message: impl Into<String>) -> Refused {
    refuse(status, None, &ErrorObject::invalid_request(message))
}

/// Tells the client what was refused, and the log which switch would have let it in.
pub(super) fn forbidden(refusal: &origin::Refusal) -> Refused {
    tracing::warn!(header = %refusal.header(), value = refusal.value(), switch = refusal.switch(), "request refused");
    refuse_unread(refusal.status(), refusal.to_string())
}

/// Asks for a token. The answer is the same for every token that is not known, and none says which.
pub(super) fn unauthorized(presented: bool) -> Refused {
    let challenge = if presented { "Bearer error=\"invalid_token\"" } else { "Bearer" };
    refuse_unread(StatusCode::UNAUTHORIZED, "a bearer token that is known here is required")
        .header(header::WWW_AUTHENTICATE, challenge)
}

/// Asks for a token with more scopes: with all that the request needs, so that asking once is enough.
pub(super) fn insufficient(id: Option<&[u8]>, needed: &Scopes, metadata: Option<&str>) -> Refused {
    let mut challenge = format!("Bearer error=\"insufficient_scope\", scope=\"{needed}\"");
    if let Some(url) = metadata {
        challenge += &format!(", resource_metadata=\"{url}\"");
    }
    let refused = refuse(StatusCode::FORBIDDEN, id, &needed.refusal());
    // Scopes and URLs are looked at when they are set, and have nothing that a header cannot carry.
    match HeaderValue::try_from(challenge) {
        Ok(challenge) => refused.header_value(header::WWW_AUTHENTICATE, challenge),
        Err(_) => refused,
    }
}

/// A method that is not taken; `allowed` names those that are.
pub(super) fn only_post(allowed: &'static str) -> Refused {
    refuse_unread(StatusCode::METHOD_NOT_ALLOWED, format!("the endpoint takes {allowed} only"))
        .header(header::ALLOW, allowed)
}

/// Too much at once.
pub(super) fn busy(status: StatusCode, id: &[u8], running: usize) -> Refused {
    refuse(status, Some(id), &limits::busy(running)).header(header::RETRY_AFTER, "1")
}
