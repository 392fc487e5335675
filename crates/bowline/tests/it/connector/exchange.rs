//! What goes out, what comes back, and over which connection.

use super::peers::{Peer, Step, chain, connector, ok, send, text, trusting, wait};
use bowline::protocol::limits::Limits;
use bowline::transport::http::client::Credentials;
use bytes::Bytes;
use expect_test::expect;
use http::{Method, Request};
use std::net::{Ipv4Addr, Ipv6Addr};

#[tokio::test]
async fn a_request_goes_out_as_it_is_and_asks_for_nothing_compressed() {
    let peer = Peer::new([Step::Answer(ok("{\"id\":1}"))]).await;
    let request = Request::builder()
        .method(Method::POST)
        .uri(format!("{}?a=1", peer.url()))
        .header("accept", "application/json, text/event-stream")
        .header("mcp-method", "tools/list")
        .body(Bytes::from_static(b"{\"id\":1}"))
        .unwrap();
    let credentials = Credentials::none().bearer("token").unwrap();
    let response = connector(trusting()).send(request, &credentials).await.unwrap();
    assert_eq!(
        (response.status().as_u16(), text(response).await.unwrap().as_str()),
        (200, "{\"id\":1}")
    );
    let seen = peer.seen()[0].replace(&peer.address.to_string(), "ADDRESS").replace('\r', "");
    expect![[r#"
        POST /mcp?a=1 HTTP/1.1
        accept: application/json, text/event-stream
        mcp-method: tools/list
        authorization: Bearer token
        host: ADDRESS
        content-length: 8

        {"id":1}
    "#]]
    .assert_eq(&(seen + "\n"));
}

#[tokio::test]
async fn localhost_is_found_on_either_address_family() {
    for ip in [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()] {
        let peer = Peer::at(ip, [Step::Answer(ok("here"))], None).await;
        let url = format!("http://localhost:{}/", peer.address.port());
        let response = send(&connector(trusting()), &url).await.unwrap();
        assert_eq!(text(response).await.unwrap(), "here");
    }
}

#[tokio::test]
async fn a_connection_is_used_again_once_its_body_was_read() {
    let peer = Peer::new((0..3).map(|n| Step::Answer(ok(&n.to_string())))).await;
    let connector = connector(trusting());
    for n in 0..3 {
        let response = send(&connector.clone(), &peer.url()).await.unwrap();
        assert_eq!(text(response).await.unwrap(), n.to_string());
    }
    assert_eq!(peer.connected(), 1);
}

#[tokio::test]
async fn a_connection_that_the_server_closed_is_not_used_again() {
    let peer = Peer::new([Step::Close(ok("one")), Step::Answer(ok("two"))]).await;
    let connector = connector(trusting());
    assert_eq!(text(send(&connector, &peer.url()).await.unwrap()).await.unwrap(), "one");
    peer.go.add_permits(1);
    wait(&peer.ended).await;
    assert_eq!(text(send(&connector, &peer.url()).await.unwrap()).await.unwrap(), "two");
    assert_eq!((peer.connected(), peer.seen().len()), (2, 2));
}

#[tokio::test]
async fn a_request_that_was_read_is_not_sent_again() {
    let peer = Peer::new([Step::Answer(ok("one")), Step::Close(String::new())]).await;
    let connector = connector(trusting());
    text(send(&connector, &peer.url()).await.unwrap()).await.unwrap();
    peer.go.add_permits(1);
    let error = send(&connector, &peer.url()).await.unwrap_err();
    assert!(error.is_closed() && !error.is_unreachable(), "{error:?}");
    assert!(error.to_string().contains("may have been processed"), "{error}");
    assert_eq!((peer.connected(), peer.seen().len()), (1, 2));
}

#[tokio::test]
async fn a_body_comes_as_it_is_sent() {
    let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    let peer = Peer::new([Step::Hold(format!("{head}5\r\nfirst\r\n"))]).await;
    let response = send(&connector(trusting()), &peer.url()).await.unwrap();
    let mut body = response.into_body();
    assert_eq!(body.next_chunk().await.unwrap().unwrap(), "first");
    // The server still waits; nothing more is there, and nothing is lost by not waiting for it.
    assert!(futures_now(body.next_chunk()).await.is_none());
}

/// Polls once.
async fn futures_now<F: Future>(future: F) -> Option<F::Output> {
    let mut future = std::pin::pin!(future);
    std::future::poll_fn(|task| {
        std::task::Poll::Ready(match future.as_mut().poll(task) {
            std::task::Poll::Ready(output) => Some(output),
            std::task::Poll::Pending => None,
        })
    })
    .await
}

#[tokio::test]
async fn nobody_at_the_address_is_unreachable() {
    let free = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap()
    };
    let error = send(&connector(trusting()), &format!("http://{free}/")).await.unwrap_err();
    assert!(error.is_unreachable(), "{error:?}");
    expect![[r#"
        cannot connect to http://ADDRESS
          tcp connect error
          Connection refused (os error 111)
    "#]]
    .assert_eq(&(chain(&error).replace(&free.to_string(), "ADDRESS") + "\n"));
}

#[tokio::test]
async fn a_host_without_an_address_is_unreachable() {
    // No name server is asked: a label has at most 63 characters.
    let url = format!("http://{}.test/", "a".repeat(64));
    let error = send(&connector(trusting()), &url).await.unwrap_err();
    assert!(error.is_unreachable(), "{error:?}");
    assert!(chain(&error).contains("dns error"), "{error:?}");
}

#[tokio::test]
async fn a_server_that_does_not_shake_hands_in_time_is_unreachable() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/", silent.local_addr().unwrap());
    let connector = connector(trusting());
    let sending = tokio::spawn(async move { send(&connector, &url).await });
    let _open = silent.accept().await.unwrap();
    tokio::time::pause();
    tokio::time::advance(std::time::Duration::from_secs(10)).await;
    let error = sending.await.unwrap().unwrap_err();
    assert!(error.is_unreachable() && error.to_string().contains("within 10s"), "{error:?}");
}

#[tokio::test]
async fn headers_of_the_connection_cannot_be_set() {
    let peer = Peer::new([]).await;
    for name in ["host", "connection", "content-length", "transfer-encoding", "te", "upgrade"] {
        let mut request = super::peers::post(&peer.url());
        request.headers_mut().insert(name, "1".parse().unwrap());
        let result = connector(trusting()).send(request, &Credentials::none()).await;
        let error = result.unwrap_err();
        assert!(error.is_invalid() && error.to_string().contains(name), "{error}");
    }
    assert_eq!(peer.connected(), 0);
}

#[tokio::test]
async fn idle_connections_are_closed() {
    let peer = Peer::new([Step::Answer(ok("one"))]).await;
    let connector = connector(trusting().limits(Limits::local()));
    text(send(&connector, &peer.url()).await.unwrap()).await.unwrap();
    wait(&peer.answered).await;
    tokio::time::pause();
    for _ in 0..10 {
        tokio::time::advance(std::time::Duration::from_secs(15)).await;
        tokio::task::yield_now().await;
    }
    tokio::time::resume();
    wait(&peer.ended).await;
    drop(connector);
}
