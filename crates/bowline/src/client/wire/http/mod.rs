//! The way to a server over HTTP: a POST for each message, and answers as JSON or as streams of events.
//!
//! [`HttpWire`] speaks Streamable HTTP of every protocol version. A request of the newest version is one POST and its
//! response, driven by whoever awaits it: without a task, a table or a channel. What sessions add stands apart in
//! `legacy`: their identifier, streams that are resumed, a stream for the session's own messages, and the transport
//! that came before, HTTP+SSE.
//!
//! See [Streamable HTTP](https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http).
//!
//! # What runs by itself
//!
//! - Errands, at most [`errands::MOST`] at once and each for a few seconds: cancellations, answers to pings, the end of
//!   a stream whose connection is worth keeping. They end with the wire.
//! - In a session, one task that reads the session's own messages. It ends with the wire.
//!
//! # Busy servers
//!
//! A server that answers 429 or 503 has not handled the request. If it says when to come again (`Retry-After`, in
//! seconds, within [`Limits::reconnect_delay_max`](bowline_protocol::limits::Limits)), the request is sent once more
//! then; after that its refusal counts.

#[cfg(modern_only)]
mod absent;
mod course;
mod errands;
mod events;
mod head;
#[cfg(not(modern_only))]
mod legacy;
mod refusal;
mod running;
mod shared;
mod streamable;
#[cfg(test)]
mod tests;

#[cfg(modern_only)]
use absent as session;
#[cfg(not(modern_only))]
use legacy as session;

use super::{Failure, Hears, Wire};
use crate::client::auth::Login;
use crate::error::Error;
use crate::transport::http::client::{Connector, Target};
use bowline_protocol::http::HeaderMap;
use bowline_protocol::limits::Limits;
use std::sync::Arc;
use streamable::HttpWire;

/// Where a wire leads, and what goes with everything that is sent.
pub(crate) struct Way {
    connector: Connector,
    target: Target,
    /// The user's own headers.
    headers: HeaderMap,
    limits: Arc<Limits>,
    hears: Arc<dyn Hears>,
    login: Login,
}

impl Way {
    /// A way to a URL.
    ///
    /// # Errors
    /// It is none.
    pub(crate) fn to(
        url: &str,
        connector: Connector,
        headers: HeaderMap,
        limits: Arc<Limits>,
        hears: Arc<dyn Hears>,
    ) -> Result<Self, Failure> {
        // What is wrong with it is not shown, since it may have secrets in it.
        let url = url.parse().map_err(|_| {
            Failure::Unsent(Error::invalid("the URL to connect to cannot be read; check it"))
        })?;
        let target = Target::new(url).map_err(Failure::here)?;
        Ok(Self { connector, target, headers, limits, hears, login: Login::default() })
    }

    /// Shows this login with everything that is sent.
    pub(crate) fn login(self, login: Login) -> Self {
        Self { login, ..self }
    }

    /// A wire over Streamable HTTP. Nothing is sent yet.
    pub(crate) fn streamable(self) -> Arc<dyn Wire> {
        HttpWire::open(self)
    }

    /// A wire over HTTP+SSE, whose stream is open.
    ///
    /// # Errors
    /// There is no such stream, or it names no place that may be sent to.
    pub(crate) async fn sse(self) -> Result<Arc<dyn Wire>, Failure> {
        session::open_stream(self).await
    }
}
