//! What the connector talks to, and how tests talk to it.
//!
//! The certificates in `fixtures/connector` were made with openssl, valid until 2126: `ca` signed `server` (for
//! `localhost`, the loopback addresses, `server.test` and `proxy.test`), `other` (for `other.test`), `client` (to show
//! to servers), and `expired`. The key of `ca` is gone.

use bowline::transport::http::client::{Body, Connector, Credentials, Options};
use bytes::Bytes;
use http::{Method, Request, Response};
use rustls::crypto::ring::default_provider;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

/// What a server does once it has read a request.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Answers, and reads the next request.
    Answer(String),
    /// Answers, waits for [`Peer::go`], closes, and waits for the client to close too.
    Close(String),
    /// Answers, and waits for the end of the connection.
    Hold(String),
}

/// A server that follows a script, one step for each request on whatever connection.
#[derive(Debug)]
pub(crate) struct Peer {
    pub(crate) address: SocketAddr,
    /// The requests, whole.
    seen: Arc<Mutex<Vec<String>>>,
    /// One permit for each connection.
    pub(crate) connections: Arc<Semaphore>,
    /// One permit for each request that was read and answered.
    pub(crate) answered: Arc<Semaphore>,
    /// One permit for each connection that the client ended.
    pub(crate) ended: Arc<Semaphore>,
    /// One permit lets one connection close.
    pub(crate) go: Arc<Semaphore>,
    _serving: JoinSet<()>,
}

impl Peer {
    pub(crate) async fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        Self::at(Ipv4Addr::LOCALHOST.into(), steps, None).await
    }

    pub(crate) async fn with_tls(steps: impl IntoIterator<Item = Step>, tls: ServerConfig) -> Self {
        Self::at(Ipv4Addr::LOCALHOST.into(), steps, Some(TlsAcceptor::from(Arc::new(tls)))).await
    }

    pub(crate) async fn at(
        ip: std::net::IpAddr,
        steps: impl IntoIterator<Item = Step>,
        tls: Option<TlsAcceptor>,
    ) -> Self {
        let listener = TcpListener::bind((ip, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let none = || Arc::new(Semaphore::new(0));
        let peer = Self {
            address,
            seen: Arc::default(),
            connections: none(),
            answered: none(),
            ended: none(),
            go: none(),
            _serving: JoinSet::new(),
        };
        let steps: Vec<_> = steps.into_iter().collect();
        let script = Arc::new(Mutex::new(steps.into_iter()));
        let mut serving = JoinSet::new();
        let (seen, connections) = (Arc::clone(&peer.seen), Arc::clone(&peer.connections));
        let marks = [&peer.answered, &peer.ended, &peer.go].map(Arc::clone);
        serving.spawn(async move {
            let mut open = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                connections.add_permits(1);
                let (seen, script) = (Arc::clone(&seen), Arc::clone(&script));
                let (marks, tls) = (marks.clone(), tls.clone());
                open.spawn(async move {
                    match tls {
                        None => follow(stream, &script, &seen, &marks).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                follow(stream, &script, &seen, &marks).await;
                            }
                        }
                    }
                });
            }
        });
        Self { _serving: serving, ..peer }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/mcp", self.address)
    }

    /// The requests so far.
    pub(crate) fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn connected(&self) -> usize {
        self.connections.available_permits()
    }
}

async fn follow<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    script: &Mutex<impl Iterator<Item = Step>>,
    seen: &Mutex<Vec<String>>,
    [answered, ended, go]: &[Arc<Semaphore>; 3],
) {
    loop {
        let Some(request) = read_request(&mut stream).await else {
            ended.add_permits(1);
            return;
        };
        seen.lock().unwrap().push(request);
        let step = script.lock().unwrap().next();
        let Some(step) = step else { return };
        let (Step::Answer(text) | Step::Close(text) | Step::Hold(text)) = &step;
        stream.write_all(text.as_bytes()).await.unwrap();
        stream.flush().await.unwrap();
        answered.add_permits(1);
        match step {
            Step::Answer(_) => {}
            Step::Close(_) => {
                wait(go).await;
                let _ = stream.shutdown().await;
                let _ = stream.read_to_end(&mut Vec::new()).await;
                ended.add_permits(1);
                return;
            }
            Step::Hold(_) => {
                let _ = stream.read_to_end(&mut Vec::new()).await;
                ended.add_permits(1);
                return;
            }
        }
    }
}

/// Reads a request with its body; `None` at the end of the connection.
pub(crate) async fn read_request<S: AsyncRead + Unpin>(stream: &mut S) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        bytes.push(stream.read_u8().await.ok()?);
        if bytes.ends_with(b"\r\n\r\n") {
            break;
        }
    }
    let head = String::from_utf8(bytes).unwrap();
    let length = head.to_ascii_lowercase();
    let length = length.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    stream.read_exact(&mut body).await.ok()?;
    Some(head + &String::from_utf8(body).unwrap())
}

/// Waits for one permit; fails after a time that no machine needs.
pub(crate) async fn wait(semaphore: &Semaphore) {
    let one = tokio::time::timeout(Duration::from_secs(60), semaphore.acquire()).await;
    one.expect("waited a minute").unwrap().forget();
}

/// A response with a body.
pub(crate) fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

pub(crate) fn connector(options: Options) -> Connector {
    Connector::new(&options).unwrap()
}

pub(crate) fn post(url: &str) -> Request<Bytes> {
    request(Method::POST, url)
}

pub(crate) fn request(method: Method, url: &str) -> Request<Bytes> {
    Request::builder()
        .method(method)
        .uri(url)
        .header("accept", "application/json")
        .body(Bytes::from_static(b"{}"))
        .unwrap()
}

pub(crate) async fn send(connector: &Connector, url: &str) -> bowline::Result<Response<Body>> {
    connector.send(post(url), &Credentials::none()).await
}

/// The rest of a body as text.
pub(crate) async fn text(response: Response<Body>) -> bowline::Result<String> {
    let mut body = response.into_body();
    let mut text = Vec::new();
    while let Some(chunk) = body.next_chunk().await {
        text.extend_from_slice(&chunk?);
    }
    assert!(body.next_chunk().await.is_none(), "it stays at its end");
    Ok(String::from_utf8(text).unwrap())
}

/// An error with what caused it, one level a line.
pub(crate) fn chain(error: &bowline::Error) -> String {
    let mut text = error.to_string();
    let mut next = std::error::Error::source(error);
    while let Some(error) = next {
        text += &format!("\n  {error}");
        next = error.source();
    }
    text
}

pub(crate) fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/fixtures/connector").join(name)
}

/// Options that trust the servers of these tests.
pub(crate) fn trusting() -> Options {
    Options::default().cacert(fixture("ca.cert.pem")).proxy_from_env(false)
}

/// A server that shows the certificate `name`.
pub(crate) fn tls(name: &str, protocols: &[&str]) -> ServerConfig {
    serving(name, protocols, None)
}

/// As [`tls`], for clients that show a certificate.
pub(crate) fn mutual_tls(versions: &[&'static rustls::SupportedProtocolVersion]) -> ServerConfig {
    serving("server", &["http/1.1"], Some(versions))
}

fn serving(
    name: &str,
    protocols: &[&str],
    mutual: Option<&[&'static rustls::SupportedProtocolVersion]>,
) -> ServerConfig {
    let cert = fixture(&format!("{name}.cert.pem"));
    let chain = vec![CertificateDer::from_pem_file(cert).unwrap()];
    let key = PrivateKeyDer::from_pem_file(fixture(&format!("{name}.key.pem"))).unwrap();
    let provider = Arc::new(default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(mutual.unwrap_or(rustls::ALL_VERSIONS))
        .unwrap();
    let builder = if mutual.is_some() {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(fixture("ca.cert.pem")).unwrap()).unwrap();
        let verifier =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
        builder.with_client_cert_verifier(verifier)
    } else {
        builder.with_no_client_auth()
    };
    let mut config = builder.with_single_cert(chain, key).unwrap();
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    config
}
