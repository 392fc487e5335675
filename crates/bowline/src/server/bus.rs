//! Who listens to what, and what each of them has not been told yet.
//!
//! Nothing runs here and nothing is queued: a change is noted once with every listener it concerns, and the listener's
//! own call tells of it. However many changes there are, a listener holds one note for each thing that changed.

use super::visible::ItemKind;
use crate::principal::Principal;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context as Task, Waker};

/// The listeners of one server.
///
/// The lock is held for a few map operations, and never while anything of a user's runs.
#[derive(Default)]
pub(super) struct Bus(Mutex<State>);

#[derive(Default)]
struct State {
    next: u64,
    listeners: BTreeMap<u64, Arc<Listener>>,
    /// Which listeners wait for which URI.
    by_uri: BTreeSet<(Arc<str>, u64)>,
    /// How many listeners each principal has.
    open: HashMap<Principal, usize>,
}

/// What a listener waits for.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    pub(super) tools: bool,
    pub(super) prompts: bool,
    pub(super) resources: bool,
    pub(super) uris: BTreeSet<Arc<str>>,
}

/// Something that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Tools,
    Prompts,
    Resources,
    Resource(Arc<str>),
}

struct Listener {
    principal: Principal,
    wanted: Wanted,
    notes: Mutex<Notes>,
}

#[derive(Default)]
struct Notes {
    changes: Vec<Change>,
    waker: Option<Waker>,
}

/// One open subscription. Nothing is left of it when it is dropped.
pub(super) struct Subscription<'a> {
    bus: &'a Bus,
    key: u64,
    listener: Arc<Listener>,
}

impl Bus {
    /// Opens a subscription, unless this principal has `limit` of them.
    pub(super) fn open(
        &self,
        principal: &Principal,
        wanted: Wanted,
        limit: usize,
    ) -> Option<Subscription<'_>> {
        let mut state = self.lock();
        if state.open.get(principal).is_some_and(|open| *open >= limit) || limit == 0 {
            return None;
        }
        *state.open.entry(principal.clone()).or_default() += 1;
        let key = state.next;
        state.next += 1;
        state.by_uri.extend(wanted.uris.iter().map(|uri| (uri.clone(), key)));
        let listener =
            Arc::new(Listener { principal: principal.clone(), wanted, notes: Mutex::default() });
        state.listeners.insert(key, listener.clone());
        Some(Subscription { bus: self, key, listener })
    }

    /// Notes that a list changed, with everybody who may know of what changed in it.
    pub(super) fn list_changed(&self, kind: ItemKind, may_know: impl Fn(&Principal) -> bool) {
        let change = match kind {
            ItemKind::Tool => Change::Tools,
            ItemKind::Prompt => Change::Prompts,
            ItemKind::Resource | ItemKind::ResourceTemplate => Change::Resources,
        };
        let listeners: Vec<_> = self.lock().listeners.values().cloned().collect();
        for listener in listeners {
            let wanted = match change {
                Change::Tools => listener.wanted.tools,
                Change::Prompts => listener.wanted.prompts,
                Change::Resources | Change::Resource(_) => listener.wanted.resources,
            };
            if wanted && may_know(&listener.principal) {
                listener.note(change.clone());
            }
        }
    }

    /// Notes that a resource changed, with everybody who waits for it and may know of it.
    pub(super) fn resource_updated(&self, uri: &str, may_know: impl Fn(&Principal) -> bool) {
        let uri: Arc<str> = uri.into();
        let listeners: Vec<_> = {
            let state = self.lock();
            let keys = state.by_uri.range((uri.clone(), 0)..=(uri.clone(), u64::MAX));
            keys.filter_map(|(_, key)| state.listeners.get(key).cloned()).collect()
        };
        for listener in listeners {
            if may_know(&listener.principal) {
                listener.note(Change::Resource(uri.clone()));
            }
        }
    }

    /// Whether anybody waits for this resource.
    pub(super) fn is_awaited(&self, uri: &str) -> bool {
        let uri: Arc<str> = uri.into();
        let state = self.lock();
        state.by_uri.range((uri.clone(), 0)..=(uri, u64::MAX)).next().is_some()
    }

    /// How many subscriptions are open.
    pub(super) fn len(&self) -> usize {
        self.lock().listeners.len()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that runs under the lock can leave the state half-changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Listener {
    fn note(&self, change: Change) {
        let waker = {
            let mut notes = self.notes();
            if !notes.changes.contains(&change) {
                notes.changes.push(change);
            }
            notes.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Subscription<'_> {
    /// Whether there is something to tell; if not, `task` is woken when there is.
    pub(super) fn has_changes_or_wake(&self, task: &Task<'_>) -> bool {
        let mut notes = self.listener.notes();
        if notes.changes.is_empty() {
            notes.waker = Some(task.waker().clone());
        }
        !notes.changes.is_empty()
    }

    /// Takes what there is to tell.
    pub(super) fn take(&self) -> Vec<Change> {
        std::mem::take(&mut self.listener.notes().changes)
    }

    /// Puts back what could not be told yet.
    pub(super) fn put_back(&self, changes: impl IntoIterator<Item = Change>) {
        for change in changes {
            self.listener.note(change);
        }
    }
}

impl Drop for Subscription<'_> {
    fn drop(&mut self) {
        let Listener { principal, wanted, .. } = &*self.listener;
        let mut state = self.bus.lock();
        state.listeners.remove(&self.key);
        for uri in &wanted.uris {
            state.by_uri.remove(&(uri.clone(), self.key));
        }
        let open = state.open.remove(principal).unwrap_or_default();
        if open > 1 {
            state.open.insert(principal.clone(), open - 1);
        }
    }
}
