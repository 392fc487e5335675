//! The listener.

use super::beside::Beside;
use super::connection;
use super::endpoint::Endpoint;
#[cfg(feature = "host")]
use super::pages::{Pages, PagesService};
use super::rooms::{Find, Rooms};
use super::site::Site;
use super::tls::{Tls, TlsFiles};
use crate::error::{Error, Result};
use crate::service::Service;
use crate::transport::accept::Failures;
use crate::transport::{End, Transport};
use bowline_protocol::limits::Limits;
use hyper_util::server::graceful::GracefulShutdown;
use std::fmt;
use std::net::SocketAddr;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// A listener for Streamable HTTP.
///
/// By default only this machine may call. What others can reach must ask who they are and must be encrypted; an
/// address that is not a loopback one is refused otherwise, when it is served.
pub struct Http {
    listener: TcpListener,
    address: SocketAddr,
    pub(super) endpoint: Endpoint,
    tls: Option<Tls>,
    unauthenticated: bool,
    unencrypted: bool,
    find: Option<Find>,
    pub(super) beside: Option<Arc<dyn Beside>>,
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Http {
    /// Listens on an address such as `127.0.0.1:8080`; port 0 takes a free one.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub async fn bind(address: &str) -> Result<Self> {
        let listener = TcpListener::bind(address)
            .await
            .map_err(|error| Error::io(format!("cannot listen on {address}"), error))?;
        Self::from_listener(listener)
    }

    /// Listens on what is listened on already.
    ///
    /// # Errors
    /// When the listener cannot tell its address.
    pub fn from_listener(listener: TcpListener) -> Result<Self> {
        let address = listener
            .local_addr()
            .map_err(|error| Error::io("the listener has no address", error))?;
        Ok(Self {
            listener,
            address,
            endpoint: Endpoint::default().path("/mcp"),
            tls: None,
            unauthenticated: false,
            unencrypted: false,
            find: None,
            beside: None,
        })
    }

    /// Serves further services, each at `mcp` below a folder of its own: `find` gives the one below `/servers/time`
    /// for the requests to `/servers/time/mcp`. All else that is said of this listener holds for them too.
    ///
    /// For the same folder `find` must give the same service as long as that is the one to call, since sessions are
    /// kept with it. Nothing is to be found below `/`, where the listener's own service is.
    #[must_use]
    pub fn find(
        mut self,
        find: impl Fn(&str) -> Option<Arc<dyn Service>> + Send + Sync + 'static,
    ) -> Self {
        self.find = Some(Arc::new(find));
        self
    }

    /// Takes all settings of the endpoint at once; without a path of its own it answers at every one.
    #[must_use]
    pub fn endpoint(mut self, endpoint: Endpoint) -> Self {
        self.endpoint = endpoint;
        self
    }

    /// Sets the path of the endpoint; `/mcp` by default.
    #[must_use]
    pub fn path(mut self, path: &str) -> Self {
        self.endpoint = self.endpoint.path(path);
        self
    }

    /// As [`Endpoint::limits`].
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.endpoint = self.endpoint.limits(limits);
        self
    }

    /// As [`Endpoint::allow_host`].
    ///
    /// # Errors
    /// When it is no host.
    pub fn allow_host(self, host: &str) -> Result<Self> {
        self.change(|endpoint| endpoint.allow_host(host))
    }

    /// As [`Endpoint::allow_origin`].
    ///
    /// # Errors
    /// When it is no origin.
    pub fn allow_origin(self, origin: &str) -> Result<Self> {
        self.change(|endpoint| endpoint.allow_origin(origin))
    }

    /// As [`Endpoint::public_url`]. One that begins with `https` says that TLS ends in front of this listener.
    ///
    /// # Errors
    /// When it is no `http` or `https` URL.
    pub fn public_url(self, url: &str) -> Result<Self> {
        self.change(|endpoint| endpoint.public_url(url))
    }

    /// As [`Endpoint::token_file`].
    ///
    /// # Errors
    /// When the file cannot be read, may be read by other users of the system, or has a line that is wrong.
    pub fn token_file(self, path: impl AsRef<Path>) -> Result<Self> {
        self.change(|endpoint| endpoint.token_file(path))
    }

    /// As [`Endpoint::bearer_token`].
    ///
    /// # Errors
    /// When it is empty or has characters that a bearer token cannot have.
    pub fn bearer_token(self, secret: &str) -> Result<Self> {
        self.change(|endpoint| endpoint.bearer_token(secret))
    }

    /// As [`Endpoint::protected`].
    ///
    /// # Errors
    /// When there is no authorization server, a scope is none, or a file with certificates cannot be read.
    #[cfg(feature = "auth")]
    pub fn protected(self, protected: super::Protected) -> Result<Self> {
        self.change(|endpoint| endpoint.protected(protected))
    }

    /// Speaks TLS, HTTP/2 and HTTP/1.1 within it as the client prefers.
    ///
    /// # Errors
    /// When the files cannot be read or do not belong together.
    pub fn tls(mut self, files: TlsFiles) -> Result<Self> {
        self.tls = Some(Tls::new(files)?);
        Ok(self)
    }

    /// Lets everybody who can reach a public address call without saying who they are.
    #[must_use]
    pub fn dangerously_without_authentication(mut self) -> Self {
        self.unauthenticated = true;
        self
    }

    /// Lets tokens and all else travel unencrypted to a public address.
    #[must_use]
    pub fn dangerously_without_tls(mut self) -> Self {
        self.unencrypted = true;
        self
    }

    /// The address it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Tells whether it may be served: whether an address that others can reach asks who they are and is encrypted.
    ///
    /// # Errors
    /// When not, with the switches that mend it.
    pub fn check(&self) -> Result<()> {
        let address = self.address;
        if address.ip().to_canonical().is_loopback() {
            return Ok(());
        }
        if !self.endpoint.authenticates() && !self.unauthenticated {
            return Err(Error::invalid(format!(
                "{address} can be reached by others, but nobody is asked for a token; add --token-file FILE, set \
                 BOWLINE_TOKEN, or listen on 127.0.0.1"
            )));
        }
        if self.tls.is_none() && !self.endpoint.public_https && !self.unencrypted {
            return Err(Error::invalid(format!(
                "{address} can be reached by others, but is not encrypted; add --tls-cert FILE and --tls-key FILE, or \
                 --public-url https://… when TLS ends in front of it, or listen on 127.0.0.1"
            )));
        }
        Ok(())
    }

    fn change(mut self, change: impl FnOnce(Endpoint) -> Result<Endpoint>) -> Result<Self> {
        self.endpoint = change(self.endpoint)?;
        Ok(self)
    }
}

impl Transport for Http {
    async fn serve(mut self, service: Arc<dyn Service>, end: End) -> Result<()> {
        let (closing, find, beside) = (end.signal(), self.find.take(), self.beside.take());
        let site = |endpoint| Rooms::new(service, endpoint, find, beside, closing);
        self.run(end, |endpoint| Site::Endpoint(site(endpoint))).await
    }
}

impl Http {
    /// Serves pages in place of an endpoint, to whom the endpoint would let in.
    #[cfg(feature = "host")]
    pub(crate) async fn serve_pages(self, pages: Arc<dyn Pages>, end: End) -> Result<()> {
        let closing = end.signal();
        self.run(end, |endpoint| Site::Pages(PagesService::new(pages, endpoint, closing))).await
    }

    async fn run(self, end: End, site: impl FnOnce(Endpoint) -> Site) -> Result<()> {
        self.check()?;
        let tls = self.tls.map(Arc::new);
        let site = site(self.endpoint);
        let most = site.limits().connections;
        let watch = GracefulShutdown::new();
        // Owns the connections: when serving is dropped, so are they.
        let mut connections = JoinSet::new();
        let mut failures = Failures::default();
        let mut told = pin!(end.told());
        loop {
            tokio::select! {
                // With as many as may be, others wait in the backlog of the system.
                accepted = self.listener.accept(), if connections.len() < most && !failures.pausing() => {
                    match accepted {
                        Ok((stream, _)) => {
                            failures = Failures::default();
                            // Answers are small and awaited: they must not wait for more to come.
                            let _ = stream.set_nodelay(true);
                            let (site, watcher) = (site.clone(), watch.watcher());
                            // One task a connection: it ends with the connection. Those without TLS are smaller.
                            match tls.clone() {
                                None => connections.spawn(connection::serve(site, stream, watcher)),
                                Some(tls) => connections.spawn(encrypted(site, tls, stream, watcher)),
                            };
                        }
                        Err(error) => failures.add(&error),
                    }
                }
                () = failures.pause(), if failures.pausing() => {}
                Some(_) = connections.join_next() => {}
                () = told.as_mut() => break,
            }
        }
        drop(self.listener);
        let mut ended = pin!(watch.shutdown());
        loop {
            tokio::select! {
                () = ended.as_mut() => break,
                Some(_) = connections.join_next() => {}
            }
        }
        Ok(())
    }
}

async fn encrypted(
    site: Site,
    tls: Arc<Tls>,
    stream: TcpStream,
    watcher: hyper_util::server::graceful::Watcher,
) {
    if let Some(stream) = tls.accept(stream).await {
        connection::serve(site, stream, watcher).await;
    }
}

#[cfg(test)]
mod tests {
    use super::Http;

    #[tokio::test]
    async fn a_public_address_needs_authentication_and_encryption() {
        type Change = fn(Http) -> Http;
        let cases: &[(&str, Change, Option<&str>)] = &[
            ("127.0.0.1:0", |http| http, None),
            ("[::1]:0", |http| http, None),
            ("0.0.0.0:0", |http| http, Some("--token-file")),
            ("0.0.0.0:0", |http| http.public_url("https://a.test").unwrap(), Some("BOWLINE_TOKEN")),
            ("0.0.0.0:0", |http| http.bearer_token("t").unwrap(), Some("--tls-cert")),
            (
                "0.0.0.0:0",
                |http| http.bearer_token("t").unwrap().public_url("http://a.test").unwrap(),
                Some("--public-url https://"),
            ),
            (
                "0.0.0.0:0",
                |http| http.bearer_token("t").unwrap().public_url("HTTPS://a.test").unwrap(),
                None,
            ),
            ("0.0.0.0:0", Http::dangerously_without_authentication, Some("--tls-key")),
            ("0.0.0.0:0", Http::dangerously_without_tls, Some("--token-file")),
            (
                "0.0.0.0:0",
                |http| http.dangerously_without_tls().dangerously_without_authentication(),
                None,
            ),
        ];
        for (at, (address, change, refused)) in cases.iter().enumerate() {
            let Ok(http) = Http::bind(address).await else {
                assert!(address.starts_with("[::1]"), "{address}");
                continue;
            };
            match (change(http).check(), refused) {
                (Ok(()), None) => {}
                (Err(error), Some(switch)) => {
                    assert!(error.to_string().contains(switch), "{error}")
                }
                (checked, _) => panic!("row {at}: {checked:?}"),
            }
        }
    }
}
