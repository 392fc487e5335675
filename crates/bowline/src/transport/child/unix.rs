//! Processes and process groups of Unix.
//!
//! A number of a process or group is only used while it cannot mean another one: its owner is a child of ours that has
//! not been reaped. So an exit is looked at without reaping, the group is killed, and reaping is the last of all.

mod company;

use super::line::Word;
use super::{Command, Exit, Stderr};
use crate::error::{Error, Result};
use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, getpgid, kill_process, kill_process_group, waitid,
};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{self, Stdio};
use std::thread;
use tokio::net::unix::pipe;
use tokio::signal::unix::{Signal as Signals, SignalKind, signal};

pub(super) use company::living;

pub(super) type Input = pipe::Sender;
pub(super) type Output = pipe::Receiver;
pub(super) type Errors = pipe::Receiver;

/// Programs have no particular ending.
pub(super) const SUFFIXES: &[&str] = &[""];

pub(super) fn executable(path: &Path) -> bool {
    rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok()
}

/// Whether the system itself cannot execute the file, and shells take it for a script of theirs.
pub(super) fn for_a_shell(path: &Path) -> bool {
    let mut head = [0; 256];
    // One that may be executed and not read is for the system to judge.
    let read = File::open(path).and_then(|mut file| file.read(&mut head));
    read.is_ok_and(|read| !head[..read].starts_with(b"#!") && !head[..read].contains(&0))
}

/// Reads what is there, whatever the runtime has heard of it yet.
pub(super) fn read_now(stream: &mut Errors, buffer: &mut [u8]) -> io::Result<usize> {
    Ok(rustix::io::read(&*stream, buffer)?)
}

/// A process just started.
pub(super) struct Started {
    pub(super) processes: Processes,
    pub(super) input: Input,
    pub(super) output: Output,
    pub(super) errors: Option<Errors>,
}

/// Starts the program, in a group of its own or in that of its guard.
pub(super) fn spawn(command: &Command, program: &Path) -> Result<Started> {
    // Before the start, so that no end goes unheard.
    let news = signal(SignalKind::child())
        .map_err(|error| Error::io("cannot hear of the ends of processes", error))?;
    let mut held = Held::default();
    let guard = command.guarded_by().map(|(program, arguments)| start_guard(program, arguments));
    let guard = guard.transpose()?;
    held.children.extend(guard.as_ref().map(|guard| guard.id));
    let mut plan = plan(command, program);
    plan.process_group(guard.as_ref().map_or(0, |guard| guard.id.as_raw_nonzero().get()));
    let mut child = plan.spawn().map_err(|error| refusal("program", command.program(), error))?;
    let id = id(&child)?;
    held.children.push(id);
    let processes = Processes { child: id, held, guard, news };
    let (input, output, errors) = wired(&mut child)
        .map_err(|error| Error::io("cannot use the pipes to the process", error))?;
    Ok(Started { processes, input, output, errors })
}

fn plan(command: &Command, program: &Path) -> process::Command {
    let mut plan = process::Command::new(program);
    plan.arg0(command.program()).args(command.arguments());
    if command.is_cleared() {
        plan.env_clear();
    }
    plan.envs(command.environment());
    if let Some(directory) = command.directory() {
        plan.current_dir(directory);
    }
    plan.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(match command.where_stderr_goes() {
        Stderr::Captured => Stdio::piped(),
        Stderr::Inherited => Stdio::inherit(),
        Stderr::Discarded => Stdio::null(),
    });
    plan
}

fn wired(child: &mut process::Child) -> io::Result<(Input, Output, Option<Errors>)> {
    let missing = || io::Error::from(io::ErrorKind::NotConnected);
    let input = child.stdin.take().ok_or_else(missing)?;
    let output = child.stdout.take().ok_or_else(missing)?;
    let errors = child.stderr.take().map(|pipe| Errors::from_owned_fd(pipe.into()));
    Ok((
        Input::from_owned_fd(input.into())?,
        Output::from_owned_fd(output.into())?,
        errors.transpose()?,
    ))
}

fn id(child: &process::Child) -> Result<Pid> {
    let id = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    id.ok_or_else(|| Error::invalid("the system gave a process id that is none"))
}

fn refusal(role: &str, program: &OsStr, error: io::Error) -> Error {
    let hint = match error.kind() {
        io::ErrorKind::NotFound if role == "guard" => "; give the full path of a program",
        // That the file itself is there has been looked at.
        io::ErrorKind::NotFound => "; install the interpreter that its first line names",
        io::ErrorKind::InvalidInput => "; no argument and no variable may hold a zero byte",
        _ => "",
    };
    Error::io(format!("cannot start {role} {}{hint}", Word(program)), error)
}

/// The process that leads the group, outlives us, and then ends it.
struct Guard {
    id: Pid,
    /// It is told by the end of this pipe, of which nobody else has this end.
    _lifeline: process::ChildStdin,
    /// Whether its exit is no news.
    missed: bool,
}

/// It keeps no stream of ours, and knows nothing of the command.
fn start_guard(program: &Path, arguments: &[OsString]) -> Result<Guard> {
    let mut plan = process::Command::new(program);
    plan.args(arguments).process_group(0);
    plan.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut guard = plan.spawn().map_err(|error| refusal("guard", program.as_os_str(), error))?;
    let id = id(&guard)?;
    let Some(lifeline) = guard.stdin.take() else {
        drop(Held { children: vec![id], killed: false });
        return Err(Error::invalid("the system gave no pipe to the guard"));
    };
    Ok(Guard { id, _lifeline: lifeline, missed: false })
}

/// A child with its guard and its group. Dropped before all is reaped, it kills, and reaps on a thread.
pub(super) struct Processes {
    child: Pid,
    held: Held,
    guard: Option<Guard>,
    news: Signals,
}

impl Processes {
    pub(super) fn id(&self) -> u32 {
        self.child.as_raw_nonzero().get().unsigned_abs()
    }

    /// The group of the child.
    pub(super) fn group(&self) -> Option<u32> {
        let leader = self.guard.as_ref().map_or(self.child, |guard| guard.id);
        Some(leader.as_raw_nonzero().get().unsigned_abs())
    }

    /// Waits for the exit of the child, and leaves it unreaped.
    pub(super) async fn exited(&mut self) -> Exit {
        loop {
            if let Some(exit) = exit(self.child) {
                return exit;
            }
            self.miss_guard();
            if self.news.recv().await.is_none() {
                return Exit::Unknown;
            }
        }
    }

    /// Says so when the guard has gone before the child.
    fn miss_guard(&mut self) {
        if let Some(guard) = &mut self.guard
            && !guard.missed
            && let Some(exit) = exit(guard.id)
        {
            guard.missed = true;
            tracing::warn!(%exit, child = self.child.as_raw_nonzero(), "the guard of a child process has ended");
        }
    }

    /// Whether somebody else in the group runs, where the system tells.
    pub(super) fn have_company(&self) -> Option<bool> {
        living(&self.held.children)
    }

    /// Tells all of the group to end; whether there is a way to. The guard does not heed it, once it has come up.
    pub(super) fn terminate(&mut self) -> bool {
        self.guard.iter_mut().for_each(|guard| guard.missed = true);
        self.held.signal(Signal::TERM);
        true
    }

    /// Kills all of the group, the guard too.
    pub(super) fn kill(&mut self) {
        self.held.kill();
    }

    /// Reaps them all, which must have been killed.
    pub(super) async fn reaped(&mut self) {
        while !self.held.reap() {
            if self.news.recv().await.is_none() {
                return;
            }
        }
    }
}

/// How it exited, if it has.
fn exit(child: Pid) -> Option<Exit> {
    match look(&WaitId::Pid(child), WaitIdOptions::NOWAIT) {
        Ok(None) => None,
        Ok(Some(exit)) => Some(exit),
        // Other code of this program has reaped it.
        Err(_) => Some(Exit::Unknown),
    }
}

/// Looks for one that has exited; fails if there is no such child.
fn look(which: &WaitId<'_>, how: WaitIdOptions) -> rustix::io::Result<Option<Exit>> {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | how;
    let status = rustix::io::retry_on_intr(|| waitid(which.clone(), options))?;
    Ok(status.map(|status| match (status.exit_status(), status.terminating_signal()) {
        (Some(code), _) => Exit::Code(code),
        (None, Some(signal)) => Exit::Signal(signal),
        (None, None) => Exit::Unknown,
    }))
}

/// Children of ours that are not reaped, so that their numbers are theirs. The guard comes first, if there is one.
#[derive(Default)]
struct Held {
    children: Vec<Pid>,
    /// From then on nobody is signaled again: some may be reaped, and their numbers free.
    killed: bool,
}

impl Held {
    fn kill(&mut self) {
        if !std::mem::replace(&mut self.killed, true) {
            self.signal(Signal::KILL);
        }
    }

    /// Signals the group of each, and one that has left them by itself. Whoever has gone does not mind.
    fn signal(&self, signal: Signal) {
        let ours = || self.children.iter().copied().filter(|child| is_held(*child));
        for child in ours() {
            let _ = kill_process_group(child, signal);
        }
        for child in ours() {
            if getpgid(Some(child)).is_ok_and(|group| !self.children.contains(&group)) {
                let _ = kill_process(child, signal);
            }
        }
    }

    /// Reaps those that were killed, as far as they are dead; whether nobody is left.
    ///
    /// Orphans of the group come to us if we are the first process of a container, so all of a group are reaped.
    fn reap(&mut self) -> bool {
        while let Some(child) = self.children.last() {
            if exit(*child).is_none() || !reap_all(&WaitId::Pgid(Some(*child))) {
                return false;
            }
            reap_all(&WaitId::Pid(*child));
            self.children.pop();
        }
        true
    }
}

/// Whether nobody is left to reap.
fn reap_all(which: &WaitId<'_>) -> bool {
    loop {
        match look(which, WaitIdOptions::empty()) {
            Ok(Some(_)) => {}
            Ok(None) => return false,
            Err(_) => return true,
        }
    }
}

fn is_held(child: Pid) -> bool {
    look(&WaitId::Pid(child), WaitIdOptions::NOWAIT).is_ok()
}

impl Drop for Held {
    fn drop(&mut self) {
        if self.children.is_empty() {
            return;
        }
        self.kill();
        let children = std::mem::take(&mut self.children);
        // Nobody owns it: it ends with the processes that were just killed. There may be no runtime any more.
        let reaper = thread::Builder::new().name("bowline-reaper".to_owned()).stack_size(64 * 1024);
        if reaper.spawn(move || wait_and_reap(&children)).is_err() {
            tracing::warn!(
                "no thread to reap killed processes on; they stay until this program ends"
            );
        }
    }
}

fn wait_and_reap(children: &[Pid]) {
    let wait = |which: &WaitId<'_>, how| {
        let options = WaitIdOptions::EXITED | how;
        // An error says that there is none left.
        rustix::io::retry_on_intr(|| waitid(which.clone(), options)).is_ok()
    };
    for child in children.iter().rev() {
        wait(&WaitId::Pid(*child), WaitIdOptions::NOWAIT);
        while wait(&WaitId::Pgid(Some(*child)), WaitIdOptions::empty()) {}
        wait(&WaitId::Pid(*child), WaitIdOptions::NOHANG);
    }
}
