//! A status in the text format of Prometheus.
//!
//! Series are told apart by servers of the configuration and by nothing else: not by instances, callers or tools, so
//! that nobody who calls can make more of them.

use crate::host::status::{ServerState, ServerStatus, Status, Usage};
use std::fmt::{Display, Write};

pub(super) const MEDIA_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Servers beyond these have no series, and are counted.
const MOST: usize = 1000;

/// The text.
pub(super) fn text(status: &Status) -> String {
    let mut out = Text(String::new());
    out.about("bowline_build_info", "gauge", "The version that runs.");
    out.line("bowline_build_info", &[("version", status.version)], 1);
    out.one(
        "bowline_uptime_seconds",
        "gauge",
        "How long the host has been there.",
        status.uptime.as_secs_f64(),
    );
    if let Some(usage) = &status.usage {
        process(&mut out, usage);
    }
    let servers = &status.servers[..status.servers.len().min(MOST)];
    let left_out = status.servers.len() - servers.len();
    out.one("bowline_servers_left_out", "gauge", "Servers without series of their own.", left_out);
    for family in FAMILIES {
        family.write(&mut out, servers);
    }
    out.0
}

/// By the names that every client library of Prometheus has for its own process.
fn process(out: &mut Text, usage: &Usage) {
    let cpu = usage.cpu.as_secs_f64();
    out.one("process_cpu_seconds_total", "counter", "Processor time of this process.", cpu);
    let memory = "Resident memory of this process.";
    out.one("process_resident_memory_bytes", "gauge", memory, usage.memory);
    if let Some(open) = usage.descriptors {
        out.one("process_open_fds", "gauge", "Open descriptors of this process.", open);
    }
    out.one("process_threads", "gauge", "Threads of this process.", usage.threads);
}

/// One figure that every server has, or not.
struct Family {
    name: &'static str,
    kind: &'static str,
    help: &'static str,
    figure: fn(&ServerStatus) -> Option<f64>,
}

const FAMILIES: &[Family] = &[
    gauge(
        "bowline_server_up",
        "Whether the server answers, or would be started by a call.",
        |server| Some(f64::from(matches!(server.state, ServerState::Ready | ServerState::Idle))),
    ),
    gauge("bowline_server_instances", "Processes or connections there are.", |server| {
        Some(server.instances.len() as f64)
    }),
    counter(
        "bowline_server_restarts_total",
        "Times that an instance was started anew.",
        |server| Some(server.restarts as f64),
    ),
    counter("bowline_server_calls_total", "Calls that began.", |server| {
        Some(server.calls.total as f64)
    }),
    counter("bowline_server_calls_failed_total", "Calls that ended in an error.", |server| {
        Some(server.calls.failed as f64)
    }),
    counter("bowline_server_calls_cancelled_total", "Calls that their caller gave up.", |server| {
        Some(server.calls.cancelled as f64)
    }),
    gauge("bowline_server_calls_running", "Calls at the server.", |server| {
        Some(server.calls.running as f64)
    }),
    gauge("bowline_server_calls_waiting", "Calls that wait for their turn.", |server| {
        Some(server.calls.waiting as f64)
    }),
    gauge(
        "bowline_server_calls_parked",
        "Calls that wait for a client to come back with an answer.",
        |server| Some(server.calls.parked as f64),
    ),
    gauge("bowline_server_memory_bytes", "Resident memory of the server's processes.", |server| {
        sum(server, |usage| usage.memory as f64)
    }),
    gauge("bowline_server_processes", "The server's processes.", |server| {
        sum(server, |usage| usage.processes as f64)
    }),
    gauge(
        "bowline_server_cpu_seconds",
        "Processor time of the server's processes that there are.",
        |server| sum(server, |usage| usage.cpu.as_secs_f64()),
    ),
];

const fn gauge(
    name: &'static str,
    help: &'static str,
    figure: fn(&ServerStatus) -> Option<f64>,
) -> Family {
    Family { name, kind: "gauge", help, figure }
}

const fn counter(
    name: &'static str,
    help: &'static str,
    figure: fn(&ServerStatus) -> Option<f64>,
) -> Family {
    Family { name, kind: "counter", help, figure }
}

/// Over all instances whose usage is known; nothing where none is.
fn sum(server: &ServerStatus, figure: fn(&Usage) -> f64) -> Option<f64> {
    let known = server.instances.iter().filter_map(|instance| instance.usage.as_ref());
    known.map(figure).reduce(|sum, one| sum + one)
}

impl Family {
    fn write(&self, out: &mut Text, servers: &[ServerStatus]) {
        let mut figures =
            servers.iter().filter_map(|server| Some((server, (self.figure)(server)?))).peekable();
        if figures.peek().is_none() {
            return;
        }
        out.about(self.name, self.kind, self.help);
        for (server, figure) in figures {
            out.line(self.name, &[("server", &server.name)], figure);
        }
    }
}

struct Text(String);

impl Text {
    fn one(&mut self, name: &str, kind: &str, help: &str, value: impl Display) {
        self.about(name, kind, help);
        self.line(name, &[], value);
    }

    fn about(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn line(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        self.0.push_str(name);
        for (at, (label, text)) in labels.iter().enumerate() {
            let _ = write!(self.0, "{}{label}=\"", if at == 0 { '{' } else { ',' });
            for character in text.chars() {
                match character {
                    '\\' => self.0.push_str("\\\\"),
                    '"' => self.0.push_str("\\\""),
                    '\n' => self.0.push_str("\\n"),
                    _ => self.0.push(character),
                }
            }
            self.0.push('"');
        }
        if !labels.is_empty() {
            self.0.push('}');
        }
        let _ = writeln!(self.0, " {value}");
    }
}
