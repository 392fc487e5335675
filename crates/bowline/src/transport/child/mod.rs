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

#[derive(Debug)]
pub struct Child;
#[derive(Debug, Default)]
pub struct Ending;
impl Ending {
    pub fn within(_: std::time::Duration) -> Self {
        Self
    }
}
#[derive(Clone, Debug)]
pub struct StderrLog;
impl StderrLog {
    pub fn tail(&self) -> String {
        String::new()
    }
}
impl Command {
    pub async fn start(&self) -> Result<Child> {
        todo!()
    }
}
impl Child {
    pub fn take_io(&mut self) -> Option<(tokio::io::Empty, tokio::io::Sink)> {
        None
    }
    pub fn stderr(&self) -> StderrLog {
        StderrLog
    }
    pub async fn exited(&self) -> String {
        String::new()
    }
    pub async fn close(&self, _: Ending) {}
}
