//! Runs the binary.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

/// How long anything may take before the test fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// The binary with nothing of this test's surroundings in its environment.
pub(crate) fn bowline(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bowline"));
    command.args(args);
    for name in ["BOWLINE_LOG", "BOWLINE_TOKEN", "BOWLINE_SABOTAGE", "NO_COLOR", "COLUMNS"] {
        command.env_remove(name);
    }
    let state = std::env::temp_dir().join(format!("bowline-state-{}", std::process::id()));
    command.env("XDG_STATE_HOME", state);
    command
}

/// Runs it to its end: exit code, standard output, standard error.
pub(crate) fn ends(command: &mut Command) -> String {
    let Output { status, stdout, stderr } = command.stdin(Stdio::null()).output().unwrap();
    format!(
        "exit code {}\n--- stdout\n{}--- stderr\n{}",
        status.code().unwrap(),
        String::from_utf8(stdout).unwrap(),
        String::from_utf8(stderr).unwrap()
    )
}

/// A running server; killed when a test gives up.
pub(crate) struct Program {
    child: Child,
    pub(crate) stdin: Option<ChildStdin>,
    pub(crate) stdout: Lines,
    pub(crate) stderr: Lines,
}

impl Program {
    pub(crate) fn start(command: &mut Command) -> Self {
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = piped.spawn().unwrap();
        Self {
            stdin: child.stdin.take(),
            stdout: Lines::of(child.stdout.take().unwrap()),
            stderr: Lines::of(child.stderr.take().unwrap()),
            child,
        }
    }

    pub(crate) fn send(&mut self, line: &str) {
        let stdin = self.stdin.as_mut().unwrap();
        stdin.write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    /// Sends a signal, by its name.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
    }

    /// As [`Program::signal`], as soon as the program handles signals by itself (which only Linux tells).
    pub(crate) fn signal_once_handled(&self, name: &str) {
        let status = format!("/proc/{}/status", self.child.id());
        let begun = std::time::Instant::now();
        loop {
            let status = std::fs::read_to_string(&status).unwrap();
            let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:\t")).unwrap();
            // SIGINT is the second of the bits.
            if u64::from_str_radix(caught, 16).unwrap() & 2 != 0 {
                return self.signal(name);
            }
            assert!(begun.elapsed() < PATIENCE);
            thread::yield_now();
        }
    }

    /// Waits for its end: the exit code.
    pub(crate) fn end(mut self) -> i32 {
        self.stdin = None;
        self.end_by_itself()
    }

    /// The same while its input stays open.
    pub(crate) fn end_by_itself(mut self) -> i32 {
        // Both streams end with the process; a process that does not end fails here and is killed.
        while self.stdout.next().is_some() {}
        while self.stderr.next().is_some() {}
        self.child.wait().unwrap().code().unwrap()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // One that has ended already is what we want.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Lines as they come; the thread ends with the stream.
pub(crate) struct Lines(Receiver<String>);

impl Lines {
    fn of(stream: impl Read + Send + 'static) -> Self {
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            let lines = BufReader::new(stream).lines().map_while(Result::ok);
            for line in lines {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Self(receiver)
    }

    /// The next line; `None` at the end.
    pub(crate) fn next(&self) -> Option<String> {
        match self.0.recv_timeout(PATIENCE) {
            Ok(line) => Some(line),
            Err(mpsc::RecvTimeoutError::Disconnected) => None,
            Err(mpsc::RecvTimeoutError::Timeout) => panic!("nothing for {PATIENCE:?}"),
        }
    }

    /// The next line that holds `text`.
    pub(crate) fn find(&self, text: &str) -> String {
        loop {
            let line = self.next().unwrap_or_else(|| panic!("the stream ended before {text:?}"));
            if line.contains(text) {
                return line;
            }
        }
    }
}

/// A request with what every request carries.
pub(crate) fn request(id: u32, method: &str, mut params: serde_json::Value) -> String {
    params["_meta"] = serde_json::json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": { "name": "test", "version": "1" },
        "io.modelcontextprotocol/clientCapabilities": {},
        "progressToken": id,
    });
    serde_json::json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })
        .to_string()
}

/// A call of a tool.
pub(crate) fn call(id: u32, tool: &str, arguments: serde_json::Value) -> String {
    request(id, "tools/call", serde_json::json!({ "name": tool, "arguments": arguments }))
}
