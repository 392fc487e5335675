//! Binary content, saved to files for people to open.

use crate::exit::{Exit, Fault};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Where binary content is saved.
#[derive(Clone, Debug)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// The system's folder for files that need not stay.
    pub(crate) fn temporary() -> Self {
        Self(std::env::temp_dir())
    }

    /// Saves bytes under a name of our own, for this user only; what is there already stays.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn save(&self, mime_type: Option<&str>, bytes: &[u8]) -> Result<PathBuf, Fault> {
        let extension = extension(mime_type.unwrap_or_default());
        let process = std::process::id();
        for n in 1..=MOST {
            let path = self.0.join(format!("bowline-{process}-{n}.{extension}"));
            match write(&path, bytes) {
                Ok(()) => return Ok(path),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => {
                    return Err(Fault::new(format!("cannot write {}: {error}", path.display()))
                        .hint("set TMPDIR to a folder with room, or use --raw and redirect"));
                }
            }
        }
        Err(Fault::new(format!("{} has too many files of ours", self.0.display()))
            .hint("set TMPDIR to another folder"))
    }
}

/// How many files one process saves.
const MOST: u32 = 10_000;

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600).open(path)?.write_all(bytes)
}

/// The bytes that a peer wrote as base64.
///
/// # Errors
/// When it is none.
pub(super) fn decode(what: &str, base64: &str) -> Result<Vec<u8>, Fault> {
    STANDARD
        .decode(base64)
        .or_else(|_| STANDARD_NO_PAD.decode(base64))
        .map_err(|error| Fault::new(format!("{what} is no base64: {error}")).exit(Exit::Violation))
}

/// What files of a media type are called; peers do not choose it.
fn extension(mime_type: &str) -> &'static str {
    let essence = mime_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let known = EXTENSIONS.iter().find(|(known, _)| *known == essence);
    known.map_or("bin", |(_, extension)| extension)
}

const EXTENSIONS: [(&str, &str); 19] = [
    ("image/png", "png"),
    ("image/jpeg", "jpg"),
    ("image/gif", "gif"),
    ("image/webp", "webp"),
    ("image/avif", "avif"),
    ("image/bmp", "bmp"),
    ("image/tiff", "tiff"),
    ("image/svg+xml", "svg"),
    ("audio/wav", "wav"),
    ("audio/x-wav", "wav"),
    ("audio/mpeg", "mp3"),
    ("audio/ogg", "ogg"),
    ("audio/flac", "flac"),
    ("audio/webm", "weba"),
    ("video/mp4", "mp4"),
    ("video/webm", "webm"),
    ("application/pdf", "pdf"),
    ("application/zip", "zip"),
    ("application/json", "json"),
];

#[cfg(test)]
mod tests {
    use super::{Folder, decode, extension};
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn what_is_there_stays_and_links_are_not_followed() {
        let dir = std::env::temp_dir().join(format!("bowline-save-{}", std::process::id()));
        fs::create_dir(&dir).unwrap();
        let folder = Folder(dir.clone());
        let first = folder.save(Some("image/png; x=y"), b"one").unwrap();
        assert_eq!(fs::metadata(&first).unwrap().permissions().mode() & 0o777, 0o600);
        let bait = first.to_str().unwrap().replace("-1.png", "-2.png");
        std::os::unix::fs::symlink(dir.join("victim"), &bait).unwrap();
        let second = folder.save(Some("image/png"), b"two").unwrap();
        assert!(second.to_str().unwrap().ends_with("-3.png"), "{second:?}");
        assert_eq!(fs::read(&first).unwrap(), b"one");
        assert_eq!(fs::read(&second).unwrap(), b"two");
        assert!(!dir.join("victim").exists());
        fs::remove_dir_all(&dir).unwrap();
    }

    #[test]
    fn a_media_type_never_names_the_file() {
        for odd in ["", "image/../../x", "text/x-sh", "application/x-desktop", "IMAGE"] {
            assert_eq!(extension(odd), "bin");
        }
        assert_eq!(extension("Image/PNG"), "png");
    }

    #[test]
    fn base64_is_taken_with_and_without_padding() {
        assert_eq!(decode("x", "AAEC/w==").unwrap(), [0, 1, 2, 255]);
        assert_eq!(decode("x", "AAEC/w").unwrap(), [0, 1, 2, 255]);
        assert!(decode("x", "no base64!").is_err());
    }
}
