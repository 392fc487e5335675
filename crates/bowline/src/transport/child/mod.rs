//! Child processes. (Placeholder until the branch `child` is merged.)
#![allow(missing_docs, missing_debug_implementations)]

use crate::error::Result;

#[derive(Clone, Debug)]
pub struct Command {
    program: String,
}

impl Command {
    pub fn new(program: impl Into<String>) -> Self {
        Self { program: program.into() }
    }

    pub fn parse(line: &str) -> Result<Self> {
        Ok(Self::new(line))
    }
}

impl std::fmt::Display for Command {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.program)
    }
}
