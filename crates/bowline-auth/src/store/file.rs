//! Logins in files.

use super::keys::Keys;
use super::{Fault, Kept, Key, Lock, Store, private};
use ring::digest::{SHA256, digest};
use std::fmt::Write;
use std::fs::{self, TryLockError};
use std::path::{Path, PathBuf};

/// Logins in a folder: one sealed file for each, and beside them the key that opens them, in a file of its own.
///
/// The folder and its files are for their user alone; what others may use is refused, and the fault says how to close
/// it. The seal keeps what was copied without the key (a backup, a synchronised folder) from being of use, and shows
/// that a file was changed; whoever may act as the user can read both.
///
/// Files are replaced as a whole. One that is damaged is an error for its login, and for no other one.
#[derive(Clone, Debug)]
pub struct FileStore {
    folder: PathBuf,
    keys: Keys,
}

impl FileStore {
    /// Uses this folder, which is made (for its user alone) when there is something to keep.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        let folder = folder.into();
        Self { keys: Keys::new(folder.clone(), None), folder }
    }

    #[cfg(any(feature = "keychain", test))]
    pub(super) fn with(
        folder: impl Into<PathBuf>,
        keychain: std::sync::Arc<dyn super::keys::Keychain>,
    ) -> Self {
        let folder = folder.into();
        Self { keys: Keys::new(folder.clone(), Some(keychain)), folder }
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn path(&self, key: &Key, ending: &str) -> PathBuf {
        self.folder.join(name(key) + ending)
    }

    /// What stands in a file. None if it is not there.
    fn read(&self, path: &Path) -> Result<Option<Kept>, Fault> {
        let Some(sealed) = private::read(path)? else { return Ok(None) };
        let plain = self.keys.open(&sealed, path)?;
        Kept::decode(&plain, path).map(Some)
    }
}

impl Store for FileStore {
    fn load(&self, key: &Key) -> Result<Option<Kept>, Fault> {
        if !private::checked_folder(&self.folder)? {
            return Ok(None);
        }
        let path = self.path(key, LOGIN);
        match self.read(&path)? {
            Some(kept) if kept.key != *key => {
                Err(Fault::Damaged { path, what: "it is the login of somebody else" })
            }
            kept => Ok(kept),
        }
    }

    fn save(&self, kept: &Kept) -> Result<(), Fault> {
        private::folder(&self.folder)?;
        let path = self.path(&kept.key, LOGIN);
        let sealed = self.keys.seal(&kept.encode(), &path)?;
        private::replace(&path, &sealed)
    }

    fn remove(&self, key: &Key) -> Result<bool, Fault> {
        Ok(private::checked_folder(&self.folder)? && private::remove(&self.path(key, LOGIN))?)
    }

    fn list(&self) -> Result<Vec<Result<Kept, Fault>>, Fault> {
        if !private::checked_folder(&self.folder)? {
            return Ok(Vec::new());
        }
        let mut kept = Vec::new();
        for entry in fs::read_dir(&self.folder).map_err(Fault::file(&self.folder, "read"))? {
            let path = entry.map_err(Fault::file(&self.folder, "read"))?.path();
            if path.to_str().is_some_and(|path| path.ends_with(LOGIN)) {
                // One that was removed since the folder was read is none.
                kept.extend(self.read(&path).transpose());
            }
        }
        kept.sort_by(|left, right| order(left).cmp(&order(right)));
        Ok(kept)
    }

    fn try_lock(&self, key: &Key) -> Result<Option<Lock>, Fault> {
        private::folder(&self.folder)?;
        let path = self.path(key, ".lock");
        let file = private::lock_file(&path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Lock(Box::new(file)))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(Fault::file(&path, "lock")(error)),
        }
    }
}

const LOGIN: &str = ".login";

/// A name that any file system takes, and that shows neither who nor where: half of a hash.
fn name(key: &Key) -> String {
    // The length keeps ("a", "bc") and ("ab", "c") apart.
    let whole = format!("{}:{}{}", key.principal.len(), key.principal, key.server);
    let hash = digest(&SHA256, whole.as_bytes());
    hash.as_ref()[..16].iter().fold(String::with_capacity(32), |mut name, byte| {
        let _ = write!(name, "{byte:02x}");
        name
    })
}

/// By key; what cannot be read comes last, by its file.
fn order(kept: &Result<Kept, Fault>) -> (Option<&PathBuf>, Option<&Key>) {
    match kept {
        Ok(kept) => (None, Some(&kept.key)),
        Err(
            Fault::File { path, .. }
            | Fault::Open { path, .. }
            | Fault::Damaged { path, .. }
            | Fault::Newer { path },
        ) => (Some(path), None),
        Err(Fault::Busy { .. } | Fault::Keychain(_)) => (None, None),
    }
}
