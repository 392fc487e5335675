//! What a line on stdio may hold, and what must be answered to it.

use std::time::Duration;

use serde_json::{Value, json};

use crate::defects::link::{Link, SOON, call, code, meta, request};
use crate::defects::peer::Peer;
use crate::defects::{OnRmcp, Test};

pub(crate) const TESTS: &[Test] = &[
    Test { name: "bad_params_are_not_an_unknown_method", body: bad_params, on_rmcp: OnRmcp::Fails },
    Test {
        name: "an_unknown_log_level_is_refused",
        body: unknown_log_level,
        on_rmcp: OnRmcp::Fails,
    },
    Test {
        name: "bad_arguments_are_a_tool_error",
        body: bad_arguments,
        on_rmcp: OnRmcp::Passes(
            "3.9.0 answers a result with isError; it decides so by the prefix of a message, which a test from outside cannot see",
        ),
    },
    Test { name: "malformed_json_is_answered", body: malformed, on_rmcp: OnRmcp::Fails },
    Test { name: "bad_utf8_is_answered", body: bad_utf8, on_rmcp: OnRmcp::Fails },
    Test {
        name: "a_batch_is_an_invalid_request",
        body: batch,
        on_rmcp: OnRmcp::Passes(
            "on stdio 3.9.0 answers -32600 to JSON that is no message; over HTTP the test of the same defect fails",
        ),
    },
    Test {
        name: "a_null_id_is_an_invalid_request",
        body: null_id,
        on_rmcp: OnRmcp::Passes(
            "on stdio 3.9.0 answers -32600 to JSON that is no message; over HTTP the test of the same defect fails",
        ),
    },
    Test {
        name: "a_fractional_id_is_an_invalid_request",
        body: fractional_id,
        on_rmcp: OnRmcp::Passes("on stdio 3.9.0 answers -32600 to JSON that is no message"),
    },
    Test {
        name: "an_id_comes_back_as_it_was",
        body: id_kinds,
        on_rmcp: OnRmcp::Passes("3.9.0 keeps integers and strings apart, up to 64 bits"),
    },
    Test {
        name: "another_jsonrpc_version_is_an_invalid_request",
        body: wrong_version,
        on_rmcp: OnRmcp::Passes("3.9.0 checks the member"),
    },
    Test { name: "duplicate_keys_are_refused", body: duplicate_keys, on_rmcp: OnRmcp::Fails },
    Test { name: "deep_nesting_is_answered", body: deep, on_rmcp: OnRmcp::Fails },
    Test { name: "an_oversized_line_is_answered", body: oversized, on_rmcp: OnRmcp::Fails },
];

/// A link that works, so that what follows is not the first message.
fn open(peer: &Peer) -> Result<Link, String> {
    let mut link = peer.stdio()?;
    link.works()?;
    Ok(link)
}

fn bad_params(peer: &Peer) -> Result<(), String> {
    let mut link = open(peer)?;
    let requests = [
        request(&json!(1), "tools/call", json!({ "name": 5 })),
        request(&json!(2), "tools/call", json!({ "arguments": {} })),
        request(&json!(3), "tools/call", json!({ "name": "echo", "arguments": [] })),
        request(&json!(4), "prompts/get", json!({ "name": {} })),
        request(&json!(5), "completion/complete", json!({ "ref": 5, "argument": {} })),
        request(&json!(6), "tools/list", json!({ "cursor": 5 })),
    ];
    for bad in requests {
        link.send(&bad)?;
        expect(&bad, &link.answer(&bad["id"], SOON)?, -32602)?;
    }
    link.works()
}

fn unknown_log_level(peer: &Peer) -> Result<(), String> {
    let mut link = open(peer)?;
    let mut meta = meta();
    meta["io.modelcontextprotocol/logLevel"] = json!("loud");
    let bad = request(
        &json!(1),
        "tools/call",
        json!({ "name": "echo", "arguments": { "message": "" }, "_meta": meta }),
    );
    link.send(&bad)?;
    expect(&bad, &link.answer(&json!(1), SOON)?, -32602)?;
    link.works()
}

fn bad_arguments(peer: &Peer) -> Result<(), String> {
    let mut link = open(peer)?;
    let bad = call(&json!(1), "add", &json!({ "a": "two", "b": 3 }));
    link.send(&bad)?;
    let answer = link.answer(&json!(1), SOON)?;
    match answer.pointer("/result/isError") {
        Some(Value::Bool(true)) => link.works(),
        _ => Err(format!("{bad} is answered {answer}, want a result with isError")),
    }
}

fn malformed(peer: &Peer) -> Result<(), String> {
    let lines: [&[u8]; 4] = [
        b"{",
        b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\",}",
        b"nonsense",
        b"\"\\ud800",
    ];
    for line in lines {
        let mut link = open(peer)?;
        link.send_line(line)?;
        expect_unread(&mut link, line, -32700)?;
        link.works()?;
    }
    Ok(())
}

fn bad_utf8(peer: &Peer) -> Result<(), String> {
    let mut link = open(peer)?;
    let line = call(&json!(1), "echo", &json!({ "message": "#" })).to_string().into_bytes();
    let line: Vec<u8> =
        line.into_iter().map(|byte| if byte == b'#' { 0xff } else { byte }).collect();
    link.send_line(&line)?;
    let answer = link.find("error", SOON, |message| message.get("error").is_some())?;
    match code(&answer) {
        Some(-32700) => link.works(),
        _ => Err(format!("bad UTF-8 is answered {answer}, want -32700")),
    }
}

fn batch(peer: &Peer) -> Result<(), String> {
    let mut link = open(peer)?;
    let line = json!([call(&json!(1), "echo", &json!({ "message": "a" }))]).to_string();
    link.send_line(line.as_bytes())?;
    expect_unread(&mut link, line.as_bytes(), -32600)?;
    link.works()
}

fn null_id(peer: &Peer) -> Result<(), String> {
    let mut link = open(peer)?;
    let line = request(&Value::Null, "tools/list", json!({})).to_string();
    link.send_line(line.as_bytes())?;
    expect_unread(&mut link, line.as_bytes(), -32600)?;
    link.works()
}

fn fractional_id(peer: &Peer) -> Result<(), String> {
    let mut link = open(peer)?;
    let line = request(&json!(1.5), "tools/list", json!({})).to_string();
    link.send_line(line.as_bytes())?;
    expect_unread(&mut link, line.as_bytes(), -32600)?;
    link.works()
}

fn id_kinds(peer: &Peer) -> Result<(), String> {
    let mut link = open(peer)?;
    for id in [
        json!(0),
        json!(-1),
        json!(""),
        json!("1"),
        json!(1),
        json!(9_007_199_254_740_993_u64),
        json!("\u{1f9f6}\n"),
    ] {
        link.send(&call(&id, "echo", &json!({ "message": "a" })))?;
        link.answer(&id, SOON)?;
    }
    Ok(())
}

fn wrong_version(peer: &Peer) -> Result<(), String> {
    let mut link = open(peer)?;
    let mut bad = call(&json!(1), "echo", &json!({ "message": "a" }));
    bad["jsonrpc"] = json!("1.0");
    link.send(&bad)?;
    expect_unread(&mut link, bad.to_string().as_bytes(), -32600)?;
    link.works()
}

/// Two readers of one message must not see two different calls.
fn duplicate_keys(peer: &Peer) -> Result<(), String> {
    let mut link = open(peer)?;
    let good = call(&json!(1), "echo", &json!({ "message": "a" })).to_string();
    for (from, to) in [
        ("\"method\":", "\"method\":\"tools/list\",\"method\":"),
        ("\"name\":\"echo\"", "\"name\":\"add\",\"n\\u0061me\":\"echo\""),
        ("\"message\":", "\"message\":\"b\",\"message\":"),
    ] {
        let line = good.replace(from, to);
        link.send_line(line.as_bytes())?;
        let answer = link.find("answer", SOON, |message| message.get("method").is_none())?;
        let refused = answer.get("error").is_some()
            || answer.pointer("/result/isError") == Some(&Value::Bool(true));
        if !refused {
            return Err(format!("{line} is answered {answer}, want an error"));
        }
    }
    link.works()
}

fn deep(peer: &Peer) -> Result<(), String> {
    let mut link = open(peer)?;
    let depth = 100_000;
    let nested = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let line = call(&json!(1), "echo", &json!({ "message": "a", "x": "#" }))
        .to_string()
        .replace("\"#\"", &nested);
    link.send_line(line.as_bytes())?;
    link.find("error", SOON, |message| message.get("error").is_some())?;
    link.works()
}

/// 20 MiB is more than any of the servers takes in one line.
fn oversized(peer: &Peer) -> Result<(), String> {
    let mut link = open(peer)?;
    let message = "x".repeat(20 << 20);
    // The id stands first, where it can be read although the rest is thrown away.
    let line = format!(
        "{{\"jsonrpc\":\"2.0\",\"id\":\"large\",\"method\":\"tools/call\",\"params\":{{\"name\":\"echo\",\"arguments\":{{\"message\":\"{message}\"}},\"_meta\":{}}}}}",
        meta()
    );
    link.send_line(line.as_bytes())?;
    link.answer(&json!("large"), Duration::from_secs(10))?;
    link.works()
}

fn expect(sent: &Value, answer: &Value, wanted: i64) -> Result<(), String> {
    match code(answer) {
        Some(code) if code == wanted => Ok(()),
        _ => Err(format!("{sent} is answered {answer}, want {wanted}")),
    }
}

/// Expects an error for a message whose id cannot be read.
fn expect_unread(link: &mut Link, line: &[u8], wanted: i64) -> Result<(), String> {
    let shown = String::from_utf8_lossy(line);
    let answer = link
        .find(&format!("error for {shown:.60}"), SOON, |message| message.get("error").is_some())?;
    match code(&answer) {
        Some(code) if code == wanted => Ok(()),
        _ => Err(format!("{shown:.60} is answered {answer}, want {wanted}")),
    }
}
