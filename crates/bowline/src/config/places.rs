//! Where configs lie on a machine.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The directories in which configs are looked for.
///
/// Nothing is read from the environment after this is made, so that tests can make one of their own.
///
/// ```
/// use bowline::config::Places;
///
/// let places = Places::new("/src/project", |name| (name == "HOME").then(|| "/home/ann".into()));
/// assert_eq!(places.own_config().unwrap(), std::path::Path::new("/home/ann/.config/bowline/mcp.json"));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Places {
    /// Where the search for a project's config begins; it goes upwards.
    pub directory: PathBuf,
    /// The home directory of the user.
    pub home: Option<PathBuf>,
    /// What `BOWLINE_CONFIG` names.
    pub chosen: Option<PathBuf>,
    /// `$XDG_CONFIG_HOME`, or `~/.config`.
    pub config_home: Option<PathBuf>,
    /// `$XDG_STATE_HOME`, or `~/.local/state`.
    pub state_home: Option<PathBuf>,
    /// Where desktop applications keep their settings on this system.
    pub applications: Option<PathBuf>,
    /// What `COPILOT_HOME` names, or `~/.copilot`.
    pub copilot: Option<PathBuf>,
    /// What `MCP_CATALOG_PATH` names, or `~/.mcp-inspector/mcp.json`.
    pub inspector: Option<PathBuf>,
}

impl Places {
    /// Those of this process: its working directory and its environment.
    ///
    /// # Errors
    /// When the working directory is gone.
    pub fn of_this_process() -> std::io::Result<Self> {
        Ok(Self::new(env::current_dir()?, |name| env::var_os(name)))
    }

    /// Those of a process in this directory with these environment variables.
    pub fn new(directory: impl Into<PathBuf>, variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let path = |name| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let absolute = |name| path(name).filter(|path| path.is_absolute());
        let home = absolute("HOME").or_else(|| absolute("USERPROFILE"));
        let below = |parts: &str| home.as_deref().map(|home| join(home, parts));
        let config_home = absolute("XDG_CONFIG_HOME").or_else(|| below(".config"));
        let applications = match env::consts::OS {
            "macos" => below("Library/Application Support"),
            "windows" => absolute("APPDATA"),
            _ => config_home.clone(),
        };
        Self {
            directory: directory.into(),
            chosen: path("BOWLINE_CONFIG"),
            state_home: absolute("XDG_STATE_HOME").or_else(|| below(".local/state")),
            copilot: absolute("COPILOT_HOME").or_else(|| below(".copilot")),
            inspector: absolute("MCP_CATALOG_PATH").or_else(|| below(".mcp-inspector/mcp.json")),
            config_home,
            applications,
            home,
        }
    }

    /// The config of the user: `~/.config/bowline/mcp.json`, whether it is there or not.
    #[must_use]
    pub fn own_config(&self) -> Option<PathBuf> {
        self.config_home.as_deref().map(|home| join(home, "bowline/mcp.json"))
    }

    /// The nearest such file of the directory or of one above it.
    #[must_use]
    pub fn upwards(&self, file: &str) -> Option<PathBuf> {
        let mut candidates = self.directory.ancestors().map(|directory| join(directory, file));
        candidates.find(|path| path.is_file())
    }
}

/// The path with these parts, which are apart by slashes, below the directory.
pub(super) fn join(directory: &Path, parts: &str) -> PathBuf {
    parts.split('/').fold(directory.to_owned(), |path, part| path.join(part))
}
