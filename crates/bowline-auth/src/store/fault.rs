//! What goes wrong with a store.

use crate::shown::shown;
use std::error::Error;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// What went wrong with a store.
#[derive(Debug)]
#[non_exhaustive]
pub enum Fault {
    /// A file or folder could not be used; the cause is the source.
    File {
        /// The file or folder.
        path: PathBuf,
        /// What was to be done with it: `read`, `write`, …
        doing: &'static str,
        /// Why it could not.
        cause: io::Error,
    },
    /// A file or folder that others may read or write. Nothing was read from it.
    Open {
        /// The file or folder.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// A file that is not what was written there, or was sealed with another key.
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: &'static str,
    },
    /// A file that a newer version of this program wrote.
    Newer {
        /// The file.
        path: PathBuf,
    },
    /// Somebody else had the lock for longer than the limit.
    Busy {
        /// The server of the login.
        server: String,
    },
    /// The keychain of the system cannot be used now, and the login was sealed with what it holds.
    Keychain(&'static str),
}

impl Fault {
    pub(super) fn file(path: &Path, doing: &'static str) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |cause| Self::File { path, doing, cause }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, doing, .. } => write!(f, "cannot {doing} {}", path.display()),
            Self::Open { path, mode } => write!(
                f,
                "others may use {} (mode {mode:03o}), so it is not trusted; `chmod go= {}` closes it",
                path.display(),
                path.display()
            ),
            Self::Damaged { path, what } => {
                write!(f, "the login in {} cannot be used: {what}; log in again", path.display())
            }
            Self::Newer { path } => write!(
                f,
                "the login in {} was written by a newer version of this program; use that one, or log in again",
                path.display()
            ),
            Self::Busy { server } => write!(
                f,
                "another process has been refreshing the login at {} for too long; end it, or try again",
                shown(server, 200)
            ),
            Self::Keychain(what) => write!(
                f,
                "the keychain of the system cannot be used: {what}; unlock it, or log in again"
            ),
        }
    }
}

impl Error for Fault {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::File { cause, .. } => Some(cause),
            _ => None,
        }
    }
}
