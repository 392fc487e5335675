//! What the process remembers. All callers share it, except the counts of cancelled calls.

use bowline::Principal;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The memory of one server; clones share it.
#[derive(Clone, Default)]
pub(super) struct State(Arc<Memory>);

#[derive(Default)]
struct Memory {
    touched: AtomicU64,
    tickets: AtomicU64,
    extra: AtomicBool,
    /// As many entries as there are principals: one, or one a token.
    cancelled: Mutex<HashMap<Principal, u64>>,
}

impl State {
    /// How often the resource `counter` was touched.
    pub(super) fn touched(&self) -> u64 {
        self.0.touched.load(Ordering::Relaxed)
    }

    pub(super) fn touch(&self) {
        self.0.touched.fetch_add(1, Ordering::Relaxed);
    }

    /// The next ticket, from 1.
    pub(super) fn take_ticket(&self) -> u64 {
        self.0.tickets.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// How many tickets were taken.
    pub(super) fn issued(&self) -> u64 {
        self.0.tickets.load(Ordering::Relaxed)
    }

    /// Whether the resource that comes and goes is there.
    pub(super) fn has_extra(&self) -> bool {
        self.0.extra.load(Ordering::Relaxed)
    }

    pub(super) fn set_extra(&self, present: bool) {
        self.0.extra.store(present, Ordering::Relaxed);
    }

    /// How many calls of `slow` by this principal were cancelled.
    pub(super) fn cancelled(&self, principal: &Principal) -> u64 {
        let counts = self.0.cancelled.lock().unwrap_or_else(PoisonError::into_inner);
        counts.get(principal).copied().unwrap_or_default()
    }

    pub(super) fn count_cancelled(&self, principal: &Principal) {
        let mut counts = self.0.cancelled.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry(principal.clone()).or_default() += 1;
    }
}
