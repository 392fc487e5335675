//! The sessions of an endpoint: opening, finding, listening, ending.

use super::choice::Choice;
use super::id::session_id;
use super::live::{AbortOnDrop, Ended, Live};
use super::stream::Stream;
use super::sweep;
use super::table::{Full, Table};
use super::{EventStore, SessionKey, SessionStore, StreamId};
use crate::closing::Closing;
use crate::context::Surroundings;
use crate::outbox::Bounds;
use crate::principal::{Everybody, Principal};
use crate::service::Service;
use crate::transport::session::{Opener, listen};
use bowline_protocol::era::legacy::{Session, Settings};
use bowline_protocol::http::HeaderMap;
use bowline_protocol::limits::Limits;
use bowline_protocol::scan::Raw;
use bowline_types::jsonrpc::ErrorObject;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;
use tokio::sync::oneshot;

/// The sessions of an endpoint, and what they share.
///
/// What runs in them is owned by this: its drop ends all of it. Records stay in the store, for another process.
pub(super) struct Sessions {
    pub(super) service: Arc<dyn Service>,
    pub(super) limits: Arc<Limits>,
    pub(super) closing: Closing,
    pub(super) everybody: Everybody,
    pub(super) events: Arc<dyn EventStore>,
    store: Arc<dyn SessionStore>,
    opener: Opener,
    /// Held for a few instructions, or for a walk over all sessions once a second; never across an await.
    table: Mutex<Table>,
}

/// Why there is no such session for this request.
#[derive(Clone, Copy, Debug)]
pub(super) enum Missing {
    /// There is none, or it belongs to somebody else.
    Unknown,
    /// There may be no more.
    Full(Full),
    /// It cannot be told now.
    Unavailable,
}

/// How often a session is read again because another one ended meanwhile.
const READS: usize = 8;

impl Sessions {
    pub(super) fn new(
        service: Arc<dyn Service>,
        limits: Arc<Limits>,
        closing: Closing,
        everybody: Everybody,
        choice: Choice,
    ) -> Self {
        let Choice { store, events, .. } = choice;
        Self {
            store: store.unwrap_or_else(|| Arc::new(super::MemorySessions::new(limits.sessions))),
            events: events.unwrap_or_else(|| Arc::new(super::MemoryEvents::new(&limits))),
            service,
            limits,
            closing,
            everybody,
            opener: Opener::default(),
            table: Mutex::default(),
        }
    }

    /// What the service tells this client.
    pub(super) async fn settings(
        &self,
        principal: &Principal,
    ) -> Result<Arc<Settings>, ErrorObject> {
        self.opener.settings(&self.service, self.surroundings(principal)).await
    }

    /// Keeps a session that has just been opened; gives its id.
    pub(super) async fn open(
        self: &Arc<Self>,
        session: Session,
        principal: Principal,
    ) -> Result<String, Missing> {
        let id = session_id().ok_or(Missing::Unavailable)?;
        let key = SessionKey::new(&principal, id.as_bytes());
        let live = Live::new(key, principal, session, SystemTime::now());
        let live = Arc::new(live.ok_or(Missing::Unavailable)?);
        self.insert(live.clone()).await?;
        self.save(&live).await;
        Ok(id)
    }

    /// The session that a principal calls by an id.
    pub(super) async fn find(
        self: &Arc<Self>,
        principal: &Principal,
        id: &[u8],
    ) -> Result<Arc<Live>, Missing> {
        let key = SessionKey::new(principal, id);
        if let Some(live) = self.table().get(&key) {
            live.touch();
            return Ok(live.clone());
        }
        for _ in 0..READS {
            let ends = self.table().ends();
            let found = self.store.load(&key).await.map_err(|error| {
                tracing::error!(%error, "sessions cannot be looked up");
                Missing::Unavailable
            })?;
            let Some(record) = found.filter(|record| record.principal() == principal) else {
                return Err(Missing::Unknown);
            };
            let settings = self.settings(principal).await.map_err(|error| {
                tracing::error!(code = error.code.0, "the service does not say what it offers");
                Missing::Unavailable
            })?;
            let session = record.restore(settings);
            let live = Live::new(key, principal.clone(), session, record.created());
            let live = Arc::new(live.ok_or(Missing::Unavailable)?);
            if live.remaining(self.limits.session_ttl).is_zero() {
                return Err(Missing::Unknown);
            }
            {
                let table = self.table();
                if let Some(live) = table.get(&key) {
                    live.touch();
                    return Ok(live.clone());
                }
                // It may have ended while it was read, and must not come back.
                if table.is_ending(&key) {
                    return Err(Missing::Unknown);
                }
                if table.ends() != ends {
                    continue;
                }
            }
            live.touch();
            let live = self.insert(live).await?;
            if record.has_subscriptions() {
                self.listen(&live).await;
            }
            return Ok(live);
        }
        Err(Missing::Unavailable)
    }

    /// Takes a session into the table, or finds that it is there.
    async fn insert(self: &Arc<Self>, live: Arc<Live>) -> Result<Arc<Live>, Missing> {
        let evicted = {
            let mut table = self.table();
            if let Some(live) = table.get(&live.key) {
                return Ok(live.clone());
            }
            let evicted = table.insert(live.clone(), &self.limits).map_err(Missing::Full)?;
            if !table.swept {
                table.swept = true;
                // It ends when there are no sessions, and when nothing else knows of them.
                drop(tokio::spawn(sweep::run(Arc::downgrade(self))));
            }
            evicted
        };
        if let Some(evicted) = evicted {
            self.bury(&evicted).await;
        }
        Ok(live)
    }

    /// Saves a session. One that cannot be saved goes on in this process.
    pub(super) async fn save(&self, live: &Live) {
        let _turn = live.turn.lock().await;
        let Some(record) = live.record() else {
            return;
        };
        let remaining = live.remaining(self.limits.session_ttl);
        if let Err(error) = self.store.save(&live.key, &record, remaining).await {
            tracing::error!(%error, "a session cannot be saved; it will not outlive this process");
        }
    }

    /// Listens to what the session wants to hear of now; returns when nothing can be missed any more.
    pub(super) async fn listen(&self, live: &Arc<Live>) {
        let _turn = live.turn.lock().await;
        let Ok(own) = live.own() else {
            return;
        };
        let before = live.set_listening(None);
        let Some(request) = live.listen() else {
            return;
        };
        let bounds =
            Bounds { messages: self.limits.outbox_messages, bytes: self.limits.outbox_bytes };
        let tell = async move |message: Raw| {
            while own.outbox.send_once(&message, bounds).is_err() {
                poll_fn(|task| own.outbox.poll_drained(task)).await;
            }
        };
        let (heard, acknowledged) = oneshot::channel::<()>();
        // Owned by the session, which aborts it when it ends.
        let task = tokio::spawn(listen(
            self.service.clone(),
            request,
            self.surroundings(&live.principal),
            live.revision,
            (before, heard),
            tell,
        ));
        drop(live.set_listening(Some(AbortOnDrop(task.abort_handle()))));
        // It resolves, with nothing, when the other end is dropped: when the service has acknowledged.
        let _ = tokio::time::timeout(self.limits.stream_grace, acknowledged).await;
    }

    /// A new stream of what a session says outside of calls.
    pub(super) fn own_stream(&self, live: &Live) -> Result<Arc<Stream>, Missing> {
        let id = StreamId::random(true).ok_or(Missing::Unavailable)?;
        let place = (id, live.key, self.events.clone());
        let made =
            live.own().and_then(|own| live.keep_own(Stream::of_session(place, live.primes(), own)));
        made.map_err(|Ended| Missing::Unknown)
    }

    /// Ends a session for good.
    pub(super) async fn end(&self, key: &SessionKey) {
        let removed = self.table().remove(key);
        if let Some(live) = removed {
            self.bury(&live).await;
        }
    }

    /// Ends a session that is in the table no more, and forgets what was kept of it.
    pub(super) async fn bury(&self, live: &Live) {
        live.end();
        {
            // Nothing is saved behind this any more: there is no record of a session that has ended.
            let _turn = live.turn.lock().await;
            if let Err(error) = self.store.remove(&live.key).await {
                tracing::error!(%error, "a session that has ended cannot be taken out of its store");
            }
        }
        if let Err(error) = self.events.remove(&live.key).await {
            tracing::error!(%error, "events of a session that has ended cannot be forgotten");
        }
        self.table().ended(&live.key);
    }

    pub(super) fn table(&self) -> MutexGuard<'_, Table> {
        // Nothing that runs under the lock can leave the table half-changed.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a session asks of the service by itself.
    fn surroundings(&self, principal: &Principal) -> Surroundings {
        Surroundings {
            principal: principal.clone(),
            headers: HeaderMap::new(),
            limits: self.limits.clone(),
            closing: self.closing.clone(),
            line: None,
            running: None,
        }
    }
}

impl Drop for Sessions {
    fn drop(&mut self) {
        let table = self.table.get_mut().unwrap_or_else(PoisonError::into_inner);
        for live in table.all() {
            live.end();
        }
    }
}

impl std::fmt::Debug for Sessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sessions").finish_non_exhaustive()
    }
}
