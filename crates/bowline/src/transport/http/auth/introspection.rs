//! An authorization server that is asked about tokens.

use super::protected::known_url;
use crate::error::{Error, Result};
use std::fmt;
use std::path::PathBuf;

/// An authorization server that is asked about tokens (RFC 7662).
///
/// What it says of a token is believed for at most a minute. While it cannot be asked, nobody is let in by it.
///
/// ```
/// use bowline::transport::http::Introspection;
///
/// # fn main() -> bowline::Result<()> {
/// # let secret = "secret";
/// let introspection = Introspection::new("https://auth.example.com", "https://auth.example.com/introspect")?
///     .client("mcp-server", secret)?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Introspection {
    pub(super) issuer: Box<str>,
    pub(super) endpoint: Box<str>,
    pub(super) asks_as: AsksAs,
    pub(super) cacerts: Vec<PathBuf>,
}

/// How this server says who it is.
#[derive(Clone)]
pub(super) enum AsksAs {
    Nobody,
    Client { id: Box<str>, secret: Box<str> },
    Bearer(Box<str>),
}

impl Introspection {
    /// Asks at an `endpoint` of the authorization server that calls itself `issuer`.
    ///
    /// # Errors
    /// When one is no `https` URL, nor an `http` one of this machine.
    pub fn new(issuer: &str, endpoint: &str) -> Result<Self> {
        known_url("issuer", issuer)?;
        known_url("introspection endpoint", endpoint)?;
        Ok(Self {
            issuer: issuer.into(),
            endpoint: endpoint.into(),
            asks_as: AsksAs::Nobody,
            cacerts: Vec::new(),
        })
    }

    /// Says who asks by the id and secret of a client (`client_secret_basic`).
    ///
    /// # Errors
    /// When one is empty.
    pub fn client(mut self, id: &str, secret: &str) -> Result<Self> {
        if id.is_empty() || secret.is_empty() {
            return Err(Error::invalid("introspection: the client's id or secret is empty"));
        }
        self.asks_as = AsksAs::Client { id: id.into(), secret: secret.into() };
        Ok(self)
    }

    /// Says who asks by a bearer token.
    ///
    /// # Errors
    /// When it is empty or has characters that a bearer token cannot have.
    pub fn bearer(mut self, token: &str) -> Result<Self> {
        if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Error::invalid("introspection: the bearer token is empty or not one word"));
        }
        self.asks_as = AsksAs::Bearer(token.into());
        Ok(self)
    }

    /// Also trusts the certificates in a PEM file, besides the roots of the platform, to be this authorization server.
    #[must_use]
    pub fn cacert(mut self, path: impl Into<PathBuf>) -> Self {
        self.cacerts.push(path.into());
        self
    }
}

impl fmt::Debug for Introspection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let asks_as = match &self.asks_as {
            AsksAs::Nobody => "nobody",
            AsksAs::Client { id, .. } => id,
            AsksAs::Bearer(_) => "bearer",
        };
        f.debug_struct("Introspection")
            .field("issuer", &self.issuer)
            .field("endpoint", &self.endpoint)
            .field("asks_as", &asks_as)
            .finish_non_exhaustive()
    }
}
