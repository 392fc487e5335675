//! Two sides of an exchange, a wire with latency between them, and a clock that is a number.

use bowline_protocol::limits::Limits;
use bowline_protocol::outcome::{Body, Outcome};
use bowline_protocol::protocol::{Event, Protocol, Request, Response};
use bowline_types::jsonrpc::Id;
use bytes::Bytes;
use std::collections::VecDeque;
use std::fmt::Write as _;
use std::time::Duration;

/// Which side of the exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    A,
    B,
}

impl Side {
    fn other(self) -> Self {
        if self == Self::A { Self::B } else { Self::A }
    }
}

/// A request of the peer is kept with its method, one of ours with a name that the test gives it.
pub(crate) type Party = Protocol<String, &'static str>;

pub(crate) struct Pair {
    pub(crate) a: Party,
    pub(crate) b: Party,
    pub(crate) now: Duration,
    pub(crate) latency: Duration,
    wire: VecDeque<(Duration, Side, Bytes)>,
    /// Everything on the wire, seen from `a`.
    pub(crate) transcript: String,
    /// What both sides were told.
    events: String,
}

impl Pair {
    pub(crate) fn new(latency: u64) -> Self {
        Self {
            a: Party::new(Limits::local().json_depth),
            b: Party::new(Limits::local().json_depth),
            now: Duration::ZERO,
            latency: Duration::from_millis(latency),
            wire: VecDeque::new(),
            transcript: String::new(),
            events: String::new(),
        }
    }

    pub(crate) fn side(&mut self, side: Side) -> &mut Party {
        match side {
            Side::A => &mut self.a,
            Side::B => &mut self.b,
        }
    }

    pub(crate) fn call(&mut self, side: Side, request: &Request, name: &'static str) -> i64 {
        let id = self.side(side).call(request, name);
        self.flush();
        id
    }

    pub(crate) fn cancel(&mut self, side: Side, id: i64) {
        let cancelled = self.side(side).cancel(id, Some("not needed any more"));
        self.tell(side, &format!("cancels {id}: {cancelled:?}"));
        self.flush();
    }

    pub(crate) fn answer(&mut self, side: Side, id: i64, text: &str) {
        let outcome = Outcome::complete(Body::of(&serde_json::json!({ "text": text })).unwrap());
        let finished = self.side(side).finish(&Id::Int(id), &outcome);
        self.tell(side, &format!("answers {id}: {finished:?}"));
        self.flush();
    }

    pub(crate) fn progress(&mut self, side: Side, id: i64, progress: f64) {
        let token = id.to_string();
        let note = bowline_protocol::write::progress(token.as_bytes(), progress, None, None);
        let sent = self.side(side).notify_for(&Id::Int(id), note);
        self.tell(side, &format!("reports {progress} on {id}: {sent}"));
        self.flush();
    }

    /// Puts a line on the wire as a side that keeps no rule would.
    pub(crate) fn inject(&mut self, from: Side, line: &str) {
        self.put(from, Bytes::copy_from_slice(line.as_bytes()));
    }

    /// Lets time pass, and everything happen that is due in it.
    pub(crate) fn run_until(&mut self, ms: u64) {
        let end = Duration::from_millis(ms);
        loop {
            match self.wire.front() {
                Some((due, ..)) if *due <= end => {}
                _ => break,
            }
            if let Some((due, to, line)) = self.wire.pop_front() {
                self.now = self.now.max(due);
                self.deliver(to, line);
            }
            self.flush();
        }
        self.now = end;
    }

    /// What both sides were told since the last time.
    pub(crate) fn events(&mut self) -> String {
        std::mem::take(&mut self.events)
    }

    fn deliver(&mut self, to: Side, line: Bytes) {
        let now = self.now;
        let event = self.side(to).receive(now, line);
        self.take(to, event);
    }

    fn take(&mut self, to: Side, event: Event<String, &'static str>) {
        let told = match event {
            Event::Request(incoming) => {
                let id = incoming.id().unwrap();
                let told = format!("is asked {id} {}", incoming.method());
                let method = incoming.method().into_owned();
                self.side(to).started(id, method);
                told
            }
            Event::Cancelled(data) => format!("is told to stop {data}"),
            Event::Answered(answered) => {
                let response = match answered.response {
                    Response::Result(message) => {
                        format!("result {:?}", message.result().unwrap())
                    }
                    Response::Error(error) => format!("error {error}"),
                    Response::Malformed(fault) => format!("malformed: {fault}"),
                };
                format!("is answered {} {}: {response}", answered.id, answered.data)
            }
            Event::Progress { id, .. } => format!("hears progress of {id}"),
            Event::Ended { id, data } => format!("hears the end of {id} {data}"),
            Event::Notification(message) => format!("hears {}", message.method()),
            Event::Stray(error) => format!("hears a stray error: {error}"),
            Event::Refused(error) => format!("refuses: {error}"),
            Event::Batch(events) => {
                events.into_iter().for_each(|event| self.take(to, event));
                return;
            }
            Event::Nothing => "ignores a line".into(),
        };
        self.tell(to, &told);
    }

    fn flush(&mut self) {
        for side in [Side::A, Side::B] {
            while let Some(message) = self.side(side).poll_transmit() {
                self.put(side, message.into_bytes());
            }
        }
    }

    fn put(&mut self, from: Side, line: Bytes) {
        let arrow = if from == Side::A { "->" } else { "<-" };
        let text = String::from_utf8_lossy(&line);
        writeln!(self.transcript, "{arrow} {text}").unwrap();
        self.wire.push_back((self.now + self.latency, from.other(), line));
    }

    fn tell(&mut self, side: Side, what: &str) {
        let (ms, side) = (self.now.as_millis(), format!("{side:?}").to_lowercase());
        writeln!(self.events, "{ms:<5} {side} {what}").unwrap();
    }
}

/// A request as a client of the newest protocol version sends it.
pub(crate) fn request(method: &'static str) -> Request {
    let meta = serde_json::json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let params = Body::of(&serde_json::json!({ "name": "echo" })).unwrap();
    Request::new(method).params(params.with_meta(&meta).unwrap())
}
