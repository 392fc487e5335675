//! What comes back for a request that belongs to no session.

use super::{DONE, HOLD, Script, body, call, done, json, next, outcome, status, stream, wire};
use crate::client::wire::Event;
use bowline_types::revision::Revision;
use expect_test::expect;
use std::sync::Arc;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

const NOW: Revision = Revision::LATEST;

/// A table of what each reply comes to, and whether the next call works.
async fn table(rows: &[(&str, Vec<String>)]) -> String {
    let mut table = String::new();
    for (name, replies) in rows {
        let script = Script::play(replies.iter().cloned().chain([done()])).await;
        let (wire, ears) = wire(&script);
        wire.settle(NOW);
        let said = outcome(wire.exchange(call(NOW))).await;
        let then = outcome(wire.exchange(call(NOW))).await;
        table += &format!("{name}\n    {}\n", &script.stable(&said));
        for heard in ears.take().lines() {
            table += &format!(
                "    also: {}
",
                script.stable(heard)
            );
        }
        assert_eq!(then, "result", "the call after `{name}`");
        assert!(!table.contains("canary"), "{table}");
    }
    table
}

#[tokio::test]
async fn answers_in_json() {
    let rows = [
        ("result", vec![json(DONE)]),
        ("error", vec![json(r#"{"jsonrpc":"2.0","id":ID,"error":{"code":-32602,"message":"no"}}"#)]),
        ("error without an id", vec![json(r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"no"}}"#)]),
        ("with a charset", vec![body("200 OK", "application/json; charset=utf-8", DONE)]),
        ("201", vec![body("201 Created", "application/json", DONE)]),
        ("another id", vec![json(r#"{"jsonrpc":"2.0","id":77,"result":{}}"#)]),
        ("id of another type", vec![json(r#"{"jsonrpc":"2.0","id":"ID","result":{}}"#)]),
        ("result without an id", vec![json(r#"{"jsonrpc":"2.0","result":{}}"#)]),
        ("result and error", vec![json(r#"{"jsonrpc":"2.0","id":ID,"result":{},"error":{"code":1,"message":""}}"#)]),
        ("result of another shape", vec![json(r#"{"jsonrpc":"2.0","id":ID,"result":[]}"#)]),
        ("error of another shape", vec![json(r#"{"jsonrpc":"2.0","id":ID,"error":"no"}"#)]),
        ("another JSON-RPC", vec![json(r#"{"jsonrpc":"1.0","id":ID,"result":{}}"#)]),
        ("a notification", vec![json(r#"{"jsonrpc":"2.0","method":"notifications/message","params":{}}"#)]),
        ("a request", vec![json(r#"{"jsonrpc":"2.0","id":ID,"method":"ping"}"#)]),
        ("several", vec![json(&format!("[{DONE},{DONE}]"))]),
        ("nothing", vec![json("")]),
        ("no JSON", vec![json("{\"jsonrpc\":")]),
        ("twice the same member", vec![json(r#"{"jsonrpc":"2.0","id":ID,"id":ID,"result":{}}"#)]),
        ("half a character", vec![json("{\"jsonrpc\":\"2.0\",\"id\":ID,\"result\":{\"a\":\"\\ud800\"}}")]),
        ("too long", vec![json(&format!(r#"{{"jsonrpc":"2.0","id":ID,"result":{{"a":"{}"}}}}"#, "x".repeat(3000)))]),
        ("too long by its own account", vec![
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99999999999\r\n\r\n{".to_owned(),
        ]),
        ("shorter than it says", vec![
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{}".to_owned(),
        ]),
    ];
    expect![[r#"
        result
            result
        error
            error -32602 no
        error without an id
            error -32700 no
        with a charset
            result
        201
            result
        another id
            malformed: it answers the request `77`, not `1`
        id of another type
            malformed: it answers the request `"1"`, not `1`
        result without an id
            malformed: it answers without an id
        result and error
            malformed: a response has a `result` or an `error`, never both
        result of another shape
            malformed: `result` must be an object
        error of another shape
            malformed: `error` must be an object
        another JSON-RPC
            malformed: `jsonrpc` must be "2.0"
        a notification
            notifications/message, malformed: it holds no answer
        a request
            malformed: it holds no answer
            also: fault tools/call: method not found: ping
        several
            malformed: several messages in one text, which this protocol version does not have
        nothing
            malformed: expected a value at byte 0
        no JSON
            malformed: expected a value at byte 11
        twice the same member
            malformed: member `id` stands twice, again at byte 25
        half a character
            result
        too long
            refused 200: the response is longer than 2048 bytes; see `Limits::response_bytes`
        too long by its own account
            refused 200: the response is longer than 2048 bytes; see `Limits::response_bytes`
        shorter than it says
            lost: the response of http://127.0.0.1:PORT broke off
    "#]]
    .assert_eq(&table(&rows).await);
}

#[tokio::test]
async fn answers_in_streams() {
    let event = |message: &str| format!("data: {message}\n\n");
    let progress = |token: &str, progress: u32| {
        event(&format!(
            r#"{{"jsonrpc":"2.0","method":"notifications/progress","params":{{"progressToken":{token},"progress":{progress}}}}}"#
        ))
    };
    let log = event(r#"{"jsonrpc":"2.0","method":"notifications/message","params":{}}"#);
    let rows = [
        ("result", vec![stream(&event(DONE))]),
        (
            "progress and a log",
            vec![stream(&(progress("ID", 1) + &log + &progress("ID", 2) + &event(DONE)))],
        ),
        (
            "progress of somebody else",
            vec![stream(&(progress("77", 1) + &progress("\"ID\"", 2) + &event(DONE)))],
        ),
        (
            "comments, names, ids, line ends",
            vec![stream(&format!(
                "\u{feff}: hello\r\n\r\nevent: other\r\ndata: {DONE}x\r\n\r\nid: 7\r\nevent: message\r\ndata: {DONE}\r\n\r\n"
            ))],
        ),
        (
            "data in two lines",
            vec![stream("data: {\"jsonrpc\":\"2.0\",\ndata: \"id\":ID,\"result\":{}}\n\n")],
        ),
        (
            "an empty event first",
            vec![stream(&format!("id: 1\nretry: 5\ndata:\n\n{}", event(DONE)))],
        ),
        (
            "two answers",
            vec![stream(
                &(event(DONE)
                    + &event(r#"{"jsonrpc":"2.0","id":ID,"error":{"code":1,"message":"late"}}"#)),
            )],
        ),
        (
            "another's answer first",
            vec![stream(&(event(r#"{"jsonrpc":"2.0","id":77,"result":{}}"#) + &event(DONE)))],
        ),
        (
            "another's answer only",
            vec![stream(&event(r#"{"jsonrpc":"2.0","id":"ID","result":{}}"#))],
        ),
        ("noise first", vec![stream(&("data: hello\n\n".to_owned() + &event(DONE)))]),
        ("noise only", vec![stream("data: hello\n\n")]),
        ("a broken answer", vec![stream("data: {\"jsonrpc\":\"2.0\",\"id\":ID,\"result\":{}\n\n")]),
        (
            "a question, which is none",
            vec![stream(
                &(event(r#"{"jsonrpc":"2.0","id":1,"method":"roots/list"}"#) + &event(DONE)),
            )],
        ),
        (
            "a ping",
            vec![stream(&(event(r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#) + &event(DONE)))],
        ),
        (
            "given up",
            vec![stream(&event(
                r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":ID}}"#,
            ))],
        ),
        ("a batch", vec![stream(&event(&format!("[{DONE}]")))]),
        ("nothing", vec![stream("")]),
        ("only progress", vec![stream(&progress("ID", 1))]),
        ("unfinished", vec![stream(&format!("data: {DONE}\n"))]),
        ("too long an event", vec![stream(&event(&"x".repeat(3000)))]),
        ("with ids, and yet not resumed", vec![stream(&format!("id: 1\n{}", progress("ID", 1)))]),
    ];
    expect![[r#"
        result
            result
        progress and a log
            progress 1, notifications/message, progress 2, result
        progress of somebody else
            result
        comments, names, ids, line ends
            result
        data in two lines
            result
        an empty event first
            result
        two answers
            result
        another's answer first
            result
            also: fault tools/call: it answers the request `77`, not `1`
        another's answer only
            malformed: it answers the request `"1"`, not `1`
            also: fault tools/call: it answers the request `"1"`, not `1`
        noise first
            result
            also: fault tools/call: expected a value at byte 0
        noise only
            malformed: expected a value at byte 0
            also: fault tools/call: expected a value at byte 0
        a broken answer
            malformed: expected `,` or `}` at byte 35
        a question, which is none
            result
            also: fault tools/call: method not found: roots/list
        a ping
            result
            also: fault tools/call: method not found: ping
        given up
            lost: http://127.0.0.1:PORT ended its stream before the answer to tools/call
        a batch
            malformed: several messages in one text, which this protocol version does not have
            also: fault tools/call: several messages in one text, which this protocol version does not have
        nothing
            lost: http://127.0.0.1:PORT ended its stream before the answer to tools/call
        only progress
            progress 1, lost: http://127.0.0.1:PORT ended its stream before the answer to tools/call
        unfinished
            lost: http://127.0.0.1:PORT ended its stream before the answer to tools/call
        too long an event
            refused 200: an event is longer than 2048 bytes; see `Limits::event_bytes`
        with ids, and yet not resumed
            progress 1, lost: http://127.0.0.1:PORT ended its stream before the answer to tools/call
    "#]].assert_eq(&table(&rows).await);
}

#[tokio::test]
async fn refusals() {
    let error = r#"{"jsonrpc":"2.0","id":ID,"error":{"code":-32601,"message":"no such method"}}"#;
    let anonymous = r#"{"jsonrpc":"2.0","error":{"code":-32600,"message":"no"}}"#;
    let challenge = "www-authenticate: Bearer resource_metadata=\"https://a.test\"\r\n";
    let rows = [
        ("202", vec![status("202 Accepted", "")]),
        ("204", vec!["HTTP/1.1 204 No Content\r\n\r\n".to_owned()]),
        ("200 and a page", vec![body("200 OK", "text/html", "<h1>Hello</h1>\r\n\tagain")]),
        ("200 and no type", vec!["HTTP/1.1 200 OK\r\n\r\n{}".to_owned()]),
        ("200 and a type that is none", vec![body("200 OK", "application/json; charset=latin1", DONE)]),
        ("400 and an error", vec![body("400 Bad Request", "application/json", error)]),
        ("400 and an error without an id", vec![body("400 Bad Request", "application/json", anonymous)]),
        ("400 and an error of another request", vec![body("400 Bad Request", "application/json", &error.replace("ID", "77"))]),
        ("400 and an error as an event", vec![body("400 Bad Request", "text/event-stream", &format!("event: message\ndata: {error}\n\n"))]),
        ("400 and an error without a type", vec![format!("HTTP/1.1 400 Bad Request\r\n\r\n{error}")]),
        ("400 and a broken error", vec![body("400 Bad Request", "application/json", &error.replace("-32601", "\"x\""))]),
        ("400 and other JSON", vec![body("400 Bad Request", "application/json", "{\"error\":\"no\"}")]),
        ("400 and a result", vec![body("400 Bad Request", "application/json", DONE)]),
        ("404 and an error", vec![body("404 Not Found", "application/json", error)]),
        ("404", vec![body("404 Not Found", "text/plain", "not \u{1b}[31mfound\u{202e} canary")]),
        ("405", vec![status("405 Method Not Allowed", "allow: GET\r\n")]),
        ("401", vec![status("401 Unauthorized", challenge)]),
        ("401 and an error", vec![format!("HTTP/1.1 401 Unauthorized\r\n{challenge}content-type: application/json\r\n\r\n{error}")]),
        ("403", vec![status("403 Forbidden", "")]),
        ("403 and an error", vec![body("403 Forbidden", "application/json", anonymous)]),
        ("403 and a challenge", vec![format!("HTTP/1.1 403 Forbidden\r\n{challenge}content-type: application/json\r\n\r\n{error}")]),
        ("429", vec![status("429 Too Many Requests", "")]),
        ("429 and a time", vec![status("429 Too Many Requests", "retry-after: 0\r\n"), done()]),
        ("503 and a time, twice", vec![status("503 Unavailable", "retry-after: 0\r\n"), status("503 Unavailable", "retry-after: 0\r\n")]),
        ("503 and too long a time", vec![status("503 Unavailable", "retry-after: 31\r\n")]),
        ("503 and a date", vec![status("503 Unavailable", "retry-after: Wed, 21 Oct 2015 07:28:00 GMT\r\n")]),
        ("503 and an error", vec![body("503 Unavailable", "application/json", error)]),
        ("500 and a long page", vec![body("500 Oops", "text/html", &"<p>".repeat(40_000))]),
        ("302 to another origin", vec![status("302 Found", "location: https://a.test/?canary\r\n")]),
        ("307 within the origin", vec![status("307 Temporary Redirect", "location: /new\r\n"), done()]),
        ("no HTTP", vec!["SSH-2.0-OpenSSH_9.9\r\n".to_owned()]),
        ("no response", vec![String::new()]),
        ("compressed", vec!["HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-encoding: gzip\r\n\r\nx".to_owned()]),
    ];
    expect![[r#"
        202
            refused 202: http://127.0.0.1:PORT: tools/call was answered with 202 Accepted, which is no answer
        204
            refused 204: http://127.0.0.1:PORT: tools/call was answered with 204 No Content, which is no answer
        200 and a page
            refused 200: http://127.0.0.1:PORT: tools/call was answered with 200 OK and `text/html`, which is no answer (it said: <h1>Hello</h1> again)
        200 and no type
            refused 200: http://127.0.0.1:PORT: tools/call was answered with 200 OK and no content type, which is no answer (it said: {})
        200 and a type that is none
            refused 200: http://127.0.0.1:PORT: tools/call was answered with 200 OK and `application/json; charset=latin1`, which is no answer (it said: {"jsonrpc":"2.0","id":1,"result":{}})
        400 and an error
            error -32601 no such method
        400 and an error without an id
            error -32600 no
        400 and an error of another request
            refused 400: http://127.0.0.1:PORT: tools/call was answered with 400 Bad Request and no JSON-RPC error; check the URL (it said: {"jsonrpc":"2.0","id":77,"error":{"code":-32601,"message":"no such method"}})
        400 and an error as an event
            error -32601 no such method
        400 and an error without a type
            error -32601 no such method
        400 and a broken error
            malformed: code: invalid type: string, expected an integer of 64 bits
        400 and other JSON
            refused 400: http://127.0.0.1:PORT: tools/call was answered with 400 Bad Request and no JSON-RPC error; check the URL (it said: {"error":"no"})
        400 and a result
            refused 400: http://127.0.0.1:PORT: tools/call was answered with 400 Bad Request and no JSON-RPC error; check the URL (it said: {"jsonrpc":"2.0","id":1,"result":{}})
        404 and an error
            error -32601 no such method
        404
            refused 404: http://127.0.0.1:PORT: tools/call was answered with 404 Not Found and no JSON-RPC error; check the URL (it said: not \u{1b}[31mfound\u{202e} …)
        405
            refused 405: http://127.0.0.1:PORT: tools/call was answered with 405 Method Not Allowed and no JSON-RPC error; check the URL
        401
            refused 401: http://127.0.0.1:PORT: tools/call was answered with 401 Unauthorized; it wants to know who asks, send it an `Authorization` header "Bearer resource_metadata=\"https://a.test\""
        401 and an error
            refused 401: http://127.0.0.1:PORT: tools/call was answered with 401 Unauthorized; it wants to know who asks, send it an `Authorization` header (it said: {"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no such method"}}) "Bearer resource_metadata=\"https://a.test\""
        403
            refused 403: http://127.0.0.1:PORT: tools/call was answered with 403 Forbidden; it does not let this client in
        403 and an error
            error -32600 no
        403 and a challenge
            refused 403: http://127.0.0.1:PORT: tools/call was answered with 403 Forbidden; it does not let this client in (it said: {"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no such method"}}) "Bearer resource_metadata=\"https://a.test\""
        429
            refused 429: http://127.0.0.1:PORT: tools/call was answered with 429 Too Many Requests; it is busy, try again later
        429 and a time
            result
        503 and a time, twice
            refused 503: http://127.0.0.1:PORT: tools/call was answered with 503 Service Unavailable; it is busy, try again later
        503 and too long a time
            refused 503: http://127.0.0.1:PORT: tools/call was answered with 503 Service Unavailable; it is busy, try again later
        503 and a date
            refused 503: http://127.0.0.1:PORT: tools/call was answered with 503 Service Unavailable; it is busy, try again later
        503 and an error
            error -32601 no such method
        500 and a long page
            refused 500: http://127.0.0.1:PORT: tools/call was answered with 500 Internal Server Error and no JSON-RPC error; check the URL (it said: <p><p><p><p><p><p><p><p><p><p><p><p><p><p><p><p><p><p><p><p><p><p><p><p><p><p><p><p><p><p><p><p><p><p><p><p><p><p><p><p><p><p><p><p><p><p><p><p><p><p><p><p><p><…)
        302 to another origin
            refused 0: http://127.0.0.1:PORT redirects to another origin, https://a.test; if that is the right one, use its URL
        307 within the origin
            result
        no HTTP
            refused 0: http://127.0.0.1:PORT: what came is not HTTP; check the URL
        no response
            lost: the connection to http://127.0.0.1:PORT ended before there was a response; the request may have been processed
        compressed
            refused 0: http://127.0.0.1:PORT: the response is compressed, which was not asked for; let the server send it as it is
    "#]].assert_eq(&table(&rows).await);
}

#[tokio::test]
async fn a_server_that_is_not_there_has_seen_nothing() {
    let mut script = Script::play([done()]).await;
    let (wire, _ears) = wire(&script);
    script.server.abort();
    assert!((&mut script.server).await.is_err(), "it is gone");
    let said = outcome(wire.exchange(call(NOW))).await;
    expect!["unsent: cannot connect to http://127.0.0.1:PORT"].assert_eq(&script.stable(&said));
}

#[tokio::test]
async fn a_response_that_breaks_off_anywhere_is_lost() {
    let head = |kind: &str, length: usize| {
        format!("HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\r\n")
    };
    let (first, last) = (
        "data: {\"jsonrpc\":\"2.0\",\"method\":\"a\"}\n\n",
        "data: {\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}\n\n",
    );
    let json = r#"{"jsonrpc":"2.0","id":1,"result":{}}"#;
    let events = [first, last].concat();
    for whole in [
        head("application/json", json.len()) + json,
        head("text/event-stream", events.len()) + &events,
    ] {
        for length in 0..=whole.len() {
            let script = Script::play([whole[..length].to_owned(), done()]).await;
            let (wire, _ears) = wire(&script);
            wire.settle(NOW);
            let said = outcome(wire.exchange(call(NOW))).await;
            let expected = if length == whole.len() { "result" } else { "lost: " };
            let said = said.strip_prefix("a, ").unwrap_or(&said);
            assert!(said.starts_with(expected), "at {length}: {said}");
            assert_eq!(outcome(wire.exchange(call(NOW))).await, "result", "after {length}");
        }
    }
}

#[tokio::test]
async fn what_is_sent_repeats_what_it_says() {
    let script = Script::play(["", "", "", ""].map(|_| done())).await;
    let (wire, _ears) = wire(&script);
    wire.settle(NOW);
    for (method, params) in [
        ("tools/call", serde_json::json!({ "name": "grüße" })),
        ("resources/read", serde_json::json!({ "uri": "file:///a b" })),
        ("tools/list", serde_json::json!({})),
        ("x/own", serde_json::json!({ "name": "n" })),
    ] {
        let mut outgoing = super::outgoing(NOW, method, &params);
        outgoing.headers.insert("mcp-name-not", "1".parse().unwrap());
        assert_eq!(outcome(wire.exchange(outgoing)).await, "result");
    }
    expect![[r#"
        POST /mcp mcp-method=tools/call mcp-name==?base64?Z3LDvMOfZQ==?= mcp-protocol-version=2026-07-28 x-own=canary {"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"grüße","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{},"io.modelcontextprotocol/clientCapabilities":{},"progressToken":1}}}
        POST /mcp mcp-method=resources/read mcp-name=file:///a b mcp-protocol-version=2026-07-28 x-own=canary {"jsonrpc":"2.0","id":2,"method":"resources/read","params":{"uri":"file:///a b","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{},"io.modelcontextprotocol/clientCapabilities":{},"progressToken":2}}}
        POST /mcp mcp-method=tools/list mcp-protocol-version=2026-07-28 x-own=canary {"jsonrpc":"2.0","id":3,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{},"io.modelcontextprotocol/clientCapabilities":{},"progressToken":3}}}
        POST /mcp mcp-method=x/own mcp-protocol-version=2026-07-28 x-own=canary {"jsonrpc":"2.0","id":4,"method":"x/own","params":{"name":"n","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{},"io.modelcontextprotocol/clientCapabilities":{},"progressToken":4}}}
    "#]].assert_eq(&script.seen());
}

#[tokio::test]
async fn dropping_a_request_closes_its_connection() {
    let progress = r#"data: {"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":ID,"progress":1}}"#;
    let script = Script::play([stream(&format!("{progress}\n\n{HOLD}")), done()]).await;
    let (wire, _ears) = wire(&script);
    wire.settle(NOW);
    let mut exchange = wire.exchange(call(NOW));
    assert!(matches!(next(&mut *exchange).await, Ok(Event::Progress(_))));
    drop(exchange);
    script.until_seen(2).await;
    assert!(script.seen().ends_with("(the client closed)\n"), "{}", script.seen());
    assert_eq!(outcome(wire.exchange(call(NOW))).await, "result");
}

#[tokio::test]
async fn closing_fails_what_is_open() {
    let script = Script::play([stream(HOLD)]).await;
    let (wire, _ears) = wire(&script);
    wire.settle(NOW);
    let exchange = tokio::spawn(outcome(wire.exchange(call(NOW))));
    script.until_seen(1).await;
    wire.close(std::time::Duration::from_secs(5)).await;
    assert_eq!(exchange.await.unwrap(), "lost: the client was closed");
    script.until_seen(2).await;
    assert!(script.seen().ends_with("(the client closed)\n"), "{}", script.seen());
    let late = outcome(wire.exchange(call(NOW))).await;
    assert_eq!(late, "lost: the client was closed");
    wire.close(std::time::Duration::from_secs(5)).await;
}

#[tokio::test]
async fn a_stream_that_ends_after_its_answer_gives_its_connection_back() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/mcp", listener.local_addr().unwrap());
    let ears = Arc::<super::Ears>::default();
    let wire = super::way(&url, &ears).streamable();
    wire.settle(NOW);
    let mut exchange = wire.exchange(call(NOW));
    let answering = async {
        let (mut connection, _) = listener.accept().await.unwrap();
        let said = super::request(&mut connection).await.unwrap();
        let event = format!("data: {}\n\n", DONE.replace("ID", "1"));
        let text = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n{event}\r\n",
            event.len()
        );
        connection.write_all(text.as_bytes()).await.unwrap();
        (connection, said)
    };
    let (answer, (mut connection, _)) = tokio::join!(next(&mut *exchange), answering);
    assert!(matches!(answer, Ok(Event::Answer(_))));
    // The answer is there; the end of the stream comes later.
    connection.write_all(b"0\r\n\r\n").await.unwrap();
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
    let again = async {
        let (_, body) = super::request(&mut connection).await.expect("it comes here");
        assert!(body.contains(r#""id":2"#), "{body}");
        connection.write_all(json_of_known_length().as_bytes()).await.unwrap();
    };
    let (said, ()) = tokio::join!(outcome(wire.exchange(call(NOW))), again);
    assert_eq!(said, "result");
}

fn json_of_known_length() -> String {
    let text = DONE.replace("ID", "2");
    let length = text.len();
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{text}"
    )
}

#[tokio::test]
async fn a_subscription_may_be_ended_by_its_server() {
    let ended = r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":ID}}"#;
    let script = Script::play([stream(&format!("data: {ended}\n\n{HOLD}"))]).await;
    let (wire, _ears) = wire(&script);
    wire.settle(NOW);
    let params = serde_json::json!({ "notifications": {} });
    let said = outcome(wire.exchange(super::outgoing(NOW, "subscriptions/listen", &params))).await;
    expect!["lost: http://127.0.0.1:PORT ended the subscription"].assert_eq(&script.stable(&said));
}
