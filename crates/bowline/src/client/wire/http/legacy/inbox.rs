//! Open requests of which something is said on a stream that they share.

use crate::client::wire::slot::Slot;
use crate::client::wire::{Event, Failure};
use crate::error::Error;
use bowline_protocol::protocol::Response;
use bowline_protocol::scan::{BodyKey, Message};
use bowline_types::jsonrpc::Id;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context as Task, Poll};

/// The open requests of a wire.
#[derive(Debug, Default)]
pub(super) struct Inboxes(Mutex<Open>);

#[derive(Debug, Default)]
struct Open {
    by_id: HashMap<i64, Arc<Inbox>>,
    /// The last ones that were given up: some servers answer them all the same.
    given_up: VecDeque<i64>,
    /// Why nothing comes any more.
    lost: Option<Box<str>>,
}

/// How many requests that were given up are remembered. A later answer to an older one is a fault.
const REMEMBERED: usize = 64;

#[derive(Debug)]
struct Inbox {
    slot: Slot,
    /// It is answered elsewhere; only its progress comes here.
    only_progress: bool,
}

/// A request that is open for as long as this lives.
#[derive(Debug)]
pub(super) struct Registered {
    inboxes: Arc<Inboxes>,
    id: i64,
    inbox: Arc<Inbox>,
}

impl Inboxes {
    /// Opens a request.
    ///
    /// # Errors
    /// The stream is lost, and nothing would come.
    pub(super) fn register(self: &Arc<Self>, id: i64) -> Result<Registered, Failure> {
        self.open(id, false)
    }

    /// Opens a request that is answered elsewhere, to hear its progress.
    ///
    /// # Errors
    /// As [`Inboxes::register`].
    pub(super) fn overhear(self: &Arc<Self>, id: i64) -> Result<Registered, Failure> {
        self.open(id, true)
    }

    /// Takes an answer; `false` when no open request has this id. That of one that was given up is dropped.
    pub(super) fn answer(&self, id: &Id, response: Response) -> bool {
        self.end(id, Ok(response))
    }

    /// Ends a request whose answer reached a limit; `false` when no open request has this id.
    pub(super) fn fail(&self, id: &Id, why: &str) -> bool {
        let error = Error::overloaded(why);
        self.end(id, Err(Failure::Refused { error, status: 200, challenges: Vec::new() }))
    }

    /// Takes a report. That of a request that is over is dropped.
    pub(super) fn progress(&self, report: Message) {
        let token = report.body(BodyKey::ProgressToken);
        let id = token.and_then(|token| std::str::from_utf8(token).ok()?.parse::<i64>().ok());
        if let Some(inbox) = id.and_then(|id| self.lock().by_id.get(&id).cloned()) {
            inbox.slot.progress(report);
        }
    }

    /// Ends all requests, and those to come.
    pub(super) fn lose(&self, why: &str) {
        let mut open = self.lock();
        open.lost.get_or_insert_with(|| why.into());
        let all: Vec<Arc<Inbox>> = open.by_id.drain().map(|(_, inbox)| inbox).collect();
        drop(open);
        for inbox in all {
            inbox.slot.end(Err(Failure::Lost(Error::closed(why))));
        }
    }

    fn open(self: &Arc<Self>, id: i64, only_progress: bool) -> Result<Registered, Failure> {
        let mut open = self.lock();
        if let Some(why) = &open.lost {
            return Err(Failure::Unsent(Error::closed(why.clone())));
        }
        let inbox = Arc::new(Inbox { slot: Slot::default(), only_progress });
        open.by_id.insert(id, inbox.clone());
        Ok(Registered { inboxes: self.clone(), id, inbox })
    }

    fn end(&self, id: &Id, end: Result<Response, Failure>) -> bool {
        let Id::Int(id) = id else { return false };
        // What is answered takes no second answer.
        let mut open = self.lock();
        let Entry::Occupied(entry) = open.by_id.entry(*id) else {
            let at = open.given_up.iter().position(|other| other == id);
            return at.is_some_and(|at| open.given_up.remove(at).is_some());
        };
        if entry.get().only_progress {
            return false;
        }
        entry.remove().slot.end(end);
        true
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Registered {
    /// What comes next. Cancelling this loses nothing.
    ///
    /// # Errors
    /// Nothing comes any more.
    pub(super) async fn next(&self) -> Result<Event, Failure> {
        poll_fn(|task| self.poll_next(task)).await
    }

    pub(super) fn poll_next(&self, task: &mut Task<'_>) -> Poll<Result<Event, Failure>> {
        self.inbox.slot.poll_next(task)
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        let mut open = self.inboxes.lock();
        // One that was answered is not there any more.
        if open.by_id.remove(&self.id).is_some_and(|inbox| !inbox.only_progress) {
            if open.given_up.len() == REMEMBERED {
                open.given_up.pop_front();
            }
            open.given_up.push_back(self.id);
        }
    }
}
