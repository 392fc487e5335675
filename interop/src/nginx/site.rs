//! One server with one nginx in front.

use std::collections::BTreeSet;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::nginx::config;
use crate::server::{Running, free_address, log_file, root};

/// What a row builds on.
pub(crate) struct Ground<'a> {
    pub(crate) name: &'static str,
    pub(crate) server: &'a Path,
    /// The text of `docs/nginx.md`.
    pub(crate) page: &'a str,
}

impl Ground<'_> {
    /// The documented command and the documented configuration.
    pub(crate) fn documented(&self) -> Result<Site, String> {
        self.with(&["--public-url", "https://tools.example.com/mcp"], &self.config()?)
    }

    /// The documented configuration, to be changed.
    pub(crate) fn config(&self) -> Result<String, String> {
        config::documented(self.page)
    }

    /// Starts a server with `switches`, and nginx with `config` in front of it.
    pub(crate) fn with(&self, switches: &[&str], config: &str) -> Result<Site, String> {
        let server = self.serve(switches)?;
        let address = server.address;
        self.front(server, address, config)
    }

    /// Starts a server with `switches`.
    pub(crate) fn serve(&self, switches: &[&str]) -> Result<Server, String> {
        let (path, stderr) = log_file(&format!("nginx-{}-server.log", self.name))?;
        let address = own_address()?;
        let mut command = Command::new(self.server);
        command.args(["serve", "everything", "--log-format", "human", "--listen"]);
        command.arg(address.to_string()).args(switches);
        let running = Running::start(&mut command, address, stderr)?;
        Ok(Server { address, log: path, _running: running })
    }

    /// Starts nginx with `config` in front of what listens on `behind`.
    pub(crate) fn front(
        &self,
        server: Server,
        behind: SocketAddr,
        config: &str,
    ) -> Result<Site, String> {
        let folder = root().join("target/interop/nginx").join(self.name);
        let front = own_address()?;
        config::write(&folder, config, front, behind)?;
        let (_, stderr) = log_file(&format!("nginx-{}.log", self.name))?;
        let mut command = Command::new("nginx");
        command.arg("-p").arg(&folder).arg("-c").arg(folder.join("nginx.conf"));
        let nginx = Running::start(&mut command, front, stderr)?;
        Ok(Site { front, server, _nginx: nginx })
    }
}

/// A free address that no other row was given: all rows begin at once, long before anybody listens.
fn own_address() -> Result<SocketAddr, String> {
    static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    loop {
        let address = free_address()?;
        if GIVEN.lock().unwrap_or_else(PoisonError::into_inner).insert(address.port()) {
            return Ok(address);
        }
    }
}

/// A server that listens on `address`.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    log: PathBuf,
    _running: Running,
}

/// A server and its nginx, ended on drop.
pub(crate) struct Site {
    pub(crate) front: SocketAddr,
    pub(crate) server: Server,
    _nginx: Running,
}

impl Site {
    /// Waits until the server's log holds `text`.
    pub(crate) fn logged(&self, text: &str) -> Result<(), String> {
        let end = Instant::now() + Duration::from_secs(5);
        loop {
            let log = fs::read_to_string(&self.server.log).unwrap_or_default();
            if log.contains(text) {
                return Ok(());
            }
            if Instant::now() > end {
                return Err(format!("the log of the server does not hold {text:?}: {log}"));
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}
