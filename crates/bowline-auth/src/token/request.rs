//! What a token endpoint is asked.

use super::ClientAuth;
use crate::Secret;
use http::HeaderMap;
use std::time::SystemTime;

/// A request to a token endpoint.
///
/// A DPoP proof is a header of the HTTP request and not part of this: it names the URL ([`crate::dpop::Key::prove`]).
#[derive(Clone, Debug)]
pub struct TokenRequest {
    /// What is given for the token.
    pub grant: Grant,
    /// Who asks.
    pub client: ClientAuth,
    /// What the token is for (RFC 8707), byte for byte as its server names it; sent with every grant.
    pub resource: Option<String>,
    /// The scopes asked for; none leaves it to the server.
    pub scopes: Vec<String>,
}

/// What is given for a token.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Grant {
    /// `authorization_code`: what the browser came back with.
    AuthorizationCode {
        /// The code.
        code: Secret,
        /// Exactly what the authorization request said.
        redirect_uri: String,
        /// The PKCE verifier.
        verifier: Secret,
    },
    /// `refresh_token`.
    Refresh {
        /// The refresh token.
        token: Secret,
    },
    /// `client_credentials`: the client acts for itself.
    ClientCredentials,
    /// `urn:ietf:params:oauth:grant-type:jwt-bearer` (RFC 7523 §2.1): an assertion of somebody that the server trusts.
    JwtBearer {
        /// The assertion.
        assertion: Secret,
    },
    /// `urn:ietf:params:oauth:grant-type:token-exchange` (RFC 8693): what an identity provider said of a person for an
    /// identity assertion that the authorization server `audience` accepts.
    Exchange {
        /// What the identity provider said.
        subject: Secret,
        /// What that is.
        kind: Subject,
        /// The issuer of the authorization server that shall accept the assertion.
        audience: String,
    },
}

/// What is exchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Subject {
    /// An ID token of OpenID Connect.
    IdToken,
    /// A SAML 2.0 assertion.
    Saml2,
}

/// What is posted: `application/x-www-form-urlencoded`.
#[derive(Clone, Debug)]
pub struct Form {
    /// `content-type`, `accept`, and for `client_secret_basic` the (sensitive) `authorization`.
    pub headers: HeaderMap,
    /// The body.
    pub body: Secret,
}

impl TokenRequest {
    /// What is to be posted now; another attempt needs another form, as a signed assertion is good for one.
    #[must_use]
    pub fn form(&self, now: SystemTime) -> Form {
        let _ = now;
        todo!()
    }
}
