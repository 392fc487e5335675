//! Sessions of the protocol versions in which `initialize` opens one.
//!
//! A session belongs to the principal that opened it, and its calls belong to the session: a connection that breaks
//! ends none of them. What was sent on a stream can be asked for again by the id of its last event.
//!
//! There are as many sessions as [`Limits::sessions`] says, and [`Limits::sessions_per_principal`] of one principal: a
//! principal that opens one more loses the one it left alone for longest, unless all of them are in use. A session is
//! in use while a call runs in it or somebody reads a stream of it.
//!
//! A client may hold several streams open for what is said outside of calls: each message goes out on the one that was
//! taken up last. Whoever comes back to a stream by its last event takes it over from whoever reads it.
//!
//! A [`SessionStore`] keeps what a server remembers of its sessions, an [`EventStore`] what it sent; both are in memory
//! unless an [`Endpoint`](super::Endpoint) is given others. [`contract`] tests stores.
//!
//! Clients of the oldest version have a stream of events beside the endpoint instead, which is their session.
//!
//! See [Session Management](https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#session-management)
//! and [Resumability](https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#resumability-and-redelivery).

mod answer;
mod choice;
pub mod contract;
mod id;
mod listen;
mod live;
mod memory;
mod own;
mod post;
mod reading;
mod record;
mod route;
mod sessions;
mod sse;
mod store;
mod stream;
mod sweep;
mod table;

pub use id::{SessionKey, StreamId};
pub use memory::{MemoryEvents, MemorySessions};
pub use record::SessionRecord;
pub use store::{EventStore, SessionStore, Stored, StoredEvent};

pub(super) use choice::Choice;
pub(super) use sse::{Sibling, Siblings};

use super::body::ResponseBody;
use super::demand::Demand;
use super::refuse::Refused;
use crate::closing::Closing;
use crate::principal::{Everybody, Principal};
use crate::service::Service;
use bowline_protocol::http::HeaderMap;
use bowline_protocol::limits::Limits;
use bowline_protocol::scan::Scanned;
use bytes::Bytes;
use choice::Clients;
use http::request::Parts;
use http::{Method, Response};
use http_body::Body;
use sessions::Sessions;
use sse::Streams;
use std::sync::Arc;

/// The sessions of an endpoint, as its front door knows them.
#[derive(Debug)]
pub(super) struct Legacy(Option<Open>);

#[derive(Debug)]
struct Open {
    sessions: Arc<Sessions>,
    /// Whether nothing else is answered.
    only: bool,
    /// Those of protocol version 2024-11-05.
    streams: Arc<Streams>,
    /// Where clients send the messages for them.
    messages: String,
}

impl Legacy {
    pub(super) fn new(
        service: Arc<dyn Service>,
        limits: Arc<Limits>,
        closing: Closing,
        everybody: Everybody,
        choice: Choice,
        path: Option<&str>,
    ) -> Self {
        let (opens, only) = (choice.opens(), choice.clients == Clients::OfSession);
        Self(opens.then(|| {
            let messages = choice.messages(path);
            let streams = Streams::new(service.clone(), limits.clone(), closing.clone());
            let sessions = Sessions::new(service, limits, closing, everybody, choice);
            Open { sessions: Arc::new(sessions), only, streams: Arc::new(streams), messages }
        }))
    }

    /// Answers a request to a path beside the endpoint.
    pub(super) async fn beside<B>(
        &self,
        sibling: Sibling,
        parts: &Parts,
        principal: &Principal,
        demand: Demand<'_>,
        body: B,
    ) -> Result<Response<ResponseBody>, Refused>
    where
        B: Body<Data = Bytes>,
    {
        let Open { streams, messages, .. } = self.open()?;
        match sibling {
            Sibling::Events => streams.open(principal, messages),
            Sibling::Messages => streams.message(parts, principal, demand, body).await,
        }
    }

    /// Whether this POST is for sessions.
    pub(super) fn takes(&self, headers: &HeaderMap, body: &Scanned) -> bool {
        self.0.as_ref().is_some_and(|open| open.only || route::concerns(headers, body))
    }

    /// Takes out of the headers of a POST that is not what could be used in one.
    pub(super) fn strip(&self, headers: &mut HeaderMap) {
        route::strip(headers);
    }

    /// Answers a POST that is.
    pub(super) async fn post(
        &self,
        headers: HeaderMap,
        body: Scanned,
        principal: Principal,
        prefers_stream: bool,
    ) -> Result<Response<ResponseBody>, Refused> {
        post::post(self.sessions()?, headers, body, principal, prefers_stream).await
    }

    /// Answers a GET or a DELETE.
    pub(super) async fn other(
        &self,
        parts: &Parts,
        principal: &Principal,
    ) -> Result<Response<ResponseBody>, Refused> {
        route::check_method(&parts.headers)?;
        match parts.method {
            Method::GET => listen::get(self.sessions()?, &parts.headers, principal).await,
            _ => listen::delete(self.sessions()?, &parts.headers, principal).await,
        }
    }

    fn sessions(&self) -> Result<&Arc<Sessions>, Refused> {
        self.open().map(|open| &open.sessions)
    }

    fn open(&self) -> Result<&Open, Refused> {
        self.0.as_ref().ok_or_else(|| route::missing(sessions::Missing::Unknown))
    }
}
