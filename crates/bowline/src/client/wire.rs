//! The way to one server: whatever carries requests there and brings back what it says.
//!
//! A wire knows how messages travel and nothing of what they mean to the user. It is opened for one server process or
//! one endpoint; when it is lost, another one is opened.

mod memory;
mod slot;
mod stream;
mod traced;

pub(super) use memory::MemoryWire;
pub(super) use stream::StreamWire;
pub(super) use traced::{Trace, Traced};

#[cfg(feature = "http")]
pub(crate) mod http;

use crate::error::Error;
use bowline_protocol::era::Incoming;
use bowline_protocol::http::{HeaderMap, HeaderValue};
use bowline_protocol::outcome::Outcome;
use bowline_protocol::protocol::{Request, Response};
use bowline_protocol::scan::{Message, Raw};
use bowline_types::jsonrpc::Id;
use bowline_types::revision::Revision;
use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context as Task, Poll};
use std::time::Duration;

/// A future in a box.
pub(crate) type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// The way to one server.
pub(crate) trait Wire: Send + Sync + Debug + 'static {
    /// Starts an exchange. Nothing is sent before it is polled first; dropping it before its answer gives the request
    /// up, and the server is told in whichever way the transport has.
    fn exchange(&self, outgoing: Outgoing) -> Box<dyn Exchange>;

    /// Answers a question; nothing is sent when the server has given it up meanwhile.
    fn reply(&self, id: &Id, outcome: Outcome) -> BoxFuture<Result<(), Failure>>;

    /// Sends a notification.
    fn send(&self, message: Raw) -> BoxFuture<Result<(), Failure>>;

    /// The version that was agreed on: what is sent from now on is of it, and so is what is read.
    fn settle(&self, revision: Revision);

    /// Whether the questions of a session's server come in the exchange for whose sake they are asked.
    #[cfg(feature = "host")]
    fn owns_questions(&self) -> bool {
        false
    }

    /// Ends it in good order and returns when nothing is left, at the latest after `deadline`. Open exchanges fail.
    /// A second call does nothing.
    fn close(&self, deadline: Duration) -> BoxFuture<()>;
}

/// One request on its way.
pub(crate) trait Exchange: Send {
    /// What the server says next; nothing follows the answer.
    fn poll_next(&mut self, task: &mut Task<'_>) -> Poll<Result<Event, Failure>>;

    /// The HTTP status that the answer came with.
    fn status(&self) -> Option<u16> {
        None
    }
}

/// A request of ours, complete but for its id.
#[derive(Clone, Debug)]
pub(crate) struct Outgoing {
    /// Method, params with `_meta`, and whether progress is wanted.
    pub(crate) request: Request,
    /// The headers that HTTP repeats arguments in.
    #[cfg_attr(not(feature = "http"), expect(dead_code, reason = "only HTTP has headers"))]
    pub(crate) headers: HeaderMap,
}

/// What belongs to one exchange.
#[derive(Debug)]
#[cfg_attr(
    not(feature = "http"),
    expect(dead_code, reason = "only HTTP says for which request a question is")
)]
pub(crate) enum Event {
    /// The request makes progress.
    Progress(Message),
    /// Any other notification of this exchange.
    Notification(Message),
    /// The server asks something for the sake of this request; the answer is sent by [`Wire::reply`].
    Question(Incoming),
    /// The server gave up a question of this exchange.
    Cancelled(Id),
    /// The server let the connection go before the answer, which is fetched later.
    Left,
    /// The answer.
    Answer(Response),
}

/// Why a wire could not do something.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The server has not seen the request; it may be sent again, whatever it is.
    Unsent(Error),
    #[cfg_attr(
        not(feature = "http"),
        expect(dead_code, reason = "only HTTP loses a session and not the connection")
    )]
    /// The session is gone, and the request was not handled: open a new one and send it again.
    SessionLost(Error),
    /// The way is lost, and the request may have been handled or not.
    Lost(Error),
    /// The server answered, and not with JSON-RPC: this is what it meant.
    Refused {
        /// What to tell the caller.
        error: Error,
        /// The HTTP status; 0 when there was none, because the request cannot be sent as it is or what came is not
        /// HTTP.
        status: u16,
        /// What the server says of how to authenticate: its `WWW-Authenticate` headers.
        #[cfg_attr(
            not(test),
            expect(dead_code, reason = "read by whoever logs in, which nobody does yet")
        )]
        challenges: Vec<HeaderValue>,
    },
}

impl Failure {
    /// What went wrong on this side, whatever the server has done; no status tells of it.
    pub(crate) fn here(error: Error) -> Self {
        Self::Refused { error, status: 0, challenges: Vec::new() }
    }

    /// What to tell the caller.
    pub(crate) fn into_error(self) -> Error {
        match self {
            Self::Unsent(error)
            | Self::SessionLost(error)
            | Self::Lost(error)
            | Self::Refused { error, .. } => error,
        }
    }
}

/// Hears what belongs to no exchange.
pub(crate) trait Hears: Send + Sync + Debug + 'static {
    /// A notification of the session.
    fn notification(&self, notification: Message);

    /// The server asks something, and nothing says for which request.
    fn question(&self, question: Incoming);

    /// The server gave up such a question.
    fn cancelled(&self, id: &Id);

    /// Something went wrong that concerns no request: a stray error, a line that is no message.
    fn fault(&self, error: Error);

    /// Requests wait for a person, or for another process that may do so, and their time does not run: from now on, or
    /// no longer. Told as often for the one as for the other.
    #[cfg(feature = "auth")]
    fn held(&self, waits: bool) {
        let _ = waits;
    }

    /// The wire is lost; nothing comes any more. Told once, and not after [`Wire::close`].
    fn lost(&self, error: Error);
}
