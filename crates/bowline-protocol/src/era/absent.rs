//! What stands for sessions where they are left out: nothing can be of one, since a [`Stamp`] cannot be made.

use crate::outcome::Outcome;
use crate::scan::{MetaKey, Raw};
use bowline_types::revision::Revision;
use bytes::Bytes;
use std::borrow::Cow;

/// The protocol versions of this kind: none.
pub(super) const SUPPORTED: &[Revision] = &[];

/// What a session remembers of its client; there are none.
#[derive(Clone, Debug)]
pub enum Stamp {}

impl Stamp {
    pub(super) fn meta(&self, _: MetaKey) -> Option<&[u8]> {
        match *self {}
    }

    pub(super) fn meta_str(&self, _: MetaKey) -> Option<Cow<'_, str>> {
        match *self {}
    }
}

pub(super) fn response(_: Revision, _: &str, id: &[u8], outcome: &Outcome) -> Raw {
    super::modern::response(id, outcome, None)
}

pub(super) fn response_pieces(_: Revision, _: &str, id: &[u8], outcome: &Outcome) -> [Bytes; 3] {
    super::modern::response_pieces(id, outcome, None)
}

pub(super) fn argument_violation(_: Revision, message: &str) -> Outcome {
    super::modern::argument_violation(message)
}

pub(super) fn notification(_: Revision, notification: &Raw) -> Option<Raw> {
    Some(notification.clone())
}
