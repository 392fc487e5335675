//! Small things that are done in the background.

use std::fmt;
use std::future::Future;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout, timeout_at};

/// Small things that are done in the background. They end with their owner, which is the wire.
pub(super) struct Errands(Mutex<Option<JoinSet<()>>>);

impl Default for Errands {
    fn default() -> Self {
        Self(Mutex::new(Some(JoinSet::new())))
    }
}

/// How many there are at once; one more is not done.
pub(super) const MOST: usize = 16;

/// How long one may take.
const TIME: Duration = Duration::from_secs(5);

impl Errands {
    /// Does something, unless there is too much to do already or no runtime to do it in.
    pub(super) fn run(&self, errand: impl Future<Output = ()> + Send + 'static) {
        let Ok(runtime) = Handle::try_current() else { return };
        let mut running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(running) = running.as_mut() else { return };
        while running.try_join_next().is_some() {}
        if running.len() < MOST {
            running.spawn_on(async { drop(timeout(TIME, errand).await) }, &runtime);
        }
    }

    /// Waits until all are done, and gives up at `deadline` what is not. Nothing is begun any more.
    pub(super) async fn end(&self, deadline: Instant) {
        let Some(mut running) = self.take() else { return };
        let all = async { while running.join_next().await.is_some() {} };
        if timeout_at(deadline, all).await.is_err() {
            running.shutdown().await;
        }
    }

    /// Gives up all. Nothing is begun any more.
    pub(super) fn abort(&self) {
        drop(self.take());
    }

    fn take(&self) -> Option<JoinSet<()>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl fmt::Debug for Errands {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Errands")
    }
}
