//! What a server says that no exchange owns, for the one call that has the server to itself.
//!
//! Over a byte stream, and over HTTP+SSE, a server with a session does not say for which request it asks. Whoever hands
//! on requests of others lets such a server do one call at a time, and this is how that call hears of it.

use super::Client;
use super::live::Live;
use super::wire::BoxFuture;
use crate::bridge::Bridge;
use bowline_protocol::era::Incoming;
use bowline_protocol::outcome::Outcome;
use bowline_protocol::scan::Message;
use bowline_types::jsonrpc::{ErrorObject, Id};
use bowline_types::method::{LoggingMessage, Notification};
#[cfg(not(modern_only))]
use bowline_types::revision::Revision;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context as Task, Poll, Waker};

/// The place of the one call. Cheap to clone; all clones are the same place.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lane(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    /// Whether a call is in it.
    open: bool,
    said: VecDeque<Unowned>,
    reader: Option<Waker>,
}

/// What no exchange owns.
#[derive(Debug)]
pub(crate) enum Unowned {
    /// The server asks something; answered by [`Unowned::reply`].
    Question(Asking),
    /// The server gave a question up.
    Cancelled(Id),
    /// A log message, or that a visit to a URL is done.
    Notification(Message),
}

/// A question, and the way back.
pub(crate) struct Asking {
    /// The question.
    pub(crate) question: Incoming,
    live: Live,
}

impl Asking {
    pub(super) fn new(question: Incoming, live: Live) -> Self {
        Self { question, live }
    }

    /// The protocol version that the server speaks, for the shapes of questions and their answers.
    #[cfg(not(modern_only))]
    pub(crate) fn revision(&self) -> Revision {
        self.live.revision()
    }

    /// Whether the question says for which request it is; then its answers may overtake what else is said of that.
    #[cfg(not(modern_only))]
    pub(crate) fn is_of_exchange(&self) -> bool {
        self.live.wire.owns_questions()
    }

    /// Sends the answer, in the shape of the server's protocol version; one that cannot be sent is forgotten, since
    /// then the server is gone.
    pub(crate) fn reply(&self, outcome: Outcome) -> BoxFuture<()> {
        let Some(id) = self.question.id() else {
            return Box::pin(std::future::ready(()));
        };
        let reply = self.live.wire.reply(&id, outcome);
        Box::pin(async move { drop(reply.await) })
    }
}

impl std::fmt::Debug for Asking {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Asking").field(&self.question.method()).finish()
    }
}

/// A visit to a URL is done.
pub(crate) const VISITED: &str = "notifications/elicitation/complete";

/// What a client has to hand on requests of others.
#[derive(Default)]
pub(super) struct Handing {
    lane: Option<Lane>,
    bridge: OnceLock<Bridge>,
}

impl Handing {
    /// Of a client that does nothing else.
    pub(super) fn by(lane: Lane) -> Self {
        Self { lane: Some(lane), bridge: OnceLock::new() }
    }

    /// What the calls share that are handed on by the client itself.
    pub(super) fn bridge(&self) -> &Bridge {
        self.bridge.get_or_init(Bridge::default)
    }

    /// Takes a question that no exchange owns, unless the client answers it itself.
    pub(super) fn question(&self, question: Incoming, live: Live) -> Option<(Incoming, Live)> {
        let Some(lane) = &self.lane else {
            return Some((question, live));
        };
        lane.hear(Unowned::Question(Asking::new(question, live)));
        None
    }

    /// Takes a notification that no exchange owns, if it may be for the call.
    pub(super) fn notification(&self, message: &Message) {
        if let Some(lane) = &self.lane
            && matches!(&*message.method(), LoggingMessage::NAME | VISITED)
        {
            lane.hear(Unowned::Notification(message.clone()));
        }
    }

    /// Takes that a question was given up.
    pub(super) fn cancelled(&self, id: &Id) {
        if let Some(lane) = &self.lane {
            lane.hear(Unowned::Cancelled(id.clone()));
        }
    }
}

/// How much may wait to be heard by the call; a server that says more without being read is refused.
const WAITING: usize = 64;

impl Lane {
    /// Begins a call: what is said from now on is for it.
    pub(crate) fn enter(&self) {
        let mut state = self.lock();
        state.open = true;
        state.said.clear();
    }

    /// Ends the call; what it has not heard is refused or forgotten.
    pub(crate) fn leave(&self) {
        let left = {
            let mut state = self.lock();
            state.open = false;
            state.reader = None;
            std::mem::take(&mut state.said)
        };
        for unowned in left {
            if let Unowned::Question(asking) = unowned {
                refuse(&asking);
            }
        }
    }

    /// What the server says next.
    pub(crate) fn poll_next(&self, task: &Task<'_>) -> Poll<Unowned> {
        let mut state = self.lock();
        if let Some(unowned) = state.said.pop_front() {
            return Poll::Ready(unowned);
        }
        state.reader = Some(task.waker().clone());
        Poll::Pending
    }

    /// Hands something to the call; a question without one is refused.
    fn hear(&self, unowned: Unowned) {
        let mut state = self.lock();
        if state.open && state.said.len() < WAITING {
            state.said.push_back(unowned);
            let reader = state.reader.take();
            drop(state);
            if let Some(reader) = reader {
                reader.wake();
            }
            return;
        }
        drop(state);
        if let Unowned::Question(asking) = unowned {
            refuse(&asking);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that runs under the lock can leave the state half-changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A question that no call owns is refused, never handed to somebody whom it may not be for.
fn refuse(asking: &Asking) {
    let method = asking.question.method();
    let why = format!("{method}: no request is being answered for whose sake it could be asked");
    let refused = asking.reply(ErrorObject::method_not_found(&why).into());
    // It waits for nothing but a place in the stream.
    tokio::spawn(refused);
}

impl Client {
    /// Whether the server speaks the newest protocol version; not while the connection is being made anew.
    pub(crate) fn is_modern(&self) -> bool {
        self.0.live().is_some_and(|live| live.is_modern())
    }

    /// How the connection stands, for a look and no longer.
    pub(crate) fn standing<T>(&self, look: impl FnOnce(&super::State) -> T) -> T {
        look(&self.0.standing())
    }

    /// Ends it as [`Client::close`] does, and waits for nothing.
    pub(crate) fn abandon(&self) {
        drop(self.0.end());
    }

    /// Whether this server's questions say for which request they are: then one client serves many calls at a time.
    pub(crate) fn owns_questions(&self) -> bool {
        self.0.live().is_none_or(|live| live.is_modern() || live.wire.owns_questions())
    }
}
