//! The standard streams.
//!
//! See [stdio](https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/stdio).

use super::{End, Transport, link};
use crate::error::{Error, Result};
use crate::principal::Principal;
use crate::service::Service;
use bowline_protocol::limits::Limits;
use std::sync::Arc;

#[cfg(not(unix))]
mod portable;
#[cfg(unix)]
mod unix;

#[cfg(not(unix))]
use portable as streams;
#[cfg(unix)]
use unix as streams;

/// The standard streams of this process, as the way to the one client that started it.
///
/// Standard output belongs to the protocol from the moment it is served: whatever else the process prints there
/// afterwards goes to standard error, so that it cannot break a message. (On Windows it still goes to standard output;
/// print nothing there.)
#[derive(Clone, Copy, Debug, Default)]
pub struct Stdio;

impl Stdio {
    /// The same with other limits.
    #[must_use]
    pub fn limits(self, limits: Limits) -> LimitedStdio {
        LimitedStdio { limits }
    }
}

/// [`Stdio`] with limits of its own.
#[derive(Clone, Debug)]
pub struct LimitedStdio {
    limits: Limits,
}

impl Transport for Stdio {
    async fn serve(self, service: Arc<dyn Service>, end: End) -> Result<()> {
        self.limits(Limits::default()).serve(service, end).await
    }
}

impl Transport for LimitedStdio {
    async fn serve(self, service: Arc<dyn Service>, end: End) -> Result<()> {
        let (input, output) = streams::take()
            .map_err(|error| Error::io("cannot take over the standard streams", error))?;
        let principal = Principal::process("stdio");
        link::serve(service, input, output, principal, Arc::new(self.limits), end.signal()).await
    }
}
