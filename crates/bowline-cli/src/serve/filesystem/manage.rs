//! Tools that tell of an entry, and that create, move and remove entries.

use super::fault::Refusal;
use super::job::{Files, Job};
use super::list::Entry;
use super::path;
use super::place::Place;
use super::read::looks;
use super::write::rename_to_nothing;
use bowline::Server;
use bowline::server::Json;
use bowline::types::tool::{Tool, ToolAnnotations};
use cap_std::fs::{Dir, MetadataExt};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::io;

pub(super) fn register_looking(server: Server, files: &Files) -> Server {
    let server = files.tool(
        server,
        Tool::new("info")
            .title("Tell of an entry")
            .description("Tells what an entry is, its size, times, permissions and number of names. A link is not followed.")
            .annotations(looks()),
        info,
    );
    files.tool(
        server,
        Tool::new("roots_allowed")
            .title("Name the allowed directories")
            .description("Names the directories that everything here is below, and whether files can be changed.")
            .annotations(looks()),
        |job, Nothing {}: &Nothing| Ok(Json(roots_allowed(job))),
    )
}

pub(super) fn register_changing(server: Server, files: &Files) -> Server {
    let changes = |destructive, idempotent| {
        ToolAnnotations::new()
            .read_only_hint(false)
            .destructive_hint(destructive)
            .idempotent_hint(idempotent)
            .open_world_hint(false)
    };
    let server = files.tool(
        server,
        Tool::new("create_directory")
            .title("Create a directory")
            .description("Creates a directory, and those that are missing on the way. One that is there already is fine.")
            .annotations(changes(false, true)),
        create_directory,
    );
    let server = files.tool(
        server,
        Tool::new("move")
            .title("Move")
            .description("Moves or renames a file, a link or a directory, on one file system. Nothing is replaced unless overwrite is true.")
            .annotations(changes(true, false)),
        r#move,
    );
    files.tool(
        server,
        Tool::new("remove")
            .title("Remove")
            .description("Removes a file, a link (not what it leads to) or an empty directory.")
            .annotations(changes(true, false)),
        remove,
    )
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Nothing {}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct At {
    /// The path.
    path: String,
}

/// What was done, and where.
#[derive(Serialize, JsonSchema)]
pub(super) struct Done {
    /// The path as tools take it.
    path: String,
}

impl Done {
    pub(super) fn at(place: &Place) -> Self {
        Self { path: path::shown(&place.path()) }
    }
}

#[derive(Serialize, JsonSchema)]
struct Info {
    #[serde(flatten)]
    entry: Entry,
    /// Permissions, in octal.
    permissions: String,
    /// How many names it has.
    names: u64,
    /// The URI of the resource.
    uri: String,
}

fn info(job: &Job, At { path }: &At) -> Result<Json<Info>, Refusal> {
    let place = job.place(path)?;
    let shown = place.path();
    let fault = |error| Refusal::io(&shown, &error);
    let (dir, rel) = place.anchor().map_err(fault)?;
    let metadata = dir.symlink_metadata(rel).map_err(fault)?;
    Ok(Json(Info {
        entry: Entry::new(&shown, &metadata),
        permissions: format!("{:04o}", metadata.mode() & 0o7777),
        names: metadata.nlink(),
        uri: path::uri(&shown),
    }))
}

#[derive(Serialize, JsonSchema)]
struct Allowed {
    /// The directories.
    roots: Vec<Done>,
    /// Whether nothing can be changed.
    read_only: bool,
}

fn roots_allowed(job: &Job) -> Allowed {
    let roots = job.scope.roots().iter();
    Allowed {
        roots: roots.map(|root| Done { path: path::shown(&root.path) }).collect(),
        read_only: job.read_only,
    }
}

fn create_directory(job: &Job, At { path }: &At) -> Result<Json<Done>, Refusal> {
    let place = job.place(path)?;
    create_directories(&place, 0)?;
    Ok(Json(Done::at(&place)))
}

/// How many directories are looked for, and created where they are missing, by one call.
const DEEPEST: usize = 256;

/// Creates the directories on the way to a place, but for the last so many.
pub(super) fn create_directories(place: &Place, but: usize) -> Result<(), Refusal> {
    let ways = place.ways(but);
    if ways.len() > DEEPEST {
        let what = format!("has more than {DEEPEST} directories on the way; create them in steps");
        return Err(Refusal::at(&place.path(), what));
    }
    for way in ways {
        let shown = way.path();
        let fault = |error: io::Error| Refusal::io(&shown, &error);
        let (dir, rel) = way.anchor().map_err(fault)?;
        match dir.create_dir(&rel) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                // Through a link, if it is one that stays inside.
                dir.open_dir(&rel).map_err(fault)?;
            }
            created => created.map_err(fault)?,
        }
    }
    Ok(())
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Move {
    /// What to move.
    from: String,
    /// Where it is to be, with its new name.
    to: String,
    /// Whether a file that is there already is replaced.
    #[serde(default)]
    overwrite: bool,
}

fn r#move(job: &Job, args: &Move) -> Result<Json<Done>, Refusal> {
    let (from, to) = (job.place(&args.from)?, job.place(&args.to)?);
    let (from_dir, name) = from.parent()?;
    let (to_dir, new_name) = to.parent()?;
    from_dir.symlink_metadata(&name).map_err(|error| Refusal::io(&from.path(), &error))?;
    let moved = if args.overwrite {
        from_dir.rename(&name, &to_dir, &new_name)
    } else {
        rename_to_nothing(&from_dir, &name, &to_dir, &new_name)
    };
    moved.map_err(|error| match error.kind() {
        io::ErrorKind::CrossesDevices => {
            Refusal::at(&to.path(), "is on another file system; write it there and remove it here")
        }
        _ => Refusal::io(&to.path(), &error),
    })?;
    Ok(Json(Done::at(&to)))
}

fn remove(job: &Job, At { path }: &At) -> Result<Json<Done>, Refusal> {
    let place = job.place(path)?;
    let (dir, name) = place.parent()?;
    let removed = |dir: &Dir| {
        if dir.symlink_metadata(&name)?.is_dir() {
            dir.remove_dir(&name)
        } else {
            dir.remove_file(&name)
        }
    };
    removed(&dir).map_err(|error| Refusal::io(&place.path(), &error))?;
    Ok(Json(Done::at(&place)))
}
