//! Whose a session is, how it ends, and how many there may be.

use std::fs;
use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::defects::events::{Events, Piece};
use crate::defects::link::{SOON, text};
use crate::defects::peer::{ONE, OTHER, Peer};
use crate::defects::session::{NEWEST, Session, call, headers, initialize, initialized, request};
use crate::defects::web::{Response, open, post, send};
use crate::defects::{OnRmcp, Test};

pub(crate) const TESTS: &[Test] = &[
    Test {
        name: "session_unknown_ids_are_404",
        body: unknown_ids,
        on_rmcp: OnRmcp::Passes("3.9.0 answers so since 0.9"),
    },
    Test { name: "session_ends_with_delete", body: delete, on_rmcp: OnRmcp::Fails },
    Test {
        name: "session_of_another_principal_is_unknown",
        body: principals,
        on_rmcp: OnRmcp::Fails,
    },
    Test { name: "session_guards_stand_before_every_verb", body: guards, on_rmcp: OnRmcp::Fails },
    Test {
        name: "session_ids_of_requests_cross_no_session",
        body: crossing,
        on_rmcp: OnRmcp::Passes("3.9.0 has a worker for each session"),
    },
    Test { name: "sessions_are_bounded", body: bounded, on_rmcp: OnRmcp::Fails },
    Test { name: "session_that_nobody_confirms_ends", body: unconfirmed, on_rmcp: OnRmcp::Fails },
    Test {
        name: "sessions_are_not_made_by_invalid_posts",
        body: invalid_posts,
        on_rmcp: OnRmcp::Passes("fixed in 2.0.0, CVE-2026-63128"),
    },
    Test { name: "session_ids_stay_out_of_logs", body: secrets, on_rmcp: OnRmcp::Fails },
];

fn unknown_ids(peer: &Peer) -> Result<(), String> {
    let server = peer.http()?;
    let mut chosen = Session::open(server.address)?;
    chosen.id = "0123456789abcdef0123456789abcdef".to_owned();
    let list = request(&json!(1), "tools/list", &json!({}));
    expect("an unknown session", &chosen.post(&list)?, 404)?;
    // A client may not choose: either it gets another id, or nothing.
    let response = chosen.post(&initialize(NEWEST))?;
    if response.head.header("Mcp-Session-Id") == Some(chosen.id.as_str()) {
        return Err("initialize takes the session id that a client chose".to_owned());
    }
    expect("a session id that a client chose", &chosen.post(&list)?, 404)?;
    let mut without = headers();
    without.push(("MCP-Protocol-Version", NEWEST.to_owned()));
    let response = post(server.address, &without, list.to_string().as_bytes(), SOON)?;
    if !(400..500).contains(&response.status) {
        return Err(format!("a request without session is answered {}", response.status));
    }
    Session::open(server.address)?.works()
}

fn delete(peer: &Peer) -> Result<(), String> {
    let server = peer.http()?;
    let (session, other) = (Session::open(server.address)?, Session::open(server.address)?);
    let slow = call(&json!(1), "slow", &json!({ "seconds": 30 })).to_string();
    let running = open(server.address, &session.headers(), slow.as_bytes())?;
    let stream = session.get(None)?;
    thread::sleep(Duration::from_millis(300));
    let status = session.delete()?.status;
    if !(200..300).contains(&status) {
        return Err(format!("DELETE is answered {status}, want success"));
    }
    let answer = Events::of(running, SOON).and_then(|mut events| events.answer(&json!(1), SOON));
    if answer.as_ref().is_ok_and(|answer| text(answer).is_some()) {
        return Err(format!("a call of an ended session is answered {answer:?}"));
    }
    drop(stream);
    expect("POST afterwards", &session.post(&request(&json!(2), "ping", &json!({})))?, 404)?;
    match session.get(None)?.head.status {
        404 => {}
        status => return Err(format!("GET afterwards is answered {status}, want 404")),
    }
    expect("DELETE afterwards", &session.delete()?, 404)?;
    match other.cancelled()? {
        1 => other.works(),
        count => Err(format!("{count} calls were cancelled with their session, want 1")),
    }
}

/// The holder of another token knows the id of a session.
fn principals(peer: &Peer) -> Result<(), String> {
    let server = peer.guarded()?;
    let session = Session::open_at(server.address, NEWEST, Some(ONE))?;
    let stolen = session.taken_by(OTHER);
    let mut unknown = session.taken_by(OTHER);
    unknown.id = session.id.chars().rev().collect();
    let list = request(&json!(1), "tools/list", &json!({}));
    let of = |session: &Session| Ok::<_, String>([session.post(&list)?, session.delete()?]);
    let (theirs, nobodys) = (of(&stolen)?, of(&unknown)?);
    for (theirs, nobodys) in theirs.iter().zip(&nobodys) {
        expect("a session of another principal", theirs, 404)?;
        if theirs.body != nobodys.body {
            return Err(format!(
                "foreign and unknown differ: {} and {}",
                theirs.body, nobodys.body
            ));
        }
    }
    match stolen.get(None)?.head.status {
        404 => session.works(),
        status => Err(format!("GET of a session of another principal is answered {status}")),
    }
}

/// A web page of somebody else, which knows the id of a session.
fn guards(peer: &Peer) -> Result<(), String> {
    let server = peer.http()?;
    let session = Session::open(server.address)?;
    let ping = request(&json!(1), "ping", &json!({})).to_string();
    for (header, value) in [("Origin", "https://evil.example"), ("Host", "evil.example")] {
        for verb in ["POST", "GET", "DELETE"] {
            let mut headers = session.headers();
            headers.push((header, value.to_owned()));
            let body = if verb == "POST" { ping.as_str() } else { "" };
            let stream = send(server.address, verb, &headers, body.as_bytes())?;
            match Events::of(stream, SOON)?.head.status {
                403 => {}
                status => return Err(format!("{verb} with {header} {value} is answered {status}")),
            }
        }
    }
    session.works()
}

/// Eight sessions use the same ids at the same time.
fn crossing(peer: &Peer) -> Result<(), String> {
    let server = peer.http()?;
    let address = server.address;
    let clients = (0..8).map(|client| thread::spawn(move || one_of_many(address, client)));
    let clients: Vec<_> = clients.collect();
    clients.into_iter().try_for_each(|client| client.join().map_err(|_| "a client panicked")?)
}

fn one_of_many(address: SocketAddr, client: u32) -> Result<(), String> {
    let session = Session::open(address)?;
    for id in 0..100 {
        let secret = format!("{client}: {id}");
        let answer = session.post(&call(&json!(id), "echo", &json!({ "message": secret })))?;
        let answer = answer.message()?;
        if text(&answer) != Some(&secret) || answer["id"] != json!(id) {
            return Err(format!("client {client} asked for {secret} and got {answer}"));
        }
    }
    Ok(())
}

/// One client opens sessions without end.
fn bounded(peer: &Peer) -> Result<(), String> {
    const MANY: usize = 1_000;
    let server = peer.http()?;
    let first = Session::open(server.address)?;
    let body = initialize(NEWEST).to_string();
    for opened in 1..=MANY {
        let response = post(server.address, &headers(), body.as_bytes(), SOON)?;
        match response.status {
            200 => {}
            429 | 503 if response.head.header("Retry-After").is_some() => return first.works(),
            status => {
                return Err(format!("session {opened} is answered {status}, want 200 or 503"));
            }
        }
    }
    Err(format!("one client has {MANY} sessions and may go on"))
}

/// A client that goes away after `initialize`.
fn unconfirmed(peer: &Peer) -> Result<(), String> {
    let server = peer.http()?;
    let session = Session::begin(server.address, NEWEST, None)?;
    thread::sleep(Duration::from_secs(13));
    let response = session.post(&initialized())?;
    expect("a session that was not confirmed for 13 s", &response, 404)?;
    Session::open(server.address)?.works()
}

/// Requests that open no session, whatever they look like.
fn invalid_posts(peer: &Peer) -> Result<(), String> {
    const LIMIT: u64 = 8 << 20;
    let server = peer.http()?;
    let post_all = |rounds: u32| (0..rounds).try_for_each(|_| post_invalid(server.address));
    post_all(200)?;
    let before = server.memory()?;
    post_all(1_500)?;
    let grown = server.memory()?.saturating_sub(before);
    if grown > LIMIT {
        return Err(format!("9,000 invalid requests leave {} KiB", grown >> 10));
    }
    Session::open(server.address)?.works()
}

fn post_invalid(address: SocketAddr) -> Result<(), String> {
    let mut bad = initialize(NEWEST);
    bad["params"]["protocolVersion"] = json!(5);
    let whole = initialize(NEWEST).to_string();
    let bodies = [
        "nonsense".to_owned(),
        request(&json!(1), "tools/list", &json!({})).to_string(),
        initialized().to_string(),
        bad.to_string(),
        format!("{whole},"),
    ];
    for body in bodies {
        let response = post(address, &headers(), body.as_bytes(), SOON)?;
        if response.head.header("Mcp-Session-Id").is_some() {
            return Err(format!("{body} opens a session"));
        }
    }
    abort(address, &whole)
}

/// Sends half of the body that was announced, and goes.
fn abort(address: SocketAddr, body: &str) -> Result<(), String> {
    let failed = |error| format!("cannot talk to {address}: {error}");
    let mut stream = TcpStream::connect(address).map_err(failed)?;
    let mut head = format!("POST /mcp HTTP/1.1\r\nHost: {address}\r\n");
    for (name, value) in headers() {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
    head.push_str(&body[..body.len() / 2]);
    stream.write_all(head.as_bytes()).map_err(failed)
}

/// What went well and what went wrong, and then the whole log of it.
fn secrets(peer: &Peer) -> Result<(), String> {
    let server = peer.verbose()?;
    let session = Session::open(server.address)?;
    let mut events = session.stream(&call(&json!(1), "slow", &json!({ "seconds": 1.2 })))?;
    let mut secrets = vec![session.id.clone()];
    while let Piece::Event(event) = events.next(SOON)? {
        // Short ones would be found in any log.
        secrets.extend(event.id.filter(|id| id.len() > 8));
    }
    session.get(secrets.last().map(String::as_str))?;
    session.get(Some("0-unknown"))?;
    session.post(&json!([]))?;
    session.delete()?;
    session.post(&request(&json!(3), "ping", &json!({})))?;
    drop(server);
    let log = peer.log();
    let log = fs::read_to_string(&log)
        .map_err(|error| format!("cannot read {}: {error}", log.display()))?;
    let named = |line: &&str| secrets.iter().any(|secret| line.contains(secret));
    match log.lines().find(named) {
        Some(line) => Err(format!("the log names a session or an event: {line}")),
        None => Ok(()),
    }
}

fn expect(what: &str, response: &Response, status: u16) -> Result<(), String> {
    match response.status {
        found if found == status => Ok(()),
        found => Err(format!("{what} is answered {found}, want {status}")),
    }
}
