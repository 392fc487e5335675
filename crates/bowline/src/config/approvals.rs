//! Which configs of projects somebody has seen and approved.

use super::{Config, Places, file};
use crate::Result;
use crate::error::Error;
use ring::digest::{Context, SHA256};
use ring::rand::{SecureRandom, SystemRandom};
use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
#[cfg(unix)]
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// The configs that may start what they say, remembered in a file.
///
/// What is remembered is a hash of the path and of every byte of the config, so that any change asks again. The file is
/// replaced as a whole and only its owner can read or write it. When two processes approve at the same time, one of
/// the approvals may be forgotten and is then asked for again.
#[derive(Clone, Debug)]
pub struct Approvals {
    path: PathBuf,
}

impl Approvals {
    /// Those of the user: `~/.local/state/bowline/approved`. `None` when there is no home directory.
    #[must_use]
    pub fn of(places: &Places) -> Option<Self> {
        let state = places.state_home.as_deref()?;
        Some(Self::at(state.join("bowline").join("approved")))
    }

    /// Those in this file, which need not be there yet.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Whether this config has been approved as it is now.
    ///
    /// # Errors
    /// When the file cannot be read, or somebody else could have written it.
    pub fn contain(&self, config: &Config) -> Result<bool> {
        let fingerprint = fingerprint(config)?;
        Ok(self.lines()?.iter().any(|line| line.split(' ').next() == Some(&*fingerprint)))
    }

    /// Remembers that this config has been approved as it is now.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn add(&self, config: &Config) -> Result<()> {
        let fingerprint = fingerprint(config)?;
        let path = absolute(config.path())?;
        // The path is for people who read the file; line breaks in it would be further approvals.
        let shown = path.display().to_string().replace(|c: char| c.is_control(), "?");
        let same = |line: &String| line.split_once(' ').is_some_and(|(_, path)| path == shown);
        let mut lines = self.lines()?;
        lines.retain(|line| !same(line));
        lines.push(format!("{fingerprint} {shown}"));
        let from = lines.len().saturating_sub(MOST);
        self.replace(&lines[from..])
    }

    fn lines(&self) -> Result<Vec<String>> {
        match fs::symlink_metadata(&self.path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(self.failed("read", error)),
            Ok(_) => {}
        }
        let (text, _) = file::read(&self.path, LARGEST)
            .map_err(|problem| Error::invalid(format!("{}: {problem}", self.path.display())))?;
        Ok(text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect())
    }

    fn replace(&self, lines: &[String]) -> Result<()> {
        let directory = self.path.parent().unwrap_or_else(|| Path::new("."));
        private_directory(directory).map_err(|error| self.failed("write", error))?;
        let mut random = [0; 8];
        SystemRandom::new()
            .fill(&mut random)
            .map_err(|_| Error::invalid("the system gives no random bytes"))?;
        let beside = directory.join(format!(".approved-{}", hex(&random)));
        let written = private_file(&beside).and_then(|mut file| {
            file.write_all((lines.join("\n") + "\n").as_bytes())?;
            file.sync_all()?;
            fs::rename(&beside, &self.path)
        });
        written.map_err(|error| {
            // It is there when writing or renaming failed, and nobody else knows of it.
            let _ = fs::remove_file(&beside);
            self.failed("write", error)
        })
    }

    fn failed(&self, verb: &str, error: std::io::Error) -> Error {
        Error::io(format!("cannot {verb} {}", self.path.display()), error)
    }
}

/// What names a config at its place with all of its bytes.
fn fingerprint(config: &Config) -> Result<String> {
    let path = absolute(config.path())?;
    let path = path.as_os_str().as_encoded_bytes();
    let mut context = Context::new(&SHA256);
    context.update(b"bowline config\0");
    // With its length in front no path can continue into the rest.
    context.update(&(path.len() as u64).to_le_bytes());
    context.update(path);
    context.update(&config.digest);
    Ok(hex(context.finish().as_ref()))
}

fn absolute(path: &Path) -> Result<PathBuf> {
    fs::canonicalize(path)
        .map_err(|error| Error::io(format!("cannot find {}", path.display()), error))
}

pub(super) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(unix)]
fn private_directory(path: &Path) -> std::io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

#[cfg(not(unix))]
fn private_directory(path: &Path) -> std::io::Result<()> {
    fs::create_dir_all(path)
}

#[cfg(unix)]
fn private_file(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

#[cfg(not(unix))]
fn private_file(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}

/// Approvals that are kept, the newest ones.
const MOST: usize = 1000;

/// Bytes of the file.
const LARGEST: u64 = 8 * 1024 * 1024;
