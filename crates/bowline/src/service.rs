//! The one trait: something that answers requests.

use crate::context::Context;
use crate::principal::Principal;
use crate::scopes::{Asked, Scopes};
use bowline_protocol::era::Incoming;
use bowline_protocol::outcome::Outcome;
use bowline_protocol::scan::{Message, Raw};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// A future in a box, as everything that answers requests returns it.
pub struct Answer(Pin<Box<dyn Future<Output = Outcome> + Send>>);

impl Answer {
    /// Boxes a future.
    pub fn new(future: impl Future<Output = Outcome> + Send + 'static) -> Self {
        Self(Box::pin(future))
    }

    /// An answer that is there already.
    pub fn ready(outcome: impl Into<Outcome>) -> Self {
        Self::new(std::future::ready(outcome.into()))
    }
}

impl Future for Answer {
    type Output = Outcome;

    fn poll(
        mut self: Pin<&mut Self>,
        task: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Outcome> {
        self.0.as_mut().poll(task)
    }
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Answer")
    }
}

/// Something that answers requests: a server, a client that forwards to its peer, a host that routes, a layer around
/// any of them.
///
/// One call is one exchange. Whatever leaves before the answer (progress, logs, events, questions) leaves through
/// [`Call::cx`]; dropping the returned future cancels the exchange.
pub trait Service: Send + Sync + 'static {
    /// Answers a request.
    fn call(self: Arc<Self>, call: Call) -> Answer;

    /// Takes a message that no call owns: a notification that the protocol does not define, or of a session's client
    /// that its roots changed. By default nothing happens.
    fn notify(&self, _from: &Principal, _notification: Message) {}

    /// The scopes that whoever sends a request needs; none by default.
    ///
    /// Over HTTP one who lacks some is refused before [`Service::call`], with a challenge that names them all. Other
    /// transports have no such way, so that a service that means it must refuse in [`Service::call`] too.
    fn scopes(&self, _asked: &Asked<'_>, _from: &Principal) -> Scopes {
        Scopes::default()
    }

    /// What goes into the `_meta` of every result as `io.modelcontextprotocol/serverInfo`: an `Implementation`.
    fn server_info(&self) -> Option<Raw> {
        None
    }
}

/// What is behind it answers, so that layers can be put around whatever there is.
impl Service for Arc<dyn Service> {
    fn call(self: Arc<Self>, call: Call) -> Answer {
        Self::clone(&self).call(call)
    }

    fn notify(&self, from: &Principal, notification: Message) {
        (**self).notify(from, notification);
    }

    fn scopes(&self, asked: &Asked<'_>, from: &Principal) -> Scopes {
        (**self).scopes(asked, from)
    }

    fn server_info(&self) -> Option<Raw> {
        (**self).server_info()
    }
}

/// One request, with everything that belongs to it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Call {
    /// The request's surroundings, and the way out for everything but its answer.
    pub cx: Context,
}

impl Call {
    /// A call of a request.
    #[must_use]
    pub fn new(cx: Context) -> Self {
        Self { cx }
    }

    /// The request.
    #[must_use]
    pub fn request(&self) -> &Incoming {
        self.cx.request()
    }
}
