//! The half that sends requests of ours and waits for what comes back.

use super::request::Request;
use crate::scan::{BodyKey, Kind, Message, Raw, encode_text, read_id};
use bowline_types::jsonrpc::{ErrorObject, Id};
use std::collections::{HashMap, VecDeque};

/// The requests of ours that are not answered yet, each with whatever its driver keeps for it.
///
/// Ids count up from 1 and are never used twice; the id of a request is its progress token too.
#[derive(Debug)]
pub struct Asking<D> {
    pending: HashMap<i64, Pending<D>>,
    last_id: i64,
    /// The newest of those that were given up, to tell a late answer from a second one.
    given_up: VecDeque<i64>,
    ignored: Ignored,
}

#[derive(Debug)]
struct Pending<D> {
    data: D,
    progress: bool,
    listen: bool,
}

/// An answered request.
#[derive(Debug)]
pub struct Answered<D> {
    /// The request's id.
    pub id: i64,
    /// What was kept for it.
    pub data: D,
    /// The answer.
    pub response: Response,
}

/// What a request was answered with.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "results are the rule, and made to be taken apart at once"
)]
pub enum Response {
    /// A result; [`Message::result`] has it.
    Result(Message),
    /// An error.
    Error(ErrorObject),
    /// Something that names the request but is no response, and what is wrong with it.
    Malformed(Box<str>),
}

impl Response {
    /// Reads what is one by its members, or ought to be.
    #[must_use]
    pub fn of(message: Message) -> Self {
        match message.kind() {
            Ok(Kind::Error) => match error_of(&message) {
                Ok(error) => Self::Error(error),
                Err(fault) => Self::Malformed(fault.into()),
            },
            Ok(Kind::Result) => Self::Result(message),
            Ok(Kind::Request | Kind::Notification) => Self::Malformed("not a response".into()),
            Err(fault) => Self::Malformed(fault.to_string().into()),
        }
    }
}

/// Messages that belonged to no request of ours, by what was wrong with them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ignored {
    /// Answers to requests that had been cancelled or had run out of time.
    pub late: u64,
    /// Answers to requests that had been answered before.
    pub double: u64,
    /// Answers with an integer that we never used as an id.
    pub unknown: u64,
    /// Answers with an id of a kind that we never use.
    pub foreign: u64,
    /// Progress with a token that no open request of ours carries.
    pub progress: u64,
}

/// How many given-up ids are remembered. An older late answer counts as a second one, which changes nothing else.
const REMEMBERED: usize = 256;

impl<D> Default for Asking<D> {
    fn default() -> Self {
        Self {
            pending: HashMap::new(),
            last_id: 0,
            given_up: VecDeque::new(),
            ignored: Ignored::default(),
        }
    }
}

impl<D> Asking<D> {
    /// A half that has sent nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes a request pending; the message is to be sent.
    pub fn call(&mut self, request: &Request, data: D) -> (i64, Raw) {
        self.last_id += 1;
        let id = self.last_id;
        let (progress, listen) = (request.wants_progress(), request.is_listen());
        self.pending.insert(id, Pending { data, progress, listen });
        (id, request.write(id))
    }

    /// Takes a response; `None` when no open request of ours has its id.
    ///
    /// # Errors
    /// The error of a response that names no request: the peer could not read something of ours.
    pub fn receive(&mut self, message: Message) -> Result<Option<Answered<D>>, ErrorObject> {
        let kind = message.kind();
        if kind == Ok(Kind::Error) && message.id().is_none() {
            return Err(error_of(&message).unwrap_or_else(|fault| {
                ErrorObject::internal_error(format!("peer sent a malformed error: {fault}"))
            }));
        }
        let Some((id, pending)) = message.id().and_then(|id| self.claim(&id)) else {
            return Ok(None);
        };
        Ok(Some(Answered { id, data: pending.data, response: Response::of(message) }))
    }

    /// Takes a text that was no message, but named this request as the one it answers; `None` when it is not open.
    pub fn spoil(&mut self, id: &Id, fault: &str) -> Option<Answered<D>> {
        let Id::Int(id) = *id else {
            return None;
        };
        let data = self.pending.remove(&id)?.data;
        Some(Answered { id, data, response: Response::Malformed(fault.into()) })
    }

    /// Takes a progress notification; the id of the request it belongs to.
    pub fn progress(&mut self, notification: &Message) -> Option<i64> {
        let token = notification.body(BodyKey::ProgressToken).and_then(read_id);
        let found = match token {
            Some(Id::Int(id)) => {
                self.pending.get(&id).is_some_and(|pending| pending.progress).then_some(id)
            }
            _ => None,
        };
        if found.is_none() {
            self.ignored.progress += 1;
        }
        found
    }

    /// Gives up a request, if it is open; the notification that tells the peer is to be sent.
    ///
    /// See [Cancellation](https://modelcontextprotocol.io/specification/2026-07-28/basic/patterns/cancellation).
    pub fn cancel(&mut self, id: i64, reason: Option<&str>) -> Option<(D, Raw)> {
        let pending = self.pending.remove(&id)?;
        self.give_up(id);
        Some((pending.data, cancelled(id, reason)))
    }

    /// Takes the peer's end of a `subscriptions/listen` of ours; `None` when the id is of no such request.
    pub fn end_listen(&mut self, id: &Id) -> Option<(i64, D)> {
        let Id::Int(id) = *id else {
            return None;
        };
        self.pending.get(&id).filter(|pending| pending.listen)?;
        let pending = self.pending.remove(&id)?;
        self.give_up(id);
        Some((id, pending.data))
    }

    /// What is kept for an open request.
    #[must_use]
    pub fn data(&self, id: i64) -> Option<&D> {
        self.pending.get(&id).map(|pending| &pending.data)
    }

    /// As [`Asking::data`], to change it.
    pub fn data_mut(&mut self, id: i64) -> Option<&mut D> {
        self.pending.get_mut(&id).map(|pending| &mut pending.data)
    }

    /// The ids of the open requests for which this was kept, in the order in which they were sent.
    #[must_use]
    pub fn ids_where(&self, mut wanted: impl FnMut(&D) -> bool) -> Vec<i64> {
        let open = self.pending.iter().filter(|(_, pending)| wanted(&pending.data));
        let mut ids: Vec<i64> = open.map(|(&id, _)| id).collect();
        ids.sort_unstable();
        ids
    }

    /// How many requests are open.
    #[must_use]
    pub fn len(&self) -> usize {
        self.pending.len()
    }

    /// Whether no request is open.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }

    /// What came for no request of ours.
    #[must_use]
    pub fn ignored(&self) -> Ignored {
        self.ignored
    }

    /// Ends all requests, for when the stream has ended; nothing is to be sent.
    pub fn drain(&mut self) -> impl Iterator<Item = (i64, D)> {
        self.pending.drain().map(|(id, pending)| (id, pending.data))
    }

    /// Takes out the request that a response names, or counts why there is none.
    fn claim(&mut self, id: &Id) -> Option<(i64, Pending<D>)> {
        let Id::Int(id) = *id else {
            self.ignored.foreign += 1;
            return None;
        };
        if let Some(pending) = self.pending.remove(&id) {
            return Some((id, pending));
        }
        if id < 1 || id > self.last_id {
            self.ignored.unknown += 1;
        } else if let Some(at) = self.given_up.iter().position(|&given_up| given_up == id) {
            // The next answer to it is a second one.
            self.given_up.remove(at);
            self.ignored.late += 1;
        } else {
            self.ignored.double += 1;
        }
        None
    }

    fn give_up(&mut self, id: i64) {
        if self.given_up.len() == REMEMBERED {
            self.given_up.pop_front();
        }
        self.given_up.push_back(id);
    }
}

fn error_of(message: &Message) -> Result<ErrorObject, String> {
    let error = message.error().ok_or("`error` is missing")?;
    error.decode().map_err(|fault| fault.to_string())
}

fn cancelled(id: i64, reason: Option<&str>) -> Raw {
    let mut params = format!("{{\"requestId\":{id}").into_bytes();
    if let Some(reason) = reason {
        params.extend_from_slice(b",\"reason\":");
        encode_text(&mut params, reason);
    }
    params.push(b'}');
    crate::write::notification_raw("notifications/cancelled", Some(&params))
}
