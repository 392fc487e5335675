//! Walking down from a directory, however deep, with few directories open.

use super::fault::Refusal;
use super::job::Job;
use super::list::Kind;
use super::open;
use super::place::Place;
use cap_std::fs::Dir;
use std::ffi::OsString;
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// An entry that the walk has come to.
pub(super) struct Found<'a> {
    /// The directory that it is in.
    pub(super) dir: &'a Dir,
    pub(super) name: &'a OsString,
    /// Relative to where the walk began.
    pub(super) rel: &'a Path,
    pub(super) kind: Kind,
}

/// Directories that were not looked into, or not wholly.
#[derive(Debug, Default)]
pub(super) struct Missed {
    pub(super) directories: u64,
}

/// A directory on the way down.
struct Level {
    /// Open while it is one of the innermost; opened again when the walk comes back.
    dir: Option<Dir>,
    /// Directories in it that are still to be walked, the next one last.
    left: Vec<OsString>,
}

/// How many directories are open at once, beside the one that is being read.
const OPEN: usize = 32;
/// How many entries of one directory are looked at.
const WIDEST: usize = 100_000;

/// Visits everything below a directory, each directory's entries by name before what is below them. Links are not
/// followed. What cannot be opened is counted and passed over.
pub(super) fn walk(
    job: &Job,
    place: &Place,
    mut visit: impl FnMut(&Found<'_>) -> Result<ControlFlow<()>, Refusal>,
) -> Result<Missed, Refusal> {
    let mut missed = Missed::default();
    let mut rel = PathBuf::new();
    let mut levels: Vec<Level> = Vec::new();
    let mut next = Some(place.dir().map_err(|error| Refusal::io(&place.path(), &error))?);
    loop {
        job.go_on()?;
        if let Some(dir) = next.take() {
            let (names, all) = entries(job, &dir)?;
            missed.directories += u64::from(!all);
            let mut left = Vec::new();
            for (name, kind) in names {
                rel.push(&name);
                let flow = visit(&Found { dir: &dir, name: &name, rel: &rel, kind })?;
                rel.pop();
                if flow.is_break() {
                    return Ok(missed);
                }
                if kind == Kind::Directory {
                    left.push(name);
                }
            }
            left.reverse();
            // Nothing is done with one that has no directories, so it need not stay open.
            levels.push(Level { dir: (!left.is_empty()).then_some(dir), left });
            if let Some(outer) = levels.len().checked_sub(OPEN + 1) {
                levels[outer].dir = None;
            }
        }
        let Some(level) = levels.last_mut() else {
            return Ok(missed);
        };
        let Some(name) = level.left.pop() else {
            levels.pop();
            rel.pop();
            continue;
        };
        if level.dir.is_none() {
            level.dir = place.join(&rel).dir().ok();
        }
        next = level.dir.as_ref().and_then(|dir| open::dir_in(dir, &name).ok());
        if level.left.is_empty() {
            level.dir = None;
        }
        match next {
            Some(_) => rel.push(&name),
            None => missed.directories += 1,
        }
    }
}

/// The entries of a directory by name, and whether these are all.
fn entries(job: &Job, dir: &Dir) -> Result<(Vec<(OsString, Kind)>, bool), Refusal> {
    let mut names = Vec::new();
    let mut all = true;
    let mut read = || -> io::Result<Result<(), Refusal>> {
        for entry in dir.entries()? {
            if let Err(refusal) = job.go_on() {
                return Ok(Err(refusal));
            }
            if names.len() == WIDEST {
                all = false;
                break;
            }
            let entry = entry?;
            names.push((entry.file_name(), Kind::of(entry.file_type()?)));
        }
        Ok(Ok(()))
    };
    match read() {
        Ok(read) => read?,
        Err(_) => all = false,
    }
    names.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok((names, all))
}
