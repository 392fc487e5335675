//! What a peer can get wrong on a byte stream, and that the link is as good as before afterwards.

use crate::link_wire::{Wire, call};
use bowline::protocol::limits::Limits;
use expect_test::expect;
use std::fmt::Write as _;
use std::time::Duration;

const LIMIT: usize = 2000;

fn rows() -> Vec<(&'static str, Vec<u8>)> {
    let good = call("1", "now", 0);
    let meta = r#""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}"#;
    let with_id = |id: &str| good.replace(r#""id":1"#, &format!(r#""id":{id}"#));
    let with_meta = |from: &str, to: &str| good.replace(from, to);
    let sized = |length: usize| {
        let padding = " ".repeat(length - good.len());
        good.replace(r#""params":"#, &format!(r#""params":{padding}"#))
    };
    let deep = |open: &str, close: &str, levels: usize| {
        let nested = format!("{}{}", open.repeat(levels), close.repeat(levels));
        format!(r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"x":{nested}}}}}"#)
    };
    let text: Vec<(&'static str, String)> = vec![
        ("good", good.clone()),
        // Not JSON.
        ("empty object", "{}".into()),
        ("unfinished object", r#"{"jsonrpc":"2.0","id":1"#.into()),
        ("unfinished string", r#"{"jsonrpc":"2.0","id":1,"method":"tools"#.into()),
        ("two messages on a line", format!("{good}{good}")),
        ("trailing comma", r#"{"jsonrpc":"2.0","id":1,}"#.into()),
        ("single quotes", "{'jsonrpc':'2.0','id':1}".into()),
        ("comment", r#"{"jsonrpc":"2.0",/**/"id":1}"#.into()),
        ("bare word", "hello".into()),
        ("NaN", r#"{"jsonrpc":"2.0","id":NaN,"method":"x"}"#.into()),
        ("leading zero", r#"{"jsonrpc":"2.0","id":01,"method":"x"}"#.into()),
        (
            "control character in a string",
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\u{1}\"}".into(),
        ),
        ("byte order mark", format!("\u{feff}{good}")),
        ("HTTP request line", "POST /mcp HTTP/1.1".into()),
        ("Content-Length header", "Content-Length: 52".into()),
        // JSON of the wrong shape.
        ("null", "null".into()),
        ("number", "5".into()),
        ("string", "\"tools/list\"".into()),
        ("empty batch", "[]".into()),
        ("batch", format!("[{good},{good}]")),
        ("no jsonrpc", r#"{"id":1,"method":"tools/list"}"#.into()),
        ("jsonrpc 1.0", r#"{"jsonrpc":"1.0","id":1,"method":"tools/list"}"#.into()),
        ("jsonrpc number", r#"{"jsonrpc":2.0,"id":1,"method":"tools/list"}"#.into()),
        ("method number", r#"{"jsonrpc":"2.0","id":1,"method":5}"#.into()),
        ("method null", r#"{"jsonrpc":"2.0","id":1,"method":null}"#.into()),
        ("no method", r#"{"jsonrpc":"2.0","id":1}"#.into()),
        ("method and result", r#"{"jsonrpc":"2.0","id":1,"method":"x","result":{}}"#.into()),
        ("params array", r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":[]}"#.into()),
        ("params string", r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":"x"}"#.into()),
        ("params null", r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":null}"#.into()),
        (
            "_meta array",
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":[]}}"#.into(),
        ),
        // Ids.
        ("id null", with_id("null")),
        ("id float", with_id("1.5")),
        ("id float that is whole", with_id("1.0")),
        ("id exponent", with_id("1e3")),
        ("id huge", with_id("9223372036854775808")),
        ("id largest", with_id("9223372036854775807")),
        ("id smallest", with_id("-9223372036854775808")),
        ("id true", with_id("true")),
        ("id array", with_id("[1]")),
        ("id object", with_id("{}")),
        ("id empty string", with_id("\"\"")),
        ("id with an escape", with_id(r#""\u0041\n""#)),
        ("id unpaired surrogate", with_id(r#""\ud800""#)),
        // Members that stand twice.
        ("id twice", with_id(r#"1,"id":2"#)),
        ("id twice, once escaped", with_id(r#"1,"\u0069d":2"#)),
        ("method twice", with_id(r#"1,"method":"tools/list""#)),
        ("name twice", good.replace(r#""name":"now""#, r#""name":"now","name":"hang""#)),
        ("argument twice", good.replace(r#""amount":0"#, r#""amount":0,"amount":1"#)),
        // Methods and their params.
        (
            "unknown method",
            format!(r#"{{"jsonrpc":"2.0","id":1,"method":"initialize","params":{{{meta}}}}}"#),
        ),
        (
            "method that is a notification",
            format!(
                r#"{{"jsonrpc":"2.0","id":1,"method":"notifications/progress","params":{{{meta}}}}}"#
            ),
        ),
        ("no params", r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#.into()),
        ("unknown protocol version", with_meta("2026-07-28", "1999-01-01")),
        ("protocol version number", with_meta("\"2026-07-28\"", "20260728")),
        ("capabilities string", with_meta(r#"Capabilities":{}"#, r#"Capabilities":"all""#)),
        ("unknown log level", with_meta(r#""debug""#, r#""loud""#)),
        ("progress token null", with_meta(r#""progressToken":"p""#, r#""progressToken":null"#)),
        ("unknown tool", with_meta(r#""now""#, r#""nothing""#)),
        // Responses and notifications that nobody asked for.
        ("response to nothing", r#"{"jsonrpc":"2.0","id":1,"result":{}}"#.into()),
        ("error for nothing", r#"{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":""}}"#.into()),
        ("error without an id", r#"{"jsonrpc":"2.0","error":{"code":1,"message":""}}"#.into()),
        ("broken response", r#"{"jsonrpc":"2.0","id":1,"result":[],"error":1}"#.into()),
        ("unknown notification", r#"{"jsonrpc":"2.0","method":"notifications/whatever"}"#.into()),
        (
            "notification that breaks its service",
            r#"{"jsonrpc":"2.0","method":"notifications/boom"}"#.into(),
        ),
        (
            "cancellation of nothing",
            r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":77}}"#
                .into(),
        ),
        (
            "cancellation without params",
            r#"{"jsonrpc":"2.0","method":"notifications/cancelled"}"#.into(),
        ),
        ("service panics at once", good.replace("now", "panic")),
        ("service panics later", good.replace("now", "panic later")),
        // Sizes.
        ("limit - 1", sized(LIMIT - 1)),
        ("limit", sized(LIMIT)),
        ("limit + 1", sized(LIMIT + 1)),
        ("limit times 100", sized(LIMIT * 100)),
        ("too long without an id", "x".repeat(LIMIT * 3)),
        ("depth 126", deep("[", "]", 126)),
        ("depth 127", deep("[", "]", 127)),
        ("depth of a million", "[".repeat(1_000_000)),
        // Line endings.
        ("blank lines", "\n\r\n\n".into()),
        ("blanks", "  ".into()),
        ("CR LF", format!("{good}\r")),
        ("CR inside", good.replace(",\"id\"", ",\r\"id\"")),
        ("TAB between tokens", good.replace(",\"id\"", ",\t\"id\"")),
    ];
    let mut rows: Vec<_> = text.into_iter().map(|(name, text)| (name, text.into_bytes())).collect();
    rows.push((
        "byte that is never UTF-8",
        b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xff\"}".to_vec(),
    ));
    rows.push((
        "overlong UTF-8",
        b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xc0\xaf\"}".to_vec(),
    ));
    rows.push((
        "surrogate in UTF-8",
        b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xed\xa0\x80\"}".to_vec(),
    ));
    rows.push(("NUL bytes", vec![0; 64]));
    rows.push(("UTF-16", good.encode_utf16().flat_map(u16::to_le_bytes).collect()));
    rows
}

#[tokio::test(start_paused = true)]
async fn every_kind_of_bad_line_is_answered_once_or_not_at_all_and_the_link_stays_usable() {
    let mut wire = Wire::new(Limits::local().server_line_bytes(LIMIT));
    let mut table = String::new();
    for (name, line) in rows() {
        // Errors without an id are only sent so often.
        tokio::time::advance(Duration::from_secs(1)).await;
        wire.send_bytes(&line).await;
        wire.send_bytes(b"\n").await;
        let mut answers = Vec::new();
        // A call that needs a task is answered behind everything that was ready before it.
        wire.send(&call("\"after\"", "sleep", 1)).await;
        loop {
            let answer = wire.line().await.unwrap();
            if answer.starts_with(r#"{"jsonrpc":"2.0","id":"after","result""#) {
                break;
            }
            answers.push(summary(&answer));
        }
        assert!(answers.len() <= 1, "{name}: {answers:?}");
        writeln!(table, "{name}: {}", answers.first().map_or("-", String::as_str)).unwrap();
    }
    expect![[r#"
        good: 1 result
        empty object: no id -32600 `jsonrpc` must be "2.0"
        unfinished object: no id -32700 expected `,` or `}` at byte 23
        unfinished string: no id -32700 expected `"` at byte 39
        two messages on a line: no id -32700 expected the end of the message at byte 271
        trailing comma: no id -32700 expected a member name at byte 24
        single quotes: no id -32700 expected a member name at byte 1
        comment: no id -32700 expected a member name at byte 17
        bare word: no id -32700 expected a value at byte 0
        NaN: no id -32700 expected a value at byte 22
        leading zero: no id -32700 expected `,` or `}` at byte 23
        control character in a string: no id -32700 expected no control character in a string at byte 35
        byte order mark: no id -32700 expected a value at byte 0
        HTTP request line: no id -32700 expected a value at byte 0
        Content-Length header: no id -32700 expected a value at byte 0
        null: no id -32600 expected a JSON-RPC message object
        number: no id -32600 expected a JSON-RPC message object
        string: no id -32600 expected a JSON-RPC message object
        empty batch: no id -32600 batches are not allowed; send every message on its own
        batch: no id -32600 batches are not allowed; send every message on its own
        no jsonrpc: 1 -32600 `jsonrpc` must be "2.0"
        jsonrpc 1.0: 1 -32600 `jsonrpc` must be "2.0"
        jsonrpc number: 1 -32600 `jsonrpc` must be "2.0"
        method number: 1 -32600 `method` must be a string
        method null: 1 -32600 `method` must be a string
        no method: 1 -32600 a message needs a `method`, a `result` or an `error`
        method and result: 1 -32600 a message has a `method` or a `result` or an `error`, never two of them
        params array: 1 -32600 `params` must be an object
        params string: 1 -32600 `params` must be an object
        params null: 1 -32600 `params` must be an object
        _meta array: 1 -32602 params._meta.io.modelcontextprotocol/protocolVersion: missing; send it with every request (2026-07-28), or `initialize` first (2025-11-25, 2025-06-18, 2025-03-26, 2024-11-05)
        id null: no id -32600 `id` must be a string or an integer of at most 64 bits
        id float: no id -32600 `id` must be a string or an integer of at most 64 bits
        id float that is whole: no id -32600 `id` must be a string or an integer of at most 64 bits
        id exponent: no id -32600 `id` must be a string or an integer of at most 64 bits
        id huge: no id -32600 `id` must be a string or an integer of at most 64 bits
        id largest: 9223372036854775807 result
        id smallest: -9223372036854775808 result
        id true: no id -32600 `id` must be a string or an integer of at most 64 bits
        id array: no id -32600 `id` must be a string or an integer of at most 64 bits
        id object: no id -32600 `id` must be a string or an integer of at most 64 bits
        id empty string: "" result
        id with an escape: "A\n" result
        id unpaired surrogate: no id -32600 `id` must be a string or an integer of at most 64 bits
        id twice: no id -32600 member `id` stands twice, again at byte 25
        id twice, once escaped: no id -32600 member `id` stands twice, again at byte 25
        method twice: 1 -32600 member `method` stands twice, again at byte 47
        name twice: 1 -32600 member `name` stands twice, again at byte 271
        argument twice: 1 -32600 member `amount` stands twice, again at byte 257
        unknown method: 1 -32601 method not found: initialize
        method that is a notification: 1 -32601 method not found: notifications/progress
        no params: 1 -32602 params._meta.io.modelcontextprotocol/protocolVersion: missing; send it with every request (2026-07-28), or `initialize` first (2025-11-25, 2025-06-18, 2025-03-26, 2024-11-05)
        unknown protocol version: 1 -32022 unsupported protocol version
        protocol version number: 1 -32602 params._meta.io.modelcontextprotocol/protocolVersion: expected a string, found a number
        capabilities string: 1 -32602 params._meta.io.modelcontextprotocol/clientCapabilities: expected an object, found another string
        unknown log level: 1 -32602 params._meta.io.modelcontextprotocol/logLevel: expected a log level, found another string
        progress token null: 1 -32602 params._meta.progressToken: expected a string or an integer, found null
        unknown tool: 1 -32602 unknown tool
        response to nothing: -
        error for nothing: -
        error without an id: -
        broken response: -
        unknown notification: -
        notification that breaks its service: -
        cancellation of nothing: -
        cancellation without params: -
        service panics at once: 1 -32603 the service failed unexpectedly
        service panics later: 1 -32603 the service failed unexpectedly
        limit - 1: 1 result
        limit: 1 result
        limit + 1: 1 -32600 message is longer than the limit of 2000 bytes
        limit times 100: 1 -32600 message is longer than the limit of 2000 bytes
        too long without an id: no id -32600 message is longer than the limit of 2000 bytes
        depth 126: 1 -32602 params._meta.io.modelcontextprotocol/protocolVersion: missing; send it with every request (2026-07-28), or `initialize` first (2025-11-25, 2025-06-18, 2025-03-26, 2024-11-05)
        depth 127: no id -32700 nested too deeply at byte 186
        depth of a million: no id -32600 message is longer than the limit of 2000 bytes
        blank lines: -
        blanks: no id -32700 expected a value at byte 2
        CR LF: 1 result
        CR inside: 1 result
        TAB between tokens: 1 result
        byte that is never UTF-8: no id -32700 invalid UTF-8 at byte 34
        overlong UTF-8: no id -32700 invalid UTF-8 at byte 34
        surrogate in UTF-8: no id -32700 invalid UTF-8 at byte 34
        NUL bytes: no id -32700 expected a value at byte 0
        UTF-16: no id -32700 expected a member name at byte 1
    "#]].assert_eq(&table);
    assert_eq!(wire.probe.alive(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_last_line_without_a_newline_is_answered() {
    let mut wire = Wire::new(Limits::local());
    wire.send_bytes(call("1", "now", 0).as_bytes()).await;
    wire.end_input().await;
    let answers: Vec<_> = wire.rest().await.iter().map(|line| summary(line)).collect();
    assert_eq!(answers, ["1 result"]);
    wire.running.wait().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_million_levels_within_the_size_limit_are_refused_without_a_deep_stack() {
    let mut wire = Wire::new(Limits::local());
    let (near, mut far) = (&mut wire.stream, String::new());
    let line = format!("{}\n{}\n", "[".repeat(1_000_000), call("1", "now", 0));
    let (mut reader, mut writer) = tokio::io::split(near);
    let writing = async {
        tokio::io::AsyncWriteExt::write_all(&mut writer, line.as_bytes()).await.unwrap();
        tokio::io::AsyncWriteExt::shutdown(&mut writer).await.unwrap();
    };
    let reading = tokio::io::AsyncReadExt::read_to_string(&mut reader, &mut far);
    let (read, ()) = tokio::join!(reading, writing);
    read.unwrap();
    let answers: Vec<_> = far.lines().map(summary).collect();
    assert_eq!(answers, ["no id -32700 nested too deeply at byte 128", "1 result"]);
}

#[tokio::test(start_paused = true)]
async fn noise_is_answered_a_few_times_only() {
    let mut wire = Wire::new(Limits::local());
    for _ in 0..2000 {
        wire.send("noise").await;
    }
    wire.send(&call("1", "now", 0)).await;
    let answers = wire.lines_within(Duration::from_millis(100)).await;
    assert_eq!(answers.len(), 16 + 1);
}

#[tokio::test(start_paused = true)]
async fn an_id_in_flight_is_refused_and_its_first_request_is_answered() {
    let mut wire = Wire::new(Limits::local());
    wire.send(&call("1", "sleep", 100)).await;
    wire.send(&call("1", "now", 0)).await;
    wire.send(&call("\"1\"", "now", 0)).await;
    let answers = wire.lines_within(Duration::from_secs(1)).await;
    let answers: Vec<_> = answers.iter().map(|line| summary(line)).collect();
    expect![[r#"
        1 -32600 a request with this id is still being answered
        "1" result
        1 result"#]]
    .assert_eq(&answers.join("\n"));
}

/// Id and outcome of an answer.
fn summary(answer: &str) -> String {
    let answer: serde_json::Value = serde_json::from_str(answer).unwrap();
    let id = answer.get("id").map_or_else(|| "no id".into(), ToString::to_string);
    match answer.get("error") {
        None => format!("{id} result"),
        Some(error) => format!("{id} {} {}", error["code"], error["message"].as_str().unwrap()),
    }
}
