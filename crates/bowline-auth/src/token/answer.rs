//! What a token endpoint answers.

use super::TokenFault;
use crate::Secret;
use http::HeaderMap;
use std::time::SystemTime;

/// The tokens of a login.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tokens {
    /// What requests carry.
    pub access: Secret,
    /// How they carry it.
    pub scheme: Scheme,
    /// When the access token ends, if the server said so.
    pub expires: Option<SystemTime>,
    /// What gets the next access token.
    pub refresh: Option<Secret>,
    /// The scopes granted, if the server said them; none means those that were asked for.
    pub scopes: Option<Vec<String>>,
    /// The ID token of OpenID Connect, if one came.
    pub id: Option<Secret>,
}

/// How a request carries its token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// Who has the token may use it (RFC 6750).
    Bearer,
    /// Only who has the key may use it (RFC 9449 §7.1).
    Dpop,
}

impl Tokens {
    /// Reads the answer to a token request that was sent at `now`.
    ///
    /// # Errors
    /// What the server refused, or what is wrong with its answer.
    pub fn read(
        status: u16,
        headers: &HeaderMap,
        body: &[u8],
        now: SystemTime,
    ) -> Result<Self, TokenFault> {
        let _ = (status, headers, body, now);
        todo!()
    }

    /// These tokens with the refresh token of the previous ones, if the answer to a refresh brought none.
    #[must_use]
    pub fn after(self, previous: &Self) -> Self {
        let _ = previous;
        todo!()
    }

    /// Whether the access token is used up at `now`, or will be within `margin`.
    #[must_use]
    pub fn ends(&self, now: SystemTime, margin: std::time::Duration) -> bool {
        self.expires.is_some_and(|expires| expires <= now + margin)
    }

    /// The value of the header `Authorization`, marked as sensitive.
    #[must_use]
    pub fn authorization(&self) -> http::HeaderValue {
        todo!()
    }
}

/// What a token exchange gave: an assertion for another authorization server, and no access token.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Exchanged {
    /// The identity assertion (ID-JAG), to be sent as [`super::Grant::JwtBearer`].
    pub assertion: Secret,
    /// When it ends, if the server said so.
    pub expires: Option<SystemTime>,
}

impl Exchanged {
    /// Reads the answer to [`super::Grant::Exchange`] that was sent at `now`.
    ///
    /// # Errors
    /// What the server refused, or what is wrong with its answer; also when it issued anything but an ID-JAG.
    pub fn read(
        status: u16,
        headers: &HeaderMap,
        body: &[u8],
        now: SystemTime,
    ) -> Result<Self, TokenFault> {
        let _ = (status, headers, body, now);
        todo!()
    }
}
