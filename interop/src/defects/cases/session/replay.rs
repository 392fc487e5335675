//! Streams that are cut and asked for again by `Last-Event-ID`.

use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::defects::events::{Events, Piece};
use crate::defects::link::{SOON, text};
use crate::defects::peer::Peer;
use crate::defects::session::{Session, call, request};
use crate::defects::{OnRmcp, Test};

pub(crate) const TESTS: &[Test] = &[
    Test {
        name: "session_a_cut_stream_loses_and_repeats_nothing",
        body: cut_everywhere,
        on_rmcp: OnRmcp::Fails,
    },
    Test {
        name: "session_its_own_stream_loses_and_repeats_nothing",
        body: own_stream,
        on_rmcp: OnRmcp::Fails,
    },
    Test {
        name: "session_a_question_survives_a_cut_stream",
        body: question,
        on_rmcp: OnRmcp::Passes("3.9.0 asks again on the stream that replaces the lost one"),
    },
    Test {
        name: "session_an_answer_that_found_nobody_is_replayed",
        body: late,
        on_rmcp: OnRmcp::Fails,
    },
    Test {
        name: "session_an_event_id_of_another_session_is_unknown",
        body: foreign_event,
        on_rmcp: OnRmcp::Fails,
    },
    Test {
        name: "session_an_unknown_event_id_disturbs_nobody",
        body: unknown_event,
        on_rmcp: OnRmcp::Fails,
    },
    Test { name: "session_replay_mixes_no_streams", body: two_streams, on_rmcp: OnRmcp::Fails },
];

const STEPS: u64 = 5;

/// A call that reports every step and rests before it answers; its token is its id.
fn steps(id: u64, rest_ms: u64) -> Value {
    let params = json!({
        "name": "progress",
        "arguments": { "steps": STEPS, "rest_ms": rest_ms },
        "_meta": { "progressToken": id },
    });
    request(&json!(id), "tools/call", &params)
}

/// What a stream of `steps` has said: the token and step of each notification, and the answers' ids.
#[derive(Debug, Default, PartialEq)]
struct Heard {
    steps: Vec<(u64, u64)>,
    answers: Vec<u64>,
    last_event: Option<String>,
}

impl Heard {
    /// Listens until `enough`, or to the end of the stream.
    fn listen(
        &mut self,
        events: &mut Events,
        enough: impl Fn(&Self) -> bool,
    ) -> Result<(), String> {
        while !enough(self) {
            match events.next(SOON)? {
                Piece::End => return Ok(()),
                Piece::Nothing => return Err(format!("nothing more came in time after {self:?}")),
                Piece::Event(event) => {
                    if let Some(message) = event.message() {
                        self.note(&message);
                    }
                    self.last_event = event.id.or_else(|| self.last_event.take());
                }
            }
        }
        Ok(())
    }

    fn note(&mut self, message: &Value) {
        let number = |at: &str| message.pointer(at).and_then(Value::as_f64).map(|n| n as u64);
        match (number("/params/progressToken"), number("/params/progress"), number("/id")) {
            (Some(token), Some(step), _) => self.steps.push((token, step)),
            (_, _, Some(id)) => self.answers.push(id),
            _ => {}
        }
    }

    /// Everything once and in order.
    fn is_whole(&self, id: u64) -> bool {
        self.steps == (1..=STEPS).map(|step| (id, step)).collect::<Vec<_>>() && self.answers == [id]
    }
}

/// One call for each event after which the connection may be lost, the one that opens the stream included.
fn cut_everywhere(peer: &Peer) -> Result<(), String> {
    let server = peer.http()?;
    let session = Session::open(server.address)?;
    for cut in 0..=STEPS {
        let id = 100 + cut;
        let mut events = session.stream(&steps(id, 400))?;
        let mut heard = Heard::default();
        heard.listen(&mut events, |heard| {
            heard.last_event.is_some() && heard.steps.len() as u64 >= cut
        })?;
        drop(events);
        let last = heard.last_event.clone().ok_or("the stream began without an event id")?;
        let mut events = session.get(Some(&last))?;
        heard.listen(&mut events, |_| false)?;
        if !heard.is_whole(id) {
            return Err(format!("cut after {cut} of {STEPS} steps and resumed: {heard:?}"));
        }
    }
    session.works()
}

/// The lists change once while the stream of the session is read, and twice while nobody reads it.
fn own_stream(peer: &Peer) -> Result<(), String> {
    let server = peer.http()?;
    let session = Session::open(server.address)?;
    let change = |present: bool| session.says("change_tools", &json!({ "present": present }));
    let mut events = session.get(None)?;
    change(true)?;
    let last = loop {
        match events.next(SOON)? {
            Piece::Event(event) if event.message().is_some() => break event.id,
            Piece::Event(_) => {}
            _ => return Err("the stream of the session carries no change".to_owned()),
        }
    };
    drop(events);
    change(false)?;
    thread::sleep(Duration::from_millis(300));
    let mut events = session.get(Some(&last.ok_or("events without ids")?))?;
    events.find("change that nobody read", SOON, |_| true)?;
    change(true)?;
    events.find("change after it", SOON, |_| true)?;
    match events.next(Duration::from_millis(500))? {
        Piece::Event(event) => Err(format!("three changes gave a fourth event: {}", event.data)),
        Piece::End => Err("the stream of the session ended".to_owned()),
        Piece::Nothing => session.works(),
    }
}

/// The connection is lost before the question was read.
fn question(peer: &Peer) -> Result<(), String> {
    let server = peer.http()?;
    let session = Session::open(server.address)?;
    let mut events = session.stream(&call(&json!(1), "ask_roots", &json!({})))?;
    let Piece::Event(first) = events.next(SOON)? else {
        return Err("the stream began without an event".to_owned());
    };
    if first.message().is_some() {
        return Err(format!("the stream began with {}, not with an event id", first.data));
    }
    drop(events);
    thread::sleep(Duration::from_millis(300));
    let mut events = session.get(first.id.as_deref())?;
    let question = events.find("question", SOON, |message| message["method"] == "roots/list")?;
    let roots = json!({ "roots": [{ "uri": "file:///mine" }] });
    session.post(&json!({ "jsonrpc": "2.0", "id": question["id"], "result": roots }))?;
    let said = events.answer(&json!(1), SOON)?.to_string();
    match said.contains("file:///mine") {
        true => session.works(),
        false => Err(format!("asked for roots, the handler answers {said}")),
    }
}

fn late(peer: &Peer) -> Result<(), String> {
    let server = peer.http()?;
    let session = Session::open(server.address)?;
    let mut events = session.stream(&steps(7, 300))?;
    let mut heard = Heard::default();
    heard.listen(&mut events, |heard| heard.steps.len() == 2)?;
    drop(events);
    thread::sleep(Duration::from_secs(1));
    let last = heard.last_event.clone().ok_or("the stream began without an event id")?;
    heard.listen(&mut session.get(Some(&last))?, |_| false)?;
    match heard.is_whole(7) {
        true => session.works(),
        false => Err(format!("resumed after the call had ended: {heard:?}")),
    }
}

/// The event id of one session, used within another that has a stream of its own.
fn foreign_event(peer: &Peer) -> Result<(), String> {
    let server = peer.http()?;
    let (session, stranger) = (Session::open(server.address)?, Session::open(server.address)?);
    let (mut one, mut two) = (Heard::default(), Heard::default());
    let mut first = session.stream(&steps(1, 1500))?;
    one.listen(&mut first, |heard| heard.steps.len() as u64 == STEPS)?;
    let mut second = stranger.stream(&steps(2, 1500))?;
    two.listen(&mut second, |heard| heard.steps.len() as u64 == STEPS)?;

    let last = one.last_event.clone().ok_or("events without ids")?;
    let mut stolen = Heard::default();
    stolen.listen(&mut stranger.get(Some(&last))?, |_| false)?;
    if !stolen.steps.is_empty() || !stolen.answers.is_empty() {
        return Err(format!("an event id of another session gives {stolen:?}"));
    }
    one.listen(&mut first, |heard| !heard.answers.is_empty())?;
    two.listen(&mut second, |heard| !heard.answers.is_empty())?;
    match one.is_whole(1) && two.is_whole(2) {
        true => session.works().and_then(|()| stranger.works()),
        false => Err(format!("an event id of another session cut off a reader: {one:?}, {two:?}")),
    }
}

fn unknown_event(peer: &Peer) -> Result<(), String> {
    let server = peer.http()?;
    let session = Session::open(server.address)?;
    let mut events = session.stream(&steps(1, 1000))?;
    let mut heard = Heard::default();
    heard.listen(&mut events, |heard| heard.steps.len() == 1)?;
    let last = heard.last_event.clone().ok_or("events without ids")?;
    for unknown in [
        "nonsense".to_owned(),
        "-1".to_owned(),
        format!("{last}000"),
        format!("99{last}"),
        format!("x{last}"),
    ] {
        let mut nothing = Heard::default();
        nothing.listen(&mut session.get(Some(&unknown))?, |_| false)?;
        if !nothing.steps.is_empty() || !nothing.answers.is_empty() {
            return Err(format!("an unknown event id gives {nothing:?}"));
        }
    }
    heard.listen(&mut events, |heard| !heard.answers.is_empty())?;
    match heard.is_whole(1) {
        true => session.works(),
        false => Err(format!("an unknown event id cut off a reader: {heard:?}")),
    }
}

/// Two calls of one session, both cut, one resumed: it gets its own events, and the other one keeps them.
fn two_streams(peer: &Peer) -> Result<(), String> {
    let server = peer.http()?;
    let session = Session::open(server.address)?;
    let mut cut = Vec::new();
    for id in [1, 2] {
        let mut events = session.stream(&steps(id, 600))?;
        let mut heard = Heard::default();
        heard.listen(&mut events, |heard| heard.steps.len() == 2)?;
        cut.push((id, heard));
    }
    // What has no call goes to the stream of the session, and must show in neither.
    session.says("change_tools", &json!({ "present": true }))?;
    let slow = session.stream(&call(&json!("slow"), "slow", &json!({ "seconds": 0.1 })))?;
    let mut slow = slow;
    if text(&slow.answer(&json!("slow"), SOON)?) != Some("waited") {
        return Err("another call of the session has no answer".to_owned());
    }
    for (id, heard) in cut.iter_mut().rev() {
        let last = heard.last_event.clone().ok_or("events without ids")?;
        heard.listen(&mut session.get(Some(&last))?, |_| false)?;
        if !heard.is_whole(*id) {
            return Err(format!("stream {id} of two gives {heard:?}"));
        }
    }
    session.works()
}
