//! Why there is no way to speak with a server.

use super::Attempt;
use crate::era::client::NoAgreement;
use bowline_types::jsonrpc::ErrorObject;
use bowline_types::revision::Revision;
use std::{error, fmt};

/// A search that found no way.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Failed {
    /// Why.
    pub reason: Reason,
    /// What was tried, in order, and what each attempt brought.
    pub tried: Vec<(Attempt, Box<str>)>,
}

/// Why a search ended.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Reason {
    /// The two have no protocol version in common, or the server did not say which it speaks.
    NoAgreement(NoAgreement),
    /// The server speaks others than the one that was pinned.
    Pinned {
        /// The one that was pinned.
        pin: Revision,
        /// What the server chose instead, where it said so.
        offered: Vec<String>,
    },
    /// The server refused, by a JSON-RPC error.
    Refused(ErrorObject),
    /// The server refused, by an HTTP status that says nothing of the protocol version: 401 and 403 want credentials,
    /// 429 and 503 patience.
    Status(u16),
    /// The server speaks only protocol versions with sessions, which are not spoken here, or not any more.
    Legacy,
    /// What came was no JSON-RPC.
    Garbage,
    /// Nothing came in time.
    Silent,
    /// The server ended.
    Ended,
    /// The server sent the client from one attempt to the next.
    Exhausted,
}

impl Failed {
    /// Whether the server wants credentials.
    #[must_use]
    pub fn wants_credentials(&self) -> bool {
        matches!(self.reason, Reason::Status(401 | 403))
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.reason {
            Reason::NoAgreement(none) => none.fmt(f)?,
            Reason::Pinned { pin, offered } if offered.is_empty() => {
                write!(f, "server does not speak protocol version {pin}, which was asked for")?;
            }
            Reason::Pinned { pin, offered } => {
                let offered = offered.join(", ");
                write!(
                    f,
                    "server speaks {offered}, not protocol version {pin}, which was asked for"
                )?;
            }
            Reason::Refused(_) => f.write_str("server refused to open a connection")?,
            Reason::Status(401) => f.write_str("server wants credentials")?,
            Reason::Status(403) => f.write_str("server does not allow the connection")?,
            Reason::Status(status) => write!(f, "server answered HTTP {status}, and no MCP")?,
            Reason::Legacy => f.write_str("server does not speak a protocol version in common")?,
            Reason::Garbage => f.write_str("server does not speak MCP")?,
            Reason::Silent => f.write_str("server did not answer")?,
            Reason::Ended => f.write_str("server ended before it answered")?,
            Reason::Exhausted => f.write_str("server names another protocol version each time")?,
        }
        for (at, (attempt, brought)) in self.tried.iter().enumerate() {
            f.write_str(if at == 0 { "; tried " } else { ", then " })?;
            write!(f, "{attempt}: {brought}")?;
        }
        Ok(())
    }
}

impl error::Error for Failed {}
