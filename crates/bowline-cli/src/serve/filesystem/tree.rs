//! The tool that shows a directory with what is below it.

use super::fault::Refusal;
use super::job::{Files, Job};
use super::list::Kind;
use super::open;
use super::path;
use super::read::looks;
use bowline::Server;
use bowline::server::Json;
use bowline::types::tool::Tool;
use cap_std::fs::Dir;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::ffi::OsString;

pub(super) fn register(server: Server, files: &Files) -> Server {
    files.tool(
        server,
        Tool::new("tree")
            .title("Show a tree")
            .description(
                "Shows a directory with what is below it, by name, down to a depth. Links are not followed. A directory \
                 with more true has entries that are not shown: ask for it, or for more depth.",
            )
            .annotations(looks()),
        tree,
    )
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Tree {
    /// The directory.
    path: String,
    /// How deep to look; 3 if absent.
    #[schemars(range(min = 1, max = 32))]
    depth: Option<u32>,
    /// How many entries to show at most; 1000 if absent.
    #[schemars(range(min = 1, max = 10000))]
    max_entries: Option<usize>,
}

/// An entry, and what is in it.
#[derive(Serialize, JsonSchema)]
struct Node {
    /// Its name; bytes that are not UTF-8 are written as \xFF.
    name: String,
    kind: Kind,
    /// What is in a directory that was looked into.
    #[serde(skip_serializing_if = "Option::is_none")]
    entries: Option<Vec<Self>>,
    /// There is more in it than is shown.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    more: bool,
}

fn tree(job: &Job, args: &Tree) -> Result<Json<Node>, Refusal> {
    let place = job.place(&args.path)?;
    let shown = place.path();
    let fault = |error| Refusal::io(&shown, &error);
    let dir = place.dir().map_err(fault)?;
    let mut growing = Growing { job, left: args.max_entries.unwrap_or(1000).clamp(1, 10_000) };
    let name = path::name(shown.file_name().unwrap_or(shown.as_os_str()));
    let (entries, more) = growing.grow(&dir, args.depth.unwrap_or(3).clamp(1, DEEPEST))?;
    Ok(Json(Node { name, kind: Kind::Directory, entries: Some(entries), more }))
}

/// As deep as JSON may be nested for most of those who read it, two levels each.
const DEEPEST: u32 = 32;
/// How many entries of one directory are looked at, to show them by name.
const WIDEST: usize = 100_000;

struct Growing<'a> {
    job: &'a Job,
    /// How many entries may still be shown.
    left: usize,
}

impl Growing<'_> {
    /// What is in a directory, and whether there is more. Calls itself no deeper than [`DEEPEST`].
    fn grow(&mut self, dir: &Dir, depth: u32) -> Result<(Vec<Node>, bool), Refusal> {
        // What may not be listed is shown as a directory that has more.
        let Ok(entries) = dir.entries() else {
            return Ok((Vec::new(), true));
        };
        let mut names: Vec<(OsString, Kind)> = Vec::new();
        let mut more = false;
        for entry in entries.flatten() {
            self.job.go_on()?;
            if names.len() == WIDEST {
                more = true;
                break;
            }
            if let Ok(kind) = entry.file_type() {
                names.push((entry.file_name(), Kind::of(kind)));
            }
        }
        names.sort_by(|(a, _), (b, _)| a.cmp(b));
        more |= names.len() > self.left;
        names.truncate(self.left);
        self.left -= names.len();
        let mut nodes = Vec::new();
        for (name, kind) in names {
            let mut node = Node { name: path::name(&name), kind, entries: None, more: false };
            if kind == Kind::Directory {
                match open::dir_in(dir, &name) {
                    Ok(inner) if depth > 1 => {
                        let (entries, more) = self.grow(&inner, depth - 1)?;
                        node.entries = Some(entries);
                        node.more = more;
                    }
                    Ok(inner) => {
                        node.more =
                            inner.entries().is_ok_and(|mut entries| entries.next().is_some());
                    }
                    Err(_) => node.more = true,
                }
            }
            nodes.push(node);
        }
        Ok((nodes, more))
    }
}
