//! Merging what servers offer.

use super::declared;
use super::globs::Globs;
use super::names;
use super::offer::{Item, Offer};
use super::shelf::{Entry, Shelf};
use super::shelves::{Shelves, Source};
use super::{Catalogue, Collision};
use crate::host::access::Sight;
use crate::host::settings::Naming;
use crate::server::ItemKind;
use bowline_protocol::outcome::CacheHint;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// A server with what it offers.
type Named<'a> = (Arc<str>, &'a Offer);

pub(super) fn catalogue<'a>(
    naming: Naming,
    offers: impl IntoIterator<Item = (&'a str, &'a Offer)>,
) -> (Catalogue, Vec<Collision>) {
    let offers: Vec<Named<'_>> =
        offers.into_iter().map(|(name, offer)| (Arc::from(name), offer)).collect();
    let servers: HashMap<_, _> =
        offers.iter().map(|(name, offer)| (name.clone(), Arc::new(own(name, offer)))).collect();
    let (merged, collisions) = merge(naming, &offers);
    (
        Catalogue { merged: Arc::new(merged), servers, access: None, needs: None, own: false },
        collisions,
    )
}

/// What one server offers, under its own names.
pub(super) fn own(name: &Arc<str>, offer: &Offer) -> Shelves {
    let mut shelves = Shelves::new();
    for (kind, items) in lists(offer) {
        for item in items {
            let entry = Entry::new(name, item, member(kind), item.name.clone());
            entry.map(|entry| shelf(&mut shelves, kind).add(entry));
        }
    }
    let mut source = Source::of(name, offer);
    for template in &offer.templates {
        source.add_template(&template.name, false);
    }
    shelves.sources = vec![Arc::new(source)];
    shelves.own = true;
    declared::of_one(&mut shelves);
    shelves
}

fn merge(naming: Naming, offers: &[Named<'_>]) -> (Shelves, Vec<Collision>) {
    let (mut shelves, mut collisions) = (Shelves::new(), Vec::new());
    let mut sources: Vec<_> = offers.iter().map(|(name, offer)| Source::of(name, offer)).collect();
    for kind in [ItemKind::Tool, ItemKind::Prompt] {
        let keys = match naming {
            Naming::Prefix => prefixed(kind, offers),
            Naming::Flat => flat(kind, offers),
        };
        let mut keys = keys.into_iter();
        for (server, item) in all(kind, offers) {
            let Some(key) = keys.next() else { break };
            let Some(entry) = Entry::new(server, item, member(kind), key) else { continue };
            let shelf = shelf(&mut shelves, kind);
            if let Some(first) = shelf.find(&entry.key) {
                let servers = [first.route.server.clone(), server.clone()];
                collisions.push(Collision { kind, name: entry.key.clone(), servers });
            } else {
                shelf.add(entry);
            }
        }
    }
    let namespaces: Vec<_> = sources.iter().map(|source| source.namespace.clone()).collect();
    for kind in [ItemKind::Resource, ItemKind::ResourceTemplate] {
        for ((name, offer), source) in offers.iter().zip(&mut sources) {
            for item in list(offer, kind) {
                let shelf = shelf(&mut shelves, kind);
                // A URI in somebody's namespace says that it is of that server.
                let renamed = shelf.find(&item.name).is_some()
                    || namespaces.iter().any(|namespace| item.name.starts_with(&**namespace));
                let key = if renamed {
                    format!("{}{}", source.namespace, item.name).into()
                } else {
                    item.name.clone()
                };
                let added = Entry::new(name, item, member(kind), key).is_some_and(|e| shelf.add(e));
                match kind {
                    ItemKind::ResourceTemplate if added => source.add_template(&item.name, renamed),
                    ItemKind::Resource if added && renamed => {
                        source.renamed.insert(item.name.clone());
                    }
                    _ => {}
                }
            }
        }
    }
    shelves.renames = sources.iter().any(Source::is_renamed);
    shelves.sources = sources.into_iter().map(Arc::new).collect();
    declared::of_many(&mut shelves);
    (shelves, collisions)
}

/// The part of merged shelves that these globs select.
pub(super) fn profile(merged: &Shelves, globs: &Globs) -> Shelves {
    let selects = |entry: &Entry| globs.select(&entry.route.server, &entry.route.name, &entry.key);
    let mut part = Shelves::new();
    part.tools = merged.tools.part(selects);
    part.prompts = merged.prompts.part(selects);
    part.resources = merged.resources.part(selects);
    part.templates = merged.templates.part(selects);
    let shown: [&Shelf; 4] = [&part.tools, &part.prompts, &part.resources, &part.templates];
    let servers: HashSet<_> =
        shown.iter().flat_map(|shelf| shelf.entries()).map(|entry| &entry.route.server).collect();
    let sources = merged.sources.iter().filter(|source| {
        // What a server that has told nothing may have is not known yet.
        !source.known || servers.contains(&source.name)
    });
    part.sources = sources
        .map(|source| {
            let is_shown = |own: &str| globs.select(&source.name, own, own);
            Arc::new(source.with_templates(is_shown))
        })
        .collect();
    part.renames = merged.renames;
    part.globs = Some(globs.clone());
    declared::of_part(&mut part);
    part
}

/// The part of an endpoint that somebody may use.
pub(super) fn seen(all: &Shelves, sight: &Sight) -> Shelves {
    let seen = |shelf: &Shelf, kind| {
        shelf.part(|entry| sight.permits(kind, &entry.route.server, &entry.route.name))
    };
    let mut part = Shelves::new();
    part.tools = seen(&all.tools, ItemKind::Tool);
    part.prompts = seen(&all.prompts, ItemKind::Prompt);
    part.resources = seen(&all.resources, ItemKind::Resource);
    part.templates = seen(&all.templates, ItemKind::ResourceTemplate);
    let shown: [&Shelf; 4] = [&part.tools, &part.prompts, &part.resources, &part.templates];
    let servers: HashSet<_> =
        shown.iter().flat_map(|shelf| shelf.entries()).map(|entry| &entry.route.server).collect();
    let sources = all.sources.iter().filter(|source| {
        // What it has may be unknown, and not all resources are listed.
        let may_have = !source.known || source.has_resources();
        servers.contains(&source.name) || may_have && !sight.is_blind(&source.name)
    });
    part.sources = sources
        .map(|source| {
            let is_shown = |own: &str| sight.permits(ItemKind::ResourceTemplate, &source.name, own);
            Arc::new(source.with_templates(is_shown))
        })
        .collect();
    part.own = all.own;
    part.renames = all.renames;
    part.globs.clone_from(&all.globs);
    part.sight = Some(sight.clone());
    match (all.own, &all.globs) {
        (true, _) => declared::of_one(&mut part),
        (false, Some(_)) => declared::of_part(&mut part),
        (false, None) => declared::of_many(&mut part),
    }
    // Whoever may use something else gets another list.
    part.cache = CacheHint::private(part.cache.ttl_ms);
    part
}

/// The names of items behind those of their servers, in order.
fn prefixed(kind: ItemKind, offers: &[Named<'_>]) -> Vec<Arc<str>> {
    let plain: Vec<Option<Arc<str>>> = all(kind, offers)
        .map(|(server, item)| names::plain(server, &item.name).map(Arc::from))
        .collect();
    // Nobody's plain name depends on who else is there; a short one gives way.
    let mut taken: HashSet<Arc<str>> = plain.iter().flatten().cloned().collect();
    let mut keys = Vec::with_capacity(plain.len());
    for ((server, item), plain) in all(kind, offers).zip(plain) {
        let key = plain.unwrap_or_else(|| {
            let short: Arc<str> =
                names::short(server, &item.name, |name| taken.contains(name)).into();
            taken.insert(short.clone());
            short
        });
        keys.push(key);
    }
    keys
}

fn flat(kind: ItemKind, offers: &[Named<'_>]) -> Vec<Arc<str>> {
    all(kind, offers).map(|(_, item)| item.name.clone()).collect()
}

fn all<'a>(
    kind: ItemKind,
    offers: &'a [Named<'_>],
) -> impl Iterator<Item = (&'a Arc<str>, &'a Item)> {
    offers
        .iter()
        .flat_map(move |(name, offer)| list(offer, kind).iter().map(move |item| (name, item)))
}

fn lists(offer: &Offer) -> [(ItemKind, &[Item]); 4] {
    [ItemKind::Tool, ItemKind::Prompt, ItemKind::Resource, ItemKind::ResourceTemplate]
        .map(|kind| (kind, list(offer, kind)))
}

fn list(offer: &Offer, kind: ItemKind) -> &[Item] {
    match kind {
        ItemKind::Tool => &offer.tools,
        ItemKind::Prompt => &offer.prompts,
        ItemKind::Resource => &offer.resources,
        ItemKind::ResourceTemplate => &offer.templates,
    }
}

fn shelf(shelves: &mut Shelves, kind: ItemKind) -> &mut Shelf {
    match kind {
        ItemKind::Tool => &mut shelves.tools,
        ItemKind::Prompt => &mut shelves.prompts,
        ItemKind::Resource => &mut shelves.resources,
        ItemKind::ResourceTemplate => &mut shelves.templates,
    }
}

/// The member of an item that it is known by.
fn member(kind: ItemKind) -> &'static str {
    match kind {
        ItemKind::Tool | ItemKind::Prompt => "name",
        ItemKind::Resource => "uri",
        ItemKind::ResourceTemplate => "uriTemplate",
    }
}
