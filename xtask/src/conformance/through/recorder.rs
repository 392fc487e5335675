//! Two recorders, one before the host and one behind it, that show that what is one side's own never comes out at the
//! other: ids, progress tokens, cursors, session ids, event ids, states.
//!
//! The recorder before the host puts a mark on what the client makes up, and takes it off what comes back for the
//! client; the one behind it does so for what the upstream makes up. Neither party notices. A mark of one side that is
//! seen at the other side's recorder was handed on by the host, which should have put something of its own in its place.

mod marks;
mod relay;
mod tape;

use super::pair::{By, Era, Pair};
use marks::{Count, Kind, Marks, Side};
use relay::Relay;
use serde_json::Value;
use std::hash::{BuildHasher, RandomState};
use std::net::SocketAddr;
use std::sync::Arc;
use tape::Tape;

/// Both recorders.
pub(super) struct Recorded {
    behind: Recorder,
    before: Option<Recorder>,
}

struct Recorder {
    marks: Arc<Marks>,
    tape: Arc<Tape>,
    /// Dropping it ends the relaying.
    _relay: Relay,
}

impl Recorded {
    /// A recorder in front of the upstream, whose URL becomes that of the recorder.
    pub(super) fn behind(url: &mut String) -> Result<Self, String> {
        Ok(Self { behind: Recorder::start(Side::Upstream, url)?, before: None })
    }

    /// A recorder in front of the host, likewise.
    pub(super) fn before(&mut self, url: &mut String) -> Result<(), String> {
        self.before = Some(Recorder::start(Side::Client, url)?);
        Ok(())
    }
}

impl Recorded {
    /// What is wrong with what was recorded: whatever of one side came out at the other, and kinds of which there was
    /// none, so that nothing is known of them.
    pub(super) fn judge(&self, pair: Pair) -> Vec<String> {
        let Some(before) = &self.before else { return Vec::new() };
        let behind = &self.behind;
        let mut problems = Vec::new();
        let mut leak = |what: &str, texts: Vec<String>| {
            if let Some(first) = texts.first() {
                problems.push(format!(
                    "{what} came through, {} times: {}",
                    texts.len(),
                    short(first)
                ));
            }
        };
        leak("something that the client made up", behind.tape.with(before.marks.prefix()));
        leak("something that the upstream made up", before.tape.with(behind.marks.prefix()));
        let sessions = before.tape.headers("mcp-session-id");
        let sessions = sessions.iter().flat_map(|session| behind.tape.with(session));
        leak("a session id of the host's endpoint", sessions.collect());
        let same = |name: &str| {
            let (one, other) = (before.tape.members(name), behind.tape.members(name));
            one.intersection(&other).cloned().collect::<Vec<_>>()
        };
        leak("a cursor of the host's endpoint", same("nextCursor"));
        leak("a state of the host's endpoint", same("requestState"));
        for (side, marks, kinds) in
            [("client", &before.marks, OF_CLIENT), ("upstream", &behind.marks, of_upstream(pair))]
        {
            for kind in kinds {
                let Count { marked, returned } = marks.count(*kind);
                if marked == 0 || returned == 0 {
                    let kind = kind.word();
                    problems
                        .push(format!("of {marked} {kind}s of the {side}, {returned} came back"));
                }
            }
        }
        problems
    }

    /// Whether a call of this tool has reached the upstream.
    pub(super) fn reached_upstream(&self, tool: &str) -> bool {
        let calls = self.behind.tape.messages("tools/call");
        calls.iter().any(|call| call["params"]["name"] == tool)
    }

    /// Whether the host gave a call of this tool up, as clients of these versions do: by its own id, or by closing the
    /// connection.
    pub(super) fn given_up_at_upstream(&self, tool: &str, upstream: Era) -> bool {
        let tape = &self.behind.tape;
        let of_tool = |call: &Value| call["params"]["name"] == tool;
        match upstream {
            Era::Legacy => {
                let cancelled = tape.messages("notifications/cancelled");
                let calls = tape.messages("tools/call");
                calls.iter().filter(|call| of_tool(call)).any(|call| {
                    cancelled.iter().any(|told| told["params"]["requestId"] == call["id"])
                })
            }
            Era::Modern => tape.given_up().iter().any(of_tool),
        }
    }

    /// What was seen, in a few words.
    pub(super) fn summary(&self) -> String {
        let of = |recorder: &Recorder| {
            let counts =
                Kind::ALL.into_iter().map(|kind| (kind, recorder.marks.count(kind).marked));
            let some = counts.filter(|(_, marked)| *marked > 0);
            some.map(|(kind, marked)| format!("{marked} {}s", kind.word()))
                .collect::<Vec<_>>()
                .join(", ")
        };
        let before = self.before.as_ref().map(of).unwrap_or_default();
        format!("marked of the client {before}; of the upstream {}", of(&self.behind))
    }
}

/// What every client makes up.
const OF_CLIENT: &[Kind] = &[Kind::Id, Kind::ProgressToken];

/// What the upstream makes up: it has few items on a page, and asks in its own way.
fn of_upstream(pair: Pair) -> &'static [Kind] {
    match (pair.upstream, pair.by) {
        (Era::Modern, _) => &[Kind::Cursor, Kind::State],
        (Era::Legacy, By::Http) => &[Kind::Cursor, Kind::Id, Kind::Session],
        // Its session is its connection.
        (Era::Legacy, By::Sse | By::Stdio) => &[Kind::Cursor, Kind::Id],
    }
}

fn short(text: &str) -> String {
    text.replace('\n', " ").chars().take(300).collect()
}

impl Recorder {
    /// Starts one in front of the server at this URL, which becomes that of the recorder.
    fn start(side: Side, url: &mut String) -> Result<Self, String> {
        let fault = |error: &dyn std::fmt::Display| format!("cannot record {url}: {error}");
        let (authority, path) = url
            .strip_prefix("http://")
            .and_then(|rest| rest.split_once('/'))
            .ok_or_else(|| fault(&"not a URL with a path"))?;
        let to: SocketAddr = authority.parse().map_err(|error| fault(&error))?;
        let marks = Arc::new(Marks::new(side, salt()));
        let tape = Arc::new(Tape::default());
        let relay = Relay::start(to, Arc::clone(&marks), Arc::clone(&tape));
        let relay = relay.map_err(|error| fault(&error))?;
        *url = format!("http://{}/{path}", relay.address());
        Ok(Self { marks, tape, _relay: relay })
    }
}

/// Different in every run.
fn salt() -> u64 {
    RandomState::new().hash_one(std::process::id())
}
