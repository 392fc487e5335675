//! Logins in files.

use super::seal::{Place, Sealer};
use super::{Fault, Kept, Key, Lock, Store, private};
use ring::digest::{SHA256, digest};
use std::fmt::{Debug, Write};
use std::fs::{self, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use zeroize::Zeroizing;

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
    /// What holds the key instead of a file, where it can.
    keychain: Option<Arc<dyn Keychain>>,
}

/// What holds one key for whoever runs the program.
pub(super) trait Keychain: Debug + Send + Sync {
    /// The key, if there is one.
    fn read(&self) -> Result<Option<Zeroizing<Vec<u8>>>, Unavailable>;

    /// Keeps a key.
    fn write(&self, key: &[u8]) -> Result<(), Unavailable>;
}

/// Why a keychain cannot be used now.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unavailable(pub(super) &'static str);

impl FileStore {
    /// Uses this folder, which is made (for its user alone) when there is something to keep.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), keychain: None }
    }

    #[cfg(any(feature = "keychain", test))]
    pub(super) fn with(folder: impl Into<PathBuf>, keychain: Arc<dyn Keychain>) -> Self {
        Self { folder: folder.into(), keychain: Some(keychain) }
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn path(&self, key: &Key, ending: &str) -> PathBuf {
        self.folder.join(name(key) + ending)
    }

    fn key_path(&self) -> PathBuf {
        self.folder.join("key")
    }

    /// The key that is in this place, if there is one.
    fn sealer(&self, place: Place) -> Result<Option<Sealer>, Fault> {
        let path = self.key_path();
        let bytes = match (place, &self.keychain) {
            (Place::File, _) => private::read(&path)?,
            (Place::Keychain, Some(keychain)) => {
                keychain.read().map_err(|Unavailable(why)| Fault::Keychain(why))?
            }
            (Place::Keychain, None) => return Err(Fault::Keychain("it was not asked for")),
        };
        let Some(bytes) = bytes else { return Ok(None) };
        match (Sealer::from_bytes(&bytes), place) {
            (Some(sealer), _) => Ok(Some(sealer)),
            (None, Place::File) => {
                Err(Fault::Damaged { path, what: "it is not a key of 32 bytes" })
            }
            (None, Place::Keychain) => {
                Err(Fault::Keychain("it has something else instead of the key"))
            }
        }
    }

    /// The key that seals, and where it is: in the keychain if that can be used, else in a file. A new one, if there is
    /// none.
    fn some_sealer(&self) -> Result<(Sealer, Place), Fault> {
        if let Some(found) = self.found()? {
            return Ok(found);
        }
        // Two processes that both make a first login must not make two keys.
        let path = self.folder.join("key.lock");
        let lock = private::lock_file(&path)?;
        lock.lock().map_err(Fault::file(&path, "lock"))?;
        if let Some(found) = self.found()? {
            return Ok(found);
        }
        let sealer = Sealer::new();
        if self.keychain.as_ref().is_some_and(|keychain| keychain.write(sealer.as_bytes()).is_ok())
        {
            return Ok((sealer, Place::Keychain));
        }
        if let Some(sealer) = self.sealer(Place::File)? {
            return Ok((sealer, Place::File));
        }
        private::replace(&self.key_path(), sealer.as_bytes())?;
        Ok((sealer, Place::File))
    }

    /// The key that is there. None if one has to be made where it ought to be.
    fn found(&self) -> Result<Option<(Sealer, Place)>, Fault> {
        if self.keychain.is_some() {
            match self.sealer(Place::Keychain) {
                Ok(found) => return Ok(found.map(|sealer| (sealer, Place::Keychain))),
                // Then the file does for now, as it does without a keychain.
                Err(Fault::Keychain(_)) => {}
                Err(fault) => return Err(fault),
            }
        }
        Ok(self.sealer(Place::File)?.map(|sealer| (sealer, Place::File)))
    }

    /// What stands in a file. None if it is not there.
    fn read(&self, path: &Path) -> Result<Option<Kept>, Fault> {
        let Some(sealed) = private::read(path)? else { return Ok(None) };
        let damaged = |what| Fault::Damaged { path: path.to_owned(), what };
        let place = Place::of(&sealed).ok_or_else(|| damaged("it is not a sealed login"))?;
        let sealer = self
            .sealer(place)?
            .ok_or_else(|| damaged("the key that it was sealed with is gone"))?;
        let opened = sealer.open(&sealed, &file_name(path));
        let plain = opened.ok_or_else(|| damaged("it was changed, or sealed with another key"))?;
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
        let plain: Zeroizing<String> = kept.encode();
        let (sealer, place) = self.some_sealer()?;
        let sealed = sealer.seal(&plain, place, &file_name(&path));
        let sealed = sealed.ok_or_else(|| Fault::Damaged {
            path: path.clone(),
            what: "it is too long to be sealed",
        })?;
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

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
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
