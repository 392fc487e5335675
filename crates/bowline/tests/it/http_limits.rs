//! Limits, each below, at and above its figure.

use crate::http_support::{call, exchange, headers, http1, listening, mounted, request, status};
use bowline::protocol::limits::{BUSY, Limits};
use bowline::transport::http::Endpoint;
use bowline::types::jsonrpc::ErrorCode;
use bytes::Bytes;
use http::Request;
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt, Full};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep};

const LIMIT: usize = 2_000;

/// A call of so many bytes.
fn sized(len: usize) -> String {
    let call = call(1, "echo", &json!({ "message": "hi" }));
    let padding = " ".repeat(len - call.len());
    call + &padding
}

#[tokio::test]
async fn a_body_may_be_as_large_as_the_limit() {
    let (address, _running, _watch) =
        listening(|http| http.limits(Limits::local().body_bytes(LIMIT))).await;
    let head: String =
        headers("echo").iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let head = format!("POST /mcp HTTP/1.1\r\n{head}connection: close\r\n");
    for (len, expected) in [(LIMIT - 1, 200), (LIMIT, 200), (LIMIT + 1, 413), (100 * LIMIT, 413)] {
        let body = sized(len);
        let whole = format!("{head}content-length: {len}\r\n\r\n{body}");
        assert_eq!(status(&exchange(address, whole.as_bytes()).await), expected, "{len}");
        let mut chunked = format!("{head}transfer-encoding: chunked\r\n\r\n");
        for piece in body.as_bytes().chunks(700) {
            let piece = std::str::from_utf8(piece).unwrap();
            chunked += &format!("{:x}\r\n{piece}\r\n", piece.len());
        }
        chunked += "0\r\n\r\n";
        assert_eq!(status(&exchange(address, chunked.as_bytes()).await), expected, "{len}");
    }
}

/// A client that asks first need not send a body that is too large.
#[tokio::test]
async fn a_large_body_is_refused_before_it_is_sent() {
    let (address, _running, _watch) =
        listening(|http| http.limits(Limits::local().body_bytes(LIMIT))).await;
    let request = http1("echo", &json!({}), "expect: 100-continue\r\n");
    let (head, _) = request.split_once("content-length").unwrap();
    let answer = exchange(address, format!("{head}content-length: 2001\r\n\r\n").as_bytes()).await;
    assert_eq!(status(&answer), 413, "{answer}");
    assert!(answer.contains("larger than the limit of 2000 bytes"), "{answer}");
}

/// A body whose pieces come at times of their own.
struct Slow {
    pieces: VecDeque<Bytes>,
    pause: Duration,
    alarm: Option<Pin<Box<Sleep>>>,
}

impl Body for Slow {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let pause = self.pause;
        let alarm = self.alarm.get_or_insert_with(|| Box::pin(tokio::time::sleep(pause)));
        std::task::ready!(alarm.as_mut().poll(task));
        self.alarm = None;
        Poll::Ready(self.pieces.pop_front().map(|piece| Ok(Frame::data(piece))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_must_come_in_time() {
    let (service, _) = mounted(Limits::local());
    let body = call(1, "echo", &json!({ "message": "hi" }));
    // Seconds between pieces, number of pieces, status, seconds until it.
    for (pause, pieces, expected, after) in
        [(1, 4, 200, 5), (14, 3, 200, 56), (16, 2, 408, 15), (14, 5, 408, 60)]
    {
        let size = body.len().div_ceil(pieces);
        let pieces = body.as_bytes().chunks(size).map(Bytes::copy_from_slice).collect();
        let pause = Duration::from_secs(pause);
        let (parts, _) = request("echo", &json!({})).into_parts();
        let start = Instant::now();
        let slow = Slow { pieces, pause, alarm: None };
        let response = service.answer(Request::from_parts(parts, slow)).await;
        let result = (response.status().as_u16(), start.elapsed().as_secs());
        assert_eq!(result, (expected, after), "{pause:?}");
        assert_eq!(response.headers().contains_key("connection"), expected == 408);
    }
}

#[tokio::test]
async fn headers_are_bounded_in_number_and_size() {
    let (address, _running, _watch) = listening(|http| http).await;
    let own = headers("echo").len() + 2;
    let many = |count: usize| (own..count).map(|at| format!("x-{at}: 1\r\n")).collect::<String>();
    let big = |name: &str, len: usize| format!("{name}: {}\r\n", "a".repeat(len));
    let cases = [
        (many(100), 200),
        (many(101), 431),
        (big("x", 8 * 1024 - 1), 200),
        (big("x", 8 * 1024), 431),
        (big("mcp-param-x", 4 * 1024), 200),
        (big("mcp-param-x", 4 * 1024 + 1), 431),
        ((0..5).map(|at| big(&format!("x-{at}"), 8_000)).collect(), 431),
    ];
    for (at, (more, expected)) in cases.iter().enumerate() {
        let call =
            http1("echo", &json!({ "message": "hi" }), &format!("connection: close\r\n{more}"));
        assert_eq!(status(&exchange(address, call.as_bytes()).await), *expected, "case {at}");
    }
}

#[tokio::test]
async fn a_head_must_come_in_time() {
    let (address, _running, _watch) =
        listening(|http| http.limits(Limits::local().header_timeout(Duration::from_millis(100))))
            .await;
    for start in ["", "P", "PRI * HTTP/2.0", "POST /mcp HTTP/1.1\r\nhost: localhost\r\nx: "] {
        let answer = exchange(address, start.as_bytes()).await;
        assert!(matches!(status(&answer), 0 | 408), "{start}: {answer}");
    }
}

/// `close` waits for nobody who has not said yet what is wanted, though there is time to.
#[tokio::test]
async fn who_says_nothing_holds_up_no_end() {
    let (address, mut running, _watch) = listening(|http| http).await;
    let mut silent = Vec::new();
    for begun in ["", "PRI * HTTP/2.0"] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(begun.as_bytes()).await.unwrap();
        silent.push(stream);
    }
    // Connections are taken in their order: once this one is answered, those before it are served too.
    let call = http1("echo", &json!({ "message": "hi" }), "connection: close\r\n");
    assert_eq!(status(&exchange(address, call.as_bytes()).await), 200);
    let start = Instant::now();
    running.close(Duration::from_secs(60)).await.unwrap();
    assert!(start.elapsed() < Duration::from_secs(5), "after {:?}", start.elapsed());
    for mut stream in silent {
        assert_eq!(stream.read(&mut [0; 1]).await.unwrap_or_default(), 0);
    }
}

#[tokio::test]
async fn more_connections_than_allowed_wait_for_others_to_end() {
    let (address, _running, watch) = listening(|http| {
        http.limits(Limits::local().connections(2).stream_grace(Duration::from_secs(3600)))
    })
    .await;
    let mut open = Vec::new();
    for _ in 0..2 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(http1("wait", &json!({}), "").as_bytes()).await.unwrap();
        watch.begun.one().await;
        open.push(stream);
    }
    let mut third = TcpStream::connect(address).await.unwrap();
    third.write_all(http1("echo", &json!({ "message": "hi" }), "").as_bytes()).await.unwrap();
    let mut first = [0; 12];
    let waiting = tokio::time::timeout(Duration::from_millis(50), third.read(&mut first)).await;
    assert!(waiting.is_err(), "served beside two others");
    open.pop();
    third.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
}

async fn refusal(response: http::Response<impl Body<Error: std::fmt::Debug>>) -> (u16, Value) {
    assert_eq!(response.headers()["retry-after"], "1");
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap())
}

fn authorized(name: &str, secret: &str) -> Request<Full<Bytes>> {
    let mut request = request(name, &json!({ "message": "hi" }));
    request.headers_mut().insert("authorization", format!("Bearer {secret}").parse().unwrap());
    request
}

#[tokio::test(start_paused = true)]
async fn one_principal_cannot_take_the_place_of_another() {
    let secrets = ["a".repeat(43), "b".repeat(43)];
    let dir = std::env::temp_dir().join(format!("bowline-it-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let file = dir.join("tokens");
    let digest = ring::digest::digest(&ring::digest::SHA256, secrets[1].as_bytes());
    let hex: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    std::fs::write(&file, format!("b:{hex}:")).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    let (server, watch) = crate::http_support::server();
    let service = Endpoint::default()
        .limits(Limits::local().running_per_principal(2).running(3))
        .bearer_token(&secrets[0])
        .and_then(|endpoint| endpoint.token_file(&file))
        .unwrap()
        .mount(server);
    std::fs::remove_dir_all(&dir).unwrap();
    assert!(ErrorCode::PARSE_ERROR.is_reserved() && !BUSY.is_reserved());

    let mut open = Vec::new();
    for _ in 0..2 {
        open.push(service.answer(authorized("wait", &secrets[0])).await);
    }
    let (status, body) = refusal(service.answer(authorized("echo", &secrets[0])).await).await;
    assert_eq!((status, &body["error"]["code"], &body["id"]), (429, &json!(BUSY.0), &json!(1)));
    open.push(service.answer(authorized("wait", &secrets[1])).await);
    let (status, body) = refusal(service.answer(authorized("echo", &secrets[1])).await).await;
    assert_eq!((status, &body["error"]["code"]), (503, &json!(BUSY.0)));

    drop(open);
    for _ in 0..3 {
        watch.dropped.one().await;
    }
    tokio::task::yield_now().await;
    let response = service.answer(authorized("echo", &secrets[0])).await;
    assert_eq!(response.status(), 200);
}
