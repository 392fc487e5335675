//! What callers are told when a server of the host fails.
//!
//! A caller learns which server it was and what that means for the request; why it failed is for the host's own log,
//! since errors of servers may hold what callers must not see.

use crate::error::Error;
use bowline_protocol::limits::BUSY;
use bowline_types::jsonrpc::{ErrorCode, ErrorObject};

/// The code of a server that is not there, or was lost under the request.
pub(crate) const UNAVAILABLE: ErrorCode = ErrorCode(-31_001);

/// The code of a server that wants a login which there is not.
pub(crate) const WANTS_LOGIN: ErrorCode = ErrorCode(-31_002);

/// The server wants a login of the caller's own, which he makes at this URL; or that of whoever runs the host.
pub(crate) fn wants_login(server: &str, url: Option<&str>) -> ErrorObject {
    let server = server.escape_debug();
    let message = match url {
        Some(url) => format!(
            "server `{server}` wants a login of yours; open {url} in a browser, log in there, and call again"
        ),
        None => format!(
            "server `{server}` wants a login, and there is none that may be used for you; whoever runs this host can make \
             one with `bowline login {server}`"
        ),
    };
    let mut error = object(WANTS_LOGIN, message);
    error.data = url.map(|url| serde_json::json!({ "url": url }));
    error
}

/// The server cannot be reached or started. The request was not sent.
pub(crate) fn unavailable(server: &str, why: &Error) -> ErrorObject {
    if why.is_unauthorized() {
        tracing::info!(target: "bowline::host", server, "server wants a login: {why}");
        return wants_login(server, None);
    }
    tracing::warn!(target: "bowline::host", server, "server is not available: {why}");
    let server = server.escape_debug();
    object(UNAVAILABLE, format!("server `{server}` is not available; the request was not sent"))
}

/// The server was lost while it had the request, and may have done it or not.
pub(crate) fn lost(server: &str, why: &Error) -> ErrorObject {
    if why.is_unauthorized() {
        return unavailable(server, why);
    }
    tracing::warn!(target: "bowline::host", server, "server was lost: {why}");
    let server = server.escape_debug();
    object(
        UNAVAILABLE,
        format!("server `{server}` was lost; the request may have been done or not"),
    )
}

/// The server is being taken out of the host.
pub(crate) fn leaving(server: &str) -> ErrorObject {
    let server = server.escape_debug();
    object(UNAVAILABLE, format!("server `{server}` is being removed; the request was not sent"))
}

/// The host has no such server, or not any more.
pub(crate) fn gone(server: &str) -> ErrorObject {
    let server = server.escape_debug();
    object(UNAVAILABLE, format!("server `{server}` is not there any more; list anew"))
}

/// All instances of the server are in use, and nobody else may wait or has waited for too long.
pub(crate) fn busy(server: &str, instances: usize) -> ErrorObject {
    let server = server.escape_debug();
    let all = if instances == 1 {
        "its instance is".into()
    } else {
        format!("all {instances} instances are")
    };
    object(BUSY, format!("server `{server}` is busy: {all} in use; try again later"))
}

fn object(code: ErrorCode, message: String) -> ErrorObject {
    let mut error = ErrorObject::internal_error(message);
    error.code = code;
    error
}
