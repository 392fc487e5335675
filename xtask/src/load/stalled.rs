//! One reader that stops reading while its tool notifies without a rest: what that costs everybody else.
//!
//! Rounds with and without it take turns, so that a busy neighbour slows both.

use super::calls::Caller;
use super::idle::echoed;
use super::target::{Running, Target};
use super::wire::Connection;
use crate::gate::{Gate, mebibytes, median, quantile};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// What is done to which server.
#[derive(Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) target: Target,
    /// Whether callers have sessions.
    pub(crate) sessions: bool,
    /// How many messages the tool sends in each round.
    pub(crate) notifications: u32,
    pub(crate) rounds: usize,
}

/// What others felt of it, and what it took.
#[derive(Default)]
pub(crate) struct Felt {
    quiet: Latencies,
    loud: Latencies,
    /// Requests of the stalled client itself on another connection: all, and those that were not answered.
    own: (u32, u32),
    /// Resident memory beyond what it was before, in MiB.
    resident: f64,
    /// How long the tool took, in seconds, one value a round.
    took: Vec<f64>,
    /// Rounds in which the stalled stream, read on at last, did not end with the answer.
    unfinished: u32,
}

/// Milliseconds, one value a round.
#[derive(Default)]
struct Latencies {
    p50: Vec<f64>,
    p95: Vec<f64>,
    initialize: Vec<f64>,
}

impl Plan {
    pub(crate) fn run(self) -> Result<Felt, String> {
        let running = self.target.start(&["sessions=1000"], false)?;
        let mut connection = Connection::open(running.port)?;
        let caller = self.caller(&mut connection, running.port)?;
        let mut felt = Felt::default();
        // Caches, pools and the allocator get warm.
        let mut lasts = AT_LEAST;
        self.others(&running, || nothing(lasts))?;
        let before = running.process.resident()?;
        for round in 1..=self.rounds {
            let (samples, ()) = self.others(&running, || nothing(lasts))?;
            felt.quiet.add(&samples);

            let started = Instant::now();
            let mut stalled = self.stall(&caller, running.port)?;
            let all = u64::from(self.notifications) * round as u64;
            let watch = || self.watch(&running, &caller, all, &mut felt.own);
            let (samples, most) = self.others(&running, watch)?;
            felt.loud.add(&samples);
            lasts = started.elapsed();
            felt.took.push(lasts.as_secs_f64());
            felt.resident = felt.resident.max(mebibytes(most) - mebibytes(before));
            if self.target == Target::Bowline {
                let rest = stalled.last_event();
                felt.unfinished += u32::from(!rest.is_ok_and(|rest| rest.contains(r#""result":"#)));
            }
        }
        Ok(felt)
    }

    /// The one whose stream will stall.
    fn caller(self, connection: &mut Connection, port: u16) -> Result<Caller, String> {
        if !self.sessions {
            return Ok(Caller::Modern);
        }
        let caller = Caller::open(connection, port)?;
        if self.target == Target::Bowline {
            let answer = connection.ask(&caller.log_level(port))?;
            if answer.status != 200 || answer.body.contains(r#""error":"#) {
                return Err(format!("the level was not set: {} {}", answer.status, answer.body));
            }
        }
        Ok(caller)
    }

    /// Calls the tool, reads the first of what it says, and then nothing more.
    fn stall(self, caller: &Caller, port: u16) -> Result<Connection, String> {
        let (tool, arguments) = self.target.flood(self.notifications);
        let mut connection = Connection::open(port)?;
        connection.send(caller.chatty_call(port, tool, &arguments).as_bytes())?;
        let answer = connection.begin()?;
        let kind = answer.header("content-type").unwrap_or_default();
        match answer.status {
            200 if kind.starts_with("text/event-stream") => Ok(connection),
            status => Err(format!("{tool} was answered {status} {kind}: {}", answer.body)),
        }
    }

    /// Asks in the stalled client's name until the tool has sent `all`; returns the most memory meanwhile, in bytes.
    fn watch(
        self,
        running: &Running,
        caller: &Caller,
        all: u64,
        own: &mut (u32, u32),
    ) -> Result<u64, String> {
        let started = Instant::now();
        let (tool, arguments) = self.target.harmless();
        let mut connection = Connection::open(running.port)?;
        let mut most = 0;
        loop {
            most = most.max(running.process.resident()?);
            own.0 += 1;
            connection.patience(PATIENCE)?;
            let answer = connection.ask(&caller.call(running.port, own.0, tool, arguments));
            let elapsed = started.elapsed();
            let done = match answer {
                Ok(answer) => sent(&answer.body).is_none_or(|sent| sent >= all),
                Err(_) => {
                    own.1 += 1;
                    connection = Connection::open(running.port)?;
                    self.target == Target::Rmcp
                }
            };
            if done && (elapsed > AT_LEAST || self.target == Target::Bowline) {
                return Ok(most);
            }
            if elapsed > AT_MOST {
                return Err(format!("the tool had not sent {all} messages within {AT_MOST:?}"));
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Has other clients call while `meanwhile` runs.
    fn others<T>(
        self,
        running: &Running,
        meanwhile: impl FnOnce() -> Result<T, String>,
    ) -> Result<(Samples, T), String> {
        let stop = AtomicBool::new(false);
        thread::scope(|scope| {
            let client = || self.client(running.port, &stop);
            let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(client)).collect();
            let value = meanwhile();
            stop.store(true, Ordering::Relaxed);
            let mut all = Samples::default();
            for client in clients {
                let samples = client.join().map_err(|_| "a client panicked".to_owned())??;
                all.calls.extend(samples.calls);
                all.initialize.extend(samples.initialize);
            }
            Ok((all, value?))
        })
    }

    fn client(self, port: u16, stop: &AtomicBool) -> Result<Samples, String> {
        let mut connection = Connection::open(port)?;
        let caller =
            if self.sessions { Caller::open(&mut connection, port)? } else { Caller::Modern };
        let mut samples = Samples::default();
        let mut number = 0;
        while !stop.load(Ordering::Relaxed) {
            number += 1;
            let started = Instant::now();
            echoed(&mut connection, &caller, port, number)?;
            samples.calls.push(milliseconds(started));
            if number % HELLO == 0 {
                let started = Instant::now();
                let answer = connection.ask(&caller.hello(port, number))?;
                samples.initialize.push(milliseconds(started));
                if answer.status != 200 {
                    return Err(format!(
                        "a client was answered {}: {}",
                        answer.status, answer.body
                    ));
                }
                if let Some(id) = answer.header("mcp-session-id") {
                    Caller::Session(id.to_owned()).close(&mut connection, port)?;
                }
            }
            thread::sleep(Duration::from_millis(1));
        }
        caller.close(&mut connection, port)?;
        Ok(samples)
    }

    /// What it is called in tables.
    pub(crate) fn name(self) -> String {
        let kind = if self.sessions { "session" } else { "modern" };
        format!("{} stream of {}", kind, self.target.name())
    }
}

impl Felt {
    /// How much slower others were, at the median and for one in twenty; then their median `initialize`.
    fn slower(&self) -> [f64; 3] {
        let ratio = |loud: &[f64], quiet: &[f64]| median(loud) / median(quiet);
        [
            ratio(&self.loud.p50, &self.quiet.p50),
            ratio(&self.loud.p95, &self.quiet.p95),
            median(&self.loud.initialize),
        ]
    }

    /// One row of the table whose head is [`HEAD`].
    pub(crate) fn print(&self, name: &str) {
        let [p50, p95, _] = self.slower();
        let (quiet, loud) = (&self.quiet, &self.loud);
        println!(
            "{name:<26} {:>6.2} → {:<6.2} {p50:>5.2} {:>7.2} → {:<6.2} {p95:>5.2} {:>7.2} → {:<6.2} {:>6} of {:<6} {:>8.1} {:>5.1}",
            median(&quiet.p50),
            median(&loud.p50),
            median(&quiet.p95),
            median(&loud.p95),
            median(&quiet.initialize),
            median(&loud.initialize),
            self.own.0 - self.own.1,
            self.own.0,
            self.resident,
            median(&self.took),
        );
    }

    /// Times are gates only where rounds are long enough.
    pub(crate) fn gates(&self, name: &str, timed: bool) -> Vec<Gate> {
        let [p50, p95, initialize] = self.slower();
        let gate = |what: &str, value, most| Gate::new(format!("{name}: {what}"), value, most);
        let mut gates = vec![
            gate("resident more, MiB", self.resident, RESIDENT_MIB),
            gate("own requests unanswered", f64::from(self.own.1), 0.0),
            gate("streams without their answer", f64::from(self.unfinished), 0.0),
            gate("median initialize of others, ms", initialize, 50.0),
        ];
        if timed {
            gates.push(gate("p50 of others, times", p50, 1.5));
            gates.push(gate("p95 of others, times", p95, 2.0));
        }
        gates
    }
}

/// The head of a table of what was felt; times in milliseconds, undisturbed and disturbed.
pub(crate) const HEAD: &str = "stalled reader                p50 of others   ×       p95 of others     ×        initialize      own answered      MiB     s";

#[derive(Default)]
struct Samples {
    calls: Vec<f64>,
    initialize: Vec<f64>,
}

impl Latencies {
    fn add(&mut self, samples: &Samples) {
        self.p50.push(median(&samples.calls));
        self.p95.push(quantile(&samples.calls, 0.95));
        self.initialize.push(median(&samples.initialize));
    }
}

/// What happens in a round without disturbance.
fn nothing(lasts: Duration) -> Result<(), String> {
    thread::sleep(lasts);
    Ok(())
}

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1_000.0
}

/// What the tool `flooded` counted.
fn sent(body: &str) -> Option<u64> {
    let (_, rest) = body.rsplit_once(r#""sent":"#)?;
    rest.split(|letter: char| !letter.is_ascii_digit()).next()?.parse().ok()
}

const CLIENTS: usize = 4;
/// Every so many calls a client says hello.
const HELLO: u32 = 16;
const AT_LEAST: Duration = Duration::from_millis(1_500);
/// Shorter than a server's patience with a reader that takes nothing.
const AT_MOST: Duration = Duration::from_secs(25);
/// For the stalled client's own requests.
const PATIENCE: Duration = Duration::from_secs(2);
/// What the outbox and the replay of one session may hold, the buffers of connections, and some slack.
const RESIDENT_MIB: f64 = 8.0;

#[cfg(test)]
mod tests {
    use super::sent;

    #[test]
    fn the_count_is_read_from_structured_content() {
        let body = r#"{"result":{"content":[{"type":"text","text":"{\"sent\":12}"}],"structuredContent":{"sent":12},"isError":false}}"#;
        assert_eq!(sent(body), Some(12));
        assert_eq!(sent(r#"{"result":{}}"#), None);
    }
}
