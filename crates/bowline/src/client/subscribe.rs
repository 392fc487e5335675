//! Listening for changes.

use super::live::Core;
use crate::error::Result;
use bowline_types::subscription::SubscriptionFilter;
use std::sync::Arc;

/// What changed.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Change {
    /// The list of tools.
    Tools,
    /// The list of prompts.
    Prompts,
    /// The list of resources.
    Resources,
    /// The resource at this URI.
    Resource(String),
    /// The connection was lost and is there again: anything may have changed meanwhile.
    Resumed,
}

/// Changes of a server, as they come. Dropping it ends it.
///
/// Of the same change only one waits to be read, so that a reader may be as slow as it likes.
#[derive(Debug)]
pub struct Subscription {
    changes: Arc<Changes>,
    honored: SubscriptionFilter,
}

#[derive(Debug)]
struct Changes {}

impl Subscription {
    /// The next change; `None` when the server ended the subscription, or the client is closed.
    pub async fn next(&mut self) -> Option<Change> {
        todo!()
    }

    /// The part of what was asked for that the server agreed to.
    #[must_use]
    pub fn honored(&self) -> &SubscriptionFilter {
        &self.honored
    }
}

pub(super) async fn open(_core: &Arc<Core>, _filter: SubscriptionFilter) -> Result<Subscription> {
    todo!()
}
