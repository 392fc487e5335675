//! What an endpoint was told about sessions.

use super::{EventStore, SessionStore, Siblings};
use crate::transport::http::{Endpoint, Http};
use std::sync::Arc;

/// What an endpoint was told about sessions.
#[derive(Clone, Default)]
pub(in crate::transport::http) struct Choice {
    pub(super) clients: Clients,
    pub(super) store: Option<Arc<dyn SessionStore>>,
    pub(super) events: Option<Arc<dyn EventStore>>,
    /// The path of the endpoint as clients see it, where that was told.
    public: Option<Box<str>>,
}

/// Which clients an endpoint answers.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) enum Clients {
    /// Those that open a session, and those that need none.
    #[default]
    All,
    /// Those that need no session.
    WithoutSession,
    /// Those that open one.
    OfSession,
}

impl Choice {
    /// Whether `initialize` opens a session here.
    pub(in crate::transport::http) fn opens(&self) -> bool {
        self.clients != Clients::WithoutSession
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
        f.debug_struct("Choice").field("clients", &self.clients).finish_non_exhaustive()
    }
}

impl Endpoint {
    /// Opens no sessions, neither on the endpoint nor beside it: only clients of protocol versions that need none can
    /// call.
    #[must_use]
    pub fn without_sessions(mut self) -> Self {
        self.sessions.clients = Clients::WithoutSession;
        self
    }

    /// Answers nothing but sessions, and the `initialize` that opens one: clients find here what they would find at a
    /// server that knows the older protocol versions only.
    #[must_use]
    pub fn only_sessions(mut self) -> Self {
        self.sessions.clients = Clients::OfSession;
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

    /// As [`Endpoint::only_sessions`].
    #[must_use]
    pub fn only_sessions(mut self) -> Self {
        self.endpoint = self.endpoint.only_sessions();
        self
    }
}
