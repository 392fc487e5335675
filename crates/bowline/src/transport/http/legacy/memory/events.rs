//! Events in memory, for clients whose connection broke.

use crate::transport::http::legacy::{EventStore, SessionKey, Stored, StoredEvent, StreamId};
use bowline_protocol::limits::Limits;
use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Events in memory: what an endpoint has that was given no other store.
#[derive(Debug)]
pub struct MemoryEvents {
    bounds: Bounds,
    /// Held for a lookup or a short walk, never across an await.
    kept: Mutex<Kept>,
}

#[derive(Clone, Copy, Debug)]
struct Bounds {
    events: usize,
    bytes: usize,
    ttl: Duration,
    /// Of all sessions together.
    total: usize,
}

#[derive(Debug, Default)]
struct Kept {
    sessions: HashMap<SessionKey, Session>,
    bytes: usize,
}

/// The events of one session, in the order in which they were sent, whatever their stream.
#[derive(Debug, Default)]
struct Session {
    events: VecDeque<(Instant, StoredEvent)>,
    bytes: usize,
}

/// As many sessions may fill what is kept for one before all of them have to share.
const FULL_SESSIONS: usize = 64;

impl MemoryEvents {
    /// Keeps of each session as many events ([`Limits::replay_events`]), as many bytes ([`Limits::replay_bytes`]) and
    /// for as long ([`Limits::replay_ttl`]) as the limits say, and of all together the bytes of 64 full sessions.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        let bounds = Bounds {
            events: limits.replay_events,
            bytes: limits.replay_bytes,
            ttl: limits.replay_ttl,
            total: limits.replay_bytes.saturating_mul(FULL_SESSIONS),
        };
        Self { bounds, kept: Mutex::default() }
    }

    /// How many events are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.with(|kept| kept.sessions.values().map(|session| session.events.len()).sum())
    }

    /// Whether no event is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn with<T>(&self, use_it: impl FnOnce(&mut Kept) -> T) -> T {
        use_it(&mut self.kept.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl EventStore for MemoryEvents {
    fn append<'a>(&'a self, session: &'a SessionKey, event: StoredEvent) -> Stored<'a, ()> {
        self.with(|kept| kept.append(*session, event, self.bounds));
        Stored::ready(())
    }

    fn after<'a>(
        &'a self,
        session: &'a SessionKey,
        stream: StreamId,
        seq: u64,
    ) -> Stored<'a, Vec<StoredEvent>> {
        let since = Instant::now().checked_sub(self.bounds.ttl);
        Stored::ready(self.with(|kept| {
            let Some(session) = kept.sessions.get(session) else {
                return Vec::new();
            };
            let fresh = |at: &Instant| since.is_none_or(|since| *at > since);
            let events = session
                .events
                .iter()
                .filter(|(at, event)| event.stream == stream && event.seq > seq && fresh(at));
            events.map(|(_, event)| event.clone()).collect()
        }))
    }

    fn remove<'a>(&'a self, session: &'a SessionKey) -> Stored<'a, ()> {
        self.with(|kept| {
            if let Some(session) = kept.sessions.remove(session) {
                kept.bytes -= session.bytes;
            }
        });
        Stored::ready(())
    }

    fn sweep(&self) {
        let Some(since) = Instant::now().checked_sub(self.bounds.ttl) else {
            return;
        };
        self.with(|kept| {
            kept.trim(|session| session.events.front().is_some_and(|(at, _)| *at <= since));
        });
    }
}

impl Kept {
    fn append(&mut self, key: SessionKey, event: StoredEvent, bounds: Bounds) {
        let session = self.sessions.entry(key).or_default();
        let newest = session.events.iter().rev().find(|(_, kept)| kept.stream == event.stream);
        if newest.is_some_and(|(_, kept)| kept.seq >= event.seq) {
            return;
        }
        self.bytes -= session.bytes;
        session.bytes += event.message.as_bytes().len();
        session.events.push_back((Instant::now(), event));
        // The newest stays even if it is too large alone: it may be the answer.
        while session.events.len() > 1
            && (session.events.len() > bounds.events || session.bytes > bounds.bytes)
        {
            session.pop();
        }
        self.bytes += session.bytes;
        if self.bytes > bounds.total {
            // Half of the room, shared by all: who has more than that gives, and this is not done again soon.
            let share = bounds.total / 2 / self.sessions.len();
            self.trim(|session| session.bytes > share);
        }
    }

    /// Lets the oldest events of each session go as long as `too_much` says so.
    fn trim(&mut self, too_much: impl Fn(&Session) -> bool) {
        for session in self.sessions.values_mut() {
            let before = session.bytes;
            while !session.events.is_empty() && too_much(session) {
                session.pop();
            }
            self.bytes -= before - session.bytes;
        }
        self.sessions.retain(|_, session| !session.events.is_empty());
    }
}

impl Session {
    fn pop(&mut self) {
        if let Some((_, event)) = self.events.pop_front() {
            self.bytes -= event.message.as_bytes().len();
        }
    }
}
