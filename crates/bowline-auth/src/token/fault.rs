//! Why no token came.

use std::error::Error;
use std::fmt;

/// Why no token came.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenFault {
    /// The server refused (RFC 6749 §5.2).
    Refused {
        /// Its code.
        code: Code,
        /// What it says to developers: escaped, and cut short.
        description: Option<String>,
    },
    /// The server wants a DPoP proof with this nonce: try again, once.
    UseDpopNonce(String),
    /// The answer is neither tokens nor a refusal: what is wrong with it.
    Malformed(&'static str),
    /// The status is neither success nor that of a refusal.
    Status(u16),
    /// The token is of a type that is not known here: its name, escaped and cut short.
    TokenType(String),
}

/// The code of a refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Code {
    /// `invalid_request`.
    InvalidRequest,
    /// `invalid_client`: the client is not known, or is not who it says it is. Registering anew may help.
    InvalidClient,
    /// `invalid_grant`: the code or refresh token is used up or was never right. Logging in anew helps.
    InvalidGrant,
    /// `unauthorized_client`.
    UnauthorizedClient,
    /// `unsupported_grant_type`.
    UnsupportedGrantType,
    /// `invalid_scope`.
    InvalidScope,
    /// `invalid_target` (RFC 8707).
    InvalidTarget,
    /// `invalid_dpop_proof` (RFC 9449).
    InvalidDpopProof,
    /// Any other, escaped and cut short.
    Other(String),
}

impl fmt::Display for TokenFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let _ = f;
        todo!()
    }
}

impl Error for TokenFault {}
