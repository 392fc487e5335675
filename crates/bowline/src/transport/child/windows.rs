//! Processes of Windows: no groups, and no polite signal.

use super::line::Word;
use super::{Command, Exit, Stderr};
use crate::error::{Error, Result};
use std::io;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use tokio::process::{self, ChildStderr, ChildStdin, ChildStdout};

pub(super) type Input = ChildStdin;
pub(super) type Output = ChildStdout;
pub(super) type Errors = ChildStderr;

/// How files of programs end; `npx` is a script for `cmd.exe`, which the standard library quotes for.
pub(super) const SUFFIXES: &[&str] = &["", ".exe", ".com", ".cmd", ".bat"];

pub(super) fn executable(path: &Path) -> bool {
    path.extension().is_some_and(|extension| {
        SUFFIXES.iter().any(|suffix| {
            suffix.strip_prefix('.').is_some_and(|suffix| extension.eq_ignore_ascii_case(suffix))
        })
    })
}

/// A file that is no program is not executed by anybody.
pub(super) fn for_a_shell(_: &Path) -> bool {
    false
}

/// There is no such read here.
pub(super) fn read_now(_: &mut Errors, _: &mut [u8]) -> io::Result<usize> {
    Err(io::ErrorKind::WouldBlock.into())
}

/// A process just started.
pub(super) struct Started {
    pub(super) processes: Processes,
    pub(super) input: Input,
    pub(super) output: Output,
    pub(super) errors: Option<Errors>,
}

/// Has no window, and does not hear the Ctrl-C that is for us.
const CREATE_NO_WINDOW: u32 = 0x0800_0000;
const CREATE_NEW_PROCESS_GROUP: u32 = 0x0000_0200;

pub(super) fn spawn(command: &Command, program: &Path) -> Result<Started> {
    if command.guarded_by().is_some() {
        return Err(Error::unsupported(
            "there are no process groups to guard on Windows; start the command without a guard",
        ));
    }
    let mut plan = process::Command::new(program);
    plan.args(command.arguments()).kill_on_drop(true);
    plan.creation_flags(CREATE_NO_WINDOW | CREATE_NEW_PROCESS_GROUP);
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
    let shown = Word(command.program());
    let mut child =
        plan.spawn().map_err(|error| Error::io(format!("cannot start program {shown}"), error))?;
    let missing = || Error::invalid("the system gave no pipes to the process");
    Ok(Started {
        input: child.stdin.take().ok_or_else(missing)?,
        output: child.stdout.take().ok_or_else(missing)?,
        errors: child.stderr.take(),
        processes: Processes { id: child.id().unwrap_or_default(), child },
    })
}

/// A child. Dropping it kills it.
pub(super) struct Processes {
    id: u32,
    child: process::Child,
}

impl Processes {
    pub(super) fn id(&self) -> u32 {
        self.id
    }

    /// There are no groups.
    pub(super) fn group(&self) -> Option<u32> {
        None
    }

    /// Waits for its exit.
    pub(super) async fn exited(&mut self) -> Exit {
        let status = self.child.wait().await.ok();
        status.and_then(|status: ExitStatus| status.code()).map_or(Exit::Unknown, Exit::Code)
    }

    /// Nobody is looked for.
    pub(super) fn have_company(&self) -> Option<bool> {
        Some(false)
    }

    /// There is no way to.
    pub(super) fn terminate(&self) -> bool {
        false
    }

    pub(super) fn kill(&mut self) {
        // One that has gone does not mind.
        let _ = self.child.start_kill();
    }

    /// Waits until the system has let it go.
    pub(super) async fn reaped(&mut self) {
        let _ = self.child.wait().await;
    }
}
