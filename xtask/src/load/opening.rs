//! Many sessions that are opened and never used: there is room for so many, and they go by themselves.

use super::calls::{Caller, initialize};
use super::idle::{echoed, settle};
use super::room;
use super::target::Target;
use super::wire::Connection;
use crate::gate::{Gate, mebibytes};
use std::thread;
use std::time::{Duration, Instant};

/// Asks for so many sessions, far more than there is room for.
pub(crate) fn measure(target: Target, asked: u32) -> Result<Vec<Gate>, String> {
    let mut gates = flooded(target, asked)?;
    gates.extend(by_one(target, asked / 10)?);
    gates.extend(left_alone(target)?);
    Ok(gates)
}

fn flooded(target: Target, asked: u32) -> Result<Vec<Gate>, String> {
    let limits = [format!("sessions={CAP}"), format!("session_init_timeout={INIT_TIMEOUT_MS}")];
    let running = target.start(&limits.each_ref().map(String::as_str), false)?;
    let port = running.port;
    let mut bystander = Connection::open(port)?;
    let existing: Vec<Caller> =
        (0..EXISTING).map(|_| Caller::open(&mut bystander, port)).collect::<Result<_, _>>()?;
    settle();
    let before = running.process.resident()?;

    let started = Instant::now();
    let mut most = before;
    let mut turns = existing.iter().cycle();
    let opened = flood(port, asked, |sent| {
        let caller = turns.next().ok_or("no session was opened before the flood")?;
        echoed(&mut bystander, caller, port, sent)?;
        most = most.max(running.process.resident()?);
        Ok(())
    })?;
    let took = started.elapsed();
    println!(
        "\n{asked} initialize to {} with room for {CAP}: {opened} opened, {} refused, {:.1} s; resident {:.1} MiB, then \
         at most {:.1}",
        target.name(),
        asked - opened,
        took.as_secs_f64(),
        mebibytes(before),
        mebibytes(most)
    );
    // As many again each time that the first ones have gone.
    let generations = 1.0 + took.as_secs_f64() * 1_000.0 / f64::from(INIT_TIMEOUT_MS);

    thread::sleep(Duration::from_millis(u64::from(INIT_TIMEOUT_MS)) + SWEEP);
    // A connection on which nothing is asked for that long is closed.
    let mut bystander = Connection::open(port)?;
    for caller in &existing {
        echoed(&mut bystander, caller, port, 0)?;
    }
    let room = room::count(&mut bystander, port)?;
    Ok(vec![
        Gate::new(
            "initialize flood: sessions opened",
            f64::from(opened),
            (f64::from(CAP) * generations).floor(),
        ),
        Gate::new(
            "initialize flood: resident more than before, MiB",
            mebibytes(most) - mebibytes(before),
            f64::from(CAP) * 2.0 / 1024.0 + SLACK_MIB,
        ),
        Gate::new(
            "initialize flood: sessions left after their time",
            f64::from(CAP - EXISTING) - f64::from(room),
            0.0,
        ),
    ])
}

/// A flood of one principal, which may have a few of many: its own oldest ones make room, but none that is in use.
fn by_one(target: Target, asked: u32) -> Result<Vec<Gate>, String> {
    let limits = [format!("sessions={CAP}"), format!("sessions_per_principal={FEW}")];
    let running = target.start(&limits.each_ref().map(String::as_str), false)?;
    let port = running.port;
    let mut bystander = Connection::open(port)?;
    let used = Caller::open(&mut bystander, port)?;
    let before = running.process.resident()?;
    let mut most = before;
    let opened = flood(port, asked, |sent| {
        echoed(&mut bystander, &used, port, sent)?;
        most = most.max(running.process.resident()?);
        Ok(())
    })?;
    let grown = mebibytes(most) - mebibytes(before);
    println!("\n{asked} initialize of one principal that may have {FEW}: {opened} opened");
    Ok(vec![Gate::new("flood of one principal: resident more, MiB", grown, SLACK_MIB)])
}

/// Asks for so many sessions, looks after something else now and then, and counts those that were opened.
fn flood(
    port: u16,
    asked: u32,
    mut now_and_then: impl FnMut(u32) -> Result<(), String>,
) -> Result<u32, String> {
    let mut connection = Connection::open(port)?;
    let mut opened = 0;
    for batch in 0..asked / AT_ONCE {
        let from = batch * AT_ONCE;
        let requests: String = (from..from + AT_ONCE).map(|at| initialize(port, at)).collect();
        connection.send(requests.as_bytes())?;
        for _ in 0..AT_ONCE {
            let answer = connection.answer()?;
            match answer.header("mcp-session-id") {
                Some(_) if answer.status == 200 => opened += 1,
                _ => room::is_full(&answer)?,
            }
        }
        if batch % 64 == 0 {
            now_and_then(from)?;
        }
    }
    Ok(opened)
}

/// Sessions that were opened in full, but for one that is used.
fn left_alone(target: Target) -> Result<Vec<Gate>, String> {
    let limits = [format!("sessions={FEW}"), format!("session_idle={IDLE_MS}")];
    let running = target.start(&limits.each_ref().map(String::as_str), false)?;
    let port = running.port;
    let mut connection = Connection::open(port)?;
    let callers: Vec<Caller> =
        (0..FEW).map(|_| Caller::open(&mut connection, port)).collect::<Result<_, _>>()?;
    room::is_full(&connection.ask(&initialize(port, 0))?)?;
    let until = Instant::now() + Duration::from_millis(u64::from(IDLE_MS)) + SWEEP;
    while Instant::now() < until {
        echoed(&mut connection, &callers[0], port, 0)?;
        thread::sleep(Duration::from_millis(u64::from(IDLE_MS) / 8));
    }
    echoed(&mut connection, &callers[0], port, 0)?;
    let gone = connection.ask(&callers[1].echo(port, 0))?;
    let room = room::count(&mut connection, port)?;
    let left = f64::from(FEW - 1) - f64::from(room);
    let known = f64::from(u8::from(gone.status != 404));
    Ok(vec![
        Gate::new("idle sessions: left after their time", left, 0.0),
        Gate::new("idle sessions: known after their time", known, 0.0),
    ])
}

const CAP: u32 = 10_000;
const EXISTING: u32 = 10;
const INIT_TIMEOUT_MS: u32 = 5_000;
const FEW: u32 = 100;
const IDLE_MS: u32 = 2_000;
const AT_ONCE: u32 = 32;
/// Memory for what is no session: connections, and what the allocator keeps.
const SLACK_MIB: f64 = 4.0;
/// How long a session may be there after its time.
const SWEEP: Duration = Duration::from_millis(2_500);
