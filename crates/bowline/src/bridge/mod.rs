//! One forwarded call, whatever protocol version its caller and its server speak.
//!
//! The caller is on one side, a [`Context`]; the server on the other, a [`Lease`] of a client of it. Progress, logs and
//! questions cross between them in the shape that each side knows, under names that are the other side's own.

use crate::client::Client;
use crate::client::forward::Onward;
use crate::client::lane::Lane;
use crate::context::Context;
use crate::host::status::meter::Measured;
use bowline_protocol::outcome::Outcome;
use bowline_types::input::Root;
use std::any::Any;
use std::sync::Arc;

/// One instance of a server, for one call; given back when it is dropped.
pub(crate) struct Lease {
    /// The client of the instance.
    pub(crate) client: Client,
    /// Where the call has the instance to itself, because its server does not say for which request it asks.
    pub(crate) lane: Option<Lane>,
    /// Whether nobody but this caller ever uses the instance, so that what it logs may go to the call.
    pub(crate) own: bool,
    /// What a question for roots is answered with; without it the caller is asked.
    pub(crate) roots: Option<Arc<[Root]>>,
    /// What counts and times the call.
    pub(crate) measured: Option<Measured>,
    /// What gives the place back.
    pub(crate) hold: Option<Box<dyn Any + Send + Sync>>,
}

/// What all forwarded calls of one host share: the calls that are parked, and the keys that seal states.
#[derive(Debug, Default)]
pub(crate) struct Bridge {}

impl Bridge {
    /// Gives up all calls that are parked.
    pub(crate) fn close(&self) {}

    /// Hands a call on and brings back its outcome. `server` is the name under which the host knows it: it is part of
    /// what a state is sealed for.
    pub(crate) async fn carry(
        &self,
        _cx: &Context,
        _server: &str,
        _lease: Lease,
        _onward: Onward,
    ) -> Outcome {
        todo!()
    }

    /// The outcome of a call that brings the answers to questions of a parked one; `None` when it is a call like any
    /// other, to be given to [`Bridge::carry`].
    pub(crate) async fn resume(&self, _cx: &Context, _server: &str) -> Option<Outcome> {
        todo!()
    }
}
