//! How to start the servers that the tests run against.

use std::path::Path;
use std::process::Command;

use crate::defects::link::Link;
use crate::server::{Running, build, free_address, log_file, root, run};

/// A server with the tools `echo`, `add`, `panic`, `progress`, `slow`, `cancelled_count` of `everything.md`.
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    program: String,
    stdio: &'static [&'static str],
    /// The arguments before the address.
    http: &'static [&'static str],
}

impl Peer {
    /// `bowline serve everything`, built unless a binary is given.
    pub(crate) fn bowline(server: Option<&Path>) -> Result<Self, String> {
        let program = server.map_or_else(|| build(false), |path| Ok(path.to_path_buf()))?;
        Ok(Self {
            name: "bowline",
            program: program.display().to_string(),
            stdio: &["serve", "everything"],
            http: &["serve", "everything", "--listen"],
        })
    }

    /// The rmcp server of `interop/rmcp`, built into its own target folder.
    pub(crate) fn rmcp() -> Result<Self, String> {
        let folder = root().join("interop/rmcp");
        let target = folder.join("target");
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo
            .current_dir(&folder)
            .args(["build", "--release", "--locked", "--target-dir"])
            .arg(&target);
        run(&mut cargo)?;
        let program = target.join("release/rmcp-peer").display().to_string();
        Ok(Self { name: "rmcp", program, stdio: &["stdio"], http: &["http"] })
    }

    /// A process of its own, spoken to over its standard streams.
    pub(crate) fn stdio(&self) -> Result<Link, String> {
        let (_, stderr) = log_file(&format!("defects-{}-stdio.log", self.name))?;
        let mut command = Command::new(&self.program);
        command.args(self.stdio).stderr(stderr);
        Link::start(&mut command)
    }

    /// A process of its own that listens on a loopback address.
    pub(crate) fn http(&self) -> Result<Running, String> {
        let (_, stderr) = log_file(&format!("defects-{}-http.log", self.name))?;
        let address = free_address()?;
        let mut command = Command::new(&self.program);
        command.args(self.http).arg(address.to_string());
        Running::start(&mut command, address, stderr)
    }
}
