//! What a search looks for.

use super::fault::Refusal;
use super::job::Job;
use cap_std::fs::File;
use globset::{GlobBuilder, GlobMatcher};
use regex::bytes::{Regex, RegexBuilder};
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

/// What names a search looks for.
pub(super) struct Names {
    glob: GlobMatcher,
    /// Whether it is about the whole path, not only the name.
    whole: bool,
}

impl Names {
    pub(super) fn new(glob: &str, ignore_case: bool) -> Result<Self, Refusal> {
        let built = GlobBuilder::new(glob)
            .literal_separator(true)
            .case_insensitive(ignore_case)
            .build()
            .map_err(|error| Refusal::new(format!("name: {error}")))?;
        Ok(Self { glob: built.compile_matcher(), whole: glob.contains('/') })
    }

    /// Whether a path relative to the search is one of them.
    pub(super) fn matches(&self, rel: &Path) -> bool {
        let path = if self.whole { Some(rel) } else { rel.file_name().map(Path::new) };
        path.is_some_and(|path| self.glob.is_match(path))
    }
}

/// What lines a search looks for, in time that grows with the text and not with the expression.
pub(super) fn lines(expression: &str, ignore_case: bool) -> Result<Regex, Refusal> {
    RegexBuilder::new(expression)
        .case_insensitive(ignore_case)
        .size_limit(1 << 20)
        .dfa_size_limit(1 << 20)
        .build()
        .map_err(|error| {
            // The last line says what is wrong; those before it point into the expression.
            let said = error.to_string();
            let said = said.lines().last().unwrap_or_default().trim_start_matches("error: ");
            Refusal::new(format!("regex: {said}"))
        })
}

/// A line that matches.
pub(super) struct Line {
    /// From 1.
    pub(super) number: u64,
    pub(super) text: String,
}

/// What looking through a file came to.
pub(super) enum Looked {
    /// At the end, or at enough matches.
    Done,
    /// It is no text.
    Binary,
    /// `budget` is used up.
    Spent,
}

/// The longest line that is matched at once; a longer one is matched in pieces.
const LINE: u64 = 64 << 10;
/// How much of a line is shown, in characters.
const SHOWN: usize = 300;

/// Looks for lines in an open file until `found` has had enough, and takes what it reads from the budget, in bytes.
pub(super) fn look(
    job: &Job,
    file: File,
    regex: &Regex,
    budget: &mut u64,
    mut found: impl FnMut(Line) -> bool,
) -> Result<Looked, Refusal> {
    let mut input = BufReader::with_capacity(LINE as usize, file);
    let unreadable = |_| Refusal::new("cannot be read");
    if memchr::memchr(0, input.fill_buf().map_err(unreadable)?).is_some() {
        return Ok(Looked::Binary);
    }
    let mut number = 1;
    let mut line = Vec::new();
    loop {
        job.go_on()?;
        line.clear();
        input.by_ref().take(LINE).read_until(b'\n', &mut line).map_err(unreadable)?;
        if line.is_empty() {
            return Ok(Looked::Done);
        }
        let Some(left) = budget.checked_sub(line.len() as u64) else {
            return Ok(Looked::Spent);
        };
        *budget = left;
        let ended = line.last() == Some(&b'\n');
        let text = line.strip_suffix(b"\n").unwrap_or(&line);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        if let Some(at) = regex.find(text) {
            // What matches is shown, though it be far behind the beginning of the line.
            let from = if at.end() > SHOWN { at.start().saturating_sub(SHOWN / 4) } else { 0 };
            let text = String::from_utf8_lossy(&text[from..]).chars().take(SHOWN).collect();
            if !found(Line { number, text }) {
                return Ok(Looked::Done);
            }
        }
        number += u64::from(ended);
    }
}
