//! Builds and starts the server under test.

use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::str::FromStr;
use std::thread;
use std::time::{Duration, Instant};

/// How long a server may take until it accepts connections.
const START: Duration = Duration::from_secs(20);

/// A way to reach a server.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transport {
    Stdio,
    Http,
    Sse,
}

impl Transport {
    const ALL: [Self; 3] = [Self::Stdio, Self::Http, Self::Sse];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Stdio => "stdio",
            Self::Http => "http",
            Self::Sse => "sse",
        }
    }

    /// Where a listening server answers it; `None` where there is none.
    pub(crate) fn path(self) -> Option<&'static str> {
        match self {
            Self::Stdio => None,
            Self::Http => Some("/mcp"),
            Self::Sse => Some("/sse"),
        }
    }
}

impl FromStr for Transport {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|transport| transport.name() == name);
        known.ok_or_else(|| format!("unknown transport {name:?}; give stdio, http or sse"))
    }
}

/// The root of the workspace.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map_or_else(PathBuf::new, Path::to_path_buf)
}

/// Builds `bowline`, plain or with the feature `sabotage`, and gives the path of the binary.
///
/// The whole workspace is built, as everywhere else, so that nothing is compiled for other features than there.
pub(crate) fn build(sabotage: bool) -> Result<PathBuf, String> {
    let plain = root().join("target/release/bowline");
    if !sabotage {
        cargo_build(&[])?;
        return Ok(plain);
    }
    cargo_build(&["--features", "bowline-cli/sabotage"])?;
    let broken = root().join("target/sabotage/bowline");
    let copied =
        fs::create_dir_all(root().join("target/sabotage")).and_then(|()| fs::copy(&plain, &broken));
    copied.map_err(|error| format!("cannot write {}: {error}", broken.display()))?;
    // Nobody shall take the broken one for the real one.
    cargo_build(&[])?;
    Ok(broken)
}

fn cargo_build(features: &[&str]) -> Result<(), String> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root()).args(["build", "--release", "--workspace"]).args(features);
    run(&mut cargo)
}

/// Runs a command to its end; a failure names it.
pub(crate) fn run(command: &mut Command) -> Result<(), String> {
    let status = command.status().map_err(|error| format!("cannot run {command:?}: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{command:?} ended with {status}")) }
}

/// A loopback address that was free a moment ago.
pub(crate) fn free_address() -> Result<SocketAddr, String> {
    let bound = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
    bound.map_err(|error| format!("cannot bind a loopback port: {error}"))
}

/// A file for what a process writes to stderr.
pub(crate) fn log_file(name: &str) -> Result<(PathBuf, File), String> {
    let folder = root().join("target/interop/logs");
    let path = folder.join(name);
    fs::create_dir_all(&folder)
        .and_then(|()| File::create(&path))
        .map(|file| (path.clone(), file))
        .map_err(|error| format!("cannot write {}: {error}", path.display()))
}

/// A listening server process, ended on drop.
pub(crate) struct Running {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Running {
    /// Starts `command`, which shall listen on `address`, and waits until it does.
    pub(crate) fn start(
        command: &mut Command,
        address: SocketAddr,
        stderr: File,
    ) -> Result<Self, String> {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(stderr);
        let child =
            command.spawn().map_err(|error| format!("cannot start {command:?}: {error}"))?;
        let mut running = Self { child, address };
        let end = Instant::now() + START;
        while TcpStream::connect(address).is_err() {
            if let Ok(Some(status)) = running.child.try_wait() {
                return Err(format!(
                    "{command:?} ended with {status} before it listened on {address}"
                ));
            }
            if Instant::now() > end {
                return Err(format!("{command:?} does not listen on {address} after {START:?}"));
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(running)
    }
}

impl Running {
    /// The process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Resident memory now, in bytes.
    pub(crate) fn memory(&self) -> Result<u64, String> {
        let path = format!("/proc/{}/status", self.child.id());
        let status =
            fs::read_to_string(&path).map_err(|error| format!("cannot read {path}: {error}"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
        kib.map(|kib| kib * 1024).ok_or_else(|| format!("no VmRSS in {path}"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // A process that has ended already is what we want.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
