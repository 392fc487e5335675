//! Logins in sealed files, whose key is in the keychain of the system.
//!
//! The keychain holds the 32 bytes that seal, and nothing else: what is kept of a login may be longer than a keychain
//! takes (2560 bytes on Windows), and is replaced and locked as files are.
//!
//! On macOS and Windows the system is asked, through what its own libraries offer. Elsewhere the keychain is whoever
//! answers to `org.freedesktop.secrets` on the session bus (GNOME Keyring, KWallet, KeePassXC), and what is needed of
//! that protocol is written here, on a socket of the standard library. The crates for it (`zbus` with `secret-service`)
//! would have been 64 more in the tree of the binary, with a second set of ciphers and a second runtime, for the five
//! calls that are made. The key store of the Linux kernel would have been four crates, but forgets when the machine
//! starts again.

#[cfg(target_os = "macos")]
mod macos;
#[cfg(not(any(unix, windows)))]
mod nowhere;
#[cfg(all(unix, not(target_os = "macos")))]
mod secret_service;
#[cfg(windows)]
mod windows;

#[cfg(target_os = "macos")]
use macos as system;
#[cfg(not(any(unix, windows)))]
use nowhere as system;
#[cfg(all(unix, not(target_os = "macos")))]
use secret_service as system;
#[cfg(windows)]
use windows as system;

use super::keys::{Keychain, Unavailable};
use super::{Fault, FileStore, Kept, Key, Lock, Store};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Logins in a folder, as in [`FileStore`], but sealed with a key that the keychain of the system holds.
///
/// Where no keychain runs, or it is locked, new logins are sealed with a key in a file, and old ones cannot be read
/// until it runs again ([`Fault::Keychain`]).
#[derive(Clone, Debug)]
pub struct KeychainStore(FileStore);

impl KeychainStore {
    /// Uses this folder, and the keychain of the user who runs the program. Neither is touched before it is needed.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self::with(folder, Arc::new(system::System))
    }

    pub(super) fn with(folder: impl Into<PathBuf>, keychain: Arc<dyn Keychain>) -> Self {
        Self(FileStore::with(folder, keychain))
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.0.folder()
    }

    /// Whether the keychain can be used now.
    ///
    /// # Errors
    /// [`Fault::Keychain`] says why not.
    pub fn available(&self) -> Result<(), Fault> {
        system::System.read().map(|_| ()).map_err(|Unavailable(why)| Fault::Keychain(why))
    }
}

impl Store for KeychainStore {
    fn load(&self, key: &Key) -> Result<Option<Kept>, Fault> {
        self.0.load(key)
    }

    fn save(&self, kept: &Kept) -> Result<(), Fault> {
        self.0.save(kept)
    }

    fn remove(&self, key: &Key) -> Result<bool, Fault> {
        self.0.remove(key)
    }

    fn list(&self) -> Result<Vec<Result<Kept, Fault>>, Fault> {
        self.0.list()
    }

    fn try_lock(&self, key: &Key) -> Result<Option<Lock>, Fault> {
        self.0.try_lock(key)
    }
}

/// Under which name the keychain has the key: of the program, and of what it is for.
const PROGRAM: &str = "bowline";
const PURPOSE: &str = "logins";
