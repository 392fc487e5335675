//! The way to servers behind URLs.

use super::auth::Login;
use super::builder::Builder;
use super::live::{Core, Ears};
use super::target::{Kind, Target};
use super::wire::http::Way;
use super::wire::{Failure, Wire};
use crate::error::Result;
use crate::transport::http::client::{Connector, Options};
use bowline_protocol::era::probe::Attempt;
use std::sync::Arc;

/// How HTTP connections are made, and who says who we are.
#[derive(Debug, Default)]
pub(super) struct Web {
    pub(super) options: Options,
    pub(super) login: Login,
}

impl Builder {
    /// Sets how HTTP connections are made: certificates, proxies.
    pub fn http(mut self, options: Options) -> Self {
        self.web.options = options;
        self
    }

    /// How HTTP connections are made.
    #[cfg(all(feature = "host", feature = "auth"))]
    pub(crate) fn http_options(&self) -> &Options {
        &self.web.options
    }
}

impl Builder {
    /// Takes the login along, where there is a URL to log in to.
    ///
    /// # Errors
    /// It is none to log in to, or credentials were set already.
    pub(super) fn logged_in(mut self, target: &Target) -> Result<Self> {
        if let Kind::Url(url) = &target.kind {
            let options = self.web.options.clone().limits(self.limits.clone());
            let login = std::mem::take(&mut self.web.login);
            self.web.login = login.begun(url, &options, &self.headers, &self.info.name)?;
        }
        Ok(self)
    }
}

pub(super) async fn open(
    core: &Arc<Core>,
    url: &str,
    attempt: Attempt,
    ears: Arc<Ears>,
) -> Result<Arc<dyn Wire>, Failure> {
    let options = core.setup.web.options.clone().limits(core.limits().clone());
    let connector = Connector::new(&options).map_err(Failure::here)?;
    let (headers, limits) = (core.setup.headers.clone(), Arc::new(core.limits().clone()));
    let way = Way::to(url, connector, headers, limits, ears)?.login(core.setup.web.login.clone());
    match attempt {
        Attempt::Sse { .. } => way.sse().await,
        Attempt::Discover { .. } | Attempt::Initialize { .. } => Ok(way.streamable()),
    }
}
