//! Instructions and allocations per request: slopes between runs of a server under valgrind.

use crate::load::calls::Caller;
use crate::load::idle::called;
use crate::load::wire::Connection;
use crate::process::{Server, exists, free_port, must, output, pinned};
use std::process::{Command, Stdio};
use std::time::Duration;

/// What one request costs the whole process, outside of the kernel.
pub(crate) struct Cost {
    /// Instructions over the whole span of requests.
    pub(crate) instructions: f64,
    /// The same over its first and its second half; they agree when nothing grows.
    pub(crate) slopes: [f64; 2],
    /// Calls of the allocator.
    pub(crate) allocations: f64,
    /// Bytes asked of the allocator.
    pub(crate) bytes: f64,
}

/// Installs valgrind where it is missing and there is a way to.
pub(crate) fn install() -> Result<(), String> {
    if exists("valgrind") {
        return Ok(());
    }
    let installed = must(Command::new("apt-get").args(["install", "--yes", "--quiet", "valgrind"]));
    installed.map_err(|error| format!("valgrind is needed to count instructions: {error}"))
}

/// What clients do with the server.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Clients {
    /// One calls the tool `echo`, again and again on one connection.
    Modern,
    /// The same of a tool that echoes under another name.
    Calling(&'static str),
    /// The same as [`Clients::Modern`] in a session.
    Session,
    /// Each opens a session and leaves it alone.
    Idle,
}

/// Measures the server that `command` starts; `{port}` in it becomes the port.
pub(crate) fn measure(command: &[&str], clients: Clients) -> Result<Cost, String> {
    slopes(|tool, requests| report(tool, command, clients, requests))
}

/// Measures a program that makes as many calls as its argument says, and ends.
pub(crate) fn measure_program(program: &str) -> Result<Cost, String> {
    slopes(|tool, calls| {
        let mut valgrind = pinned("valgrind");
        valgrind.args(tool).args(["--log-fd=1", program, &calls.to_string()]);
        output(&mut valgrind)
    })
}

/// What a request costs, from the reports of runs with so many of them.
fn slopes(report: impl Fn(&[&str], u32) -> Result<String, String>) -> Result<Cost, String> {
    let callgrind = ["--tool=callgrind", "--callgrind-out-file=/dev/null"];
    let mut collected = [0.0; 3];
    for (at, requests) in SPANS.into_iter().enumerate() {
        collected[at] = instructions(&report(&callgrind, requests)?)?;
    }
    let slope = |from: usize, to: usize| {
        (collected[to] - collected[from]) / f64::from(SPANS[to] - SPANS[from])
    };

    let memcheck = ["--tool=memcheck", "--leak-check=no", "--undef-value-errors=no"];
    let few = heap(&report(&memcheck, SPANS[0])?)?;
    let more = heap(&report(&memcheck, SPANS[1])?)?;
    let between = f64::from(SPANS[1] - SPANS[0]);
    Ok(Cost {
        instructions: slope(0, 2),
        slopes: [slope(0, 1), slope(1, 2)],
        allocations: (more.0 - few.0) / between,
        bytes: (more.1 - few.1) / between,
    })
}

/// What an idle session keeps on the heap, in bytes: how much more is in use at most after so many more of them.
pub(crate) fn kept(command: &[&str], sessions: u32) -> Result<f64, String> {
    let dhat = ["--tool=dhat", "--dhat-out-file=/dev/null"];
    let none = peak(&report(&dhat, command, Clients::Idle, 1)?)?;
    let all = peak(&report(&dhat, command, Clients::Idle, sessions + 1)?)?;
    Ok((all - none) / f64::from(sessions))
}

/// Requests of each run.
const SPANS: [u32; 3] = [500, 2_500, 4_500];

/// Runs the server on the first CPU, which gives it one worker thread, and returns what valgrind says at its end.
fn report(tool: &[&str], command: &[&str], clients: Clients, count: u32) -> Result<String, String> {
    let port = free_port()?;
    let words = command.iter().map(|word| word.replace("{port}", &port.to_string()));
    let mut valgrind = pinned("valgrind");
    valgrind.args(tool).args(words).stdin(Stdio::null()).stdout(Stdio::null());
    let mut server = Server::start(&mut valgrind)?;
    server.wait_for_port(port, Duration::from_secs(60))?;
    load(port, clients, count)?;
    server.end(Duration::from_secs(60))
}

/// So many calls, or sessions, one after the other over one connection.
fn load(port: u16, clients: Clients, count: u32) -> Result<(), String> {
    let mut connection = Connection::open(port)?;
    let caller = match clients {
        Clients::Idle => {
            return (0..count).try_for_each(|_| Caller::open(&mut connection, port).map(drop));
        }
        Clients::Modern | Clients::Calling(_) => Caller::Modern,
        Clients::Session => Caller::open(&mut connection, port)?,
    };
    let tool = if let Clients::Calling(tool) = clients { tool } else { "echo" };
    (0..count).try_for_each(|number| called(&mut connection, &caller, port, number, tool))
}

/// The number in `==7== Collected : 123456`.
fn instructions(report: &str) -> Result<f64, String> {
    let after = report.split_once("Collected : ").map(|(_, after)| after);
    let number = after
        .and_then(|after| after.split_whitespace().next())
        .and_then(|number| number.parse().ok());
    number.ok_or_else(|| format!("callgrind said nothing of instructions:\n{report}"))
}

/// The numbers in `==7==   total heap usage: 1,234 allocs, 1,200 frees, 56,789 bytes allocated`.
fn heap(report: &str) -> Result<(f64, f64), String> {
    let after = report.split_once("total heap usage: ").map(|(_, after)| after);
    let line = after.and_then(|after| after.lines().next()).unwrap_or_default();
    let mut numbers = line.split(' ').filter_map(|word| word.replace(',', "").parse::<f64>().ok());
    let (allocations, _frees, bytes) = (numbers.next(), numbers.next(), numbers.next());
    allocations.zip(bytes).ok_or_else(|| format!("memcheck said nothing of the heap:\n{report}"))
}

/// The number in `==7== At t-gmax: 56,789 bytes in 1,234 blocks`.
fn peak(report: &str) -> Result<f64, String> {
    let after = report.split_once("At t-gmax: ").map(|(_, after)| after);
    let number = after.and_then(|after| after.split(' ').next());
    let number = number.and_then(|number| number.replace(',', "").parse().ok());
    number.ok_or_else(|| format!("dhat said nothing of the most memory in use:\n{report}"))
}

#[cfg(test)]
mod tests {
    use super::{heap, instructions, peak};

    #[test]
    fn the_figures_are_read_from_the_reports() {
        let close = |a: f64, b: f64| (a - b).abs() < f64::EPSILON;
        let callgrind = "==7== Events    : Ir\n==7== Collected : 123456\n==7== \n";
        assert!(close(instructions(callgrind).unwrap(), 123_456.0));
        let memcheck =
            "==7==   total heap usage: 1,234 allocs, 1,200 frees, 56,789 bytes allocated\n";
        let (allocations, bytes) = heap(memcheck).unwrap();
        assert!(close(allocations, 1_234.0) && close(bytes, 56_789.0));
        let dhat =
            "==7== At t-gmax: 56,789 bytes in 1,234 blocks\n==7== At t-end:  9 bytes in 1 blocks\n";
        assert!(close(peak(dhat).unwrap(), 56_789.0));
        assert!(instructions("").is_err() && heap("").is_err() && peak("").is_err());
    }
}
