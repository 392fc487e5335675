//! What the servers of a host offer, merged: names, routes back, collisions, pages.

mod build;
mod declared;
mod globs;
mod names;
mod offer;
mod shelf;
mod shelves;
mod stored;
mod text;

#[cfg(test)]
mod tests;

pub(crate) use globs::Globs;
pub(crate) use offer::{Offer, Told};
pub(crate) use shelf::{Route, Shelf, encoded};
pub(crate) use shelves::{Located, Shelves, Source};
pub(crate) use stored::Stored;

use super::access::{Rules, Sight};
use super::needs::Needs;
use super::settings::Naming;
use crate::principal::Principal;
use crate::server::ItemKind;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// What the servers of a host offer, as one immutable value that calls look at.
#[derive(Debug)]
pub(crate) struct Catalogue {
    merged: Arc<Shelves>,
    /// Each server under its own names.
    servers: HashMap<Arc<str>, Arc<Shelves>>,
    /// Who may use what of it; everybody everything where there are no rules.
    access: Option<Arc<Rules>>,
    /// The scopes that calls need.
    needs: Option<Arc<Needs>>,
    /// Whether callers are shown something else, each of his own.
    own: bool,
}

/// The part of a catalogue that an endpoint shows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Selection {
    /// All of it.
    Everything,
    /// One server, under its own names.
    Server(Arc<str>),
    /// What these globs match, under merged names.
    Profile(Globs),
}

/// Two servers that have the same name for something, and no prefix to tell them apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Collision {
    /// What it is.
    pub(crate) kind: ItemKind,
    /// Its name.
    pub(crate) name: Arc<str>,
    /// The servers, in the order of the config.
    pub(crate) servers: [Arc<str>; 2],
}

impl Catalogue {
    /// Merges what servers offer, in the order of the config. With [`Naming::Flat`], of what collides the first stays, and
    /// the rest is told: at a start that is an error, and where servers run already it is none.
    pub(crate) fn settle<'a>(
        naming: Naming,
        offers: impl IntoIterator<Item = (&'a str, &'a Offer)>,
    ) -> (Self, Vec<Collision>) {
        build::catalogue(naming, offers)
    }

    /// The same, where not everybody may use everything.
    #[must_use]
    pub(crate) fn with_access(mut self, access: Option<Arc<Rules>>) -> Self {
        self.access = access;
        self
    }

    /// The same, where calls need scopes.
    #[must_use]
    pub(crate) fn with_needs(mut self, needs: Option<Arc<Needs>>) -> Self {
        self.needs = needs;
        self
    }

    /// The scopes that calls need; `None` where they need none.
    pub(crate) fn needs(&self) -> Option<&Arc<Needs>> {
        self.needs.as_ref()
    }

    /// The same, where callers have servers of their own.
    #[must_use]
    pub(crate) fn with_own(mut self, own: bool) -> Self {
        self.own = own;
        self
    }

    /// Whether callers have servers of their own.
    pub(crate) fn has_own(&self) -> bool {
        self.own
    }

    /// What this principal may use of it; `None` for everything.
    pub(crate) fn sight(&self, principal: &Principal) -> Option<Sight> {
        Some(self.access.as_ref()?.sight(principal))
    }

    /// What an endpoint shows. A server that has told nothing, or is not there, may have anything.
    pub(crate) fn select(&self, selection: &Selection) -> Arc<Shelves> {
        match selection {
            Selection::Everything => self.merged.clone(),
            Selection::Server(name) => {
                let unknown = || Arc::new(build::own(name, &Offer::unknown()));
                self.servers.get(name).cloned().unwrap_or_else(unknown)
            }
            Selection::Profile(globs) => Arc::new(build::profile(&self.merged, globs)),
        }
    }

    /// All of it, under merged names.
    pub(crate) fn merged(&self) -> &Arc<Shelves> {
        &self.merged
    }

    /// Where the tool of this merged name is.
    pub(crate) fn tool(&self, name: &str) -> Option<&Route> {
        self.merged.tools.find(name).map(|entry| &entry.route)
    }
}

impl Default for Catalogue {
    fn default() -> Self {
        Self::settle(Naming::default(), []).0
    }
}

impl fmt::Display for Collision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, name, servers: [first, second] } = self;
        let (name, first, second) =
            (name.escape_debug(), first.escape_debug(), second.escape_debug());
        let remedy = match kind {
            ItemKind::Tool => "leave it out of the `tools` of one of them, or ",
            _ => "",
        };
        write!(
            f,
            "{kind} `{name}` is of both `{first}` and `{second}`; {remedy}use `naming: prefix`"
        )
    }
}

impl std::error::Error for Collision {}
