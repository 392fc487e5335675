//! Logins for as long as the process lives.

use super::{Fault, Kept, Key, Lock, Store};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Logins that end with the process. Cheap to clone; clones share what is kept.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    kept: BTreeMap<Key, Kept>,
    locked: BTreeSet<Key>,
}

impl MemoryStore {
    /// Nothing that is done under the lock can be left half done.
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for MemoryStore {
    fn load(&self, key: &Key) -> Result<Option<Kept>, Fault> {
        Ok(self.inner().kept.get(key).cloned())
    }

    fn save(&self, kept: &Kept) -> Result<(), Fault> {
        self.inner().kept.insert(kept.key.clone(), kept.clone());
        Ok(())
    }

    fn remove(&self, key: &Key) -> Result<bool, Fault> {
        Ok(self.inner().kept.remove(key).is_some())
    }

    fn list(&self) -> Result<Vec<Result<Kept, Fault>>, Fault> {
        Ok(self.inner().kept.values().cloned().map(Ok).collect())
    }

    fn try_lock(&self, key: &Key) -> Result<Option<Lock>, Fault> {
        let taken = self.inner().locked.insert(key.clone());
        Ok(taken.then(|| Lock(Box::new(Held { store: self.clone(), key: key.clone() }))))
    }
}

struct Held {
    store: MemoryStore,
    key: Key,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.store.inner().locked.remove(&self.key);
    }
}
