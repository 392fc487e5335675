//! A directory that is served, what is beside it, and calls.

use crate::plan::Shares;
use bowline::protocol::limits::Limits;
use bowline::transport::memory::{self, Exchange};
use bowline::{Principal, Server};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What is in the file that must never be read.
pub(super) const CANARY: &str = "CANARY";

/// `allowed` is served; `outside` and `allowed-evil` beside it hold canaries.
pub(super) struct Fixture {
    pub(super) base: PathBuf,
    pub(super) server: Server,
    outside: BTreeMap<PathBuf, String>,
}

impl Fixture {
    pub(super) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(super) fn with(change: impl FnOnce(&mut Shares)) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name =
            format!("bowline-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let base = std::env::temp_dir().canonicalize().unwrap().join(name);
        for dir in ["allowed/sub/inner", "outside/dir", "allowed-evil"] {
            fs::create_dir_all(base.join(dir)).unwrap();
        }
        // The one for links is apart: a second name would protect the others from being opened.
        for file in ["canary.txt", "dir/canary.txt", "linked.txt", "../allowed-evil/canary.txt"] {
            fs::write(base.join("outside").join(file), format!("{CANARY} outside/{file}\n"))
                .unwrap();
        }
        fs::write(base.join("allowed/file.txt"), "one\ntwo\nthree\n").unwrap();
        fs::write(base.join("allowed/sub/inner.txt"), "inner\n").unwrap();
        let mut shares = Shares {
            dirs: vec![base.join("allowed")],
            read_only: false,
            allow_hard_links: false,
            follow_client_roots: false,
        };
        change(&mut shares);
        let server = super::super::server(&shares).unwrap();
        server.check().unwrap();
        let outside = snapshot(&base);
        Self { base, server, outside }
    }

    /// A path below the directory that is served.
    pub(super) fn at(&self, rel: &str) -> PathBuf {
        self.base.join("allowed").join(rel)
    }

    pub(super) fn write(&self, rel: &str, contents: impl AsRef<[u8]>) {
        fs::create_dir_all(self.at(rel).parent().unwrap()).unwrap();
        fs::write(self.at(rel), contents).unwrap();
    }

    pub(super) fn link(&self, rel: &str, target: impl AsRef<Path>) {
        symlink(target, self.at(rel)).unwrap();
    }

    /// Calls a tool: its text, with the base written as `BASE`.
    pub(super) async fn call(&self, tool: &str, arguments: Value) -> String {
        let params = json!({ "name": tool, "arguments": arguments });
        self.shown(&self.ask("tools/call", params).await)
    }

    pub(super) async fn read(&self, uri: &str) -> String {
        self.shown(&self.ask("resources/read", json!({ "uri": uri })).await)
    }

    pub(super) async fn ask(&self, method: &str, params: Value) -> Value {
        let exchange = self.exchange(method, params).await;
        serde_json::from_slice(exchange.response.unwrap().as_bytes()).unwrap()
    }

    pub(super) async fn exchange(&self, method: &str, mut params: Value) -> Exchange {
        let meta = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientInfo": { "name": "test", "version": "1" },
            "io.modelcontextprotocol/clientCapabilities": { "roots": {} },
            "progressToken": 1,
        });
        params["_meta"] = meta;
        let message = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let limits = Arc::new(Limits::local());
        let server = Arc::new(self.server.clone());
        memory::answer(server, message.to_string(), Principal::anonymous(), limits).await
    }

    /// What an answer says: structured content, else the content, else the error.
    pub(super) fn shown(&self, answer: &Value) -> String {
        let result = &answer["result"];
        let text = if let Some(structured) = result.get("structuredContent") {
            structured.to_string()
        } else if let Some(blocks) = result["content"].as_array() {
            let blocks = blocks.iter().map(|block| match block["text"].as_str() {
                Some(text) => text.to_owned(),
                None => block.to_string(),
            });
            let text = blocks.collect::<Vec<_>>().join(" | ");
            if result["isError"] == true { format!("error: {text}") } else { text }
        } else if let Some(contents) = result.get("contents") {
            contents.to_string()
        } else {
            format!("error: {}", answer["error"]["message"].as_str().unwrap())
        };
        text.replace(self.base.to_str().unwrap(), "BASE")
    }

    /// Fails when anything outside is not as it was.
    pub(super) fn outside_is_untouched(&self) {
        assert_eq!(snapshot(&self.base), self.outside);
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.base);
    }
}

/// Makes a FIFO, which nobody writes to.
pub(super) fn fifo(path: &Path) {
    let mode = Mode::from_raw_mode(0o600);
    mknodat(CWD, path, FileType::Fifo, mode, 0).unwrap();
}

/// Everything outside: which files there are, what is in them, and when they changed.
fn snapshot(base: &Path) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    let mut left = vec![base.join("outside"), base.join("allowed-evil")];
    while let Some(path) = left.pop() {
        let metadata = fs::symlink_metadata(&path).unwrap();
        let contents = if metadata.is_dir() {
            left.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            String::new()
        } else {
            fs::read_to_string(&path).unwrap()
        };
        let (mode, seconds, nanos) = (metadata.mode(), metadata.mtime(), metadata.mtime_nsec());
        let state = format!("{} {mode:o} {seconds}.{nanos} {contents}", metadata.ino());
        found.insert(path, state);
    }
    found
}
