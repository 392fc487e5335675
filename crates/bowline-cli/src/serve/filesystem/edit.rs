//! The tool that edits a file.

use super::fault::Refusal;
use super::job::{Files, Job};
use super::open::{self, Stamp};
use super::path;
use super::read::all_of;
use super::write::{Replace, replace_file};
use crate::diff;
use bowline::Server;
use bowline::server::Json;
use bowline::types::tool::{Tool, ToolAnnotations};
use memchr::memmem;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(super) fn register(server: Server, files: &Files) -> Server {
    files.tool(
        server,
        Tool::new("edit_file")
            .title("Edit a file")
            .description(
                "Replaces texts in a file, one edit after the other, all or none of them. Each old text must occur \
                 exactly as often as count says. Returns the change as a unified diff; dry_run only shows it.",
            )
            .annotations(
                ToolAnnotations::new()
                    .read_only_hint(false)
                    .destructive_hint(true)
                    .idempotent_hint(false)
                    .open_world_hint(false),
            ),
        edit_file,
    )
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct EditFile {
    /// The file: UTF-8, at most 8 MiB.
    path: String,
    /// What to replace.
    #[schemars(length(min = 1, max = 1000))]
    edits: Vec<Edit>,
    /// Whether to leave the file as it is.
    #[serde(default)]
    dry_run: bool,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Edit {
    /// The text that is there, with white space and line ends as they are.
    #[schemars(length(min = 1))]
    old: String,
    /// The text to put there.
    new: String,
    /// How often the old text occurs; 1 if absent.
    #[schemars(range(min = 1))]
    count: Option<usize>,
}

#[derive(Serialize, JsonSchema)]
struct Edited {
    /// The path as tools take it.
    path: String,
    /// Whether the file was changed.
    written: bool,
    /// The change, as a unified diff.
    diff: String,
}

/// The longest file that is edited, in bytes.
const LONGEST: usize = 8 << 20;

fn edit_file(job: &Job, args: &EditFile) -> Result<Json<Edited>, Refusal> {
    let place = job.place(&args.path)?;
    let shown = place.path();
    // Without following a link, as it is written.
    let (dir, name) = place.parent()?;
    let entry = dir.symlink_metadata(&name).map_err(|error| Refusal::io(&shown, &error))?;
    if entry.is_symlink() {
        return Err(Refusal::at(&shown, "is a symbolic link; name the file itself"));
    }
    let (file, metadata) = open::file_in(&dir, &name, &shown, place.allow_hard_links)?;
    let bytes = all_of(file, &shown, LONGEST as u64)?;
    let old = String::from_utf8(bytes).map_err(|_| Refusal::at(&shown, "is no UTF-8 text"))?;

    let mut new = old.clone();
    for (index, edit) in args.edits.iter().enumerate() {
        job.go_on()?;
        new = edit.apply(&new).map_err(|what| {
            Refusal::at(&shown, format!("edits[{index}]: {what}; nothing was changed"))
        })?;
    }
    let header = path::shown(&shown);
    let diff = diff::unified(&header, &old, &new);
    job.go_on()?;
    let written = !args.dry_run && old != new;
    if written {
        replace_file(&place, new.as_bytes(), Replace::Only(Stamp::of(&metadata)))?;
    }
    Ok(Json(Edited { path: header, written, diff }))
}

impl Edit {
    fn apply(&self, text: &str) -> Result<String, String> {
        if self.old.is_empty() {
            return Err("old is empty".to_owned());
        }
        let wanted = self.count.unwrap_or(1);
        let found = memmem::find_iter(text.as_bytes(), self.old.as_bytes()).count();
        if found != wanted {
            let advice =
                if found > wanted { "give more of the text around it" } else { "read it again" };
            return Err(format!(
                "old occurs {found} times, not {wanted}; {advice}, or change count"
            ));
        }
        let length = text.len() - found * self.old.len() + found * self.new.len();
        if length > LONGEST {
            return Err("the file would be longer than 8 MiB".to_owned());
        }
        Ok(text.replace(&self.old, &self.new))
    }
}
