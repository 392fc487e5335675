//! What an endpoint declares, derived from what its servers do.

use super::offer::Told;
use super::shelves::{Shelves, Source, cache};
use bowline_types::capability::{
    PromptsCapability, ResourcesCapability, ServerCapabilities, ToolsCapability,
};
use std::sync::Arc;

/// Tasks are not handed on: their ids would have to be kept apart by who may know them.
const TASKS: &str = "io.modelcontextprotocol/tasks";

/// Of the endpoint of one server: what that one declares, extensions too, and its instructions as they are.
pub(super) fn of_one(shelves: &mut Shelves) {
    common(shelves);
    let Some(source) = shelves.sources.first() else {
        return;
    };
    let declared = &source.capabilities;
    shelves.capabilities.extensions = without_tasks(declared);
    shelves.capabilities.experimental.clone_from(&declared.experimental);
    shelves.instructions.clone_from(&source.instructions);
    // What it does not declare it does not have.
    if declared.tools.is_none() {
        shelves.capabilities.tools = None;
    }
}

/// Of all servers: what one of them declares, and always tools, since servers come and go.
pub(super) fn of_many(shelves: &mut Shelves) {
    common(shelves);
    shelves.instructions = instructions(&shelves.sources);
    let sources = shelves.sources.clone();
    let all = sources.iter().filter_map(|source| without_tasks(&source.capabilities));
    for (id, settings) in all.flatten() {
        // Of two servers with different settings the first is heard.
        shelves.capabilities.extensions.get_or_insert_default().entry(id).or_insert(settings);
    }
}

/// Of a part: as of all, but only what there is something of.
pub(super) fn of_part(shelves: &mut Shelves) {
    of_many(shelves);
    if shelves.sources.iter().all(|source| source.known) {
        if shelves.prompts.entries().is_empty() {
            shelves.capabilities.prompts = None;
        }
        if shelves.resources.entries().is_empty() && shelves.templates.entries().is_empty() {
            shelves.capabilities.resources = None;
        }
    }
}

fn common(shelves: &mut Shelves) {
    let sources: Vec<&Source> = shelves.sources.iter().map(|source| &**source).collect();
    let mut all = ServerCapabilities::new().tools(ToolsCapability::new().list_changed(true));
    for declared in sources.iter().map(|source| &source.capabilities) {
        if declared.prompts.is_some() {
            all.prompts = Some(PromptsCapability::new().list_changed(true));
        }
        if let Some(resources) = &declared.resources {
            // A host tells of its lists itself, whoever is behind it; of a resource only who has it can tell.
            let all =
                all.resources.get_or_insert_with(|| ResourcesCapability::new().list_changed(true));
            all.subscribe = all.subscribe.filter(|all| *all).or(resources.subscribe);
        }
        if all.completions.is_none() {
            all.completions.clone_from(&declared.completions);
        }
        if all.logging.is_none() {
            all.logging.clone_from(&declared.logging);
        }
    }
    let told = sources.iter().fold(Told::default(), |all, source| Told {
        tools: all.tools + source.told.tools,
        prompts: all.prompts + source.told.prompts,
        resources: all.resources + source.told.resources,
    });
    let cache = cache(sources);
    shelves.capabilities = all;
    shelves.told = told;
    shelves.cache = cache;
}

/// What all servers say, each under its name.
fn instructions(sources: &[Arc<Source>]) -> Option<String> {
    let said: Vec<_> = sources
        .iter()
        .filter_map(|source| {
            let text = source.instructions.as_deref().map(str::trim).filter(|t| !t.is_empty())?;
            Some(format!("## {}\n\n{text}", source.name))
        })
        .collect();
    (!said.is_empty()).then(|| said.join("\n\n"))
}

fn without_tasks(
    declared: &ServerCapabilities,
) -> Option<std::collections::BTreeMap<String, serde_json::Map<String, serde_json::Value>>> {
    let mut extensions = declared.extensions.clone()?;
    extensions.remove(TASKS);
    (!extensions.is_empty()).then_some(extensions)
}
