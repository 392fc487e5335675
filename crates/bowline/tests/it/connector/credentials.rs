//! Where credentials go.

use super::peers::{Peer, Step, connector, ok, post, text, trusting};
use bowline::transport::http::client::{Credentials, Options};
use http::{HeaderName, HeaderValue};

/// Whatever the URL says, the connection goes to `proxy`.
fn through(proxy: &Peer) -> Options {
    trusting().proxy(format!("http://{}", proxy.address))
}

fn all() -> [Credentials; 3] {
    ["authorization", "cookie", "x-api-key"].map(|name| {
        let name = HeaderName::from_static(name);
        Credentials::none().header(name, HeaderValue::from_static("canary"))
    })
}

#[tokio::test]
async fn credentials_over_plain_http_are_refused_before_anything_is_opened() {
    let proxy = Peer::new([Step::Answer(ok("caught"))]).await;
    let connector = connector(through(&proxy));
    for credentials in all() {
        let error = connector.send(post("http://server.test/"), &credentials).await.unwrap_err();
        let text = error.to_string();
        assert!(error.is_invalid());
        assert!(text.contains("http://server.test") && text.contains("use https"), "{text}");
        assert!(text.contains("dangerously_allow_credentials_over_http"), "{text}");
        assert!(!format!("{error:?}").contains("canary"));
    }
    // Marked by who made the request.
    let mut request = post("http://server.test/");
    let mut value = HeaderValue::from_static("canary");
    value.set_sensitive(true);
    request.headers_mut().insert("x-own", value);
    assert!(connector.send(request, &Credentials::none()).await.unwrap_err().is_invalid());
    assert_eq!(proxy.connected(), 0);
    // Without credentials it goes.
    let response = connector.send(post("http://server.test/"), &Credentials::none()).await.unwrap();
    assert_eq!(text(response).await.unwrap(), "caught");
}

#[tokio::test]
async fn the_dangerous_switch_lets_credentials_go_over_plain_http() {
    let proxy = Peer::new((0..3).map(|_| Step::Answer(ok("heard")))).await;
    let connector = connector(through(&proxy).dangerously_allow_credentials_over_http(true));
    for credentials in all() {
        let response = connector.send(post("http://server.test/"), &credentials).await.unwrap();
        assert_eq!(text(response).await.unwrap(), "heard");
    }
    assert!(proxy.seen().iter().all(|request| request.contains("canary")));
}

#[tokio::test]
async fn credentials_go_over_plain_http_to_this_machine() {
    for host in ["127.0.0.1", "localhost"] {
        let peer = Peer::new((0..3).map(|_| Step::Answer(ok("here")))).await;
        let connector = connector(trusting());
        for credentials in all() {
            let url = format!("http://{host}:{}/", peer.address.port());
            let response = connector.send(post(&url), &credentials).await.unwrap();
            assert_eq!(text(response).await.unwrap(), "here");
        }
        assert!(peer.seen().iter().all(|request| request.contains("canary")));
    }
}

#[tokio::test]
async fn a_url_with_a_password_is_refused() {
    let peer = Peer::new([Step::Answer(ok("caught"))]).await;
    let url = format!("http://user:canary@{}/", peer.address);
    let error = connector(trusting()).send(post(&url), &Credentials::none()).await.unwrap_err();
    assert!(error.is_invalid() && error.to_string().contains("in a header"), "{error}");
    assert!(!format!("{error:?}").contains("canary"));
    assert_eq!(peer.connected(), 0);
}
