//! A stdio link as bytes and lines, and the messages that the tests send.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

const REVISION: &str = "2026-07-28";

/// How long an answer may take unless a test says otherwise.
pub(crate) const SOON: Duration = Duration::from_secs(5);

/// The `_meta` that every 2026-07-28 request carries.
pub(crate) fn meta() -> Value {
    json!({
        "io.modelcontextprotocol/protocolVersion": REVISION,
        "io.modelcontextprotocol/clientInfo": { "name": "defects", "version": "1.0.0" },
        "io.modelcontextprotocol/clientCapabilities": {},
    })
}

/// A request; `params` gets its `_meta`.
pub(crate) fn request(id: &Value, method: &str, mut params: Value) -> Value {
    if let Some(params) = params.as_object_mut() {
        params.entry("_meta").or_insert_with(meta);
    }
    json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })
}

/// A `tools/call`.
pub(crate) fn call(id: &Value, tool: &str, arguments: &Value) -> Value {
    request(id, "tools/call", json!({ "name": tool, "arguments": arguments }))
}

/// The text of the first content block of an answer.
pub(crate) fn text(answer: &Value) -> Option<&str> {
    answer.pointer("/result/content/0/text")?.as_str()
}

/// The error code of an answer.
pub(crate) fn code(answer: &Value) -> Option<i64> {
    answer.pointer("/error/code")?.as_i64()
}

/// A started process and its streams; ended on drop.
pub(crate) struct Link {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<Result<Value, String>>,
}

impl Link {
    pub(crate) fn start(command: &mut Command) -> Result<Self, String> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child =
            command.spawn().map_err(|error| format!("cannot start {command:?}: {error}"))?;
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().ok_or("the process has no stdout")?;
        // Without room the reader waits, so a test that does not read is a client that does not read.
        let (sender, lines) = sync_channel(0);
        thread::spawn(move || {
            for line in BufReader::with_capacity(4096, stdout).lines() {
                let value =
                    line.map_err(|error| format!("unreadable stdout: {error}")).and_then(|line| {
                        serde_json::from_str(&line)
                            .map_err(|_| format!("not JSON on stdout: {line:.200}"))
                    });
                if sender.send(value).is_err() {
                    break;
                }
            }
        });
        Ok(Self { child, stdin, lines })
    }

    pub(crate) fn send(&mut self, message: &Value) -> Result<(), String> {
        self.send_line(message.to_string().as_bytes())
    }

    /// Sends bytes and a line feed.
    pub(crate) fn send_line(&mut self, line: &[u8]) -> Result<(), String> {
        let stdin = self.stdin.as_mut().ok_or("stdin is closed")?;
        let mut bytes = line.to_vec();
        bytes.push(b'\n');
        stdin
            .write_all(&bytes)
            .and_then(|()| stdin.flush())
            .map_err(|error| format!("cannot write to the server: {error}"))
    }

    /// The server's stdin, to write to it from another thread.
    pub(crate) fn take_stdin(&mut self) -> Result<ChildStdin, String> {
        self.stdin.take().ok_or_else(|| "stdin is closed".to_owned())
    }

    pub(crate) fn close_stdin(&mut self) {
        self.stdin = None;
    }

    /// The next message, if one comes within `limit`.
    pub(crate) fn next(&mut self, limit: Duration) -> Result<Option<Value>, String> {
        match self.lines.recv_timeout(limit) {
            Ok(value) => value.map(Some),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => Err("the server closed its stdout".to_owned()),
        }
    }

    /// The next message for which `wanted` holds; others are dropped.
    pub(crate) fn find(
        &mut self,
        what: &str,
        limit: Duration,
        wanted: impl Fn(&Value) -> bool,
    ) -> Result<Value, String> {
        let end = Instant::now() + limit;
        while let Some(message) = self.next(end.saturating_duration_since(Instant::now()))? {
            if wanted(&message) {
                return Ok(message);
            }
        }
        Err(format!("no {what} within {limit:?}"))
    }

    /// The answer with this id.
    pub(crate) fn answer(&mut self, id: &Value, limit: Duration) -> Result<Value, String> {
        self.find(&format!("answer with id {id}"), limit, |message| {
            message.get("id") == Some(id) && message.get("method").is_none()
        })
    }

    /// Fails unless a plain call is answered.
    pub(crate) fn works(&mut self) -> Result<(), String> {
        let id = json!("still alive?");
        self.send(&call(&id, "echo", &json!({ "message": "yes" })))?;
        match text(
            &self
                .answer(&id, SOON)
                .map_err(|error| format!("the link is dead afterwards: {error}"))?,
        ) {
            Some("yes") => Ok(()),
            other => Err(format!("echo answers {other:?} afterwards")),
        }
    }

    /// The peak of the process's resident memory, in bytes.
    pub(crate) fn peak_memory(&self) -> Result<u64, String> {
        let path = format!("/proc/{}/status", self.child.id());
        let status =
            fs::read_to_string(&path).map_err(|error| format!("cannot read {path}: {error}"))?;
        let field = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))
            .and_then(|rest| rest.split_whitespace().next());
        let kib: u64 =
            field.and_then(|kib| kib.parse().ok()).ok_or_else(|| format!("no VmHWM in {path}"))?;
        Ok(kib * 1024)
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        // A process that has ended already is what we want.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
