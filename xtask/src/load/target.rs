//! The servers that are loaded.

use crate::process::{self, Server, free_port, must};
use crate::workspace::{cargo, root, target};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

/// A server that is loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// `load_server` of `bench/`.
    Bowline,
    /// `rmcp-peer` of `interop/rmcp`.
    Rmcp,
}

/// One that runs.
pub(crate) struct Running {
    pub(crate) process: Server,
    pub(crate) port: u16,
}

impl Target {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Bowline => "bowline",
            Self::Rmcp => "rmcp",
        }
    }

    /// Builds what `cargo build --workspace` does not.
    pub(crate) fn build(self) -> Result<(), String> {
        match self {
            Self::Bowline => Ok(()),
            Self::Rmcp => {
                let mut build = cargo(["build", "--release", "--locked", "--target-dir"]);
                must(build.arg(rmcp_folder().join("target")).current_dir(rmcp_folder()))
            }
        }
    }

    /// The program and its arguments on this port; limits are those of our server.
    pub(crate) fn command(self, port: &str, limits: &[&str]) -> Vec<String> {
        let path = |path: PathBuf| path.display().to_string();
        let mut words = match self {
            Self::Bowline => vec![path(target("release/load_server")), port.to_owned()],
            Self::Rmcp => {
                let program = rmcp_program("rmcp-peer");
                return vec![path(program), "http".to_owned(), format!("127.0.0.1:{port}")];
            }
        };
        words.extend(limits.iter().map(|&limit| limit.to_owned()));
        words
    }

    /// Starts it, on the first CPU alone where it is `pinned`.
    pub(crate) fn start(self, limits: &[&str], pinned: bool) -> Result<Running, String> {
        let port = free_port()?;
        let words = self.command(&port.to_string(), limits);
        let mut command = if pinned { process::pinned(&words[0]) } else { Command::new(&words[0]) };
        command.args(&words[1..]).stdin(Stdio::null()).stdout(Stdio::null());
        let mut process = Server::start(&mut command)?;
        process.wait_for_port(port, Duration::from_secs(20))?;
        Ok(Running { process, port })
    }

    /// The tool that notifies, and its arguments for so many notifications.
    pub(crate) fn flood(self, count: u32) -> (&'static str, String) {
        match self {
            Self::Bowline => ("flood", format!(r#"{{"count":{count},"rest_ms":2}}"#)),
            Self::Rmcp => ("progress", format!(r#"{{"steps":{count}}}"#)),
        }
    }

    /// A tool to ask for while another call floods, and its arguments: ours tells how far that is.
    pub(crate) fn harmless(self) -> (&'static str, &'static str) {
        match self {
            Self::Bowline => ("flooded", "{}"),
            Self::Rmcp => ("echo", r#"{"message":"hello"}"#),
        }
    }
}

/// A program of `interop/rmcp`, once that is built.
pub(crate) fn rmcp_program(name: &str) -> PathBuf {
    rmcp_folder().join("target/release").join(name)
}

fn rmcp_folder() -> PathBuf {
    root().join("interop/rmcp")
}
