//! Secrets stay out of logs, errors and `Debug`.

use super::peers::{Peer, Step, connector, fixture, ok, post, text, tls, trusting};
use super::server::{Seen, serve};
use crate::log::Log;
use bowline::transport::http::client::Credentials;
use http::{HeaderName, HeaderValue};
use std::sync::Arc;

const CANARY: &str = "c4n4ry";

#[tokio::test]
async fn no_secret_is_logged_shown_or_in_an_error() {
    let log = Log::keep().await;

    let secret = HeaderValue::from_static(CANARY);
    let credentials = Credentials::none()
        .bearer(CANARY)
        .unwrap()
        .header(HeaderName::from_static("cookie"), secret.clone())
        .header(HeaderName::from_static("x-api-key"), secret);
    let mut shown = format!("{credentials:?}");

    // HTTP/2, HTTP/1 and a proxy; then whatever goes wrong.
    let seen = Arc::new(Seen::default());
    let (address, _serving) = serve(tls("server", &["h2"]), &seen).await;
    let redirect = format!(
        "HTTP/1.1 307 R\r\nlocation: http://b.test/?key={CANARY}\r\ncontent-length: 0\r\n\r\n"
    );
    let nonsense = format!("nonsense {CANARY}\r\n\r\n");
    let steps = [Step::Answer(ok("1")), Step::Answer(redirect), Step::Close(nonsense)];
    let peer = Peer::new(steps).await;
    let proxy = Peer::new([Step::Close("HTTP/1.1 407 No\r\n\r\n".into())]).await;
    let options = trusting()
        .proxy(format!("http://user:{CANARY}@{}", proxy.address))
        .identity(fixture("client.cert.pem"), fixture("client.key.pem"));
    shown += &format!("{options:?}");
    let connector = connector(options);
    shown += &format!("{connector:?}");
    let urls = [
        format!("https://{address}/?key={CANARY}"),
        format!("http://{}/?key={CANARY}", peer.address),
        format!("http://{}/?key={CANARY}", peer.address),
        format!("http://{}/?key={CANARY}", peer.address),
        format!("http://{}/?key={CANARY}", proxy.address.ip()),
        format!("https://server.test/?key={CANARY}"),
        format!("http://server.test/?key={CANARY}"),
        format!("http://user:{CANARY}@server.test/"),
        format!("ftp://server.test/?key={CANARY}"),
    ];
    let mut answers = 0;
    for url in urls {
        match connector.send(post(&url), &credentials).await {
            Ok(response) => {
                shown += &format!("{response:?}");
                text(response).await.unwrap();
                answers += 1;
            }
            Err(error) => shown += &format!("{error:?} {}\n", super::peers::chain(&error)),
        }
    }
    assert_eq!(answers, 2, "{shown}");
    assert!(!shown.contains(CANARY), "{shown}");
    // It did log.
    let log = log.text();
    assert!(log.contains("hyper_util::client"), "{log}");
    let line = log.lines().find(|line| line.contains(CANARY));
    assert_eq!(line, None);
}
