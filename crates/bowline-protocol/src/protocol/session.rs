//! The session that a peer may open on a stream.
//!
//! A stream is not of one kind for its life: a message that names one of the newer protocol versions is answered for
//! itself, whatever came before it, and `initialize` opens a session for all those that name none.
//!
//! See [Versioning](https://modelcontextprotocol.io/specification/2026-07-28/basic/versioning#backward-compatibility-with-initialization-based-versions).

use super::answering::{Answering, Received};
use crate::era::legacy::{self, Session, Settings, Step};
use crate::era::{self, Refusal, modern};
use crate::outcome::{Body, Outcome};
use crate::scan::{Message, MetaKey, Raw, Scanned};
use bowline_types::jsonrpc::ErrorObject;
use bowline_types::revision::Revision;
use std::sync::Arc;

/// What only a peer says that opens a session, or has opened one.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "the large one is rare, and taken apart at once")]
pub enum Told {
    /// It wants to open one. Find out what the service tells whoever does so, then call [`Answering::open`]; until
    /// then nothing that came behind may be handled.
    Opening(Message),
    /// The session is there, and this is the answer.
    Initialized(Raw),
    /// The client is ready: from now on it may be asked, and hears of what changes.
    Opened,
    /// A message that is answered by this.
    Reply(Raw),
    /// What the client hears of has changed, see [`Peer::listening`](legacy::Peer::listening); this is the answer.
    Listening(Raw),
    /// Several messages at once. Give each to [`Answering::step`] and act on what it says before the next one; their
    /// answers are sent together, see [`join`](legacy::join).
    Batch(Vec<Step>),
}

/// Whether the peer may open a session, and the one it has opened.
#[derive(Debug, Default)]
pub(super) enum Talk {
    /// It may not.
    #[default]
    Stateless,
    /// It may, and has done so or not.
    Dual(Option<Session>),
}

impl<T> Answering<T> {
    /// The same for a peer that may open a session.
    #[must_use]
    pub fn with_sessions(mut self) -> Self {
        self.talk = Talk::Dual(None);
        self
    }

    /// The session, once it is opened.
    #[must_use]
    pub fn session(&self) -> Option<&Session> {
        match &self.talk {
            Talk::Dual(session) => session.as_ref(),
            Talk::Stateless => None,
        }
    }

    /// Opens the session that [`Told::Opening`] asked for, if the message is a good `initialize`.
    pub fn open(&mut self, settings: Arc<Settings>, message: Message) -> Received<T> {
        let mut session = Session::new(settings);
        let step = session.message(message);
        // A refused one leaves nothing behind, so that the client may try again.
        if session.peer().is_some() {
            self.talk = Talk::Dual(Some(session));
        }
        self.step(step)
    }

    /// Takes one message of a batch.
    pub fn step(&mut self, step: Step) -> Received<T> {
        match step {
            Step::Admit(incoming) => match self.duplicate(incoming.message()) {
                Some(refusal) => Received::Refused(refusal),
                None => Received::Request(incoming),
            },
            Step::Initialized(reply) => Received::Session(Told::Initialized(reply)),
            Step::Opened => Received::Session(Told::Opened),
            Step::Reply(reply) | Step::Refused { reply, .. } | Step::LogLevel { reply, .. } => {
                Received::Session(Told::Reply(reply))
            }
            Step::Subscribe { reply, .. } | Step::Unsubscribe { reply, .. } => {
                Received::Session(Told::Listening(reply))
            }
            Step::Cancelled(id) => self.cancelled(id),
            Step::Response(message) => Received::Response(message),
            Step::RootsChanged(message) | Step::Notification(message) => {
                Received::Notification(message)
            }
            // No request of ours asks for progress.
            Step::Progress(_) | Step::Ignore => Received::Nothing,
        }
    }

    /// Takes a message that [`Talk::claims`].
    pub(super) fn in_session(&mut self, message: Message) -> Received<T> {
        if let Talk::Dual(Some(session)) = &mut self.talk {
            let step = session.message(message);
            return self.step(step);
        }
        match &*message.method() {
            "initialize" => Received::Session(Told::Opening(message)),
            "ping" => Received::Session(Told::Reply(pong(&message))),
            _ => Received::Refused(Refusal::of(&message, no_session())),
        }
    }

    /// Takes several messages in one text.
    pub(super) fn batch(&mut self, batch: Raw) -> Received<T> {
        let Talk::Dual(Some(session)) = &mut self.talk else {
            return Received::Refused(super::answering::no_batches());
        };
        match session.receive(Scanned::Batch(batch)) {
            legacy::Received::Batch(steps) => Received::Session(Told::Batch(steps)),
            legacy::Received::One(Step::Refused { error, .. }) => {
                Received::Refused(Refusal::anonymous(error))
            }
            legacy::Received::One(step) => self.step(step),
        }
    }
}

impl Talk {
    /// Whether a request is one of a session, or wants to be: it names no protocol version, or one that only sessions
    /// have.
    pub(super) fn claims(&self, message: &Message) -> bool {
        matches!(self, Self::Dual(_)) && message.meta(MetaKey::ProtocolVersion).is_none_or(is_old)
    }

    /// Whether a notification is one of a session.
    pub(super) fn claims_notification(&self, message: &Message) -> bool {
        matches!(self, Self::Dual(Some(_))) && self.claims(message)
    }

    pub(super) fn error_response(&self, id: Option<&[u8]>, error: &ErrorObject) -> Raw {
        match self {
            Self::Dual(Some(session)) => legacy::error_response(session.revision(), id, error),
            Self::Dual(None) | Self::Stateless => modern::error_response(id, error),
        }
    }
}

/// Whether this text names a protocol version that only sessions have.
fn is_old(text: &[u8]) -> bool {
    let named = text.strip_prefix(b"\"").and_then(|text| text.strip_suffix(b"\""));
    let is_named = |revision: &Revision| named == Some(revision.as_str().as_bytes());
    legacy::SUPPORTED.iter().any(is_named)
}

/// The answer to `ping`, which is allowed before any protocol version is agreed on and looks the same in all.
fn pong(message: &Message) -> Raw {
    let done = Outcome::complete(Body::empty());
    legacy::response(legacy::SUPPORTED[0], "ping", message.id_text(), &done)
}

/// What a peer is told that neither opened a session nor says which protocol version it speaks.
fn no_session() -> ErrorObject {
    let names = |revisions: &[Revision]| {
        revisions.iter().map(|revision| revision.as_str()).collect::<Vec<_>>().join(", ")
    };
    let (old, new) = (names(legacy::SUPPORTED), names(modern::SUPPORTED));
    let key = MetaKey::ProtocolVersion.name();
    let supported: Vec<_> = era::supported().map(|one| one.as_str().to_owned()).collect();
    let error = format!(
        "params._meta.{key}: missing; send it with every request ({new}), or `initialize` first ({old})"
    );
    ErrorObject::invalid_params(error).data(serde_json::json!({ "supported": supported }))
}
