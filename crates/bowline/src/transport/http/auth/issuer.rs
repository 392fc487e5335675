//! An authorization server whose signed tokens let in.

use super::protected::known_url;
use crate::error::{Error, Result};
use std::path::PathBuf;

/// An authorization server whose signed tokens (JWT) let in.
///
/// Its keys are fetched from where its metadata says (RFC 8414, OpenID Connect), or from [`Issuer::jwks_uri`], when the
/// first token comes, and again when a token names a key that is not known.
///
/// ```
/// use bowline::transport::http::Issuer;
///
/// # fn main() -> bowline::Result<()> {
/// let issuer = Issuer::new("https://auth.example.com")?.algorithms(["ES256"])?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Issuer {
    pub(super) name: Box<str>,
    pub(super) jwks_uri: Option<Box<str>>,
    pub(super) algorithms: Vec<Box<str>>,
    pub(super) cacerts: Vec<PathBuf>,
}

impl Issuer {
    /// The authorization server that calls itself so: exactly what stands in the claim `iss` of its tokens.
    ///
    /// # Errors
    /// When it is no `https` URL, nor an `http` one of this machine.
    pub fn new(issuer: &str) -> Result<Self> {
        known_url("issuer", issuer)?;
        let algorithms = ["RS256", "ES256", "EdDSA"].map(Box::from).to_vec();
        Ok(Self { name: issuer.into(), jwks_uri: None, algorithms, cacerts: Vec::new() })
    }

    /// Fetches its keys here, and does not ask its metadata where they are.
    ///
    /// # Errors
    /// When it is no `https` URL, nor an `http` one of this machine.
    pub fn jwks_uri(mut self, url: &str) -> Result<Self> {
        known_url("jwks_uri", url)?;
        self.jwks_uri = Some(url.into());
        Ok(self)
    }

    /// Takes tokens signed with these algorithms only: some of `RS256`, `RS384`, `RS512`, `PS256`, `PS384`, `PS512`,
    /// `ES256`, `ES384` and `EdDSA`. By default `RS256`, `ES256` and `EdDSA`.
    ///
    /// # Errors
    /// When there is no such algorithm, or none at all.
    pub fn algorithms<'a>(mut self, names: impl IntoIterator<Item = &'a str>) -> Result<Self> {
        self.algorithms = names.into_iter().map(Box::from).collect();
        if self.algorithms.is_empty() {
            return Err(Error::invalid("algorithms: none is allowed, so no token would be"));
        }
        Ok(self)
    }

    /// Also trusts the certificates in a PEM file, besides the roots of the platform, to be this authorization server.
    #[must_use]
    pub fn cacert(mut self, path: impl Into<PathBuf>) -> Self {
        self.cacerts.push(path.into());
        self
    }
}
