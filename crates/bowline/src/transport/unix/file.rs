//! The file of a socket: put into its place whole, replaced only when nobody listens on it, removed only when it is ours.
//!
//! The socket is made in a directory that nobody else may enter. It gets its permissions and listens there, and only
//! then a name for others; so there is no moment at which others find it open to them or deaf. A name is given by a
//! link, which never replaces anything, or, where a dead socket is, by swapping the two. Processes of ours do that one
//! after the other, with a lock on the directory, so that the second finds the living socket of the first. Others know
//! of no lock and may put something there between looking and swapping: what came out of the swap lies where only we
//! can reach it, is looked at again, and swapped back if it is anything but a dead socket.

use super::swap::swap;
use crate::error::{Error, Result};
use std::fmt::Display;
use std::fs::{self, DirBuilder, File, Metadata, Permissions, TryLockError};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::net::{UnixListener, UnixStream};
use tokio::time::Instant;

/// The file of a socket that listens. Removed with this value, unless something else is there by then.
#[derive(Debug)]
pub(super) struct SocketFile {
    path: PathBuf,
    id: Id,
}

/// Which file it is. Its number is given to no other one as long as the socket is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Id(u64, u64);

/// Something new can be put there between looking and acting so often before we give up.
const TRIES: usize = 16;

impl SocketFile {
    /// Listens on a path, with these permissions.
    pub(super) async fn listen(path: &Path, mode: u32) -> Result<(Self, UnixListener)> {
        let (path, parent) = checked(path)?;
        let fault = |error| failed(&path, error);
        let room = Room::beside(&parent).map_err(fault)?;
        let place = room.socket();
        fits(&place)?;
        let listener = UnixListener::bind(&place).map_err(fault)?;
        let id = Id::of(&fs::symlink_metadata(&place).map_err(fault)?);
        let mut file = Self { path: place, id };
        fs::set_permissions(&file.path, Permissions::from_mode(mode)).map_err(fault)?;
        file.settle(path).await?;
        Ok((file, listener))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Moves to the place that is for others to find.
    async fn settle(&mut self, path: PathBuf) -> Result<()> {
        for _ in 0..TRIES {
            match fs::hard_link(&self.path, &path) {
                Ok(()) => {
                    let place = std::mem::replace(&mut self.path, path);
                    // A second name, in a place that only we can see.
                    let _ = fs::remove_file(place);
                    return Ok(());
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(failed(&path, error)),
            }
            let what = match There::look(&path).await {
                There::Nothing => continue,
                There::Dead if self.replace(&path).await? => return Ok(()),
                There::Dead => continue,
                There::Listening => "a process listens on it already; end that",
                There::NoSocket => "something that is no socket is there; remove it",
                There::Unclear(error) => {
                    let what = "it is unclear whether a process listens on it; use another path";
                    return Err(refused(&path, what).because(error));
                }
            };
            return Err(refused(&path, format_args!("{what}, or use another path")));
        }
        Err(refused(&path, "what is there changes all the time; use another path"))
    }

    /// Takes the place of what was a dead socket, when it is our turn and it still is.
    async fn replace(&mut self, path: &Path) -> Result<bool> {
        let _turn = turn(path).await?;
        match There::look(path).await {
            There::Dead => self.replace_dead(path).await,
            _ => Ok(false),
        }
    }

    /// Takes the place of a dead socket, unless there is something else by now, which then stays.
    pub(super) async fn replace_dead(&mut self, path: &Path) -> Result<bool> {
        match swap(&self.path, path) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => {
                let what = "nobody listens on it any more, but it cannot be replaced; remove it";
                return Err(refused(path, what).because(error));
            }
        }
        let place = std::mem::replace(&mut self.path, path.to_owned());
        if matches!(There::look(&place).await, There::Dead) {
            let _ = fs::remove_file(place);
            return Ok(true);
        }
        swap(&place, path).map_err(|error| failed(path, error))?;
        self.path = place;
        if self.is_ours() {
            return Ok(false);
        }
        // Two others put something there, one after the other. Nothing of theirs is removed.
        let what = format!("others use it too, and {} is now what was there", self.path.display());
        Err(refused(path, what))
    }

    fn is_ours(&self) -> bool {
        fs::symlink_metadata(&self.path).is_ok_and(|metadata| Id::of(&metadata) == self.id)
    }
}

/// Waits until no other process of ours replaces something in the directory; ends with the value.
async fn turn(path: &Path) -> Result<File> {
    let fault = |error| {
        let what = "nobody listens on it any more, but its directory cannot be locked; remove it";
        refused(path, what).because(error)
    };
    let dir = File::open(path.parent().unwrap_or(path)).map_err(fault)?;
    let until = Instant::now() + PATIENCE;
    loop {
        match dir.try_lock() {
            Ok(()) => return Ok(dir),
            Err(TryLockError::WouldBlock) if Instant::now() < until => {
                tokio::time::sleep(PATIENCE / 100).await;
            }
            Err(error) => return Err(fault(error.into())),
        }
    }
}

/// Replacing takes no time. Whoever keeps the lock longer does so on purpose.
const PATIENCE: Duration = Duration::from_secs(1);

impl Drop for SocketFile {
    fn drop(&mut self) {
        // No process of ours replaces what listens, and this still does: nothing comes between the two steps but
        // somebody who removes the sockets of others.
        if self.is_ours() {
            let _ = fs::remove_file(&self.path);
        }
    }
}

impl Id {
    fn of(metadata: &Metadata) -> Self {
        Self(metadata.dev(), metadata.ino())
    }
}

/// What is at a path.
enum There {
    Nothing,
    /// A socket that nobody listens on.
    Dead,
    Listening,
    NoSocket,
    /// A socket of which the system does not tell.
    Unclear(io::Error),
}

impl There {
    async fn look(path: &Path) -> Self {
        match fs::symlink_metadata(path) {
            Ok(metadata) if metadata.file_type().is_socket() => {}
            Ok(_) => return Self::NoSocket,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Self::Nothing,
            Err(error) => return Self::Unclear(error),
        }
        match UnixStream::connect(path).await {
            Ok(_) => Self::Listening,
            Err(error) => match error.kind() {
                io::ErrorKind::ConnectionRefused => Self::Dead,
                io::ErrorKind::NotFound => Self::Nothing,
                // Its backlog is full.
                io::ErrorKind::WouldBlock => Self::Listening,
                _ => Self::Unclear(error),
            },
        }
    }
}

/// The absolute path and the directory that it is in, if a socket may be there.
fn checked(path: &Path) -> Result<(PathBuf, PathBuf)> {
    if matches!(path.as_os_str().as_bytes().first(), Some(0 | b'@')) {
        return Err(refused(
            path,
            "a socket without a file would be open to every user; write ./ in front if it is a file",
        ));
    }
    let whole =
        std::path::absolute(path).map_err(|error| refused(path, "not a path").because(error))?;
    let named = whole.file_name().is_some() && !path.as_os_str().as_bytes().ends_with(b"/");
    let Some(parent) = whole.parent().filter(|_| named) else {
        return Err(refused(path, "a directory cannot be a socket; add a name"));
    };
    if whole.as_os_str().as_bytes().contains(&0) {
        return Err(refused(path, "holds a NUL, which no name can"));
    }
    fits(&whole)?;
    let metadata = fs::metadata(parent)
        .map_err(|error| refused(path, "its directory cannot be used").because(error))?;
    if metadata.mode() & (EVERYBODY_WRITES | STICKY) == EVERYBODY_WRITES {
        return Err(refused(
            path,
            "everybody may replace what is in its directory; use one that only you can write to",
        ));
    }
    let parent = parent.to_owned();
    Ok((whole, parent))
}

const EVERYBODY_WRITES: u32 = 0o002;
const STICKY: u32 = 0o1000;

fn failed(path: &Path, error: io::Error) -> Error {
    Error::io(format!("cannot listen on {}", path.display()), error)
}

fn refused(path: &Path, what: impl Display) -> Error {
    Error::invalid(format!("cannot listen on {}: {what}", path.display()))
}

/// Whether the path of a socket may be that long.
fn fits(path: &Path) -> Result<()> {
    if SocketAddr::from_pathname(path).is_ok() {
        return Ok(());
    }
    let length = path.as_os_str().len();
    let what = format_args!("{length} bytes are too many for a socket; use a path of 90 at most");
    Err(refused(path, what))
}

/// A directory that only we may enter, for one socket. Removed with this value, unless something is in it.
struct Room(PathBuf);

impl Room {
    fn beside(parent: &Path) -> io::Result<Self> {
        // Short, since the path of a socket must be. It need not be hard to guess: what is there already is an error.
        let random = RandomState::new().build_hasher().finish() & 0xffff_ffff;
        let path = parent.join(format!(".{random:08x}"));
        DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self(path))
    }

    fn socket(&self) -> PathBuf {
        self.0.join("s")
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.0);
    }
}
