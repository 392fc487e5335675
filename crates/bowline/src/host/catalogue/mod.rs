//! What the servers of a host offer, merged: names, routes back, collisions, pages.

mod globs;
mod offer;
mod stored;

pub(crate) use globs::Globs;
pub(crate) use offer::{Offer, Told};
pub(crate) use stored::Stored;

use super::settings::Naming;
use crate::server::ItemKind;
use bowline_protocol::scan::Raw;
use std::fmt;
use std::sync::Arc;

/// What the servers of a host offer, as one immutable value that calls look at.
#[derive(Debug, Default)]
pub(crate) struct Catalogue {}

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

/// The way back from a name or URI that a host shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Route {
    /// The server, as the host knows it.
    pub(crate) server: Arc<str>,
    /// Its own name or URI for it.
    pub(crate) name: Arc<str>,
    /// The same as JSON.
    pub(crate) text: Raw,
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
    /// Merges what servers offer, in the order of the config.
    ///
    /// # Errors
    /// The first collision, with [`Naming::Flat`].
    pub(crate) fn build<'a>(
        naming: Naming,
        offers: impl IntoIterator<Item = (&'a str, &'a Offer)>,
    ) -> Result<Self, Collision> {
        let (catalogue, collisions) = Self::settle(naming, offers);
        match collisions.into_iter().next() {
            Some(collision) => Err(collision),
            None => Ok(catalogue),
        }
    }

    /// The same where servers are running already: of what collides the first stays, and the rest is told.
    pub(crate) fn settle<'a>(
        _naming: Naming,
        _offers: impl IntoIterator<Item = (&'a str, &'a Offer)>,
    ) -> (Self, Vec<Collision>) {
        (Self {}, Vec::new())
    }

    /// Where the tool of this merged name is.
    pub(crate) fn tool(&self, _name: &str) -> Option<&Route> {
        None
    }

    /// Where the prompt of this merged name is.
    pub(crate) fn prompt(&self, _name: &str) -> Option<&Route> {
        None
    }

    /// Where the resource at this URI is.
    pub(crate) fn resource(&self, _uri: &str) -> Option<Route> {
        None
    }
}

impl fmt::Display for Collision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, name, servers: [first, second] } = self;
        let (name, first, second) =
            (name.escape_debug(), first.escape_debug(), second.escape_debug());
        write!(
            f,
            "{kind} `{name}` is of both `{first}` and `{second}`; take it from one of them with `tools`, or use \
             `naming: prefix`"
        )
    }
}

impl std::error::Error for Collision {}
