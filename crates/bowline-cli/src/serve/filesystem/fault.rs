//! Why something was not done, in words for a model.

use rustix::io::Errno;
use std::fmt;
use std::io;
use std::path::Path;

/// Why something was not done.
#[derive(Debug)]
pub(super) struct Refusal(String);

impl Refusal {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }

    /// Something about the entry at this path.
    pub(super) fn at(path: &Path, what: impl fmt::Display) -> Self {
        Self(format!("{}: {what}", super::path::shown(path)))
    }

    /// What the system said about the entry at this path.
    pub(super) fn io(path: &Path, error: &io::Error) -> Self {
        let what = match error.kind() {
            // The kernel's own refusals have a number.
            io::ErrorKind::PermissionDenied if error.raw_os_error().is_none() => LEADS_OUTSIDE,
            io::ErrorKind::CrossesDevices => LEADS_OUTSIDE,
            _ if error.raw_os_error() == Some(Errno::LOOP.raw_os_error()) => {
                "too many symbolic links, or one that leads to itself"
            }
            io::ErrorKind::NotFound => "no such file or directory",
            io::ErrorKind::PermissionDenied => "the server may not do this",
            io::ErrorKind::NotADirectory => "not a directory",
            io::ErrorKind::IsADirectory => "is a directory",
            io::ErrorKind::AlreadyExists => "exists already",
            io::ErrorKind::DirectoryNotEmpty => "the directory is not empty",
            io::ErrorKind::InvalidFilename => "the name is too long",
            io::ErrorKind::StorageFull => "no space is left",
            io::ErrorKind::ReadOnlyFilesystem => "the file system is read-only",
            _ => return Self::at(path, error),
        };
        Self::at(path, what)
    }
}

pub(super) const LEADS_OUTSIDE: &str =
    "leads outside of the allowed directories; roots_allowed names them";

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refusal {}
