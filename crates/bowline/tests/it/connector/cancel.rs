//! Dropping is cancelling, and the server sees it.

use super::peers::{Peer, Step, connector, ok, send, text, tls, trusting, wait};
use super::server::{Seen, serve};
use std::sync::Arc;

#[tokio::test]
async fn dropping_a_body_before_its_end_closes_the_connection() {
    let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nfirst\r\n";
    let peer = Peer::new([Step::Hold(head.to_owned()), Step::Answer(ok("next"))]).await;
    let connector = connector(trusting());
    let mut body = send(&connector, &peer.url()).await.unwrap().into_body();
    body.next_chunk().await.unwrap().unwrap();
    assert_eq!(peer.ended.available_permits(), 0);
    drop(body);
    wait(&peer.ended).await;
    // The next request takes another connection.
    assert_eq!(text(send(&connector, &peer.url()).await.unwrap()).await.unwrap(), "next");
    assert_eq!(peer.connected(), 2);
}

#[tokio::test]
async fn dropping_a_request_before_its_response_closes_the_connection() {
    let peer = Peer::new([Step::Hold(String::new()), Step::Answer(ok("next"))]).await;
    let connector = connector(trusting());
    let (other, url) = (connector.clone(), peer.url());
    let sending = tokio::spawn(async move { send(&other, &url).await });
    wait(&peer.answered).await;
    sending.abort();
    wait(&peer.ended).await;
    assert_eq!(text(send(&connector, &peer.url()).await.unwrap()).await.unwrap(), "next");
}

#[tokio::test]
async fn dropping_an_exchange_of_http2_resets_its_stream_and_no_other() {
    let seen = Arc::new(Seen::default());
    let (address, _serving) = serve(tls("server", &["h2"]), &seen).await;
    let connector = connector(trusting());
    let url = |path: &str| format!("https://{address}/{path}");

    let mut kept = send(&connector, &url("hold")).await.unwrap().into_body();
    assert_eq!(kept.next_chunk().await.unwrap().unwrap(), "first");
    // With a head, and without one.
    let mut dropped = send(&connector, &url("hold")).await.unwrap().into_body();
    assert_eq!(dropped.next_chunk().await.unwrap().unwrap(), "first");
    drop(dropped);
    wait(&seen.dropped).await;
    let (other, silent) = (connector.clone(), url("silent"));
    let sending = tokio::spawn(async move { send(&other, &silent).await });
    wait(&seen.silent).await;
    sending.abort();
    wait(&seen.dropped).await;

    seen.go.add_permits(1);
    assert_eq!(kept.next_chunk().await.unwrap().unwrap(), "last");
    assert!(kept.next_chunk().await.is_none());
    assert_eq!(seen.connections.available_permits(), 1);
}
