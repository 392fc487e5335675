//! What an endpoint lets in, and how much of it.

#[cfg(feature = "auth")]
use super::auth::Protected;
use super::guard::Guard;
use super::protection::Protection;
use super::service::HttpService;
use super::sessions::Choice;
use crate::error::{Error, Result};
use crate::service::Service;
use bowline_protocol::http::origin;
use bowline_protocol::limits::Limits;
use std::path::Path;

/// What an endpoint lets in, and how much of it.
///
/// The default answers for loopback hosts and pages only, whatever the path, asks for no token, opens sessions for
/// clients of older protocol versions, and has the limits of [`Limits::local`].
#[derive(Clone, Debug, Default)]
pub struct Endpoint {
    pub(super) guard: Guard,
    pub(super) limits: Limits,
    pub(super) sessions: Choice,
    /// Whether clients reach it by a URL that begins with `https`.
    pub(super) public_https: bool,
    pub(super) protection: Protection,
}

impl Endpoint {
    /// Puts it in front of a service.
    #[must_use]
    pub fn mount(self, service: impl Service) -> HttpService {
        HttpService::new(service, self)
    }

    /// Answers at this path only; a leading `/` is added where it lacks.
    ///
    /// Unless it is [`without_sessions`](Self::without_sessions), clients of the oldest protocol version find their
    /// stream of events beside it, at `sse`, and send their messages to `messages`: for `/mcp` to `/sse` and `/messages`.
    ///
    /// A router that this endpoint is mounted into has chosen by path already, and may have cut it.
    #[must_use]
    pub fn path(mut self, path: &str) -> Self {
        let slash = if path.starts_with('/') { "" } else { "/" };
        self.guard.path = Some(format!("{slash}{path}").into());
        self
    }

    /// Sets the limits.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Also answers for `host`, with any port, or for `host:port`.
    ///
    /// # Errors
    /// When it is no host.
    pub fn allow_host(mut self, host: &str) -> Result<Self> {
        self.guard.hosts = self.guard.hosts.allow(host).map_err(|error| invalid(&error))?;
        Ok(self)
    }

    /// Also lets pages of this origin call, and tells their browsers so (CORS).
    ///
    /// # Errors
    /// When it is no origin.
    pub fn allow_origin(mut self, origin: &str) -> Result<Self> {
        self.guard.origins = self.guard.origins.allow(origin).map_err(|error| invalid(&error))?;
        Ok(self)
    }

    /// Sets the URL under which clients know this endpoint; its host and origin are let in. Paths that clients are told
    /// begin as its path does.
    ///
    /// # Errors
    /// When it is no `http` or `https` URL.
    pub fn public_url(mut self, url: &str) -> Result<Self> {
        self.guard.hosts = self.guard.hosts.public_url(url).map_err(|error| invalid(&error))?;
        self.guard.origins = self.guard.origins.public_url(url).map_err(|error| invalid(&error))?;
        self.sessions.known_as(url);
        self.public_https =
            url.get(..6).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https:"));
        Ok(self)
    }

    /// Lets in only who presents a token whose digest stands in this file.
    ///
    /// A line is `name:digest:scopes`: the name of the principal, the SHA-256 of the token in hexadecimal, and scopes
    /// apart by spaces. Blank lines and lines that begin with `#` do not count. Tokens should be at least 256 random
    /// bits. The file is read again when it changes; while it cannot be, the tokens known before stay good.
    ///
    /// # Errors
    /// When the file cannot be read, may be read by other users of the system, or has a line that is wrong.
    pub fn token_file(mut self, path: impl AsRef<Path>) -> Result<Self> {
        self.guard.tokens = Some(self.guard.tokens.take().unwrap_or_default().file(path.as_ref())?);
        Ok(self)
    }

    /// Lets in only who presents this token; its principal is named `token`.
    ///
    /// # Errors
    /// When it is empty or has characters that a bearer token cannot have.
    pub fn bearer_token(mut self, secret: &str) -> Result<Self> {
        self.guard.tokens = Some(self.guard.tokens.take().unwrap_or_default().secret(secret)?);
        Ok(self)
    }

    /// Lets in only who presents a token of an authorization server, made for this endpoint; or one of those that
    /// [`token_file`](Self::token_file) and [`bearer_token`](Self::bearer_token) know.
    ///
    /// See [Authorization](https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization).
    /// # Errors
    /// When there is no authorization server, a scope is none, or a file with certificates cannot be read.
    #[cfg(feature = "auth")]
    pub fn protected(mut self, protected: Protected) -> Result<Self> {
        self.protection = Protection::new(protected)?;
        Ok(self)
    }

    pub(super) fn authenticates(&self) -> bool {
        self.guard.tokens.is_some() || self.protection.is_on()
    }
}

fn invalid(error: &origin::InvalidAllowed) -> Error {
    Error::invalid(error.to_string())
}
