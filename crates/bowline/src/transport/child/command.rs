//! What to start.

use super::line::{Word, words};
use super::{Child, Ending, keep};
use crate::error::{Error, Result};
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};

/// A program to start as a child, with its arguments. No shell is involved, ever.
///
/// **Which program.** A name without a slash is looked up in the `PATH` that the child will have (ours, if it will have
/// none); entries that are empty or relative are passed over, so that no program of the current directory comes in by
/// accident. A relative path with a slash is taken from the child's working directory.
///
/// **Environment.** The child has ours, changed by [`env`](Self::env) and [`env_clear`](Self::env_clear).
///
/// `Display` prints a line that can be pasted into a shell. It shows neither the environment nor the working directory,
/// and nothing in it steers a terminal. The values of the environment, which may be secrets, are in no output.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Command {
    program: OsString,
    arguments: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    cleared: bool,
    directory: Option<PathBuf>,
    stderr: Stderr,
    ending: Ending,
    guard: Option<(PathBuf, Vec<OsString>)>,
}

/// Where the standard error of a child goes. It is never taken for a sign of failure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Stderr {
    /// Kept, as to its end: see [`Child::stderr`].
    #[default]
    Captured,
    /// To ours.
    Inherited,
    /// Nowhere.
    Discarded,
}

impl Command {
    /// A program without arguments.
    #[must_use]
    pub fn new(program: impl Into<OsString>) -> Self {
        Self {
            program: program.into(),
            arguments: Vec::new(),
            environment: Vec::new(),
            cleared: false,
            directory: None,
            stderr: Stderr::default(),
            ending: Ending::default(),
            guard: None,
        }
    }

    /// Reads a line as a POSIX shell reads words, quotes and backslashes. Nothing is expanded: `$HOME`, `*` and `|` are
    /// arguments like any other. (A Windows path needs single quotes around it.)
    ///
    /// # Errors
    ///
    /// The line has no word in it, or a quote that nothing closes.
    pub fn parse(line: &str) -> Result<Self> {
        let mut words = words(line)?.into_iter();
        let program = words.next().filter(|program| !program.is_empty());
        let program = program.ok_or_else(|| {
            Error::invalid("the command line names no program; begin it with one, as in `npx -y …`")
        })?;
        Ok(Self::new(program).args(words))
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args(mut self, arguments: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// Sets a variable of its environment.
    #[must_use]
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// Keeps our environment from it, so that it has what [`env`](Self::env) sets and no more.
    #[must_use]
    pub fn env_clear(mut self) -> Self {
        self.cleared = true;
        self
    }

    /// Sets its working directory, which is ours otherwise.
    #[must_use]
    pub fn cwd(mut self, directory: impl Into<PathBuf>) -> Self {
        self.directory = Some(directory.into());
        self
    }

    /// Says where its standard error goes.
    #[must_use]
    pub fn stderr(mut self, stderr: Stderr) -> Self {
        self.stderr = stderr;
        self
    }

    /// Sets the times of the ending that a dropped [`Child`] has.
    #[must_use]
    pub fn ending(mut self, ending: Ending) -> Self {
        self.ending = ending;
        self
    }

    /// Has a second process guard the child: when this process is killed, everything of the child's group is gone
    /// within two seconds.
    ///
    /// The guard is a program that calls [`guard`](super::guard), such as this one with an argument of its own, or
    /// `bowline __guard`. Give its full path. It knows nothing of the child's environment. (Unix only; elsewhere a
    /// command with a guard is refused.)
    #[must_use]
    pub fn guard(
        mut self,
        program: impl Into<PathBuf>,
        arguments: impl IntoIterator<Item = impl Into<OsString>>,
    ) -> Self {
        self.guard = Some((program.into(), arguments.into_iter().map(Into::into).collect()));
        self
    }

    /// The program.
    #[must_use]
    pub fn program(&self) -> &OsStr {
        &self.program
    }

    /// The arguments, without the program.
    pub fn arguments(&self) -> impl ExactSizeIterator<Item = &OsStr> {
        self.arguments.iter().map(OsString::as_os_str)
    }

    /// Starts it, on a thread for what blocks. Dropping the future ends what it started.
    ///
    /// # Errors
    ///
    /// The program is not there or cannot be executed, the working directory is not there, or the system refuses a
    /// process; the error says which, and what to do. An exit right after the start is none of these: see
    /// [`Child::exited`].
    ///
    /// # Panics
    ///
    /// Outside of a Tokio runtime, and in one without I/O.
    pub async fn start(&self) -> Result<Child> {
        keep::start(self.clone()).await
    }

    pub(super) fn environment(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        self.environment.iter().map(|(name, value)| (name.as_os_str(), value.as_os_str()))
    }

    pub(super) fn is_cleared(&self) -> bool {
        self.cleared
    }

    pub(super) fn directory(&self) -> Option<&Path> {
        self.directory.as_deref()
    }

    pub(super) fn where_stderr_goes(&self) -> Stderr {
        self.stderr
    }

    pub(super) fn when_dropped(&self) -> Ending {
        self.ending
    }

    pub(crate) fn guarded_by(&self) -> Option<(&Path, &[OsString])> {
        self.guard.as_ref().map(|(program, arguments)| (program.as_path(), arguments.as_slice()))
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Word(&self.program))?;
        self.arguments.iter().try_for_each(|argument| write!(f, " {}", Word(argument)))
    }
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.environment.iter().map(|(name, _)| name).collect();
        f.debug_struct("Command")
            .field("program", &self.program)
            .field("arguments", &self.arguments)
            .field("environment", &names)
            .field("cleared", &self.cleared)
            .field("directory", &self.directory)
            .field("stderr", &self.stderr)
            .field("ending", &self.ending)
            .field("guard", &self.guard)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::Command;

    #[test]
    fn the_values_of_the_environment_are_in_no_output() {
        let command = Command::new("server").arg("-v").env("TOKEN", "canary").cwd("/srv");
        assert_eq!(command.to_string(), "server -v");
        let shown = format!("{command:?}");
        assert!(shown.contains("TOKEN") && !shown.contains("canary"), "{shown}");
    }

    #[test]
    fn a_line_without_a_program_is_refused() {
        for line in ["", "  \n", "'' x"] {
            let error = Command::parse(line).unwrap_err();
            assert!(
                error.is_invalid() && error.to_string().contains("names no program"),
                "{error}"
            );
        }
    }
}
