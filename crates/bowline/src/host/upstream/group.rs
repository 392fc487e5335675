//! The instances that one owner uses.

use super::instance::{Instance, Running, Taken};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// The instances that one owner uses, and the queue before them.
#[derive(Debug)]
pub(super) struct Group {
    /// As many permits as there may be instances; only where one serves one call at a time.
    lanes: Arc<Semaphore>,
    waiting: AtomicUsize,
    instances: Mutex<Vec<Arc<Instance>>>,
    /// One starts at a time, so that what starts can be shared by those who wait for it.
    pub(super) starting: tokio::sync::Mutex<()>,
}

/// How many calls may wait for an instance; further ones are refused at once.
const WAITING: usize = 256;

impl Group {
    pub(super) fn new(lanes: usize) -> Arc<Self> {
        Arc::new(Self {
            lanes: Arc::new(Semaphore::new(lanes)),
            waiting: AtomicUsize::new(0),
            instances: Mutex::default(),
            starting: tokio::sync::Mutex::new(()),
        })
    }

    /// The right to have one instance to oneself, after those who came before; `None` when too many wait already, or
    /// it takes longer than `patience`.
    pub(super) async fn permit(&self, patience: Duration) -> Option<OwnedSemaphorePermit> {
        if let Ok(permit) = self.lanes.clone().try_acquire_owned() {
            return Some(permit);
        }
        let _queued = Queued::enter(&self.waiting)?;
        timeout(patience, self.lanes.clone().acquire_owned()).await.ok()?.ok()
    }

    /// An instance that nobody has, the first one first: a server that remembers something is then mostly the same.
    pub(super) fn take(&self) -> Option<Taken> {
        self.open().iter().find_map(Instance::take)
    }

    /// The first instance, whoever uses it.
    pub(super) fn first(&self) -> Option<Running> {
        // Under the lock, under which it is decided that nobody uses it.
        self.open().first().map(Instance::enter)
    }

    pub(super) fn add(&self, instance: Arc<Instance>) {
        self.open().push(instance);
    }

    /// Takes out those of which `wants_out` says so; nobody begins to use one meanwhile.
    pub(super) fn remove(&self, wants_out: impl Fn(&Instance) -> bool) -> Vec<Arc<Instance>> {
        let mut instances = self.open();
        let (out, stay) =
            std::mem::take(&mut *instances).into_iter().partition(|one| wants_out(one));
        *instances = stay;
        out
    }

    /// All instances.
    pub(super) fn all(&self) -> Vec<Arc<Instance>> {
        self.open().clone()
    }

    pub(super) fn is_unused(&self) -> bool {
        self.open().is_empty() && self.waiting.load(Ordering::Relaxed) == 0
    }

    /// How many calls wait for an instance.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// The instances, without those that are over.
    fn open(&self) -> MutexGuard<'_, Vec<Arc<Instance>>> {
        // Nothing that runs under the lock can leave the list half-changed.
        let mut instances = self.instances.lock().unwrap_or_else(PoisonError::into_inner);
        instances.retain(|instance| instance.is_open());
        instances
    }
}

/// One place in the queue.
struct Queued<'a>(&'a AtomicUsize);

impl<'a> Queued<'a> {
    fn enter(waiting: &'a AtomicUsize) -> Option<Self> {
        let queued = Self(waiting);
        (waiting.fetch_add(1, Ordering::Relaxed) < WAITING).then_some(queued)
    }
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
