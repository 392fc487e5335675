//! What we and the processes we start take of the machine.
//!
//! One task of a [`Monitor`] looks, at all groups in one pass, on a thread for what blocks: so often as it was told to, and
//! when somebody wants to know. Between looks everybody reads the last one. Linux tells; elsewhere nothing is known.

mod account;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod portable;
#[cfg(test)]
mod tests;

#[cfg(target_os = "linux")]
use linux as system;
#[cfg(not(target_os = "linux"))]
use portable as system;

use super::status::Usage;
use account::Account;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::task::AbortHandle;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};

/// Looks at what this process uses, and at what process groups do. Dropping it ends that.
pub(crate) struct Monitor {
    shared: Arc<Shared>,
    looking: AbortHandle,
}

/// A process group that is looked at, until this is dropped.
pub(crate) struct Watched {
    number: u64,
    last: watch::Receiver<Option<Usage>>,
    shared: Arc<Shared>,
}

/// A look is good for so long: nobody makes us look more often by asking, and shares of time are over enough of it.
const GOOD: Duration = Duration::from_secs(1);

impl Monitor {
    /// Looks once every `period`, and whenever it is [asked](Self::look).
    ///
    /// # Panics
    ///
    /// Outside of a Tokio runtime.
    pub(crate) fn new(period: Duration) -> Self {
        let shared = Arc::new(Shared::default());
        // Owned by the monitor: ends when that is dropped.
        let looking = tokio::spawn(keep_looking(shared.clone(), period)).abort_handle();
        Self { shared, looking }
    }

    /// Also looks at the process group that `group` names at the time of each look: `None` while there is none. A group
    /// must be named only while it is certain to be the one that is meant.
    pub(crate) fn watch(&self, group: impl Fn() -> Option<u32> + Send + Sync + 'static) -> Watched {
        let mut places = self.shared.places();
        let number = places.next;
        places.next += 1;
        let last = watch::Sender::new(None);
        let seen = last.subscribe();
        let place = Place { group: Arc::new(group), account: Account::default(), last };
        places.watched.insert(number, place);
        Watched { number, last: seen, shared: self.shared.clone() }
    }

    /// Looks, unless the last look was less than a second ago. Many that ask at the same time share one look.
    pub(crate) async fn look(&self) {
        let mut looked = self.shared.looked.subscribe();
        looked.mark_unchanged();
        if self.shared.is_fresh() {
            return;
        }
        self.shared.wanted.notify_one();
        // On a machine that is too busy to look, the last look must do.
        let _ = timeout(GOOD, looked.changed()).await;
    }

    /// What this process used when it was looked at last.
    pub(crate) fn ourselves(&self) -> Option<Usage> {
        *self.shared.ourselves.borrow()
    }
}

impl Watched {
    /// What the group used when it was looked at last.
    pub(crate) fn usage(&self) -> Option<Usage> {
        *self.last.borrow()
    }

    /// The bytes of memory that the group had when it was looked at last, if they are more than `most`.
    pub(crate) fn over(&self, most: u64) -> Option<u64> {
        self.usage().map(|usage| usage.memory).filter(|memory| *memory > most)
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let place = self.shared.places().watched.remove(&self.number);
        // Without the lock: what named the group may hold more than that.
        drop(place);
    }
}

impl Drop for Monitor {
    fn drop(&mut self) {
        self.looking.abort();
    }
}

impl fmt::Debug for Monitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Monitor").field("ourselves", &self.ourselves()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watched").field("usage", &self.usage()).finish_non_exhaustive()
    }
}

/// What the monitor, its task and those it watches for have in common.
struct Shared {
    places: Mutex<Places>,
    ourselves: watch::Sender<Option<Usage>>,
    /// When the last look was over.
    looked: watch::Sender<Option<Instant>>,
    wanted: Notify,
}

#[derive(Default)]
struct Places {
    next: u64,
    watched: BTreeMap<u64, Place>,
}

/// One that is watched.
struct Place {
    group: Arc<dyn Fn() -> Option<u32> + Send + Sync>,
    account: Account,
    last: watch::Sender<Option<Usage>>,
}

impl Shared {
    fn places(&self) -> MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_fresh(&self) -> bool {
        self.looked.borrow().is_some_and(|last| last.elapsed() < GOOD)
    }

    /// Which groups there are now, by the numbers of their places. Who is asked may take locks of its own.
    fn groups(&self) -> BTreeMap<u64, u32> {
        let asked: Vec<_> = {
            let places = self.places();
            places.watched.iter().map(|(number, place)| (*number, place.group.clone())).collect()
        };
        asked.into_iter().filter_map(|(number, group)| Some((number, group()?))).collect()
    }

    /// Writes down what a look found.
    fn settle(&self, groups: &BTreeMap<u64, u32>, found: &Found, now: Instant) {
        for (number, place) in &mut self.places().watched {
            let group = groups.get(number);
            let tally = group.and_then(|group| found.groups.get(group));
            let usage = place.account.enter(group.copied().zip(tally), now);
            place.last.send_replace(usage);
        }
    }
}

impl Default for Shared {
    fn default() -> Self {
        Self {
            places: Mutex::default(),
            ourselves: watch::Sender::new(None),
            looked: watch::Sender::new(None),
            wanted: Notify::new(),
        }
    }
}

/// What one look found.
#[derive(Debug, Default)]
struct Found {
    ourselves: Option<Tally>,
    /// Those groups in which somebody lives.
    groups: BTreeMap<u32, Tally>,
}

/// The sum over some processes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tally {
    cpu: Duration,
    memory: u64,
    /// `None` once one of them did not show its own.
    descriptors: Option<u64>,
    processes: u64,
    threads: u64,
}

async fn keep_looking(shared: Arc<Shared>, period: Duration) {
    let mut ourselves = Account::default();
    let mut ticks = interval_at(Instant::now(), period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = shared.wanted.notified() => {
                // Who asked while the last look went on has had that one.
                if shared.is_fresh() {
                    continue;
                }
            }
        }
        let groups = shared.groups();
        let wanted: BTreeSet<u32> = groups.values().copied().collect();
        // Not owned by anybody: one look, of some milliseconds, ends by itself. It fails when the runtime shuts down.
        let looking = tokio::task::spawn_blocking(move || system::look(&wanted));
        let found = looking.await.unwrap_or_default();
        let now = Instant::now();
        let own = found.ourselves.as_ref().map(|tally| (std::process::id(), tally));
        shared.ourselves.send_replace(ourselves.enter(own, now));
        shared.settle(&groups, &found, now);
        shared.looked.send_replace(Some(now));
    }
}
