//! Which stream of a session carries what, and what a stream may do to the others.

use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::defects::events::Piece;
use crate::defects::link::SOON;
use crate::defects::peer::Peer;
use crate::defects::session::{Session, call, request};
use crate::defects::web::open;
use crate::defects::{OnRmcp, Test};

pub(crate) const TESTS: &[Test] = &[
    Test { name: "session_an_unread_stream_stops_nobody", body: unread, on_rmcp: OnRmcp::Fails },
    Test {
        name: "session_logs_come_on_the_stream_of_their_call",
        body: logs,
        on_rmcp: OnRmcp::Fails,
    },
    Test {
        name: "session_questions_come_on_the_stream_of_their_call",
        body: question,
        on_rmcp: OnRmcp::Passes("3.9.0 keeps a question and its answer within the session"),
    },
    Test {
        name: "session_a_second_get_is_the_one_that_hears",
        body: second_get,
        on_rmcp: OnRmcp::Fails,
    },
    Test {
        name: "session_streams_that_close_do_not_end_it",
        body: closed_streams,
        on_rmcp: OnRmcp::Passes("fixed after rust-sdk#384"),
    },
    Test {
        name: "session_a_disconnect_is_no_cancel",
        body: disconnect,
        on_rmcp: OnRmcp::Passes("there the worker of the session owns the call too"),
    },
];

/// Eight calls of one session whose answers nobody reads: more than the sockets hold.
fn unread(peer: &Peer) -> Result<(), String> {
    let server = peer.http()?;
    let session = Session::open(server.address)?;
    let other = Session::open(server.address)?;
    let mut kept = Vec::new();
    for id in 0..8 {
        let message = if id % 2 == 0 {
            // Every notification repeats the token.
            let token = format!("{id}{}", "t".repeat(16 << 10));
            let params = json!({ "name": "progress", "arguments": { "steps": 1000 }, "_meta": { "progressToken": token } });
            request(&json!(id), "tools/call", &params)
        } else {
            call(&json!(id), "big", &json!({ "kib": 4096 }))
        };
        kept.push(open(server.address, &session.headers(), message.to_string().as_bytes())?);
    }
    thread::sleep(Duration::from_millis(500));
    for _ in 0..20 {
        other.works()?;
        session.works()?;
    }
    drop(kept);
    session.works()
}

fn logs(peer: &Peer) -> Result<(), String> {
    let server = peer.http()?;
    let session = Session::open(server.address)?;
    let level = request(&json!("level"), "logging/setLevel", &json!({ "level": "debug" }));
    let answer = session.post(&level)?.message()?;
    if answer["result"] != json!({}) {
        return Err(format!("logging/setLevel is answered {answer}, want an empty result"));
    }
    let mut events = session.stream(&call(&json!(1), "log_levels", &json!({})))?;
    let mut levels = Vec::new();
    loop {
        let message = events.find("answer", SOON, |_| true)?;
        if message["method"] == "notifications/message" {
            levels.push(message["params"]["level"].clone());
        } else if message["id"] == json!(1) {
            break;
        }
    }
    let all =
        json!(["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"]);
    match Value::from(levels) {
        levels if levels == all => session.works(),
        levels => Err(format!("the stream of the call carries logs at {levels}, want {all}")),
    }
}

/// A question of one session, which another one tries to answer.
fn question(peer: &Peer) -> Result<(), String> {
    let server = peer.http()?;
    let (session, stranger) = (Session::open(server.address)?, Session::open(server.address)?);
    let mut events = session.stream(&call(&json!(1), "ask_roots", &json!({})))?;
    let question = events.find("question", SOON, |message| message["method"] == "roots/list")?;
    let answer = |uri: &str| json!({ "jsonrpc": "2.0", "id": question["id"], "result": { "roots": [{ "uri": uri }] } });
    // Its status is the server's choice; it must change nothing.
    stranger.post(&answer("file:///stranger"))?;
    match session.post(&answer("file:///mine"))?.status {
        202 => {}
        status => return Err(format!("an answer is answered with status {status}, want 202")),
    }
    let said = events.answer(&json!(1), SOON)?.to_string();
    match said.contains("file:///mine") && !said.contains("stranger") {
        true => session.works().and_then(|()| stranger.works()),
        false => Err(format!("asked for roots, the handler answers {said}")),
    }
}

/// A client whose connection was lost opens the stream of its session again, before the server knows of the loss: what
/// is said is said on the newer one, and once.
fn second_get(peer: &Peer) -> Result<(), String> {
    let server = peer.http()?;
    let session = Session::open(server.address)?;
    let mut first = session.get(None)?;
    let mut second = session.get(None)?;
    session.says("change_tools", &json!({ "present": true }))?;
    second.find("list_changed on the newer stream", SOON, is_list_changed)?;
    loop {
        match first.next(SOON)? {
            Piece::Event(event) if event.message().is_some_and(|it| is_list_changed(&it)) => {
                return Err("both streams of a session carry the same message".to_owned());
            }
            Piece::Event(_) => {}
            // It may end or be silent; a client opens again what ends.
            Piece::End | Piece::Nothing => return session.works(),
        }
    }
}

fn is_list_changed(message: &Value) -> bool {
    message["method"] == "notifications/tools/list_changed"
}

fn closed_streams(peer: &Peer) -> Result<(), String> {
    let server = peer.http()?;
    let session = Session::open(server.address)?;
    drop(session.get(None)?);
    let slow = call(&json!(1), "slow", &json!({ "seconds": 0.5 }));
    drop(open(server.address, &session.headers(), slow.to_string().as_bytes())?);
    thread::sleep(Duration::from_secs(1));
    session.works()?;
    let mut again = session.get(None)?;
    session.says("change_tools", &json!({ "present": true }))?;
    again.find("list_changed on the new stream", SOON, is_list_changed)?;
    session.works()
}

/// In a session a lost connection means nothing; only a notification cancels.
fn disconnect(peer: &Peer) -> Result<(), String> {
    let server = peer.http()?;
    let session = Session::open(server.address)?;
    for (id, before) in [(1, 200), (2, 1200)] {
        let slow = call(&json!(id), "slow", &json!({ "seconds": 2 })).to_string();
        let stream = open(server.address, &session.headers(), slow.as_bytes())?;
        thread::sleep(Duration::from_millis(before));
        drop(stream);
    }
    thread::sleep(Duration::from_millis(2200));
    match session.cancelled()? {
        0 => session.works(),
        count => Err(format!("{count} of 2 calls were cancelled by a lost connection")),
    }
}
