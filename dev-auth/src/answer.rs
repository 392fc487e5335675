//! Answers, none of which is to be kept.

use axum::body::Body;
use axum::response::Response;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, LOCATION, PRAGMA};
use http::{HeaderName, StatusCode};
use serde_json::Value;

/// JSON.
pub(crate) fn json(status: StatusCode, value: &Value) -> Response {
    with(status, "application/json", value.to_string())
}

/// A page, which runs nothing and is shown in no frame.
pub(crate) fn page(status: StatusCode, html: String) -> Response {
    let mut response = with(status, "text/html; charset=utf-8", html);
    for (name, value) in PAGE_HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Nothing.
pub(crate) fn empty(status: StatusCode) -> Response {
    with(status, "text/plain", String::new())
}

/// A redirect that the next request follows by GET.
pub(crate) fn redirect(url: &str) -> Response {
    located(StatusCode::SEE_OTHER, url)
}

/// A redirect that keeps the method and the body.
pub(crate) fn moved(url: &str) -> Response {
    located(StatusCode::TEMPORARY_REDIRECT, url)
}

fn located(status: StatusCode, url: &str) -> Response {
    let mut response = empty(status);
    match HeaderValue::from_str(url) {
        Ok(url) => drop(response.headers_mut().insert(LOCATION, url)),
        // Nothing but visible ASCII passes the check of a redirect URI.
        Err(_) => *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR,
    }
    response
}

/// Text of a media type.
pub(crate) fn with(status: StatusCode, media_type: &'static str, text: String) -> Response {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    response
}

const PAGE_HEADERS: [(HeaderName, &str); 4] = [
    (
        http::header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
    ),
    (http::header::X_FRAME_OPTIONS, "DENY"),
    (http::header::REFERRER_POLICY, "no-referrer"),
    (http::header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
];
