//! Writing what answers a request, in the shape of the request's protocol version.

use super::{Incoming, modern};
use crate::outcome::Outcome;
use crate::scan::Raw;
use bytes::Bytes;

/// Writes the answer to a request: one JSON-RPC response on one line.
///
/// `server_info` goes into the `_meta` of a result where the protocol version has it there.
#[must_use]
pub fn response(to: &Incoming, outcome: &Outcome, server_info: Option<&Raw>) -> Raw {
    match &to.stamp {
        None => modern::response(to.id_text(), outcome, server_info),
        Some(stamp) => stamp.response(to, outcome),
    }
}

/// As [`response`], in pieces to be sent one after the other, so that a large result is not copied.
#[must_use]
pub fn response_pieces(to: &Incoming, outcome: &Outcome, server_info: Option<&Raw>) -> [Bytes; 3] {
    match &to.stamp {
        None => modern::response_pieces(to.id_text(), outcome, server_info),
        Some(stamp) => stamp.response_pieces(to, outcome),
    }
}

/// Answers a call whose arguments break the tool's schema: with a result that the model sees, or with an error, as the
/// request's protocol version has it.
#[must_use]
pub fn argument_violation(to: &Incoming, message: &str) -> Outcome {
    match &to.stamp {
        None => modern::argument_violation(message),
        Some(stamp) => stamp.argument_violation(to, message),
    }
}

/// A notification of the newest protocol version in the shape of the request's; `None` when it does not exist there.
#[must_use]
pub fn notification(to: &Incoming, notification: Raw) -> Option<Raw> {
    match &to.stamp {
        None => Some(notification),
        Some(stamp) => stamp.notification(to, &notification),
    }
}
