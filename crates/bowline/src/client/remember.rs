//! Which way led to a server the last time, so that the next connection begins with it.
//!
//! Every process remembers for itself; in a folder, processes remember for each other. What is remembered is only a
//! hint: when the way does not lead there any more, the search begins anew.

use super::live::Core;
use bowline_protocol::era::probe::Way;
use ring::digest::{SHA256, digest};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How long it is believed.
const FOR: Duration = Duration::from_secs(24 * 60 * 60);

/// How many servers one process remembers.
const MOST: usize = 1024;

/// The servers that this process has found a way to, and when.
static FOUND: LazyLock<Mutex<Found>> = LazyLock::new(Mutex::default);

/// A way, and when it was found, by the key of its server.
type Found = HashMap<Box<str>, (Way, SystemTime)>;

/// What is remembered of one server.
pub(super) struct Memory {
    key: Option<Box<str>>,
    file: Option<PathBuf>,
}

impl Memory {
    pub(super) fn of(core: &Core) -> Self {
        let key = core.target.key();
        let file = key.as_ref().zip(core.setup.memory.as_ref()).map(|(key, folder)| {
            // The name says nothing of the server: a command line may be anybody's.
            let digest = digest(&SHA256, key.as_bytes());
            let name: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
            folder.join(name)
        });
        Self { key: key.map(Into::into), file }
    }

    pub(super) async fn recall(&self) -> Option<Way> {
        let key = self.key.as_deref()?;
        let found = FOUND.lock().unwrap_or_else(PoisonError::into_inner).get(key).copied();
        let (way, at) = match found {
            Some(found) => found,
            None => self.read().await?,
        };
        let age = SystemTime::now().duration_since(at).ok()?;
        (age < FOR).then_some(way)
    }

    pub(super) async fn keep(&self, way: Way) {
        let Some(key) = &self.key else {
            return;
        };
        let now = SystemTime::now();
        let known = {
            let mut found = FOUND.lock().unwrap_or_else(PoisonError::into_inner);
            if found.len() >= MOST && !found.contains_key(key) {
                found.clear();
            }
            // The day begins with the first time that the way was found, so that once a day it is looked for anew.
            let known = found.get(key).filter(|(known, at)| {
                *known == way && now.duration_since(*at).is_ok_and(|age| age < FOR)
            });
            let known = known.is_some();
            if !known {
                found.insert(key.clone(), (way, now));
            }
            known
        };
        if known {
            return;
        }
        if let Some(file) = &self.file {
            let seconds = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
            let text = format!("{} {seconds}\n", way.as_str());
            // Without the file the next process looks for itself.
            if let Some(folder) = file.parent()
                && tokio::fs::create_dir_all(folder).await.is_ok()
            {
                let _ = tokio::fs::write(file, text).await;
            }
        }
    }

    pub(super) async fn forget(&self) {
        if let Some(key) = &self.key {
            FOUND.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
        }
        if let Some(file) = &self.file {
            let _ = tokio::fs::remove_file(file).await;
        }
    }

    async fn read(&self) -> Option<(Way, SystemTime)> {
        let text = tokio::fs::read_to_string(self.file.as_ref()?).await.ok()?;
        let (way, seconds) = text.trim().split_once(' ')?;
        let at = UNIX_EPOCH.checked_add(Duration::from_secs(seconds.parse().ok()?))?;
        Some((Way::named(way)?, at))
    }
}
