//! How a host and its servers stand, for people and for what watches them.
//!
//! A [`Status`] is plain data that serializes to the JSON of `/status`. There is no session identifier in it and no name
//! of a principal, and what a server said of its failure is cut, escaped, and without what looks secret ([`Fault`]).

mod fault;
pub(crate) mod meter;
#[cfg(test)]
mod tests;

pub use fault::Fault;

use serde::{Serialize, Serializer};
use std::time::Duration;

/// How a host stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Status {
    /// The version of this crate.
    pub version: &'static str,
    /// How long the host has been there.
    #[serde(rename = "uptimeSeconds", serialize_with = "seconds")]
    pub uptime: Duration,
    /// What this process uses, without its children; `None` where the system does not tell.
    pub usage: Option<Usage>,
    /// Its servers, by name.
    pub servers: Vec<ServerStatus>,
}

/// How one configured server stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ServerStatus {
    /// Its name in the configuration.
    pub name: String,
    /// How it is reached.
    pub kind: ServerKind,
    /// How it stands: as the best of its instances does.
    pub state: ServerState,
    /// What went wrong last, whether or not it has been well since.
    pub last_error: Option<Fault>,
    /// How often an instance was started anew after the first time.
    pub restarts: u64,
    /// The calls of all its instances, those that are gone too.
    pub calls: Calls,
    /// What runs of it now, oldest first.
    pub instances: Vec<InstanceStatus>,
}

/// How one instance of a server stands: one process, or one connection.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct InstanceStatus {
    /// Tells it from the other instances of its server; never given twice while the host runs.
    pub number: u64,
    /// How it stands.
    pub state: ServerState,
    /// The protocol version that it and this host agreed on, once they have.
    pub protocol_version: Option<&'static str>,
    /// How long it has been there.
    #[serde(rename = "uptimeSeconds", serialize_with = "seconds")]
    pub uptime: Duration,
    /// How often its process or connection was lost and made anew.
    pub restarts: u64,
    /// Why its connection was lost, while it is being made anew.
    pub last_error: Option<Fault>,
    /// Its calls.
    pub calls: Calls,
    /// How long its latest calls took; `None` before the first has ended.
    pub latency: Option<Latency>,
    /// What its processes use; `None` where there are none of ours, and where the system does not tell.
    pub usage: Option<Usage>,
}

/// How a server is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum ServerKind {
    /// A process that this host starts.
    Stdio,
    /// A URL.
    Http,
    /// A Unix socket.
    Unix,
    /// A server in this process.
    Memory,
    /// A transport of the user's own.
    Custom,
}

/// How a server or one of its instances stands. The order is that of badness: of several, the least counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum ServerState {
    /// It answers.
    Ready,
    /// It is started for the first time.
    Starting,
    /// It was lost, and is started anew.
    Reconnecting,
    /// Nobody has used it lately, or ever; the next call starts it.
    Idle,
    /// It takes no more calls, and ends with those that it has.
    Draining,
    /// It could not be started, or was lost too often; the next call tries again.
    Failed,
    /// It is over.
    Stopped,
}

/// How many calls there are and were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Calls {
    /// At the server now, with those that are parked.
    pub running: u64,
    /// Waiting for an instance to take them now, which only a server has.
    pub waiting: u64,
    /// Of those running, how many wait for a client to come back with an answer.
    pub parked: u64,
    /// All that ever began.
    pub total: u64,
    /// Of those, how many ended in an error.
    pub failed: u64,
    /// Of those, how many their caller gave up.
    pub cancelled: u64,
}

impl Calls {
    /// Counts these too.
    pub(crate) fn add(&mut self, more: Self) {
        self.running += more.running;
        self.waiting += more.waiting;
        self.parked += more.parked;
        self.total += more.total;
        self.failed += more.failed;
        self.cancelled += more.cancelled;
    }
}

/// How long the latest calls took, without those that waited for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Latency {
    /// How many calls this is about: at most the latest 128.
    pub calls: usize,
    /// The last one.
    #[serde(rename = "lastMs", serialize_with = "milliseconds")]
    pub last: Duration,
    /// Half of them took no longer.
    #[serde(rename = "p50Ms", serialize_with = "milliseconds")]
    pub p50: Duration,
    /// 95 of 100 took no longer.
    #[serde(rename = "p95Ms", serialize_with = "milliseconds")]
    pub p95: Duration,
}

/// What a process, or all of a process group, uses of the machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Usage {
    /// Processor time since the beginning, children that have ended included. A child that was lost sight of before its
    /// end is missing from it.
    #[serde(rename = "cpuSeconds", serialize_with = "seconds")]
    pub cpu: Duration,
    /// Processor time since the last look, in hundredths of one processor; `None` at the first look.
    pub cpu_percent: Option<f64>,
    /// Bytes of memory that are resident. What several processes share counts for each of them.
    #[serde(rename = "memoryBytes")]
    pub memory: u64,
    /// Open file descriptors; `None` where a process does not let us see them.
    pub descriptors: Option<u64>,
    /// Processes that live.
    pub processes: u64,
    /// Their threads.
    pub threads: u64,
}

/// Whether a host is ready to be called.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Readiness {
    /// What is in the way, for people, one sentence each; nothing when it is ready.
    pub reasons: Vec<String>,
}

impl Status {
    /// A host without servers.
    #[must_use]
    pub fn new(uptime: Duration) -> Self {
        Self { version: env!("CARGO_PKG_VERSION"), uptime, usage: None, servers: Vec::new() }
    }
}

impl ServerStatus {
    /// A server without instances, which is idle.
    #[must_use]
    pub fn new(name: impl Into<String>, kind: ServerKind) -> Self {
        Self {
            name: name.into(),
            kind,
            state: ServerState::Idle,
            last_error: None,
            restarts: 0,
            calls: Calls::default(),
            instances: Vec::new(),
        }
    }
}

impl InstanceStatus {
    /// An instance that has done nothing yet.
    #[must_use]
    pub fn new(number: u64, state: ServerState, uptime: Duration) -> Self {
        Self {
            number,
            state,
            protocol_version: None,
            uptime,
            restarts: 0,
            last_error: None,
            calls: Calls::default(),
            latency: None,
            usage: None,
        }
    }
}

impl Readiness {
    /// Whether nothing is in the way.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.reasons.is_empty()
    }

    /// Adds what is in the way.
    #[must_use]
    pub fn because(mut self, reason: impl Into<String>) -> Self {
        self.reasons.push(reason.into());
        self
    }
}

impl std::fmt::Display for ServerState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Ready => "ready",
            Self::Starting => "starting",
            Self::Reconnecting => "reconnecting",
            Self::Idle => "idle",
            Self::Draining => "draining",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
        })
    }
}

/// With three decimals, which is more than clocks of processors tell.
fn seconds<S: Serializer>(time: &Duration, to: S) -> Result<S::Ok, S::Error> {
    let thousandths = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    to.serialize_f64(thousandths as f64 / 1e3)
}

fn milliseconds<S: Serializer>(time: &Duration, to: S) -> Result<S::Ok, S::Error> {
    let thousandths = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    to.serialize_f64(thousandths as f64 / 1e3)
}
