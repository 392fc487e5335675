//! What a token endpoint is asked.

use super::{ClientAuth, Exchanged, TokenFault, Tokens, echo, form};
use crate::Secret;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue};
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
    /// The scopes asked for; none leaves it to the server. A code was given for its scopes, and none are sent with it.
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
    /// `urn:ietf:params:oauth:grant-type:token-exchange` (RFC 8693): what an identity provider said of a person, for an
    /// identity assertion (ID-JAG) that the authorization server `audience` accepts.
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

impl Form {
    /// These members, and what this client says of itself.
    pub(super) fn of(
        mut pairs: Vec<(&'static str, Secret)>,
        client: &ClientAuth,
        now: SystemTime,
    ) -> Self {
        pairs.extend(client.pairs(now));
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.extend(client.authorization().map(|value| (AUTHORIZATION, value)));
        let body = form::encode(pairs.iter().map(|(name, value)| (*name, value.expose())));
        Self { headers, body }
    }
}

impl TokenRequest {
    /// What is to be posted now. Each attempt needs another form: what a client signs of itself is good for one.
    #[must_use]
    pub fn form(&self, now: SystemTime) -> Form {
        let mut pairs = self.grant.pairs();
        if let Some(resource) = &self.resource {
            pairs.push(("resource", resource.as_str().into()));
        }
        if !self.scopes.is_empty() && !matches!(self.grant, Grant::AuthorizationCode { .. }) {
            pairs.push(("scope", self.scopes.join(" ").into()));
        }
        Form::of(pairs, &self.client, now)
    }

    /// The tokens that came for the form made at `now`.
    ///
    /// A refresh that brings no new refresh token leaves the old one in use (RFC 6749 §6), so it is in the result. What
    /// a server says of its refusal is left out if it repeats a secret of the request.
    ///
    /// # Errors
    /// What the server refused, or what is wrong with its answer.
    pub fn tokens(
        &self,
        status: u16,
        headers: &HeaderMap,
        body: &[u8],
        now: SystemTime,
    ) -> Result<Tokens, TokenFault> {
        let mut tokens = Tokens::read(status, headers, body, now)
            .map_err(|fault| echo::without(fault, self.secrets()))?;
        if let Grant::Refresh { token } = &self.grant {
            tokens.refresh.get_or_insert_with(|| token.clone());
        }
        Ok(tokens)
    }

    /// The identity assertion that came for the form of a [`Grant::Exchange`] made at `now`.
    ///
    /// # Errors
    /// As [`TokenRequest::tokens`]; also when anything but an identity assertion came.
    pub fn exchanged(
        &self,
        status: u16,
        headers: &HeaderMap,
        body: &[u8],
        now: SystemTime,
    ) -> Result<Exchanged, TokenFault> {
        Exchanged::read(status, headers, body, now)
            .map_err(|fault| echo::without(fault, self.secrets()))
    }

    fn secrets(&self) -> impl Iterator<Item = &Secret> {
        self.grant.secrets().into_iter().chain(self.client.secret())
    }
}

impl Grant {
    fn pairs(&self) -> Vec<(&'static str, Secret)> {
        match self {
            Self::AuthorizationCode { code, redirect_uri, verifier } => vec![
                ("grant_type", "authorization_code".into()),
                ("code", code.clone()),
                ("redirect_uri", redirect_uri.as_str().into()),
                ("code_verifier", verifier.clone()),
            ],
            Self::Refresh { token } => {
                vec![("grant_type", "refresh_token".into()), ("refresh_token", token.clone())]
            }
            Self::ClientCredentials => vec![("grant_type", "client_credentials".into())],
            Self::JwtBearer { assertion } => vec![
                ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer".into()),
                ("assertion", assertion.clone()),
            ],
            Self::Exchange { subject, kind, audience } => vec![
                ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange".into()),
                ("requested_token_type", super::answer::ID_JAG.into()),
                ("audience", audience.as_str().into()),
                ("subject_token", subject.clone()),
                ("subject_token_type", kind.name().into()),
            ],
        }
    }

    fn secrets(&self) -> Vec<&Secret> {
        match self {
            Self::AuthorizationCode { code, verifier, .. } => vec![code, verifier],
            Self::Refresh { token: secret }
            | Self::JwtBearer { assertion: secret }
            | Self::Exchange { subject: secret, .. } => vec![secret],
            Self::ClientCredentials => Vec::new(),
        }
    }
}

impl Subject {
    fn name(self) -> &'static str {
        match self {
            Self::IdToken => "urn:ietf:params:oauth:token-type:id_token",
            Self::Saml2 => "urn:ietf:params:oauth:token-type:saml2",
        }
    }
}
