//! Both halves on one stream.

use super::answering::{Answering, Received};
use super::asking::{Answered, Asking};
use super::request::Request;
use super::throttle::Throttle;
use crate::era::{Incoming, Refusal, modern};
use crate::outcome::Outcome;
use crate::scan::{Message, Raw};
use bowline_types::jsonrpc::{ErrorObject, Id};
use bytes::Bytes;
use core::time::Duration;
use std::collections::VecDeque;

/// One side of a duplex exchange: it answers the peer's requests and sends its own.
///
/// `T` is kept for every request of the peer, `D` for every request of ours. Put what arrives into
/// [`receive`](Self::receive), send what [`poll_transmit`](Self::poll_transmit) gives, and call
/// [`handle_timeout`](Self::handle_timeout) at the time that [`poll_timeout`](Self::poll_timeout) names.
///
/// The driver bounds what waits for transmission by sending it before it receives more.
#[derive(Debug)]
pub struct Protocol<T, D> {
    answering: Answering<T>,
    asking: Asking<D>,
    transmit: VecDeque<Raw>,
    throttle: Throttle,
    server_info: Option<Raw>,
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
    /// Nothing that needs anything done.
    Nothing,
}

/// A request of ours that ran out of time. The peer is told.
#[derive(Debug)]
pub struct Expired<D> {
    /// The request's id.
    pub id: i64,
    /// What was kept for it.
    pub data: D,
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
        }
    }

    /// Sets what goes into the `_meta` of every result as `io.modelcontextprotocol/serverInfo`.
    #[must_use]
    pub fn server_info(mut self, info: Raw) -> Self {
        self.server_info = Some(info);
        self
    }

    /// Takes one line of the peer.
    pub fn receive(&mut self, now: Duration, line: Bytes) -> Event<T, D> {
        match self.answering.receive(line) {
            Received::Request(incoming) => Event::Request(incoming),
            Received::Cancelled(data) => Event::Cancelled(data),
            Received::NotRunning(id) => match self.asking.end_listen(&id) {
                Some((id, data)) => Event::Ended { id, data },
                None => Event::Nothing,
            },
            Received::Refused(refusal) => self.refuse(now, refusal),
            Received::Response(message) => match self.asking.receive(message) {
                Ok(Some(answered)) => Event::Answered(answered),
                Ok(None) => Event::Nothing,
                Err(stray) => Event::Stray(stray),
            },
            Received::Notification(message) => self.notification(now, message),
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
        self.transmit.push_back(modern::response(&id, outcome, self.server_info.as_ref()));
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
    pub fn call(&mut self, now: Duration, request: &Request, data: D) -> i64 {
        let (id, message) = self.asking.call(now, request, data);
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

    /// When [`Protocol::handle_timeout`] wants to be called next.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        self.asking.poll_timeout()
    }

    /// Gives up one request of ours that is due; to be called until it returns `None`.
    pub fn handle_timeout(&mut self, now: Duration) -> Option<Expired<D>> {
        let (id, data, notification) = self.asking.handle_timeout(now)?;
        self.transmit.push_back(notification);
        Some(Expired { id, data })
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

    /// The requests of ours, to pause and resume them.
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

    fn notification(&mut self, now: Duration, message: Message) -> Event<T, D> {
        if message.method() != "notifications/progress" {
            return Event::Notification(message);
        }
        match self.asking.progress(now, &message) {
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
