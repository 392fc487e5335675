//! How the process ends. The codes are stable: scripts may rely on them.

use crate::escape::escape;
use crate::logs::Format;
use bowline::config::Problems;
use std::fmt;
use std::io::{self, Write};
use std::process::ExitCode;

/// How the process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// What was asked for is done.
    Done = 0,
    /// The command line was wrong, or anything else that has no code of its own.
    Failed = 1,
    /// The server wants to know who calls.
    AuthRequired = 3,
    /// The server cannot be reached.
    Unreachable = 4,
    /// The tool says that it failed, or what was asked for is not there.
    ToolFailed = 5,
    /// The server broke a rule of the protocol.
    Violation = 7,
    /// The server took too long.
    TimedOut = 8,
    /// Interrupted from the keyboard.
    Interrupted = 130,
    /// Told to end a second time, before what was running was done.
    Terminated = 143,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// What went wrong, and what to do about it.
#[derive(Debug, PartialEq)]
pub(crate) struct Fault {
    message: String,
    hint: Option<String>,
    exit: Exit,
}

impl Fault {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None, exit: Exit::Failed }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// What the process ends with, other than [`Exit::Failed`].
    pub(crate) fn exit(mut self, exit: Exit) -> Self {
        self.exit = exit;
        self
    }

    /// Tells it as the last thing on standard error: to a person, or as one line of JSON.
    pub(crate) fn tell(&self, format: Format) -> Exit {
        let text = match format {
            Format::Human => self.to_string(),
            Format::Json => {
                let error = serde_json::json!({
                    "error": { "code": self.exit.word(), "message": self.message, "hint": self.hint }
                });
                crate::escape::json(&format!("{error}\n")).into_owned()
            }
        };
        // Nobody is left to tell when standard error is closed.
        let _ = io::stderr().lock().write_all(text.as_bytes());
        self.exit
    }
}

impl Exit {
    /// What a script reads in the last line of standard error.
    fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::AuthRequired => "auth_required",
            Self::Unreachable => "unreachable",
            Self::ToolFailed => "tool_failed",
            Self::Violation => "protocol_violation",
            Self::TimedOut => "timeout",
            Self::Interrupted => "interrupted",
            Self::Terminated => "terminated",
        }
    }
}

impl From<bowline::Error> for Fault {
    fn from(error: bowline::Error) -> Self {
        Self::new(chain(&error))
    }
}

impl From<Problems> for Fault {
    fn from(problems: Problems) -> Self {
        Self::new(problems.to_string())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "error: {}", escape(&self.message))?;
        match &self.hint {
            Some(hint) => writeln!(f, "hint: {}", escape(hint)),
            None => Ok(()),
        }
    }
}

/// An error and what it was caused by, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
