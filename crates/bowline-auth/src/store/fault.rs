//! What goes wrong with a store.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::PathBuf;

/// What went wrong with a store.
#[derive(Debug)]
#[non_exhaustive]
pub enum Fault {
    /// A file or folder could not be used; the cause is the source.
    File {
        /// The file or folder.
        path: PathBuf,
        /// What was to be done.
        doing: &'static str,
        /// Why it could not.
        cause: io::Error,
    },
    /// A file or folder that others may read or write.
    Open {
        /// The file or folder.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// A file that is not what was written, or was sealed with another key.
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: &'static str,
    },
    /// Somebody else had the lock for longer than the limit.
    Busy {
        /// The server of the login.
        server: String,
    },
    /// The keychain of the system refused.
    Keychain(&'static str),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let _ = f;
        todo!()
    }
}

impl Error for Fault {}
