//! What a text of a server is.

use super::session;
use crate::era::{Incoming, Stamp, modern};
use crate::outcome::Outcome;
use crate::scan::{BodyKey, Kind, Message, Raw, Scanned, read_id, scan};
use crate::table::{self, RowKind, Sender};
use bowline_types::jsonrpc::{ErrorObject, Id};
use bowline_types::revision::Revision;
use bytes::Bytes;
use memchr::memmem;
use std::sync::Arc;
use std::{iter, option, vec};

/// The reading of a server's messages, for one connection or one stream of it.
#[derive(Clone, Debug)]
pub struct Ear {
    pub(super) depth: usize,
    revision: Option<Revision>,
    /// What is put on a request of the server; only in a session it may send some.
    pub(super) stamp: Option<Arc<Stamp>>,
}

/// What one message of a server is.
#[derive(Debug)]
pub enum Heard {
    /// An answer, or what ought to be one; [`Response::of`](crate::protocol::Response::of) reads it.
    Answer(Message),
    /// Progress of a request of ours.
    Progress(Message),
    /// Another notification.
    Notification(Message),
    /// A request, of a session's server only: a question, or one that no protocol version defines.
    Question(Incoming),
    /// The server gave up a question, or ended a `subscriptions/listen` of ours.
    Cancelled(Id),
    /// A message that is answered by this, where an answer can be sent.
    Reply(Raw),
    /// A message that a server may not send.
    Refused {
        /// Why.
        error: ErrorObject,
        /// What to answer, where an answer can be sent: only a session's server may be answered at all.
        reply: Option<Raw>,
    },
    /// A text that is no message.
    Unreadable {
        /// The request of ours that it seems to answer: it will get no other answer.
        id: Option<Id>,
        /// What is wrong with it.
        fault: Box<str>,
    },
    /// Nothing that needs anything done.
    Nothing,
}

/// What one text of a server is: mostly one message, in one protocol version perhaps several.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "the large one is the usual one")]
pub enum Hearing {
    /// One message.
    One(Heard),
    /// A batch.
    Batch(Vec<Heard>),
}

impl Ear {
    /// The reading before anything is agreed on, of messages of at most this depth.
    #[must_use]
    pub fn new(depth: usize) -> Self {
        Self { depth, revision: None, stamp: None }
    }

    /// The same once this protocol version is agreed on.
    #[must_use]
    pub fn agreed(self, revision: Revision) -> Self {
        Self { revision: Some(revision), stamp: session::stamp(revision), ..self }
    }

    /// The protocol version, once it is agreed on.
    #[must_use]
    pub fn revision(&self) -> Option<Revision> {
        self.revision
    }

    /// Reads one text: a line, the data of an event, a body.
    #[must_use]
    pub fn hear(&self, text: &Bytes) -> Hearing {
        match scan(text.clone(), self.depth) {
            Ok(Scanned::Message(message)) => Hearing::One(self.message(message)),
            Ok(Scanned::Batch(batch)) => session::batch(self, &batch),
            Err(fault) => {
                let (id, fault) = (fault.id.clone(), fault.to_string().into());
                Hearing::One(Heard::Unreadable { id: id.filter(|_| seems_answer(text)), fault })
            }
        }
    }

    /// Writes the answer to a question of the server.
    #[must_use]
    pub fn response(&self, id: &[u8], outcome: &Outcome) -> Raw {
        match self.revision {
            Some(revision) => session::response(revision, id, outcome),
            None => modern::response(id, outcome, None),
        }
    }

    pub(super) fn message(&self, message: Message) -> Heard {
        match message.kind() {
            Ok(Kind::Request) => session::request(self, message),
            Ok(Kind::Notification) => self.notification(message),
            Ok(Kind::Result | Kind::Error) => Heard::Answer(message),
            // Answering a broken response could make two peers answer each other for ever.
            Err(_) if message.result().is_some() || message.error().is_some() => {
                Heard::Answer(message)
            }
            Err(fault) => self.refused(&message, ErrorObject::invalid_request(fault.to_string())),
        }
    }

    /// Refuses a message; only what has an id, of a session's server, is answered.
    pub(super) fn refused(&self, message: &Message, error: ErrorObject) -> Heard {
        let reply = self.stamp.as_ref().and_then(|_| message.id());
        let reply = reply.map(|_| self.response(message.id_text(), &Outcome::Error(error.clone())));
        Heard::Refused { error, reply }
    }

    fn notification(&self, message: Message) -> Heard {
        let method = message.method();
        // One out of place is only passed over: a notification has no answer.
        let misplaced = table::find(&method).is_some_and(|row| {
            self.revision.is_some_and(|revision| !row.exists_in(revision))
                || row.kind != RowKind::Notification
                || row.sender == Sender::Client
        });
        if misplaced {
            return Heard::Nothing;
        }
        match &*method {
            "notifications/cancelled" => message
                .body(BodyKey::RequestId)
                .and_then(read_id)
                .map_or(Heard::Nothing, Heard::Cancelled),
            "notifications/progress" => Heard::Progress(message),
            _ => Heard::Notification(message),
        }
    }
}

/// Whether a text that is no message, or the beginning of one, seems to answer a request: of a request of the server
/// the id is one of its own.
pub(crate) fn seems_answer(text: &[u8]) -> bool {
    let at = |member: &[u8]| memmem::find(text, member);
    let of_request = [at(b"\"method\""), at(b"\"params\"")].into_iter().flatten().min();
    let of_answer = [at(b"\"result\""), at(b"\"error\"")].into_iter().flatten().min();
    match (of_answer, of_request) {
        (Some(answer), Some(request)) => answer < request,
        (answer, _) => answer.is_some(),
    }
}

impl IntoIterator for Hearing {
    type Item = Heard;
    type IntoIter = iter::Chain<option::IntoIter<Heard>, vec::IntoIter<Heard>>;

    fn into_iter(self) -> Self::IntoIter {
        let (one, batch) = match self {
            Self::One(heard) => (Some(heard), Vec::new()),
            Self::Batch(batch) => (None, batch),
        };
        one.into_iter().chain(batch)
    }
}
