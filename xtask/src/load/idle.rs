//! What a server keeps for those who are there and say nothing: resident memory of sessions, streams and connections.

use super::calls::Caller;
use super::target::Target;
use super::wire::Connection;
use crate::gate::kibibytes;
use std::thread;
use std::time::Duration;

/// KiB of resident memory.
pub(crate) struct Idle {
    /// Of a session that was opened and then left alone.
    pub(crate) session: f64,
    /// Of the stream of a session, with its connection.
    pub(crate) stream: f64,
}

/// Opens so many sessions over one connection, then streams of the first of them.
pub(crate) fn measure(target: Target, sessions: u32, streams: u32) -> Result<Idle, String> {
    let sessions_limit = format!("sessions={}", sessions + WARM);
    // One worker has one arena of the allocator: how two share what is freed changes from run to run.
    let running = target.start(&[&sessions_limit], true)?;
    let port = running.port;
    let mut connection = Connection::open(port)?;
    // What is done for the first time takes pages of the program, which no session and no stream keeps.
    let mut warm = Vec::new();
    for number in 0..WARM {
        let caller = Caller::open(&mut connection, port)?;
        echoed(&mut connection, &caller, port, number)?;
        warm.push(stream(&caller, port)?);
    }
    drop(warm);
    settle();
    let before = running.process.own()?;
    let callers: Vec<Caller> =
        (0..sessions).map(|_| Caller::open(&mut connection, port)).collect::<Result<_, _>>()?;
    settle();
    let with_sessions = running.process.own()?;

    let open = callers.iter().take(streams as usize);
    let open: Vec<Connection> =
        open.map(|caller| stream(caller, port)).collect::<Result<_, _>>()?;
    settle();
    let with_streams = running.process.own()?;
    // The sessions that these figures are about are still there.
    for caller in [callers.first(), callers.last()].into_iter().flatten() {
        echoed(&mut connection, caller, port, 0)?;
    }
    drop(open);
    let per =
        |more: u64, less: u64, count: u32| (kibibytes(more) - kibibytes(less)) / f64::from(count);
    Ok(Idle {
        session: per(with_sessions, before, sessions),
        stream: per(with_streams, with_sessions, streams),
    })
}

/// Sessions, with a stream of each, before the first look at memory.
const WARM: u32 = 50;

/// Opens the stream of a session on a connection of its own.
fn stream(caller: &Caller, port: u16) -> Result<Connection, String> {
    let mut connection = Connection::open(port)?;
    connection.send(caller.stream(port).as_bytes())?;
    let answer = connection.head()?;
    let is_stream =
        answer.header("content-type").is_some_and(|kind| kind.starts_with("text/event-stream"));
    match answer.status {
        200 if is_stream => Ok(connection),
        status => Err(format!("GET was answered {status} instead of by a stream")),
    }
}

/// Calls `echo` and checks its answer.
pub(crate) fn echoed(
    connection: &mut Connection,
    caller: &Caller,
    port: u16,
    number: u32,
) -> Result<(), String> {
    called(connection, caller, port, number, "echo")
}

/// The same of a tool that echoes under another name.
pub(crate) fn called(
    connection: &mut Connection,
    caller: &Caller,
    port: u16,
    number: u32,
    tool: &str,
) -> Result<(), String> {
    let answer = connection.ask(&caller.call(port, number, tool, r#"{"message":"hello"}"#))?;
    match answer.is_echo() {
        true => Ok(()),
        false => Err(format!("{tool} was answered {}: {}", answer.status, answer.body)),
    }
}

/// Lets the server end what it does after its answers.
pub(crate) fn settle() {
    thread::sleep(Duration::from_millis(1_000));
}
