//! What must be answered to one request of a session.

use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::defects::events::Events;
use crate::defects::link::{SOON, code, text};
use crate::defects::peer::Peer;
use crate::defects::session::{NEWEST, Session, call, headers, initialize, request};
use crate::defects::web::{Response, open, post};
use crate::defects::{OnRmcp, Test};

pub(crate) const TESTS: &[Test] = &[
    Test { name: "session_malformed_json_is_400", body: malformed, on_rmcp: OnRmcp::Fails },
    Test { name: "session_a_batch_is_refused", body: batch_refused, on_rmcp: OnRmcp::Fails },
    Test {
        name: "session_a_batch_is_answered_where_it_exists",
        body: batch_answered,
        on_rmcp: OnRmcp::Fails,
    },
    Test { name: "session_a_null_id_is_400", body: null_id, on_rmcp: OnRmcp::Fails },
    Test {
        name: "session_bad_params_are_not_an_unknown_method",
        body: bad_params,
        on_rmcp: OnRmcp::Fails,
    },
    Test {
        name: "session_a_bad_initialize_opens_none",
        body: bad_initialize,
        on_rmcp: OnRmcp::Fails,
    },
    Test { name: "session_a_panic_is_answered", body: panic, on_rmcp: OnRmcp::Fails },
    Test {
        name: "session_an_id_in_flight_is_not_taken_twice",
        body: duplicate_ids,
        on_rmcp: OnRmcp::Fails,
    },
    Test {
        name: "session_an_unknown_version_is_answered_with_one_that_is_known",
        body: unknown_version,
        on_rmcp: OnRmcp::Passes("3.9.0 answers with its newest version that has sessions"),
    },
    Test {
        name: "session_a_cancel_reaches_its_own_call_only",
        body: cancel,
        on_rmcp: OnRmcp::Passes("3.9.0 keeps the calls of sessions apart"),
    },
];

fn malformed(peer: &Peer) -> Result<(), String> {
    let server = peer.http()?;
    let session = Session::open(server.address)?;
    for body in ["{", "nonsense", "", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\",}"] {
        let within = post(server.address, &session.headers(), body.as_bytes(), SOON)?;
        expect(&format!("{body:?} within a session"), &within, 400, -32700)?;
        let outside = post(server.address, &headers(), body.as_bytes(), SOON)?;
        expect(&format!("{body:?} without a session"), &outside, 400, -32700)?;
    }
    session.works()
}

fn batch_refused(peer: &Peer) -> Result<(), String> {
    let server = peer.http()?;
    for version in ["2025-06-18", NEWEST] {
        let session = Session::open_at(server.address, version, None)?;
        let batch = json!([call(&json!(1), "echo", &json!({ "message": "a" }))]);
        expect(&format!("a batch at {version}"), &session.post(&batch)?, 400, -32600)?;
        session.works()?;
    }
    Ok(())
}

/// The one version that has batches.
fn batch_answered(peer: &Peer) -> Result<(), String> {
    let server = peer.http()?;
    let session = Session::open_at(server.address, "2025-03-26", None)?;
    let batch = json!([
        call(&json!("one"), "echo", &json!({ "message": "1" })),
        { "jsonrpc": "2.0", "method": "notifications/nothing" },
        call(&json!("two"), "echo", &json!({ "message": "2" })),
        request(&json!("three"), "no/such/method", &json!({})),
    ]);
    // Three messages, in one array or one by one on a stream.
    let mut events = session.stream(&batch)?;
    let mut answers = Vec::new();
    while answers.len() < 3 {
        match events.find("answer to a batch", SOON, |_| true)? {
            Value::Array(some) => answers.extend(some),
            one => answers.push(one),
        }
    }
    let of = |id: &str| answers.iter().find(|answer| answer["id"] == id).cloned();
    let (one, two, three) = (of("one"), of("two"), of("three"));
    let said = |answer: &Option<Value>| answer.as_ref().and_then(text).map(str::to_owned);
    let refused = three.as_ref().and_then(code);
    match (said(&one).as_deref(), said(&two).as_deref(), refused) {
        (Some("1"), Some("2"), Some(-32601)) => session.works(),
        _ => Err(format!("a batch is answered {}", Value::from(answers))),
    }
}

fn null_id(peer: &Peer) -> Result<(), String> {
    let server = peer.http()?;
    let session = Session::open(server.address)?;
    let response = session.post(&request(&Value::Null, "tools/list", &json!({})))?;
    expect("a null id", &response, 400, -32600)?;
    session.works()
}

fn bad_params(peer: &Peer) -> Result<(), String> {
    let server = peer.http()?;
    let session = Session::open(server.address)?;
    for (method, params) in [
        ("tools/call", json!({ "name": 5 })),
        ("tools/call", json!({ "arguments": {} })),
        ("logging/setLevel", json!({ "level": "loud" })),
        ("completion/complete", json!({ "ref": 5, "argument": {} })),
        ("tools/list", json!({ "cursor": 5 })),
    ] {
        let bad = request(&json!("r"), method, &params);
        let answer = session.post(&bad)?.message()?;
        if code(&answer) != Some(-32602) || answer["id"] != json!("r") {
            return Err(format!("{bad} is answered {answer}, want -32602 with its id"));
        }
    }
    session.works()
}

fn bad_initialize(peer: &Peer) -> Result<(), String> {
    let server = peer.http()?;
    let spoilt = [
        ("/params/capabilities", json!(5)),
        ("/params/protocolVersion", json!(20_251_125)),
        ("/params/clientInfo/name", Value::Null),
        ("/params", json!({})),
    ];
    for (at, value) in spoilt {
        let mut bad = initialize(NEWEST);
        if let Some(place) = bad.pointer_mut(at) {
            *place = value;
        }
        let response = post(server.address, &headers(), bad.to_string().as_bytes(), SOON)?;
        if let Some(id) = response.head.header("Mcp-Session-Id") {
            return Err(format!(
                "an initialize without valid {at} opens a session of {} bytes",
                id.len()
            ));
        }
        let answer = response.message()?;
        if code(&answer) != Some(-32602) {
            return Err(format!(
                "an initialize without valid {at} is answered {answer}, want -32602"
            ));
        }
    }
    Session::open(server.address)?.works()
}

fn panic(peer: &Peer) -> Result<(), String> {
    let server = peer.http()?;
    let session = Session::open(server.address)?;
    let answer = session.post(&call(&json!(1), "panic", &json!({})))?.message()?;
    if code(&answer) != Some(-32603) || answer.to_string().contains("on purpose") {
        return Err(format!("a panic is answered {answer}, want -32603 without its text"));
    }
    session.works()
}

fn duplicate_ids(peer: &Peer) -> Result<(), String> {
    let server = peer.http()?;
    let session = Session::open(server.address)?;
    let id = json!("same");
    let first = begin(&session, &call(&id, "slow", &json!({ "seconds": 1.5 })))?;
    let second = session.post(&call(&id, "echo", &json!({ "message": "second" })))?.message()?;
    if code(&second) != Some(-32600) {
        return Err(format!(
            "a second request with an id in flight is answered {second}, want -32600"
        ));
    }
    match text(&Events::of(first, SOON)?.answer(&id, SOON)?) {
        Some("waited") => session.works(),
        other => Err(format!("the first request is answered {other:?}, want its result")),
    }
}

fn unknown_version(peer: &Peer) -> Result<(), String> {
    let server = peer.http()?;
    for version in ["2024-01-01", "2099-12-31", "1.0", ""] {
        let body = initialize(version).to_string();
        let answer = post(server.address, &headers(), body.as_bytes(), SOON)?.message()?;
        if answer.pointer("/result/protocolVersion") != Some(&json!(NEWEST)) {
            return Err(format!("initialize at {version:?} is answered {answer}, want {NEWEST}"));
        }
    }
    Ok(())
}

/// Both sessions run a call with the same id; one cancels.
fn cancel(peer: &Peer) -> Result<(), String> {
    let server = peer.http()?;
    let (one, other) = (Session::open(server.address)?, Session::open(server.address)?);
    let id = json!(1);
    let slow = call(&id, "slow", &json!({ "seconds": 1.5 }));
    let cancelled = begin(&one, &slow)?;
    let untouched = begin(&other, &slow)?;
    let params = json!({ "requestId": id, "reason": "not wanted" });
    let note = json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": params });
    match one.post(&note)?.status {
        202 => {}
        status => return Err(format!("a cancellation is answered with status {status}, want 202")),
    }
    if let Ok(answer) = Events::of(cancelled, SOON).and_then(|mut events| events.answer(&id, SOON))
    {
        return Err(format!("a cancelled call is answered {answer}"));
    }
    match text(&Events::of(untouched, SOON)?.answer(&id, SOON)?) {
        Some("waited") if one.cancelled()? == 1 => one.works().and_then(|()| other.works()),
        said => Err(format!("the call of another session says {said:?} after the cancellation")),
    }
}

/// Starts a call, which runs when this returns, and leaves its answer unread.
fn begin(session: &Session, message: &Value) -> Result<TcpStream, String> {
    let stream = open(session.address, &session.headers(), message.to_string().as_bytes())?;
    thread::sleep(Duration::from_millis(300));
    Ok(stream)
}

fn expect(what: &str, response: &Response, status: u16, wanted: i64) -> Result<(), String> {
    match &response.message() {
        Ok(message) if response.status == status && code(message) == Some(wanted) => Ok(()),
        Ok(message) => Err(format!(
            "{what} is answered {} {message}, want {status} and {wanted}",
            response.status
        )),
        Err(error) => Err(format!("{what}: {error}, want {status} and {wanted}")),
    }
}
