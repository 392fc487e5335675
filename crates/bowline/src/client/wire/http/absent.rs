//! What stands for sessions where they are left out: there are none, and nothing is resumed.

use super::Way;
use super::course::Course;
use super::running::Running;
use super::shared::Shared;
use crate::client::wire::{Exchange, Failure, Wire};
use crate::error::Error;
use crate::transport::http::client::Body;
use bowline_protocol::era::Incoming;
use bowline_protocol::http::{HeaderMap, HeaderValue};
use bowline_protocol::limits::Limits;
use bowline_protocol::outcome::Outcome;
use bowline_types::jsonrpc::Id;
use bytes::Bytes;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

#[derive(Debug, Default)]
pub(super) struct Session;

impl Session {
    pub(super) fn header(&self) -> Option<HeaderValue> {
        None
    }

    pub(super) fn asked(&self, _: &Incoming) {}

    pub(super) fn withdrew(&self, _: &Id) {}

    pub(super) fn name_in(&self, _: &mut HeaderMap) {}

    pub(super) fn take(&self, _: &HeaderMap, _: &Limits) -> Result<(), &'static str> {
        Ok(())
    }
}

#[derive(Debug, Default)]
pub(super) struct Trail;

impl Trail {
    pub(super) fn is_new(&mut self, _: &Bytes) -> bool {
        true
    }

    pub(super) fn retry(&mut self, _: Duration) {}

    pub(super) fn leaves_off(&mut self) -> bool {
        false
    }

    #[expect(clippy::unused_async, reason = "with sessions it waits")]
    pub(super) async fn resume(&mut self, _: &Shared) -> Option<Body> {
        None
    }
}

/// There is no other transport than Streamable HTTP.
#[expect(clippy::unused_async, reason = "with sessions it waits")]
pub(super) async fn open_stream(_: Way) -> Result<Arc<dyn Wire>, Failure> {
    Err(Failure::Unsent(Error::unsupported("HTTP+SSE is left out of this build")))
}

/// The exchange of a request.
pub(super) fn exchange(_: &Arc<Shared>, course: Course) -> Box<dyn Exchange> {
    Box::new(Running::new(course))
}

#[expect(clippy::unused_async, reason = "with sessions it waits")]
pub(super) async fn reply(_: &Shared, _: &Id, _: &Outcome) -> Result<(), Failure> {
    Ok(())
}

#[expect(clippy::unused_async, reason = "with sessions it waits")]
pub(super) async fn said(_: &Arc<Shared>, _: &str) {}

pub(super) fn abandon<R: Send + 'static>(_: &Arc<Shared>, _: i64, _: R) {}

#[expect(clippy::unused_async, reason = "with sessions it waits")]
pub(super) async fn end(_: &Arc<Shared>, _: Instant) {}

pub(super) fn leave(_: &Arc<Shared>) {}
