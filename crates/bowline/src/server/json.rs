//! Finding places in JSON text that the scanner has accepted, without making a tree of it.

use bowline_protocol::scan::decode_text;
use std::borrow::Cow;
use std::ops::Range;

/// The text of the value that member names lead to; `None` when there is none.
///
/// # Errors
/// A name on the way stands twice, so that two readers could find different values.
pub(super) fn find<'a, S: AsRef<str>>(
    json: &'a [u8],
    path: &[S],
) -> Result<Option<&'a [u8]>, StandsTwice> {
    let mut value = json;
    for name in path {
        let mut inner = None;
        for (key, range) in Members::of(value, skip_space(value, 0)) {
            if key == name.as_ref() && inner.replace(range).is_some() {
                return Err(StandsTwice);
            }
        }
        match inner {
            Some(range) => value = &value[range],
            None => return Ok(None),
        }
    }
    Ok(Some(value))
}

/// A member stands twice in its object.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct StandsTwice;

/// The path to the innermost value at a place where a decoder stopped: behind what it read last.
pub(super) fn path_to(json: &[u8], stopped: usize) -> Path {
    let before = stopped.min(json.len()).saturating_sub(1);
    // It had not begun with a value whose kind was wrong from the first byte on.
    let at = match json.get(before) {
        Some(b':' | b',' | b'[' | b' ') if stopped > 0 => skip_space(json, before + 1),
        _ => before,
    };
    let mut path = Path::default();
    let mut start = skip_space(json, 0);
    loop {
        let inner = match json.get(start) {
            Some(b'{') => Members::of(json, start)
                .find(|(_, range)| range.contains(&at))
                .map(|(key, range)| (Step::Member(key), range)),
            Some(b'[') => Elements::of(json, start)
                .enumerate()
                .find(|(_, range)| range.contains(&at))
                .map(|(index, range)| (Step::Element(index), range)),
            _ => None,
        };
        match inner {
            Some((Step::Member(key), range)) => {
                path.member(&key);
                start = range.start;
            }
            Some((Step::Element(index), range)) => {
                path.element(index);
                start = range.start;
            }
            None => return path,
        }
    }
}

enum Step<'a> {
    Member(Cow<'a, str>),
    Element(usize),
}

/// A path to a value, as `orders[3].amount`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Path(String);

impl Path {
    pub(super) fn member(&mut self, name: &str) {
        if !self.0.is_empty() {
            self.0.push('.');
        }
        // Names come from whoever calls: they are shown so that they steer no terminal.
        self.0.extend(name.chars().take(80).flat_map(char::escape_debug));
    }

    pub(super) fn element(&mut self, index: usize) {
        self.0.push_str(&format!("[{index}]"));
    }

    /// Its length, to come back to with [`Path::back_to`].
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn back_to(&mut self, length: usize) {
        self.0.truncate(length);
    }

    /// A line about what is wrong there.
    pub(super) fn says(&self, what: &str) -> String {
        let place = if self.0.is_empty() { ROOT } else { &self.0 };
        format!("{place}: {what}")
    }
}

/// The members of an object: names, and where the values are.
pub(crate) struct Members<'a>(Elements<'a>);

impl<'a> Members<'a> {
    /// Of the object at `start`; none when something else is there.
    pub(crate) fn of(json: &'a [u8], start: usize) -> Self {
        let end = if json.get(start) == Some(&b'{') { start + 1 } else { json.len() };
        Self(Elements { json, at: end })
    }
}

impl<'a> Iterator for Members<'a> {
    type Item = (Cow<'a, str>, Range<usize>);

    fn next(&mut self) -> Option<Self::Item> {
        let key = self.0.next()?;
        // Behind the colon.
        self.0.at += 1;
        let value = self.0.next()?;
        let inside = self.0.json.get(key.start + 1..key.end.checked_sub(1)?)?;
        Some((decode_text(inside).unwrap_or_default(), value))
    }
}

/// Where the elements of an array are.
pub(crate) struct Elements<'a> {
    json: &'a [u8],
    at: usize,
}

impl<'a> Elements<'a> {
    /// Of the array at `start`.
    pub(crate) fn of(json: &'a [u8], start: usize) -> Self {
        Self { json, at: start + 1 }
    }
}

impl Iterator for Elements<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        let start = skip_space(self.json, self.at);
        if matches!(self.json.get(start)?, b']' | b'}') {
            self.at = self.json.len();
            return None;
        }
        let end = skip_value(self.json, start);
        self.at = skip_space(self.json, end);
        if self.json.get(self.at) == Some(&b',') {
            self.at += 1;
        }
        Some(start..end)
    }
}

fn skip_space(json: &[u8], mut at: usize) -> usize {
    while matches!(json.get(at), Some(b' ' | b'\t' | b'\r' | b'\n')) {
        at += 1;
    }
    at
}

/// Behind the value that begins at `at`.
fn skip_value(json: &[u8], mut at: usize) -> usize {
    let mut depth = 0_usize;
    while let Some(byte) = json.get(at) {
        match byte {
            b'"' => at = skip_text(json, at + 1),
            b'{' | b'[' => {
                depth += 1;
                at += 1;
                continue;
            }
            b'}' | b']' => {
                depth -= 1;
                at += 1;
            }
            b',' | b':' | b' ' | b'\t' | b'\r' | b'\n' => {
                at += 1;
                continue;
            }
            _ => {
                while !matches!(
                    json.get(at),
                    None | Some(b',' | b':' | b'}' | b']' | b' ' | b'\t' | b'\r' | b'\n')
                ) {
                    at += 1;
                }
            }
        }
        if depth == 0 {
            return at;
        }
    }
    at
}

/// Behind the quote that ends a string, from inside it.
fn skip_text(json: &[u8], mut at: usize) -> usize {
    while let Some(byte) = json.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    json.len()
}

/// How the whole is called.
pub(super) const ROOT: &str = "arguments";
