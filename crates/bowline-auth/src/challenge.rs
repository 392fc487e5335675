//! What a server that wants to know who asks says in `WWW-Authenticate`.

mod read;

use crate::scope;
use crate::token::Scheme;
use http::HeaderValue;
use std::fmt::Write;

/// One challenge of `WWW-Authenticate` (RFC 9110 §11.6.1, RFC 6750 §3, RFC 9449 §7.1, RFC 9728 §5.1).
///
/// ```
/// use bowline_auth::{Challenge, token::Scheme};
/// use http::HeaderValue;
///
/// let header = HeaderValue::from_static(r#"Bearer error="insufficient_scope", scope="files:read files:write""#);
/// let [challenge] = &Challenge::parse([&header])[..] else { panic!() };
/// assert_eq!(challenge.scheme, Scheme::Bearer);
/// assert!(challenge.is_insufficient_scope());
/// assert_eq!(challenge.scopes.as_deref().unwrap(), ["files:read", "files:write"]);
/// ```
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
    /// The most challenges that are read of one answer.
    pub const MAX: usize = 8;

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

    /// Reads all values of the header, at most [`Challenge::MAX`] challenges of them. Challenges of other schemes are
    /// left out; one that cannot be read ends its value, and what was read of it before counts.
    pub fn parse<'a>(values: impl IntoIterator<Item = &'a HeaderValue>) -> Vec<Self> {
        values
            .into_iter()
            .flat_map(|value| read::challenges(value.as_bytes()))
            .filter_map(Self::of)
            .take(Self::MAX)
            .collect()
    }

    /// The value of the header.
    #[must_use]
    pub fn to_header(&self) -> HeaderValue {
        let mut text = match self.scheme {
            Scheme::Bearer => "Bearer".to_owned(),
            Scheme::Dpop => "DPoP".to_owned(),
        };
        let mut separator = " ";
        for (name, value) in self.parameters() {
            let _ = write!(text, "{separator}{name}=\"{}\"", quoted(&value));
            separator = ", ";
        }
        // Nothing but visible ASCII is left in it.
        HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static("Bearer"))
    }

    /// Whether the token was good, but not for this.
    #[must_use]
    pub fn is_insufficient_scope(&self) -> bool {
        self.error.as_deref() == Some("insufficient_scope")
    }

    /// Whether the token may be good, but its proof needs the nonce of `DPoP-Nonce`.
    #[must_use]
    pub fn wants_nonce(&self) -> bool {
        self.error.as_deref() == Some("use_dpop_nonce")
    }

    fn of(read: read::Challenge) -> Option<Self> {
        let scheme = match read.scheme.to_ascii_lowercase().as_str() {
            "bearer" => Scheme::Bearer,
            "dpop" => Scheme::Dpop,
            _ => return None,
        };
        let mut challenge = Self::new(scheme);
        for (name, value) in read.parameters {
            match name.to_ascii_lowercase().as_str() {
                "realm" => challenge.realm.get_or_insert(value),
                "error" => challenge.error.get_or_insert(value),
                "error_description" => challenge.error_description.get_or_insert(value),
                "resource_metadata" => challenge.resource_metadata.get_or_insert(value),
                "scope" => {
                    challenge.scopes.get_or_insert_with(|| scope::split(&value));
                    continue;
                }
                "algs" => {
                    let names = || value.split(' ').filter(|name| !name.is_empty());
                    challenge.algs.get_or_insert_with(|| names().map(str::to_owned).collect());
                    continue;
                }
                _ => continue,
            };
        }
        challenge.scopes = challenge.scopes.filter(|scopes| !scopes.is_empty());
        Some(challenge)
    }

    fn parameters(&self) -> impl Iterator<Item = (&'static str, String)> {
        let joined = |list: &Option<Vec<String>>| list.as_ref().map(|list| list.join(" "));
        [
            ("realm", self.realm.clone()),
            ("error", self.error.clone()),
            ("error_description", self.error_description.clone()),
            ("scope", joined(&self.scopes)),
            ("resource_metadata", self.resource_metadata.clone()),
            ("algs", joined(&self.algs)),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
    }
}

/// The inside of a quoted string. What is no visible ASCII has no place in these parameters (RFC 6750 §3) and becomes a
/// question mark.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            ' '..='~' => out.push(c),
            _ => out.push('?'),
        }
    }
    out
}

#[cfg(test)]
mod tests;
