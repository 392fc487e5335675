//! What a server that wants to know who asks says in `WWW-Authenticate`.

use crate::token::Scheme;
use http::HeaderValue;

/// One challenge of `WWW-Authenticate` (RFC 9110 §11.6.1, RFC 6750 §3, RFC 9449 §7.1, RFC 9728 §5.1).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Challenge {
    /// How the token is to be carried.
    pub scheme: Scheme,
    /// What is protected, in words for a person.
    pub realm: Option<String>,
    /// The scopes that the request needs, at least one if the server says so.
    pub scopes: Option<Vec<String>>,
    /// What was wrong with the token: `invalid_token`, `insufficient_scope`, …; none if there was no token.
    pub error: Option<String>,
    /// The same for a developer.
    pub error_description: Option<String>,
    /// Where the metadata of the resource is; not checked yet.
    pub resource_metadata: Option<String>,
    /// The algorithms that a DPoP proof may be signed with.
    pub algs: Option<Vec<String>>,
}

impl Challenge {
    /// A challenge without parameters.
    #[must_use]
    pub fn new(scheme: Scheme) -> Self {
        Self {
            scheme,
            realm: None,
            scopes: None,
            error: None,
            error_description: None,
            resource_metadata: None,
            algs: None,
        }
    }

    /// Reads all values of the header; challenges of other schemes, and what cannot be read, are left out.
    pub fn parse<'a>(values: impl IntoIterator<Item = &'a HeaderValue>) -> Vec<Self> {
        let _ = values.into_iter();
        todo!()
    }

    /// The value of the header.
    #[must_use]
    pub fn to_header(&self) -> HeaderValue {
        todo!()
    }

    /// Whether the token was good, but not for this.
    #[must_use]
    pub fn is_insufficient_scope(&self) -> bool {
        self.error.as_deref() == Some("insufficient_scope")
    }
}
