//! The search for secrets where nobody may show them.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// What was seen of a process.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Seen {
    /// Which process, and whether this is its command line or its environment.
    what: String,
    text: Vec<u8>,
}

/// Looks at the command lines and environments of everything below a process, again and again.
pub(super) struct Watch {
    stop: Arc<AtomicBool>,
    // Owned by this value: joined in `end`.
    thread: JoinHandle<BTreeSet<Seen>>,
}

impl Watch {
    pub(super) fn over(parent: u32) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            let mut seen = BTreeSet::new();
            while !stopped.load(Ordering::Relaxed) {
                look(parent, &mut seen);
                thread::sleep(Duration::from_millis(100));
            }
            seen
        });
        Self { stop, thread }
    }

    /// What was seen, each once.
    pub(super) fn end(self) -> Vec<Seen> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().map(|seen| seen.into_iter().collect()).unwrap_or_default()
    }
}

/// Processes that end meanwhile are not there to be looked at.
fn look(parent: u32, seen: &mut BTreeSet<Seen>) {
    let Ok(entries) = fs::read_dir("/proc") else { return };
    let pids: Vec<u32> =
        entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    let parent_of = |pid: u32| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse::<u32>().ok()
    };
    let is_below = |pid: u32| {
        let above = std::iter::successors(Some(pid), |pid| parent_of(*pid).filter(|pid| *pid > 1));
        above.take(64).any(|one| one == parent)
    };
    for pid in pids.into_iter().filter(|pid| is_below(*pid)) {
        let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        for part in ["cmdline", "environ"] {
            if let Ok(text) = fs::read(format!("/proc/{pid}/{part}")) {
                let what = format!("{part} of {}", name.trim());
                seen.insert(Seen { what, text });
            }
        }
    }
}

/// What the search has found.
pub(super) struct Found {
    places: Vec<String>,
    secrets: usize,
    searched: usize,
    bytes: usize,
}

impl Found {
    /// Whether there is nothing, though something was searched for and in.
    pub(super) fn is_clean(&self) -> bool {
        self.places.is_empty() && self.secrets > 0 && self.searched > 0
    }
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { places, secrets, searched, bytes } = self;
        for place in places {
            writeln!(f, "FAIL secrets: {place}")?;
        }
        write!(
            f,
            "{secrets} secrets, each in five forms, searched for in {searched} files and processes, {bytes} bytes: "
        )?;
        match places.len() {
            0 => f.write_str("none found"),
            places => write!(f, "found in {places}"),
        }
    }
}

/// Searches for every secret, in every form, in every file below the folder, in logs and in what was seen of processes.
pub(super) fn search(
    secrets: &[String],
    folder: &Path,
    logs: &[PathBuf],
    seen: &[Seen],
) -> Result<Found, String> {
    let secrets: BTreeSet<&str> = secrets.iter().map(String::as_str).collect();
    let needles = Needles::of(&secrets);
    let (mut places, mut searched, mut bytes) = (BTreeSet::new(), 0, 0);
    let mut look = |what: &str, text: &[u8]| {
        (searched, bytes) = (searched + 1, bytes + text.len());
        // The place and the form, and not the secret.
        places.extend(needles.in_text(text).map(|form| format!("{what} has one {form}")));
    };
    seen.iter().for_each(|seen| look(&seen.what, &seen.text));
    for path in files(folder)?.iter().chain(logs) {
        let text =
            fs::read(path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        look(&path.display().to_string(), &text);
    }
    let places = places.into_iter().collect();
    Ok(Found { places, secrets: secrets.len(), searched, bytes })
}

/// What is searched for, by its first eight bytes.
struct Needles(HashMap<[u8; 8], Vec<(&'static str, Vec<u8>)>>);

impl Needles {
    fn of(secrets: &BTreeSet<&str>) -> Self {
        let mut needles: HashMap<_, Vec<_>> = HashMap::new();
        for (form, text) in secrets.iter().flat_map(|secret| forms(secret)) {
            // What is shorter stands everywhere.
            if let Some(first) = text.as_bytes().first_chunk() {
                needles.entry(*first).or_default().push((form, text.into_bytes()));
            }
        }
        Self(needles)
    }

    /// The form of each that is there.
    fn in_text(&self, text: &[u8]) -> impl Iterator<Item = &'static str> {
        let at = (0..text.len()).filter_map(|at| Some((at, text[at..].first_chunk()?)));
        at.flat_map(move |(at, first)| {
            let candidates = self.0.get(first).into_iter().flatten();
            let found = candidates.filter(move |(_, needle)| text[at..].starts_with(needle));
            found.map(|(form, _)| *form)
        })
    }
}

/// The forms in which a secret would still be one.
fn forms(secret: &str) -> Vec<(&'static str, String)> {
    let escaped = |byte: u8| format!("%{byte:02X}");
    let reserved = |byte: u8| match byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
        true => char::from(byte).to_string(),
        false => escaped(byte),
    };
    let mut forms = vec![
        ("plain", secret.to_owned()),
        ("percent-encoded", secret.bytes().map(reserved).collect()),
        ("percent-encoded", secret.bytes().map(escaped).collect()),
        ("by its first 8 characters", secret.chars().take(8).collect()),
    ];
    for shift in 0..3 {
        for alphabet in [STANDARD, URL_SAFE] {
            forms.push(("in base64", base64_inside(secret.as_bytes(), shift, alphabet)));
        }
    }
    forms
}

/// What of the base64 of a longer text is the same whatever stands before and after these bytes, which begin `shift`
/// bytes after a group of three.
fn base64_inside(bytes: &[u8], shift: usize, alphabet: &[u8; 64]) -> String {
    let mut shifted = vec![0; shift];
    shifted.extend(bytes);
    let groups = shifted.chunks_exact(3).skip(usize::from(shift > 0));
    let mut text = String::new();
    for group in groups {
        let value = group.iter().fold(0_u32, |value, byte| (value << 8) | u32::from(*byte));
        for at in [18, 12, 6, 0] {
            text.push(char::from(alphabet[(value >> at) as usize & 63]));
        }
    }
    text
}

const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL_SAFE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

fn files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder)
            .map_err(|error| format!("cannot read {}: {error}", folder.display()))?;
        for path in entries.flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.is_file() {
                found.push(path);
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::Needles;
    use std::collections::BTreeSet;

    #[test]
    fn each_form_of_a_secret_is_found() {
        let needles = Needles::of(&BTreeSet::from(["hunter2/hunter2"]));
        let found = |text: &str| needles.in_text(text.as_bytes()).collect::<BTreeSet<_>>();
        let rows = [
            ("a hunter2/hunter2 b", "plain"),
            ("a hunter2%2Fhunter2 b", "percent-encoded"),
            ("%68%75%6E%74%65%72%32%2F%68%75%6E%74%65%72%32", "percent-encoded"),
            ("a hunter2/", "by its first 8 characters"),
            ("aHVudGVyMi9odW50ZXIy", "in base64"),
            ("eGh1bnRlcjIvaHVudGVyMg==", "in base64"),
            ("eHhodW50ZXIyL2h1bnRlcjI=", "in base64"),
        ];
        for (text, form) in rows {
            assert!(found(text).contains(form), "{text}: {:?}", found(text));
        }
        assert_eq!(found("a hunter2 b"), BTreeSet::new());
    }
}
