//! What stands for questions put live where sessions are left out: no client can be asked so.

use super::question::Question;
use crate::context::Context;
use crate::error::Result;
use bowline_protocol::scan::Raw;
use serde_json::{Map, Value};

/// The way to the client of a session; there are none.
#[derive(Debug)]
pub(crate) enum Line {}

impl Line {
    #[cfg(feature = "host")]
    pub(crate) fn number(&self) -> u64 {
        match *self {}
    }

    pub(crate) fn cancel_of(&self, _: &Context) -> Vec<Raw> {
        match *self {}
    }

    pub(super) async fn ask(
        &self,
        _: &Context,
        _: &str,
        _: Question,
    ) -> Result<Result<Map<String, Value>, String>> {
        match *self {}
    }
}

impl Context {
    /// Tells the client of a session that what its user was sent to do under this key is done; without sessions there
    /// is nobody to tell.
    pub fn elicitation_complete(&self, _: &str) {}
}
