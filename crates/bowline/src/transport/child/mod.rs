//! Child processes: started without a shell, ended with all they started, and never left behind.
//!
//! ```no_run
//! # async fn demo() -> bowline::Result<()> {
//! use bowline::transport::child::{Command, Ending};
//!
//! let mut child = Command::parse("npx -y @modelcontextprotocol/server-memory")?.start().await?;
//! let (stdout, stdin) = child.take_io().expect("nobody took it before");
//! # drop((stdout, stdin));
//! let ended = child.close(Ending::default()).await;
//! println!("{}: {}\n{}", ended.how, ended.exit, child.stderr().tail());
//! # Ok(())
//! # }
//! ```
//!
//! **The end of a child** is the one that the specification
//! [asks for](https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/stdio#shutdown): its input ends;
//! who is still there after [`Ending::eof`] is told to terminate, and killed after [`Ending::term`]. Both signals go to
//! the process group of the child, so that they reach what it started, and the kill is sent even when the child itself
//! has long gone. Dropping a [`Child`], or the future of [`Command::start`], does the same without waiting. When the
//! runtime shuts down, what still runs is killed at once. All of it is reaped.
//!
//! **Limits.** A process that leaves its group (`setsid`) is not found again; it sees its input end, and that is all.
//! Nothing here runs when this process is killed itself: [`Command::guard`] is for that. On Windows there are no groups
//! and no polite signal: the child is killed after [`Ending::eof`], and what it started is left to its own.
//!
//! Linux is tested. Children need a Tokio runtime with I/O and time enabled.

mod command;
mod ending;
mod group;
#[cfg(unix)]
mod guard;
mod io;
mod keep;
mod line;
mod locate;
mod log;
#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

#[cfg(unix)]
use unix as platform;
#[cfg(windows)]
use windows as platform;

pub(crate) use group::Group;

pub use command::{Command, Stderr};
pub use ending::{Ended, Ending, Exit, How};
#[cfg(unix)]
pub use guard::guard;
pub use io::{ChildStdin, ChildStdout};
pub use log::{StderrLines, StderrLog};

use keep::Handle;

/// A process that was started, with its streams.
///
/// Dropping it ends the process and all of its group, as [`close`](Self::close) does, without waiting.
#[derive(Debug)]
pub struct Child {
    id: u32,
    // Which others may have joined.
    group: Option<u32>,
    stdin: ChildStdin,
    stdout: Option<ChildStdout>,
    stderr: StderrLog,
    // Dropping it is what tells the keeper to end the process.
    handle: Handle,
}

impl Child {
    /// Its output and its input, once.
    ///
    /// The input ends when either half of us says so: when it is dropped, and when the child is closed or dropped,
    /// whoever holds the stream then. The output ends when nobody has it open any more, which a process that left the
    /// group can put off: stop reading some time after [`exited`](Self::exited).
    pub fn take_io(&mut self) -> Option<(ChildStdout, ChildStdin)> {
        Some((self.stdout.take()?, self.stdin.hand_over()))
    }

    /// The process id, as long as it is certain to be this process.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        self.handle.lives().then_some(self.id)
    }

    /// What it says on its standard error.
    #[must_use]
    pub fn stderr(&self) -> StderrLog {
        self.stderr.clone()
    }

    /// Waits until the process has exited, of itself or because it was ended; any number may wait.
    ///
    /// What it started may still run, and is about to be ended. What it said on standard error before its exit is in
    /// [`stderr`](Self::stderr) by then.
    pub async fn exited(&self) -> Exit {
        self.handle.exited().await
    }

    /// Ends the process and all of its group, and waits until nothing is left, for at most the sum of the times in
    /// `ending` and a second.
    ///
    /// Dropping the future changes nothing about the ending. A further call changes its times, and waits too.
    pub async fn close(&self, ending: Ending) -> Ended {
        self.handle.close(ending).await
    }
}
