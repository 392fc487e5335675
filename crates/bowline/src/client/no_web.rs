//! What stands for the way to URLs where HTTP is left out.

use super::builder::Builder;
use super::live::{Core, Ears};
use super::target::Target;
use super::wire::{Failure, Wire};
use crate::error::{Error, Result};
use bowline_protocol::era::probe::Attempt;
use std::sync::Arc;

#[derive(Debug, Default)]
pub(super) struct Web;

impl Builder {
    pub(super) fn logged_in(self, _: &Target) -> Result<Self> {
        Ok(self)
    }
}

pub(super) async fn open(
    _: &Arc<Core>,
    _: &str,
    _: Attempt,
    _: Arc<Ears>,
) -> Result<Arc<dyn Wire>, Failure> {
    let fault = "connecting to a URL needs the feature `http` of bowline; enable it";
    Err(Failure::here(Error::invalid(fault)))
}
