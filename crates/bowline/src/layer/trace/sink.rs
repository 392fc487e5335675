//! The file, and the thread that writes it.

use super::redact::{REDACTED, is_secret, redact};
use bowline_protocol::http::HeaderMap;
use bowline_protocol::scan::Raw;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// One line to be written.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) call: Option<u64>,
    pub(crate) dir: &'static str,
    pub(crate) transport: Box<str>,
    pub(crate) principal: Box<str>,
    pub(crate) headers: Option<HeaderMap>,
    /// `None` for a call that ended without an answer.
    pub(crate) message: Option<Raw>,
}

impl Entry {
    pub(crate) fn cancelled(call: u64) -> Self {
        Self {
            call: Some(call),
            dir: "",
            transport: Box::default(),
            principal: Box::default(),
            headers: None,
            message: None,
        }
    }

    fn weight(&self) -> usize {
        self.message.as_ref().map_or(0, |message| message.as_bytes().len())
    }
}

/// Entries waiting to be written.
const ENTRIES: usize = 4096;
/// Bytes of messages waiting to be written.
const BYTES: usize = 16 * 1024 * 1024;

/// Where entries go. Its drop waits until all are written.
#[derive(Debug)]
pub(crate) struct Sink {
    /// `None` only while it is dropped.
    sender: Option<SyncSender<(Stamp, Entry)>>,
    shared: Arc<Shared>,
    writer: Mutex<Option<JoinHandle<()>>>,
    started: Instant,
}

#[derive(Debug, Default)]
struct Shared {
    bytes: AtomicUsize,
    dropped: AtomicU64,
}

/// When something happened: microseconds since the header, milliseconds since 1970.
#[derive(Clone, Copy, Debug)]
struct Stamp {
    at: u128,
    time: u128,
}

impl Sink {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        Self::start(open(path)?)
    }

    /// One whose lines stand among whatever else is said there.
    pub(crate) fn stderr() -> io::Result<Self> {
        Self::start(io::stderr())
    }

    fn start(mut file: impl Write + Send + 'static) -> io::Result<Self> {
        let pid = std::process::id();
        let time = wall();
        writeln!(file, r#"{{"format":"bowline-trace","version":1,"time":{time},"pid":{pid}}}"#)?;
        let (sender, receiver) = sync_channel(ENTRIES);
        let shared = Arc::new(Shared::default());
        let for_writer = shared.clone();
        // Owned by the sink: it ends with the sender, and is waited for.
        let writer = std::thread::Builder::new()
            .name("bowline-trace".into())
            .spawn(move || write(BufWriter::new(file), &receiver, &for_writer))?;
        let writer = Mutex::new(Some(writer));
        Ok(Self { sender: Some(sender), shared, writer, started: Instant::now() })
    }

    /// Puts in an entry, or counts it when there is no room.
    pub(crate) fn put(&self, entry: Entry) {
        let weight = entry.weight();
        let stamp = Stamp { at: self.started.elapsed().as_micros(), time: wall() };
        let queued = self.shared.bytes.fetch_add(weight, Ordering::Relaxed);
        let sent = queued + weight <= BYTES
            && self.sender.as_ref().is_some_and(|sender| sender.try_send((stamp, entry)).is_ok());
        if !sent {
            self.shared.bytes.fetch_sub(weight, Ordering::Relaxed);
            self.shared.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn dropped(&self) -> u64 {
        self.shared.dropped.load(Ordering::Relaxed)
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.sender = None;
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = writer {
            let _ = writer.join();
        }
    }
}

/// Opens a file that only its owner can read.
#[cfg(unix)]
fn open(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
    let file = OpenOptions::new().create(true).append(true).mode(0o600).open(path)?;
    // One that existed may have been open to others; a device or pipe is left as it is.
    if file.metadata()?.is_file() {
        file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
    }
    Ok(file)
}

/// Opens a file; who can read it is up to the folder it is in.
#[cfg(not(unix))]
fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path)
}

fn wall() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis()
}

/// Writes until nobody sends any more; flushes whenever nothing waits.
fn write(mut file: BufWriter<impl Write>, entries: &Receiver<(Stamp, Entry)>, shared: &Shared) {
    let mut line = String::new();
    let mut told = 0;
    let mut last = 0;
    loop {
        let next = match entries.try_recv() {
            Err(TryRecvError::Empty) => {
                if let Err(error) = file.flush() {
                    return tracing::error!(%error, "cannot write the trace; it ends here");
                }
                entries.recv().ok()
            }
            next => next.ok(),
        };
        line.clear();
        let dropped = shared.dropped.load(Ordering::Relaxed);
        if dropped > told {
            let Stamp { at, time } =
                next.as_ref().map_or_else(|| Stamp { at: last, time: wall() }, |next| next.0);
            let count = dropped - told;
            told = dropped;
            line += &format!(
                "{{\"at\":{at},\"time\":{time},\"event\":\"dropped\",\"count\":{count}}}\n"
            );
        }
        let ended = next.is_none();
        if let Some((stamp, entry)) = next {
            last = stamp.at;
            shared.bytes.fetch_sub(entry.weight(), Ordering::Relaxed);
            format_entry(stamp, &entry, &mut line);
        }
        let written = file.write_all(line.as_bytes());
        if let Err(error) = if ended { written.and_then(|()| file.flush()) } else { written } {
            return tracing::error!(%error, "cannot write the trace; it ends here");
        }
        if ended {
            return;
        }
    }
}

fn format_entry(Stamp { at, time }: Stamp, entry: &Entry, line: &mut String) {
    *line += &format!("{{\"at\":{at},\"time\":{time}");
    if !entry.dir.is_empty() {
        *line += &format!(",\"dir\":\"{}\"", entry.dir);
    }
    if let Some(call) = entry.call {
        *line += &format!(",\"call\":{call}");
    }
    let Some(message) = &entry.message else {
        line.push_str(",\"event\":\"cancelled\"}\n");
        return;
    };
    for (name, value) in [("transport", &entry.transport), ("principal", &entry.principal)] {
        *line += &format!(",\"{name}\":{}", serde_json::Value::from(&**value));
    }
    if let Some(headers) = &entry.headers {
        line.push_str(",\"headers\":{");
        for (at, name) in headers.keys().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            let values: Vec<_> = headers
                .get_all(name)
                .iter()
                .map(|value| {
                    if is_secret(name.as_str()) {
                        REDACTED.into()
                    } else {
                        String::from_utf8_lossy(value.as_bytes())
                    }
                })
                .collect();
            let values = serde_json::Value::from(values.join(", "));
            *line += &format!("{comma}\"{name}\":{values}");
        }
        line.push('}');
    }
    line.push_str(",\"message\":");
    redact(message.as_str(), line);
    line.push_str("}\n");
}
