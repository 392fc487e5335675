//! What stands for sessions where they are left out: nothing can be of one, since a [`Stamp`] cannot be made.

use super::Incoming;
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

    pub(super) fn client_capabilities(&self) -> &Raw {
        match *self {}
    }

    pub(super) fn response(&self, _: &Incoming, _: &Outcome) -> Raw {
        match *self {}
    }

    pub(super) fn response_pieces(&self, _: &Incoming, _: &Outcome) -> [Bytes; 3] {
        match *self {}
    }

    pub(super) fn argument_violation(&self, _: &Incoming, _: &str) -> Outcome {
        match *self {}
    }

    pub(super) fn notification(&self, _: &Incoming, _: &Raw) -> Option<Raw> {
        match *self {}
    }
}
