//! What stands for sessions where they are left out: no peer can open one.

use super::answering::{Answering, Received, no_batches};
use crate::era::modern;
use crate::scan::{Message, Raw};
use bowline_types::jsonrpc::ErrorObject;

/// What only a peer with a session says; there are none.
#[derive(Debug)]
pub enum Told {}

/// The session of a peer; there is none.
#[derive(Debug, Default)]
pub(super) struct Talk;

impl<T> Answering<T> {
    pub(super) fn in_session(&mut self, message: Message) -> Received<T> {
        modern::admit(message).map_or_else(Received::Refused, Received::Request)
    }

    pub(super) fn batch(&mut self, _: Raw) -> Received<T> {
        Received::Refused(no_batches())
    }
}

impl Talk {
    pub(super) fn claims(&self, _: &Message) -> bool {
        false
    }

    pub(super) fn claims_notification(&self, _: &Message) -> bool {
        false
    }

    pub(super) fn error_response(&self, id: Option<&[u8]>, error: &ErrorObject) -> Raw {
        modern::error_response(id, error)
    }
}
