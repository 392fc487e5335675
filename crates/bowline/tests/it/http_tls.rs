//! TLS, with certificates that change.

use crate::http_support::{http1, listening, media_type, request, status};
use bowline::transport::http::{Http, TlsFiles};
use http_body_util::Full;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::ring::default_provider;
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use serde_json::json;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Takes any certificate: what is tested is which one comes.
#[derive(Debug)]
struct Any;

impl ServerCertVerifier for Any {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        default_provider().signature_verification_algorithms.supported_schemes()
    }
}

async fn connect(
    address: SocketAddr,
    protocols: &[&[u8]],
    versions: &[&'static rustls::SupportedProtocolVersion],
) -> TlsStream<TcpStream> {
    let mut config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Any))
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    let stream = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap()
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/fixtures").join(name)
}

/// Files that can be replaced, gone at the end.
struct Files(PathBuf);

impl Files {
    fn new(name: &str) -> Self {
        let dir = std::env::temp_dir().join(format!("bowline-tls-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let files = Self(dir);
        files.take("first");
        files
    }

    fn take(&self, name: &str) {
        for kind in ["cert", "key"] {
            let from = fixture(&format!("{name}.{kind}.pem"));
            std::fs::copy(from, self.0.join(format!("{kind}.pem"))).unwrap();
        }
    }

    fn tls(&self) -> TlsFiles {
        TlsFiles { cert: self.0.join("cert.pem"), key: self.0.join("key.pem") }
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Which of the fixtures a server shows.
async fn shown(address: SocketAddr) -> &'static str {
    let stream = connect(address, &[], rustls::ALL_VERSIONS).await;
    let (_, connection) = stream.get_ref();
    let shown = &connection.peer_certificates().unwrap()[0];
    ["first", "second"]
        .into_iter()
        .find(|name| {
            let file = fixture(&format!("{name}.cert.pem"));
            CertificateDer::from_pem_file(file).unwrap() == *shown
        })
        .unwrap()
}

#[tokio::test]
async fn both_versions_of_http_and_of_tls_are_spoken() {
    let files = Files::new("versions");
    let (address, _running, _watch) = listening(|http| http.tls(files.tls()).unwrap()).await;
    for version in rustls::ALL_VERSIONS {
        let mut stream = connect(address, &[b"h2", b"http/1.1"], &[version]).await;
        let (_, connection) = stream.get_ref();
        assert_eq!(connection.alpn_protocol(), Some(&b"h2"[..]));
        let (mut client, running) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
                .await
                .unwrap();
        tokio::spawn(running);
        let mut request =
            request("log", &json!({ "count": 2 })).map(|_| Full::<bytes::Bytes>::default());
        *request.body_mut() = crate::http_support::call(1, "log", &json!({ "count": 2 })).into();
        *request.uri_mut() = "https://localhost/mcp".parse().unwrap();
        request.headers_mut().remove("host");
        let response = client.send_request(request).await.unwrap();
        assert_eq!((response.status().as_u16(), media_type(&response)), (200, "text/event-stream"));

        stream = connect(address, &[b"http/1.1"], &[version]).await;
        let call = http1("echo", &json!({ "message": "hi" }), "connection: close\r\n");
        stream.write_all(call.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert_eq!(status(&answer), 200, "{answer}");
    }
}

#[tokio::test]
async fn a_changed_certificate_is_used_and_a_broken_one_is_not() {
    let files = Files::new("change");
    let (address, _running, _watch) = listening(|http| http.tls(files.tls()).unwrap()).await;
    assert_eq!(shown(address).await, "first");
    // Only the clock of the server is moved; handshakes take the time they take.
    let a_second = || async {
        tokio::time::pause();
        tokio::time::advance(std::time::Duration::from_secs(1)).await;
        tokio::time::resume();
    };
    files.take("second");
    a_second().await;
    assert_eq!(shown(address).await, "second");
    std::fs::copy(fixture("first.key.pem"), files.0.join("key.pem")).unwrap();
    a_second().await;
    assert_eq!(shown(address).await, "second", "a key of another certificate");
    std::fs::write(files.0.join("cert.pem"), "none").unwrap();
    a_second().await;
    assert_eq!(shown(address).await, "second", "no certificate");
    files.take("first");
    a_second().await;
    assert_eq!(shown(address).await, "first");
}

#[tokio::test]
async fn files_that_make_no_server_are_refused_at_once() {
    let files = Files::new("wrong");
    let cert = fixture("first.cert.pem");
    let cases = [
        (cert.clone(), fixture("second.key.pem"), "make no TLS server"),
        (cert.clone(), cert.clone(), "no PEM private key"),
        (fixture("first.key.pem"), fixture("first.key.pem"), "no PEM certificates"),
        (files.0.join("none"), fixture("first.key.pem"), "cannot read"),
    ];
    for (cert, key, expected) in cases {
        let http = Http::bind("127.0.0.1:0").await.unwrap();
        let error = http.tls(TlsFiles { cert, key }).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[tokio::test]
async fn a_client_without_tls_stops_nobody() {
    let files = Files::new("plain");
    let (address, _running, _watch) = listening(|http| http.tls(files.tls()).unwrap()).await;
    let _silent = TcpStream::connect(address).await.unwrap();
    let mut plain = TcpStream::connect(address).await.unwrap();
    plain.write_all(http1("echo", &json!({}), "").as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
    assert_eq!(shown(address).await, "first");
}
