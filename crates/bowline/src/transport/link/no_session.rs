//! What stands for the session of a peer where sessions are left out: there is none.

use super::Link;
use crate::ask::Line;
use bowline_protocol::era::Incoming;
use bowline_protocol::protocol::{Answering, Told};
use bowline_protocol::scan::{Message, Raw};
use std::sync::Arc;
use std::task::Context as Task;

pub(super) fn answering<T>(depth: usize) -> Answering<T> {
    Answering::new(depth)
}

#[derive(Default)]
pub(super) struct Talk;

/// Which answers belong together; without sessions none do.
#[derive(Clone, Copy, Debug)]
pub(super) enum Batch {}

impl Talk {
    pub(super) fn line_of(&self, _: &Incoming) -> Option<Arc<Line>> {
        None
    }

    pub(super) fn answered(&self, _: Message) {}

    pub(super) fn waiting(&self) -> usize {
        0
    }

    pub(super) fn wake_on_question(&self, _: &Task<'_>) {}

    pub(super) fn held(&self) -> usize {
        0
    }

    pub(super) fn end_of_input(&self) {}

    pub(super) fn end(&mut self) -> [Raw; 0] {
        []
    }

    pub(super) fn settle(&mut self, batch: Batch, _: Option<Raw>) -> Option<Raw> {
        match batch {}
    }
}

impl Link {
    pub(super) fn take_told(&mut self, told: Told, _: Option<Batch>, _: &mut Task<'_>) {
        match told {}
    }

    pub(super) fn is_held_up(&mut self, _: &mut Task<'_>) -> bool {
        false
    }
}
