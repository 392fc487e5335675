//! What stands for the questions of servers with sessions where sessions are left out: there are none.

use super::Lease;
use super::hears::Hears;
use crate::client::lane::Asking;
use bowline_protocol::scan::Message;
use bowline_types::capability::ClientCapabilities;
use bowline_types::jsonrpc::{ErrorObject, Id};
use serde_json::{Map, Value};
use std::task::{Context as Task, Poll};

/// The questions of one exchange.
#[derive(Default)]
pub(super) struct Questions;

/// Something that never happens.
pub(super) enum Round {}

impl Questions {
    #[expect(clippy::unused_self, reason = "with sessions it is used")]
    pub(super) fn hear(&mut self, asking: Asking, _: Hears<'_>, _: &Lease) {
        let why = ErrorObject::method_not_found(&asking.question.method());
        tokio::spawn(asking.reply(why.into()));
    }

    pub(super) fn foresee(&mut self, _: Map<String, Value>) {}

    pub(super) fn end(&mut self) {}

    pub(super) fn give_up(&mut self, _: &Id) {}

    pub(super) fn visited(&mut self, _: &Message, _: Hears<'_>) {}

    pub(super) fn poll(&mut self, _: &mut Task<'_>) {}

    pub(super) fn poll_round(&mut self, _: &mut Task<'_>) -> Poll<Round> {
        Poll::Pending
    }

    pub(super) fn made(&self) -> u32 {
        0
    }

    pub(super) fn is_waiting(&self) -> bool {
        false
    }

    pub(super) fn missing(&self) -> Option<&ClientCapabilities> {
        None
    }
}
