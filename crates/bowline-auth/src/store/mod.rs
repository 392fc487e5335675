//! Where logins are kept.
//!
//! A login belongs to a principal and a server, which together are its [`Key`]. What is kept of it is one [`Kept`].

mod fault;
mod file;
mod kept;
#[cfg(feature = "keychain")]
mod keychain;
mod keys;
mod memory;
mod private;
mod seal;

#[cfg(test)]
mod tests;

pub use fault::Fault;
pub use file::FileStore;
pub use kept::{Client, Extra, Kept};
#[cfg(feature = "keychain")]
pub use keychain::KeychainStore;
pub use memory::MemoryStore;

use std::fmt;
use std::fmt::Debug;
use std::thread;
use std::time::Duration;

/// Whose login it is, and to what.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// The principal who logged in; empty for whoever runs the program.
    pub principal: String,
    /// The URL of the server, as the user gave it.
    pub server: String,
}

impl Key {
    /// This principal at this server.
    pub fn new(principal: impl Into<String>, server: impl Into<String>) -> Self {
        Self { principal: principal.into(), server: server.into() }
    }
}

/// Where logins are kept.
///
/// Calls are short and may touch files: an async caller makes them where that is no harm.
pub trait Store: Debug + Send + Sync {
    /// What is kept under this key.
    ///
    /// # Errors
    /// When it cannot be read.
    fn load(&self, key: &Key) -> Result<Option<Kept>, Fault>;

    /// Keeps a login in the place of what was kept under its key; all of it or nothing.
    ///
    /// # Errors
    /// When it cannot be written.
    fn save(&self, kept: &Kept) -> Result<(), Fault>;

    /// Forgets a login. False if there was none.
    ///
    /// # Errors
    /// When it cannot be removed.
    fn remove(&self, key: &Key) -> Result<bool, Fault>;

    /// All that is kept, in the order of keys; what cannot be read stands there as its fault, and hides nothing else.
    ///
    /// # Errors
    /// When the place as a whole cannot be read.
    fn list(&self) -> Result<Vec<Result<Kept, Fault>>, Fault>;

    /// Takes the lock of a key, across all processes that use the place: whoever has it refreshes, and everybody else
    /// reads what came of it. None while somebody else has it. It ends with the process that has it at the latest.
    ///
    /// # Errors
    /// When it cannot be taken by anybody.
    fn try_lock(&self, key: &Key) -> Result<Option<Lock>, Fault>;

    /// As [`Store::try_lock`], and waits for it, blocking the thread.
    ///
    /// # Errors
    /// [`Fault::Busy`] after `limit`.
    fn lock(&self, key: &Key, limit: Duration) -> Result<Lock, Fault> {
        let steps = limit.as_millis().div_ceil(STEP.as_millis());
        for _ in 0..steps {
            if let Some(lock) = self.try_lock(key)? {
                return Ok(lock);
            }
            thread::sleep(STEP);
        }
        self.try_lock(key)?.ok_or_else(|| Fault::Busy { server: key.server.clone() })
    }
}

/// How often a lock is asked for that somebody else has.
const STEP: Duration = Duration::from_millis(20);

/// A key that nobody else has until this is dropped.
#[must_use = "dropping the lock gives it back"]
pub struct Lock(#[expect(dead_code, reason = "it is held, not read")] Box<dyn Send + Sync>);

impl Debug for Lock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lock(…)")
    }
}
