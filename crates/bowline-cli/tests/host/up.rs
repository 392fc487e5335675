//! The binary that serves many servers.

use crate::program::{Program, bowline};
use crate::script::Upstream;
use serde_json::{Map, Value, json};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

/// A config, and where it is written.
pub(crate) struct Config {
    folder: PathBuf,
    servers: Map<String, Value>,
    own: Value,
}

impl Config {
    /// One whose servers keep their names, and ask whoever calls for roots, since it has its instances to itself.
    pub(crate) fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name =
            format!("bowline-up-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::SeqCst));
        let folder = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&folder).unwrap();
        Self {
            folder,
            servers: Map::new(),
            own: json!({ "naming": "flat", "isolation": "principal" }),
        }
    }

    pub(crate) fn server(mut self, name: &str, upstream: &Upstream) -> Self {
        self.servers.insert(name.to_owned(), upstream.entry());
        self
    }

    /// Says something under the key `bowline`.
    pub(crate) fn set(mut self, key: &str, value: Value) -> Self {
        self.own[key] = value;
        self
    }

    /// Says something of one server under the key `bowline`.
    pub(crate) fn of(mut self, server: &str, key: &str, value: Value) -> Self {
        self.own["servers"][server][key] = value;
        self
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.join("mcp.json")
    }

    /// Takes a server away, and writes that.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.servers.remove(name);
        self.write();
        self
    }

    pub(crate) fn write(&self) -> PathBuf {
        let path = self.path();
        let text = json!({ "mcpServers": self.servers, "bowline": self.own });
        private(&path, &text.to_string());
        path
    }

    /// Starts it.
    pub(crate) fn up(&self) -> Up {
        self.up_with(&[])
    }

    pub(crate) fn up_with(&self, args: &[&str]) -> Up {
        let config = self.write();
        let program = Program::start(
            bowline(&["--log-format", "human", "up", "--listen", "127.0.0.1:0"])
                .arg("--config")
                .arg(config)
                .args(args)
                .env("HOME", &self.folder)
                .env("XDG_STATE_HOME", self.folder.join("state"))
                .env("XDG_CACHE_HOME", self.folder.join("cache")),
        );
        let line = program.stderr.find("listening on http://");
        let address = line.split("http://").nth(1).unwrap().split('/').next().unwrap().to_owned();
        Up { program, address }
    }
}

impl Drop for Config {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Writes a file that nobody else can read.
pub(crate) fn private(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

/// A running one; ended when it is dropped.
pub(crate) struct Up {
    pub(crate) program: Program,
    pub(crate) address: String,
}

impl Up {
    pub(crate) fn url(&self) -> String {
        format!("http://{}/mcp", self.address)
    }

    /// Ends it as a service manager does.
    pub(crate) fn end(self) -> i32 {
        self.program.signal("TERM");
        self.program.end()
    }
}
