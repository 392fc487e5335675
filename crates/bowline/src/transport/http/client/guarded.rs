//! Fetching what a URL leads to that a peer named.
//!
//! A server says where its authorization server is, and that one where its endpoints are: whoever follows such URLs
//! can be sent to any machine that only this one reaches. [`Guarded`] goes where a stranger may send it:
//!
//! - over https, to public addresses. Loopback addresses, over http too, only when the server that the user named is
//!   itself on this machine; private networks only by a switch that is named `dangerously_*`; link-local addresses and
//!   whatever else is no host of the world never;
//! - to the address that was checked. A name is resolved once for each connection, *every* address it has must pass,
//!   one of those is connected to, and who is at the other end of the connection is looked at again. A host that is
//!   written as a number in any other way than the usual one is refused unresolved;
//! - within one origin, three redirects far, and never with another method;
//! - for 256 KiB and ten seconds, redirects included;
//! - with nothing of the user's: no cookies, no headers but the few of OAuth, no certificate, and no connection that
//!   was used before.
//!
//! It goes through a proxy only when [`Options::proxy`] names one, never because of the environment: whoever resolves
//! names there decides where they lead, and only addresses in URLs are checked here.
//!
//! See [Server-Side Request Forgery](https://modelcontextprotocol.io/docs/2026-07-28/tutorials/security/security_best_practices#server-side-request-forgery-ssrf).

mod address;
mod net;
#[cfg(test)]
mod tests;

use super::connector::{Target, Whole};
use super::credentials;
use super::dial::Dial;
use super::explain;
use super::link::Link;
use super::options::Options;
use super::origin::{LOCALHOST, Origin, is_localhost};
use super::proxy::Wanted;
use super::redirect;
use super::tls::Offer;
use crate::error::{Error, Result};
use address::Behind;
use bytes::{Bytes, BytesMut};
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HOST, HeaderName};
use http::{Request, Response, Uri, request};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use net::{Net, System};
use std::fmt;
use std::future::{pending, poll_fn};
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// Fetches what URLs lead to that a peer named; see the [module](self) for where it does not go.
#[derive(Clone)]
pub(crate) struct Guarded {
    dial: Dial,
    /// Whether the user named a proxy.
    proxied: bool,
    reach: Reach,
    net: Arc<dyn Net>,
}

/// Where besides the world a peer may lead.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reach {
    loopback: bool,
    private: bool,
}

impl Reach {
    /// Where a server may lead that the user named: to this machine, if it is there itself.
    pub(crate) fn of_server(url: &Uri) -> Self {
        let loopback = Origin::of(url).is_ok_and(|origin| origin.is_loopback());
        Self { loopback, private: false }
    }

    /// Whether it may also lead into the networks that this machine is in.
    pub(crate) fn dangerously_allow_private_addresses(self, private: bool) -> Self {
        Self { private, ..self }
    }

    /// # Errors
    /// Says which addresses are meant, and whether there is a switch.
    fn admit(self, origin: &Origin, address: IpAddr) -> Result<()> {
        let why = match Behind::of(address) {
            Behind::Public => return Ok(()),
            Behind::Loopback if self.loopback => return Ok(()),
            Behind::Private if self.private => return Ok(()),
            Behind::Loopback => {
                "a loopback address, which only a server on this machine may name".to_owned()
            }
            Behind::Private => {
                "a private address; if it is meant, `dangerously_allow_private_addresses`"
                    .to_owned()
            }
            Behind::Nobody(what) => format!("{what}, which no server may name"),
        };
        Err(Error::invalid(format!("{origin} is not fetched: {address} is {why}")))
    }
}

/// How long one fetch may take, from resolving the name to the last byte, over all redirects.
const TIME: Duration = Duration::from_secs(10);

/// How much of a body is read, in bytes.
const MOST: usize = 256 * 1024;

/// How much of a head is read, in bytes and in lines.
const HEAD: usize = 32 * 1024;
const LINES: usize = 100;

/// What may be sent: what OAuth needs, and nothing that the user meant for somebody else.
const SENT: [HeaderName; 4] =
    [ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderName::from_static("dpop")];

impl Guarded {
    /// Trusts whom `options` trusts, and goes through the proxy that they name.
    ///
    /// # Errors
    /// A file that the options name cannot be read, or the proxy is none.
    pub(crate) fn new(options: &Options, reach: Reach) -> Result<Self> {
        Self::over(Arc::new(System), options, reach)
    }

    /// The same for whom somebody else named.
    pub(crate) fn reaching(self, reach: Reach) -> Self {
        Self { reach, ..self }
    }

    fn over(net: Arc<dyn Net>, options: &Options, reach: Reach) -> Result<Self> {
        let mut options = options.clone();
        // It says who the user is, to whom the user named.
        options.identity = None;
        let proxied = matches!(options.proxy, Wanted::Url(_));
        if !proxied {
            options.proxy = Wanted::Direct;
        }
        Ok(Self { dial: Dial::new(&options)?, proxied, reach, net })
    }

    /// Fetches, and reads the response whole, whatever its status. Redirects are followed this many times, three at
    /// most.
    ///
    /// # Errors
    /// - [`Error::is_invalid`]: the URL or a redirect leads where nothing is fetched from, or a header is none of
    ///   those that may be sent. No connection was made to there.
    /// - [`Error::is_unreachable`], [`Error::is_closed`], [`Error::is_timeout`]: nobody answered, or not in time.
    /// - [`Error::is_overloaded`]: there is more of the response than is read.
    /// - [`Error::is_bad_answer`]: it is not HTTP, or compressed.
    pub(crate) async fn fetch(
        &self,
        request: Request<Bytes>,
        redirects: usize,
    ) -> Result<Response<Bytes>> {
        let (parts, body) = request.into_parts();
        if let Some(name) = parts.headers.keys().find(|name| !SENT.contains(name)) {
            return Err(Error::invalid(format!(
                "header `{name}` is not sent to whom a peer named"
            )));
        }
        let origin = Origin::of(&parts.uri)?;
        match tokio::time::timeout(TIME, self.follow(&origin, parts, body, redirects)).await {
            Ok(response) => response,
            Err(_) => Err(Error::timed_out(format!("{origin} did not answer within {TIME:?}"))),
        }
    }

    async fn follow(
        &self,
        origin: &Origin,
        parts: request::Parts,
        body: Bytes,
        redirects: usize,
    ) -> Result<Response<Bytes>> {
        let mut target = Target::new(parts.uri)?;
        let most = redirects.min(redirect::MOST);
        for _ in 0..=most {
            // Redirects do not leave the origin.
            let link = self.connect(&target).await?;
            let mut request = Request::new(Whole::new(body.clone()));
            *request.method_mut() = parts.method.clone();
            let mut headers = parts.headers.clone();
            credentials::guard(&mut headers, origin, false)?;
            headers.insert(HOST, target.host().clone());
            *request.headers_mut() = headers;
            *request.uri_mut() = target.path().clone();
            let response = exchange(link, request, origin).await?;
            match redirect::next(
                target.uri(),
                &parts.method,
                response.status(),
                response.headers(),
            )? {
                Some(next) => target = Target::new(next)?,
                None => return Ok(response),
            }
        }
        Err(Error::invalid(match most {
            0 => format!("{origin} redirects, which is not followed here"),
            most => format!("{origin} redirects more than {most} times"),
        }))
    }

    /// A connection that leads where it may.
    async fn connect(&self, target: &Target) -> Result<Link> {
        let origin = target.origin();
        let host = Host::of(origin)?;
        let here = match host {
            Host::Address(address) => Behind::of(address) == Behind::Loopback,
            Host::Name(name) => is_localhost(name),
        };
        let stays_here = here && self.reach.loopback;
        if !origin.secure && !stays_here {
            return Err(Error::invalid(format!(
                "{origin} is not fetched: what a server names has to be https, unless both are on this machine"
            )));
        }
        if let Host::Address(address) = host {
            self.reach.admit(origin, address)?;
        }
        if self.proxied && !here {
            return self.dial.open(target.uri(), Offer::Http1).await;
        }
        let addresses = self.resolve(origin, host).await?;
        let (stream, peer) =
            net::first(&self.net, &addresses, origin.port).await.map_err(|error| {
                Error::unreachable(format!("cannot connect to {origin}")).because(error)
            })?;
        self.reach.admit(origin, peer.ip())?;
        if !addresses.contains(&peer.ip()) {
            // Something between us and the network leads connections elsewhere.
            return Err(Error::invalid(format!(
                "{origin} is not fetched: {} was connected to, which is none of its addresses",
                peer.ip()
            )));
        }
        let link = Link::of(stream);
        if !origin.secure {
            return Ok(link);
        }
        self.dial.secure(link, origin, Offer::Http1).await
    }

    /// The addresses of a host, all of which may be connected to.
    async fn resolve(&self, origin: &Origin, host: Host<'_>) -> Result<Vec<IpAddr>> {
        let addresses = match host {
            Host::Address(address) => vec![address],
            Host::Name(name) if is_localhost(name) => LOCALHOST.to_vec(),
            Host::Name(name) => self.net.resolve(name).await.map_err(|error| {
                Error::unreachable(format!("the host of {origin} is not known")).because(error)
            })?,
        };
        for address in &addresses {
            self.reach.admit(origin, *address)?;
        }
        match addresses.is_empty() {
            true => Err(Error::unreachable(format!("the host of {origin} has no address"))),
            false => Ok(addresses),
        }
    }
}

impl fmt::Debug for Guarded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guarded").field("reach", &self.reach).finish_non_exhaustive()
    }
}

/// The host of a URL.
#[derive(Clone, Copy)]
enum Host<'a> {
    Address(IpAddr),
    Name(&'a str),
}

impl<'a> Host<'a> {
    /// # Errors
    /// It is neither an address as addresses are written, nor a name that can be nothing else.
    fn of(origin: &'a Origin) -> Result<Self> {
        let host = &*origin.host;
        if let Ok(address) = host.parse() {
            return Ok(Self::Address(address));
        }
        let refused =
            |why: &str| Err(Error::invalid(format!("{origin} is not fetched: its host {why}")));
        let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._".contains(byte);
        if !host.as_bytes().iter().all(plain) {
            return refused("is neither a name nor an address");
        }
        if host.split('.').any(str::is_empty) {
            return refused("has a dot too many");
        }
        let last = host.rsplit('.').next().unwrap_or(host);
        // What resolves names takes 2130706433, 0x7f.1 and 0177.0.0.1 for addresses. No name of the world looks so.
        let is_number = last.bytes().all(|byte| byte.is_ascii_digit()) || last.starts_with("0x");
        match is_number {
            true => refused("is an address in disguise; write it as four decimal numbers"),
            false => Ok(Self::Name(host)),
        }
    }
}

/// One request and its response, after which the connection is closed.
async fn exchange(link: Link, request: Request<Whole>, origin: &Origin) -> Result<Response<Bytes>> {
    let (mut sender, connection) = http1::Builder::new()
        .max_buf_size(HEAD)
        .max_headers(LINES)
        .handshake(link)
        .await
        .map_err(|error| explain::request(error, origin))?;
    let exchange = async {
        let response = sender.send_request(request).await;
        let response = response.map_err(|error| explain::request(error, origin))?;
        let (head, body) = response.into_parts();
        let mut encodings = head.headers.get_all(CONTENT_ENCODING).iter();
        if encodings.any(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity")) {
            let why = "the response is compressed, which was not asked for";
            return Err(Error::bad_answer(&origin.to_string(), why));
        }
        Ok(Response::from_parts(head, whole(body, origin).await?))
    };
    let driven = async {
        // What becomes of the connection, the exchange hears.
        let _ = connection.await;
        pending::<()>().await;
    };
    tokio::select! {
        biased;
        response = exchange => response,
        () = driven => Err(Error::closed(format!("{origin} closed the connection"))),
    }
}

async fn whole(mut body: Incoming, origin: &Origin) -> Result<Bytes> {
    let too_long =
        || Error::overloaded(format!("the response of {origin} is longer than {MOST} bytes"));
    if http_body::Body::size_hint(&body).lower() > MOST as u64 {
        return Err(too_long());
    }
    let mut text = BytesMut::new();
    while let Some(frame) =
        poll_fn(|task| http_body::Body::poll_frame(Pin::new(&mut body), task)).await
    {
        let frame = frame.map_err(|error| explain::body(error, origin))?;
        let Ok(data) = frame.into_data() else { continue };
        if text.len() + data.len() > MOST {
            return Err(too_long());
        }
        text.extend_from_slice(&data);
    }
    Ok(text.freeze())
}
