//! How a process ends.

use std::fmt;
use std::time::Duration;

/// How long each polite way of ending a process is given before the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ending {
    /// From the end of its input to being told to terminate.
    pub eof: Duration,
    /// From being told to terminate to being killed.
    pub term: Duration,
}

impl Ending {
    /// Kills at once.
    #[must_use]
    pub const fn now() -> Self {
        Self { eof: Duration::ZERO, term: Duration::ZERO }
    }

    /// Shares the time equally among the two polite ways.
    #[must_use]
    pub fn within(time: Duration) -> Self {
        Self { eof: time / 2, term: time / 2 }
    }
}

/// Two seconds each.
impl Default for Ending {
    fn default() -> Self {
        Self { eof: Duration::from_secs(2), term: Duration::from_secs(2) }
    }
}

/// How a process ended, when nothing is left of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ended {
    /// What the system says of its exit.
    pub exit: Exit,
    /// What it took.
    pub how: How,
}

/// What it took to end a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum How {
    /// Nothing: it had exited before it was told to.
    Itself,
    /// The end of its input.
    EndOfInput,
    /// The signal to terminate.
    Terminated,
    /// The signal that kills.
    Killed,
}

impl fmt::Display for How {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Itself => "ended by itself",
            Self::EndOfInput => "ended with its input",
            Self::Terminated => "ended when told to terminate",
            Self::Killed => "had to be killed",
        })
    }
}

/// The exit of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Exit {
    /// It exited with this code.
    Code(i32),
    /// This signal ended it.
    Signal(i32),
    /// Nobody can tell: other code of this program took the status, or the runtime was shut down before.
    Unknown,
}

impl Exit {
    /// Whether it exited with code 0.
    #[must_use]
    pub const fn is_success(self) -> bool {
        matches!(self, Self::Code(0))
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let signal = match self {
            Self::Code(code) => return write!(f, "exit code {code}"),
            Self::Unknown => return f.write_str("exit unknown"),
            Self::Signal(signal) => signal,
        };
        let name = NAMES.iter().find(|(number, _)| number == signal);
        match name {
            Some((_, name)) => write!(f, "signal {signal} ({name})"),
            None => write!(f, "signal {signal}"),
        }
    }
}

/// Those whose numbers are the same everywhere.
const NAMES: [(i32, &str); 10] = [
    (1, "SIGHUP"),
    (2, "SIGINT"),
    (3, "SIGQUIT"),
    (4, "SIGILL"),
    (6, "SIGABRT"),
    (8, "SIGFPE"),
    (9, "SIGKILL"),
    (11, "SIGSEGV"),
    (13, "SIGPIPE"),
    (15, "SIGTERM"),
];

#[cfg(test)]
mod tests {
    use super::Exit;

    #[test]
    fn an_exit_says_what_it_was() {
        let shown = [Exit::Code(3), Exit::Signal(9), Exit::Signal(64), Exit::Unknown];
        let shown = shown.map(|exit| exit.to_string()).join(", ");
        assert_eq!(shown, "exit code 3, signal 9 (SIGKILL), signal 64, exit unknown");
    }
}
