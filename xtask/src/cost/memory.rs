//! The CPU time of one call from a client to a server in the same process, beside rmcp's.

use crate::gate::{Gate, median};
use crate::load::target::{Target, rmcp_program};
use crate::process::{output, pinned};

/// Prints the CPU time of one call of both; the gate is on their ratio.
pub(crate) fn compare(ours: &str) -> Result<Gate, String> {
    Target::Rmcp.build()?;
    let theirs = rmcp_program("memory").display().to_string();
    let mut times = [Vec::new(), Vec::new()];
    // In turn, so that a busy neighbour slows both.
    for _ in 0..ROUNDS {
        times[0].push(call(ours)?);
        times[1].push(call(&theirs)?);
    }
    let [ours, theirs] = times.map(|times| median(&times));
    println!("\ntools/call echo in memory, {CALLS} one after the other, median of {ROUNDS} rounds");
    println!("{:<34} {ours:>10.2} µs of CPU, client and server", "bowline");
    println!("{:<34} {theirs:>10.2} µs of CPU, client and server", "rmcp over an in-memory pipe");
    let what = "CPU of a call in memory, % of rmcp's";
    Ok(Gate::new(what, ours / theirs * 100.0, 25.0).aim(15.0))
}

const ROUNDS: usize = 5;
const CALLS: u32 = 50_000;

/// What one call took, in microseconds.
fn call(program: &str) -> Result<f64, String> {
    let printed = output(pinned(program).arg(CALLS.to_string()))?;
    let time = printed.trim().parse();
    time.map_err(|_| format!("{program} printed no number but `{}`", printed.trim()))
}
