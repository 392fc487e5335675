//! What stands for visits that only servers with sessions want, where sessions are left out: there are none.

use super::Bridge;
use crate::ask::not_valid;
use crate::context::Context;
use bowline_protocol::outcome::Outcome;
use bowline_types::input::ElicitRequestUrlParams;
use bowline_types::jsonrpc::ErrorObject;
use std::collections::BTreeMap;

pub(super) fn required(
    _: &Bridge,
    _: &Context,
    _: &str,
    error: ErrorObject,
    _: u32,
) -> Result<Outcome, ErrorObject> {
    Err(error)
}

pub(super) fn answered(
    _: &Bridge,
    _: &Context,
    _: &str,
    _: BTreeMap<String, ElicitRequestUrlParams>,
    rounds: u32,
) -> Result<Result<u32, Outcome>, ErrorObject> {
    // It was a login, without which the call would not have come here.
    Ok(Ok(rounds))
}

pub(super) fn as_error(_: ElicitRequestUrlParams, _: String) -> ErrorObject {
    not_valid()
}
