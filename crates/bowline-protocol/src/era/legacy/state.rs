//! The states of a session, and what each makes of a message.

use super::{Peer, Session, Settings, Step, initialize, kind_of, refused, write};
use crate::scan::{Kind, Message};
use bowline_types::jsonrpc::ErrorObject;
use std::sync::Arc;

/// The client has not sent `initialize`: there is no protocol version to speak, so that nothing else can be answered
/// but `ping`.
#[derive(Debug)]
pub struct AwaitInitialize {
    settings: Arc<Settings>,
}

impl AwaitInitialize {
    pub(super) fn new(settings: Arc<Settings>) -> Self {
        Self { settings }
    }

    pub(super) fn receive(self, message: &Message) -> (Session, Step) {
        let kind = match kind_of(message) {
            Ok(kind) => kind,
            Err(error) => return (self.into(), refused(message, None, error)),
        };
        if kind != Kind::Request {
            return (self.into(), Step::Ignore);
        }
        match &*message.method() {
            "initialize" => self.initialize(message),
            "ping" => (self.into(), Step::Reply(write::empty(message.id_text()))),
            _ => {
                let error = "no session is open; send `initialize` first";
                let error = ErrorObject::invalid_request(error);
                (self.into(), refused(message, None, error))
            }
        }
    }

    /// A refused `initialize` leaves the session as it was, so that the client may try again.
    fn initialize(self, message: &Message) -> (Session, Step) {
        match initialize::read(message, &self.settings) {
            Ok((revision, stamp)) => {
                let reply = write::initialized(message.id_text(), self.settings.result(revision));
                let peer = Peer::new(self.settings, revision, stamp);
                (AwaitInitialized { peer }.into(), Step::Initialized(reply))
            }
            Err(error) => (self.into(), refused(message, None, error)),
        }
    }
}

/// The client has its answer to `initialize` and has not sent `notifications/initialized`.
///
/// Its requests are served: all protocol versions forbid them only until `initialize` is answered, and over HTTP they
/// may well overtake the notification. Ours have to wait for it.
#[derive(Debug)]
pub struct AwaitInitialized {
    pub(super) peer: Peer,
}

impl AwaitInitialized {
    /// The client.
    #[must_use]
    pub fn peer(&self) -> &Peer {
        &self.peer
    }

    pub(super) fn receive(mut self, message: Message) -> (Session, Step) {
        if message.id_text().is_empty() && message.method() == "notifications/initialized" {
            return (Open { peer: self.peer }.into(), Step::Opened);
        }
        let step = self.peer.receive(message);
        (self.into(), step)
    }
}

/// The client is ready.
#[derive(Debug)]
pub struct Open {
    pub(super) peer: Peer,
}

impl Open {
    /// The client.
    #[must_use]
    pub fn peer(&self) -> &Peer {
        &self.peer
    }

    pub(super) fn receive(mut self, message: Message) -> (Session, Step) {
        let step = self.peer.receive(message);
        (self.into(), step)
    }
}

/// The session has ended.
#[derive(Debug)]
pub struct Closed;

impl Closed {
    pub(super) fn receive(self, message: &Message) -> (Session, Step) {
        let step = match kind_of(message) {
            Ok(Kind::Request) => {
                let error = ErrorObject::invalid_request("the session is closed; open a new one");
                refused(message, None, error)
            }
            _ => Step::Ignore,
        };
        (self.into(), step)
    }
}

macro_rules! into_session {
    ($($state:ident),+) => {
        $(impl From<$state> for Session {
            fn from(state: $state) -> Self {
                Self::$state(state)
            }
        })+
    };
}

into_session!(AwaitInitialize, AwaitInitialized, Open, Closed);
