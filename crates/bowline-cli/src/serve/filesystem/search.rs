//! The tool that searches.

use super::fault::Refusal;
use super::find::{self, Looked, Names};
use super::job::{Files, Job};
use super::list::Kind;
use super::open;
use super::path;
use super::read::looks;
use super::walk::{Found, walk};
use bowline::Server;
use bowline::server::Json;
use bowline::types::tool::Tool;
use regex::bytes::Regex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

pub(super) fn register(server: Server, files: &Files) -> Server {
    files.tool(
        server,
        Tool::new("search")
            .title("Search")
            .description(
                "Searches below a directory for names that match a glob, for files with lines that hold a text or match \
                 a regular expression, or for both at once. Binary files are passed over, links are not followed.",
            )
            .annotations(looks()),
        search,
    )
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Search {
    /// The directory to search below.
    path: String,
    /// A glob for names, such as *.rs; with a slash in it for paths below the directory, such as src/**/*.rs.
    name: Option<String>,
    /// A text that a line must hold.
    text: Option<String>,
    /// A regular expression that a line must match, without look-around and back-references. Not together with text.
    regex: Option<String>,
    /// Whether upper and lower case are the same.
    #[serde(default)]
    ignore_case: bool,
    /// How many matches to return at most; 100 if absent.
    #[schemars(range(min = 1, max = 2000))]
    max_results: Option<usize>,
}

#[derive(Serialize, JsonSchema)]
struct Searched {
    matches: Vec<Match>,
    /// How many entries were looked at.
    entries: u64,
    /// Files that were passed over: no text, or nothing that may be opened.
    #[serde(skip_serializing_if = "is_zero")]
    files_passed_over: u64,
    /// Directories that could not be looked into, or not wholly.
    #[serde(skip_serializing_if = "is_zero")]
    directories_passed_over: u64,
    /// Why the search ended before everything was looked at, where it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_early: Option<&'static str>,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

#[derive(Serialize, JsonSchema)]
struct Match {
    /// The path as tools take it.
    path: String,
    kind: Kind,
    /// The number of the line, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    /// The line.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
}

/// How many entries one search looks at.
const MOST_ENTRIES: u64 = 1_000_000;
/// How much of all files one search reads, in bytes.
const MOST_BYTES: u64 = 512 << 20;
/// How much text one search returns, in bytes.
const MOST_RETURNED: usize = 1 << 20;

fn search(job: &Job, args: &Search) -> Result<Json<Searched>, Refusal> {
    let names = args.name.as_deref().map(|glob| Names::new(glob, args.ignore_case)).transpose()?;
    let expression = match (&args.text, &args.regex) {
        (Some(_), Some(_)) => return Err(Refusal::new("give either text or regex")),
        (Some(text), None) => Some(regex::escape(text)),
        (None, regex) => regex.clone(),
    };
    let lines =
        expression.map(|expression| find::lines(&expression, args.ignore_case)).transpose()?;
    if names.is_none() && lines.is_none() {
        return Err(Refusal::new("give a name, a text or a regex to search for"));
    }
    let place = job.place(&args.path)?;
    let mut searching = Searching {
        job,
        base: place.path(),
        allow_hard_links: place.allow_hard_links,
        names,
        lines,
        most: args.max_results.unwrap_or(100).clamp(1, 2000),
        budget: MOST_BYTES,
        returned: 0,
        done: Searched {
            matches: Vec::new(),
            entries: 0,
            files_passed_over: 0,
            directories_passed_over: 0,
            ended_early: None,
        },
    };
    let missed = walk(job, &place, |found| searching.visit(found))?;
    searching.done.directories_passed_over = missed.directories;
    Ok(Json(searching.done))
}

struct Searching<'a> {
    job: &'a Job,
    base: PathBuf,
    allow_hard_links: bool,
    names: Option<Names>,
    lines: Option<Regex>,
    most: usize,
    /// How much may still be read, in bytes.
    budget: u64,
    returned: usize,
    done: Searched,
}

impl Searching<'_> {
    fn visit(&mut self, found: &Found<'_>) -> Result<ControlFlow<()>, Refusal> {
        self.done.entries += 1;
        if self.done.entries > MOST_ENTRIES {
            return Ok(self.end("too many entries; search below a deeper directory"));
        }
        if self.done.entries.is_multiple_of(1000) {
            let entries = self.done.entries;
            // Up to a million, so exact.
            self.job.cx.progress(entries as f64, None, Some(&format!("{entries} entries")));
        }
        if self.names.as_ref().is_some_and(|names| !names.matches(found.rel)) {
            return Ok(ControlFlow::Continue(()));
        }
        let shown = self.base.join(found.rel);
        match self.lines.clone() {
            None => Ok(self.add(&shown, found.kind, None)),
            Some(_) if found.kind != Kind::File => Ok(ControlFlow::Continue(())),
            Some(lines) => self.look(found, &shown, &lines),
        }
    }

    fn look(
        &mut self,
        found: &Found<'_>,
        shown: &Path,
        lines: &Regex,
    ) -> Result<ControlFlow<()>, Refusal> {
        let opened = open::file_in(found.dir, found.name, shown, self.allow_hard_links);
        let Ok((file, _)) = opened else {
            self.done.files_passed_over += 1;
            return Ok(ControlFlow::Continue(()));
        };
        let mut flow = ControlFlow::Continue(());
        let mut budget = self.budget;
        let looked = find::look(self.job, file, lines, &mut budget, |line| {
            flow = self.add(shown, found.kind, Some(line));
            flow.is_continue()
        });
        self.budget = budget;
        self.job.go_on()?;
        match looked {
            Ok(Looked::Done) => Ok(flow),
            Ok(Looked::Spent) => Ok(self.end("too much to read; search below a deeper directory")),
            Ok(Looked::Binary) | Err(_) => {
                self.done.files_passed_over += 1;
                Ok(flow)
            }
        }
    }

    fn add(&mut self, shown: &Path, kind: Kind, line: Option<find::Line>) -> ControlFlow<()> {
        if self.done.matches.len() == self.most {
            return self.end("more matches than max_results");
        }
        let path = path::shown(shown);
        let (line, text) = line.map(|line| (line.number, line.text)).unzip();
        self.returned += path.len() + text.as_ref().map_or(0, String::len);
        if self.returned > MOST_RETURNED {
            return self.end("the matches are too long; search for less");
        }
        self.done.matches.push(Match { path, kind, line, text });
        ControlFlow::Continue(())
    }

    fn end(&mut self, why: &'static str) -> ControlFlow<()> {
        self.done.ended_early = Some(why);
        ControlFlow::Break(())
    }
}
