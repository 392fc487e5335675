//! The signal that something is about to end, for everybody who would otherwise wait for ever.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use tokio::sync::Notify;
use tokio::time::Instant;

/// Told once, heard by all clones.
#[derive(Clone, Debug, Default)]
pub(crate) struct Closing(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    closed: AtomicBool,
    deadline: OnceLock<Instant>,
    bell: Notify,
}

impl Closing {
    /// Tells everybody. A second time changes nothing.
    pub(crate) fn close(&self) {
        self.0.closed.store(true, Ordering::Release);
        self.0.bell.notify_waiters();
    }

    /// Tells everybody, and until when what is open may go on. The first deadline stays.
    pub(crate) fn close_by(&self, deadline: Instant) {
        if !self.is_closed() {
            let _ = self.0.deadline.set(deadline);
        }
        self.close();
    }

    /// Until when what is open may go on, where that was told.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.0.deadline.get().copied()
    }

    /// Whether it has been told.
    pub(crate) fn is_closed(&self) -> bool {
        self.0.closed.load(Ordering::Acquire)
    }

    /// Waits until it is told.
    pub(crate) async fn closed(&self) {
        loop {
            // Listening begins before looking, so that nothing can fall between.
            let bell = self.0.bell.notified();
            if self.is_closed() {
                return;
            }
            bell.await;
        }
    }
}
