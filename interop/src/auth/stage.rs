//! The processes of a scenario, and what they write.

use std::cell::RefCell;
use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::issuer::Issuer;
use super::secrets::{Found, Seen, search};
use crate::peer::{Driver, Sdk};
use crate::server::{Running, free_address, log_file, root};

/// How long one of our verbs may take.
const LIMIT: Duration = Duration::from_secs(60);

/// The processes of a scenario, and what they write.
pub(super) struct Stage {
    pub(super) bowline: PathBuf,
    dev_auth: PathBuf,
    pub(super) npm: Driver,
    pub(super) python: Driver,
    /// Where everything of ours has its home, and writes what it writes.
    folder: PathBuf,
    /// The document that says who the clients of others are.
    pub(super) document_url: String,
    _document: Running,
    /// What our processes have written outside of that folder.
    logs: RefCell<Vec<PathBuf>>,
    secrets: RefCell<Vec<String>>,
    seen: RefCell<Vec<Seen>>,
}

impl Stage {
    /// Installs the SDKs, and serves the document of their clients.
    pub(super) fn new(bowline: PathBuf, dev_auth: PathBuf) -> Result<Self, String> {
        let (npm, python) = (Sdk::TypeScript.install()?, Sdk::Python.install()?);
        let folder = root().join("target/interop/scratch/auth");
        if folder.exists() {
            fs::remove_dir_all(&folder)
                .map_err(|error| format!("cannot empty {}: {error}", folder.display()))?;
        }
        fs::create_dir_all(folder.join("bin"))
            .map_err(|error| format!("cannot create {}: {error}", folder.display()))?;
        let address = free_address()?;
        let (_, stderr) = log_file("auth-document.log")?;
        let mut command = npm.script("document.mjs");
        command.arg(address.port().to_string());
        command.args([certificate("server.cert.pem"), certificate("server.key.pem")]);
        let document = Running::start(&mut command, address, stderr)?;
        let stage = Self {
            bowline,
            dev_auth,
            npm,
            python,
            folder,
            document_url: format!("https://localhost:{}/client.json", address.port()),
            _document: document,
            logs: RefCell::default(),
            secrets: RefCell::default(),
            seen: RefCell::default(),
        };
        stage.browser()?;
        Ok(stage)
    }

    /// A browser for whoever wants to open a page: one without a screen, which says yes to everything.
    fn browser(&self) -> Result<(), String> {
        let command = self.npm.script("browser.mjs");
        let words: Vec<String> = std::iter::once(command.get_program())
            .chain(command.get_args())
            .map(|word| format!("'{}'", word.to_string_lossy()))
            .collect();
        let path = self.folder.join("bin/xdg-open");
        write(&path, &format!("#!/bin/sh\nexec {} \"$1\" alice\n", words.join(" ")))?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700))
            .map_err(|error| format!("cannot make {} a program: {error}", path.display()))
    }

    /// An authorization server that approves everything.
    pub(super) fn issuer(&self, name: &str, flags: &[&str]) -> Result<Issuer, String> {
        let address = free_address()?;
        let (_, stderr) = log_file(&format!("{name}-issuer.log"))?;
        let mut command = Command::new(&self.dev_auth);
        command.args(["--listen", &address.to_string(), "--auto", "alice"]).args(flags);
        command.args(["--dangerously-fetch-loopback", "--dangerously-show-secrets"]);
        command.env("SSL_CERT_FILE", certificate("ca.cert.pem"));
        Running::start(&mut command, address, stderr).map(Issuer::new)
    }

    /// The server of the TypeScript SDK that wants a token of this issuer, and its log.
    pub(super) fn protected(
        &self,
        name: &str,
        address: SocketAddr,
        issuer: &str,
    ) -> Result<(Running, String), String> {
        let (log, stderr) = log_file(&format!("{name}-server.log"))?;
        let mut command = self.npm.script("servers/protected.mjs");
        command.args([&address.port().to_string(), issuer]);
        Ok((Running::start(&mut command, address, stderr)?, log.display().to_string()))
    }

    /// `bowline up` with this config, and its log.
    pub(super) fn up(
        &self,
        name: &str,
        address: SocketAddr,
        config: &Value,
    ) -> Result<(Running, String), String> {
        let file = self.folder.join(format!("{name}.json"));
        write(&file, &config.to_string())?;
        let (log, stderr) = log_file(&format!("{name}-up.log"))?;
        self.search_log(&log);
        let mut command = Command::new(&self.bowline);
        command.args(["up", "-vvv", "--listen", &address.to_string(), "--config"]).arg(&file);
        command.arg("--trace-messages").arg(self.messages(name));
        self.at_home(&mut command);
        Ok((Running::start(&mut command, address, stderr)?, log.display().to_string()))
    }

    /// One of our verbs, to its end.
    pub(super) fn ours(&self, name: &str, arguments: &[&str]) -> Result<(), String> {
        let (log, stderr) = log_file(&format!("auth-{name}.log"))?;
        self.search_log(&log);
        let mut command = Command::new(&self.bowline);
        command.arg(arguments[0]).arg("-vvv").args(&arguments[1..]);
        self.at_home(&mut command);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(stderr);
        let mut child =
            command.spawn().map_err(|error| format!("cannot start {command:?}: {error}"))?;
        let end = Instant::now() + LIMIT;
        loop {
            match child.try_wait() {
                Ok(Some(status)) if status.success() => return Ok(()),
                Ok(Some(status)) => {
                    return Err(format!("{command:?} ended with {status}; see {}", log.display()));
                }
                Ok(None) if Instant::now() < end => thread::sleep(Duration::from_millis(20)),
                _ => {
                    // It is late, whether it still runs or not.
                    let _ = child.kill();
                    let _ = child.wait();
                    return Err(format!("{command:?} takes longer than {LIMIT:?}"));
                }
            }
        }
    }

    /// Gives a command a home of its own and a browser, and lets it log all that it can.
    pub(super) fn at_home(&self, command: &mut Command) {
        let path = std::env::var("PATH").unwrap_or_default();
        command.env("HOME", &self.folder).current_dir(&self.folder);
        command.env("PATH", format!("{}:{path}", self.folder.join("bin").display()));
        command.env("BOWLINE_LOG", "trace");
        for name in ["CONFIG", "CACHE", "DATA", "STATE"] {
            command.env_remove(format!("XDG_{name}_HOME"));
        }
    }

    /// A file for every message of a process.
    pub(super) fn messages(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}-messages.log"))
    }

    /// What was seen of processes, and the secrets of an issuer that is about to go.
    pub(super) fn keep(&self, seen: Vec<Seen>, issuer: &Issuer) -> Result<(), String> {
        self.seen.borrow_mut().extend(seen);
        self.secrets.borrow_mut().extend(issuer.secrets()?);
        Ok(())
    }

    /// Searches this file too in the end.
    pub(super) fn search_log(&self, path: &Path) {
        self.logs.borrow_mut().push(path.to_path_buf());
    }

    /// Searches everything that was written and seen.
    pub(super) fn search(&self) -> Result<Found, String> {
        search(&self.secrets.borrow(), &self.folder, &self.logs.borrow(), &self.seen.borrow())
    }
}

/// A certificate of the tests of our client, for `localhost`.
fn certificate(name: &str) -> PathBuf {
    root().join("crates/bowline/tests/it/fixtures/connector").join(name)
}

/// Writes a file that nobody else can read or write.
fn write(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text)
        .and_then(|()| fs::set_permissions(path, fs::Permissions::from_mode(0o600)))
        .map_err(|error| format!("cannot write {}: {error}", path.display()))
}
