//! Writing what answers a request, in the shape of the request's protocol version.

use super::{Incoming, modern, session};
use crate::outcome::Outcome;
use crate::scan::Raw;
use bytes::Bytes;

/// Writes the answer to a request: one JSON-RPC response on one line.
///
/// `server_info` goes into the `_meta` of a result where the protocol version has it there.
#[must_use]
pub fn response(to: &Incoming, outcome: &Outcome, server_info: Option<&Raw>) -> Raw {
    if to.is_of_session() {
        return session::response(to.revision, &to.method(), to.id_text(), outcome);
    }
    modern::response(to.id_text(), outcome, server_info)
}

/// As [`response`], in pieces to be sent one after the other, so that a large result is not copied.
#[must_use]
pub fn response_pieces(to: &Incoming, outcome: &Outcome, server_info: Option<&Raw>) -> [Bytes; 3] {
    if to.is_of_session() {
        return session::response_pieces(to.revision, &to.method(), to.id_text(), outcome);
    }
    modern::response_pieces(to.id_text(), outcome, server_info)
}

/// Answers a call whose arguments break the tool's schema: with a result that the model sees, or with an error, as the
/// request's protocol version has it.
#[must_use]
pub fn argument_violation(to: &Incoming, message: &str) -> Outcome {
    session::argument_violation(to.revision, message)
}

/// A notification of the newest protocol version in the shape of the request's; `None` when it does not exist there.
#[must_use]
pub fn notification(to: &Incoming, notification: Raw) -> Option<Raw> {
    if to.is_of_session() {
        return session::notification(to.revision, &notification);
    }
    Some(notification)
}
