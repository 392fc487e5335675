//! How a connector connects.

use super::proxy::Wanted;
use bowline_protocol::limits::Limits;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// How a [`Connector`](super::Connector) connects: whom it trusts, who it is, which way it goes.
///
/// By default it trusts the roots of the platform, shows no certificate, and goes through the proxies that the
/// environment names.
#[derive(Clone)]
pub struct Options {
    pub(super) cacerts: Vec<PathBuf>,
    pub(super) identity: Option<(PathBuf, PathBuf)>,
    pub(super) proxy: Wanted,
    pub(super) no_proxy: Option<String>,
    pub(super) connect_timeout: Duration,
    pub(super) head_timeout: Option<Duration>,
    pub(super) credentials_over_http: bool,
    pub(super) limits: Limits,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            cacerts: Vec::new(),
            identity: None,
            proxy: Wanted::Environment,
            no_proxy: None,
            connect_timeout: Duration::from_secs(10),
            head_timeout: None,
            credentials_over_http: false,
            limits: Limits::default(),
        }
    }
}

impl Options {
    /// Also trusts the certificates in a PEM file, besides the roots of the platform.
    #[must_use]
    pub fn cacert(mut self, path: impl Into<PathBuf>) -> Self {
        self.cacerts.push(path.into());
        self
    }

    /// Shows a certificate to servers that ask for one: PEM files of the certificate, followed by those that lead to
    /// a root, and of its private key.
    #[must_use]
    pub fn identity(mut self, cert: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        self.identity = Some((cert.into(), key.into()));
        self
    }

    /// Whether to go through the proxies that the environment names; the default.
    ///
    /// For https that is the first set of `https_proxy`, `HTTPS_PROXY`, `all_proxy` and `ALL_PROXY`, for http the
    /// first of `http_proxy`, `all_proxy` and `ALL_PROXY`. `HTTP_PROXY` is not read: where a program runs for a
    /// request, the request can set it. What `no_proxy` or `NO_PROXY` names, and this machine, is reached directly.
    #[must_use]
    pub fn proxy_from_env(mut self, wanted: bool) -> Self {
        self.proxy = if wanted { Wanted::Environment } else { Wanted::Direct };
        self
    }

    /// Goes through one proxy, whatever the environment says: `http://` or `https://`, and a user and password in the
    /// URL if it wants them. Loopback addresses are always reached directly.
    #[must_use]
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.proxy = Wanted::Url(url.into());
        self
    }

    /// Hosts to reach without a proxy, instead of those that the environment names: names with all below them,
    /// addresses, networks such as `10.0.0.0/8`, or `*`, separated by commas.
    #[must_use]
    pub fn no_proxy(mut self, hosts: impl Into<String>) -> Self {
        self.no_proxy = Some(hosts.into());
        self
    }

    /// Time to find, reach and authenticate a server; 10 seconds by default.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Time from sending a request to the end of the head of its response; by default
    /// [`Limits::call_timeout`], since a server may keep it back until it has an answer.
    #[must_use]
    pub fn head_timeout(mut self, timeout: Duration) -> Self {
        self.head_timeout = Some(timeout);
        self
    }

    /// Whether credentials may be sent over plain http to other machines, where everybody on the way can read them.
    #[must_use]
    pub fn dangerously_allow_credentials_over_http(mut self, allowed: bool) -> Self {
        self.credentials_over_http = allowed;
        self
    }

    /// Bounds what servers may send: [`Limits::headers`], [`Limits::headers_bytes`].
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    pub(super) fn head_time(&self) -> Duration {
        self.head_timeout.unwrap_or(self.limits.call_timeout)
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The limits would drown the rest.
        f.debug_struct("Options")
            .field("cacerts", &self.cacerts)
            .field("identity", &self.identity.as_ref().map(|(cert, _)| cert))
            .field("proxy", &self.proxy)
            .field("no_proxy", &self.no_proxy)
            .field("connect_timeout", &self.connect_timeout)
            .field("head_timeout", &self.head_time())
            .field("credentials_over_http", &self.credentials_over_http)
            .finish_non_exhaustive()
    }
}
