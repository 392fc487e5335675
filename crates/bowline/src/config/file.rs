//! Reading a file whose contents start programs.

use super::problem::Problem;
#[cfg(unix)]
use rustix::process::geteuid;
use std::fs::{File, Metadata};
use std::io::Read;
#[cfg(unix)]
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::SystemTime;

/// The contents of a file that only its owner can have written.
///
/// # Errors
/// When it is not there, is no file, is too large, is no UTF-8, or somebody else could have written it.
pub(super) fn read(path: &Path, limit: u64) -> Result<(String, Stamp), Problem> {
    let failed = |error| Problem::error("", format!("cannot be read: {error}"));
    let file = File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if !metadata.is_file() {
        return Err(Problem::error("", "is no file").hint("name a file of JSON"));
    }
    is_ours(&metadata)?;
    let stamp = Stamp::of(&metadata);
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
    Ok((text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text), stamp))
}

/// What tells a file that was written apart from how it was before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    modified: Option<SystemTime>,
    length: u64,
    /// Another file in its place has another number, where files have numbers.
    number: u64,
}

impl Stamp {
    /// That of the file at this path; `None` when there is none that can be looked at.
    #[cfg(feature = "host")]
    pub(super) fn at(path: &Path) -> Option<Self> {
        std::fs::metadata(path).ok().map(|metadata| Self::of(&metadata))
    }

    fn of(metadata: &Metadata) -> Self {
        let modified = metadata.modified().ok();
        Self { modified, length: metadata.len(), number: number(metadata) }
    }
}

#[cfg(unix)]
fn number(metadata: &Metadata) -> u64 {
    metadata.ino()
}

#[cfg(not(unix))]
fn number(_: &Metadata) -> u64 {
    0
}

/// Refuses a folder in which somebody else could put another file in the place of this one.
///
/// # Errors
/// When it is one, whether the path leads there or a link does.
#[cfg(unix)]
pub(super) fn folder_is_ours(path: &Path) -> Result<(), Problem> {
    let real = path.canonicalize().ok();
    for file in [Some(path), real.as_deref()].into_iter().flatten() {
        let folder = match file.parent() {
            Some(folder) if folder.as_os_str().is_empty() => Path::new("."),
            Some(folder) => folder,
            None => continue,
        };
        // One that cannot be looked at is told when the file cannot be read.
        let Ok(metadata) = std::fs::metadata(folder) else { continue };
        // Where this bit is set, nobody can remove or rename what belongs to others.
        let is_sticky = metadata.mode() & 0o1000 != 0;
        if let Some(why) = strangers(&metadata, "", is_sticky) {
            let message = format!("is in {}, which {why}", folder.display());
            let hint = "whoever can write there can put another file in its place, so run `chmod go-w` on the folder, \
                        or keep the file in one of your own";
            return Err(Problem::error("", message).hint(hint));
        }
    }
    Ok(())
}

/// Permissions are not looked at where they are no bits.
#[cfg(not(unix))]
pub(super) fn folder_is_ours(_: &Path) -> Result<(), Problem> {
    Ok(())
}

/// Refuses a file that belongs to somebody else, or that somebody else may write.
#[cfg(unix)]
fn is_ours(metadata: &Metadata) -> Result<(), Problem> {
    let Some(why) = strangers(metadata, " it", false) else { return Ok(()) };
    let hint = if why.starts_with("belongs") {
        "it can start programs as you, so copy it if you trust it"
    } else {
        "it can start programs as you, so run `chmod go-w` on it"
    };
    Err(Problem::error("", why).hint(hint))
}

/// How somebody else has power over it, if anybody has.
#[cfg(unix)]
fn strangers(metadata: &Metadata, it: &str, is_sticky: bool) -> Option<String> {
    let (owner, group, mode) = (metadata.uid(), metadata.gid(), metadata.mode());
    let us = geteuid().as_raw();
    if owner != us && owner != 0 {
        return Some(format!("belongs to another user ({owner})"));
    }
    // A group with the number of its user is that user's own.
    let by_group = mode & 0o020 != 0 && group != owner;
    let by_others = mode & 0o002 != 0 || by_group;
    (by_others && !is_sticky).then(|| format!("others may write{it} (mode {:o})", mode & 0o777))
}

/// Permissions are not looked at where they are no bits.
#[cfg(not(unix))]
fn is_ours(_: &Metadata) -> Result<(), Problem> {
    Ok(())
}
