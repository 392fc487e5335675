//! Both halves on one stream.

use super::answering::{Answering, Received};
use super::asking::{Answered, Asking};
use super::request::Request;
use super::throttle::Throttle;
use crate::era::client::{Ear, Heard, Hearing, seems_answer};
use crate::era::{Incoming, Refusal, modern};
use crate::outcome::Outcome;
use crate::scan::{Message, Raw, recover_id};
use bowline_types::jsonrpc::{ErrorObject, Id};
use bowline_types::revision::Revision;
use bytes::Bytes;
use core::time::Duration;
use std::collections::VecDeque;

/// One side of a duplex exchange: it answers the peer's requests and sends its own.
///
/// `T` is kept for every request of the peer, `D` for every request of ours. Put what arrives into
/// [`receive`](Self::receive) and send what [`poll_transmit`](Self::poll_transmit) gives. How long a request may take is
/// the driver's to know, with a [`Clock`](super::Clock) for each.
///
/// The driver bounds what waits for transmission by sending it before it receives more.
#[derive(Debug)]
pub struct Protocol<T, D> {
    answering: Answering<T>,
    asking: Asking<D>,
    transmit: VecDeque<Raw>,
    throttle: Throttle,
    server_info: Option<Raw>,
    /// How to hear a peer that is a server; `None` for a peer that is a client.
    ear: Option<Ear>,
}

/// What a line of the peer means for the driver.
#[derive(Debug)]
pub enum Event<T, D> {
    /// A request to answer: keep it with [`Protocol::started`], then answer it with [`Protocol::finish`].
    Request(Incoming),
    /// The peer gave up a request that was being answered: stop.
    Cancelled(T),
    /// A request of ours was answered.
    Answered(Answered<D>),
    /// A request of ours makes progress.
    Progress {
        /// The request's id.
        id: i64,
        /// The notification.
        notification: Message,
    },
    /// The peer ended a `subscriptions/listen` of ours without an answer.
    Ended {
        /// The request's id.
        id: i64,
        /// What was kept for it.
        data: D,
    },
    /// A notification that concerns no request by its id or token.
    Notification(Message),
    /// An error that names no request: the peer could not read something of ours.
    Stray(ErrorObject),
    /// The line was refused; the reply, if one is due, waits for transmission.
    Refused(ErrorObject),
    /// Several of these at once, from a server of the one protocol version that had batches.
    Batch(Vec<Self>),
    /// Nothing that needs anything done.
    Nothing,
}

impl<T, D> Protocol<T, D> {
    /// A side that has said and heard nothing, and allows messages of this depth.
    #[must_use]
    pub fn new(depth: usize) -> Self {
        Self {
            answering: Answering::new(depth),
            asking: Asking::new(),
            transmit: VecDeque::new(),
            throttle: Throttle::default(),
            server_info: None,
            ear: None,
        }
    }

    /// The side of a client: its peer is a server, and nothing is agreed on yet. It allows messages of this depth.
    #[must_use]
    pub fn of_client(depth: usize) -> Self {
        Self { ear: Some(Ear::new(depth)), ..Self::new(depth) }
    }

    /// Takes what a client and its server agreed on: from now on messages of the server mean what they mean in this
    /// protocol version, and its requests are answered as it has it.
    pub fn agreed(&mut self, revision: Revision) {
        self.ear = self.ear.take().map(|ear| ear.agreed(revision));
    }

    /// Sets what goes into the `_meta` of every result as `io.modelcontextprotocol/serverInfo`.
    #[must_use]
    pub fn server_info(mut self, info: Raw) -> Self {
        self.server_info = Some(info);
        self
    }

    /// Takes one line of the peer.
    pub fn receive(&mut self, now: Duration, line: Bytes) -> Event<T, D> {
        match self.ear.as_ref().map(|ear| ear.hear(&line)) {
            None => self.of_peer_client(now, line),
            Some(Hearing::One(heard)) => self.of_server(heard),
            Some(Hearing::Batch(batch)) => {
                Event::Batch(batch.into_iter().map(|heard| self.of_server(heard)).collect())
            }
        }
    }

    /// Takes the beginning of a line that is too long to be kept: the request of ours that it seems to answer, which
    /// will get no other answer.
    pub fn cut_off(&mut self, prefix: &[u8], fault: &str) -> Option<Answered<D>> {
        let id = seems_answer(prefix).then(|| recover_id(prefix)).flatten()?;
        self.asking.spoil(&id, fault)
    }

    /// Takes a text that is no message, but names this request of ours as the one it answers.
    pub fn spoil(&mut self, id: &Id, fault: &str) -> Option<Answered<D>> {
        self.asking.spoil(id, fault)
    }

    fn of_peer_client(&mut self, now: Duration, line: Bytes) -> Event<T, D> {
        match self.answering.receive(line) {
            Received::Request(incoming) => Event::Request(incoming),
            Received::Cancelled(data) => Event::Cancelled(data),
            Received::NotRunning(id) => self.ended(&id),
            Received::Refused(refusal) => self.refuse(now, refusal),
            Received::Response(message) => self.answered(message),
            Received::Notification(message) => self.notification(message),
            // Without sessions there is nothing of one.
            Received::Session(_) | Received::Nothing => Event::Nothing,
        }
    }

    /// Keeps a request of the peer as running.
    pub fn started(&mut self, id: Id, data: T) {
        self.answering.started(id, data);
    }

    /// Answers a request of the peer; `None`, and nothing is sent, when it had been cancelled.
    pub fn finish(&mut self, id: &Id, outcome: &Outcome) -> Option<T> {
        let data = self.answering.finished(id)?;
        let id = crate::era::id_text(id);
        self.transmit.push_back(match &self.ear {
            Some(ear) => ear.response(&id, outcome),
            None => modern::response(&id, outcome, self.server_info.as_ref()),
        });
        Some(data)
    }

    /// Sends a notification that belongs to a request of the peer; `false`, and nothing is sent, when the request is
    /// not running.
    pub fn notify_for(&mut self, id: &Id, notification: Raw) -> bool {
        let running = self.answering.is_running(id);
        if running {
            self.transmit.push_back(notification);
        }
        running
    }

    /// Sends a notification that belongs to no request.
    pub fn notify(&mut self, notification: Raw) {
        self.transmit.push_back(notification);
    }

    /// Sends a request of ours and returns its id.
    pub fn call(&mut self, request: &Request, data: D) -> i64 {
        let (id, message) = self.asking.call(request, data);
        self.transmit.push_back(message);
        id
    }

    /// Gives up a request of ours, if it is open, and tells the peer.
    pub fn cancel(&mut self, id: i64, reason: Option<&str>) -> Option<D> {
        let (data, notification) = self.asking.cancel(id, reason)?;
        self.transmit.push_back(notification);
        Some(data)
    }

    /// The next message to send, without its line ending.
    pub fn poll_transmit(&mut self) -> Option<Raw> {
        self.transmit.pop_front()
    }

    /// The requests of the peer.
    #[must_use]
    pub fn answering(&self) -> &Answering<T> {
        &self.answering
    }

    /// The requests of ours.
    #[must_use]
    pub fn asking(&self) -> &Asking<D> {
        &self.asking
    }

    /// The requests of ours, to change what is kept for them.
    pub fn asking_mut(&mut self) -> &mut Asking<D> {
        &mut self.asking
    }

    /// How many errors without an id were not sent because there were too many.
    #[must_use]
    pub fn unsent_errors(&self) -> u64 {
        self.throttle.dropped()
    }

    /// Ends everything, for when the stream has ended: what was kept for the peer's requests and for ours.
    pub fn end(&mut self) -> (Vec<T>, Vec<D>) {
        let answering = self.answering.drain().map(|(_, data)| data).collect();
        (answering, self.asking.drain().map(|(_, data)| data).collect())
    }

    fn of_server(&mut self, heard: Heard) -> Event<T, D> {
        match heard {
            Heard::Answer(message) => self.answered(message),
            Heard::Progress(message) => self.progress(message),
            Heard::Notification(message) => Event::Notification(message),
            Heard::Question(incoming) => match self.answering.duplicate(incoming.message()) {
                Some(refusal) => {
                    let id = refusal.id.unwrap_or_default();
                    let outcome = Outcome::Error(refusal.error.clone());
                    self.transmit.extend(self.ear.as_ref().map(|ear| ear.response(&id, &outcome)));
                    Event::Refused(refusal.error)
                }
                None => Event::Request(incoming),
            },
            Heard::Cancelled(id) => match self.answering.finished(&id) {
                Some(data) => Event::Cancelled(data),
                None => self.ended(&id),
            },
            Heard::Reply(reply) => {
                self.transmit.push_back(reply);
                Event::Nothing
            }
            Heard::Refused { error, reply } => {
                self.transmit.extend(reply);
                Event::Refused(error)
            }
            Heard::Unreadable { id, fault } => {
                let spoilt = id.and_then(|id| self.asking.spoil(&id, &fault));
                let refused = || Event::Refused(ErrorObject::parse_error(fault));
                spoilt.map_or_else(refused, Event::Answered)
            }
            Heard::Nothing => Event::Nothing,
        }
    }

    fn answered(&mut self, response: Message) -> Event<T, D> {
        match self.asking.receive(response) {
            Ok(Some(answered)) => Event::Answered(answered),
            Ok(None) => Event::Nothing,
            Err(stray) => Event::Stray(stray),
        }
    }

    fn ended(&mut self, id: &Id) -> Event<T, D> {
        match self.asking.end_listen(id) {
            Some((id, data)) => Event::Ended { id, data },
            None => Event::Nothing,
        }
    }

    fn notification(&mut self, message: Message) -> Event<T, D> {
        if message.method() != "notifications/progress" {
            return Event::Notification(message);
        }
        self.progress(message)
    }

    fn progress(&mut self, message: Message) -> Event<T, D> {
        match self.asking.progress(&message) {
            Some(id) => Event::Progress { id, notification: message },
            None => Event::Nothing,
        }
    }

    fn refuse(&mut self, now: Duration, refusal: Refusal) -> Event<T, D> {
        if refusal.id.is_some() || self.throttle.allows(now) {
            self.transmit.push_back(modern::error_response(refusal.id.as_deref(), &refusal.error));
        }
        Event::Refused(refusal.error)
    }
}
