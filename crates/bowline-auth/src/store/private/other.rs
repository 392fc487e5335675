//! Where a folder of a user is for that user alone by where it lies, as on Windows.

use crate::store::Fault;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::path::Path;

pub(super) fn make_folder(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)
}

pub(super) fn closed(_path: &Path, _metadata: &Metadata) -> Result<(), Fault> {
    Ok(())
}

pub(super) fn create_new(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}

pub(super) fn open_lock(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(false).open(path)
}

pub(super) fn sync_folder(_path: &Path) {}
