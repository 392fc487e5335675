//! What is sent, and what is taken of the answer.

use super::fake::Fake;
use super::{HERE, PUBLIC, WORLD, get, guarded, options, request, shown};
use crate::transport::http::client::guarded::{Guarded, LINES, MOST};
use crate::transport::http::client::{Connector, Options};
use bytes::Bytes;
use expect_test::expect;
use http::header::{AUTHORIZATION, COOKIE, HeaderName, HeaderValue};
use http::{Method, Request};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::AbortHandle;
use tokio_rustls::TlsAcceptor;

/// A server that gives one answer for each connection, the last one ever after.
struct Server {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<String>>>,
    serving: AbortHandle,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Server {
    async fn plain(answers: impl IntoIterator<Item = impl Into<Vec<u8>>>) -> Self {
        Self::start(answers, None).await
    }

    async fn tls(answers: impl IntoIterator<Item = impl Into<Vec<u8>>>) -> Self {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/fixtures/connector");
        let cert = CertificateDer::from_pem_file(format!("{folder}/server.cert.pem")).unwrap();
        let key = PrivateKeyDer::from_pem_file(format!("{folder}/server.key.pem")).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![cert], key)
            .unwrap();
        Self::start(answers, Some(TlsAcceptor::from(Arc::new(config)))).await
    }

    async fn start(
        answers: impl IntoIterator<Item = impl Into<Vec<u8>>>,
        tls: Option<TlsAcceptor>,
    ) -> Self {
        let answers: Vec<Vec<u8>> = answers.into_iter().map(Into::into).collect();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let noted = seen.clone();
        let serving = tokio::spawn(async move {
            for at in 0.. {
                let answer = answers.get(at).or_else(|| answers.last()).unwrap();
                let (stream, _) = listener.accept().await.unwrap();
                match &tls {
                    Some(tls) => match tls.accept(stream).await {
                        Ok(stream) => serve(stream, answer, &noted).await,
                        Err(_) => continue,
                    },
                    None => serve(stream, answer, &noted).await,
                }
            }
        });
        Self { address, seen, serving: serving.abort_handle() }
    }

    fn url(&self) -> String {
        format!("http://{}/start?key=secret", self.address)
    }

    fn seen(&self) -> Vec<String> {
        let seen = std::mem::take(&mut *self.seen.lock().unwrap());
        let host = self.address.to_string();
        seen.into_iter().map(|text| text.replace(&host, "HOST")).collect()
    }
}

/// Reads one request, body included, notes it, and answers it.
async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    answer: &[u8],
    seen: &Mutex<Vec<String>>,
) {
    let mut text = Vec::new();
    loop {
        let all = String::from_utf8_lossy(&text).into_owned();
        if let Some((head, body)) = all.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                break;
            }
        }
        let mut some = [0; 4096];
        match stream.read(&mut some).await {
            Ok(0) | Err(_) => break,
            Ok(length) => text.extend_from_slice(&some[..length]),
        }
    }
    // Before the answer: whoever has that may look at once.
    seen.lock().unwrap().push(String::from_utf8(text).unwrap());
    // Whoever has read enough goes away.
    let _ = stream.write_all(answer).await;
    let _ = stream.shutdown().await;
}

fn ok(body: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nset-cookie: a=b\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

fn redirect(status: u16, location: &str) -> String {
    format!("HTTP/1.1 {status} Away\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n")
}

#[tokio::test]
async fn a_host_of_the_world_is_spoken_to_over_tls_at_the_address_that_was_checked() {
    let server = Server::tls([ok("{}")]).await;
    let fake = Fake::default().name("server.test", &[PUBLIC]).name("other.test", &[PUBLIC]);
    let fake = fake.to(server.address).ready();
    let guarded = guarded(&fake, WORLD);
    let response = get(&guarded, "https://server.test/a?b=c").await.unwrap();
    assert_eq!((response.status().as_u16(), response.body().as_ref()), (200, &b"{}"[..]));
    assert_eq!(server.seen(), ["GET /a?b=c HTTP/1.1\r\nhost: server.test\r\n\r\n"]);
    assert_eq!(fake.tried(), [format!("{PUBLIC}:443")]);
    // The name is still what its certificate has to be for.
    let error = get(&guarded, "https://other.test/").await.unwrap_err();
    assert!(error.is_unreachable(), "{}", shown(&error));
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn nothing_is_sent_but_what_was_asked_to_be() {
    let server = Server::plain([ok("one"), ok("two")]).await;
    let guarded = Guarded::new(&options(), HERE).unwrap();
    let mut sent = request(Method::POST, &server.url(), "grant_type=x");
    sent.headers_mut().insert(AUTHORIZATION, HeaderValue::from_static("Basic abc"));
    guarded.fetch(sent, 3).await.unwrap();
    // The cookie of the first answer is forgotten.
    get(&guarded, &server.url()).await.unwrap();
    expect![[r#"
        POST /start?key=secret HTTP/1.1
        authorization: Basic abc
        host: HOST
        content-length: 12

        grant_type=x----
        GET /start?key=secret HTTP/1.1
        host: HOST

    "#]]
    .assert_eq(&server.seen().join("----\n"));
}

#[tokio::test]
async fn headers_of_the_user_are_refused() {
    let server = Server::plain([ok("")]).await;
    let guarded = Guarded::new(&options(), HERE).unwrap();
    for name in [COOKIE, HeaderName::from_static("x-api-key"), http::header::HOST] {
        let mut sent: Request<Bytes> = request(Method::GET, &server.url(), "");
        sent.headers_mut().insert(name.clone(), HeaderValue::from_static("secret"));
        let error = guarded.fetch(sent, 3).await.unwrap_err();
        assert!(error.is_invalid() && shown(&error).contains(name.as_str()));
    }
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn three_redirects_within_the_origin_are_followed() {
    let guarded = Guarded::new(&options(), HERE).unwrap();
    let away = || redirect(302, "/next");
    let server = Server::plain([away(), away(), away(), ok("there")]).await;
    let response = get(&guarded, &server.url()).await.unwrap();
    assert_eq!(response.body(), "there");
    assert_eq!(server.seen().len(), 4);

    let server = Server::plain([away()]).await;
    let error = get(&guarded, &server.url()).await.unwrap_err();
    assert!(shown(&error).contains("more than 3 times"), "{}", shown(&error));
    assert_eq!(server.seen().len(), 4);
}

/// The name is looked up again for each hop, and by then it leads elsewhere.
#[tokio::test]
async fn each_hop_of_a_chain_of_redirects_is_checked() {
    let first = |server: &Server| {
        let fake = Fake::default().name("server.test", &[PUBLIC]).name("server.test", &[PUBLIC]);
        fake.to(server.address)
    };
    let two = [format!("{PUBLIC}:443"), format!("{PUBLIC}:443")];
    for inside in ["127.0.0.1", "::1", "10.0.0.1", "169.254.169.254", "::ffff:10.0.0.1"] {
        let answers = [redirect(302, "/one"), redirect(307, "/two"), ok("caught")];
        let server = Server::tls(answers).await;
        let fake = first(&server).name("server.test", &[inside]).ready();
        let error = get(&guarded(&fake, WORLD), "https://server.test/").await.unwrap_err();
        assert!(error.is_invalid(), "{inside}: {}", shown(&error));
        assert_eq!((fake.tried(), server.seen().len()), (two.to_vec(), 2), "{inside}");
    }
    for outside in [
        "https://169.254.169.254/latest/meta-data",
        "https://10.0.0.1/",
        "https://[::ffff:127.0.0.1]/",
        "https://2130706433/",
        "https://server.test:8443/",
        "http://server.test/",
        "//other.test/",
    ] {
        let answers = [redirect(302, "/one"), redirect(302, outside), ok("caught")];
        let server = Server::tls(answers).await;
        let fake = first(&server).name("other.test", &["127.0.0.1"]).ready();
        let error = get(&guarded(&fake, WORLD), "https://server.test/").await.unwrap_err();
        assert!(error.is_invalid(), "{outside}: {}", shown(&error));
        assert_eq!((fake.tried(), server.seen().len()), (two.to_vec(), 2), "{outside}");
    }
}

/// What is posted has secrets in it that an endpoint has no reason to send elsewhere.
#[tokio::test]
async fn as_few_redirects_as_are_wanted_are_followed() {
    let guarded = Guarded::new(&options(), HERE).unwrap();
    for (most, expected) in
        [(0, "redirects, which"), (1, "more than 1 times"), (9, "more than 3 times")]
    {
        let server = Server::plain([redirect(308, "/next")]).await;
        let sent = guarded.fetch(request(Method::POST, &server.url(), "code=x"), most).await;
        let shown = shown(&sent.unwrap_err());
        assert!(shown.contains(expected), "{shown}");
        assert_eq!(server.seen().len(), most.min(3) + 1);
    }
}

#[tokio::test]
async fn a_redirected_request_keeps_its_method_and_body_or_is_not_sent_again() {
    let guarded = Guarded::new(&options(), HERE).unwrap();
    for (status, follows) in [(301, false), (302, false), (303, false), (307, true), (308, true)] {
        let server = Server::plain([redirect(status, "/next"), ok("")]).await;
        let sent = guarded.fetch(request(Method::POST, &server.url(), "code=x"), 3).await;
        assert_eq!(sent.is_ok(), follows, "{status}");
        let seen = server.seen();
        assert_eq!(seen.len(), if follows { 2 } else { 1 }, "{status}");
        assert!(seen.iter().all(|text| text.starts_with("POST ") && text.ends_with("code=x")));
    }
}

#[tokio::test]
async fn of_an_answer_that_is_too_long_nothing_is_taken() {
    let guarded = Guarded::new(&options(), HERE).unwrap();
    let chunked = |length: usize| {
        let body = "x".repeat(length);
        format!(
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{length:x}\r\n{body}\r\n0\r\n\r\n"
        )
    };
    let lines = |count: usize| {
        let lines: String = (0..count).map(|at| format!("x-{at}: y\r\n")).collect();
        format!("HTTP/1.1 200 OK\r\n{lines}content-length: 0\r\n\r\n")
    };
    let unending = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", u64::MAX);
    let rows = [
        (ok(&"x".repeat(MOST)), true),
        (ok(&"x".repeat(MOST + 1)), false),
        (chunked(MOST), true),
        (chunked(MOST + 1), false),
        (unending, false),
        (lines(LINES - 1), true),
        (lines(LINES + 1), false),
        (format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "y".repeat(64 * 1024)), false),
    ];
    for (at, (answer, taken)) in rows.into_iter().enumerate() {
        let server = Server::plain([answer]).await;
        match get(&guarded, &server.url()).await {
            Ok(_) => assert!(taken, "row {at}"),
            Err(error) => {
                assert!(!taken && error.is_overloaded(), "row {at}: {}", shown(&error));
            }
        }
    }
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_is_an_error() {
    let guarded = Guarded::new(&options(), HERE).unwrap();
    let rows = [
        ("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 0\r\n\r\n", "compressed"),
        ("SSH-2.0-OpenSSH\r\n", "not HTTP"),
        ("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf", "broke off"),
        ("", "ended before"),
    ];
    for (answer, expected) in rows {
        let server = Server::plain([answer]).await;
        let shown = shown(&get(&guarded, &server.url()).await.unwrap_err());
        assert!(shown.contains(expected), "{answer:?}: {shown}");
    }
}

/// Time stands still while anything happens, so that it is only over when nothing does.
#[tokio::test(start_paused = true)]
async fn ten_seconds_are_all_it_takes() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let guarded = Guarded::new(&options(), HERE).unwrap();
    let began = tokio::time::Instant::now();
    let error = get(&guarded, &url).await.unwrap_err();
    assert!(error.is_timeout());
    assert_eq!(began.elapsed().as_secs(), 10);
}

#[tokio::test]
async fn a_proxy_is_used_when_the_user_named_it_and_still_leads_to_no_address_of_ours() {
    let proxy = Server::plain(["HTTP/1.1 502 No\r\n\r\n"]).await;
    let options = options().proxy(format!("http://{}", proxy.address)).no_proxy("");
    let guarded = Guarded::over(Fake::default().ready(), &options, WORLD).unwrap();
    assert!(get(&guarded, "https://a.test/").await.unwrap_err().is_unreachable());
    assert_eq!(proxy.seen()[0].lines().next(), Some("CONNECT a.test:443 HTTP/1.1"));
    for url in ["https://10.0.0.1/", "https://127.0.0.1/", "https://localhost/", "http://a.test/"] {
        assert!(get(&guarded, url).await.unwrap_err().is_invalid(), "{url}");
    }
    assert!(proxy.seen().is_empty());
}

/// A certificate says who the user is, and that is nothing for those whom a peer named.
#[tokio::test]
async fn the_certificate_of_the_user_is_not_shown() {
    let broken = Options::default().identity("/no/such/cert.pem", "/no/such/key.pem");
    assert!(Connector::new(&broken).is_err());
    // It is not even read.
    assert!(Guarded::new(&broken, WORLD).is_ok());
}
