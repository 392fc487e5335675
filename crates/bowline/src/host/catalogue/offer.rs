//! What one server told of itself.

use super::{Globs, text};
use crate::client::{Change, Client, Listed, Pages};
use crate::error::Result;
use crate::server::mirrored::Mirrored;
use bowline_protocol::outcome::{CacheHint, CacheScope};
use bowline_protocol::scan::Raw;
use bowline_types::capability::{
    PromptsCapability, ResourcesCapability, ServerCapabilities, ToolsCapability,
};
use bowline_types::discover::Implementation;
use bowline_types::jsonrpc::ErrorCode;
use bowline_types::tool::Tool;
use std::collections::HashSet;
use std::sync::Arc;

/// What one server told: its lists as it wrote them, and what it declared.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Offer {
    /// The tools, by name.
    pub(crate) tools: Vec<Item>,
    /// The prompts, by name.
    pub(crate) prompts: Vec<Item>,
    /// The resources, by URI.
    pub(crate) resources: Vec<Item>,
    /// The resource templates, by URI template.
    pub(crate) templates: Vec<Item>,
    /// How many items were left out because they have no usable name, or one that stands twice, or cannot be called.
    pub(crate) skipped: usize,
    /// Whether only some of its tools may be used, so that one that is not among them is no tool.
    pub(crate) restricted: bool,
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
    /// How often it has said that its lists changed. Counted by whoever listens to it, so that what is said is passed
    /// on even where nothing is different.
    pub(crate) told: Told,
}

/// One item of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Item {
    /// What it is known by.
    pub(crate) name: Arc<str>,
    /// The item as the server wrote it, an object.
    pub(crate) text: Raw,
    /// Of a tool: the arguments that headers repeat, where there are any.
    pub(crate) mirrored: Option<Arc<Mirrored>>,
}

impl Item {
    pub(crate) fn new(name: impl Into<Arc<str>>, text: Raw) -> Self {
        // Read once here, since a catalogue is made anew whenever any server changes. What breaks the rules mirrors
        // nothing: where headers count, clients leave such a tool out themselves.
        let schema = text::raw(&text, "inputSchema").and_then(|schema| schema.decode().ok());
        let mirrored = schema.and_then(|schema| Mirrored::of(&schema).ok());
        let mirrored = mirrored.filter(|mirrored| !mirrored.is_empty()).map(Arc::new);
        Self { name: name.into(), text, mirrored }
    }
}

/// How often a server has said that its lists changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Told {
    /// That of tools.
    pub(crate) tools: u64,
    /// That of prompts.
    pub(crate) prompts: u64,
    /// That of resources and templates.
    pub(crate) resources: u64,
}

impl Told {
    /// Counts what a server says.
    pub(crate) fn hear(&mut self, change: &Change) {
        match change {
            Change::Tools => self.tools += 1,
            Change::Prompts => self.prompts += 1,
            Change::Resources => self.resources += 1,
            // What has changed then, its lists will show.
            Change::Resource(_) | Change::Resumed => {}
        }
    }
}

/// The most bytes that one list may have.
const LIST_BYTES: usize = 16 * 1024 * 1024;

impl Offer {
    /// Asks a server for all of it: of the lists those that it declared, all pages of them.
    ///
    /// A list that it declared and does not know is empty.
    ///
    /// # Errors
    /// When a list cannot be had, or is too long.
    pub(crate) async fn read(client: &Client) -> Result<Self> {
        let server = client.server();
        let declared = &server.capabilities;
        let resources = declared.resources.is_some();
        let (tools, prompts, resources, templates) = tokio::try_join!(
            pages(declared.tools.is_some(), client.tools()),
            pages(declared.prompts.is_some(), client.prompts()),
            pages(resources, client.resources()),
            pages(resources, client.resource_templates()),
        )?;
        let mut cache = server.cache;
        let mut skipped = 0;
        let mut offer = Self {
            tools: items(&tools, "tools", "name", &mut cache, &mut skipped),
            prompts: items(&prompts, "prompts", "name", &mut cache, &mut skipped),
            resources: items(&resources, "resources", "uri", &mut cache, &mut skipped),
            templates: items(
                &templates,
                "resourceTemplates",
                "uriTemplate",
                &mut cache,
                &mut skipped,
            ),
            skipped,
            restricted: false,
            capabilities: declared.clone(),
            instructions: server.instructions.clone(),
            info: client.server_info(),
            protocol_version: Some(client.protocol_version().to_owned()),
            cache: cache.unwrap_or_else(|| CacheHint::private(0)),
            told: Told::default(),
        };
        let usable = tools.iter().flat_map(|(_, tools)| tools).map(|tool| tool.name.as_str());
        offer.leave_out_uncallable(&usable.collect());
        Ok(offer)
    }

    /// Of a server that has told nothing yet: it may have anything, so that all lists are declared.
    pub(crate) fn unknown() -> Self {
        let capabilities = ServerCapabilities::new()
            .tools(ToolsCapability::new())
            .prompts(PromptsCapability::new())
            .resources(ResourcesCapability::new());
        Self {
            tools: Vec::new(),
            prompts: Vec::new(),
            resources: Vec::new(),
            templates: Vec::new(),
            skipped: 0,
            restricted: false,
            capabilities,
            instructions: None,
            info: None,
            protocol_version: None,
            cache: CacheHint::private(0),
            told: Told::default(),
        }
    }

    /// Of a server that somebody has to log in to first: a tool that says how.
    pub(crate) fn login(server: &str, name: &str) -> Self {
        let description = format!(
            "Says how to log in to the server {server}, which is used with your own account there. Its tools are listed \
             once you have."
        );
        let tool = Tool::new(name).description(description);
        let text = Raw::encode(&tool).ok();
        let tools = text.map(|text| Item::new(name, text)).into_iter().collect();
        let capabilities = ServerCapabilities::new().tools(ToolsCapability::new());
        Self { tools, restricted: true, capabilities, ..Self::unknown() }
    }

    /// Whether the server has told anything.
    pub(crate) fn is_known(&self) -> bool {
        self.protocol_version.is_some()
    }

    /// The same with only those tools that one of these globs matches.
    #[must_use]
    pub(crate) fn with_tools(mut self, allowed: &Globs) -> Self {
        self.tools.retain(|tool| allowed.match_any(&tool.name));
        self.restricted = true;
        self
    }

    /// Leaves out the tools that the client has found to be uncallable over its transport. One that it merely could not
    /// read stays: whoever lists it may understand it.
    fn leave_out_uncallable(&mut self, usable: &HashSet<&str>) {
        let before = self.tools.len();
        self.tools
            .retain(|tool| usable.contains(&*tool.name) || tool.text.decode::<Tool>().is_err());
        self.skipped += before - self.tools.len();
    }
}

/// The pages of a list, each with what of it the client can use.
async fn pages<T: Listed>(declared: bool, pages: Pages<T>) -> Result<Vec<(Raw, Vec<T>)>> {
    if !declared {
        return Ok(Vec::new());
    }
    match pages.fresh().raw(LIST_BYTES).await {
        // Many servers declare resources and know nothing of templates.
        Err(error) if error.rpc().is_some_and(|rpc| rpc.code == ErrorCode::METHOD_NOT_FOUND) => {
            Ok(Vec::new())
        }
        pages => pages,
    }
}

/// The items of all pages of a list, each once.
fn items<T>(
    pages: &[(Raw, Vec<T>)],
    list: &str,
    name: &str,
    cache: &mut Option<CacheHint>,
    skipped: &mut usize,
) -> Vec<Item> {
    let mut seen = HashSet::new();
    let mut items = Vec::new();
    for (page, _) in pages {
        *cache = Some(shorter(*cache, hint(page)));
        for text in text::elements(page, list) {
            let name = text::string(&text, name).filter(|name| !name.is_empty());
            match name.map(Arc::<str>::from).filter(|name| seen.insert(name.clone())) {
                Some(name) => items.push(Item::new(name, text)),
                None => *skipped += 1,
            }
        }
    }
    items
}

/// How long and by whom a page may be kept; one that says nothing is stale at once.
fn hint(page: &Raw) -> CacheHint {
    let ttl_ms = text::number(page, "ttlMs").unwrap_or(0);
    match text::string(page, "cacheScope").as_deref() {
        Some("public") => CacheHint::public(ttl_ms),
        _ => CacheHint::private(ttl_ms),
    }
}

/// What holds for two parts together.
pub(super) fn shorter(one: Option<CacheHint>, other: CacheHint) -> CacheHint {
    let Some(one) = one else {
        return other;
    };
    let ttl_ms = one.ttl_ms.min(other.ttl_ms);
    match (one.scope, other.scope) {
        (CacheScope::Public, CacheScope::Public) => CacheHint::public(ttl_ms),
        _ => CacheHint::private(ttl_ms),
    }
}
