//! The half that answers the peer's requests.

use super::session::{Talk, Told};
use crate::era::{Incoming, Refusal, modern};
use crate::scan::{BodyKey, Kind, Message, Raw, Scanned, scan};
use bowline_types::jsonrpc::{ErrorObject, Id};
use bytes::Bytes;
use std::collections::HashMap;

/// The requests of a peer that are being answered, each with whatever its driver keeps for it.
#[derive(Debug)]
pub struct Answering<T> {
    running: HashMap<Id, T>,
    depth: usize,
    pub(super) talk: Talk,
}

/// What a line turned out to be.
#[derive(Debug)]
pub enum Received<T> {
    /// A request to answer. Tell [`Answering::started`] if it is not answered at once.
    Request(Incoming),
    /// The peer gave up a request that was being answered: stop, and send nothing more for it.
    Cancelled(T),
    /// The peer gave up something that is not being answered: a request whose answer has left already, or, where the
    /// peer is a server, a `subscriptions/listen` of ours.
    NotRunning(Id),
    /// A request that will not be answered but with this; [`Answering::refusal`] writes it.
    Refused(Refusal),
    /// A response to a request of ours, whether well formed or not.
    Response(Message),
    /// A notification that concerns no request of the peer.
    Notification(Message),
    /// What only a peer with a session says; never without [`Answering::with_sessions`].
    Session(Told),
    /// Nothing that needs anything done.
    Nothing,
}

impl<T> Answering<T> {
    /// A half that has received nothing, and allows messages of this depth. Every request has to say itself which
    /// protocol version it speaks.
    #[must_use]
    pub fn new(depth: usize) -> Self {
        Self { running: HashMap::new(), depth, talk: Talk::default() }
    }

    /// Takes one message of the peer.
    pub fn receive(&mut self, line: Bytes) -> Received<T> {
        let message = match scan(line, self.depth) {
            Ok(Scanned::Message(message)) => message,
            Ok(Scanned::Batch(batch)) => return self.batch(batch),
            Err(fault) => return Received::Refused(fault.into()),
        };
        match message.kind() {
            Ok(Kind::Request) => self.request(message),
            Ok(Kind::Notification) => self.notification(message),
            Ok(Kind::Result | Kind::Error) => Received::Response(message),
            // Answering a broken response could make two peers answer each other for ever.
            Err(_) if message.method().is_empty() && is_response(&message) => {
                Received::Response(message)
            }
            Err(fault) => Received::Refused(Refusal::of(
                &message,
                ErrorObject::invalid_request(fault.to_string()),
            )),
        }
    }

    /// Keeps a request as running.
    pub fn started(&mut self, id: Id, data: T) {
        self.running.insert(id, data);
    }

    /// Ends a request; `None` when it had been cancelled, and nothing may be sent for it.
    pub fn finished(&mut self, id: &Id) -> Option<T> {
        self.running.remove(id)
    }

    /// Whether a request is running, and messages for it may be sent.
    #[must_use]
    pub fn is_running(&self, id: &Id) -> bool {
        self.running.contains_key(id)
    }

    /// What is kept for a running request.
    #[must_use]
    pub fn get(&self, id: &Id) -> Option<&T> {
        self.running.get(id)
    }

    /// How many requests are running.
    #[must_use]
    pub fn len(&self) -> usize {
        self.running.len()
    }

    /// Whether no request is running.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.running.is_empty()
    }

    /// Ends all requests.
    pub fn drain(&mut self) -> impl Iterator<Item = (Id, T)> {
        self.running.drain()
    }

    /// Writes the answer to what was refused.
    #[must_use]
    pub fn refusal(&self, refusal: &Refusal) -> Raw {
        self.talk.error_response(refusal.id.as_deref(), &refusal.error)
    }

    /// The refusal of a request whose id is in use.
    pub(super) fn duplicate(&self, message: &Message) -> Option<Refusal> {
        // With nothing running the id need not even be read.
        if self.running.is_empty() || !self.running.contains_key(&message.id()?) {
            return None;
        }
        let error = ErrorObject::invalid_request("a request with this id is still being answered");
        Some(Refusal::of(message, error))
    }

    /// Ends a request that the peer gave up.
    pub(super) fn cancelled(&mut self, id: Id) -> Received<T> {
        self.running.remove(&id).map_or(Received::NotRunning(id), Received::Cancelled)
    }

    fn request(&mut self, message: Message) -> Received<T> {
        if self.talk.claims(&message) {
            return self.in_session(message);
        }
        if let Some(refusal) = self.duplicate(&message) {
            return Received::Refused(refusal);
        }
        modern::admit(message).map_or_else(Received::Refused, Received::Request)
    }

    fn notification(&mut self, message: Message) -> Received<T> {
        if self.talk.claims_notification(&message) {
            return self.in_session(message);
        }
        if message.method() != "notifications/cancelled" {
            return Received::Notification(message);
        }
        // Malformed ids are ignored, as the specification wants.
        let id = message.body(BodyKey::RequestId).and_then(crate::scan::read_id);
        id.map_or(Received::Nothing, |id| self.cancelled(id))
    }
}

fn is_response(message: &Message) -> bool {
    message.result().is_some() || message.error().is_some()
}

/// The refusal of several messages in one text.
pub(super) fn no_batches() -> Refusal {
    let error = "batches are not allowed; send every message on its own";
    Refusal::anonymous(ErrorObject::invalid_request(error))
}
