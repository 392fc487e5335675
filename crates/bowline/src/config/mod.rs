//! Configs in which MCP clients keep their servers.
//!
//! A [`Config`] is a file of JSON, with comments and trailing commas, that has its servers below `mcpServers` (most
//! clients) or `servers` (VS Code, with `inputs` beside it). It is read as it is: what its variables stand for is
//! found only when an [`Entry`] is [resolved](Entry::resolve), so that a variable that is missing stops one server and
//! not the others. What is wrong is told with line, column and key, all of it at once.
//!
//! ```
//! use bowline::config::{Config, Environment, Way};
//!
//! let text = r#"{
//!     "mcpServers": {
//!         "time": { "command": "uvx", "args": ["mcp-server-time", "--local-timezone=${TZ:-UTC}"] },
//!     },
//! }"#;
//! let config = Config::parse(".mcp.json", text)?;
//! let time = config.entry("time")?.resolve(&Environment::new())?;
//! let Way::Stdio { command, args, .. } = time.way else { panic!("it is started") };
//! assert_eq!((command.as_str(), args[1].as_str()), ("uvx", "--local-timezone=UTC"));
//! # Ok::<(), bowline::config::Problems>(())
//! ```
//!
//! A config can start any program, so a file that somebody else may have written is refused, and one that came with a
//! project wants to be [approved](Approvals) once.

mod approvals;
#[cfg(feature = "host")]
mod bowline;
#[cfg(not(feature = "host"))]
#[path = "bowline/unread.rs"]
mod bowline;
mod clients;
#[cfg(feature = "host")]
mod difference;
mod dotenv;
mod entry;
mod environment;
mod file;
mod near;
mod places;
mod problem;
mod reader;
mod resolve;
mod roots;
mod secret;
#[cfg(feature = "host")]
mod setup;
mod text;
#[cfg(feature = "host")]
mod watch;

pub use approvals::Approvals;
#[cfg(feature = "host")]
pub use bowline::{Auth, Bowline, ClientOf, Introspection, Upstream};
pub use clients::{CLIENTS, Client, ClientConfig, Contents};
#[cfg(feature = "host")]
pub use difference::{Changed, Difference};
pub use entry::{Entry, Input, Kind};
pub use environment::Environment;
pub use near::nearest;
pub use places::Places;
pub use problem::{Position, Problem, Problems, Severity};
pub use resolve::{Resolved, Way};
pub use secret::Secret;
#[cfg(feature = "host")]
pub use setup::Setup;
pub use text::Text;
#[cfg(feature = "host")]
pub use watch::Watch;

use jsonc_parser::ast::Value;
use reader::Reader;
use ring::digest::{SHA256, digest};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A config and the servers in it.
#[derive(Clone, Debug)]
pub struct Config {
    path: Arc<Path>,
    digest: [u8; 32],
    entries: Vec<Entry>,
    problems: Vec<Problem>,
    /// What stands under `bowline`.
    #[cfg_attr(not(feature = "host"), expect(dead_code, reason = "it is about hosts"))]
    key: Box<bowline::Key>,
    source: Source,
}

/// What it takes to read a config again.
#[derive(Clone, Debug)]
struct Source {
    /// What relative paths start from.
    folder: PathBuf,
    origin: Origin,
    absent: Absent,
    /// The most bytes.
    limit: u64,
    /// The file as it was when it was read.
    stamp: Option<file::Stamp>,
}

/// How a config came to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// Somebody named it.
    Named,
    /// It came with a project, so that somebody else may have written it.
    Project,
    /// It is one of the user.
    User,
}

/// What a file without servers is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Absent {
    /// A mistake.
    Wrong,
    /// The settings of a client that has none yet.
    Empty,
}

impl Config {
    /// Reads a config that somebody named.
    ///
    /// # Errors
    /// When the file cannot be read or is no JSON, holds no servers, or somebody else could have written it. What is
    /// wrong with single servers is no error here: see [`Self::problems`].
    pub fn read(path: impl AsRef<Path>) -> Result<Self, Problems> {
        let path = path.as_ref();
        // Nothing that is relative to the config may turn with the working directory later on.
        let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let folder = whole.parent().unwrap_or_else(|| Path::new(""));
        Self::load(path, folder, Origin::Named, Absent::Wrong, LARGEST)
    }

    /// Reads the config that is to be used: the one that is named, else the one in `BOWLINE_CONFIG`, else the nearest
    /// `.mcp.json` upwards, else the one of the user. `None` when there is none of these.
    ///
    /// # Errors
    /// As for [`Self::read`].
    pub fn find(places: &Places, named: Option<&Path>) -> Result<Option<Self>, Problems> {
        if let Some(path) = named.or(places.chosen.as_deref()) {
            return Self::read(path).map(Some);
        }
        if let Some(path) = places.upwards(".mcp.json") {
            let folder = path.parent().unwrap_or_else(|| Path::new("")).to_owned();
            return Self::load(&path, &folder, Origin::Project, Absent::Wrong, LARGEST).map(Some);
        }
        let own = places.own_config().filter(|path| path.is_file());
        let read = |path: PathBuf| {
            let folder = path.parent().unwrap_or_else(|| Path::new("")).to_owned();
            Self::load(&path, &folder, Origin::User, Absent::Wrong, LARGEST)
        };
        own.map(read).transpose()
    }

    /// Reads the text of a config that would be at this path.
    ///
    /// # Errors
    /// When the text is no JSON or holds no servers.
    pub fn parse(path: impl AsRef<Path>, text: &str) -> Result<Self, Problems> {
        let path = path.as_ref();
        let folder = path.parent().unwrap_or_else(|| Path::new(""));
        let source = Source::new(folder, Origin::Named, Absent::Wrong, LARGEST);
        Self::of_text(path, text, source)
    }

    /// Reads a file of another client, which may be about much else.
    fn of_client(path: &Path, folder: &Path, origin: Origin) -> Result<Self, Problems> {
        Self::load(path, folder, origin, Absent::Empty, LARGEST_SETTINGS)
    }

    fn load(
        path: &Path,
        folder: &Path,
        origin: Origin,
        absent: Absent,
        limit: u64,
    ) -> Result<Self, Problems> {
        Self::load_from(path, Source::new(folder, origin, absent, limit))
    }

    fn load_from(path: &Path, mut source: Source) -> Result<Self, Problems> {
        let read = file::folder_is_ours(path).and_then(|()| file::read(path, source.limit));
        let (text, stamp) = read.map_err(|problem| Problems::one(path, problem))?;
        source.stamp = Some(stamp);
        Self::of_text(path, &text, source)
    }

    fn of_text(path: &Path, text: &str, source: Source) -> Result<Self, Problems> {
        let value = reader::parse(text).map_err(|problem| Problems::one(path, problem))?;
        let mut reader = Reader::new(text);
        let Value::Object(root) = &value else {
            reader.wrong_type("", &value, "an object");
            return Err(Problems::new(path, reader.problems));
        };
        let shared = Arc::<Path>::from(path);
        let folder = source.folder.as_path();
        let is_project = source.origin == Origin::Project;
        let reading = entry::Reading { path: &shared, folder, is_project };
        let lists = roots::lists(root, folder);
        if lists.is_empty() && source.absent == Absent::Wrong {
            return Err(Problems::one(path, roots::no_servers(root)));
        }
        let inputs = match root.get("inputs") {
            Some(inputs) if root.get("mcpServers").is_none() => {
                entry::inputs(&mut reader, &inputs.value)
            }
            _ => Vec::new(),
        };
        let mut entries: Vec<Entry> = Vec::new();
        let mut names = Vec::new();
        for (key, list) in lists {
            let (before, known) = (reader.problems.len(), entries.len());
            for (name, key, property) in reader.members(&key, list, MOST_SERVERS) {
                names.push(name.to_owned());
                // The more special list comes first.
                if entries[..known].iter().all(|entry| entry.name != name)
                    && let Some(entry) = reading.entry(&mut reader, name, &key, property, &inputs)
                {
                    entries.push(entry);
                }
            }
            // What is noted outside of an entry is about a name that is there twice, and which one is meant is not
            // ours to say.
            for problem in reader.problems[before..].iter_mut().filter(|p| p.server.is_none()) {
                let named = |entry: &Entry| reader::join(&key, &entry.name) == problem.key;
                let twice = entries.iter().skip(known).position(named);
                problem.server = twice.map(|at| entries.remove(known + at).name);
            }
        }
        if source.absent == Absent::Wrong {
            roots::others(&mut reader, root);
        }
        let key = match root.get("bowline") {
            Some(key) => bowline::Key::read(&mut reader, &key.value, folder, &names),
            None => bowline::Key::default(),
        };
        reader.problems.sort_by_key(|problem| problem.position);
        let hashed = digest(&SHA256, text.as_bytes());
        let digest = hashed.as_ref().try_into().unwrap_or([0; 32]);
        Ok(Self {
            path: shared,
            digest,
            entries,
            problems: reader.problems,
            key: Box::new(key),
            source,
        })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How it came to be read.
    #[must_use]
    pub fn origin(&self) -> Origin {
        self.source.origin
    }

    /// The servers with nothing wrong in their entries, in the order of the file.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Everything that is wrong with servers and with what stands under `bowline`, and everything that has no effect.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// The server of this name.
    ///
    /// # Errors
    /// When there is none, or when there is something wrong with its entry.
    pub fn entry(&self, name: &str) -> Result<&Entry, Problems> {
        let of_server = |problem: &&Problem| {
            problem.severity == Severity::Error && problem.server.as_deref() == Some(name)
        };
        let wrong: Vec<_> = self.problems.iter().filter(of_server).cloned().collect();
        if !wrong.is_empty() {
            return Err(Problems::new(&*self.path, wrong));
        }
        self.entries.iter().find(|entry| entry.name == name).ok_or_else(|| {
            let names: Vec<_> = self.entries.iter().map(|entry| entry.name.as_str()).collect();
            let problem = Problem::error("", format!("has no server `{name}`"));
            let problem = match (nearest(name, names.iter().copied()), names.is_empty()) {
                (Some(near), _) => problem.hint(format!("did you mean `{near}`?")),
                (None, false) => problem.hint(format!("it has {}", names.join(", "))),
                (None, true) => problem.hint("it has none"),
            };
            Problems::one(&*self.path, problem)
        })
    }
}

impl Source {
    fn new(folder: &Path, origin: Origin, absent: Absent, limit: u64) -> Self {
        Self { folder: folder.to_owned(), origin, absent, limit, stamp: None }
    }
}

/// Bytes of a config.
const LARGEST: u64 = 1024 * 1024;

/// Bytes of the settings of another client, which may keep much else in the same file.
const LARGEST_SETTINGS: u64 = 32 * 1024 * 1024;

/// Servers in one file.
const MOST_SERVERS: usize = 1000;

#[cfg(test)]
mod tests;
