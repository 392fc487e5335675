//! What the variables of a config stand for.

use std::collections::BTreeMap;
use std::env;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};

/// The values that stand behind the variables of a config.
///
/// `Debug` shows how many there are and none of them.
///
/// ```
/// use bowline::config::Environment;
///
/// let environment = Environment::new().variable("TOKEN", "secret").input("key", "also secret");
/// assert!(!format!("{environment:?}").contains("secret"));
/// ```
#[derive(Clone, Default)]
pub struct Environment {
    variables: BTreeMap<OsString, OsString>,
    inputs: BTreeMap<String, String>,
    workspace: Option<PathBuf>,
}

impl Environment {
    /// One with nothing in it.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// That of this process.
    #[must_use]
    pub fn of_this_process() -> Self {
        Self { variables: env::vars_os().collect(), ..Self::default() }
    }

    /// Adds a variable.
    #[must_use]
    pub fn variable(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.variables.insert(name.into(), value.into());
        self
    }

    /// Adds what was given for an input.
    #[must_use]
    pub fn input(mut self, id: impl Into<String>, value: impl Into<String>) -> Self {
        self.inputs.insert(id.into(), value.into());
        self
    }

    /// Sets what `${workspaceFolder}` is, instead of the directory of the project or config.
    #[must_use]
    pub fn workspace(mut self, folder: impl Into<PathBuf>) -> Self {
        self.workspace = Some(folder.into());
        self
    }

    pub(super) fn lookup(&self, name: &str) -> Option<&OsStr> {
        self.variables.get(OsStr::new(name)).map(OsString::as_os_str)
    }

    pub(super) fn input_value(&self, id: &str) -> Option<&str> {
        self.inputs.get(id).map(String::as_str)
    }

    pub(super) fn workspace_folder(&self) -> Option<&Path> {
        self.workspace.as_deref()
    }

    pub(super) fn home(&self) -> Option<PathBuf> {
        self.lookup("HOME").or_else(|| self.lookup("USERPROFILE")).map(PathBuf::from)
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment")
            .field("variables", &self.variables.len())
            .field("inputs", &self.inputs.len())
            .field("workspace", &self.workspace)
            .finish()
    }
}
