//! Proxies that record what they see.

use super::peers::{
    Peer, Step, chain, connector, ok, post, read_request, send, text, tls, trusting,
};
use super::server::{Seen, serve};
use bowline::transport::http::client::Credentials;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

/// A proxy that tunnels everything to `target`.
struct Proxy {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<String>>>,
    _serving: JoinSet<()>,
}

impl Proxy {
    async fn to(target: SocketAddr, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen: Arc<Mutex<Vec<String>>> = Arc::default();
        let mut serving = JoinSet::new();
        let record = Arc::clone(&seen);
        serving.spawn(async move {
            let mut open = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (record, tls) = (Arc::clone(&record), tls.clone());
                open.spawn(async move {
                    match tls {
                        None => tunnel(stream, target, &record).await,
                        Some(tls) => {
                            tunnel(tls.accept(stream).await.unwrap(), target, &record).await;
                        }
                    }
                });
            }
        });
        Self { address, seen, _serving: serving }
    }

    fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().iter().map(|request| request.replace('\r', "")).collect()
    }
}

async fn tunnel<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    target: SocketAddr,
    seen: &Mutex<Vec<String>>,
) {
    let Some(request) = read_request(&mut stream).await else { return };
    seen.lock().unwrap().push(request);
    let mut target = TcpStream::connect(target).await.unwrap();
    stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
    let _ = copy_bidirectional(&mut stream, &mut target).await;
}

const CONNECT: &str = "CONNECT server.test:443 HTTP/1.1\nHost: server.test:443\n";

#[tokio::test]
async fn https_goes_through_a_tunnel_that_sees_only_the_host() {
    for protocol in ["h2", "http/1.1"] {
        let seen = Arc::new(Seen::default());
        let (address, _serving) = serve(tls("server", &[protocol]), &seen).await;
        let proxy = Proxy::to(address, None).await;
        let options = trusting().proxy(format!("http://us%65r:can%61ry@{}", proxy.address));
        assert!(!format!("{options:?}").contains("can"), "{options:?}");
        let credentials = Credentials::none().bearer("token").unwrap();
        let connector = connector(options);
        assert!(!format!("{connector:?}").contains("can"), "{connector:?}");
        let response =
            connector.send(post("https://server.test/echo"), &credentials).await.unwrap();
        assert_eq!(text(response).await.unwrap(), "/echo");
        // `user:canary`
        let expected = format!("{CONNECT}Proxy-Authorization: Basic dXNlcjpjYW5hcnk=\n\n");
        assert_eq!(proxy.seen(), [expected]);
        let requests = seen.requests.lock().unwrap();
        assert!(requests.iter().all(|(_, headers)| !headers.contains_key("proxy-authorization")));
    }
}

#[tokio::test]
async fn a_proxy_of_https_is_spoken_to_in_tls() {
    let seen = Arc::new(Seen::default());
    let (address, _serving) = serve(tls("server", &["h2"]), &seen).await;
    let acceptor = TlsAcceptor::from(Arc::new(tls("server", &["http/1.1"])));
    let proxy = Proxy::to(address, Some(acceptor)).await;
    let url = format!("https://{}", proxy.address);
    let response =
        send(&connector(trusting().proxy(url)), "https://server.test/echo").await.unwrap();
    assert_eq!(text(response).await.unwrap(), "/echo");
    assert_eq!(proxy.seen(), [format!("{CONNECT}\n")]);
}

#[tokio::test]
async fn plain_http_is_asked_of_the_proxy() {
    let proxy = Peer::new([Step::Answer(ok("by proxy"))]).await;
    let url = format!("http://user:canary@{}", proxy.address);
    let connector = connector(trusting().proxy(url));
    let response = send(&connector, "http://server.test/mcp?a=1").await.unwrap();
    assert_eq!(text(response).await.unwrap(), "by proxy");
    let seen = &proxy.seen()[0];
    assert!(seen.starts_with("POST http://server.test/mcp?a=1 HTTP/1.1\r\n"), "{seen}");
    assert!(seen.contains("proxy-authorization: Basic dXNlcjpjYW5hcnk=\r\n"), "{seen}");
}

#[tokio::test]
async fn this_machine_and_excepted_hosts_are_reached_directly() {
    let proxy = Peer::new([]).await;
    let peer = Peer::new((0..2).map(|_| Step::Answer(ok("direct")))).await;
    let connector = connector(trusting().proxy(format!("http://{}", proxy.address)));
    for host in ["127.0.0.1", "localhost"] {
        let url = format!("http://{host}:{}/", peer.address.port());
        assert_eq!(text(send(&connector, &url).await.unwrap()).await.unwrap(), "direct");
    }
    assert_eq!(proxy.connected(), 0);
}

#[tokio::test]
async fn a_proxy_that_refuses_is_named_without_its_password() {
    let answers = [
        "HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 403 Forbidden\r\n\r\n",
        "nonsense\r\n\r\n",
        "",
    ];
    for answer in answers {
        let proxy = Peer::new([Step::Close(answer.to_owned())]).await;
        proxy.go.add_permits(1);
        let url = format!("http://user:canary@{}", proxy.address);
        let error =
            send(&connector(trusting().proxy(url)), "https://server.test/").await.unwrap_err();
        assert!(error.is_unreachable(), "{error:?}");
        let text = chain(&error);
        assert!(
            text.contains(&format!("the proxy http://{} does not lead to", proxy.address)),
            "{text}"
        );
        assert_eq!(text.contains("authorization required"), answer.contains("407"), "{text}");
        assert!(!format!("{error:?}").contains("canary"));
    }
}

#[tokio::test]
async fn a_head_without_end_of_a_proxy_is_given_up() {
    let proxy =
        Peer::new([Step::Hold(format!("HTTP/1.1 200 OK\r\nx: {}", "a".repeat(100_000)))]).await;
    let url = format!("http://{}", proxy.address);
    let error = send(&connector(trusting().proxy(url)), "https://server.test/").await.unwrap_err();
    assert!(error.is_unreachable() && chain(&error).contains("too long"), "{error:?}");
}

#[tokio::test]
async fn a_proxy_that_is_not_there_is_named() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let options = trusting().proxy(format!("http://{free}"));
    for url in ["https://server.test/", "http://server.test/"] {
        let error = send(&connector(options.clone()), url).await.unwrap_err();
        assert!(error.is_unreachable(), "{error:?}");
        assert!(chain(&error).contains(&format!("cannot connect to http://{free}")), "{error:?}");
    }
}
