//! What browsers must be told before a page of another origin may call: [CORS], for allowed origins only.
//!
//! [CORS]: https://fetch.spec.whatwg.org/#http-cors-protocol

use super::body::ResponseBody;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};

/// Whether a request is a browser's question before the real one.
pub(super) fn is_preflight(parts: &Parts) -> bool {
    parts.method == Method::OPTIONS
        && parts.headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// The answer to that question, without the headers that [`allow`] adds.
pub(super) fn preflight(parts: &Parts, methods: &'static str) -> Response<ResponseBody> {
    let mut response = Response::new(ResponseBody::whole(Bytes::new()));
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static(methods));
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    let wanted = parts.headers.get_all(header::ACCESS_CONTROL_REQUEST_HEADERS);
    let mut granted = String::new();
    for name in wanted.iter().filter_map(|value| value.to_str().ok()).flat_map(|v| v.split(',')) {
        let name = name.trim().to_ascii_lowercase();
        if is_ours(&name) {
            if !granted.is_empty() {
                granted.push_str(", ");
            }
            granted.push_str(&name);
        }
    }
    if let Ok(granted) = HeaderValue::try_from(granted)
        && !granted.is_empty()
    {
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, granted);
    }
    headers.append(
        header::VARY,
        HeaderValue::from_static("Access-Control-Request-Method, Access-Control-Request-Headers"),
    );
    response
}

/// Lets pages of `origin` read a response.
pub(super) fn allow(headers: &mut HeaderMap, origin: HeaderValue) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("mcp-session-id, retry-after, www-authenticate"),
    );
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
}

/// Headers that a client of this protocol sends.
fn is_ours(name: &str) -> bool {
    matches!(
        name,
        "accept"
            | "authorization"
            | "baggage"
            | "content-type"
            | "last-event-id"
            | "mcp-method"
            | "mcp-name"
            | "mcp-protocol-version"
            | "mcp-session-id"
            | "traceparent"
            | "tracestate"
    ) || name.strip_prefix("mcp-param-").is_some_and(|rest| !rest.is_empty())
}
