//! What an attempt brought.

use crate::protocol::Response;
use crate::scan::{MAX_DEPTH, Raw, Scanned, scan};
use bowline_types::jsonrpc::ErrorObject;
use bytes::Bytes;
use std::fmt;

/// What an attempt brought.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Brought {
    /// A result.
    Result(Raw),
    /// A JSON-RPC error, in whatever framing: a line, a body, an event.
    Error {
        /// The error.
        error: ErrorObject,
        /// The HTTP status it came with.
        status: Option<u16>,
    },
    /// An HTTP status, without JSON-RPC.
    Status(u16),
    /// An answer that is no JSON-RPC, or a body or stream without one.
    Garbage,
    /// Nothing in the time that was given.
    Silent,
    /// The end of the stream, or of the server.
    Ended,
}

impl Brought {
    /// What came in answer to the request of the attempt; over HTTP also with which status.
    #[must_use]
    pub fn response(response: Response, status: Option<u16>) -> Self {
        match response {
            Response::Result(message) => message.result().map_or(Self::Garbage, Self::Result),
            Response::Error(error) => Self::Error { error, status },
            Response::Malformed(_) => Self::Garbage,
        }
    }

    /// What came as the body of an HTTP response that is no success: servers may leave out the id of the request.
    #[must_use]
    pub fn refusal(status: u16, body: Bytes) -> Self {
        // What wants credentials is told by its head, whatever it says.
        let is_about_credentials = matches!(status, 401 | 403);
        let message = match scan(body, MAX_DEPTH) {
            Ok(Scanned::Message(message)) if !is_about_credentials => message,
            _ => return Self::Status(status),
        };
        match Response::of(message) {
            Response::Error(error) => Self::Error { error, status: Some(status) },
            Response::Result(_) | Response::Malformed(_) => Self::Status(status),
        }
    }
}

impl fmt::Display for Brought {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Result(_) => f.write_str("a result"),
            Self::Error { error, status } => {
                // What a peer wrote is shown short, and without what could steer a terminal.
                let message = error.message.chars().take(120).flat_map(char::escape_debug);
                let message: String = message.collect();
                match status.filter(|status| !(200..300).contains(status)) {
                    Some(status) => write!(f, "error {} with HTTP {status}: {message}", error.code),
                    None => write!(f, "error {}: {message}", error.code),
                }
            }
            Self::Status(status) => write!(f, "HTTP {status}"),
            Self::Garbage => f.write_str("something that is not JSON-RPC"),
            Self::Silent => f.write_str("no answer"),
            Self::Ended => f.write_str("the end of the connection"),
        }
    }
}
