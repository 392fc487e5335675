//! Logins for as long as the process lives.

use super::{Fault, Kept, Key, Lock, Store};

/// Logins that end with the process. Cheap to clone; clones share what is kept.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore {}

impl Store for MemoryStore {
    fn load(&self, key: &Key) -> Result<Option<Kept>, Fault> {
        let _ = key;
        todo!()
    }

    fn save(&self, kept: &Kept) -> Result<(), Fault> {
        let _ = kept;
        todo!()
    }

    fn remove(&self, key: &Key) -> Result<bool, Fault> {
        let _ = key;
        todo!()
    }

    fn list(&self) -> Result<Vec<Result<Kept, Fault>>, Fault> {
        todo!()
    }

    fn try_lock(&self, key: &Key) -> Result<Option<Lock>, Fault> {
        let _ = key;
        todo!()
    }
}
