//! Requests that want to be two: one that is let through, and one that nobody saw.
//!
//! Callers may use the tool `echo` only; whatever reaches the canary besides is a hole.

use crate::post::{Caller, rest};
use crate::script::{LEGACY, Over, Upstream};
use crate::up::{Config, Up};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

const META: &str = r#""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"eve","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}}"#;

const PATH: &str = "/profiles/safe/mcp";

async fn canary(over: Over) -> (Upstream, Up) {
    let upstream = Upstream::new(LEGACY, over).await;
    let config =
        Config::new().server("one", &upstream).set("profiles", json!({ "safe": ["echo"] }));
    let up = config.up();
    let mut caller = Caller::new(&up.address);
    caller.path = PATH;
    // What is begun for the sake of the first call shall not be taken for something smuggled.
    assert_eq!(caller.call("echo", json!({ "text": "allowed" })).await.text(), "allowed");
    (upstream, up)
}

fn caller(up: &Up) -> Caller {
    Caller { path: PATH, ..Caller::new(&up.address) }
}

/// That the canary has heard of nothing that is forbidden, and has been called so often.
fn untouched(upstream: &Upstream, calls: usize, why: &str) {
    let text = upstream.seen.text();
    assert!(!text.contains("forbidden"), "{why}: {text}");
    assert!(!text.contains("\"hang\""), "{why}: {text}");
    assert_eq!(upstream.seen.calls().begun, calls, "{why}: {text}");
    let of = upstream.seen.of("tools/call");
    assert!(of.iter().all(|call| call["params"]["name"] == "echo"), "{why}: {of:?}");
}

/// A body that calls `echo`, with this between its tokens.
fn spread(between: &str) -> String {
    let tokens = [
        "{",
        "\"jsonrpc\"",
        ":",
        "\"2.0\"",
        ",",
        "\"id\"",
        ":",
        "1",
        ",",
        "\"method\"",
        ":",
        "\"tools/call\"",
        ",",
        "\"params\"",
        ":",
        "{",
        "\"name\"",
        ":",
        "\"echo\"",
        ",",
        META,
        ",",
        "\"arguments\"",
        ":",
        "{",
        "\"text\"",
        ":",
        "\"spread\"",
        ",",
        "\"more\"",
        ":",
        r#"{"jsonrpc":"2.0","id":7,"method":"notifications/cancelled","params":{"requestId":1}}"#,
        "}",
        "}",
        "}",
    ];
    tokens.join(between)
}

const ECHO: &str = "Mcp-Method: tools/call\r\nMcp-Name: echo\r\n";

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_between_tokens_does_not_end_a_message() {
    for over in [Over::Stdio, Over::Http] {
        let (upstream, up) = canary(over).await;
        let mut calls = 1;
        for between in ["\n", "\r", "\r\n", "\t", " \n\n ", "\n\r\n\r"] {
            let said = caller(&up).send(&spread(between), ECHO).await.finish().await;
            assert_eq!(said.text(), "spread", "{between:?}: {}", said.bytes);
            calls += 1;
            untouched(&upstream, calls, &format!("{between:?} over {over:?}"));
        }
        assert_eq!(upstream.seen.calls().cancelled, 0, "{over:?}");
        // A server on standard streams counts lines: each was one message, or the script would have failed.
        assert!(!upstream.seen.text().contains("\n\n"), "{over:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_in_strings_arrives_as_it_was() {
    for over in [Over::Stdio, Over::Http] {
        let (_upstream, up) = canary(over).await;
        for text in
            ["a\nb", "a\r\nb", "a\u{2028}b\u{2029}c", "a\u{85}b\tc", "\u{0}\u{1b}[2J", "\"}\n{\""]
        {
            let said = caller(&up).call("echo", json!({ "text": text })).await;
            assert_eq!(said.text(), text, "{over:?}");
        }
    }
}

fn body(params: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{{params},{META}}}}}"#)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_says_two_things_is_refused() {
    let hang =
        r#"{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"hang","arguments":{}}}"#;
    let echo = body(r#""name":"echo","arguments":{"text":"forbidden"}"#);
    let bodies = [
        body(r#""name":"echo","name":"hang","arguments":{"text":"forbidden"}"#),
        body(r#""name":"hang","name":"echo","arguments":{"text":"forbidden"}"#),
        body(r#""name":"echo","n\u0061me":"hang","arguments":{"text":"forbidden"}"#),
        body(r#""name":"echo","arguments":{"text":"x"},"arguments":{"text":"forbidden"}"#),
        body(r#""name":"echo","arguments":{"text":"x","text":"forbidden"}"#),
        body(r#""name":"echo","arguments":{"text":"x","te\u0078t":"forbidden"}"#),
        echo.replacen("\"method\":", "\"method\":\"tools/list\",\"method\":", 1),
        echo.replacen("\"id\":1", "\"id\":1,\"id\":2", 1),
        echo.replacen("\"params\":", "\"params\":{},\"params\":", 1),
        format!("{echo}\n{hang}"),
        format!("{echo}{hang}"),
        format!("[{echo},{hang}]"),
        format!("{echo}\u{0}"),
        echo.replace("\"forbidden\"", "\"forbidden\n\""),
        echo.replace("\"forbidden\"", "\"forbidden\r\""),
        format!("\u{feff}{echo}"),
    ];
    for over in [Over::Stdio, Over::Http] {
        let (upstream, up) = canary(over).await;
        for body in &bodies {
            let said = caller(&up).send(body, ECHO).await.finish().await;
            assert_eq!(said.status, 400, "{body}: {}", said.bytes);
            untouched(&upstream, 1, body);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_that_say_something_else_than_the_body_are_refused() {
    let echo = body(r#""name":"echo","arguments":{"text":"forbidden"}"#);
    let hang = body(r#""name":"hang","arguments":{"text":"forbidden"}"#);
    let (upstream, up) = canary(Over::Stdio).await;
    for (fields, body) in [
        ("Mcp-Method: tools/call\r\nMcp-Name: echo\r\n", &hang),
        ("Mcp-Method: tools/call\r\nMcp-Name: hang\r\n", &echo),
        ("Mcp-Method: tools/list\r\nMcp-Name: echo\r\n", &echo),
        ("Mcp-Method: tools/call\r\n", &echo),
        ("Mcp-Name: echo\r\n", &echo),
        ("Mcp-Method: tools/call\r\nMcp-Name: echo\r\nMcp-Name: hang\r\n", &hang),
        ("Mcp-Method: tools/call\r\nMcp-Name: hang\r\nMcp-Name: echo\r\n", &echo),
        ("Mcp-Method: tools/call\r\nMcp-Name: echo\r\nMcp-Name: hang\r\n", &echo),
        ("Mcp-Method: tools/call\r\nMcp-Method: tools/list\r\nMcp-Name: echo\r\n", &echo),
        ("Mcp-Method: tools/call\r\nMcp-Name: echo, hang\r\n", &echo),
        ("Mcp-Method: tools/call\r\nMcp-Name: one__echo\r\n", &echo),
        ("Mcp-Method: tools/call\r\nMcp-Name: echo\r\nMCP-Protocol-Version: 2025-11-25\r\n", &echo),
    ] {
        let said = caller(&up).send(body, fields).await.finish().await;
        assert_eq!(said.status, 400, "{fields}: {}", said.bytes);
        untouched(&upstream, 1, fields);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_in_the_profile_is_an_unknown_tool() {
    let (upstream, up) = canary(Over::Stdio).await;
    for tool in ["hang", "secret", "one__echo", "nobody-knows"] {
        let body = body(&format!(r#""name":"{tool}","arguments":{{"text":"forbidden"}}"#));
        let fields = format!("Mcp-Method: tools/call\r\nMcp-Name: {tool}\r\n");
        let said = caller(&up).send(&body, &fields).await.finish().await;
        assert_eq!(said.code(), -32602, "{tool}: {}", said.bytes);
        untouched(&upstream, 1, tool);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_whose_end_is_in_doubt_is_the_last_of_its_connection() {
    let inner = body(r#""name":"echo","arguments":{"text":"forbidden"}"#);
    let (upstream, up) = canary(Over::Stdio).await;
    let head = format!(
        "Host: {}\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\n\
         MCP-Protocol-Version: 2026-07-28\r\n{ECHO}",
        up.address
    );
    // It would be a request of its own for whoever took the shorter of two lengths.
    let second =
        format!("POST {PATH} HTTP/1.1\r\n{head}Content-Length: {}\r\n\r\n{inner}", inner.len());
    let long = second.len() + 5;
    let requests = [
        format!("Content-Length: {long}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{second}"),
        format!("Transfer-Encoding: chunked\r\nContent-Length: {long}\r\n\r\n0\r\n\r\n{second}"),
        format!("Content-Length: 0\r\nContent-Length: {long}\r\n\r\n{second}"),
        format!("Content-Length: {long}\r\nContent-Length: 0\r\n\r\n{second}"),
        format!("Content-Length: 0, {long}\r\n\r\n{second}"),
        format!("Content-Length: +0\r\n\r\n{second}"),
        format!("Content-Length: 0\r\nTransfer-Encoding: xchunked\r\n\r\n{second}"),
        format!("Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n{second}"),
        format!("Transfer-Encoding : chunked\r\nContent-Length: 0\r\n\r\n{second}"),
        format!("Content-Length: 0\r\n Transfer-Encoding: chunked\r\n\r\n{second}"),
        format!("Transfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n{second}"),
        format!("Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n{second}"),
    ];
    for request in requests {
        let mut stream = TcpStream::connect(&up.address).await.unwrap();
        let request = format!("POST {PATH} HTTP/1.1\r\n{head}{request}");
        stream.write_all(request.as_bytes()).await.unwrap();
        let said = rest(&mut stream).await;
        assert!(said.starts_with("HTTP/1.1 4"), "{request}\n{said}");
        assert_eq!(said.matches("HTTP/1.1 ").count(), 1, "{request}\n{said}");
        untouched(&upstream, 1, &request);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_gets_its_own_meta_and_not_that_of_the_caller() {
    for over in [Over::Stdio, Over::Http] {
        let (upstream, up) = canary(over).await;
        let said = caller(&up).call("echo", json!({ "text": "allowed" })).await;
        assert_eq!(said.text(), "allowed");
        let call = upstream.seen.of("tools/call").pop().unwrap();
        let meta = call["params"]["_meta"].as_object().cloned().unwrap_or_default();
        assert_ne!(
            meta.get("progressToken"),
            Some(&json!("hand")),
            "{over:?}: a token is remapped"
        );
        let reserved: Vec<&String> =
            meta.keys().filter(|key| key.starts_with("io.modelcontextprotocol/")).collect();
        assert_eq!(reserved, Vec::<&String>::new(), "{over:?}: a legacy server knows none of it");
        assert_ne!(call["id"], Value::Null);
    }
}
