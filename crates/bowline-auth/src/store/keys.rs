//! Where the key is that seals.

use super::seal::{Place, Sealer};
use super::{Fault, private};
use std::fmt::Debug;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use zeroize::Zeroizing;

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

/// The keys of a folder: one in a file, and one in the keychain if there is one. Clones share what they hold.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    folder: PathBuf,
    keychain: Option<Arc<dyn Keychain>>,
    /// What the keychain said last. It opens what it fits; what seals is asked for anew, as somebody may have emptied the
    /// keychain since.
    held: Arc<Mutex<Option<Sealer>>>,
}

impl Keys {
    pub(super) fn new(folder: PathBuf, keychain: Option<Arc<dyn Keychain>>) -> Self {
        Self { folder, keychain, held: Arc::default() }
    }

    /// Seals what belongs into the file of this name.
    pub(super) fn seal(&self, plain: &str, path: &Path) -> Result<Vec<u8>, Fault> {
        let (sealer, place) = self.some()?;
        let sealed = sealer.seal(plain, place, &name(path));
        sealed.ok_or_else(|| Fault::Damaged {
            path: path.to_owned(),
            what: "it is too long to be sealed",
        })
    }

    /// Opens what was read from a file.
    pub(super) fn open(&self, sealed: &[u8], path: &Path) -> Result<Zeroizing<String>, Fault> {
        let damaged = |what| Fault::Damaged { path: path.to_owned(), what };
        let place = Place::of(sealed).ok_or_else(|| damaged("it is not a sealed login"))?;
        let name = name(path);
        if let (Place::Keychain, Some(held)) = (place, self.held())
            && let Some(plain) = held.open(sealed, &name)
        {
            return Ok(plain);
        }
        let sealer =
            self.of(place)?.ok_or_else(|| damaged("the key that it was sealed with is gone"))?;
        sealer
            .open(sealed, &name)
            .ok_or_else(|| damaged("it was changed, or sealed with another key"))
    }

    /// The key that seals, and where it is: in the keychain if that can be used, else in a file. A new one, if there is
    /// none.
    fn some(&self) -> Result<(Sealer, Place), Fault> {
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
        if let Some(sealer) = self.of(Place::File)? {
            return Ok((sealer, Place::File));
        }
        private::replace(&self.path(), sealer.as_bytes())?;
        Ok((sealer, Place::File))
    }

    /// The key that is there. None if one has to be made where it ought to be.
    fn found(&self) -> Result<Option<(Sealer, Place)>, Fault> {
        if self.keychain.is_some() {
            match self.of(Place::Keychain) {
                Ok(found) => return Ok(found.map(|sealer| (sealer, Place::Keychain))),
                // Then the file does for now, as it does without a keychain.
                Err(Fault::Keychain(_)) => {}
                Err(fault) => return Err(fault),
            }
        }
        Ok(self.of(Place::File)?.map(|sealer| (sealer, Place::File)))
    }

    /// The key that is in this place, if there is one.
    fn of(&self, place: Place) -> Result<Option<Sealer>, Fault> {
        match (place, &self.keychain) {
            (Place::File, _) => {
                let path = self.path();
                let read = private::read(&path)?.map(|bytes| Sealer::from_bytes(&bytes));
                let odd = Fault::Damaged { path, what: "it is not a key of 32 bytes" };
                read.map(|sealer| sealer.ok_or(odd)).transpose()
            }
            (Place::Keychain, Some(keychain)) => {
                let read = keychain.read().map_err(|Unavailable(why)| Fault::Keychain(why))?;
                let odd = Fault::Keychain("it has something else instead of the key");
                let sealer = read.map(|bytes| Sealer::from_bytes(&bytes).ok_or(odd)).transpose()?;
                self.held.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&sealer);
                Ok(sealer)
            }
            (Place::Keychain, None) => Err(Fault::Keychain("it was not asked for")),
        }
    }

    fn held(&self) -> Option<Sealer> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn path(&self) -> PathBuf {
        self.folder.join("key")
    }
}

/// What a sealed text is bound to: the name of its file.
fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
