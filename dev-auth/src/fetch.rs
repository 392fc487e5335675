//! Fetching what a client named: little, soon, from where it may be, and without following anything.

use crate::settings::Addresses;
use http::header::{ACCEPT, CONTENT_TYPE, HOST};
use http::{Request, Uri};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// A URL that can be fetched.
#[derive(Debug)]
pub(crate) struct Target {
    uri: Uri,
    host: String,
    tls: bool,
}

impl Target {
    /// Reads a URL; one of http only where loopback addresses are allowed, and of such an address.
    pub(crate) fn parse(url: &str, addresses: Addresses) -> Result<Self, String> {
        let wrong = |what: &str| format!("{url} {what}");
        if url.len() > 2048 {
            return Err("the URL is longer than 2048 bytes".to_owned());
        }
        if url.contains('#') {
            return Err(wrong("has a fragment"));
        }
        let uri: Uri = url.parse().map_err(|error| wrong(&format!("is no URL: {error}")))?;
        let authority = uri.authority().ok_or_else(|| wrong("has no host"))?;
        if authority.as_str().contains('@') {
            return Err(wrong("names a user"));
        }
        let host = authority.host().to_owned();
        let local = matches!(host.as_str(), "localhost" | "127.0.0.1" | "[::1]");
        let tls = match uri.scheme_str() {
            Some("https") => true,
            Some("http") if local && addresses == Addresses::DangerouslyLoopback => false,
            _ => return Err(wrong("is not of https")),
        };
        Ok(Self { host, tls, uri })
    }

    /// Its path, without the query.
    pub(crate) fn path(&self) -> &str {
        self.uri.path()
    }
}

/// JSON from there.
pub(crate) async fn json(target: &Target, addresses: Addresses) -> Result<Value, Error> {
    let fetched = timeout(PATIENCE, fetch(target, addresses)).await;
    let text = fetched.unwrap_or(Err(Problem::Slow)).map_err(|problem| target.error(problem))?;
    serde_json::from_slice(&text).map_err(|error| target.error(Problem::NotJson(error)))
}

async fn fetch(target: &Target, addresses: Addresses) -> Result<Bytes, Problem> {
    let stream = connect(target, addresses).await?;
    if !target.tls {
        return get(stream, target).await;
    }
    let name = target.host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let name = rustls_pki_types::ServerName::try_from(name).map_err(|_| Problem::Name)?;
    let stream = connector()?.connect(name, stream).await.map_err(Problem::Connection)?;
    get(stream, target).await
}

/// A connection to the first address of the host that may be fetched from: to the address that was looked at, so that
/// no second look into the directory can give another.
async fn connect(target: &Target, addresses: Addresses) -> Result<TcpStream, Problem> {
    let port = target.uri.port_u16().unwrap_or(if target.tls { 443 } else { 80 });
    let host = target.host.trim_start_matches('[').trim_end_matches(']');
    let found = lookup_host((host, port)).await.map_err(Problem::Connection)?;
    let mut last = Problem::Refused(None);
    for address in found {
        if !allowed(address.ip(), addresses) {
            last = Problem::Refused(Some(address));
            continue;
        }
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = Problem::Connection(error),
        }
    }
    Err(last)
}

async fn get(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    target: &Target,
) -> Result<Bytes, Problem> {
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(Problem::Http)?;
    let host = target.uri.authority().map_or("", http::uri::Authority::as_str);
    let path = target.uri.path_and_query().map_or("/", http::uri::PathAndQuery::as_str);
    let request = Request::get(path)
        .header(HOST, host)
        .header(ACCEPT, "application/json")
        .body(Empty::<Bytes>::new())
        .map_err(|_| Problem::Name)?;
    // Polled here beside the answer: ends with this future.
    let answer = async {
        let response = sender.send_request(request).await.map_err(Problem::Http)?;
        if response.status() != http::StatusCode::OK {
            return Err(Problem::Status(response.status().as_u16()));
        }
        let kind = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let kind = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case("application/json") && !kind.ends_with("+json") {
            return Err(Problem::MediaType);
        }
        let body = Limited::new(response.into_body(), MOST);
        Ok(body.collect().await.map_err(|_| Problem::Long)?.to_bytes())
    };
    tokio::pin!(answer, connection);
    tokio::select! {
        answered = &mut answer => answered,
        _ = &mut connection => answer.await,
    }
}

fn connector() -> Result<TlsConnector, Problem> {
    let mut roots = rustls::RootCertStore::empty();
    for certificate in rustls_native_certs::load_native_certs().certs {
        // A certificate of the system that rustls does not understand certifies nobody.
        let _ = roots.add(certificate);
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| Problem::Name)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// Whether an address may be fetched from.
fn allowed(address: IpAddr, addresses: Addresses) -> bool {
    match address.to_canonical() {
        address if address.is_loopback() => addresses == Addresses::DangerouslyLoopback,
        IpAddr::V4(address) => is_public(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// The special ranges of <https://www.iana.org/assignments/iana-ipv4-special-registry>.
fn is_public(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(a == 0
        || a >= 224
        || address.is_private()
        || address.is_link_local()
        || address.is_documentation()
        || (a == 100 && (b & 0xc0) == 64)
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (b & 0xfe) == 18))
}

/// Global unicast, but for documentation, protocol assignments, and what carries an address of version 4 in it.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    (a & 0xe000) == 0x2000
        && !(a == 0x2001 && b < 0x200)
        && !(a == 0x2001 && b == 0xdb8)
        && a != 0x2002
        && !(a == 0x3fff && b < 0x1000)
}

/// All of it must be there by then.
const PATIENCE: Duration = Duration::from_secs(5);

/// As [the draft](https://datatracker.ietf.org/doc/draft-ietf-oauth-client-id-metadata-document/) recommends.
const MOST: usize = 5 * 1024;

/// Nothing was fetched.
#[derive(Debug)]
pub(crate) struct Error {
    url: String,
    problem: Problem,
}

#[derive(Debug)]
enum Problem {
    Refused(Option<SocketAddr>),
    Name,
    Connection(std::io::Error),
    Http(hyper::Error),
    Status(u16),
    MediaType,
    Long,
    Slow,
    NotJson(serde_json::Error),
}

impl Target {
    fn error(&self, problem: Problem) -> Error {
        Error { url: self.uri.to_string(), problem }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = &self.url;
        match &self.problem {
            Problem::Refused(None) => write!(f, "the host of {url} has no address"),
            Problem::Refused(Some(address)) => write!(
                f,
                "{url} is at {}, which is not public; --dangerously-fetch-loopback allows this machine",
                address.ip()
            ),
            Problem::Name => write!(f, "the host of {url} is no name that a certificate can have"),
            Problem::Connection(error) => write!(f, "cannot connect to {url}: {error}"),
            Problem::Http(error) => write!(f, "{url} does not speak HTTP: {error}"),
            Problem::Status(status) => write!(f, "{url} answers {status}, and only 200 is taken"),
            Problem::MediaType => write!(f, "{url} is not application/json"),
            Problem::Long => write!(f, "{url} is longer than {MOST} bytes, or broke off"),
            Problem::Slow => write!(f, "{url} took longer than {} s", PATIENCE.as_secs()),
            Problem::NotJson(error) => write!(f, "{url} is not JSON: {error}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::allowed;
    use crate::settings::Addresses::{DangerouslyLoopback, Public};

    #[test]
    fn which_addresses_are_fetched_from() {
        let rows = [
            ("93.184.216.34", true),
            ("2606:2800:220:1::1", true),
            ("127.0.0.1", false),
            ("127.9.9.9", false),
            ("::1", false),
            ("::ffff:127.0.0.1", false),
            ("::ffff:10.0.0.1", false),
            ("0.0.0.0", false),
            ("10.1.2.3", false),
            ("172.16.0.1", false),
            ("192.168.0.1", false),
            ("169.254.169.254", false),
            ("100.64.0.1", false),
            ("192.0.0.8", false),
            ("198.18.0.1", false),
            ("203.0.113.1", false),
            ("224.0.0.1", false),
            ("255.255.255.255", false),
            ("::", false),
            ("fe80::1", false),
            ("fc00::1", false),
            ("ff02::1", false),
            ("2001:db8::1", false),
            ("2001::1", false),
            ("2002:7f00:1::", false),
            ("64:ff9b::7f00:1", false),
        ];
        for (address, public) in rows {
            assert_eq!(allowed(address.parse().unwrap(), Public), public, "{address}");
        }
        for (address, local) in [("127.0.0.1", true), ("::1", true), ("10.0.0.1", false)] {
            assert_eq!(allowed(address.parse().unwrap(), DangerouslyLoopback), local, "{address}");
        }
    }
}
