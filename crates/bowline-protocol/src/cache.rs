//! The results of one server that are still good, by its own word.
//!
//! A server says how long a result [stays fresh] and [who may share it]; a [notification] ends it before. What is not
//! shared is found only by whoever it was made for. Everything here is bounded, and `now` is a parameter.
//!
//! [stays fresh]: https://modelcontextprotocol.io/specification/2026-07-28/server/utilities/caching#time-to-live-ttl-field
//! [who may share it]: https://modelcontextprotocol.io/specification/2026-07-28/server/utilities/caching#cache-scope-field
//! [notification]: https://modelcontextprotocol.io/specification/2026-07-28/server/utilities/caching#interaction-with-notifications

mod key;
mod subject;

#[cfg(test)]
mod tests;

pub use key::Key;

use crate::limits::Limits;
use crate::scan::{BodyKey, Message, Raw};
use bowline_types::method::{CacheHint, CacheScope};
use bowline_types::revision::Revision;
use core::time::Duration;
use std::collections::{BTreeMap, HashMap};
use subject::{Generations, Subject};

/// The results of one server, for all who ask it through here.
#[derive(Debug)]
pub struct Cache {
    entries: HashMap<Place, Entry>,
    /// The places by when they were last used, the longest unused first.
    used: BTreeMap<u64, Place>,
    clock: u64,
    bytes: usize,
    bounds: Bounds,
    generations: Generations,
    revision: Option<Revision>,
}

/// A result that is still good.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Fresh {
    /// The result whole, an object.
    pub text: Raw,
    /// For how much longer, and for whom.
    pub cache: CacheHint,
}

#[derive(Debug)]
struct Bounds {
    entries: usize,
    bytes: usize,
    longest: Duration,
}

/// Where a result is kept: for whom, where it is not for everybody, and what was asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Place {
    context: Option<Box<str>>,
    asked: Box<[u8]>,
}

#[derive(Debug)]
struct Entry {
    text: Raw,
    /// No more fresh from then on.
    until: Duration,
    scope: CacheScope,
    subject: Subject,
    is_later_page: bool,
    used: u64,
}

impl Cache {
    /// An empty cache within these limits.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        Self {
            entries: HashMap::new(),
            used: BTreeMap::new(),
            clock: 0,
            bytes: 0,
            bounds: Bounds {
                entries: limits.cache_entries,
                bytes: limits.cache_bytes,
                longest: limits.cache_ttl,
            },
            generations: Generations::default(),
            revision: None,
        }
    }

    /// What was asked for, if it is there and fresh.
    pub fn get(&mut self, now: Duration, key: &Key) -> Option<Fresh> {
        // What was made for this context only goes before what is for everybody.
        let own = Place { context: Some(key.context.clone()), asked: key.asked.clone() };
        let shared = Place { context: None, asked: key.asked.clone() };
        [own, shared].into_iter().find_map(|place| self.fresh(now, &place))
    }

    /// Keeps a finished result that has just arrived, if it may be kept: `key` must have been made before the request
    /// was sent, so that what changed meanwhile is not missed.
    pub fn insert(&mut self, now: Duration, key: Key, hint: CacheHint, text: &Raw) {
        let overtaken = self.generations.of(&key.subject) != key.generation;
        let size = key.context.len() + key.asked.len() + text.as_bytes().len() + OVERHEAD;
        if hint.ttl_ms == 0 || overtaken || size > self.bounds.bytes {
            return;
        }
        let Key { context, asked, subject, is_later_page, .. } = key;
        if !is_later_page {
            // The cursors of a listing that begins anew are not those of the one before.
            self.retain(|place, entry| {
                !(entry.is_later_page
                    && entry.subject == subject
                    && place.context.as_ref().is_none_or(|owner| *owner == context))
            });
        }
        let own = Place { context: Some(context), asked };
        let shared = Place { context: None, asked: own.asked.clone() };
        self.remove(&own);
        let place = match hint.scope {
            CacheScope::Public => shared,
            CacheScope::Private => own,
        };
        self.remove(&place);
        let ttl = Duration::from_millis(hint.ttl_ms).min(self.bounds.longest);
        let entry = Entry {
            // A slice of a larger buffer would keep all of it.
            text: text.compact(),
            until: now.saturating_add(ttl),
            scope: hint.scope,
            subject,
            is_later_page,
            used: self.tick(),
        };
        self.make_room(now, size);
        self.bytes += size_of(&place, &entry);
        self.used.insert(entry.used, place.clone());
        self.entries.insert(place, entry);
    }

    /// Takes a notification of the server: what it says has changed is forgotten, whoever it was made for.
    pub fn notified(&mut self, notification: &Message) {
        let uri = notification.body_str(BodyKey::Uri);
        for subject in Subject::changed_by(&notification.method(), uri.as_deref()) {
            self.generations.change(&subject);
            self.retain(|_, entry| !entry.subject.is_concerned_by(&subject));
        }
    }

    /// Forgets a listing with all of its pages, as when the server knows a cursor of it no more.
    pub fn forget_listing(&mut self, context: &str, method: &str) {
        let wanted = Subject::of(method, None);
        self.retain(|place, entry| {
            Some(&entry.subject) != wanted.as_ref()
                || place.context.as_deref().is_some_and(|owner| owner != context)
        });
    }

    /// Takes the agreed protocol version: with another one than before everything is forgotten.
    pub fn settle(&mut self, revision: Revision) {
        if self.revision.replace(revision).is_some_and(|before| before != revision) {
            self.clear();
        }
    }

    /// Forgets everything, and also what is under way.
    pub fn clear(&mut self) {
        self.entries.clear();
        self.used.clear();
        self.bytes = 0;
        self.generations.change_all();
    }

    /// How many results are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How much memory that takes, in bytes, roughly.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    fn fresh(&mut self, now: Duration, place: &Place) -> Option<Fresh> {
        let until = self.entries.get(place)?.until;
        if until <= now {
            self.remove(place);
            return None;
        }
        let used = self.tick();
        let entry = self.entries.get_mut(place)?;
        self.used.remove(&entry.used);
        self.used.insert(used, place.clone());
        entry.used = used;
        let left = until.saturating_sub(now).as_millis();
        let ttl_ms = u64::try_from(left).unwrap_or(u64::MAX);
        Some(Fresh { text: entry.text.clone(), cache: CacheHint { ttl_ms, scope: entry.scope } })
    }

    /// Makes room for one entry of this size: first what is stale goes, then what was not used for longest.
    fn make_room(&mut self, now: Duration, size: usize) {
        let fits = |cache: &Self| {
            cache.entries.len() < cache.bounds.entries && cache.bytes + size <= cache.bounds.bytes
        };
        if !fits(self) {
            self.retain(|_, entry| entry.until > now);
        }
        while !fits(self)
            && let Some((_, place)) = self.used.pop_first()
        {
            self.remove(&place);
        }
    }

    fn retain(&mut self, mut wanted: impl FnMut(&Place, &Entry) -> bool) {
        let Self { entries, used, bytes, .. } = self;
        entries.retain(|place, entry| {
            let keep = wanted(place, entry);
            if !keep {
                used.remove(&entry.used);
                *bytes -= size_of(place, entry);
            }
            keep
        });
    }

    fn remove(&mut self, place: &Place) {
        if let Some(entry) = self.entries.remove(place) {
            self.used.remove(&entry.used);
            self.bytes -= size_of(place, &entry);
        }
    }

    fn tick(&mut self) -> u64 {
        self.clock += 1;
        self.clock
    }
}

/// What an entry takes beside its texts, roughly.
const OVERHEAD: usize = 256;

fn size_of(place: &Place, entry: &Entry) -> usize {
    let context = place.context.as_ref().map_or(0, |context| context.len());
    context + place.asked.len() + entry.text.as_bytes().len() + OVERHEAD
}
