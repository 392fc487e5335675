//! What stands for sessions where they are left out: every server is one without.

use super::asked::{Asked, Handlers};
use super::live::{Core, Live, Setup};
use crate::error::{Error, Result};
use bowline_protocol::era::Incoming;
use bowline_protocol::outcome::Outcome;
use bowline_protocol::protocol::Request;
use bowline_types::jsonrpc::ErrorObject;
use bowline_types::log::LoggingLevel;
use bowline_types::method::{Discover, Method};
use bowline_types::revision::Revision;
use std::sync::Arc;

pub(super) const PING: &str = Discover::NAME;

pub(super) const ROOTS_CHANGED: &str = "notifications/roots/list_changed";

pub(super) fn initialize(_: Revision, _: &Setup) -> Result<Request> {
    Err(Error::unsupported("sessions are left out of this build"))
}

pub(super) async fn begin(_: &Live) -> Result<()> {
    Ok(())
}

pub(super) async fn resume(_: &Arc<Core>) {}

pub(super) async fn set_log_level(_: &Arc<Core>, _: LoggingLevel) -> Result<()> {
    Ok(())
}

pub(super) async fn subscribe(_: &Arc<Core>, _: &str) -> Result<()> {
    Ok(())
}

pub(super) async fn unsubscribe(_: &Arc<Core>, _: &str) -> Result<()> {
    Ok(())
}

pub(super) async fn answer(_: &Handlers, _: Revision, _: Asked, question: Incoming) -> Outcome {
    ErrorObject::method_not_found(&question.method()).into()
}
