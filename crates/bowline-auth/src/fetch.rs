//! What is to be fetched, and what came.

use crate::{Secret, Url};
use bytes::Bytes;
use http::HeaderMap;
use std::fmt;

/// A request that a [`Flow`](crate::flow::Flow) wants made.
///
/// Whoever makes it resolves the host, checks the address, connects to that address, reads at most
/// [`Response::MAX_BODY`] bytes, and adds no header but `host` and `content-length`.
#[derive(Clone, Debug)]
pub struct Request {
    /// What it is for; decides how redirects are treated and what a message calls it.
    pub purpose: Purpose,
    /// How.
    pub method: Method,
    /// Where. Its scheme has been checked: `https`, or `http` on loopback where that is allowed.
    pub url: Url,
    /// Who said that it is there: what a peer named must not lead into a private network.
    pub named_by: NamedBy,
    /// With `accept`, and `content-type` if there is a body.
    pub headers: HeaderMap,
    /// What is posted: a form or JSON.
    pub body: Option<Secret>,
}

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Purpose {
    /// What the resource says of itself (RFC 9728).
    ProtectedResourceMetadata,
    /// What an authorization server says of itself (RFC 8414, OpenID Connect Discovery).
    AuthorizationServerMetadata,
    /// Registering as a client (RFC 7591).
    Registration,
    /// Tokens for a grant (RFC 6749 §3.2).
    Token,
    /// An identity assertion of an identity provider (RFC 8693).
    TokenExchange,
    /// Whether a token is active (RFC 7662); asked by a resource server.
    Introspection,
    /// The keys of an issuer (RFC 7517); asked by a resource server.
    Keys,
    /// The metadata document that a client is named by; asked by an authorization server.
    ClientMetadata,
    /// With what a server refuses somebody whom it does not know.
    Challenge,
    /// Giving a token back (RFC 7009).
    Revocation,
}

/// Who named a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NamedBy {
    /// The user: the server itself or another place at its origin, or what stands in the settings.
    User,
    /// A peer, in a challenge or in metadata.
    Peer,
}

/// How something is fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// `GET`.
    Get,
    /// `POST`.
    Post,
}

/// What came.
#[derive(Clone)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// All headers.
    pub headers: HeaderMap,
    /// The body, whole.
    pub body: Bytes,
}

/// Why nothing came.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FetchFault {
    /// A guard did not let the request out, and says why.
    Refused(String),
    /// Nobody answers there.
    Unreachable(String),
    /// The answer took too long.
    TimedOut,
    /// The answer is longer than [`Response::MAX_BODY`].
    TooLarge,
}

impl Purpose {
    /// How many redirects are followed, each within the origin of the URL: none where something is posted.
    #[must_use]
    pub fn max_redirects(self) -> usize {
        match self {
            Self::ProtectedResourceMetadata | Self::AuthorizationServerMetadata | Self::Keys => 3,
            Self::Registration
            | Self::Token
            | Self::TokenExchange
            | Self::Introspection
            | Self::ClientMetadata
            | Self::Challenge
            | Self::Revocation => 0,
        }
    }
}

impl Method {
    /// Its name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

impl Response {
    /// The longest body that is read, in bytes.
    pub const MAX_BODY: usize = 256 * 1024;
}

/// Without the body, which may hold tokens.
impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("body", &format_args!("{} bytes", self.body.len()))
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ProtectedResourceMetadata => "the metadata of the protected resource",
            Self::AuthorizationServerMetadata => "the metadata of the authorization server",
            Self::Registration => "the registration of the client",
            Self::Token => "the token request",
            Self::TokenExchange => "the token exchange at the identity provider",
            Self::Introspection => "the introspection of a token",
            Self::Keys => "the keys of the issuer",
            Self::ClientMetadata => "the metadata of a client",
            Self::Challenge => "the request that finds out whether a login is wanted",
            Self::Revocation => "the request to give a token back",
        })
    }
}

impl fmt::Display for FetchFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(why) | Self::Unreachable(why) => f.write_str(why),
            Self::TimedOut => f.write_str("no answer in time"),
            Self::TooLarge => write!(f, "the answer is longer than {} bytes", Response::MAX_BODY),
        }
    }
}

impl std::error::Error for FetchFault {}
