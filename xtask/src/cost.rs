//! `cargo xtask cost`: what one request costs the real binary, counted rather than timed where that is possible.
//!
//! Instructions and allocations come from valgrind as slopes: two runs that differ only in the number of requests, so
//! that starting and ending cancel out. They are the same on every machine, and CI fails on them and on memory: what
//! is resident after many requests, and what each session and each stream keeps while nothing happens. Requests per
//! second are printed beside those of a floor program (`bench/`) from the same run, and gate nothing. The CPU time that
//! `bowline up` takes for a call is compared with that of a bare proxy (`bench/`), and that of a call in memory with
//! rmcp's (`interop/rmcp`), each in the same run.

mod memory;
pub(crate) mod proxy;
mod stdio;
pub(crate) mod valgrind;

use crate::flags::Flags;
use crate::gate::{Gate, judge, mebibytes};
use crate::load::idle;
use crate::load::target::Target;
use crate::process::{exists, must};
use crate::workspace::{build_release, target};
use std::process::Command;
use std::thread;
use valgrind::{Clients, Cost};

/// Measures, prints and judges.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    let mut flags = Flags::new(args);
    let no_stdio = flags.switch("--no-stdio");
    let no_proxy = flags.switch("--no-proxy");
    let no_peer = flags.switch("--no-peer");
    flags.end()?;
    if let Some(verdict) = on_second_cpu(args)? {
        return verdict;
    }
    valgrind::install()?;
    build_release()?;

    println!(
        "{:<34} {:>22} {:>12} {:>12}",
        "per request of tools/call echo", "instructions (slopes)", "allocations", "bytes"
    );
    let floor = measure("bare hyper", &[&program("http_floor"), "{port}"], Clients::Modern)?;
    let bowline = program("bowline");
    let serve = [bowline.as_str(), "serve", "everything", "--listen", "127.0.0.1:{port}"];
    let more = [&serve[..], &["--extra-tools", "400"]].concat();
    let plain = measure("bowline serve everything", &serve, Clients::Modern)?;
    let many = measure("… with 400 more tools", &more, Clients::Modern)?;
    let session = measure("… in a session", &serve, Clients::Session)?;
    let client = program("memory_client");
    let memory = show("client and server in memory", valgrind::measure_program(&client)?);
    println!(
        "{:<34} {:>22.1}",
        "bowline above bare hyper, times",
        plain.instructions / floor.instructions
    );
    let growth = (many.instructions / plain.instructions - 1.0) * 100.0;
    let size = std::fs::metadata(&bowline)
        .map_err(|error| format!("cannot read {bowline}: {error}"))?
        .len();
    let mut gates = vec![
        Gate::new("instructions", plain.instructions, 45_000.0).aim(34_000.0),
        Gate::new("allocations", plain.allocations, 24.0).aim(16.0),
        Gate::new("growth with 400 more tools, %", growth, 1.0),
        Gate::new("instructions in a session", session.instructions, 60_000.0).aim(45_000.0),
        Gate::new("allocations in a session", session.allocations, 32.0).aim(24.0),
        Gate::new("instructions in memory, client and server", memory.instructions, 42_000.0)
            .aim(30_000.0),
        Gate::new("allocations in memory, client and server", memory.allocations, 47.0).aim(32.0),
        Gate::new("size of the binary, MiB", mebibytes(size), 15.0),
    ];
    gates.extend(idle()?);
    if !no_stdio {
        let resident = stdio::compare(&program("stdio_floor"), &bowline)?;
        let resident = mebibytes(resident);
        gates.push(Gate::new("resident after pipelined stdio, MiB", resident, 10.0));
    }
    if !no_proxy {
        gates.push(proxy::compare(&program("proxy_floor"), &bowline)?);
    }
    if !no_peer {
        gates.push(memory::compare(&client)?);
    }
    judge("cost", &gates)
}

/// What sessions and streams keep while nothing happens, in KiB.
fn idle() -> Result<Vec<Gate>, String> {
    let limit = format!("sessions={}", SESSIONS + 1);
    let command = Target::Bowline.command("{port}", &[&limit]);
    let heap = valgrind::kept(&command.iter().map(String::as_str).collect::<Vec<_>>(), SESSIONS)?;
    let resident = idle::measure(Target::Bowline, SESSIONS, STREAMS)?;
    Ok(vec![
        Gate::new("heap of an idle session, KiB", heap / 1024.0, 2.0).aim(1.0),
        Gate::new("resident for an idle session, KiB", resident.session, 2.0).aim(1.0),
        Gate::new("resident for an open stream and its connection, KiB", resident.stream, 15.0)
            .aim(14.0),
    ])
}

const SESSIONS: u32 = 10_000;
const STREAMS: u32 = 1_000;

fn measure(name: &str, command: &[&str], clients: Clients) -> Result<Cost, String> {
    Ok(show(name, valgrind::measure(command, clients)?))
}

fn show(name: &str, cost: Cost) -> Cost {
    let [first, second] = cost.slopes;
    let instructions = format!("{:.0} ({first:.0}, {second:.0})", cost.instructions);
    println!("{name:<34} {instructions:>22} {:>12.1} {:>12.0}", cost.allocations, cost.bytes);
    cost
}

/// Runs this task again on the second CPU, because servers are pinned to the first; `None` when we are there already.
fn on_second_cpu(args: &[String]) -> Result<Option<Result<(), String>>, String> {
    let cpus = thread::available_parallelism().map_or(1, std::num::NonZero::get);
    if !exists("taskset") || cpus < 2 {
        return Ok(None);
    }
    let ourselves =
        std::env::current_exe().map_err(|error| format!("cannot find this program: {error}"))?;
    let mut again = Command::new("taskset");
    again.args(["-c", "1"]).arg(ourselves).arg("cost").args(args);
    Ok(Some(must(&mut again)))
}

fn program(name: &str) -> String {
    target("release").join(name).display().to_string()
}
