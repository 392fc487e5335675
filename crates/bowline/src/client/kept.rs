//! What is kept of earlier answers, for as long as the server said it may be.
//!
//! See [Caching](https://modelcontextprotocol.io/specification/2026-07-28/server/utilities/caching).

use super::live::Core;
use bowline_protocol::cache::{Cache, Key};
use bowline_protocol::era::client::Answer;
use bowline_protocol::limits::Limits;
use bowline_protocol::outcome::Body;
use bowline_protocol::scan::{Message, Raw};
use bowline_types::revision::Revision;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The answers of one server to one client: whoever has other credentials has another client, and another one of
/// these.
pub(super) struct Kept(Mutex<Cache>);

/// What entries are made for: a client is one authorization context.
const CONTEXT: &str = "";

impl Kept {
    pub(super) fn new(limits: &Limits) -> Self {
        Self(Mutex::new(Cache::new(limits)))
    }

    /// Takes the protocol version of a new connection.
    pub(super) fn settle(&self, revision: Revision) {
        self.lock().settle(revision);
    }

    /// Forgets what a notification says has changed.
    pub(super) fn notified(&self, notification: &Message) {
        self.lock().notified(notification);
    }

    /// Forgets everything: what changed while nobody listened is not known.
    pub(super) fn clear(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, Cache> {
        // Nothing that runs under the lock can leave it half-changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Core {
    /// The place of a request among what is kept; most methods have none.
    pub(super) fn place(&self, method: &str, params: &Body) -> Option<Key> {
        let cacheable = bowline_protocol::table::find(method).is_some_and(|row| row.cacheable);
        if cacheable { self.kept.lock().key(CONTEXT, method, params) } else { None }
    }

    /// What is kept there and is still good.
    pub(super) fn recall(&self, place: &Key) -> Option<Raw> {
        self.kept.lock().get(self.now(), place).map(|fresh| fresh.text)
    }

    /// Keeps an answer, if the server allows it.
    pub(super) fn keep(&self, place: Key, answer: &Answer) {
        if let Some(hint) = answer.cache {
            self.kept.lock().insert(self.now(), place, hint, &answer.text);
        }
    }
}

impl fmt::Debug for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kept").field("entries", &self.lock().len()).finish_non_exhaustive()
    }
}
