//! Reading a file whose contents start programs.

use super::problem::Problem;
#[cfg(unix)]
use rustix::process::geteuid;
use std::fs::{File, Metadata};
use std::io::Read;
#[cfg(unix)]
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// The contents of a file that only its owner can have written.
///
/// # Errors
/// When it is not there, is no file, is too large, is no UTF-8, or somebody else could have written it.
pub(super) fn read(path: &Path, limit: u64) -> Result<String, Problem> {
    let failed = |error| Problem::error("", format!("cannot be read: {error}"));
    let file = File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if !metadata.is_file() {
        return Err(Problem::error("", "is no file").hint("name a file of JSON"));
    }
    is_ours(&metadata)?;
    let too_large = || {
        Problem::error("", format!("is larger than {} KiB", limit / 1024))
            .hint("a config is read only up to this size; split it")
    };
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > limit {
        return Err(too_large());
    }
    let text = String::from_utf8(bytes)
        .map_err(|_| Problem::error("", "is no UTF-8 text").hint("save it as UTF-8"))?;
    // Some editors begin a file with this mark.
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

/// Refuses a file that belongs to somebody else, or that somebody else may write.
#[cfg(unix)]
fn is_ours(metadata: &Metadata) -> Result<(), Problem> {
    let (owner, group, mode) = (metadata.uid(), metadata.gid(), metadata.mode());
    let us = geteuid().as_raw();
    if owner != us && owner != 0 {
        return Err(Problem::error("", format!("belongs to another user ({owner})"))
            .hint("it can start programs as you, so copy it if you trust it"));
    }
    // A group with the number of its user is that user's own.
    let by_group = mode & 0o020 != 0 && group != owner;
    if mode & 0o002 != 0 || by_group {
        return Err(Problem::error("", format!("others may write it (mode {:o})", mode & 0o777))
            .hint("it can start programs as you, so run `chmod go-w` on it"));
    }
    Ok(())
}

/// Permissions are not looked at where they are no bits.
#[cfg(not(unix))]
fn is_ours(_: &Metadata) -> Result<(), Problem> {
    Ok(())
}
