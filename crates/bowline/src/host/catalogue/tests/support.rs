//! Offers out of a few words.

use crate::host::catalogue::offer::Item;
use crate::host::catalogue::shelf::Entry;
use crate::host::catalogue::{Catalogue, Offer, Shelf};
use crate::host::settings::Naming;
use bowline_protocol::outcome::CacheHint;
use bowline_protocol::scan::Raw;
use bowline_types::capability::{
    PromptsCapability, ResourcesCapability, ServerCapabilities, ToolsCapability,
};
use serde_json::json;

/// Of a server that told everything, and that is nothing.
pub(super) fn empty() -> Offer {
    Offer {
        protocol_version: Some("test".to_owned()),
        cache: CacheHint::public(60_000),
        capabilities: ServerCapabilities::new(),
        ..Offer::unknown()
    }
}

/// Of a server with these tools.
pub(super) fn tools(names: &[&str]) -> Offer {
    let mut offer = Offer { tools: items("name", names), ..empty() };
    offer.capabilities.tools = Some(ToolsCapability::new());
    offer
}

/// Of a server with these prompts.
pub(super) fn prompts(names: &[&str]) -> Offer {
    let mut offer = Offer { prompts: items("name", names), ..empty() };
    offer.capabilities.prompts = Some(PromptsCapability::new());
    offer
}

/// Of a server with these resources and templates.
pub(super) fn resources(uris: &[&str], templates: &[&str]) -> Offer {
    let mut offer = Offer {
        resources: items("uri", uris),
        templates: items("uriTemplate", templates),
        ..empty()
    };
    offer.capabilities.resources = Some(ResourcesCapability::new().subscribe(true));
    offer
}

fn items(member: &str, names: &[&str]) -> Vec<Item> {
    let item = |name: &&str| {
        let text = Raw::parse(json!({ member: name }).to_string()).unwrap();
        Item::new(*name, text)
    };
    names.iter().map(item).collect()
}

/// Everything merged, of which nothing collides.
pub(super) fn build(naming: Naming, offers: &[(&str, Offer)]) -> Catalogue {
    let offers = offers.iter().map(|(name, offer)| (*name, offer));
    let (catalogue, collisions) = Catalogue::settle(naming, offers);
    assert_eq!(collisions, []);
    catalogue
}

/// A list, one item a line: what is shown, and where it is.
pub(super) fn shown(shelf: &Shelf) -> String {
    let line = |entry: &Entry| {
        let route = &entry.route;
        format!("{} -> {} {}\n", entry.definition.as_str(), route.server, route.name)
    };
    shelf.entries().iter().map(line).collect()
}
