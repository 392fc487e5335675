//! What a server offers, as one immutable value that calls look at.

use super::completion::Completions;
use super::prompt::PromptHandler;
use super::template::TemplateHandler;
use super::visible::{ItemKind, Predicate, Visible};
use crate::context::Context;
use crate::principal::Principal;
use crate::scopes::Scopes;
use crate::server::Server;
use crate::service::Answer;
use bowline_protocol::scan::Raw;
use bowline_protocol::uri_template::Variables;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// Everything a server offers. Calls hold the one that was current when they began.
#[derive(Clone)]
pub(super) struct Catalogue {
    pub(super) tools: Shelf,
    pub(super) prompts: Shelf<PromptHandler>,
    pub(super) resources: Shelf,
    pub(super) templates: Shelf<TemplateHandler>,
    pub(super) completions: Completions,
    /// Methods that no protocol version defines, by name.
    pub(super) methods: HashMap<&'static str, Arc<Handler>>,
    /// Who sees what; everybody sees everything without it.
    pub(super) predicate: Option<Predicate>,
}

/// Items of one kind, in the order of their registration, found by name.
pub(super) struct Shelf<H = Handler> {
    pub(super) kind: ItemKind,
    /// Whether the kind is offered at all. It stays so when the last item goes: clients were told.
    pub(super) declared: bool,
    by_name: HashMap<Box<str>, usize>,
    /// Sorted by number, since numbers only grow.
    entries: Vec<Entry<H>>,
    next_number: u64,
    tags: HashMap<Box<str>, Tags>,
    /// The items that went last, so that a cursor that names one still tells a place.
    removed: VecDeque<Removed>,
}

/// An item in its place.
pub(super) struct Entry<H = Handler> {
    /// Given at registration and to no other item of the shelf.
    pub(super) number: u64,
    pub(super) item: Arc<Item<H>>,
}

/// One item: its definition as lists show it, and its handler.
pub(super) struct Item<H = Handler> {
    pub(super) name: Box<str>,
    /// The definition, serialised once.
    pub(super) definition: Raw,
    /// What it needs of whoever calls it.
    pub(super) scopes: Scopes,
    pub(super) handler: H,
}

#[derive(Clone)]
struct Removed {
    number: u64,
    name: Box<str>,
    scopes: Scopes,
    tags: Option<Tags>,
}

/// A handler in a box: the one place where a user's types are left behind.
pub(super) type Handler = Box<dyn Fn(&Server, Context) -> Answer + Send + Sync>;

type Tags = Arc<[Box<str>]>;

/// How many removed items a shelf remembers.
const REMOVED: usize = 256;

impl Default for Catalogue {
    fn default() -> Self {
        Self {
            tools: Shelf::new(ItemKind::Tool),
            prompts: Shelf::new(ItemKind::Prompt),
            resources: Shelf::new(ItemKind::Resource),
            templates: Shelf::new(ItemKind::ResourceTemplate),
            completions: Completions::default(),
            methods: HashMap::new(),
            predicate: None,
        }
    }
}

/// What a URI names.
pub(super) enum Resolved<'a> {
    Resource(&'a Arc<Item>),
    Template(&'a Arc<Item<TemplateHandler>>, Variables),
}

impl Catalogue {
    /// The item of this name, as far as this principal may know of it.
    pub(super) fn find<'a, H>(
        &self,
        shelf: &'a Shelf<H>,
        principal: &Principal,
        name: &str,
    ) -> Option<&'a Arc<Item<H>>> {
        let item = shelf.find(name)?;
        self.shows(shelf, principal, name).then_some(item)
    }

    /// What a URI names: the resource there, else the first template that matches.
    pub(super) fn resolve(&self, principal: &Principal, uri: &str) -> Option<Resolved<'_>> {
        if let Some(item) = self.find(&self.resources, principal, uri) {
            return Some(Resolved::Resource(item));
        }
        self.templates.entries.iter().find_map(|Entry { item, .. }| {
            let variables = item.handler.matcher.matches(uri)?;
            self.shows(&self.templates, principal, &item.name)
                .then_some(Resolved::Template(item, variables))
        })
    }

    /// Whether a principal may know of the item of this name.
    pub(super) fn shows<H>(&self, shelf: &Shelf<H>, principal: &Principal, name: &str) -> bool {
        // Without a predicate its tags need not even be found.
        self.predicate.is_none() || self.sees(principal, &shelf.view(name))
    }

    /// Whether a principal may know of an item.
    pub(super) fn sees(&self, principal: &Principal, item: &Visible<'_>) -> bool {
        self.predicate.as_ref().is_none_or(|predicate| predicate(principal, item))
    }

    /// What refers to items that are not there.
    pub(super) fn faults(&self) -> Vec<String> {
        let mut faults: Vec<_> =
            self.dangling_completions().iter().map(ToString::to_string).collect();
        let untagged = [
            self.tools.dangling_tags(),
            self.prompts.dangling_tags(),
            self.resources.dangling_tags(),
            self.templates.dangling_tags(),
        ];
        faults.extend(untagged.into_iter().flatten());
        faults.sort();
        faults
    }

    /// Whether there is anything to read.
    pub(super) fn has_resources(&self) -> bool {
        self.resources.declared || self.templates.declared
    }
}

impl<H> Shelf<H> {
    fn new(kind: ItemKind) -> Self {
        Self {
            kind,
            declared: false,
            by_name: HashMap::new(),
            entries: Vec::new(),
            next_number: 0,
            tags: HashMap::new(),
            removed: VecDeque::new(),
        }
    }

    pub(super) fn find(&self, name: &str) -> Option<&Arc<Item<H>>> {
        self.by_name.get(name).map(|&at| &self.entries[at].item)
    }

    /// What the visibility predicate sees of the item of this name.
    pub(super) fn view<'a>(&'a self, name: &'a str) -> Visible<'a> {
        let tags = self.tags.get(name).map_or(&[][..], |tags| tags);
        Visible { kind: self.kind, name, tags, scopes: self.find(name).map(|item| &item.scopes) }
    }

    /// Puts an item behind the others; gives it back when its name is taken.
    pub(super) fn add(&mut self, item: Item<H>) -> Result<(), Item<H>> {
        if self.by_name.contains_key(&item.name) {
            return Err(item);
        }
        self.declared = true;
        self.by_name.insert(item.name.clone(), self.entries.len());
        self.entries.push(Entry { number: self.next_number, item: Arc::new(item) });
        self.next_number += 1;
        Ok(())
    }

    /// Takes an item away, and its tags.
    pub(super) fn remove(&mut self, name: &str) -> bool {
        let Some(at) = self.by_name.remove(name) else {
            return false;
        };
        let Entry { number, item } = self.entries.remove(at);
        for place in self.by_name.values_mut().filter(|place| **place > at) {
            *place -= 1;
        }
        if self.removed.len() == REMOVED {
            self.removed.pop_front();
        }
        let (name, tags) = (item.name.clone(), self.tags.remove(name));
        let scopes = item.scopes.clone();
        self.removed.push_back(Removed { number, name, scopes, tags });
        true
    }

    pub(super) fn tag(&mut self, name: &str, tags: Tags) {
        self.tags.insert(name.into(), tags);
    }

    /// What has tags but is not there.
    fn dangling_tags(&self) -> Vec<String> {
        let names = self.tags.keys().filter(|name| !self.by_name.contains_key(*name));
        names
            .map(|name| format!("tags of {} `{name}`: there is no such thing", self.kind))
            .collect()
    }

    /// The items behind the place that a number and a name tell; `None` when they tell none that this principal could
    /// have been told.
    ///
    /// The number finds the place of an item that has gone, or that came back elsewhere; the name alone finds it in a
    /// catalogue that grew in another order.
    pub(super) fn after(
        &self,
        catalogue: &Catalogue,
        principal: &Principal,
        number: u64,
        name: &str,
    ) -> Option<&[Entry<H>]> {
        let gone = self.removed.iter().find(|gone| gone.number == number && *gone.name == *name);
        if let Some(gone) = gone {
            let tags = gone.tags.as_deref().unwrap_or_default();
            let view = Visible { kind: self.kind, name, tags, scopes: Some(&gone.scopes) };
            return catalogue.sees(principal, &view).then(|| {
                &self.entries[self.entries.partition_point(|entry| entry.number <= number)..]
            });
        }
        let at = *self.by_name.get(name)?;
        catalogue.shows(self, principal, name).then(|| &self.entries[at + 1..])
    }

    pub(super) fn entries(&self) -> &[Entry<H>] {
        &self.entries
    }
}

// Derived, these would want handlers that can be cloned.

impl<H> Clone for Shelf<H> {
    fn clone(&self) -> Self {
        Self {
            kind: self.kind,
            declared: self.declared,
            by_name: self.by_name.clone(),
            entries: self.entries.clone(),
            next_number: self.next_number,
            tags: self.tags.clone(),
            removed: self.removed.clone(),
        }
    }
}

impl<H> Clone for Entry<H> {
    fn clone(&self) -> Self {
        Self { number: self.number, item: self.item.clone() }
    }
}
