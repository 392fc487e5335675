//! What outlives a connection, and perhaps the process: sessions, and events that were sent.

use super::{SessionKey, SessionRecord, StreamId};
use bowline_protocol::scan::Raw;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

/// Keeps what a server has to remember of its sessions.
///
/// With a store that outlives the process, sessions do too: their clients go on after a restart as if nothing had
/// happened. What runs in a session (calls, streams) is not kept. Sessions belong to one process at a time: where
/// several share a store, whoever stands in front has to send a session's requests to one of them.
///
/// [`contract::sessions`](super::contract::sessions) tells whether a store does what is wanted of it.
pub trait SessionStore: Send + Sync + 'static {
    /// Keeps a record, in place of the one before it. After `ttl` it must be found no more.
    fn save<'a>(
        &'a self,
        key: &'a SessionKey,
        record: &'a SessionRecord,
        ttl: Duration,
    ) -> Stored<'a, ()>;

    /// The record saved last; `None` when there is none, or no more.
    fn load<'a>(&'a self, key: &'a SessionKey) -> Stored<'a, Option<SessionRecord>>;

    /// Forgets a record; nothing happens when there is none.
    fn remove<'a>(&'a self, key: &'a SessionKey) -> Stored<'a, ()>;
}

/// Keeps the events that were sent, for clients whose connection broke.
///
/// A store bounds what it keeps of each session and lets the oldest events go first, so that what it has of a stream
/// is always its newest part without holes.
///
/// [`contract::events`](super::contract::events) tells whether a store does what is wanted of it.
pub trait EventStore: Send + Sync + 'static {
    /// Keeps an event. The events of a stream come in the order of their numbers; one that is kept already may come
    /// again, and stays as it is.
    fn append<'a>(&'a self, session: &'a SessionKey, event: StoredEvent) -> Stored<'a, ()>;

    /// The events of a stream behind `seq`, in order: of this stream and this session, and no other's.
    fn after<'a>(
        &'a self,
        session: &'a SessionKey,
        stream: StreamId,
        seq: u64,
    ) -> Stored<'a, Vec<StoredEvent>>;

    /// Forgets all events of a session.
    fn remove<'a>(&'a self, session: &'a SessionKey) -> Stored<'a, ()>;

    /// Called about once a second while there are sessions, to let go what is too old. By default nothing happens.
    fn sweep(&self) {}
}

/// An event that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredEvent {
    /// The stream it was sent on.
    pub stream: StreamId,
    /// Its place in the stream, from 1.
    pub seq: u64,
    /// The message.
    pub message: Raw,
    /// Whether the stream ends with it.
    pub last: bool,
}

impl StoredEvent {
    /// An event that others may follow.
    #[must_use]
    pub fn new(stream: StreamId, seq: u64, message: Raw) -> Self {
        Self { stream, seq, message, last: false }
    }

    /// Whether the stream ends with it.
    #[must_use]
    pub fn last(mut self, last: bool) -> Self {
        self.last = last;
        self
    }
}

/// What a store will have done or found: a future.
pub struct Stored<'a, T>(Kind<'a, T>);

enum Kind<'a, T> {
    /// Of a store in memory, at no cost.
    Ready(Option<io::Result<T>>),
    Future(Pin<Box<dyn Future<Output = io::Result<T>> + Send + 'a>>),
}

impl<'a, T> Stored<'a, T> {
    /// Boxes a future.
    pub fn new(future: impl Future<Output = io::Result<T>> + Send + 'a) -> Self {
        Self(Kind::Future(Box::pin(future)))
    }

    /// What is done or found already.
    pub fn ready(value: T) -> Self {
        Self(Kind::Ready(Some(Ok(value))))
    }
}

// Nothing inside is pinned in place.
impl<T> Unpin for Stored<'_, T> {}

impl<T> Future for Stored<'_, T> {
    type Output = io::Result<T>;

    fn poll(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<T>> {
        match &mut self.0 {
            Kind::Ready(value) => match value.take() {
                Some(value) => Poll::Ready(value),
                None => Poll::Pending,
            },
            Kind::Future(future) => future.as_mut().poll(task),
        }
    }
}

impl<T> std::fmt::Debug for Stored<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Stored")
    }
}

impl<S: SessionStore + ?Sized> SessionStore for Arc<S> {
    fn save<'a>(
        &'a self,
        key: &'a SessionKey,
        record: &'a SessionRecord,
        ttl: Duration,
    ) -> Stored<'a, ()> {
        (**self).save(key, record, ttl)
    }

    fn load<'a>(&'a self, key: &'a SessionKey) -> Stored<'a, Option<SessionRecord>> {
        (**self).load(key)
    }

    fn remove<'a>(&'a self, key: &'a SessionKey) -> Stored<'a, ()> {
        (**self).remove(key)
    }
}

impl<S: EventStore + ?Sized> EventStore for Arc<S> {
    fn append<'a>(&'a self, session: &'a SessionKey, event: StoredEvent) -> Stored<'a, ()> {
        (**self).append(session, event)
    }

    fn after<'a>(
        &'a self,
        session: &'a SessionKey,
        stream: StreamId,
        seq: u64,
    ) -> Stored<'a, Vec<StoredEvent>> {
        (**self).after(session, stream, seq)
    }

    fn remove<'a>(&'a self, session: &'a SessionKey) -> Stored<'a, ()> {
        (**self).remove(session)
    }

    fn sweep(&self) {
        (**self).sweep();
    }
}
