//! Calls that wait for their callers to come back with answers.
//!
//! A server with a session asks while its call runs, and a caller without one is asked by an answer. So the call goes
//! on waiting here, watched by a task of its own, until its caller sends the request again with the answers and what
//! was sealed for it; or until it has waited too long.

use super::Bridge;
use super::asked::Round;
use super::hears::Hears;
use super::round::{self, State};
use super::run::{Over, Run, Turn};
use crate::ask::{Seals, not_valid};
use crate::context::Context;
use crate::host::status::meter;
use crate::principal::Principal;
use bowline_protocol::limits::BUSY;
use bowline_protocol::outcome::Outcome;
use bowline_types::jsonrpc::ErrorObject;
use std::collections::HashMap;
use std::future::{pending, poll_fn};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context as Task, Poll};
use std::time::Duration;
use tokio::task::AbortHandle;
use tokio::time::timeout;

/// The calls that wait, in this process.
pub(super) struct Parks {
    /// What tells this process from those that were here before it, and stand beside it.
    node: u64,
    table: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    last: u64,
    calls: HashMap<u64, Parked>,
    closed: bool,
}

/// A call that waits.
struct Parked {
    principal: Principal,
    generation: u32,
    /// How often its caller came back without any answer.
    fruitless: u32,
    place: Arc<Place>,
    _keeper: Keeper,
    _counted: Option<meter::Parked>,
}

/// Where a call is kept between whoever watches it and whoever takes it.
///
/// The lock is held while the call is polled, which is short, and never across an await.
struct Place(Mutex<Held>);

enum Held {
    Running(Box<Run>),
    /// The server came to an end without the answers.
    Over(Box<Over>),
    /// It was taken.
    Nothing,
}

/// The task that watches a call; it ends with the call's place.
struct Keeper(AbortHandle);

impl Drop for Keeper {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// How many calls of everybody together wait, for each that one principal may have.
const PRINCIPALS: usize = 16;

impl Default for Parks {
    fn default() -> Self {
        Self { node: Seals::number(), table: Mutex::default() }
    }
}

impl Parks {
    pub(super) fn len(&self) -> usize {
        self.lock().calls.len()
    }

    /// Cancels all.
    pub(super) fn close(&self) {
        let calls = {
            let mut table = self.lock();
            table.closed = true;
            std::mem::take(&mut table.calls)
        };
        for parked in calls.into_values() {
            parked.place.take();
        }
    }

    /// Begins to keep a call; its slot.
    fn keep(
        self: &Arc<Self>,
        run: Box<Run>,
        server: &str,
        cx: &Context,
        visit: Visit,
    ) -> Result<u64, ErrorObject> {
        let limits = cx.limits();
        let principal = cx.principal().clone();
        let most = limits.parks_per_principal;
        let mut table = self.lock();
        if table.closed {
            return Err(ErrorObject::new(BUSY, "closing; no further call can wait for its caller"));
        }
        let own = || table.calls.values().filter(|parked| parked.principal == principal).count();
        if table.calls.len() >= most.saturating_mul(PRINCIPALS) || own() >= most {
            let why = "too many calls wait for their callers already; answer them first";
            return Err(ErrorObject::new(BUSY, why));
        }
        let counted = run.count_parked();
        let slot = visit.slot.unwrap_or(table.last + 1);
        table.last = table.last.max(slot);
        let place = Arc::new(Place(Mutex::new(Held::Running(run))));
        // Owned by the table: it ends when the call is taken.
        let watching =
            watch(Arc::downgrade(self), slot, place.clone(), server.into(), limits.park_ttl);
        let keeper = Keeper(tokio::spawn(watching).abort_handle());
        let Visit { generation, fruitless, .. } = visit;
        let parked =
            Parked { principal, generation, fruitless, place, _keeper: keeper, _counted: counted };
        table.calls.insert(slot, parked);
        Ok(slot)
    }

    /// Takes a call; nobody else can any more.
    fn take(&self, slot: u64, generation: u32) -> Option<(Held, u32)> {
        let parked = {
            let mut table = self.lock();
            table.calls.get(&slot).filter(|parked| parked.generation == generation)?;
            table.calls.remove(&slot)?
        };
        Some((parked.place.take(), parked.fruitless))
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        // Nothing that runs under the lock can leave the table half-changed.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Which time a call waits.
#[derive(Clone, Copy, Default)]
struct Visit {
    slot: Option<u64>,
    generation: u32,
    fruitless: u32,
}

/// Watches a call while its caller is away, until it has waited too long.
async fn watch(parks: Weak<Parks>, slot: u64, place: Arc<Place>, server: Box<str>, time: Duration) {
    let watching = async {
        poll_fn(|task| place.poll(&server, task)).await;
        // Its end waits for the caller as the call has.
        pending::<()>().await;
    };
    let _ = timeout(time, watching).await;
    place.take();
    if let Some(parks) = parks.upgrade() {
        let mut table = parks.lock();
        if table.calls.get(&slot).is_some_and(|parked| Arc::ptr_eq(&parked.place, &place)) {
            table.calls.remove(&slot);
        }
    }
}

impl Place {
    fn take(&self) -> Held {
        std::mem::replace(&mut *self.lock(), Held::Nothing)
    }

    /// Ready when there is nothing to be watched any more.
    fn poll(&self, server: &str, task: &mut Task<'_>) -> Poll<()> {
        let mut held = self.lock();
        let Held::Running(run) = &mut *held else {
            return Poll::Ready(());
        };
        let Poll::Ready(turn) = run.poll(server, Hears::Nobody, task) else {
            return Poll::Pending;
        };
        if let Held::Running(run) = std::mem::replace(&mut *held, Held::Nothing)
            && let Turn::End(end) = turn
        {
            *held = Held::Over(Box::new(run.over(end)));
        }
        Poll::Ready(())
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        // A call that panicked while it was polled is one that is dropped.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Bridge {
    /// Lets a call wait, and asks its caller.
    ///
    /// # Errors
    /// When too many wait already; the call is cancelled then.
    pub(super) fn park(
        &self,
        cx: &Context,
        server: &str,
        run: Box<Run>,
        round: Round,
    ) -> Result<Outcome, ErrorObject> {
        self.park_again(cx, server, run, round, Visit::default())
    }

    fn park_again(
        &self,
        cx: &Context,
        server: &str,
        mut run: Box<Run>,
        _: Round,
        visit: Visit,
    ) -> Result<Outcome, ErrorObject> {
        let generation = visit.generation;
        let requests = run.questions.requests();
        run.questions.leave(cx);
        let slot = self.parks.keep(run, server, cx, visit)?;
        let state = State::Parked { node: self.parks.node, slot, generation };
        let sealed = self.seal(cx, server, state, cx.limits().park_ttl)?;
        round::ask(&requests, sealed)
    }

    /// Goes on with a call whose caller has come back.
    ///
    /// # Errors
    /// When it does not wait here, or the answers are none; the call is cancelled then.
    pub(super) async fn go_on(
        &self,
        cx: &Context,
        server: &str,
        node: u64,
        slot: u64,
        generation: u32,
    ) -> Result<Outcome, ErrorObject> {
        if node != self.parks.node {
            return Err(not_valid());
        }
        let (held, mut fruitless) = self.parks.take(slot, generation).ok_or_else(not_valid)?;
        let mut run = match held {
            Held::Running(run) => run,
            Held::Over(over) => return self.conclude(cx, server, *over, 0),
            Held::Nothing => return Err(not_valid()),
        };
        let wrong = |(key, why): (String, String)| {
            ErrorObject::invalid_params(format!("params.inputResponses.{key}: {why}"))
        };
        let answered = run.questions.answer(round::answers(cx)?).map_err(wrong)?;
        fruitless = if answered == 0 { fruitless + 1 } else { 0 };
        let most = cx.limits().rounds;
        if fruitless >= most {
            return Err(ErrorObject::invalid_params(format!(
                "this request has asked {most} times and still lacks a usable answer; ask again from the start"
            )));
        }
        match poll_fn(|task| run.poll(server, Hears::Caller(cx), task)).await {
            Turn::End(end) => self.conclude(cx, server, run.over(end), 0),
            Turn::Round(round) => {
                let visit = Visit { slot: Some(slot), generation: generation + 1, fruitless };
                self.park_again(cx, server, run, round, visit)
            }
        }
    }
}
