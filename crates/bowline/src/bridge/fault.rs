//! What a caller is told when its call came to no answer of the server.

use crate::error::Error;
use bowline_protocol::limits::BUSY;
use bowline_types::jsonrpc::{ErrorCode, ErrorObject};
use serde_json::json;

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
        ErrorCode::INTERNAL_ERROR
    };
    let shown = server.escape_debug();
    ErrorObject::new(code, format!("server `{shown}`: {error}")).data(json!({ "server": server }))
}

/// A fault of the server, in words.
pub(super) fn bad(server: &str, method: &str, why: impl std::fmt::Display) -> ErrorObject {
    named(server, &Error::bad_answer(method, why))
}
