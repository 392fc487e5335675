//! The signal that something is about to end, for everybody who would otherwise wait for ever.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Notify;

/// Told once, heard by all clones.
#[derive(Clone, Debug, Default)]
pub(crate) struct Closing(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    closed: AtomicBool,
    bell: Notify,
}

impl Closing {
    /// Tells everybody. A second time changes nothing.
    pub(crate) fn close(&self) {
        self.0.closed.store(true, Ordering::Release);
        self.0.bell.notify_waiters();
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
