//! Standard output: results, and nothing else.

use super::json::pretty;
use super::style::Style;
use crate::escape;
use crate::exit::Fault;
use serde::Serialize;
use std::io::{self, IsTerminal, Write};

/// Standard output, and what is wanted on it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Out {
    pub(crate) form: Form,
    pub(crate) style: Style,
    /// Whether somebody looks at it.
    pub(crate) is_terminal: bool,
}

/// The form of results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// For people.
    Text,
    /// Whole results, as JSON.
    Json,
    /// What is in a result and nothing else, byte for byte.
    Raw,
}

impl Out {
    pub(crate) fn new(form: Form) -> Self {
        Self { form, style: Style::of_output(), is_terminal: io::stdout().is_terminal() }
    }

    /// Writes text in which nothing steers a terminal any more; a line break follows if it has none.
    ///
    /// # Errors
    /// When nobody takes it.
    pub(crate) fn text(self, text: &str) -> Result<(), Fault> {
        let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
        write(&[text.as_bytes(), end.as_bytes()])
    }

    /// Writes JSON: on one line, or as people read it where somebody looks.
    ///
    /// # Errors
    /// When nobody takes it.
    pub(crate) fn json(self, json: &str) -> Result<(), Fault> {
        let json = escape::json(json);
        if self.is_terminal { self.text(&pretty(&json)) } else { self.text(&json) }
    }

    /// As [`Out::json`], of a value.
    ///
    /// # Errors
    /// When nobody takes it.
    pub(crate) fn value(self, value: &impl Serialize) -> Result<(), Fault> {
        self.json(&encoded(value)?)
    }

    /// Writes a value as one line of JSON, whoever reads it.
    ///
    /// # Errors
    /// When nobody takes it.
    pub(crate) fn line(self, value: &impl Serialize) -> Result<(), Fault> {
        self.text(&escape::json(&encoded(value)?))
    }

    /// Writes bytes as they are.
    ///
    /// # Errors
    /// When nobody takes them.
    pub(crate) fn bytes(self, bytes: &[u8]) -> Result<(), Fault> {
        write(&[bytes])
    }
}

fn encoded(value: &impl Serialize) -> Result<String, Fault> {
    serde_json::to_string(value)
        .map_err(|error| Fault::new(format!("the result cannot be written as JSON: {error}")))
}

fn write(parts: &[&[u8]]) -> Result<(), Fault> {
    let mut stdout = io::stdout().lock();
    let mut all = || {
        for part in parts {
            stdout.write_all(part)?;
        }
        stdout.flush()
    };
    match all() {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(Fault::unread()),
        Err(error) => Err(Fault::new(format!("cannot write to standard output: {error}"))),
    }
}
