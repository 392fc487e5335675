//! The MCP clients whose configs are known.

use super::places::{Places, join};
use super::{Config, Origin, Problems};
use std::path::PathBuf;

/// An MCP client that keeps servers in a config of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Client {
    /// What it is called in `CLIENT:NAME`.
    pub id: &'static str,
    /// What people call it.
    pub title: &'static str,
    files: &'static [(Place, &'static str)],
    format: Format,
}

/// What is in a config that belongs to a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    /// `mcpServers`, or `servers`.
    Json,
    /// Something that is not read, in these words.
    Unread(&'static str),
}

/// Where a file of a client lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// In the project, or above.
    Project,
    /// In the home directory.
    Home,
    /// In the user's directory of configs.
    ConfigHome,
    /// In the directory of desktop applications.
    Applications,
    /// In Copilot's directory.
    Copilot,
    /// The Inspector's file itself.
    Inspector,
}

/// Every client whose config is known.
pub const CLIENTS: &[Client] = &[
    Client {
        id: "bowline",
        title: "Bowline",
        files: &[(Place::ConfigHome, "bowline/mcp.json")],
        format: Format::Json,
    },
    Client {
        id: "claude-code",
        title: "Claude Code",
        files: &[(Place::Project, ".mcp.json"), (Place::Home, ".claude.json")],
        format: Format::Json,
    },
    Client {
        id: "claude-desktop",
        title: "Claude Desktop",
        files: &[(Place::Applications, "Claude/claude_desktop_config.json")],
        format: Format::Json,
    },
    Client {
        id: "cursor",
        title: "Cursor",
        files: &[(Place::Project, ".cursor/mcp.json"), (Place::Home, ".cursor/mcp.json")],
        format: Format::Json,
    },
    Client {
        id: "vscode",
        title: "VS Code",
        files: &[(Place::Project, ".vscode/mcp.json"), (Place::Applications, "Code/User/mcp.json")],
        format: Format::Json,
    },
    Client {
        id: "copilot",
        title: "GitHub Copilot",
        files: &[(Place::Project, ".github/mcp.json"), (Place::Copilot, "mcp-config.json")],
        format: Format::Json,
    },
    Client {
        id: "windsurf",
        title: "Windsurf",
        files: &[(Place::Home, ".codeium/windsurf/mcp_config.json")],
        format: Format::Json,
    },
    Client {
        id: "gemini",
        title: "Gemini CLI",
        files: &[(Place::Project, ".gemini/settings.json"), (Place::Home, ".gemini/settings.json")],
        format: Format::Json,
    },
    Client {
        id: "antigravity",
        title: "Antigravity",
        files: &[(Place::Home, ".gemini/antigravity/mcp_config.json")],
        format: Format::Json,
    },
    Client {
        id: "inspector",
        title: "MCP Inspector",
        files: &[(Place::Inspector, "")],
        format: Format::Json,
    },
    Client {
        id: "codex",
        title: "Codex",
        files: &[(Place::Home, ".codex/config.toml")],
        format: Format::Unread("TOML, below `mcp_servers`"),
    },
    Client {
        id: "opencode",
        title: "opencode",
        files: &[
            (Place::Project, "opencode.json"),
            (Place::Project, "opencode.jsonc"),
            (Place::ConfigHome, "opencode/opencode.json"),
            (Place::ConfigHome, "opencode/opencode.jsonc"),
        ],
        format: Format::Unread("a format of its own, below `mcp`"),
    },
    Client {
        id: "fastmcp",
        title: "FastMCP",
        files: &[(Place::Project, "fastmcp.json")],
        format: Format::Unread("a format of its own"),
    },
];

/// A config of a client that is there.
#[derive(Debug)]
#[non_exhaustive]
pub struct ClientConfig {
    /// Whose it is.
    pub client: Client,
    /// Where it is.
    pub path: PathBuf,
    /// Whether it belongs to a project, so that somebody else may have written it, or to the user.
    pub origin: Origin,
    /// What is in it.
    pub contents: Contents,
}

/// What a config of a client holds.
#[derive(Debug)]
#[non_exhaustive]
pub enum Contents {
    /// Servers.
    Read(Config),
    /// Nothing that can be used, for these reasons.
    Wrong(Problems),
    /// Something in a form that is not read, which this says.
    Unread(&'static str),
}

impl Client {
    /// The client of this id.
    #[must_use]
    pub fn of_id(id: &str) -> Option<Self> {
        CLIENTS.iter().find(|client| client.id == id).copied()
    }

    /// Its configs that are there, those of the project first.
    #[must_use]
    pub fn configs(self, places: &Places) -> Vec<ClientConfig> {
        let there = self.files.iter().filter_map(|(place, file)| {
            let path = place.path(file, places).filter(|path| path.is_file())?;
            // A project's file lies as deep below the project as its name says.
            let depth = file.split('/').count();
            let (origin, folder) = match place {
                Place::Project => (Origin::Project, path.ancestors().nth(depth)),
                _ => (Origin::User, None),
            };
            let folder = folder.unwrap_or(&places.directory).to_owned();
            Some((path, folder, origin))
        });
        let read = |(path, folder, origin): (PathBuf, PathBuf, Origin)| {
            let contents = match self.format {
                Format::Unread(why) => Contents::Unread(why),
                Format::Json => match Config::of_client(&path, &folder, origin) {
                    Ok(config) => Contents::Read(config),
                    Err(problems) => Contents::Wrong(problems),
                },
            };
            ClientConfig { client: self, path, origin, contents }
        };
        there.map(read).collect()
    }

    /// Where its config is, or would be if it had one: the one of the project that the directory is, or of the user.
    #[must_use]
    pub fn place(self, places: &Places, origin: Origin) -> Option<PathBuf> {
        let of_project = origin == Origin::Project;
        let mut files =
            self.files.iter().filter(|(place, _)| of_project == (*place == Place::Project));
        let (place, file) = files.next()?;
        match place {
            Place::Project => Some(join(&places.directory, file)),
            place => place.path(file, places),
        }
    }

    /// What its config is, when it is nothing that can be read or written here.
    #[must_use]
    pub fn unread(self) -> Option<&'static str> {
        match self.format {
            Format::Json => None,
            Format::Unread(form) => Some(form),
        }
    }
}

impl Place {
    fn path(self, file: &str, places: &Places) -> Option<PathBuf> {
        let directory = match self {
            Self::Project => return places.upwards(file),
            Self::Inspector => return places.inspector.clone(),
            Self::Home => &places.home,
            Self::ConfigHome => &places.config_home,
            Self::Applications => &places.applications,
            Self::Copilot => &places.copilot,
        };
        directory.as_deref().map(|directory| join(directory, file))
    }
}
