//! What may be opened.

use super::fault::Refusal;
use super::place::Place;
use cap_std::fs::{Dir, File, Metadata, MetadataExt, OpenOptions, OpenOptionsExt};
use rustix::fs::OFlags;
use std::ffi::OsStr;
use std::io;
use std::path::Path;

/// Opens a regular file for reading. Never waits, whatever is there.
pub(super) fn file(place: &Place) -> Result<(File, Metadata), Refusal> {
    let shown = place.path();
    let (dir, rel) = place.anchor().map_err(|error| Refusal::io(&shown, &error))?;
    file_in(&dir, &rel, &shown, place.allow_hard_links)
}

/// Opens a regular file of this directory for reading.
pub(super) fn file_in(
    dir: &Dir,
    rel: impl AsRef<Path>,
    shown: &Path,
    allow_hard_links: bool,
) -> Result<(File, Metadata), Refusal> {
    let fault = |error: io::Error| Refusal::io(shown, &error);
    // Looked at first, since opening a device or a FIFO can do something to whoever is at its other end.
    regular(&dir.metadata(rel.as_ref()).map_err(fault)?, shown, allow_hard_links)?;
    // And again when it is open, since it can be another one by now.
    let file = dir
        .open_with(rel, OpenOptions::new().read(true).custom_flags(flags(NO_WAIT)))
        .map_err(fault)?;
    let metadata = file.metadata().map_err(fault)?;
    regular(&metadata, shown, allow_hard_links)?;
    Ok((file, metadata))
}

/// Opens a directory of this directory; a link is none.
pub(super) fn dir_in(dir: &Dir, name: &OsStr) -> io::Result<Dir> {
    let options = flags(NO_WAIT.union(OFlags::NOFOLLOW).union(OFlags::DIRECTORY));
    let file = dir.open_with(name, OpenOptions::new().read(true).custom_flags(options))?;
    Ok(Dir::from_std_file(file.into_std()))
}

/// Whether this is a file with contents of its own.
pub(super) fn regular(
    metadata: &Metadata,
    shown: &Path,
    allow_hard_links: bool,
) -> Result<(), Refusal> {
    if metadata.is_dir() {
        return Err(Refusal::at(shown, "is a directory"));
    }
    if !metadata.is_file() {
        return Err(Refusal::at(shown, "is no regular file"));
    }
    if metadata.nlink() > 1 && !allow_hard_links {
        return Err(Refusal::at(
            shown,
            "has more than one name, and another one may be outside; --allow-hard-links allows it",
        ));
    }
    Ok(())
}

/// What changes when a file does: which one it is, its size, and when it and its metadata changed last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp(u64, u64, u64, (i64, i64), (i64, i64));

impl Stamp {
    pub(super) fn of(metadata: &Metadata) -> Self {
        Self(
            metadata.dev(),
            metadata.ino(),
            metadata.size(),
            (metadata.mtime(), metadata.mtime_nsec()),
            (metadata.ctime(), metadata.ctime_nsec()),
        )
    }
}

const NO_WAIT: OFlags = OFlags::NONBLOCK.union(OFlags::NOCTTY);

fn flags(flags: OFlags) -> i32 {
    i32::try_from(flags.bits()).unwrap_or_default()
}
