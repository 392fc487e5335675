//! Starting other programs: commands that must succeed, servers that must come up and be ended again.

use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Runs `command` with our own output and turns a bad exit into an error that names it.
pub(crate) fn must(command: &mut Command) -> Result<(), String> {
    let status = command.status().map_err(|error| cannot_start(command, &error))?;
    if status.success() { Ok(()) } else { Err(format!("{} ended with {status}", shown(command))) }
}

/// Runs `command` and returns what it printed; a bad exit is an error with its standard error.
pub(crate) fn output(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|error| cannot_start(command, &error))?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{} ended with {}: {}", shown(command), output.status, stderr.trim()));
    }
    String::from_utf8(output.stdout)
        .map_err(|_| format!("{} printed bytes that are not UTF-8", shown(command)))
}

/// Whether `program --version` runs at all.
pub(crate) fn exists(program: &str) -> bool {
    let mut probe = Command::new(program);
    probe.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    probe.status().is_ok()
}

/// `program` on the first CPU alone, where that can be had.
pub(crate) fn pinned(program: &str) -> Command {
    if !exists("taskset") {
        return Command::new(program);
    }
    let mut taskset = Command::new("taskset");
    taskset.args(["-c", "0", program]);
    taskset
}

/// A port of the loopback address that was free a moment ago.
pub(crate) fn free_port() -> Result<u16, String> {
    let listener =
        TcpListener::bind("127.0.0.1:0").map_err(|error| format!("no free port: {error}"))?;
    listener
        .local_addr()
        .map(|address| address.port())
        .map_err(|error| format!("no free port: {error}"))
}

/// A running server whose standard error is collected; dropping it kills the process.
pub(crate) struct Server {
    child: Child,
    stderr: Arc<Lines>,
    reader: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Lines {
    text: Mutex<(String, bool)>,
    grown: Condvar,
}

impl Server {
    /// Starts `command`; its standard error is read, its other streams are as the command says.
    pub(crate) fn start(command: &mut Command) -> Result<Self, String> {
        let mut child = command
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| cannot_start(command, &error))?;
        let stderr = Arc::new(Lines::default());
        let source = child.stderr.take();
        let sink = Arc::clone(&stderr);
        // Owned by this value: ends when the process closes its standard error, joined in `end`.
        let reader = thread::spawn(move || sink.collect(source));
        Ok(Self { child, stderr, reader: Some(reader) })
    }

    /// The process, for its standard streams.
    pub(crate) fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Waits for the first line of standard error in which `find` finds something.
    pub(crate) fn wait_for_line<T>(
        &self,
        limit: Duration,
        find: impl Fn(&str) -> Option<T>,
    ) -> Result<T, String> {
        let until = Instant::now() + limit;
        let mut text = self.stderr.text.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(found) = text.0.lines().find_map(&find) {
                return Ok(found);
            }
            let left = until.saturating_duration_since(Instant::now());
            if text.1 || left.is_zero() {
                return Err(format!(
                    "the server did not say where it listens; it printed:\n{}",
                    text.0
                ));
            }
            text = self
                .stderr
                .grown
                .wait_timeout(text, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    /// Waits until `port` of the loopback address accepts a connection.
    pub(crate) fn wait_for_port(&mut self, port: u16, limit: Duration) -> Result<(), String> {
        let until = Instant::now() + limit;
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        loop {
            if TcpStream::connect_timeout(&address, Duration::from_millis(200)).is_ok() {
                return Ok(());
            }
            let ended = self
                .child
                .try_wait()
                .map_err(|error| format!("cannot wait for the server: {error}"))?;
            if let Some(status) = ended {
                return Err(format!(
                    "the server ended with {status} before it listened:\n{}",
                    self.finish()
                ));
            }
            if Instant::now() > until {
                return Err(format!("nothing listens on port {port} after {} s", limit.as_secs()));
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Whether the process has not ended.
    pub(crate) fn runs(&mut self) -> Result<bool, String> {
        let ended = self.child.try_wait();
        ended
            .map(|status| status.is_none())
            .map_err(|error| format!("cannot wait for the server: {error}"))
    }

    /// Resident memory now, in bytes.
    pub(crate) fn resident(&self) -> Result<u64, String> {
        self.memory("VmRSS:")
    }

    /// The same without pages of files, which are those of the program and its libraries: more of them come whenever
    /// something is done for the first time, in portions that the kernel chooses.
    pub(crate) fn own(&self) -> Result<u64, String> {
        self.memory("RssAnon:")
    }

    fn memory(&self, line: &str) -> Result<u64, String> {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(&path)
            .map_err(|error| format!("cannot read {path}: {error}"))?;
        let value = status.lines().find_map(|said| said.strip_prefix(line));
        let kilobytes =
            value.and_then(|value| value.trim().trim_end_matches(" kB").parse::<u64>().ok());
        kilobytes.map(|kilobytes| kilobytes * 1024).ok_or_else(|| format!("no {line} in {path}"))
    }

    /// Asks the process to end (SIGTERM), waits for it and returns all of its standard error.
    pub(crate) fn end(mut self, limit: Duration) -> Result<String, String> {
        must(Command::new("kill").arg("-TERM").arg(self.child.id().to_string()))?;
        self.wait(limit)?;
        Ok(self.finish())
    }

    /// Waits for the process to end by itself.
    pub(crate) fn wait(&mut self, limit: Duration) -> Result<(), String> {
        let until = Instant::now() + limit;
        while self
            .child
            .try_wait()
            .map_err(|error| format!("cannot wait for the server: {error}"))?
            .is_none()
        {
            if Instant::now() > until {
                return Err(format!("the server did not end within {} s", limit.as_secs()));
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    fn finish(&mut self) -> String {
        // A panic of the reader leaves the text it had read, which is all we want of it.
        let _ = self.reader.take().map(JoinHandle::join);
        self.stderr.text.lock().unwrap_or_else(PoisonError::into_inner).0.clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail only when the process is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Lines {
    fn collect(&self, source: Option<impl Read>) {
        for line in source
            .into_iter()
            .flat_map(|source| BufReader::new(source).split(b'\n'))
            .map_while(Result::ok)
        {
            let mut text = self.text.lock().unwrap_or_else(PoisonError::into_inner);
            text.0.push_str(&String::from_utf8_lossy(&line));
            text.0.push('\n');
            self.grown.notify_all();
        }
        self.text.lock().unwrap_or_else(PoisonError::into_inner).1 = true;
        self.grown.notify_all();
    }
}

fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let line = words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ");
    format!("`{line}`")
}

fn cannot_start(command: &Command, error: &std::io::Error) -> String {
    format!("cannot start {}: {error}", shown(command))
}
