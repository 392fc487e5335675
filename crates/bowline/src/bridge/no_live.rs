//! What stands for callers with sessions where sessions are left out: there are none.

use crate::ask::not_valid;
use crate::client::forward::Onward;
use crate::context::Context;
use bowline_protocol::era::client::Answer;
use bowline_protocol::outcome::Outcome;

/// How often the server has asked.
#[derive(Default)]
pub(super) struct Rounds;

impl Rounds {
    #[expect(clippy::unused_async, reason = "with sessions it waits")]
    pub(super) async fn answer(
        &mut self,
        _: &Context,
        _: &str,
        _: &Answer,
        _: &mut Onward,
    ) -> Result<(), Outcome> {
        Err(not_valid().into())
    }

    pub(super) fn end(&mut self, _: &Context) {}
}
