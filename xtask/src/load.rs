//! `cargo xtask load`: what clients that misbehave cost the server and everybody else.
//!
//! POSTs that must be refused, a reader that stops reading, more sessions than there is room for: a million each, or
//! with `--smoke` as many as fit into a minute. `--peer` does to rmcp what costs little there, for a comparison that
//! gates nothing.

pub(crate) mod calls;
pub(crate) mod idle;
mod invalid;
mod opening;
mod room;
mod stalled;
pub(crate) mod target;
pub(crate) mod wire;

use crate::flags::Flags;
use crate::gate::{Gate, judge};
use crate::workspace::build_release;
use stalled::Plan;
use target::Target;

/// Loads, prints and judges.
pub(crate) fn run(args: &[String]) -> Result<(), String> {
    let mut flags = Flags::new(args);
    let size = if flags.switch("--smoke") { SMOKE } else { FULL };
    let peer = flags.switch("--peer");
    let wanted = flags.operands()?;
    if let Some(unknown) = wanted.iter().find(|name| PARTS.iter().all(|part| part.name != *name)) {
        return Err(format!("no part {unknown}; there are invalid, stalled and initialize"));
    }
    build_release()?;
    let mut gates = Vec::new();
    for part in
        PARTS.iter().filter(|part| wanted.is_empty() || wanted.contains(&part.name.to_owned()))
    {
        gates.extend((part.run)(&size)?);
    }
    if peer {
        compare(&size)?;
    }
    judge("load", &gates)
}

/// How much of everything.
struct Size {
    posts: u32,
    initialize: u32,
    notifications: u32,
    rounds: usize,
    /// Whether latencies are judged.
    timed: bool,
}

const FULL: Size = Size {
    posts: 1_000_000,
    initialize: 1_000_000,
    notifications: 1_000_000,
    rounds: 5,
    timed: true,
};

const SMOKE: Size =
    Size { posts: 60_000, initialize: 100_000, notifications: 200_000, rounds: 1, timed: false };

struct Part {
    name: &'static str,
    run: fn(&Size) -> Result<Vec<Gate>, String>,
}

const PARTS: &[Part] = &[
    Part { name: "invalid", run: |size| invalid::measure(Target::Bowline, size.posts) },
    Part { name: "stalled", run: stalled },
    Part { name: "initialize", run: |size| opening::measure(Target::Bowline, size.initialize) },
];

fn stalled(size: &Size) -> Result<Vec<Gate>, String> {
    println!("\n{}", stalled::HEAD);
    let mut gates = Vec::new();
    for sessions in [false, true] {
        let plan = plan(Target::Bowline, sessions, size);
        let felt = plan.run()?;
        felt.print(&plan.name());
        gates.extend(felt.gates(&plan.name(), size.timed));
    }
    Ok(gates)
}

fn plan(target: Target, sessions: bool, size: &Size) -> Plan {
    Plan { target, sessions, notifications: size.notifications, rounds: size.rounds }
}

/// Ours beside rmcp, as it comes.
fn compare(size: &Size) -> Result<(), String> {
    Target::Rmcp.build()?;
    println!("\n{}", stalled::HEAD);
    let plan = plan(Target::Rmcp, true, size);
    plan.run()?.print(&plan.name());

    println!("\n{:<26} {:>16} {:>16}", "resident, KiB", "idle session", "open stream");
    let mut figures = Vec::new();
    for target in [Target::Bowline, Target::Rmcp] {
        let idle = idle::measure(target, 10_000, 1_000)?;
        println!("{:<26} {:>16.1} {:>16.1}", target.name(), idle.session, idle.stream);
        figures.push(idle);
    }
    let [ours, theirs] = &figures[..] else { return Ok(()) };
    let (session, stream) = (theirs.session / ours.session, theirs.stream / ours.stream);
    println!("{:<26} {session:>16.1} {stream:>16.1}", "rmcp over bowline, times");
    Ok(())
}
