//! What an endpoint was told about sessions.

use super::{EventStore, SessionStore, Siblings};
use crate::transport::http::{Endpoint, Http};
use std::sync::Arc;

/// What an endpoint was told about sessions.
#[derive(Clone, Default)]
pub(in crate::transport::http) struct Choice {
    pub(super) without: bool,
    pub(super) store: Option<Arc<dyn SessionStore>>,
    pub(super) events: Option<Arc<dyn EventStore>>,
    /// The path of the endpoint as clients see it, where that was told.
    public: Option<Box<str>>,
}

impl Choice {
    /// Whether `initialize` opens a session here.
    pub(in crate::transport::http) fn opens(&self) -> bool {
        !self.without
    }

    /// Notes the URL by which clients know the endpoint.
    pub(in crate::transport::http) fn known_as(&mut self, url: &str) {
        let path = url.split_once("://").and_then(|(_, rest)| Some(&rest[rest.find('/')?..]));
        let path = path.map(|path| &path[..path.find(['?', '#']).unwrap_or(path.len())]);
        // One without a path has that of the endpoint.
        self.public = path.filter(|path| *path != "/").map(Box::from);
    }

    /// The paths beside an endpoint at this one.
    pub(in crate::transport::http) fn siblings(&self, path: Option<&str>) -> Siblings {
        if self.opens() { Siblings::new(path) } else { Siblings::default() }
    }

    /// Where clients send messages to the streams of an endpoint at this path.
    pub(super) fn messages(&self, path: Option<&str>) -> String {
        self.siblings(path).messages(self.public.as_deref())
    }
}

impl std::fmt::Debug for Choice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Choice").field("without", &self.without).finish_non_exhaustive()
    }
}

impl Endpoint {
    /// Opens no sessions, neither on the endpoint nor beside it: only clients of protocol versions that need none can
    /// call.
    #[must_use]
    pub fn without_sessions(mut self) -> Self {
        self.sessions.without = true;
        self
    }

    /// Sets where sessions are remembered; in memory unless this is called.
    #[must_use]
    pub fn session_store(mut self, store: impl SessionStore) -> Self {
        self.sessions.store = Some(Arc::new(store));
        self
    }

    /// Sets where events are kept for clients whose connection broke; in memory unless this is called.
    #[must_use]
    pub fn event_store(mut self, events: impl EventStore) -> Self {
        self.sessions.events = Some(Arc::new(events));
        self
    }
}

impl Http {
    /// As [`Endpoint::without_sessions`].
    #[must_use]
    pub fn without_sessions(mut self) -> Self {
        self.endpoint = self.endpoint.without_sessions();
        self
    }
}
