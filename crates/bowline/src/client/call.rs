//! One request of ours, from its parameters to its result.

use super::asked::HearLog;
use crate::error::Result;
use bowline_protocol::outcome::Body;
use bowline_types::log::LoggingLevel;
use bowline_types::progress::ProgressNotificationParams;
use serde::Serialize;
use serde_json::{Map, Value};
use std::sync::Arc;
use std::time::Duration;

/// What a caller wants of one request.
#[derive(Clone, Default)]
pub(super) struct Options {
    /// The tool that is called.
    pub(super) tool: Option<Arc<str>>,
    pub(super) idle: Option<Duration>,
    pub(super) total: Option<Duration>,
    pub(super) on_progress: Option<Arc<HearProgress>>,
    pub(super) on_log: Option<Arc<HearLog>>,
    pub(super) log_level: Option<LoggingLevel>,
    pub(super) meta: Map<String, Value>,
    /// A tool call may be sent again, if the tool allows it.
    pub(super) repeat: bool,
    /// The cache is passed by.
    pub(super) fresh: bool,
}

pub(super) type HearProgress = dyn Fn(ProgressNotificationParams) + Send + Sync;

/// Parameters, encoded, their `_meta` apart.
pub(super) fn params(params: &impl Serialize) -> Result<Body> {
    let body = Body::of(params)?;
    // Few have any; looking is cheaper than decoding.
    if !body.members().as_str().contains("\"_meta\"") {
        return Ok(body);
    }
    let mut members: Map<String, Value> = body.members().decode()?;
    match members.remove("_meta") {
        Some(meta) => Ok(Body::of(&members)?.with_meta(&meta)?),
        None => Ok(body),
    }
}
