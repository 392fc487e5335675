//! What only sockets show: disconnects, slow readers, smuggling, HTTP/2.

use crate::http_support::{call, exchange, headers, http1, listening, media_type, request, status};
use bowline::protocol::limits::Limits;
use bytes::Bytes;
use http::{Request, Version};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::json;
use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const LONG: Duration = Duration::from_secs(3600);

async fn h2(address: SocketAddr) -> http2::SendRequest<Full<Bytes>> {
    let stream = TcpStream::connect(address).await.unwrap();
    let (sender, connection) =
        http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    sender
}

/// A request of HTTP/2, whose host stands in its URI.
fn h2_request(name: &str, arguments: &serde_json::Value) -> Request<Full<Bytes>> {
    let mut request = request(name, arguments);
    *request.version_mut() = Version::HTTP_2;
    *request.uri_mut() = "http://localhost/mcp".parse().unwrap();
    request.headers_mut().remove("host");
    request
}

#[tokio::test]
async fn a_disconnect_drops_a_silent_handler_over_http_1() {
    let (address, _running, watch) =
        listening(|http| http.limits(Limits::local().stream_grace(LONG))).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(http1("wait", &json!({}), "").as_bytes()).await.unwrap();
    watch.begun.one().await;
    assert_eq!(watch.alive.load(Ordering::SeqCst), 1);
    drop(stream);
    watch.dropped.one().await;
}

#[tokio::test]
async fn a_disconnect_drops_a_streaming_handler_over_http_1() {
    let (address, _running, watch) = listening(|http| http).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(http1("gush", &json!({}), "").as_bytes()).await.unwrap();
    let mut some = [0; 1000];
    stream.read_exact(&mut some).await.unwrap();
    drop(stream);
    watch.dropped.one().await;
}

#[tokio::test]
async fn a_reset_drops_one_handler_over_http_2_and_no_other() {
    let (address, _running, watch) =
        listening(|http| http.limits(Limits::local().stream_grace(LONG))).await;
    let mut client = h2(address).await;
    let first = client.send_request(h2_request("wait", &json!({})));
    let second = client.send_request(h2_request("wait", &json!({})));
    let (first, second) = (tokio::spawn(first), tokio::spawn(second));
    watch.begun.one().await;
    watch.begun.one().await;
    first.abort();
    watch.dropped.one().await;
    assert_eq!(watch.alive.load(Ordering::SeqCst), 1);
    watch.go.notify_waiters();
    assert_eq!(second.await.unwrap().unwrap().status(), 200);
}

#[tokio::test]
async fn http_2_answers_and_streams() {
    let (address, _running, _watch) = listening(|http| http).await;
    let mut client = h2(address).await;
    let response = client.send_request(h2_request("echo", &json!({ "message": "hi" }))).await;
    let response = response.unwrap();
    assert_eq!((response.version(), media_type(&response)), (Version::HTTP_2, "application/json"));
    let response = client.send_request(h2_request("log", &json!({ "count": 2 }))).await.unwrap();
    assert_eq!(media_type(&response), "text/event-stream");
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(String::from_utf8_lossy(&body).matches("data: ").count(), 3);
}

#[tokio::test]
async fn a_host_that_differs_from_the_authority_is_refused_over_http_2() {
    let (address, _running, _watch) = listening(|http| http).await;
    let mut client = h2(address).await;
    for (authority, host, expected) in [
        ("localhost", None, 200),
        ("localhost", Some("localhost"), 200),
        ("localhost", Some("evil.com"), 400),
        ("evil.com", None, 403),
        ("evil.com", Some("localhost"), 400),
    ] {
        let mut request = h2_request("echo", &json!({ "message": "hi" }));
        *request.uri_mut() = format!("http://{authority}/mcp").parse().unwrap();
        if let Some(host) = host {
            request.headers_mut().insert("host", host.parse().unwrap());
        }
        let response = client.send_request(request).await.unwrap();
        assert_eq!(response.status(), expected, "{authority} {host:?}");
    }
}

/// A reader that takes nothing is closed, its handler dropped, and nobody else waits for it.
#[tokio::test]
async fn a_slow_reader_stalls_nobody_and_is_closed() {
    let (address, _running, watch) =
        listening(|http| http.limits(Limits::local().stalled_timeout(Duration::from_millis(500))))
            .await;
    let mut slow = Vec::new();
    for _ in 0..4 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(http1("gush", &json!({}), "").as_bytes()).await.unwrap();
        slow.push(stream);
        watch.begun.one().await;
    }
    for _ in 0..50 {
        let echo = http1("echo", &json!({ "message": "hi" }), "connection: close\r\n");
        assert_eq!(status(&exchange(address, echo.as_bytes()).await), 200);
    }
    for _ in &slow {
        watch.dropped.one().await;
    }
    assert_eq!(watch.alive.load(Ordering::SeqCst), 0);
}

/// The connection is well and other streams of it go on; only the one stream has no room.
#[tokio::test]
async fn a_stream_without_room_ends_its_handler_over_http_2() {
    let brief = Duration::from_millis(100);
    let (address, _running, watch) =
        listening(|http| http.limits(Limits::local().stalled_timeout(brief).keep_alive(brief)))
            .await;
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut client, connection) = http2::Builder::new(TokioExecutor::new())
        .initial_stream_window_size(1_000)
        .handshake(TokioIo::new(stream))
        .await
        .unwrap();
    tokio::spawn(connection);
    let unread = client.send_request(h2_request("gush", &json!({}))).await.unwrap();
    watch.dropped.one().await;
    let response = client.send_request(h2_request("echo", &json!({ "message": "hi" }))).await;
    assert_eq!(response.unwrap().status(), 200);
    drop(unread);
}

#[tokio::test]
async fn closing_ends_every_connection_and_call() {
    let (address, mut running, watch) =
        listening(|http| http.limits(Limits::local().stream_grace(LONG))).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(http1("wait", &json!({}), "").as_bytes()).await.unwrap();
    watch.begun.one().await;
    running.close(Duration::from_millis(50)).await.unwrap();
    watch.dropped.one().await;
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest).await;
    assert!(rest.is_empty());
    assert!(TcpStream::connect(address).await.is_err(), "still listening");
}

#[tokio::test]
async fn closing_lets_open_calls_finish() {
    let (address, mut running, watch) =
        listening(|http| http.limits(Limits::local().stream_grace(LONG))).await;
    let answer =
        tokio::spawn(
            async move { exchange(address, http1("wait", &json!({}), "").as_bytes()).await },
        );
    watch.begun.one().await;
    let closing = tokio::spawn(async move { running.close(LONG).await });
    // The open call is what it waits for.
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    watch.go.notify_waiters();
    assert_eq!(status(&answer.await.unwrap()), 200);
    closing.await.unwrap().unwrap();
}

/// Two readers of one connection must never disagree where a request ends.
#[tokio::test]
async fn nothing_is_smuggled() {
    let (address, _running, watch) = listening(|http| http).await;
    let body = call(1, "wait", &json!({}));
    let head: String =
        headers("wait").iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let head = format!("POST /mcp HTTP/1.1\r\n{head}connection: close\r\n");
    let len = body.len();
    let hidden = format!("0\r\n\r\n{}", http1("wait", &json!({}), ""));
    let cases = [
        // Both lengths, either of which a proxy might have believed.
        (format!("{head}content-length: {len}\r\ntransfer-encoding: chunked\r\n\r\n{hidden}"), 400),
        (format!("{head}transfer-encoding: chunked\r\ncontent-length: {len}\r\n\r\n{hidden}"), 400),
        (format!("{head}content-length: {len}\r\ncontent-length: 3\r\n\r\n{body}"), 400),
        (format!("{head}content-length: {len}, 3\r\n\r\n{body}"), 400),
        (format!("{head}content-length: +{len}\r\n\r\n{body}"), 400),
        (format!("{head}transfer-encoding: chunked, identity\r\n\r\n{hidden}"), 400),
        (format!("{head}transfer-encoding : chunked\r\n\r\n{hidden}"), 400),
        (format!("{head}transfer-encoding: xchunked\r\n\r\n{hidden}"), 400),
        (format!("{head}x: a\r\n b\r\ncontent-length: {len}\r\n\r\n{body}"), 400),
        (format!("{head}content-length: {len}\r\nx\0: 1\r\n\r\n{body}"), 400),
        (format!("{head}transfer-encoding: chunked\r\n\r\n1_0\r\n{body}"), 400),
        (format!("{head}transfer-encoding: chunked\r\n\r\nffffffffffffffffff\r\n{body}"), 400),
    ];
    for (at, (bytes, expected)) in cases.iter().enumerate() {
        let answer = exchange(address, bytes.as_bytes()).await;
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "case {at}: {answer}");
        assert_eq!(status(&answer), *expected, "case {at}: {answer}");
    }
    assert_eq!(watch.begun.count(), 0, "a hidden request was run");
}

#[tokio::test]
async fn the_host_of_an_absolute_uri_counts() {
    let (address, _running, _watch) = listening(|http| http).await;
    let plain = http1("echo", &json!({ "message": "hi" }), "connection: close\r\n");
    let cases = [
        ("http://localhost/mcp", 200),
        ("http://evil.com/mcp", 400),
        ("http://user@localhost/mcp", 400),
        ("//localhost/mcp", 404),
        ("/mcp?x=1", 200),
        ("*", 404),
    ];
    for (target, expected) in cases {
        let bytes = plain.replacen("POST /mcp", &format!("POST {target}"), 1);
        assert_eq!(status(&exchange(address, bytes.as_bytes()).await), expected, "{target}");
    }
}

/// Some gateways take `_` for `-`; a name with it is another header to us, so nobody can set one behind our back.
#[tokio::test]
async fn a_header_with_underscores_is_another_header() {
    let (address, _running, _watch) = listening(|http| http).await;
    let plain = http1("echo", &json!({ "message": "hi" }), "connection: close\r\n");
    let added = plain.replacen("mcp-name: echo\r\n", "mcp-name: echo\r\nmcp_name: other\r\n", 1);
    assert_eq!(status(&exchange(address, added.as_bytes()).await), 200);
    let instead = plain.replacen("mcp-name: echo\r\n", "mcp_name: echo\r\n", 1);
    assert_eq!(status(&exchange(address, instead.as_bytes()).await), 400);
}

#[tokio::test]
async fn a_connection_is_kept_for_the_next_call() {
    let (address, _running, _watch) = listening(|http| http).await;
    let echo = http1("echo", &json!({ "message": "hi" }), "");
    let last = http1("echo", &json!({ "message": "hi" }), "connection: close\r\n");
    let answer = exchange(address, format!("{echo}{echo}{last}").as_bytes()).await;
    assert_eq!(answer.matches("HTTP/1.1 200").count(), 3, "{answer}");
}
