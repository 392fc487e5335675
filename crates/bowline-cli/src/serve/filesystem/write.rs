//! The tool that writes a file, and how a file is replaced.

use super::fault::Refusal;
use super::job::{Files, Job};
use super::manage::{Done, create_directories};
use super::open::{self, Stamp};
use super::place::Place;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bowline::Server;
use bowline::server::Json;
use bowline::types::tool::{Tool, ToolAnnotations};
use cap_std::fs::{Dir, Metadata, OpenOptions};
use rustix::fs::RenameFlags;
use rustix::io::Errno;
use schemars::JsonSchema;
use serde::Deserialize;
use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, Write};

pub(super) fn register(server: Server, files: &Files) -> Server {
    files.tool(
        server,
        Tool::new("write_file")
            .title("Write a file")
            .description(
                "Writes a whole file, from text or base64. Readers see the old contents or the new, never a part. To \
                 change a part of a file, use edit_file.",
            )
            .annotations(
                ToolAnnotations::new()
                    .read_only_hint(false)
                    .destructive_hint(true)
                    .idempotent_hint(true)
                    .open_world_hint(false),
            ),
        write_file,
    )
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WriteFile {
    /// The file. A link is not followed.
    path: String,
    /// The contents, as text.
    text: Option<String>,
    /// The contents, as base64. Not together with text.
    base64: Option<String>,
    /// Whether a file that is there already is replaced; true if absent.
    overwrite: Option<bool>,
    /// Whether directories that are missing on the way are created.
    #[serde(default)]
    create_parents: bool,
}

fn write_file(job: &Job, args: &WriteFile) -> Result<Json<Done>, Refusal> {
    let bytes = match (&args.text, &args.base64) {
        (Some(text), None) => Cow::Borrowed(text.as_bytes()),
        (None, Some(base64)) => Cow::Owned(
            STANDARD.decode(base64).map_err(|error| Refusal::new(format!("base64: {error}")))?,
        ),
        _ => return Err(Refusal::new("give the contents as text or as base64")),
    };
    let place = job.place(&args.path)?;
    if args.create_parents {
        create_directories(&place, 1)?;
    }
    let replace = if args.overwrite.unwrap_or(true) { Replace::Anything } else { Replace::Nothing };
    replace_file(&place, &bytes, replace)?;
    Ok(Json(Done::at(&place)))
}

/// What a new file may take the place of.
#[derive(Clone, Copy, Debug)]
pub(super) enum Replace {
    /// Of no entry.
    Nothing,
    /// Of any file.
    Anything,
    /// Of this very file in this state.
    Only(Stamp),
}

/// Writes a file beside its place and puts it there whole. Both are names in one open directory.
pub(super) fn replace_file(place: &Place, bytes: &[u8], replace: Replace) -> Result<(), Refusal> {
    let shown = place.path();
    let fault = |error: io::Error| Refusal::io(&shown, &error);
    let (dir, name) = place.parent()?;
    let old = match (dir.symlink_metadata(&name), replace) {
        (Ok(_), Replace::Nothing) => return Err(Refusal::at(&shown, "exists already")),
        (Ok(old), _) if old.is_symlink() => {
            return Err(Refusal::at(&shown, "is a symbolic link; name the file itself"));
        }
        (Ok(old), _) => {
            open::regular(&old, &shown, place.allow_hard_links)?;
            Some(old)
        }
        (Err(error), _) if error.kind() == io::ErrorKind::NotFound => None,
        (Err(error), _) => return Err(fault(error)),
    };
    let new = Unnamed::create(&dir, bytes, old.as_ref()).map_err(fault)?;
    if let Replace::Only(stamp) = replace {
        let now = dir.symlink_metadata(&name).map_err(fault)?;
        if Stamp::of(&now) != stamp {
            return Err(Refusal::at(&shown, "was changed by somebody else meanwhile; try again"));
        }
    }
    match replace {
        Replace::Nothing => rename_to_nothing(&dir, &new.name, &dir, &name),
        Replace::Anything | Replace::Only(_) => dir.rename(&new.name, &dir, &name),
    }
    .map_err(fault)
}

/// A file that has no name of its own yet. Removed when it gets none.
struct Unnamed<'a> {
    dir: &'a Dir,
    name: OsString,
}

impl<'a> Unnamed<'a> {
    /// Writes it, with the permissions of the file that it will replace.
    fn create(dir: &'a Dir, bytes: &[u8], old: Option<&Metadata>) -> io::Result<Self> {
        let random = RandomState::new().build_hasher().finish();
        let name = OsString::from(format!(".bowline-{random:016x}.tmp"));
        let mut file = dir.open_with(&name, OpenOptions::new().write(true).create_new(true))?;
        let new = Self { dir, name };
        file.write_all(bytes)?;
        if let Some(old) = old {
            file.set_permissions(old.permissions())?;
        }
        file.sync_all()?;
        Ok(new)
    }
}

impl Drop for Unnamed<'_> {
    fn drop(&mut self) {
        // Gone already when it was renamed.
        let _ = self.dir.remove_file(&self.name);
    }
}

/// Renames, unless something is there.
pub(super) fn rename_to_nothing(
    from: &Dir,
    name: &OsStr,
    to: &Dir,
    new_name: &OsStr,
) -> io::Result<()> {
    match rustix::fs::renameat_with(from, name, to, new_name, RenameFlags::NOREPLACE) {
        Ok(()) => Ok(()),
        // A file system that cannot promise it; somebody could put something there just now.
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
            match to.symlink_metadata(new_name) {
                Ok(_) => Err(io::ErrorKind::AlreadyExists.into()),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    from.rename(name, to, new_name)
                }
                Err(error) => Err(error),
            }
        }
        Err(error) => Err(error.into()),
    }
}
