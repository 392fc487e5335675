//! `cargo xtask cost`: what one request costs the real binary, counted rather than timed where that is possible.
//!
//! Instructions and allocations come from valgrind as slopes: two runs that differ only in the number of requests, so
//! that starting and ending cancel out. They are the same on every machine, and CI fails on them and on resident
//! memory. Requests per second are printed beside those of a floor program (`bench/`) from the same run, and gate
//! nothing.

mod load;
mod stdio;
mod valgrind;

use crate::flags::Flags;
use crate::process::{exists, must};
use crate::workspace::{build_release, target};
use std::process::Command;
use std::thread;
use valgrind::Cost;

/// Measures, prints and judges.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    let mut flags = Flags::new(args);
    let no_stdio = flags.switch("--no-stdio");
    flags.end()?;
    if let Some(verdict) = on_second_cpu(args)? {
        return verdict;
    }
    valgrind::install()?;
    build_release()?;

    let mut gates = Vec::new();
    println!(
        "{:<34} {:>22} {:>12} {:>12}",
        "per request of tools/call echo", "instructions (slopes)", "allocations", "bytes"
    );
    let floor = measure("bare hyper", &[&program("http_floor"), "{port}"])?;
    let bowline = program("bowline");
    let serve = [bowline.as_str(), "serve", "everything", "--listen", "127.0.0.1:{port}"];
    let plain = measure("bowline serve everything", &serve)?;
    let many = measure("… with 400 more tools", &[&serve[..], &["--extra-tools", "400"]].concat())?;
    println!(
        "{:<34} {:>22.1}",
        "bowline above bare hyper, times",
        plain.instructions / floor.instructions
    );

    gates.push(Gate {
        what: "instructions",
        value: plain.instructions,
        most: 45_000.0,
        aim: Some(34_000.0),
    });
    gates.push(Gate { what: "allocations", value: plain.allocations, most: 24.0, aim: Some(16.0) });
    let growth = (many.instructions / plain.instructions - 1.0) * 100.0;
    gates.push(Gate { what: "growth with 400 more tools, %", value: growth, most: 1.0, aim: None });
    let size = std::fs::metadata(&bowline)
        .map_err(|error| format!("cannot read {bowline}: {error}"))?
        .len();
    gates.push(Gate {
        what: "size of the binary, MiB",
        value: mebibytes(size),
        most: 15.0,
        aim: None,
    });
    if !no_stdio {
        let resident = stdio::compare(&program("stdio_floor"), &bowline)?;
        gates.push(Gate {
            what: "resident after pipelined stdio, MiB",
            value: mebibytes(resident),
            most: 10.0,
            aim: None,
        });
    }

    println!("\n{:<36} {:>10} {:>10} {:>10}  verdict", "gate", "measured", "at most", "aim");
    gates.iter().for_each(Gate::print);
    let red = gates.iter().filter(|gate| !gate.holds()).count();
    println!("cost: {} passed, {red} failed", gates.len() - red);
    if red == 0 { Ok(()) } else { Err(format!("{red} of {} cost gates failed", gates.len())) }
}

/// A figure that CI fails on.
struct Gate {
    what: &'static str,
    value: f64,
    most: f64,
    aim: Option<f64>,
}

impl Gate {
    fn holds(&self) -> bool {
        self.value <= self.most
    }

    fn print(&self) {
        let aim = self.aim.map_or_else(String::new, |aim| format!("{aim:.0}"));
        let verdict = if self.holds() { "ok" } else { "FAILED" };
        println!("{:<36} {:>10.1} {:>10.0} {aim:>10}  {verdict}", self.what, self.value, self.most);
    }
}

fn measure(name: &str, command: &[&str]) -> Result<Cost, String> {
    let cost = valgrind::measure(command)?;
    let [first, second] = cost.slopes;
    let instructions = format!("{:.0} ({first:.0}, {second:.0})", cost.instructions);
    println!("{name:<34} {instructions:>22} {:>12.1} {:>12.0}", cost.allocations, cost.bytes);
    Ok(cost)
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

fn mebibytes(bytes: u64) -> f64 {
    // Exact below 2^52 bytes.
    #[expect(
        clippy::cast_precision_loss,
        reason = "sizes of programs and processes are far below 2^52"
    )]
    let bytes = bytes as f64;
    bytes / 1024.0 / 1024.0
}

#[cfg(test)]
mod tests {
    use super::{Gate, mebibytes};

    #[test]
    fn a_gate_holds_up_to_its_limit() {
        let gate = |value| Gate { what: "x", value, most: 24.0, aim: None };
        assert!(gate(24.0).holds());
        assert!(!gate(24.1).holds());
        assert!(!gate(f64::NAN).holds());
    }

    #[test]
    fn memory_is_shown_in_mebibytes() {
        assert!((mebibytes(3 * 1024 * 1024) - 3.0).abs() < f64::EPSILON);
    }
}
