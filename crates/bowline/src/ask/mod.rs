//! Questions to the client.

use crate::context::Context;
use crate::server::Server;
use bowline_protocol::outcome::Outcome;

/// What a call has asked so far.
#[derive(Debug, Default)]
pub(crate) struct Asks {}

/// The answer of a call that cannot go on without its client, if that is how things stand.
pub(crate) fn suspended(
    _server: &Server,
    _cx: &Context,
    _task: &std::task::Context<'_>,
) -> Option<Outcome> {
    None
}
