//! How many calls of a link are alive.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context as Task, Poll, Waker};

/// Counts the calls that run in tasks, from their start until their future is gone.
///
/// A cancelled call counts until its handler has really been dropped: otherwise a peer that starts and cancels in
/// turns would have more handlers alive than the limit allows.
#[derive(Clone, Debug, Default)]
pub(super) struct Slots(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    calls: AtomicUsize,
    listens: AtomicUsize,
    /// The link, when it waits for a slot.
    link: Mutex<Option<Waker>>,
}

/// One call's place; its drop gives the place back.
#[derive(Debug)]
pub(super) struct Slot {
    slots: Slots,
    listen: bool,
}

impl Slots {
    pub(super) fn enter(&self, listen: bool) -> Slot {
        self.count(listen).fetch_add(1, Ordering::Relaxed);
        Slot { slots: self.clone(), listen }
    }

    /// Calls that end by themselves.
    pub(super) fn calls(&self) -> usize {
        self.0.calls.load(Ordering::Acquire)
    }

    /// Calls that end when the peer or the link ends them.
    pub(super) fn listens(&self) -> usize {
        self.0.listens.load(Ordering::Acquire)
    }

    /// Whether no call is alive; if there is one, `task` is woken when a place is given back.
    pub(super) fn poll_empty(&self, task: &Task<'_>) -> Poll<()> {
        if self.is_empty() {
            return Poll::Ready(());
        }
        *self.0.link.lock().unwrap_or_else(PoisonError::into_inner) = Some(task.waker().clone());
        // A place may have been given back in between.
        if self.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    }

    fn is_empty(&self) -> bool {
        self.calls() == 0 && self.listens() == 0
    }

    fn count(&self, listen: bool) -> &AtomicUsize {
        if listen { &self.0.listens } else { &self.0.calls }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.slots.count(self.listen).fetch_sub(1, Ordering::AcqRel);
        let link = self.slots.0.link.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(link) = link {
            link.wake();
        }
    }
}
