//! All sessions of an endpoint: a map with a bound, and a bound for each principal.

use super::SessionKey;
use super::live::Live;
use crate::principal::Principal;
use bowline_protocol::limits::Limits;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// All sessions of an endpoint.
#[derive(Debug, Default)]
pub(super) struct Table {
    live: HashMap<SessionKey, Arc<Live>>,
    /// The same by whom they belong to.
    owned: HashMap<Principal, HashSet<SessionKey>>,
    /// Sessions that have ended and are being taken out of the store.
    ending: HashSet<SessionKey>,
    /// How often one has ended.
    ends: u64,
    /// Whether a task sweeps.
    pub(super) swept: bool,
}

/// No further session may be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Full {
    /// The principal has as many as one may have, and all of them are in use.
    Principal,
    /// There are as many as there may be.
    All,
}

/// A session that was not heard of for less is in use: its client is between two messages.
const BETWEEN: Duration = Duration::from_secs(1);

impl Table {
    pub(super) fn len(&self) -> usize {
        self.live.len()
    }

    pub(super) fn get(&self, key: &SessionKey) -> Option<&Arc<Live>> {
        self.live.get(key)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Arc<Live>> {
        self.live.values()
    }

    /// Takes a session in. Where its principal has as many as one may have, the one that was left alone for longest
    /// makes room, and is given back; first of all one whose client was never heard of again.
    pub(super) fn insert(
        &mut self,
        live: Arc<Live>,
        limits: &Limits,
    ) -> Result<Option<Arc<Live>>, Full> {
        if self.live.len() >= limits.sessions {
            return Err(Full::All);
        }
        let owned = self.owned.get(&live.principal).map_or(0, HashSet::len);
        let mut evicted = None;
        if owned >= limits.sessions_per_principal {
            let oldest = self.oldest(&live.principal).ok_or(Full::Principal)?;
            evicted = self.remove(&oldest);
        }
        self.owned.entry(live.principal.clone()).or_default().insert(live.key);
        self.live.insert(live.key, live);
        Ok(evicted)
    }

    /// Takes a session out. It counts as ending until [`Table::ended`] is told.
    pub(super) fn remove(&mut self, key: &SessionKey) -> Option<Arc<Live>> {
        let live = self.live.remove(key)?;
        if let Some(owned) = self.owned.get_mut(&live.principal) {
            owned.remove(key);
            if owned.is_empty() {
                self.owned.remove(&live.principal);
            }
        }
        self.ends += 1;
        self.ending.insert(*key);
        Some(live)
    }

    /// A session that was removed is out of the store too.
    pub(super) fn ended(&mut self, key: &SessionKey) {
        self.ending.remove(key);
    }

    /// How often a session has ended: what was read from a store before the latest time may not hold any more.
    pub(super) fn ends(&self) -> u64 {
        self.ends
    }

    /// Whether a session has ended and may still be in the store.
    pub(super) fn is_ending(&self, key: &SessionKey) -> bool {
        self.ending.contains(key)
    }

    fn oldest(&self, principal: &Principal) -> Option<SessionKey> {
        let now = Instant::now();
        let keys = self.owned.get(principal)?.iter();
        let idle = keys.filter_map(|key| self.live.get(key)).filter(|live| live.is_idle());
        let aside = idle.map(|live| (live.used(), live.key));
        // Whoever opens session after session waits for those, and does not end what is used.
        let ((_, used), key) = aside.min()?;
        (now.saturating_duration_since(used) >= BETWEEN).then_some(key)
    }
}
