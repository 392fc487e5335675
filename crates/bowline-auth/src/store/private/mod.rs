//! Files and folders that are for one user alone.

#[cfg(not(unix))]
mod other;
#[cfg(unix)]
mod unix;

#[cfg(not(unix))]
use other as system;
#[cfg(unix)]
use unix as system;

use super::Fault;
use crate::jose::unique;
use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Makes the folder if it is not there, and checks that nobody else may use it.
pub(super) fn folder(path: &Path) -> Result<(), Fault> {
    system::make_folder(path).map_err(Fault::file(path, "make the folder"))?;
    checked_folder(path).map(|_| ())
}

/// Checks that nobody else may use the folder. False if it is not there.
pub(super) fn checked_folder(path: &Path) -> Result<bool, Fault> {
    match fs::metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(Fault::file(path, "use the folder")(error)),
        Ok(metadata) if !metadata.is_dir() => {
            Err(Fault::file(path, "use the folder")(ErrorKind::NotADirectory.into()))
        }
        Ok(metadata) => system::closed(path, &metadata).map(|()| true),
    }
}

/// The content of a file that is for its user alone, and not longer than any login is. None if it is not there.
pub(super) fn read(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, Fault> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Fault::file(path, "read")(error)),
    };
    // Of what was opened, and not of what has the name by now.
    let metadata = file.metadata().map_err(Fault::file(path, "read"))?;
    system::closed(path, &metadata)?;
    if !metadata.is_file() || metadata.len() > LONGEST {
        return Err(Fault::Damaged {
            path: path.to_owned(),
            what: "it is not a file of at most 1 MiB",
        });
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(metadata.len() as usize + 1));
    file.take(LONGEST).read_to_end(&mut bytes).map_err(Fault::file(path, "read"))?;
    Ok(Some(bytes))
}

/// Puts this content in the place of the file, as a whole or not at all, also when the power fails.
pub(super) fn replace(path: &Path, content: &[u8]) -> Result<(), Fault> {
    let new = beside(path);
    let written = system::create_new(&new)
        .and_then(|mut file| file.write_all(content).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&new, path));
    if let Err(error) = written {
        // What cannot be removed either is swept with the login.
        let _ = fs::remove_file(&new);
        return Err(Fault::file(path, "write")(error));
    }
    system::sync_folder(path);
    Ok(())
}

/// Removes a file, and what a crash left of writing it. False if it was not there.
pub(super) fn remove(path: &Path) -> Result<bool, Fault> {
    for left in left_of(path) {
        let _ = fs::remove_file(left);
    }
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(Fault::file(path, "remove")(error)),
    }
}

/// A file to lock, which is empty and stays: if one were removed while somebody waits for it, two would have the lock.
pub(super) fn lock_file(path: &Path) -> Result<File, Fault> {
    let file = system::open_lock(path).map_err(Fault::file(path, "open"))?;
    let metadata = file.metadata().map_err(Fault::file(path, "open"))?;
    system::closed(path, &metadata)?;
    Ok(file)
}

const LONGEST: u64 = 1024 * 1024;
const NEW: &str = "new";

/// A name in the same folder that nobody else writes to: `a.login` → `a.login.XXXX.new`.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.{NEW}", unique::unique()));
    name.into()
}

fn left_of(path: &Path) -> Vec<PathBuf> {
    let (Some(folder), Some(name)) =
        (path.parent(), path.file_name().and_then(|name| name.to_str()))
    else {
        return Vec::new();
    };
    let ours = |entry: &fs::DirEntry| {
        entry.file_name().to_str().is_some_and(|other| {
            other
                .strip_prefix(name)
                .is_some_and(|rest| rest.starts_with('.') && rest.ends_with(NEW))
        })
    };
    fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter(ours)
        .map(|entry| entry.path())
        .collect()
}
