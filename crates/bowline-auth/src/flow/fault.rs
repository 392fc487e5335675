//! Why a client was not let in.

use crate::Url;
use crate::callback::CallbackFault;
use crate::fetch::{FetchFault, Purpose};
use crate::token::TokenFault;
use crate::url::UrlFault;
use std::error::Error;
use std::fmt;

/// Why a client was not let in. What a peer said in it is escaped and cut short.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Nobody waits any longer.
    Cancelled,
    /// Nobody said yes in time.
    TooLate,
    /// The flow was told of something that it did not ask for, or had ended.
    OutOfTurn,
    /// The system has no randomness to give.
    NoRandomness,
    /// There is no refresh token to use.
    NothingToRefresh,
    /// The server is reached over plain `http`, and not on this machine: a token would be seen by everybody between.
    Insecure {
        /// The server.
        server: Url,
    },
    /// The redirect URI of the settings is neither `https` nor on loopback, or has parameters of its own.
    Redirect {
        /// The URI.
        redirect: Url,
    },
    /// The URL of our metadata is not `https`, or has no path.
    MetadataUrl {
        /// The URL.
        url: Url,
    },
    /// A request was not answered.
    Fetch {
        /// What was asked for.
        purpose: Purpose,
        /// Where.
        url: Url,
        /// Why nothing came.
        fault: FetchFault,
    },
    /// There is no metadata where it should be.
    NoMetadata {
        /// What was looked for.
        purpose: Purpose,
        /// Where, and what was answered there.
        tried: Vec<(Url, String)>,
    },
    /// An answer cannot be used.
    Malformed {
        /// What was asked for.
        purpose: Purpose,
        /// Where.
        url: Url,
        /// What is wrong with it.
        what: String,
    },
    /// A URL that a peer named cannot be used.
    Url {
        /// Where it stands.
        member: &'static str,
        /// What stands there.
        text: String,
        /// What is wrong with it.
        wrong: Wrong,
    },
    /// The metadata speaks of another server: a token for that one would be one to steal.
    Resource {
        /// Which server it speaks of.
        resource: String,
        /// The server.
        server: Url,
    },
    /// The metadata is of another authorization server than the one that was asked.
    Issuer {
        /// The one that was asked.
        expected: String,
        /// What the metadata says.
        found: String,
        /// Where it is.
        url: Url,
    },
    /// The authorization server does not do what is needed.
    Unsupported {
        /// The authorization server.
        issuer: String,
        /// What it does not do.
        what: Unsupported,
    },
    /// The client was registered at another authorization server than the one that the server names now.
    OtherIssuer {
        /// The client.
        client_id: String,
        /// Where it was registered.
        registered: String,
        /// What the server names.
        named: String,
    },
    /// There is no way to become known to the authorization server: somebody has to register us by hand.
    NoClient {
        /// The authorization server.
        issuer: String,
    },
    /// The registration was refused.
    Registration {
        /// Where it was tried.
        url: Url,
        /// The status.
        status: u16,
        /// The code of the error.
        error: Option<String>,
        /// The same for a developer.
        description: Option<String>,
    },
    /// The browser did not come back with a code.
    Callback(CallbackFault),
    /// The authorization server gave no token.
    Token {
        /// Where it was asked.
        url: Url,
        /// What it said.
        fault: TokenFault,
    },
    /// The token is bound to a key when it should not be, or not bound when it should be.
    Binding {
        /// The authorization server.
        issuer: String,
        /// Whether it should be.
        wanted: bool,
    },
}

/// What is wrong with a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Wrong {
    /// It is not one that can be used at all.
    Url(UrlFault),
    /// It is not `https`.
    Plain,
    /// It is on this machine, but the server is not.
    Loopback,
    /// It has a query where none may be, or one with parameters that only a client sets.
    Query,
}

/// What an authorization server does not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unsupported {
    /// PKCE with `S256`.
    Pkce,
    /// Codes.
    Code,
    /// Persons: it has no authorization endpoint.
    AuthorizationEndpoint,
    /// Tokens: it has no token endpoint.
    TokenEndpoint,
    /// Tokens bound to a key (DPoP).
    Dpop,
}

impl Fault {
    /// Whether somebody could help by registering a client by hand and giving its `client_id`.
    #[must_use]
    pub fn wants_client(&self) -> bool {
        matches!(self, Self::NoClient { .. } | Self::Registration { .. } | Self::OtherIssuer { .. })
    }

    /// Whether the same may well work a while later: the network failed, or the server was busy.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Fetch { fault, .. } => {
                matches!(fault, FetchFault::Unreachable(_) | FetchFault::TimedOut)
            }
            Self::Token { fault, .. } => fault.is_temporary(),
            Self::Registration { status, .. } => is_busy(*status),
            _ => false,
        }
    }

    /// Whether the login that is kept is worth nothing any more: only a new one helps.
    #[must_use]
    pub fn ends_login(&self) -> bool {
        match self {
            Self::NothingToRefresh => true,
            Self::Token { fault, .. } => fault.is_invalid_grant() || fault.is_invalid_client(),
            _ => false,
        }
    }
}

fn is_busy(status: u16) -> bool {
    status == 429 || status >= 500
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cancelled => f.write_str("the login was given up"),
            Self::TooLate => f.write_str("nobody logged in in time; begin again"),
            Self::OutOfTurn => {
                f.write_str("the login had ended, or was waiting for something else")
            }
            Self::NoRandomness => f.write_str("the system has no randomness to give"),
            Self::NothingToRefresh => f.write_str("there is no refresh token; log in again"),
            Self::Insecure { server } => {
                write!(f, "`{}` is plain http: a login there needs https", server.origin())
            }
            Self::Redirect { redirect } => write!(
                f,
                "the redirect URI at `{}` must be https, or http on loopback, and have no query",
                redirect.origin()
            ),
            Self::MetadataUrl { url } => write!(
                f,
                "the client metadata at `{}` must be https and have a path to be a `client_id`",
                url.origin()
            ),
            Self::Fetch { purpose, url, fault } => {
                write!(f, "{purpose} at `{}` was not answered: {fault}", url.origin())
            }
            Self::NoMetadata { purpose, tried } => {
                write!(f, "{purpose} was not found")?;
                let mut separator = ": ";
                for (url, answer) in tried {
                    write!(f, "{separator}`{url}` answered {answer}")?;
                    separator = ", ";
                }
                Ok(())
            }
            Self::Malformed { purpose, url, what } => {
                write!(f, "the answer of `{url}` ({purpose}) cannot be used: {what}")
            }
            Self::Url { member, text, wrong } => {
                write!(f, "`{member}` names `{text}`, which is not used: {wrong}")
            }
            Self::Resource { resource, server } => write!(
                f,
                "the metadata of `{server}` says it is `{resource}`; a token for that would be one to steal, so none is asked for"
            ),
            Self::Issuer { expected, found, url } => write!(
                f,
                "`{url}` should be about the issuer `{expected}`, but says it is `{found}`; it was not used"
            ),
            Self::Unsupported { issuer, what } => {
                write!(f, "the authorization server `{issuer}` {what}; tell whoever runs it")
            }
            Self::OtherIssuer { client_id, registered, named } => write!(
                f,
                "the client `{client_id}` was registered at `{registered}`, but the server names `{named}` now; \
                 register a client there and give its `client_id`"
            ),
            Self::NoClient { issuer } => write!(
                f,
                "`{issuer}` knows no client of ours, and there is no way to register one from here; register one there by \
                 hand and give its `client_id`"
            ),
            Self::Registration { url, status, error, description } => {
                write!(
                    f,
                    "`{}` refused to register the client with status {status}",
                    url.origin()
                )?;
                error.as_ref().map_or(Ok(()), |error| write!(f, ", `{error}`"))?;
                description.as_ref().map_or(Ok(()), |text| write!(f, ", {text}"))?;
                f.write_str("; register one there by hand and give its `client_id`")
            }
            Self::Callback(fault) => fault.fmt(f),
            Self::Token { url, fault } => write!(f, "no token from `{}`: {fault}", url.origin()),
            Self::Binding { issuer, wanted: true } => write!(
                f,
                "`{issuer}` gave a token that is not bound to our key, though it should be; it was not used"
            ),
            Self::Binding { issuer, wanted: false } => {
                write!(f, "`{issuer}` gave a token that is bound to a key which we do not have")
            }
        }
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(fault) => fault.fmt(f),
            Self::Plain => f.write_str("it must be https"),
            Self::Loopback => f.write_str("it is on this machine, but the server is not"),
            Self::Query => {
                f.write_str("its query has what only a client sets, or may not be there")
            }
        }
    }
}

impl fmt::Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pkce => {
                "does not list `S256` in `code_challenge_methods_supported`, and without PKCE there is no login"
            }
            Self::Code => "does not list `code` in `response_types_supported`",
            Self::AuthorizationEndpoint => "has no `authorization_endpoint`",
            Self::TokenEndpoint => "has no `token_endpoint`",
            Self::Dpop => "does not list `ES256` in `dpop_signing_alg_values_supported`",
        })
    }
}

impl Error for Fault {}
