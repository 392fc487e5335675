//! A config with nothing left to find out.

use super::problem::{Problem, Problems};
use super::{Bowline, Config, Environment, Resolved, Severity, Upstream};

/// What a config says, with a value for every variable: what `bowline up` runs.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Setup {
    /// What stands under `bowline`.
    pub bowline: Bowline,
    /// The servers that are not switched off, in the order of the file.
    pub servers: Vec<Resolved>,
}

impl Config {
    /// Everything that the config says. What is switched off is left out, with what is missing for it.
    ///
    /// # Errors
    /// When anything is wrong anywhere in the file, or a variable is not set: all of it, in the order of the file.
    pub fn setup(&self, environment: &Environment) -> Result<Setup, Problems> {
        let is_error = |problem: &&Problem| problem.severity == Severity::Error;
        let mut problems: Vec<_> = self.problems.iter().filter(is_error).cloned().collect();
        let bowline = self.key.resolve(environment, &mut problems);
        let mut servers = Vec::new();
        for entry in self.entries.iter().filter(|entry| !entry.disabled) {
            match entry.resolve(environment) {
                Ok(resolved) => servers.push(bowline.upstream.fill(resolved)),
                Err(wrong) => problems.extend(wrong.list().iter().cloned()),
            }
        }
        if problems.is_empty() {
            return Ok(Setup { bowline, servers });
        }
        problems.sort_by_key(|problem| problem.position);
        Err(Problems::new(&*self.path, problems))
    }

    /// What stands under `bowline` as it was written, member by member: `upstream.timeout` and `2m`. For whoever has to
    /// see what a config would do.
    #[must_use]
    pub fn told(&self) -> &[(String, String)] {
        self.key.lines()
    }

    /// What stands under `bowline`, whatever is wrong with servers.
    ///
    /// # Errors
    /// When something is wrong with it, or a variable in it is not set.
    pub fn bowline(&self, environment: &Environment) -> Result<Bowline, Problems> {
        let is_ours = |problem: &&Problem| {
            problem.severity == Severity::Error
                && (problem.key == "bowline" || problem.key.starts_with("bowline."))
        };
        let mut problems: Vec<_> = self.problems.iter().filter(is_ours).cloned().collect();
        let bowline = self.key.resolve(environment, &mut problems);
        if problems.is_empty() {
            return Ok(bowline);
        }
        problems.sort_by_key(|problem| problem.position);
        Err(Problems::new(&*self.path, problems))
    }
}

impl Upstream {
    /// The server, with this where it says nothing itself.
    #[must_use]
    pub fn fill(&self, mut server: Resolved) -> Resolved {
        server.timeout = server.timeout.or(self.timeout);
        server.protocol = server.protocol.or(self.protocol);
        server
    }
}
