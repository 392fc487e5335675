//! Redirects, seen from both servers.

use super::peers::{Peer, Step, connector, ok, request, send, text, trusting};
use bowline::transport::http::client::Credentials;
use http::{HeaderName, HeaderValue, Method};

fn to(status: u16, location: &str) -> Step {
    Step::Answer(format!(
        "HTTP/1.1 {status} R\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n"
    ))
}

fn secrets() -> Credentials {
    Credentials::none()
        .bearer("canary")
        .unwrap()
        .header(HeaderName::from_static("x-api-key"), HeaderValue::from_static("canary"))
}

#[tokio::test]
async fn a_redirect_within_the_origin_is_followed_with_method_body_and_headers() {
    for status in [307, 308] {
        let peer = Peer::new([to(status, "/moved?x=1"), Step::Answer(ok("there"))]).await;
        let mut request = request(Method::POST, &peer.url());
        request.headers_mut().insert("mcp-session-id", "session".parse().unwrap());
        let response = connector(trusting()).send(request, &secrets()).await.unwrap();
        assert_eq!(text(response).await.unwrap(), "there");
        let seen = peer.seen();
        assert!(seen[1].starts_with("POST /moved?x=1 HTTP/1.1\r\n"), "{}", seen[1]);
        let rest = |text: &str| text.split_once("\r\n").unwrap().1.to_owned();
        assert_eq!(rest(&seen[0]), rest(&seen[1]));
        assert!(seen[1].contains("canary") && seen[1].ends_with("\r\n\r\n{}"));
    }
}

#[tokio::test]
async fn not_one_byte_reaches_another_origin() {
    for status in [301, 302, 303, 307, 308] {
        for method in [Method::GET, Method::POST, Method::DELETE] {
            let other = Peer::new([Step::Answer(ok("caught"))]).await;
            let place = other.url();
            let peer = Peer::new([to(status, &place)]).await;
            let mut request = request(method.clone(), &peer.url());
            request.headers_mut().insert("mcp-session-id", "canary".parse().unwrap());
            let result = connector(trusting()).send(request, &secrets()).await;
            let error = result.unwrap_err();
            assert!(error.is_invalid());
            let text = error.to_string();
            for address in [peer.address, other.address] {
                assert!(text.contains(&format!("http://{address}")), "{method} {status}: {text}");
            }
            assert!(!format!("{error:?}").contains("canary"));
            assert_eq!((other.connected(), other.seen().len()), (0, 0), "{method} {status}");
        }
    }
}

#[tokio::test]
async fn a_post_is_not_turned_into_a_get() {
    for status in [301, 302, 303] {
        let peer = Peer::new([to(status, "/moved"), Step::Answer(ok("there"))]).await;
        let error = send(&connector(trusting()), &peer.url()).await.unwrap_err();
        assert!(error.to_string().contains("would make it a GET"), "{error}");
        assert_eq!(peer.seen().len(), 1);

        let peer = Peer::new([to(status, "moved"), Step::Answer(ok("there"))]).await;
        let get = request(Method::GET, &peer.url());
        let response = connector(trusting()).send(get, &Credentials::none()).await.unwrap();
        assert_eq!(text(response).await.unwrap(), "there");
    }
}

#[tokio::test]
async fn three_redirects_are_followed_and_loops_end() {
    for (count, answered) in [(3, true), (4, false), (64, false)] {
        let steps = (0..count).map(|_| to(307, "/mcp")).chain([Step::Answer(ok("there"))]);
        let peer = Peer::new(steps).await;
        match send(&connector(trusting()), &peer.url()).await {
            Ok(response) => assert!(answered && text(response).await.unwrap() == "there"),
            Err(error) => {
                assert!(!answered && error.to_string().contains("more than 3 times"), "{error}");
                assert_eq!(peer.seen().len(), 4);
            }
        }
    }
}
