//! The programs under test, as servers that run.

use super::listening;
use crate::process::{Server, must};
use crate::workspace::{build_release, cargo, target};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// The programs of one build.
pub(crate) struct Programs {
    folder: PathBuf,
}

impl Programs {
    /// Builds them as they are released.
    pub(crate) fn released() -> Result<Self, String> {
        build_release()?;
        Ok(Self { folder: target("release") })
    }

    /// Builds them as fast as can be, for whoever waits for the result.
    pub(crate) fn debug() -> Result<Self, String> {
        must(&mut cargo(["build", "--locked", "-p", "bowline-cli", "-p", "bowline-conformance"]))?;
        Ok(Self { folder: target("debug") })
    }

    /// The fixture server on a port of its choice, and the URL that it printed.
    pub(crate) fn conformance_server(&self, flags: &[&str]) -> Result<(Server, String), String> {
        let mut command = Command::new(self.command("conformance-server"));
        command.args(["--listen", "127.0.0.1:0"]).args(flags);
        started(&mut command)
    }

    /// `bowline up` with the server that this entry of a config tells of and two others, all by their own names, and
    /// with `told` as what the config says of the host. Nothing that an earlier run has left in `home` is there.
    pub(crate) fn up(
        &self,
        upstream: &Value,
        told: &Value,
        home: &Path,
    ) -> Result<(Server, String), String> {
        let write = |path: &Path, text: &str| {
            fs::write(path, text)
                .map_err(|error| format!("cannot write {}: {error}", path.display()))
        };
        if home.exists() {
            fs::remove_dir_all(home)
                .map_err(|error| format!("cannot empty {}: {error}", home.display()))?;
        }
        let files = home.join("files");
        fs::create_dir_all(&files)
            .map_err(|error| format!("cannot create {}: {error}", files.display()))?;
        write(&files.join("knot.txt"), "A bowline holds.\n")?;
        let bowline = self.command("bowline");
        let servers = json!({
            "conformance": upstream,
            "everything": { "command": &bowline, "args": ["serve", "everything"] },
            "files": { "command": &bowline, "args": ["serve", "filesystem", &files] },
        });
        let config = home.join("mcp.json");
        write(&config, &json!({ "mcpServers": servers, "bowline": told }).to_string())?;
        let mut command = Command::new(bowline);
        command.arg("up").arg("--config").arg(&config);
        command.args(["--naming", "flat", "--listen", "127.0.0.1:0"]);
        command.env("HOME", home).current_dir(home);
        for name in ["XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"] {
            command.env_remove(name);
        }
        started(&mut command)
    }

    /// The path of a program.
    pub(crate) fn command(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

/// A server, and the URL that it printed.
fn started(command: &mut Command) -> Result<(Server, String), String> {
    let server = Server::start(command.stdin(Stdio::null()).stdout(Stdio::null()))?;
    let url = server.wait_for_line(Duration::from_secs(20), listening)?;
    Ok((server, url))
}

/// A tool of each of the two other servers behind [`Programs::up`].
pub(crate) const OTHERS: [&str; 2] = ["echo", "read_file"];
