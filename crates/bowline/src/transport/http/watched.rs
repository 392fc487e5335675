//! Values read from files, and read again when the files change.

use crate::error::{Error, Result};
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::time::Instant;

/// A value read from files.
///
/// Whoever asks for the value makes it look at the files, at most once a second, so that no task has to. While the
/// files are broken the value read before stays.
#[derive(Debug)]
pub(super) struct Watched<T> {
    paths: Box<[PathBuf]>,
    load: Load<T>,
    /// Held while the files are looked at: whoever comes meanwhile would have to look too.
    state: Mutex<State<T>>,
}

/// Reads the value; gets the one before it, to take over from.
type Load<T> = fn(paths: &[PathBuf], before: Option<&T>) -> Result<T>;

#[derive(Debug)]
struct State<T> {
    value: Arc<T>,
    stamps: Vec<Option<Stamp>>,
    looked: Instant,
}

/// What changes when a file does.
#[derive(Debug, PartialEq)]
struct Stamp {
    modified: Option<SystemTime>,
    changed: (i64, i64),
    file: u64,
    len: u64,
}

const PAUSE: Duration = Duration::from_secs(1);

impl<T> Watched<T> {
    /// Reads the files for the first time.
    ///
    /// # Errors
    /// What `load` says.
    pub(super) fn new(paths: impl Into<Box<[PathBuf]>>, load: Load<T>) -> Result<Self> {
        let paths = paths.into();
        let stamps = stamps(&paths);
        let value = Arc::new(load(&paths, None)?);
        let state = State { value, stamps, looked: Instant::now() };
        Ok(Self { paths, load, state: Mutex::new(state) })
    }

    /// The value as the files have it now, or had it while they were right.
    pub(super) fn current(&self) -> Arc<T> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if now.duration_since(state.looked) < PAUSE {
            return state.value.clone();
        }
        state.looked = now;
        let stamps = stamps(&self.paths);
        if stamps != state.stamps {
            // Also when they are broken: that is told once, until they change again.
            state.stamps = stamps;
            match (self.load)(&self.paths, Some(&state.value)) {
                Ok(value) => {
                    state.value = Arc::new(value);
                    tracing::info!(files = ?self.paths, "files have changed and were read again");
                }
                Err(error) => {
                    let cause = std::error::Error::source(&error).map(ToString::to_string);
                    tracing::error!(%error, cause, "files have changed, but what they had before stays in use");
                }
            }
        }
        state.value.clone()
    }
}

/// Reads a file.
///
/// # Errors
/// With its name, when it cannot be read.
pub(super) fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(|error| Error::io(format!("cannot read {}", path.display()), error))
}

fn stamps(paths: &[PathBuf]) -> Vec<Option<Stamp>> {
    paths.iter().map(|path| fs::metadata(path).ok().map(|metadata| stamp(&metadata))).collect()
}

#[cfg(unix)]
fn stamp(metadata: &Metadata) -> Stamp {
    use std::os::unix::fs::MetadataExt;
    Stamp {
        modified: metadata.modified().ok(),
        changed: (metadata.ctime(), metadata.ctime_nsec()),
        file: metadata.ino(),
        len: metadata.len(),
    }
}

#[cfg(not(unix))]
fn stamp(metadata: &Metadata) -> Stamp {
    Stamp { modified: metadata.modified().ok(), changed: (0, 0), file: 0, len: metadata.len() }
}
