//! What stands for handing on requests of others where there are no hosts: clients answer for themselves only.

use super::live::Live;
use bowline_protocol::era::Incoming;
use bowline_protocol::scan::Message;
use bowline_types::jsonrpc::Id;

/// What a client has to hand on requests of others: nothing.
#[derive(Default)]
pub(super) struct Handing;

impl Handing {
    #[expect(clippy::unused_self, reason = "it has the shape of the one that hands on")]
    pub(super) fn question(&self, question: Incoming, live: Live) -> Option<(Incoming, Live)> {
        Some((question, live))
    }

    #[expect(clippy::unused_self, reason = "it has the shape of the one that hands on")]
    pub(super) fn notification(&self, _: &Message) {}

    #[expect(clippy::unused_self, reason = "it has the shape of the one that hands on")]
    pub(super) fn cancelled(&self, _: &Id) {}
}
