//! The way to servers behind URLs.

use super::builder::Builder;
use super::live::{Core, Ears};
use super::wire::http::Way;
use super::wire::{Failure, Wire};
use crate::transport::http::client::{Connector, Options};
use bowline_protocol::era::probe::Attempt;
use std::sync::Arc;

/// How HTTP connections are made.
#[derive(Debug, Default)]
pub(super) struct Web(Options);

impl Builder {
    /// Sets how HTTP connections are made: certificates, proxies.
    pub fn http(mut self, options: Options) -> Self {
        self.web = Web(options);
        self
    }
}

pub(super) async fn open(
    core: &Arc<Core>,
    url: &str,
    attempt: Attempt,
    ears: Arc<Ears>,
) -> Result<Arc<dyn Wire>, Failure> {
    let options = core.setup.web.0.clone().limits(core.limits().clone());
    let connector = Connector::new(&options).map_err(Failure::here)?;
    let (headers, limits) = (core.setup.headers.clone(), Arc::new(core.limits().clone()));
    let way = Way::to(url, connector, headers, limits, ears)?;
    match attempt {
        Attempt::Sse { .. } => way.sse().await,
        Attempt::Discover { .. } | Attempt::Initialize { .. } => Ok(way.streamable()),
    }
}
