//! How the process ends. The codes are stable: scripts may rely on them.

use crate::escape::{self, escape};
use crate::logs::Format;
use crate::show::{indented, screen};
use bowline::config::Problems;
use serde_json::json;
use std::error::Error as _;
use std::fmt;
use std::process::ExitCode;

/// How the process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// What was asked for is done.
    Done = 0,
    /// The command line was wrong, or anything else that has no code of its own.
    Failed = 1,
    /// The server wants to know who calls, or does not let them.
    AuthRequired = 3,
    /// The server cannot be reached or started, or was lost.
    Unreachable = 4,
    /// The tool says that it failed, the server answers with an error, or what was asked for is not there.
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
    /// The error as the peer put it: a code and data.
    rpc: Option<Box<(i64, Option<serde_json::Value>)>>,
    /// What the server's process said last on standard error.
    stderr: String,
    /// It is told as JSON, whoever reads it.
    as_json: bool,
}

impl Fault {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: None,
            exit: Exit::Failed,
            rpc: None,
            stderr: String::new(),
            as_json: false,
        }
    }

    /// Nobody reads our results any more, which is their good right: the end, without a word.
    pub(crate) fn unread() -> Self {
        Self::new("").exit(Exit::Done)
    }

    /// What failed in the dealings with a server: how the process ends depends on who is to blame.
    pub(crate) fn of_server(error: &bowline::Error) -> Self {
        let exit = if error.is_unauthorized() {
            Exit::AuthRequired
        } else if error.is_timeout() {
            Exit::TimedOut
        } else if error.is_bad_answer() {
            Exit::Violation
        } else if error.rpc().is_some() || error.is_tool_error() {
            Exit::ToolFailed
        } else if error.is_closed() || error.is_unreachable() {
            Exit::Unreachable
        } else {
            Exit::Failed
        };
        let message = match error.rpc() {
            Some(rpc) => format!("the server answered with an error: {rpc}"),
            None => chain(error),
        };
        let mut fault = Self::new(message).exit(exit);
        fault.rpc = error.rpc().map(|rpc| Box::new((rpc.code.0, rpc.data.clone())));
        if exit == Exit::AuthRequired {
            fault.hint = Some(TOKEN.to_owned());
        }
        fault
    }

    /// As [`Fault::of_server`], for a login that failed: nothing else lets in.
    pub(crate) fn of_login(error: &bowline::Error) -> Self {
        let mut fault = Self::of_connecting(error);
        fault.hint = None;
        fault
    }

    /// As [`Fault::of_server`], when no connection was made.
    pub(crate) fn of_connecting(error: &bowline::Error) -> Self {
        let mut fault = Self::of_server(error);
        let mut was_lost = false;
        let mut cause = error.source();
        while let Some(error) = cause {
            let ours = error.downcast_ref::<bowline::Error>();
            was_lost |= ours.is_some_and(|error| error.is_closed() || error.is_unreachable());
            cause = error.source();
        }
        if was_lost && fault.exit != Exit::AuthRequired
            || fault.exit == Exit::Failed && !error.is_invalid()
        {
            fault.exit = Exit::Unreachable;
        }
        fault
    }

    /// The code of the peer's error, if it answered with one.
    pub(crate) fn rpc_code(&self) -> Option<i64> {
        self.rpc.as_deref().map(|(code, _)| *code)
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub(crate) fn exit(mut self, exit: Exit) -> Self {
        self.exit = exit;
        self
    }

    /// Adds what the server's process said on standard error, of which the end is shown.
    pub(crate) fn stderr(mut self, said: &str) -> Self {
        let lines: Vec<_> = said.lines().collect();
        self.stderr = lines[lines.len().saturating_sub(TAIL)..].join("\n");
        self
    }

    /// Has it told as JSON, whoever reads it.
    pub(crate) fn told_as_json(mut self) -> Self {
        self.as_json = true;
        self
    }

    /// How the process ends.
    pub(crate) fn code(&self) -> Exit {
        self.exit
    }

    /// Tells it as the last thing on standard error: to a person, or as one line of JSON.
    pub(crate) fn tell(&self, format: Format) -> Exit {
        if self.exit != Exit::Done {
            screen::write(&match format {
                Format::Human if !self.as_json => self.to_string(),
                Format::Human | Format::Json => {
                    escape::json(&format!("{}\n", self.json())).into_owned()
                }
            });
        }
        self.exit
    }

    /// One object, which also stands for a server in the results about several.
    pub(crate) fn json(&self) -> serde_json::Value {
        let mut error = json!({ "code": self.exit.word(), "message": self.message });
        if let Some(hint) = &self.hint {
            error["hint"] = json!(hint);
        }
        if let Some((code, data)) = self.rpc.as_deref() {
            error["rpc"] = json!({ "code": code });
            if let Some(data) = data {
                error["rpc"]["data"] = data.clone();
            }
        }
        if !self.stderr.is_empty() {
            error["stderr"] = json!(self.stderr);
        }
        json!({ "error": error })
    }
}

const TOKEN: &str =
    "send a token of yours, such as with -H 'Authorization: Bearer ${TOKEN}' in single quotes";

/// How many lines of a server's standard error are shown.
const TAIL: usize = 20;

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
        if !self.stderr.is_empty() {
            writeln!(f, "the server said on standard error:")?;
            f.write_str(&indented("  | ", &escape(&self.stderr)))?;
        }
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
