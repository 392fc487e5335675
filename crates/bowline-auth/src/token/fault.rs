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
    /// The status is no success, and the body no refusal.
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

impl TokenFault {
    /// Whether the same request may succeed later: what is kept of the login stays as it is.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::UseDpopNonce(_) => true,
            Self::Status(status) => matches!(status, 408 | 425 | 429 | 500..=599),
            Self::Refused { code: Code::Other(name), .. } => {
                matches!(name.as_str(), "temporarily_unavailable" | "server_error" | "slow_down")
            }
            Self::Refused { .. } | Self::Malformed(_) | Self::TokenType(_) => false,
        }
    }

    /// Whether what was given (a code, a refresh token, an assertion) is worth nothing any more.
    #[must_use]
    pub fn is_invalid_grant(&self) -> bool {
        matches!(self, Self::Refused { code: Code::InvalidGrant, .. })
    }

    /// Whether the server does not know the client any more.
    #[must_use]
    pub fn is_invalid_client(&self) -> bool {
        matches!(self, Self::Refused { code: Code::InvalidClient | Code::UnauthorizedClient, .. })
    }
}

impl Code {
    /// The code as the server wrote it.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidTarget => "invalid_target",
            Self::InvalidDpopProof => "invalid_dpop_proof",
            Self::Other(name) => name,
        }
    }

    /// What can be done about it.
    fn advice(&self) -> &'static str {
        match self {
            Self::InvalidClient | Self::UnauthorizedClient => {
                "check the client id and secret, or register again"
            }
            Self::InvalidGrant => "log in again",
            Self::InvalidScope => "ask for other scopes",
            Self::InvalidTarget => "it gives no tokens for this server",
            _ => "this is between the authorization server and this program",
        }
    }
}

impl From<&str> for Code {
    fn from(name: &str) -> Self {
        match name {
            "invalid_request" => Self::InvalidRequest,
            "invalid_client" => Self::InvalidClient,
            "invalid_grant" => Self::InvalidGrant,
            "unauthorized_client" => Self::UnauthorizedClient,
            "unsupported_grant_type" => Self::UnsupportedGrantType,
            "invalid_scope" => Self::InvalidScope,
            "invalid_target" => Self::InvalidTarget,
            "invalid_dpop_proof" => Self::InvalidDpopProof,
            other => Self::Other(crate::shown::shown(other, 64)),
        }
    }
}

impl fmt::Display for TokenFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { code, description } => {
                write!(f, "the authorization server refused with `{}`", code.name())?;
                if let Some(description) = description {
                    write!(f, " (it says: {description})")?;
                }
                write!(f, "; {}", code.advice())
            }
            Self::UseDpopNonce(_) => {
                f.write_str("the authorization server wants its nonce in the DPoP proof; try again")
            }
            Self::Malformed(what) => {
                write!(f, "the token endpoint sent an answer that is none: {what}")
            }
            Self::Status(status) if self.is_temporary() => {
                write!(f, "the token endpoint answered {status} without a reason; try again later")
            }
            Self::Status(status) => {
                write!(
                    f,
                    "the token endpoint answered {status} without a reason; check the URL of the server"
                )
            }
            Self::TokenType(name) => write!(
                f,
                "the token is of the type `{name}`; only `Bearer` and `DPoP` are known here"
            ),
        }
    }
}

impl Error for TokenFault {}
