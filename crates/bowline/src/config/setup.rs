//! A config with nothing left to find out.

use super::problem::{Problem, Problems};
use super::{Bowline, Config, Environment, Resolved, Severity};

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
                Ok(resolved) => servers.push(resolved),
                Err(wrong) => problems.extend(wrong.list().iter().cloned()),
            }
        }
        if problems.is_empty() {
            return Ok(Setup { bowline, servers });
        }
        problems.sort_by_key(|problem| problem.position);
        Err(Problems::new(&*self.path, problems))
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
        if problems.is_empty() { Ok(bowline) } else { Err(Problems::new(&*self.path, problems)) }
    }
}

impl Setup {
    /// With these servers, in this order, instead of its own.
    #[must_use]
    pub fn servers(mut self, servers: Vec<Resolved>) -> Self {
        self.servers = servers;
        self
    }
}
