//! Sessions of the older protocol versions on a stdio link.

use serde_json::{Value, json};

use crate::defects::link::{Link, SOON, code, text};
use crate::defects::peer::Peer;
use crate::defects::session::{NEWEST, call, initialize, initialized, request};
use crate::defects::{OnRmcp, Test};

pub(crate) const TESTS: &[Test] = &[
    Test {
        name: "stdio_session_opens_in_one_write",
        body: one_write,
        on_rmcp: OnRmcp::Passes("fixed after rust-sdk#941"),
    },
    Test { name: "stdio_session_a_panic_is_answered", body: panic, on_rmcp: OnRmcp::Fails },
    Test {
        name: "stdio_session_bad_params_are_not_an_unknown_method",
        body: bad_params,
        on_rmcp: OnRmcp::Fails,
    },
    Test {
        name: "stdio_session_a_batch_is_answered_where_it_exists",
        body: batch,
        on_rmcp: OnRmcp::Fails,
    },
    Test {
        name: "stdio_session_an_id_in_flight_is_not_taken_twice",
        body: duplicate_ids,
        on_rmcp: OnRmcp::Fails,
    },
    Test {
        name: "stdio_session_stray_answers_are_not_answered",
        body: stray,
        on_rmcp: OnRmcp::Fails,
    },
    Test {
        name: "stdio_session_a_first_request_may_come_too_early",
        body: too_early,
        on_rmcp: OnRmcp::Passes("3.9.0 answers it before the session is open"),
    },
];

/// A link whose session is open.
fn open(peer: &Peer, version: &str) -> Result<Link, String> {
    let mut link = peer.stdio()?;
    link.send(&initialize(version))?;
    let answer = link.answer(&json!("initialize"), SOON)?;
    if answer.pointer("/result/protocolVersion") != Some(&json!(version)) {
        return Err(format!("initialize at {version} is answered {answer}"));
    }
    link.send(&initialized())?;
    Ok(link)
}

/// `Link::works` speaks the newest protocol version; here the session is asked.
fn works(link: &mut Link) -> Result<(), String> {
    let id = json!("still alive?");
    link.send(&call(&id, "echo", &json!({ "message": "yes" })))?;
    let answer = link.answer(&id, SOON);
    let answer = answer.map_err(|error| format!("the session is dead afterwards: {error}"))?;
    match text(&answer) {
        Some("yes") => Ok(()),
        _ => Err(format!("echo is answered {answer} afterwards")),
    }
}

/// A client that does not wait for the answer to `initialize`, and 200 calls after it.
fn one_write(peer: &Peer) -> Result<(), String> {
    let mut link = peer.stdio()?;
    let mut messages = vec![initialize(NEWEST), initialized()];
    messages.extend((0..200).map(|id| call(&json!(id), "echo", &json!({ "message": "a" }))));
    let lines: Vec<String> = messages.iter().map(Value::to_string).collect();
    link.send_line(lines.join("\n").as_bytes())?;
    let mut missing: Vec<Value> = (0..200).map(|id| json!(id)).collect();
    while !missing.is_empty() {
        match link.next(SOON)? {
            Some(answer) if text(&answer) == Some("a") => missing.retain(|id| *id != answer["id"]),
            Some(answer) if answer["id"] == "initialize" => {}
            Some(other) => return Err(format!("a call is answered {other}")),
            None => return Err(format!("no answer for {} of 200 calls", missing.len())),
        }
    }
    works(&mut link)
}

fn panic(peer: &Peer) -> Result<(), String> {
    let mut link = open(peer, NEWEST)?;
    link.send(&call(&json!(1), "panic", &json!({})))?;
    let answer = link.answer(&json!(1), SOON)?;
    if code(&answer) != Some(-32603) || answer.to_string().contains("on purpose") {
        return Err(format!("a panic is answered {answer}, want -32603 without its text"));
    }
    works(&mut link)
}

fn bad_params(peer: &Peer) -> Result<(), String> {
    let mut link = open(peer, NEWEST)?;
    for (method, params) in [
        ("tools/call", json!({ "name": 5 })),
        ("logging/setLevel", json!({ "level": "loud" })),
        ("tools/list", json!({ "cursor": 5 })),
    ] {
        let bad = request(&json!(method), method, &params);
        link.send(&bad)?;
        let answer = link.answer(&bad["id"], SOON)?;
        if code(&answer) != Some(-32602) {
            return Err(format!("{bad} is answered {answer}, want -32602"));
        }
    }
    works(&mut link)
}

fn batch(peer: &Peer) -> Result<(), String> {
    let mut link = open(peer, "2025-03-26")?;
    let calls = ["one", "two"].map(|id| call(&json!(id), "echo", &json!({ "message": id })));
    link.send(&json!(calls))?;
    let answers = link.find("answer to a batch", SOON, |_| true)?;
    let said = |id: &str| answers.as_array()?.iter().find(|it| it["id"] == id).and_then(text);
    match (said("one"), said("two")) {
        (Some("one"), Some("two")) => works(&mut link),
        _ => Err(format!("a batch is answered {answers}, want an array of both answers")),
    }
}

fn duplicate_ids(peer: &Peer) -> Result<(), String> {
    let mut link = open(peer, NEWEST)?;
    let id = json!("same");
    link.send(&call(&id, "slow", &json!({ "seconds": 1.5 })))?;
    link.send(&call(&id, "echo", &json!({ "message": "second" })))?;
    let first = link.answer(&id, SOON)?;
    if code(&first) != Some(-32600) {
        return Err(format!(
            "a second request with an id in flight is answered {first}, want -32600"
        ));
    }
    match text(&link.answer(&id, SOON)?) {
        Some("waited") => works(&mut link),
        other => Err(format!("the first request is answered {other:?}, want its result")),
    }
}

/// Two peers that answer each other's errors never stop.
fn stray(peer: &Peer) -> Result<(), String> {
    let mut link = open(peer, NEWEST)?;
    let error = json!({ "code": -32600, "message": "what was that?" });
    let results = [json!(0), json!(77), json!("none of yours")];
    for id in results.iter().chain([&Value::Null]) {
        link.send(&json!({ "jsonrpc": "2.0", "id": id, "error": error }))?;
        link.send(&json!({ "jsonrpc": "2.0", "id": id, "result": {} }))?;
    }
    let last = json!("last");
    link.send(&call(&last, "echo", &json!({ "message": "yes" })))?;
    match link.next(SOON)? {
        Some(answer) if answer["id"] == last => works(&mut link),
        other => Err(format!("an answer is answered {other:?}")),
    }
}

/// A request between `initialize` and `initialized`: refused or answered, the session opens all the same.
fn too_early(peer: &Peer) -> Result<(), String> {
    let mut link = peer.stdio()?;
    link.send(&initialize(NEWEST))?;
    link.answer(&json!("initialize"), SOON)?;
    let early = json!("early");
    link.send(&call(&early, "echo", &json!({ "message": "early" })))?;
    link.answer(&early, SOON)?;
    link.send(&initialized())?;
    works(&mut link)
}
