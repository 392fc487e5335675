//! What sessions add: their identifier, resumed streams, cancellation, and the stream of the session itself.

use super::{
    DONE, Ears, HOLD, Script, body, call, done, json, next, outcome, outgoing, status, stream, wire,
};
use crate::client::wire::{Event, Failure, Wire};
use bowline_protocol::outcome::{Body, Outcome};
use bowline_protocol::scan::Raw;
use bowline_types::jsonrpc::Id;
use bowline_types::revision::Revision;
use expect_test::expect;
use std::sync::Arc;
use std::time::{Duration, Instant};

const OLD: Revision = Revision::V2025_11_25;
const BATCHES: Revision = Revision::V2025_03_26;

/// What a server without a stream of its own says to a GET.
fn no_stream() -> String {
    status("405 Method Not Allowed", "")
}

fn opened() -> String {
    json(DONE).replace("\r\n\r\n", "\r\nmcp-session-id: s3cret\r\n\r\n")
}

fn accepted() -> String {
    status("202 Accepted", "")
}

async fn initialize(wire: &Arc<dyn Wire>, revision: Revision) -> String {
    let params = serde_json::json!({ "protocolVersion": revision.as_str() });
    let said = outcome(wire.exchange(outgoing(revision, "initialize", &params))).await;
    wire.settle(revision);
    said
}

async fn ready(wire: &Arc<dyn Wire>) -> Result<(), Failure> {
    let text = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
    wire.send(Raw::parse(text).unwrap()).await
}

/// A wire with a session, behind which these are the replies.
async fn session(replies: &[String]) -> (Script, Arc<dyn Wire>, Arc<Ears>) {
    let before = [opened(), accepted(), no_stream()];
    let script = Script::play(before.into_iter().chain(replies.iter().cloned())).await;
    let (wire, ears) = wire(&script);
    assert_eq!(initialize(&wire, OLD).await, "result");
    ready(&wire).await.unwrap();
    script.until_seen(3).await;
    script.seen.lock().unwrap().clear();
    (script, wire, ears)
}

#[tokio::test]
async fn a_session_is_named_in_everything_after_its_opening() {
    let before = [opened(), accepted(), no_stream(), done(), accepted(), status("200 OK", "")];
    let script = Script::play(before).await;
    let (wire, ears) = wire(&script);
    assert_eq!(initialize(&wire, OLD).await, "result");
    ready(&wire).await.unwrap();
    script.until_seen(3).await;
    assert_eq!(outcome(wire.exchange(call(OLD))).await, "result");
    let answer = Outcome::complete(Body::empty());
    wire.reply(&Id::from("q"), answer).await.unwrap();
    assert!(!format!("{wire:?}").contains("s3cret"));
    wire.close(Duration::from_secs(5)).await;
    wire.close(Duration::from_secs(5)).await;
    assert_eq!(ears.take(), "");
    expect![[r#"
        POST /mcp x-own=canary {"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","_meta":{"progressToken":1}}}
        POST /mcp mcp-protocol-version=2025-11-25 mcp-session-id=s3cret x-own=canary {"jsonrpc":"2.0","method":"notifications/initialized"}
        GET /mcp mcp-protocol-version=2025-11-25 mcp-session-id=s3cret x-own=canary
        POST /mcp mcp-protocol-version=2025-11-25 mcp-session-id=s3cret x-own=canary {"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"t","_meta":{"progressToken":2}}}
        POST /mcp mcp-protocol-version=2025-11-25 mcp-session-id=s3cret x-own=canary {"jsonrpc":"2.0","id":"q","result":{}}
        DELETE /mcp mcp-protocol-version=2025-11-25 mcp-session-id=s3cret x-own=canary
    "#]].assert_eq(&script.seen());
}

#[tokio::test]
async fn an_identifier_that_is_none_is_refused() {
    let mut table = String::new();
    for id in ["", "a b", "gr\u{fc}n", "a\tb", &"x".repeat(5000), "a\r\nmcp-session-id: b"] {
        let reply = json(DONE).replace("\r\n\r\n", &format!("\r\nmcp-session-id: {id}\r\n\r\n"));
        let script = Script::play([reply, done()]).await;
        let (wire, _ears) = wire(&script);
        let said = initialize(&wire, OLD).await;
        let short: String = id.chars().take(20).collect();
        table += &format!("{short:?}\n    {said}\n");
        assert_eq!(outcome(wire.exchange(call(OLD))).await, "result");
        assert!(!script.seen().contains("mcp-session-id="), "{}", script.seen());
    }
    expect![[r#"
        ""
            refused 200: initialize: the session identifier has other than visible ASCII characters
        "a b"
            refused 200: initialize: the session identifier has other than visible ASCII characters
        "grün"
            refused 200: initialize: the session identifier has other than visible ASCII characters
        "a\tb"
            refused 200: initialize: the session identifier has other than visible ASCII characters
        "xxxxxxxxxxxxxxxxxxxx"
            refused 200: initialize: the session identifier is longer than `Limits::mcp_header_bytes`
        "a\r\nmcp-session-id: b"
            refused 200: initialize: the server sent two session identifiers
    "#]].assert_eq(&table);
}

#[tokio::test]
async fn a_session_that_is_gone_says_so() {
    let error =
        r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32001,"message":"s3cret not found"}}"#;
    let example = |message: &str| {
        format!(r#"{{"jsonrpc":"2.0","id":null,"error":{{"code":-32000,"message":"{message}"}}}}"#)
    };
    let replies = [
        status("404 Not Found", ""),
        body("404 Not Found", "application/json", error),
        status("404 Not Found", ""),
        body("400 Bad Request", "text/plain", "what is s3cret?"),
        body(
            "400 Bad Request",
            "application/json",
            &example("Bad Request: No valid session ID provided"),
        ),
        body("400 Bad Request", "application/json", &example("Bad Request: too long")),
    ];
    let (script, wire, _ears) = session(&replies).await;
    let mut table = String::new();
    for _ in 0..2 {
        table += &(outcome(wire.exchange(call(OLD))).await + "\n");
    }
    let notification = Raw::parse(r#"{"jsonrpc":"2.0","method":"a"}"#).unwrap();
    table += &(super::show_failure(&wire.send(notification).await.unwrap_err()) + "\n");
    for _ in 0..3 {
        table += &(outcome(wire.exchange(call(OLD))).await + "\n");
    }
    expect![[r#"
        session lost: http://127.0.0.1:PORT does not know the session any more
        session lost: http://127.0.0.1:PORT does not know the session any more
        session lost: http://127.0.0.1:PORT does not know the session any more
        refused 400: http://127.0.0.1:PORT: tools/call was answered with 400 Bad Request and no JSON-RPC error; check the URL (it said: what is …?)
        session lost: http://127.0.0.1:PORT does not know the session any more
        error -32000 Bad Request: too long
    "#]].assert_eq(&script.stable(&table));
}

fn event(id: &str, message: &str) -> String {
    let id = if id.is_empty() { String::new() } else { format!("id: {id}\n") };
    format!("{id}data: {message}\n\n")
}

fn progress(id: &str, progress: u32) -> String {
    event(
        id,
        &format!(
            r#"{{"jsonrpc":"2.0","method":"notifications/progress","params":{{"progressToken":ID,"progress":{progress}}}}}"#
        ),
    )
}

#[tokio::test]
async fn a_stream_that_breaks_off_is_resumed_where_it_was_left() {
    let cut = |text: &str| {
        format!(
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 9999\r\n\r\n{text}"
        )
    };
    let answer = event("9", DONE);
    let busy = || status("503 Unavailable", "");
    let rows: &[(&str, Vec<String>)] = &[
        ("primed, then closed", vec![stream("id: 1\ndata:\n\n"), stream(&answer)]),
        ("an id without data", vec![stream("id: 1\n\n"), stream(&answer)]),
        ("cut", vec![cut(&progress("1", 1)), stream(&answer)]),
        (
            "cut again and again",
            vec![
                cut(&progress("1", 1)),
                cut(&progress("2", 2)),
                cut(&progress("3", 3)),
                cut(&progress("4", 4)),
                stream(&answer),
            ],
        ),
        (
            "replayed from the start",
            vec![
                cut(&(progress("1", 1) + &progress("2", 2))),
                stream(&(progress("1", 1) + &progress("2", 2) + &progress("3", 3) + &answer)),
            ],
        ),
        (
            "events without ids in between",
            vec![
                cut(&(progress("1", 1) + &progress("", 2))),
                stream(&(progress("", 3) + &progress("2", 4) + &progress("", 5) + &answer)),
            ],
        ),
        ("busy once", vec![cut(&progress("1", 1)), busy(), stream(&answer)]),
        ("busy", vec![cut(&progress("1", 1)), busy(), busy()]),
        (
            "nothing new, again and again",
            vec![cut(&progress("1", 1)), stream(""), stream(&progress("1", 1))],
        ),
        ("not found", vec![cut(&progress("1", 1)), status("404 Not Found", "")]),
        ("not allowed", vec![cut(&progress("1", 1)), no_stream()]),
        ("JSON", vec![cut(&progress("1", 1)), done()]),
        ("without ids", vec![cut(&progress("", 1))]),
        ("with an id that no header can carry", vec![cut(&progress("a\u{1}b", 1))]),
        ("with an id that is too long", vec![cut(&progress(&"x".repeat(1500), 1))]),
    ];
    let mut table = String::new();
    for (name, replies) in rows {
        let (script, wire, ears) = session(replies).await;
        let said = outcome(wire.exchange(call(OLD))).await;
        table += &format!("{name}\n    {}\n", &script.stable(&said));
        for line in script.seen().lines().skip(1) {
            let (line, _) = line.split_once(" mcp-p").unwrap();
            table += &format!("    {line}\n");
        }
        assert_eq!(ears.take(), "", "{name}");
        assert_eq!(script.seen().lines().count(), replies.len(), "{name}");
    }
    expect![[r#"
        primed, then closed
            result
            GET /mcp last-event-id=1
        an id without data
            result
            GET /mcp last-event-id=1
        cut
            progress 1, result
            GET /mcp last-event-id=1
        cut again and again
            progress 1, progress 2, progress 3, progress 4, result
            GET /mcp last-event-id=1
            GET /mcp last-event-id=2
            GET /mcp last-event-id=3
            GET /mcp last-event-id=4
        replayed from the start
            progress 1, progress 2, progress 3, result
            GET /mcp last-event-id=2
        events without ids in between
            progress 1, progress 2, progress 3, progress 4, progress 5, result
            GET /mcp last-event-id=1
        busy once
            progress 1, result
            GET /mcp last-event-id=1
            GET /mcp last-event-id=1
        busy
            progress 1, lost: the response of http://127.0.0.1:PORT broke off
            GET /mcp last-event-id=1
            GET /mcp last-event-id=1
        nothing new, again and again
            progress 1, lost: http://127.0.0.1:PORT ended its stream before the answer to tools/call
            GET /mcp last-event-id=1
            GET /mcp last-event-id=1
        not found
            progress 1, lost: the response of http://127.0.0.1:PORT broke off
            GET /mcp last-event-id=1
        not allowed
            progress 1, lost: the response of http://127.0.0.1:PORT broke off
            GET /mcp last-event-id=1
        JSON
            progress 1, lost: the response of http://127.0.0.1:PORT broke off
            GET /mcp last-event-id=1
        without ids
            progress 1, lost: the response of http://127.0.0.1:PORT broke off
        with an id that no header can carry
            progress 1, lost: the response of http://127.0.0.1:PORT broke off
        with an id that is too long
            progress 1, lost: the response of http://127.0.0.1:PORT broke off
    "#]]
    .assert_eq(&table);
}

#[tokio::test]
async fn a_server_that_names_a_time_is_left_alone_for_exactly_so_long() {
    let first = stream("id: 1\nretry: 150\ndata:\n\n");
    let (_script, wire, _ears) = session(&[first, stream(&event("2", DONE))]).await;
    let began = Instant::now();
    assert_eq!(outcome(wire.exchange(call(OLD))).await, "left, result");
    let took = began.elapsed();
    assert!(took >= Duration::from_millis(150) && took < Duration::from_millis(600), "{took:?}");
}

#[tokio::test]
async fn dropping_a_request_tells_the_server() {
    let (script, wire, _ears) =
        session(&[stream(&format!("{}{HOLD}", progress("1", 1))), accepted(), done()]).await;
    let mut exchange = wire.exchange(call(OLD));
    assert!(matches!(next(&mut *exchange).await, Ok(Event::Progress(_))));
    drop(exchange);
    script.until_seen(3).await;
    // Whoever is never polled, or has its answer, tells nobody.
    drop(wire.exchange(call(OLD)));
    assert_eq!(outcome(wire.exchange(call(OLD))).await, "result");
    expect![[r#"
        POST /mcp mcp-protocol-version=2025-11-25 mcp-session-id=s3cret x-own=canary {"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"t","_meta":{"progressToken":2}}}
        POST /mcp mcp-protocol-version=2025-11-25 mcp-session-id=s3cret x-own=canary {"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":2}}
        (the client closed)
        POST /mcp mcp-protocol-version=2025-11-25 mcp-session-id=s3cret x-own=canary {"jsonrpc":"2.0","id":4,"method":"tools/call","params":{"name":"t","_meta":{"progressToken":4}}}
    "#]].assert_eq(&script.seen());
}

#[tokio::test]
async fn initialize_is_never_cancelled() {
    let script = Script::play([stream(&format!(":\n\n{HOLD}")), done()]).await;
    let (wire, _ears) = wire(&script);
    let exchange = tokio::spawn(initialize_of(wire.clone()));
    script.until_seen(1).await;
    exchange.abort();
    script.until_seen(2).await;
    assert!(script.seen().ends_with("(the client closed)\n"), "{}", script.seen());
    assert_eq!(outcome(wire.exchange(call(OLD))).await, "result");
    assert_eq!(script.seen().lines().count(), 3, "{}", script.seen());
}

async fn initialize_of(wire: Arc<dyn Wire>) -> String {
    initialize(&wire, OLD).await
}

#[tokio::test]
async fn questions_come_on_the_stream_of_their_request() {
    let question = event("", r#"{"jsonrpc":"2.0","id":7,"method":"roots/list"}"#);
    let gone = event(
        "",
        r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7}}"#,
    );
    let ping = event("", r#"{"jsonrpc":"2.0","id":"p","method":"ping"}"#);
    let unknown = event("", r#"{"jsonrpc":"2.0","id":"u","method":"tools/list"}"#);
    let text = question.clone() + &gone + &ping + &unknown + &event("", DONE);
    let (script, wire, ears) = session(&[stream(&text), accepted(), accepted()]).await;
    let said = outcome(wire.exchange(call(OLD))).await;
    expect!["question roots/list, cancelled Int(7), result"].assert_eq(&said);
    expect![[r#"
        fault tools/call: method not found: tools/list
    "#]]
    .assert_eq(&script.stable(&ears.take()));
    // The server does not want to know any more.
    wire.reply(&Id::from(7), Outcome::complete(Body::empty())).await.unwrap();
    script.until_seen(3).await;
    let mut seen: Vec<String> = script.seen().lines().skip(1).map(str::to_owned).collect();
    seen.sort();
    expect![[r#"
        POST /mcp mcp-protocol-version=2025-11-25 mcp-session-id=s3cret x-own=canary {"jsonrpc":"2.0","id":"p","result":{}}
        POST /mcp mcp-protocol-version=2025-11-25 mcp-session-id=s3cret x-own=canary {"jsonrpc":"2.0","id":"u","error":{"code":-32601,"message":"method not found: tools/list"}}"#]].assert_eq(&seen.join("\n"));
}

#[tokio::test]
async fn a_batch_is_an_answer_with_what_came_before_it() {
    let log = r#"{"jsonrpc":"2.0","method":"notifications/message","params":{}}"#;
    for reply in [json(&format!("[{DONE},{log}]")), stream(&event("", &format!("[{log},{DONE}]")))]
    {
        let script = Script::play([reply]).await;
        let (wire, _ears) = wire(&script);
        wire.settle(BATCHES);
        assert_eq!(outcome(wire.exchange(call(BATCHES))).await, "notifications/message, result");
    }
}

#[tokio::test]
async fn the_session_says_what_belongs_to_no_request() {
    let text = [
        event("1", r#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#),
        event("2", r#"{"jsonrpc":"2.0","id":1,"method":"roots/list"}"#),
        event(
            "3",
            r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#,
        ),
        event("4", r#"{"jsonrpc":"2.0","id":77,"result":{}}"#),
        event("5", r#"{"jsonrpc":"2.0","error":{"code":-32700,"message":"no"}}"#),
        event("6", "noise"),
        event("7", &"x".repeat(3000)),
        event("8", r#"{"jsonrpc":"2.0","method":"notifications/prompts/list_changed"}"#),
    ];
    let again = event("8", r#"{"jsonrpc":"2.0","method":"notifications/prompts/list_changed"}"#)
        + &event("9", r#"{"jsonrpc":"2.0","method":"notifications/resources/list_changed"}"#);
    let replies = [opened(), accepted(), stream(&text.concat()), stream(&again), no_stream()];
    let script = Script::play(replies).await;
    let (wire, ears) = wire(&script);
    assert_eq!(initialize(&wire, OLD).await, "result");
    ready(&wire).await.unwrap();
    ears.until_heard(9).await;
    script.until_seen(5).await;
    expect![[r#"
        notification notifications/tools/list_changed
        question roots/list
        cancelled Int(1)
        fault http://127.0.0.1:PORT: an answer to no open request
        fault no
        fault http://127.0.0.1:PORT: expected a value at byte 0
        fault an event is longer than 2048 bytes; see `Limits::event_bytes`
        notification notifications/prompts/list_changed
        notification notifications/resources/list_changed
    "#]]
    .assert_eq(&script.stable(&ears.take()));
    let gets: Vec<String> = script.seen().lines().skip(2).map(str::to_owned).collect();
    expect![[r#"
        GET /mcp mcp-protocol-version=2025-11-25 mcp-session-id=s3cret x-own=canary
        GET /mcp last-event-id=8 mcp-protocol-version=2025-11-25 mcp-session-id=s3cret x-own=canary
        GET /mcp last-event-id=9 mcp-protocol-version=2025-11-25 mcp-session-id=s3cret x-own=canary"#]].assert_eq(&gets.join("\n"));
}

#[tokio::test]
async fn progress_may_come_on_the_stream_of_the_session() {
    // The stream of the session is opened before anything else is sent.
    let listening = stream(&format!("{}{HOLD}", progress("", 1).replace("ID", "2")));
    let script = Script::play([opened(), accepted(), listening, stream(HOLD)]).await;
    let (wire, ears) = wire(&script);
    assert_eq!(initialize(&wire, OLD).await, "result");
    let mut exchange = wire.exchange(call(OLD));
    ready(&wire).await.unwrap();
    let said = next(&mut *exchange).await.unwrap();
    assert_eq!(super::show(&said), "progress 1");
    assert_eq!(ears.take(), "");
}

#[tokio::test]
async fn a_stream_of_the_session_that_ends_at_once_is_not_asked_for_ever() {
    let replies = [opened(), accepted(), stream(""), stream(""), stream("")];
    let script = Script::play(replies).await;
    let (wire, ears) = wire(&script);
    assert_eq!(initialize(&wire, OLD).await, "result");
    ready(&wire).await.unwrap();
    ears.until_heard(1).await;
    expect![[r#"
        fault http://127.0.0.1:PORT ended the stream of the session
    "#]]
    .assert_eq(&script.stable(&ears.take()));
    assert_eq!(script.seen().lines().count(), 5);
}

#[tokio::test]
async fn dropping_the_wire_ends_the_session() {
    let replies = [opened(), accepted(), stream(HOLD), status("200 OK", "")];
    let script = Script::play(replies).await;
    let (wire, _ears) = wire(&script);
    assert_eq!(initialize(&wire, OLD).await, "result");
    ready(&wire).await.unwrap();
    script.until_seen(3).await;
    drop(wire);
    script.until_seen(5).await;
    assert!(
        script.seen().contains("DELETE /mcp mcp-protocol-version=2025-11-25 mcp-session-id=s3cret")
    );
    assert!(script.seen().contains("(the client closed)"));
}

#[tokio::test]
async fn a_server_that_answers_nothing_holds_the_end_no_longer_than_it_may() {
    let (_script, wire, _ears) = session(&[HOLD.to_owned()]).await;
    let began = Instant::now();
    wire.close(Duration::from_millis(100)).await;
    let took = began.elapsed();
    assert!(took >= Duration::from_millis(100) && took < Duration::from_secs(3), "{took:?}");
}
