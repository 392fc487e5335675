//! Opening connections.

use super::link::Link;
use super::options::Options;
use super::origin::{LOCALHOST, Origin, is_localhost};
use super::proxy::{Proxies, Via};
use super::tls::{Offer, Tls};
use crate::error::{Error, Result};
use http::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use hyper_util::client::legacy::connect::proxy::Tunnel;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tower_service::Service;

/// Opens connections: finds the address, goes through the proxy, shakes hands.
#[derive(Clone, Debug)]
pub(super) struct Dial(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    tcp: HttpConnector<Resolver>,
    tls: Tls,
    proxies: Proxies,
    timeout: Duration,
}

impl Dial {
    /// # Errors
    /// A file or a proxy of the options is broken.
    pub(super) fn new(options: &Options) -> Result<Self> {
        let tls = Tls::new(&options.cacerts, options.identity.as_ref())?;
        let environment = |name: &str| std::env::var(name).ok();
        let proxies = Proxies::new(&options.proxy, options.no_proxy.as_deref(), environment)?;
        let mut tcp = HttpConnector::new_with_resolver(Resolver(GaiResolver::new()));
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_keepalive(Some(SILENCE));
        tcp.set_keepalive_interval(Some(PROBE));
        tcp.set_keepalive_retries(Some(PROBES));
        // Divided among the addresses of a host, so that the first dead one does not take it all.
        tcp.set_connect_timeout(Some(options.connect_timeout));
        Ok(Self(Arc::new(Inner { tcp, tls, proxies, timeout: options.connect_timeout })))
    }

    /// The proxy on the way to `uri`.
    ///
    /// # Errors
    /// There should be one that cannot be used.
    pub(super) fn proxy(&self, uri: &Uri, origin: &Origin) -> Result<Option<Via>> {
        self.0.proxies.on_the_way_to(uri, origin)
    }

    #[cfg(test)]
    pub(super) fn has_roots(&self) -> bool {
        self.0.tls.is_loaded()
    }

    /// Opens a connection for requests to `uri`.
    ///
    /// # Errors
    /// There is no way there, or not in time.
    pub(super) async fn open(&self, uri: &Uri, offer: Offer) -> Result<Link> {
        let origin = Origin::of(uri)?;
        match tokio::time::timeout(self.0.timeout, self.way(uri.clone(), &origin, offer)).await {
            Ok(opened) => opened,
            Err(_) => {
                let time = self.0.timeout;
                Err(Error::unreachable(format!("{origin} was not reached within {time:?}")))
            }
        }
    }

    async fn way(&self, uri: Uri, origin: &Origin, offer: Offer) -> Result<Link> {
        let Some(via) = self.proxy(&uri, origin)? else {
            return self.direct(uri, origin, offer).await;
        };
        let hop = Hop { dial: self.clone(), origin: via.origin.clone() };
        if !origin.secure {
            return Ok(self.direct(via.uri, &via.origin, Offer::Http1).await?.proxied());
        }
        let mut tunnel = Tunnel::new(via.uri, hop);
        if let Some(authorization) = via.authorization {
            tunnel = tunnel.with_auth(authorization);
        }
        let link = tunnel.call(uri).await.map_err(|error| {
            Error::unreachable(format!(
                "the proxy {} does not lead to {origin}; check its address, and the user and password in its URL",
                via.origin
            ))
            .because(error)
        })?;
        self.secure(link, origin, offer).await
    }

    async fn direct(&self, uri: Uri, origin: &Origin, offer: Offer) -> Result<Link> {
        let tcp = self.0.tcp.clone().call(uri).await.map_err(|error| {
            Error::unreachable(format!("cannot connect to {origin}")).because(error)
        })?;
        let link = Link::new(tcp.into_inner());
        if origin.secure { self.secure(link, origin, offer).await } else { Ok(link) }
    }

    pub(super) async fn secure(&self, link: Link, origin: &Origin, offer: Offer) -> Result<Link> {
        let (stream, http2) = self.0.tls.connect(link.into_stream(), origin, offer).await?;
        Ok(Link::new(stream).http2(http2))
    }
}

/// After this silence the other machine is asked for a sign of life, this often and this many times: one that is gone
/// is noticed within a minute.
const SILENCE: Duration = Duration::from_secs(30);
const PROBE: Duration = Duration::from_secs(10);
const PROBES: u32 = 3;

type Opening<T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send>>;

/// The way to a proxy.
struct Hop {
    dial: Dial,
    origin: Origin,
}

impl Service<Uri> for Hop {
    type Response = Link;
    type Error = Error;
    type Future = Opening<Link, Error>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, proxy: Uri) -> Self::Future {
        let (dial, origin) = (self.dial.clone(), self.origin.clone());
        Box::pin(async move { dial.direct(proxy, &origin, Offer::Http1).await })
    }
}

/// Finds the addresses of a host; those of `localhost` without asking anybody.
#[derive(Clone, Debug)]
struct Resolver(GaiResolver);

impl Service<Name> for Resolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Opening<Self::Response, io::Error>;

    fn poll_ready(&mut self, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.poll_ready(task)
    }

    fn call(&mut self, name: Name) -> Self::Future {
        if is_localhost(name.as_str()) {
            let addresses = LOCALHOST.map(|address| SocketAddr::new(address, 0)).to_vec();
            return Box::pin(std::future::ready(Ok(addresses.into_iter())));
        }
        let asking = self.0.call(name);
        Box::pin(async move { Ok(asking.await?.collect::<Vec<_>>().into_iter()) })
    }
}
