//! A file of somebody else: read, kept as it was beside itself, and replaced as a whole.

use crate::exit::Fault;
use ring::digest::{Context, SHA256};
use std::fmt::Write as _;
use std::fs::{self, OpenOptions, Permissions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// A file that may be there or not, as it was when it was read.
#[derive(Debug)]
pub(crate) struct Place {
    /// As it is called.
    pub(crate) path: PathBuf,
    /// Where it is, behind all links.
    real: PathBuf,
    /// What is in it, if it is there.
    pub(crate) text: Option<String>,
    permissions: Option<Permissions>,
}

impl Place {
    /// Reads it.
    ///
    /// # Errors
    /// When it is there and cannot be read, or must not be changed.
    pub(crate) fn read(path: &Path) -> Result<Self, Fault> {
        let failed =
            |error: std::io::Error| Fault::new(format!("cannot read {}: {error}", path.display()));
        let real = behind_links(path).map_err(failed)?;
        let metadata = match fs::metadata(&real) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Ok(Self { path: path.into(), real, text: None, permissions: None });
            }
            metadata => metadata.map_err(failed)?,
        };
        let refused = |why: String| Err(Fault::new(format!("{} {why}", path.display())));
        if !metadata.is_file() {
            return refused("is no file".to_owned());
        }
        if metadata.permissions().readonly() {
            return refused("is read-only, and stays as it is".to_owned());
        }
        if metadata.len() > LARGEST {
            return refused(format!("is larger than {} MiB", LARGEST / 1024 / 1024));
        }
        let text = String::from_utf8(fs::read(&real).map_err(failed)?)
            .map_err(|_| Fault::new(format!("{} is no UTF-8 text", path.display())))?;
        let permissions = Some(metadata.permissions());
        Ok(Self { path: path.into(), real, text: Some(text), permissions })
    }

    /// Puts this text in its place, and what was there beside it; the path of the latter.
    ///
    /// # Errors
    /// As for [`Self::replace`], or when there is no place beside it.
    pub(crate) fn change(&self, text: &str, tag: &Tag) -> Result<Option<PathBuf>, Fault> {
        let backup = self.back_up(tag)?;
        self.replace(text).inspect_err(|_| {
            if let Some(backup) = &backup {
                // Nothing was changed, so it is a copy of what is there.
                let _ = fs::remove_file(backup);
            }
        })?;
        Ok(backup)
    }

    /// Writes a copy of it beside it, for its owner only, whose name tells when that was and what came after.
    fn back_up(&self, tag: &Tag) -> Result<Option<PathBuf>, Fault> {
        let Some(text) = &self.text else { return Ok(None) };
        let name = format!("{}{PART}{}-{}{SUFFIX}", self.file_name(), now(), tag.0);
        let path = self.folder().join(name);
        // One of the same name is of the same second and the same change.
        let _ = fs::remove_file(&path);
        let written = create(&path).and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        });
        match written {
            Ok(()) => Ok(Some(path)),
            Err(error) => {
                let _ = fs::remove_file(&path);
                Err(Fault::new(format!("cannot write the backup {}: {error}", path.display())))
            }
        }
    }

    /// The newest backup with this tag, and what is in it.
    pub(crate) fn backup(&self, tag: &Tag) -> Option<(PathBuf, String)> {
        let (begin, end) = (format!("{}{PART}", self.file_name()), format!("-{}{SUFFIX}", tag.0));
        let entries = fs::read_dir(self.folder()).ok()?;
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let newest = names.filter(|name| name.starts_with(&begin) && name.ends_with(&end)).max()?;
        let path = self.folder().join(newest);
        // What is no regular file of a reasonable size was not written by us.
        let metadata = fs::symlink_metadata(&path).ok()?;
        let is_ours = metadata.is_file() && metadata.len() <= LARGEST;
        let text = fs::read_to_string(&path).ok().filter(|_| is_ours)?;
        Some((path, text))
    }

    /// Whether there are backups of it, whatever for.
    pub(crate) fn has_backups(&self) -> bool {
        let begin = format!("{}{PART}", self.file_name());
        let entries = fs::read_dir(self.folder()).into_iter().flatten();
        let mut names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        names.any(|name| name.starts_with(&begin) && name.ends_with(SUFFIX))
    }

    /// Puts this text in its place, with the mode that it had.
    ///
    /// # Errors
    /// When somebody changed it meanwhile, or it cannot be written.
    pub(crate) fn replace(&self, text: &str) -> Result<(), Fault> {
        self.unchanged()?;
        let failed = |error: std::io::Error| {
            Fault::new(format!("cannot write {}: {error}", self.path.display()))
        };
        let folder = self.folder();
        fs::create_dir_all(folder).map_err(failed)?;
        let beside = folder.join(format!(".{}.{}.new", self.file_name(), std::process::id()));
        // One that is there is left over from a process of our number that was killed.
        let _ = fs::remove_file(&beside);
        let written = create(&beside).and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            if let Some(permissions) = &self.permissions {
                file.set_permissions(permissions.clone())?;
            }
            file.sync_all()?;
            fs::rename(&beside, &self.real)
        });
        written.map_err(|error| {
            let _ = fs::remove_file(&beside);
            failed(error)
        })
    }

    /// Removes it.
    ///
    /// # Errors
    /// When somebody changed it meanwhile, or it cannot be removed.
    pub(crate) fn remove(&self) -> Result<(), Fault> {
        self.unchanged()?;
        fs::remove_file(&self.real)
            .map_err(|error| Fault::new(format!("cannot remove {}: {error}", self.path.display())))
    }

    /// Whether it still is as it was read, since somebody may have thought about a question meanwhile.
    fn unchanged(&self) -> Result<(), Fault> {
        let now = match fs::read(&self.real) {
            Ok(bytes) => Some(bytes),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => {
                return Err(Fault::new(format!("cannot read {}: {error}", self.path.display())));
            }
        };
        if now.as_deref() == self.text.as_ref().map(String::as_bytes) {
            return Ok(());
        }
        Err(Fault::new(format!("{} was changed meanwhile", self.path.display()))
            .hint("nothing was written; run the same again"))
    }

    fn folder(&self) -> &Path {
        self.real.parent().unwrap_or_else(|| Path::new("."))
    }

    fn file_name(&self) -> String {
        self.real.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }
}

/// What a backup was made for: which entry, and what the file was afterwards.
pub(crate) struct Tag(String);

impl Tag {
    /// Of an installation of this name that left this text.
    pub(crate) fn of_install(name: &str, after: &str) -> Self {
        Self::new(b"install", name, after)
    }

    /// Of a removal of this name that left this text.
    pub(crate) fn of_uninstall(name: &str, after: &str) -> Self {
        Self::new(b"uninstall", name, after)
    }

    fn new(verb: &[u8], name: &str, after: &str) -> Self {
        let mut context = Context::new(&SHA256);
        for part in [verb, name.as_bytes(), after.as_bytes()] {
            // With its length in front no part can continue into the next.
            context.update(&(part.len() as u64).to_le_bytes());
            context.update(part);
        }
        let mut tag = String::new();
        for byte in &context.finish().as_ref()[..8] {
            // Writing to a string cannot fail.
            let _ = write!(tag, "{byte:02x}");
        }
        Self(tag)
    }
}

/// The place behind the links, the last of which may lead to nothing.
fn behind_links(path: &Path) -> std::io::Result<PathBuf> {
    let mut path = std::path::absolute(path)?;
    for _ in 0..MOST_LINKS {
        match fs::symlink_metadata(&path) {
            Ok(metadata) if metadata.is_symlink() => {
                let target = fs::read_link(&path)?;
                path = path.parent().unwrap_or_else(|| Path::new("")).join(target);
            }
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => return Ok(path),
        }
    }
    Err(std::io::Error::other("too many links"))
}

/// A new file that only its owner can read.
#[cfg(unix)]
fn create(path: &Path) -> std::io::Result<fs::File> {
    use std::os::unix::fs::OpenOptionsExt;
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// A new file; who can read it is up to the folder it is in.
#[cfg(not(unix))]
fn create(path: &Path) -> std::io::Result<fs::File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}

/// The time as it is in names: in UTC, and so that later is greater.
fn now() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    stamp(since.as_secs())
}

fn stamp(seconds: u64) -> String {
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    // Years begin in March here, so that the day that not every year has is the last one. An era is 400 years.
    let day = days + 719_468;
    let (era, day) = (day / 146_097, day % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = era * 400 + year + u64::from(month <= 2);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z")
}

const PART: &str = ".bowline-";
const SUFFIX: &str = ".bak";

const MOST_LINKS: usize = 40;

/// Bytes of a file that is changed.
const LARGEST: u64 = 32 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::stamp;

    #[test]
    fn times_are_named_as_calendars_do() {
        let table = [
            (0, "19700101T000000Z"),
            (951_782_399, "20000228T235959Z"),
            (951_782_400, "20000229T000000Z"),
            (951_868_800, "20000301T000000Z"),
            (1_795_262_143, "20261121T115543Z"),
            (4_102_444_799, "20991231T235959Z"),
        ];
        for (seconds, name) in table {
            assert_eq!(stamp(seconds), name);
        }
    }
}
