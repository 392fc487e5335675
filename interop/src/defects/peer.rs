//! How to start the servers that the tests run against.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::defects::link::Link;
use crate::server::{Running, build, free_address, log_file, root, run};

/// The token of one principal of a guarded server.
pub(crate) const ONE: &str = "one-0123456789abcdef0123456789abcdef0123456789abcdef0123456789";
/// The token of another one.
pub(crate) const OTHER: &str = "two-0123456789abcdef0123456789abcdef0123456789abcdef0123456789";

/// The digests of both.
const TOKENS: &str = "\
one:822787f83524958557f7ff570eddc7e75d78667b485d08e47895297d39946aa7:
two:6c5e7e82a0af17542e475d95291be402555849bb4c71c4bb422160f0b8bf8b0b:
";

/// A server with the tools `echo`, `add`, `panic`, `big`, `progress`, `slow`, `cancelled_count`, `log_levels`,
/// `change_tools` and `ask_roots` of `everything.md`.
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    pub(crate) program: String,
    stdio: &'static [&'static str],
    /// The arguments before the address.
    http: &'static [&'static str],
    /// What makes it say everything on standard error.
    verbose: &'static [&'static str],
    /// What makes a client of it that lists the tools of the server whose command follows, as JSON.
    pub(crate) list: &'static [&'static str],
    /// The same that calls the tool `good`.
    pub(crate) call: &'static [&'static str],
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
            verbose: &["-vv"],
            list: &["list", "--tools", "--json"],
            call: &["call", "good", "--json"],
        })
    }

    /// The rmcp server of `interop/rmcp`.
    pub(crate) fn rmcp() -> Result<Self, String> {
        Ok(Self {
            name: "rmcp",
            program: rmcp_program()?,
            stdio: &["stdio"],
            http: &["http"],
            verbose: &[],
            list: &["client", "list"],
            call: &["client", "call"],
        })
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
        self.listen(&[])
    }

    /// The same, saying on standard error whatever it has to say; [`Peer::log`] is where.
    pub(crate) fn verbose(&self) -> Result<Running, String> {
        self.listen(self.verbose)
    }

    /// The same, for the holders of the tokens [`ONE`] and [`OTHER`].
    pub(crate) fn guarded(&self) -> Result<Running, String> {
        let path = root().join("target/interop/tokens");
        write_tokens(&path).map_err(|error| format!("cannot write {}: {error}", path.display()))?;
        self.listen(&["--token-file", &path.display().to_string()])
    }

    /// What the last server that listened has written to standard error.
    pub(crate) fn log(&self) -> PathBuf {
        root().join("target/interop/logs").join(self.log_name())
    }

    fn log_name(&self) -> String {
        format!("defects-{}-http.log", self.name)
    }

    fn listen(&self, flags: &[&str]) -> Result<Running, String> {
        let (_, stderr) = log_file(&self.log_name())?;
        let address = free_address()?;
        let mut command = Command::new(&self.program);
        command.args(self.http).arg(address.to_string()).args(flags);
        Running::start(&mut command, address, stderr)
    }
}

/// Builds `interop/rmcp` into its own target folder, and gives the path of its program.
pub(crate) fn rmcp_program() -> Result<String, String> {
    let folder = root().join("interop/rmcp");
    let target = folder.join("target");
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .current_dir(&folder)
        .args(["build", "--release", "--locked", "--target-dir"])
        .arg(&target);
    run(&mut cargo)?;
    Ok(target.join("release/rmcp-peer").display().to_string())
}

/// A file that nobody else may read, as the server demands.
fn write_tokens(path: &Path) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut options = OpenOptions::new();
    options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?
        .write_all(TOKENS.as_bytes())
}
