//! What a caller is told when its call came to no answer of the server.

use crate::client::forward::Failure;
use crate::error::Error;
use crate::host::fault::{lost, unavailable};
use bowline_protocol::limits::BUSY;
use bowline_types::jsonrpc::{ErrorCode, ErrorObject};

/// What an exchange came to that has failed.
pub(super) fn failed(server: &str, failure: Failure) -> ErrorObject {
    match failure {
        Failure::Lost(error) => lost(server, &error),
        Failure::Unsent(error) | Failure::SessionLost(error) if !error.is_overloaded() => {
            unavailable(server, &error)
        }
        failure => named(server, &failure.into_error()),
    }
}

/// What happened, and to which server; a caller of many has to know.
pub(super) fn named(server: &str, error: &Error) -> ErrorObject {
    if let Some(object) = error.object() {
        return object;
    }
    let code = if error.is_overloaded() {
        BUSY
    } else if error.is_unsupported() {
        ErrorCode::METHOD_NOT_FOUND
    } else {
        tracing::warn!(target: "bowline::host", server, "{error}");
        ErrorCode::INTERNAL_ERROR
    };
    ErrorObject::new(code, format!("server `{}`: {error}", server.escape_debug()))
}

/// A fault of the server, in words.
pub(super) fn bad(server: &str, method: &str, why: impl std::fmt::Display) -> ErrorObject {
    named(server, &Error::bad_answer(method, why))
}
