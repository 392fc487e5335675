//! Tools that list a directory and tell of an entry.

use super::fault::Refusal;
use super::job::{Files, Job};
use super::path;
use super::place::Place;
use super::read::looks;
use bowline::Server;
use bowline::server::Json;
use bowline::types::tool::Tool;
use cap_std::fs::{DirEntry, FileType, FileTypeExt, Metadata, MetadataExt};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;
use std::time::UNIX_EPOCH;

pub(super) fn register(server: Server, files: &Files) -> Server {
    files.tool(
        server,
        Tool::new("list_directory")
            .title("List a directory")
            .description(
                "Lists the entries of one directory by name: what each is, its size and when it changed. Links are \
                 shown as links. Pass next as after to go on.",
            )
            .annotations(looks()),
        list_directory,
    )
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ListDirectory {
    /// The directory.
    path: String,
    /// What the page before said as next.
    after: Option<String>,
    /// How many entries to list at most; 200 if absent.
    #[schemars(range(min = 1, max = 2000))]
    limit: Option<usize>,
}

#[derive(Serialize, JsonSchema)]
pub(super) struct Listed {
    pub(super) entries: Vec<Entry>,
    /// There is more: what to pass as after.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// An entry of a directory.
#[derive(Serialize, JsonSchema)]
pub(super) struct Entry {
    /// Its name; bytes that are not UTF-8 are written as \xFF.
    name: String,
    /// The path as tools take it.
    path: String,
    kind: Kind,
    /// Size in bytes, of files.
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    /// When the contents changed last, in seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    modified: Option<u64>,
}

/// What an entry is.
#[derive(Clone, Copy, Debug, JsonSchema, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    File,
    Directory,
    Symlink,
    /// A device, a FIFO or a socket: nothing that can be read here.
    Other,
}

impl Kind {
    pub(super) fn of(kind: FileType) -> Self {
        if kind.is_file() {
            Self::File
        } else if kind.is_dir() {
            Self::Directory
        } else if kind.is_symlink() {
            Self::Symlink
        } else {
            debug_assert!(
                kind.is_fifo()
                    || kind.is_socket()
                    || kind.is_block_device()
                    || kind.is_char_device(),
                "there is nothing else"
            );
            Self::Other
        }
    }
}

fn list_directory(job: &Job, args: &ListDirectory) -> Result<Json<Listed>, Refusal> {
    let after = match &args.after {
        None => OsString::new(),
        // A name cannot begin with a slash, so any path will do to decode one.
        Some(after) => OsString::from_vec(
            path::parse(&format!("file:///{after}"))?.as_os_str().as_bytes()[1..].to_vec(),
        ),
    };
    let limit = args.limit.unwrap_or(200).clamp(1, 2000);
    list(job, &job.place(&args.path)?, &after, limit).map(Json)
}

/// A page of a directory. However large that is, no more than a page of it is kept.
pub(super) fn list(
    job: &Job,
    place: &Place,
    after: &OsString,
    limit: usize,
) -> Result<Listed, Refusal> {
    let shown = place.path();
    let fault = |error| Refusal::io(&shown, &error);
    let dir = place.dir().map_err(fault)?;
    let mut page: BTreeMap<OsString, DirEntry> = BTreeMap::new();
    for entry in dir.entries().map_err(fault)? {
        job.go_on()?;
        let entry = entry.map_err(fault)?;
        let name = entry.file_name();
        if name > *after {
            page.insert(name, entry);
        }
        if page.len() > limit + 1 {
            page.pop_last();
        }
    }
    let more = page.len() > limit;
    if more {
        page.pop_last();
    }
    let next = page.last_key_value().filter(|_| more).map(|(name, _)| {
        let uri = path::uri(Path::new(name));
        uri.trim_start_matches("file://").to_owned()
    });
    let entries = page.iter().filter_map(|(name, entry)| {
        // One that is gone by now is no entry any more.
        let metadata = entry.metadata().ok()?;
        Some(Entry::new(&shown.join(name), &metadata))
    });
    Ok(Listed { entries: entries.collect(), next })
}

impl Entry {
    pub(super) fn new(shown: &Path, metadata: &Metadata) -> Self {
        Self {
            name: path::name(shown.file_name().unwrap_or(shown.as_os_str())),
            path: path::shown(shown),
            kind: Kind::of(metadata.file_type()),
            size: metadata.is_file().then(|| metadata.size()),
            modified: metadata
                .modified()
                .ok()
                .and_then(|time| time.into_std().duration_since(UNIX_EPOCH).ok())
                .map(|time| time.as_secs()),
        }
    }
}
