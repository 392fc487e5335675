//! What stands for calls that wait for their callers where sessions are left out: none of their servers asks.

use super::Bridge;
use super::asked::Round;
use super::run::Run;
use crate::ask::not_valid;
use crate::context::Context;
use bowline_protocol::outcome::Outcome;
use bowline_types::jsonrpc::ErrorObject;

#[derive(Default)]
pub(super) struct Parks;

impl Parks {
    pub(super) fn len(&self) -> usize {
        0
    }

    pub(super) fn close(&self) {}
}

impl Bridge {
    pub(super) fn park(
        &self,
        _: &Context,
        _: &str,
        _: Box<Run>,
        round: Round,
    ) -> Result<Outcome, ErrorObject> {
        match round {}
    }

    pub(super) async fn go_on(
        &self,
        _: &Context,
        _: &str,
        _: u64,
        _: u64,
        _: u32,
    ) -> Result<Outcome, ErrorObject> {
        Err(not_valid())
    }
}
