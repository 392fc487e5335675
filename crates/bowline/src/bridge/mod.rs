//! One forwarded call, whatever protocol version its caller and its server speak.
//!
//! The caller is on one side, a [`Context`]; the server on the other, a [`Lease`] of a client of it. Progress, logs and
//! questions cross between them in the shape that each side knows, under names that are the other side's own.
//!
//! A question of a server that has a session is asked live where the caller has one too; else the call is parked: it
//! goes on waiting here, and its caller gets the question as an answer and comes back. A question of any other server
//! is its answer; it is handed on as it is, or asked live and the request sent again.

#![cfg_attr(modern_only, allow(dead_code, reason = "some of it only servers with sessions need"))]

#[cfg(not(modern_only))]
mod asked;
#[cfg(modern_only)]
#[path = "no_asked.rs"]
mod asked;
mod carry;
mod fault;
mod hears;
#[cfg(not(modern_only))]
mod live;
#[cfg(modern_only)]
#[path = "no_live.rs"]
mod live;
mod login;
#[cfg(not(modern_only))]
mod park;
#[cfg(modern_only)]
#[path = "no_park.rs"]
mod park;
mod round;
mod run;
mod service;
mod time;
#[cfg(not(modern_only))]
mod visits;
#[cfg(modern_only)]
#[path = "no_visits.rs"]
mod visits;

#[cfg(test)]
#[cfg(not(modern_only))]
mod tests;

use crate::ask::Seals;
use crate::client::Client;
use crate::client::lane::Lane;
use crate::host::status::meter::Measured;
use bowline_types::input::Root;
use park::Parks;
use std::any::Any;
use std::sync::Arc;
use std::time::SystemTime;

/// One instance of a server, for one call; given back when it is dropped.
pub(crate) struct Lease {
    /// The client of the instance.
    pub(crate) client: Client,
    /// Where the call has the instance to itself, because its server does not say for which request it asks.
    pub(crate) lane: Option<Lane>,
    /// Whether nobody but this caller ever uses the instance, so that what it logs may go to the call.
    pub(crate) own: bool,
    /// What a server with a session is told when it asks for roots; `None` where its caller is asked.
    pub(crate) roots: Option<Arc<[Root]>>,
    /// What counts and times the call.
    pub(crate) measured: Option<Measured>,
    /// What gives the place back.
    #[expect(dead_code, reason = "it acts when it is dropped")]
    pub(crate) hold: Option<Box<dyn Any + Send + Sync>>,
}

impl Lease {
    /// Somebody is being asked, so that the time of the call says nothing of the server.
    fn asked(&mut self) {
        if let Some(measured) = &mut self.measured {
            measured.asked();
        }
    }
}

/// What all forwarded calls of one host share: the calls that are parked, and the keys that seal states.
pub(crate) struct Bridge {
    seals: Seals,
    parks: Arc<Parks>,
    /// What tells the time for states that expire.
    clock: Box<dyn Fn() -> SystemTime + Send + Sync>,
}

impl Default for Bridge {
    fn default() -> Self {
        Self { seals: Seals::default(), parks: Arc::default(), clock: Box::new(SystemTime::now) }
    }
}

impl Bridge {
    /// How many calls are parked.
    pub(crate) fn parked(&self) -> usize {
        self.parks.len()
    }

    /// Cancels all calls that are parked; none can be from now on.
    pub(crate) fn close(&self) {
        self.parks.close();
    }
}

impl std::fmt::Debug for Bridge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bridge").field("parked", &self.parked()).finish_non_exhaustive()
    }
}
