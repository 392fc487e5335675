//! Why a client was not let in.

use crate::Url;
use crate::fetch::{FetchFault, Purpose};
use crate::token::TokenFault;
use crate::url::UrlFault;
use std::fmt;

/// Why a client was not let in. What a peer said in it is escaped and cut short.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// A request was not answered.
    Fetch {
        /// What was asked for.
        purpose: Purpose,
        /// Where.
        url: Url,
        /// Why nothing came.
        fault: FetchFault,
    },
    /// Nobody waits any longer.
    Cancelled,
    /// A URL that a peer named cannot be used.
    Url {
        /// Where it stands.
        member: &'static str,
        /// What stands there.
        text: String,
        /// What is wrong with it; none if it is a URL, but neither `https` nor on the same machine as the server.
        fault: Option<UrlFault>,
    },
    /// The authorization server gave no token.
    Token {
        /// Where it was asked.
        url: Url,
        /// What it said.
        fault: TokenFault,
    },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let _ = f;
        todo!()
    }
}

impl std::error::Error for Fault {}
