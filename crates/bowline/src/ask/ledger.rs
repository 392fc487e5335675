//! What calls keep at the server between rounds: effects that may happen only once, and answers too long for the
//! state that a client carries.

use crate::error::Error;
use crate::principal::Principal;
use bytes::Bytes;
use std::collections::hash_map::Entry as MapEntry;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

/// A store that the rounds of a call share.
///
/// The one in memory, [`MemoryLedger`], serves a single process. A shared one serves several: it must be able to put
/// a value where there is none in one step.
pub trait Ledger: Send + Sync + 'static {
    /// Puts a value where there is none; gives back the one that was there.
    fn claim(
        &self,
        slot: Slot,
        value: Bytes,
        term: Term,
    ) -> LedgerFuture<'_, Result<Option<Bytes>, LedgerError>>;

    /// Puts a value, whatever was there.
    fn put(
        &self,
        slot: Slot,
        value: Bytes,
        term: Term,
    ) -> LedgerFuture<'_, Result<(), LedgerError>>;

    /// As [`Ledger::put`], but nobody waits for it or hears of its failure: a call ended in the middle.
    fn leave(&self, slot: Slot, value: Bytes, term: Term);

    /// The value, unless its term is over.
    fn get(
        &self,
        slot: Slot,
        now: SystemTime,
    ) -> LedgerFuture<'_, Result<Option<Bytes>, LedgerError>>;
}

/// What a [`Ledger`] returns.
pub type LedgerFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Where a value lies.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Slot {
    /// Whose call it is.
    pub principal: Principal,
    /// The chain of rounds: 16 random bytes.
    pub chain: [u8; 16],
    /// What it is within the chain.
    pub key: Box<str>,
}

impl Slot {
    pub(super) fn new(principal: &Principal, chain: [u8; 16], key: impl Into<Box<str>>) -> Self {
        Self { principal: principal.clone(), chain, key: key.into() }
    }
}

/// How long a value is kept.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Term {
    /// The time now, by the server's clock.
    pub now: SystemTime,
    /// When it may go.
    pub until: SystemTime,
}

impl Term {
    pub(super) fn new(now: SystemTime, until: SystemTime) -> Self {
        Self { now, until }
    }
}

/// Why a [`Ledger`] did not keep a value.
#[derive(Debug)]
#[non_exhaustive]
pub enum LedgerError {
    /// There is no room, in all or for this principal.
    Full,
    /// It cannot be reached, or refused.
    Failed(Box<dyn std::error::Error + Send + Sync>),
}

impl fmt::Display for LedgerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full => "ledger is full; try again later",
            Self::Failed(_) => "ledger cannot be used",
        })
    }
}

impl std::error::Error for LedgerError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Full => None,
            Self::Failed(cause) => Some(&**cause),
        }
    }
}

impl From<LedgerError> for Error {
    fn from(error: LedgerError) -> Self {
        Self::overloaded(error.to_string()).because(error)
    }
}

/// A [`Ledger`] in the memory of this process, bounded in entries and bytes, in all and for each principal.
///
/// Nothing is thrown out before its time, since an effect could then happen twice: when there is no room, new values
/// are refused.
#[derive(Debug)]
pub struct MemoryLedger {
    /// In all.
    most: Share,
    /// For each principal.
    most_each: Share,
    shelves: Mutex<Shelves>,
}

/// A number of entries and their bytes.
#[derive(Clone, Copy, Debug, Default)]
struct Share {
    entries: usize,
    bytes: usize,
}

#[derive(Debug, Default)]
struct Shelves {
    values: HashMap<Slot, Kept>,
    /// When each goes; the number tells apart what goes at once.
    ends: BTreeMap<(SystemTime, u64), Slot>,
    used: Share,
    used_each: HashMap<Principal, Share>,
    last: u64,
}

#[derive(Debug)]
struct Kept {
    value: Bytes,
    end: (SystemTime, u64),
}

impl MemoryLedger {
    /// A ledger of at most 16 384 entries and 64 MiB, of which one principal gets a quarter.
    #[must_use]
    pub fn new() -> Self {
        Self {
            most: Share { entries: 16_384, bytes: 64 << 20 },
            most_each: Share { entries: 4_096, bytes: 16 << 20 },
            shelves: Mutex::default(),
        }
    }

    /// Sets the most entries, in all and for one principal.
    #[must_use]
    pub fn entries(mut self, all: usize, each: usize) -> Self {
        (self.most.entries, self.most_each.entries) = (all, each);
        self
    }

    /// Sets the most bytes of keys and values, in all and for one principal.
    #[must_use]
    pub fn bytes(mut self, all: usize, each: usize) -> Self {
        (self.most.bytes, self.most_each.bytes) = (all, each);
        self
    }

    fn put_now(&self, slot: Slot, value: Bytes, term: Term) -> Result<(), LedgerError> {
        let mut shelves = self.lock();
        shelves.sweep(term.now);
        let before = shelves.values.get(&slot).map(|kept| (kept.value.clone(), kept.end.0));
        shelves.remove(&slot);
        let kept = self.insert(&mut shelves, slot.clone(), value, term.until);
        if kept.is_err()
            && let Some((value, until)) = before
        {
            // What was there fitted, and still does.
            let _ = self.insert(&mut shelves, slot, value, until);
        }
        kept
    }

    fn insert(
        &self,
        shelves: &mut Shelves,
        slot: Slot,
        value: Bytes,
        until: SystemTime,
    ) -> Result<(), LedgerError> {
        let size = size_of(&slot, &value);
        let each = shelves.used_each.get(&slot.principal).copied().unwrap_or_default();
        if !(shelves.used.has_room(size, self.most) && each.has_room(size, self.most_each)) {
            return Err(LedgerError::Full);
        }
        shelves.insert(slot, value, until);
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Shelves> {
        // Nothing that runs under the lock can fail half-way.
        self.shelves.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemoryLedger {
    fn default() -> Self {
        Self::new()
    }
}

impl Ledger for MemoryLedger {
    fn claim(
        &self,
        slot: Slot,
        value: Bytes,
        term: Term,
    ) -> LedgerFuture<'_, Result<Option<Bytes>, LedgerError>> {
        let mut shelves = self.lock();
        shelves.sweep(term.now);
        let result = match shelves.values.get(&slot) {
            Some(kept) => Ok(Some(kept.value.clone())),
            None => self.insert(&mut shelves, slot, value, term.until).map(|()| None),
        };
        Box::pin(ready(result))
    }

    fn put(
        &self,
        slot: Slot,
        value: Bytes,
        term: Term,
    ) -> LedgerFuture<'_, Result<(), LedgerError>> {
        Box::pin(ready(self.put_now(slot, value, term)))
    }

    fn leave(&self, slot: Slot, value: Bytes, term: Term) {
        // Without room what was there stays, which says of an effect that it is not known to have ended.
        let _ = self.put_now(slot, value, term);
    }

    fn get(
        &self,
        slot: Slot,
        now: SystemTime,
    ) -> LedgerFuture<'_, Result<Option<Bytes>, LedgerError>> {
        let mut shelves = self.lock();
        shelves.sweep(now);
        Box::pin(ready(Ok(shelves.values.get(&slot).map(|kept| kept.value.clone()))))
    }
}

impl Share {
    fn has_room(self, size: usize, most: Self) -> bool {
        self.entries < most.entries && self.bytes + size <= most.bytes
    }
}

impl Shelves {
    fn insert(&mut self, slot: Slot, value: Bytes, until: SystemTime) {
        self.last += 1;
        let end = (until, self.last);
        let size = size_of(&slot, &value);
        for used in [&mut self.used, self.used_each.entry(slot.principal.clone()).or_default()] {
            used.entries += 1;
            used.bytes += size;
        }
        self.ends.insert(end, slot.clone());
        self.values.insert(slot, Kept { value, end });
    }

    fn remove(&mut self, slot: &Slot) {
        let Some(kept) = self.values.remove(slot) else {
            return;
        };
        self.ends.remove(&kept.end);
        let size = size_of(slot, &kept.value);
        self.used.entries -= 1;
        self.used.bytes -= size;
        if let MapEntry::Occupied(mut used) = self.used_each.entry(slot.principal.clone()) {
            used.get_mut().entries -= 1;
            used.get_mut().bytes -= size;
            if used.get().entries == 0 {
                used.remove();
            }
        }
    }

    fn sweep(&mut self, now: SystemTime) {
        while let Some((&(until, _), slot)) = self.ends.first_key_value()
            && until <= now
        {
            let slot = slot.clone();
            self.remove(&slot);
        }
    }
}

fn size_of(slot: &Slot, value: &Bytes) -> usize {
    slot.key.len() + value.len()
}

#[cfg(test)]
mod tests {
    use super::{Ledger, LedgerError, MemoryLedger, Slot, Term};
    use crate::principal::Principal;
    use bytes::Bytes;
    use std::time::{Duration, SystemTime, UNIX_EPOCH};

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn term(now: u64) -> Term {
        Term::new(at(now), at(now + 10))
    }

    fn slot(owner: &str, chain: u8, key: &str) -> Slot {
        Slot::new(&Principal::token(owner, []), [chain; 16], key)
    }

    const X: Bytes = Bytes::from_static(b"x");
    const Y: Bytes = Bytes::from_static(b"y");

    #[tokio::test]
    async fn the_first_claim_wins_until_its_term_is_over() {
        let ledger = MemoryLedger::new();
        let slot = slot("a", 1, "k");
        assert_eq!(ledger.claim(slot.clone(), X, term(0)).await.unwrap(), None);
        assert_eq!(ledger.claim(slot.clone(), Y, term(9)).await.unwrap(), Some(X));
        assert_eq!(ledger.claim(slot.clone(), Y, term(10)).await.unwrap(), None);
        assert_eq!(ledger.get(slot.clone(), at(19)).await.unwrap(), Some(Y));
        assert_eq!(ledger.get(slot, at(20)).await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_put_replaces_and_renews() {
        let ledger = MemoryLedger::new();
        let slot = slot("a", 1, "k");
        ledger.claim(slot.clone(), X, term(0)).await.unwrap();
        ledger.put(slot.clone(), Y, term(5)).await.unwrap();
        assert_eq!(ledger.get(slot.clone(), at(14)).await.unwrap(), Some(Y));
        ledger.leave(slot.clone(), X, term(14));
        assert_eq!(ledger.get(slot, at(23)).await.unwrap(), Some(X));
    }

    #[tokio::test]
    async fn owners_chains_and_keys_are_apart() {
        let ledger = MemoryLedger::new();
        ledger.put(slot("a", 1, "k"), X, term(0)).await.unwrap();
        for other in [slot("b", 1, "k"), slot("a", 2, "k"), slot("a", 1, "l")] {
            assert_eq!(ledger.get(other, at(1)).await.unwrap(), None);
        }
    }

    #[tokio::test]
    async fn nothing_is_thrown_out_before_its_time() {
        let ledger = MemoryLedger::new().entries(3, 2);
        for (owner, key, fits) in [
            ("a", "1", true),
            ("a", "2", true),
            ("a", "3", false),
            ("b", "1", true),
            ("b", "2", false),
        ] {
            let claimed = ledger.claim(slot(owner, 1, key), X, term(0)).await;
            assert_eq!(claimed.is_ok(), fits, "{owner} {key}");
        }
        let full = ledger.put(slot("c", 1, "1"), X, term(9)).await;
        assert!(matches!(full, Err(LedgerError::Full)));
        assert_eq!(ledger.get(slot("a", 1, "1"), at(9)).await.unwrap(), Some(X));
        ledger.put(slot("c", 1, "1"), X, term(10)).await.unwrap();
    }

    #[tokio::test]
    async fn bytes_count_and_a_value_that_does_not_fit_leaves_the_old_one() {
        let ledger = MemoryLedger::new().bytes(100, 10);
        ledger.put(slot("a", 1, "k"), Bytes::from(vec![0; 9]), term(0)).await.unwrap();
        assert!(ledger.put(slot("a", 1, "l"), X, term(0)).await.is_err());
        assert!(ledger.put(slot("a", 1, "k"), Bytes::from(vec![0; 10]), term(5)).await.is_err());
        assert_eq!(ledger.get(slot("a", 1, "k"), at(9)).await.unwrap().unwrap().len(), 9);
        // The old term holds as well.
        assert_eq!(ledger.get(slot("a", 1, "k"), at(10)).await.unwrap(), None);
        for round in 0..1000 {
            let now = 20 + 10 * round;
            ledger.put(slot("a", 1, "k"), Bytes::from(vec![0; 9]), term(now)).await.unwrap();
        }
        let shelves = ledger.lock();
        assert_eq!((shelves.used.entries, shelves.used.bytes), (1, 10));
        assert_eq!((shelves.values.len(), shelves.ends.len(), shelves.used_each.len()), (1, 1, 1));
    }
}
