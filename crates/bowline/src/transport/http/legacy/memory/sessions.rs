//! Records of sessions in memory.

use crate::transport::http::legacy::{SessionKey, SessionRecord, SessionStore, Stored};
use std::collections::HashMap;
use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Records of sessions in memory: what an endpoint has that was given no other store.
#[derive(Debug)]
pub struct MemorySessions {
    /// Held for a lookup, never across an await.
    kept: Mutex<HashMap<SessionKey, Kept>>,
    most: usize,
}

#[derive(Debug)]
struct Kept {
    record: SessionRecord,
    until: Instant,
}

impl MemorySessions {
    /// Room for as many records; beyond them a new one is refused.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self { kept: Mutex::default(), most }
    }

    /// How many records are kept, those included whose time is over and that nobody has asked for since.
    #[must_use]
    pub fn len(&self) -> usize {
        self.with(|kept| kept.len())
    }

    /// Whether no record is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn with<T>(&self, use_it: impl FnOnce(&mut HashMap<SessionKey, Kept>) -> T) -> T {
        use_it(&mut self.kept.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl SessionStore for MemorySessions {
    fn save<'a>(
        &'a self,
        key: &'a SessionKey,
        record: &'a SessionRecord,
        ttl: Duration,
    ) -> Stored<'a, ()> {
        let now = Instant::now();
        let saved = self.with(|kept| {
            if kept.len() >= self.most && !kept.contains_key(key) {
                kept.retain(|_, kept| kept.until > now);
                if kept.len() >= self.most {
                    return false;
                }
            }
            kept.insert(*key, Kept { record: record.clone(), until: now + ttl });
            true
        });
        if saved {
            return Stored::ready(());
        }
        let most = self.most;
        Stored::new(
            async move { Err(io::Error::other(format!("{most} sessions are kept already"))) },
        )
    }

    fn load<'a>(&'a self, key: &'a SessionKey) -> Stored<'a, Option<SessionRecord>> {
        let now = Instant::now();
        Stored::ready(self.with(|kept| {
            let found = kept.get(key)?;
            if found.until > now {
                return Some(found.record.clone());
            }
            kept.remove(key);
            None
        }))
    }

    fn remove<'a>(&'a self, key: &'a SessionKey) -> Stored<'a, ()> {
        self.with(|kept| kept.remove(key));
        Stored::ready(())
    }
}
