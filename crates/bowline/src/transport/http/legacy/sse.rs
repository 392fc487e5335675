//! HTTP with SSE, the transport of protocol version 2024-11-05.
//!
//! A GET opens a stream, whose first event says where the client POSTs its messages; the answers, and whatever else the
//! server says, are events of the stream. Such a stream is a link like any other that carries many calls: each POST is
//! a line that it reads, each line that it writes is an event. The stream is the session: both end together, nothing is
//! kept for a client that comes back, and it must come back with nothing but another GET.
//!
//! See [HTTP with SSE](https://modelcontextprotocol.io/specification/2024-11-05/basic/transports#http-with-sse).

mod flow;
mod intake;
mod places;
mod table;

pub(in crate::transport::http) use places::{Sibling, Siblings};

use super::SessionKey;
use super::id::session_id;
use super::live::AbortOnDrop;
use super::route::missing;
use super::sessions::Missing;
use crate::closing::Closing;
use crate::principal::Principal;
use crate::service::Service;
use crate::transport::http::body::ResponseBody;
use crate::transport::http::demand::Demand;
use crate::transport::http::exchange;
use crate::transport::http::read::read;
use crate::transport::http::refuse::{Refused, refuse, refuse_unread};
use crate::transport::http::service::{accepted, refuse_early};
use crate::transport::link;
use bowline_protocol::limits::{BUSY, Limits};
use bowline_protocol::scan::{Raw, Scanned, scan};
use bowline_types::jsonrpc::ErrorObject;
use bytes::Bytes;
use flow::Events;
use http::request::Parts;
use http::{Response, StatusCode, header};
use http_body::Body;
use intake::{Intake, Unsent};
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use table::Table;

/// The streams of an endpoint that are open.
pub(super) struct Streams {
    service: Arc<dyn Service>,
    limits: Arc<Limits>,
    closing: Closing,
    /// Held for a few instructions, never across an await.
    table: Mutex<Table>,
}

/// Bytes on their way from a link to its stream, as in a pipe.
const PIPE: usize = 64 * 1024;

impl Streams {
    pub(super) fn new(service: Arc<dyn Service>, limits: Arc<Limits>, closing: Closing) -> Self {
        Self { service, limits, closing, table: Mutex::default() }
    }

    /// Opens a stream. `messages` is the path for messages, as clients see it.
    pub(super) fn open(
        self: &Arc<Self>,
        principal: &Principal,
        messages: &str,
    ) -> Result<Response<ResponseBody>, Refused> {
        if self.closing.is_closed() {
            return Err(missing(Missing::Unavailable));
        }
        let id = session_id().ok_or_else(|| missing(Missing::Unavailable))?;
        let key = SessionKey::new(principal, id.as_bytes());
        let (intake, lines) = intake::new(&self.limits);
        let place = self.enter(key, principal, &intake)?;
        let (ours, theirs) = tokio::io::duplex(PIPE);
        let serving = link::serve(
            self.service.clone(),
            lines,
            theirs,
            principal.clone(),
            self.limits.clone(),
            self.closing.clone(),
        );
        let patience = self.limits.session_init_timeout;
        // Owned by the body of the response: a stream that nobody reads ends with everything that runs in it.
        let task = tokio::spawn(async move {
            let _place = place;
            if let Err(error) = heard(serving, &intake, patience).await {
                tracing::debug!(%error, "a stream of events ended");
            }
        });
        let first = format!("event: endpoint\ndata: {messages}?sessionId={id}\n\n");
        let owner = AbortOnDrop(task.abort_handle());
        let events = Events::new(first, ours, owner, self.limits.keep_alive);
        Ok(exchange::stream(ResponseBody::flow(events)))
    }

    /// Takes a message for the stream that the query names.
    pub(super) async fn message<B>(
        &self,
        parts: &Parts,
        principal: &Principal,
        demand: Demand<'_>,
        body: B,
    ) -> Result<Response<ResponseBody>, Refused>
    where
        B: Body<Data = Bytes>,
    {
        let id = places::session_id(parts.uri.query()).ok_or_else(|| {
            refuse_unread(
                StatusCode::BAD_REQUEST,
                "the URL must have one sessionId; POST to the one that the event `endpoint` gave",
            )
        })?;
        let key = SessionKey::new(principal, id.as_bytes());
        let intake = self.table().get(&key).ok_or_else(gone)?;
        let patience = self.limits.stalled_timeout;
        let taken = async {
            // Bodies are not read before their turn, so that those which wait cost nothing.
            let _turn = within(patience, intake.turn()).await?;
            let body = read(body, &self.limits).await?;
            let scanned = scan(body, self.limits.json_depth);
            let scanned = scanned.map_err(|fault| refuse_early(&fault.into()))?;
            demand.check(&scanned, principal)?;
            within(patience, intake.send(line(scanned))).await
        };
        taken.await.map(|()| accepted())
    }

    /// Takes a stream in; it is out again when the result is dropped.
    fn enter(
        self: &Arc<Self>,
        key: SessionKey,
        principal: &Principal,
        intake: &Arc<Intake>,
    ) -> Result<Place, Refused> {
        let entered = self.table().insert(key, principal.clone(), intake.clone(), &self.limits);
        entered.map_err(|full| missing(Missing::Full(full)))?;
        Ok(Place { streams: self.clone(), key })
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        // Nothing that runs under the lock can leave the table half-changed.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An open stream in the table.
struct Place {
    streams: Arc<Streams>,
    key: SessionKey,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.streams.table().remove(&self.key);
    }
}

/// Serves a link, but not for long one whose client never sends anything.
async fn heard(
    serving: impl Future<Output = crate::Result<()>>,
    intake: &Intake,
    patience: Duration,
) -> crate::Result<()> {
    let mut serving = pin!(serving);
    match tokio::time::timeout(patience, serving.as_mut()).await {
        Ok(ended) => ended,
        Err(_) if intake.is_used() => serving.await,
        Err(_) => Err(crate::Error::closed("the client opened a stream and sent nothing")),
    }
}

/// A message as one line: the scanner takes the line breaks out, so that none can become two.
fn line(scanned: Scanned) -> Raw {
    match scanned {
        Scanned::Message(message) => message.raw().clone(),
        Scanned::Batch(batch) => batch,
    }
}

/// Waits for a link that has stopped reading, since its client reads nothing either, or has too much running.
async fn within<T>(
    patience: Duration,
    taking: impl Future<Output = Result<T, Unsent>>,
) -> Result<T, Refused> {
    match tokio::time::timeout(patience, taking).await {
        Ok(Ok(taken)) => Ok(taken),
        Ok(Err(Unsent)) => Err(gone()),
        Err(_) => {
            let message = format!(
                "the session has taken nothing for {} seconds; read its events and send this again",
                patience.as_secs_f64()
            );
            let error = ErrorObject::new(BUSY, message);
            Err(refuse(StatusCode::SERVICE_UNAVAILABLE, None, &error)
                .header(header::RETRY_AFTER, "1"))
        }
    }
}

/// Word for word the same whether there never was such a stream, it has ended, or is somebody else's.
fn gone() -> Refused {
    refuse_unread(StatusCode::NOT_FOUND, "no such session; GET another stream of events")
}

impl std::fmt::Debug for Streams {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Streams").finish_non_exhaustive()
    }
}
