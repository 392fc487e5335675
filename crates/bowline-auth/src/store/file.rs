//! Logins in files.

use super::{Fault, Kept, Key, Lock, Store};
use std::path::PathBuf;

/// Logins in a folder: one sealed file for each, and the key that opens them.
#[derive(Clone, Debug)]
pub struct FileStore {
    folder: PathBuf,
}

impl FileStore {
    /// Uses this folder, which is made (for its user alone) when the first login is saved.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &std::path::Path {
        &self.folder
    }
}

impl Store for FileStore {
    fn load(&self, key: &Key) -> Result<Option<Kept>, Fault> {
        let _ = key;
        todo!()
    }

    fn save(&self, kept: &Kept) -> Result<(), Fault> {
        let _ = kept;
        todo!()
    }

    fn remove(&self, key: &Key) -> Result<bool, Fault> {
        let _ = key;
        todo!()
    }

    fn list(&self) -> Result<Vec<Result<Kept, Fault>>, Fault> {
        todo!()
    }

    fn try_lock(&self, key: &Key) -> Result<Option<Lock>, Fault> {
        let _ = key;
        todo!()
    }
}
