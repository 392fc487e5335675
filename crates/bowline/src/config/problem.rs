//! What is wrong with a config, and where.

use std::fmt;
use std::path::{Path, PathBuf};

/// A place in a text: both count from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub struct Position {
    /// The line.
    pub line: u32,
    /// The column.
    pub column: u32,
}

/// One thing that is wrong with a config, or that somebody should know of it.
///
/// `Display` prints it without the path: `3:14: mcpServers.git.args: …; …`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// Where, if it is at one place.
    pub position: Option<Position>,
    /// The server whose entry it is in.
    pub server: Option<String>,
    /// The key that it is about, as a path from the root: `mcpServers.git.args`. Empty for the file as such.
    pub key: String,
    /// What is wrong.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
    /// Whether it stops what was to be done.
    pub severity: Severity,
}

/// How bad a [`Problem`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Something has no effect.
    Warning,
    /// What it is about cannot be used.
    Error,
}

/// Everything that is wrong with one file. There is at least one problem.
///
/// `Display` prints one line for each: `.mcp.json:3:14: mcpServers.git.args: …; …`. Values that may be secret are
/// never part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems {
    path: PathBuf,
    list: Vec<Problem>,
}

impl Problem {
    pub(super) fn error(key: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            position: None,
            server: None,
            key: key.into(),
            message: message.into(),
            hint: None,
            severity: Severity::Error,
        }
    }

    pub(super) fn warning(key: impl Into<String>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(key, message) }
    }

    pub(super) fn at(mut self, position: Position) -> Self {
        self.position = Some(position);
        self
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl Problems {
    pub(super) fn new(path: impl Into<PathBuf>, list: Vec<Problem>) -> Self {
        Self { path: path.into(), list }
    }

    pub(super) fn one(path: impl Into<PathBuf>, problem: Problem) -> Self {
        Self::new(path, vec![problem])
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Each of them, in the order of the file.
    #[must_use]
    pub fn list(&self) -> &[Problem] {
        &self.list
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(position) = self.position {
            write!(f, "{position}: ")?;
        }
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.message)?;
        match &self.hint {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.list.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            let space = if problem.position.is_some() { "" } else { " " };
            write!(f, "{}:{space}{problem}", self.path.display())?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

impl From<Problems> for crate::Error {
    fn from(problems: Problems) -> Self {
        Self::invalid(problems.to_string())
    }
}
