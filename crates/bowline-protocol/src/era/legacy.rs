//! The protocol versions in which a session is opened by `initialize` and stays open.
//!
//! A [`Session`] is what the server's side remembers: which protocol version was agreed on, who the client is, what it
//! can do, how much it wants to hear, and which resources it watches. It puts that on every request as a [`Stamp`], so
//! that behind it a request looks like one that says everything itself. It decides over messages and nothing else: it
//! sends nothing, keeps no calls and knows no time.
//!
//! See [Lifecycle](https://modelcontextprotocol.io/specification/2025-11-25/basic/lifecycle).

pub(in crate::era) mod batch;
mod initialize;
mod peer;
mod restore;
mod settings;
mod state;
mod write;

#[cfg(test)]
mod tests;

pub use batch::join;
pub use peer::Peer;
pub use settings::Settings;
pub use state::{AwaitInitialize, AwaitInitialized, Closed, Open};
pub use write::{error_response, notification, response, response_pieces};

use super::{Incoming, Refusal, Stamp};
use crate::scan::{Kind, Message, MetaKey, Raw, Scanned};
use bowline_types::jsonrpc::{ErrorObject, Id};
use bowline_types::log::LoggingLevel;
use bowline_types::revision::Revision;
use std::mem;
use std::sync::Arc;

/// The protocol versions of this kind, newest first.
pub const SUPPORTED: &[Revision] =
    &[Revision::V2025_11_25, Revision::V2025_06_18, Revision::V2025_03_26, Revision::V2024_11_05];

/// The protocol version to answer an offer with: the one offered if it is one of these, else the newest of them.
///
/// See [Version negotiation](https://modelcontextprotocol.io/specification/2025-11-25/basic/lifecycle#version-negotiation).
#[must_use]
pub fn negotiate(offered: &str) -> Revision {
    let same = SUPPORTED.iter().copied().find(|revision| revision.as_str() == offered);
    same.unwrap_or(SUPPORTED[0])
}

/// Whether a message wants to open a session, rather than being one of a newer protocol version.
#[must_use]
pub fn opens(message: &Message) -> bool {
    message.meta(MetaKey::ProtocolVersion).is_none() && message.method() == "initialize"
}

/// One client's session, at the server.
#[derive(Debug)]
pub enum Session {
    /// Nothing has been agreed on.
    AwaitInitialize(AwaitInitialize),
    /// `initialize` is answered, and the client has not said yet that it is ready.
    AwaitInitialized(AwaitInitialized),
    /// Both sides may say everything.
    Open(Open),
    /// Nothing more is answered.
    Closed(Closed),
}

/// What a message of the client means.
#[derive(Debug)]
pub enum Step {
    /// A request for the server.
    Admit(Incoming),
    /// The session has been opened; this is the answer.
    Initialized(Raw),
    /// A request that is answered by this, and changes nothing.
    Reply(Raw),
    /// A request that is refused.
    Refused {
        /// Why.
        error: ErrorObject,
        /// The answer.
        reply: Raw,
    },
    /// The client said that it is ready: from now on it may be asked.
    Opened,
    /// The client set the least severe log message that it wants, for every request from now on.
    LogLevel {
        /// That level.
        level: LoggingLevel,
        /// The answer.
        reply: Raw,
    },
    /// The client wants to hear of changes of a resource. [`Peer::listening`] has all of them.
    Subscribe {
        /// The resource.
        uri: Box<str>,
        /// The answer.
        reply: Raw,
    },
    /// The client wants to hear of changes of a resource no more.
    Unsubscribe {
        /// The resource.
        uri: Box<str>,
        /// The answer.
        reply: Raw,
    },
    /// The roots of the client changed: whoever remembers them asks again.
    RootsChanged(Message),
    /// The client gave up a request of its own, which may be answered already or never have been there.
    Cancelled(Id),
    /// The client tells how far it is with a request of ours.
    Progress(Message),
    /// The client answers a request of ours.
    Response(Message),
    /// A notification that the protocol does not define.
    Notification(Message),
    /// Nothing that needs anything done.
    Ignore,
}

/// What a text of the client means.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "the large one is the usual one")]
pub enum Received {
    /// It was one message.
    One(Step),
    /// It was a batch: its requests are answered together, see [`join`].
    Batch(Vec<Step>),
}

impl Session {
    /// A session that its client has not opened yet.
    #[must_use]
    pub fn new(settings: Arc<Settings>) -> Self {
        Self::AwaitInitialize(AwaitInitialize::new(settings))
    }

    /// Takes what the client sent.
    pub fn receive(&mut self, scanned: Scanned) -> Received {
        match scanned {
            Scanned::Message(message) => Received::One(self.message(message)),
            Scanned::Batch(batch) => self.batch(&batch),
        }
    }

    /// Takes one message of the client.
    pub fn message(&mut self, message: Message) -> Step {
        let (next, step) = match mem::replace(self, Self::Closed(Closed)) {
            Self::AwaitInitialize(state) => state.receive(&message),
            Self::AwaitInitialized(state) => state.receive(message),
            Self::Open(state) => state.receive(message),
            Self::Closed(state) => state.receive(&message),
        };
        *self = next;
        step
    }

    /// The answer to a text that is no message, and why.
    #[must_use]
    pub fn unreadable(&self, refusal: Refusal) -> Step {
        let reply = error_response(self.revision(), refusal.id.as_deref(), &refusal.error);
        Step::Refused { error: refusal.error, reply }
    }

    /// Closes the session.
    pub fn close(&mut self) {
        *self = Self::Closed(Closed);
    }

    /// The client, once `initialize` is answered and until the session is closed.
    #[must_use]
    pub fn peer(&self) -> Option<&Peer> {
        match self {
            Self::AwaitInitialize(_) | Self::Closed(_) => None,
            Self::AwaitInitialized(state) => Some(state.peer()),
            Self::Open(state) => Some(state.peer()),
        }
    }

    /// The protocol version of the session, once `initialize` is answered and until it is closed.
    #[must_use]
    pub fn revision(&self) -> Option<Revision> {
        self.peer().map(Peer::revision)
    }

    /// Whether the client may be asked; before, only `ping` and log messages may be sent to it.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Open(_))
    }

    fn batch(&mut self, batch: &Raw) -> Received {
        let messages = match batch::split(batch, self.peer()) {
            Ok(messages) => messages,
            Err(error) => return Received::One(self.unreadable(Refusal::anonymous(error))),
        };
        let steps = messages.into_iter().map(|message| match message {
            Ok(message) => self.message(message),
            Err(refusal) => self.unreadable(refusal),
        });
        Received::Batch(steps.collect())
    }
}

/// What a message is, a broken response counted as a response: two peers that answered those would never end.
fn kind_of(message: &Message) -> Result<Kind, ErrorObject> {
    message.kind().or_else(|fault| {
        let response = message.result().is_some() || message.error().is_some();
        if message.method().is_empty() && response {
            return Ok(Kind::Error);
        }
        Err(ErrorObject::invalid_request(fault.to_string()))
    })
}

/// Refuses a request.
fn refused(message: &Message, revision: Option<Revision>, error: ErrorObject) -> Step {
    let id = message.id().map(|_| message.id_text());
    Step::Refused { reply: error_response(revision, id, &error), error }
}
