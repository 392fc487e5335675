//! HTTP+SSE: one stream for all answers.

use super::{Ears, HOLD, Script, body, call, next, outcome, show_failure, status, stream, way};
use crate::client::wire::{Event, Wire};
use bowline_types::revision::Revision;
use expect_test::expect;
use std::sync::Arc;
use std::time::Duration;

const OLD: Revision = Revision::V2024_11_05;

/// The reply that opens a stream, says where messages go, then this.
fn opening(text: &str) -> String {
    stream(&format!("event: endpoint\ndata: /messages?s=1\n\n{text}"))
}

fn event(message: &str) -> String {
    format!("event: message\ndata: {message}\n\n")
}

fn result(id: u32) -> String {
    event(&format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{}}}}"#))
}

fn accepted() -> String {
    status("202 Accepted", "")
}

async fn open(script: &Script) -> (Arc<dyn Wire>, Arc<Ears>) {
    let ears = Arc::<Ears>::default();
    let wire = way(&script.url("/sse"), &ears).sse().await;
    (wire.unwrap_or_else(|failure| panic!("{}", show_failure(&failure))), ears)
}

#[tokio::test]
async fn the_endpoint_is_of_the_same_origin() {
    let named = |endpoint: &str| stream(&format!("event: endpoint\ndata: {endpoint}\n\n{HOLD}"));
    let rows = [
        ("a path", named("/messages?s=1")),
        ("beside", named("messages")),
        ("a query", named("?s=1")),
        ("another host", named("http://a.test/messages?canary")),
        ("another port", named("http://127.0.0.1:1/messages")),
        ("without a scheme", named("//a.test/messages")),
        ("another scheme", named("file:///etc/passwd")),
        ("no URL", named("http://[")),
        ("nothing", named("")),
        (
            "after other events",
            stream(&format!("data: hello\n\nevent: endpoint\ndata: /m\n\n{HOLD}")),
        ),
        ("never", stream("data: hello\n\n")),
        ("no stream", body("200 OK", "text/html", "hello")),
        ("405", status("405 Method Not Allowed", "")),
        ("404", status("404 Not Found", "")),
    ];
    let mut table = String::new();
    for (name, reply) in rows {
        let script = Script::play([reply, accepted()]).await;
        let ears = Arc::<Ears>::default();
        let said = match way(&script.url("/a/sse"), &ears).sse().await {
            Ok(wire) => {
                // Nothing answers; what counts is where it goes.
                let mut exchange = wire.exchange(call(OLD));
                let posting = async { next(&mut *exchange).await.map(|_| ()) };
                tokio::select! {
                    said = posting => panic!("{said:?}"),
                    () = script.until_seen(2) => {}
                }
                let seen = script.seen();
                let post = seen.lines().nth(1).unwrap();
                post.split_once(' ').unwrap().1.split_once(' ').unwrap().0.to_owned()
            }
            Err(failure) => show_failure(&failure),
        };
        table += &format!("{name}\n    {}\n", &script.stable(&said));
    }
    assert!(!table.contains("canary"), "{table}");
    expect![[r#"
        a path
            /messages?s=1
        beside
            /a/messages
        a query
            /a/sse?s=1
        another host
            refused 200: http://127.0.0.1:PORT: it named an endpoint of another origin, http://a.test; messages go to its own only
        another port
            refused 200: http://127.0.0.1:PORT: it named an endpoint of another origin, http://127.0.0.1:1; messages go to its own only
        without a scheme
            refused 200: http://127.0.0.1:PORT: it named an endpoint of another origin, http://a.test; messages go to its own only
        another scheme
            refused 200: http://127.0.0.1:PORT: it named an endpoint that is no URL
        no URL
            refused 200: http://127.0.0.1:PORT: it named an endpoint that is no URL
        nothing
            /a/sse
        after other events
            /m
        never
            lost: the stream ended before it named an endpoint
        no stream
            refused 200: http://127.0.0.1:PORT: it answered a GET with 200 OK and no event stream; check the URL
        405
            refused 405: http://127.0.0.1:PORT: it answered a GET with 405 Method Not Allowed and no event stream; check the URL
        404
            refused 404: http://127.0.0.1:PORT: it answered a GET with 404 Not Found and no event stream; check the URL
    "#]].assert_eq(&table);
}

#[tokio::test]
async fn answers_find_their_requests() {
    let progress = event(
        r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":2,"progress":1}}"#,
    );
    let log = event(r#"{"jsonrpc":"2.0","method":"notifications/message","params":{}}"#);
    let noise = event("noise") + &result(77) + &event(r#"{"jsonrpc":"2.0","id":"2","result":{}}"#);
    // All are there before anybody asks: only those that are open by then are heard.
    let text = progress + &log + &noise;
    let script = Script::play([opening(&format!("{text}{HOLD}")), accepted(), accepted()]).await;
    let (wire, ears) = open(&script).await;
    wire.settle(OLD);
    ears.until_heard(4).await;
    expect![[r#"
        notification notifications/message
        fault http://127.0.0.1:PORT: expected a value at byte 0
        fault http://127.0.0.1:PORT: an answer to no open request
        fault http://127.0.0.1:PORT: an answer to no open request
    "#]]
    .assert_eq(&script.stable(&ears.take()));
    drop(wire);
    script.until_seen(2).await;
    assert!(script.seen().ends_with("(the client closed)\n"), "{}", script.seen());
}

#[tokio::test]
async fn a_post_that_is_refused_ends_its_request_only() {
    let error = r#"{"jsonrpc":"2.0","id":ID,"error":{"code":-32600,"message":"no"}}"#;
    let replies = [
        opening(HOLD),
        body("400 Bad Request", "application/json", error),
        status("404 Not Found", ""),
        status("500 Oops", ""),
        status("401 Unauthorized", "www-authenticate: Bearer\r\n"),
    ];
    let script = Script::play(replies).await;
    let (wire, _ears) = open(&script).await;
    let mut table = String::new();
    for _ in 0..4 {
        table += &(outcome(wire.exchange(call(OLD))).await + "\n");
    }
    expect![[r#"
        error -32600 no
        session lost: http://127.0.0.1:PORT does not know the session any more
        refused 500: http://127.0.0.1:PORT: tools/call was answered with 500 Internal Server Error and no JSON-RPC error; check the URL
        refused 401: http://127.0.0.1:PORT: tools/call was answered with 401 Unauthorized; it wants to know who asks, send it an `Authorization` header "Bearer"
    "#]].assert_eq(&script.stable(&table));
}

#[tokio::test]
async fn a_stream_that_ends_takes_all_with_it() {
    let script = Script::play([opening("")]).await;
    let (wire, ears) = open(&script).await;
    ears.until_heard(1).await;
    let said = outcome(wire.exchange(call(OLD))).await;
    expect![[r#"
        lost http://127.0.0.1:PORT ended its stream
        unsent: http://127.0.0.1:PORT ended its stream"#]]
    .assert_eq(&script.stable(&(ears.take() + &said)));
    wire.close(Duration::from_secs(5)).await;
    assert_eq!(ears.take(), "", "it is told once");
}

#[tokio::test]
async fn closing_fails_what_is_open_and_closes_the_stream() {
    let script = Script::play([opening(HOLD), accepted()]).await;
    let (wire, ears) = open(&script).await;
    let exchange = tokio::spawn(outcome(wire.exchange(call(OLD))));
    script.until_seen(2).await;
    wire.close(Duration::from_secs(5)).await;
    assert_eq!(exchange.await.unwrap(), "lost: the client was closed");
    script.until_seen(3).await;
    assert!(script.seen().ends_with("(the client closed)\n"), "{}", script.seen());
    assert_eq!(ears.take(), "", "nobody hears of an end that was wanted");
}

#[tokio::test]
async fn dropping_a_request_tells_the_server() {
    let script = Script::play([opening(HOLD), accepted(), accepted()]).await;
    let (wire, _ears) = open(&script).await;
    let mut exchange = wire.exchange(call(OLD));
    tokio::select! {
        said = next(&mut *exchange) => panic!("{:?}", said.map(|event| matches!(event, Event::Answer(_)))),
        () = script.until_seen(2) => {}
    }
    drop(exchange);
    script.until_seen(3).await;
    let seen = script.seen();
    expect![[r#"POST /messages?s=1 x-own=canary {"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#]].assert_eq(seen.lines().last().unwrap());
}
