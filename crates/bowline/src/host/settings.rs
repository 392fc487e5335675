//! What a host is told about itself and about each of its servers.

use super::access::Access;
use crate::config::ClientOf;
use bowline_types::input::Root;
use std::collections::BTreeMap;
use std::time::Duration;

/// What a host is told: all of it has defaults.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Settings {
    /// How the tools and prompts of several servers are told apart.
    pub naming: Naming,
    /// Who shares an instance of a server that asks questions; what a server says of itself goes before it.
    pub isolation: Option<Isolation>,
    /// How long nobody has used an instance before it is stopped; `None` for never.
    pub idle_stop: Option<Duration>,
    /// Parts of the whole with an endpoint of their own, in this order.
    pub profiles: Vec<Profile>,
    /// Who may use what of all servers; everybody everything when it is not said. Globs are over merged names, and over
    /// URIs.
    pub access: Option<Vec<Access>>,
    /// Scopes that calls need besides those without which nobody is let in.
    pub scopes: Needed,
    /// What is different for single servers, by their names.
    pub servers: BTreeMap<String, ServerSettings>,
}

/// What is different for one server.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ServerSettings {
    /// Who shares an instance.
    pub isolation: Option<Isolation>,
    /// How many instances there may be for those who share them, where one instance serves one call at a time.
    pub instances: Option<usize>,
    /// How long nobody has used an instance before it is stopped.
    pub idle_stop: Option<Duration>,
    /// Bytes of memory that the processes of one instance may have; above it, the instance is restarted.
    pub max_memory: Option<u64>,
    /// Whether it is told that it may ask for user input, a model, or roots; `false` lets everybody share one
    /// instance of a server of an older protocol version.
    pub questions: Option<bool>,
    /// What this server is told when it asks for roots.
    pub roots: Option<Vec<Root>>,
    /// Who may use what of this server, of what he may use at all. Globs are over its own names, and over URIs.
    pub access: Option<Vec<Access>>,
    /// Scopes that calls to this server need.
    pub scopes: Vec<String>,
    /// With whose login this server is used; the callers' own once they authenticate, when it is not said. For servers
    /// over HTTP that ask for one.
    pub credentials: Option<Credentials>,
    /// As which client we log in, where somebody has registered one.
    pub client: Option<ClientOf>,
}

/// Scopes that calls need.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Needed {
    /// For methods, such as `tools/call`.
    pub methods: BTreeMap<String, Vec<String>>,
    /// For tools, by globs over merged names.
    pub tools: BTreeMap<String, Vec<String>>,
}

/// With whose login a server is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Credentials {
    /// Everybody with his own, and so with an instance of his own.
    Own,
    /// All with that of whoever runs the host.
    Shared,
}

/// How the tools and prompts of several servers are told apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Naming {
    /// By the name of their server: `server__tool`.
    #[default]
    Prefix,
    /// Not at all: names stay as they are, and two servers cannot have the same.
    Flat,
}

/// Who shares an instance of a server that asks questions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Isolation {
    /// Everybody.
    Shared,
    /// The sessions and calls of one principal.
    Principal,
    /// Nobody: each session has its own, and calls without a session are those of their principal.
    Session,
}

/// A part of the whole with an endpoint of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Profile {
    /// What it is called.
    pub name: String,
    /// Which names are in it: globs over merged names, `*` for any text.
    pub globs: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            naming: Naming::default(),
            isolation: None,
            idle_stop: Some(Duration::from_secs(10 * 60)),
            profiles: Vec::new(),
            access: None,
            scopes: Needed::default(),
            servers: BTreeMap::new(),
        }
    }
}

impl Profile {
    /// A profile of this name with what these globs match.
    #[must_use]
    pub fn new<G: Into<String>>(
        name: impl Into<String>,
        globs: impl IntoIterator<Item = G>,
    ) -> Self {
        Self { name: name.into(), globs: globs.into_iter().map(Into::into).collect() }
    }
}
