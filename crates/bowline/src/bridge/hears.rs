//! What a server says before its answer, and who hears it.

use crate::context::Context;
use bowline_protocol::scan::Message;
use bowline_protocol::table;
use bowline_types::log::{LoggingLevel, LoggingMessageNotificationParams};
use bowline_types::progress::ProgressNotificationParams;

/// Who hears it.
#[derive(Clone, Copy)]
pub(super) enum Hears<'a> {
    /// The caller.
    Caller(&'a Context),
    /// Nobody: the call is parked.
    Nobody,
}

impl Hears<'_> {
    /// Progress, under the caller's own token.
    pub(super) fn progress(self, message: &Message) {
        let Self::Caller(cx) = self else {
            return;
        };
        let report = message.params().map(|params| params.decode());
        if let Some(Ok(report)) = report {
            let ProgressNotificationParams { progress, total, message, .. } = report;
            cx.progress(progress, total, message.as_deref());
        }
    }

    /// A log message: to the caller where it is of this call and its level was asked for, else to our own log.
    pub(super) fn log(self, server: &str, message: &Message, of_this_call: bool) {
        let Some(Ok(log)) = message.params().map(|params| params.decode()) else {
            return;
        };
        let log: LoggingMessageNotificationParams = log;
        match self {
            Self::Caller(cx) if of_this_call && cx.wants_log(log.level) => {
                cx.log_as(log.level, log.logger.as_deref(), &log.data);
            }
            _ => own_log(server, &log),
        }
    }

    /// The server lets its connection go for a while: so do we, where the caller comes back as well.
    pub(super) fn left(self) {
        if let Self::Caller(cx) = self {
            cx.disconnect();
        }
    }

    /// Any other notification of the exchange: what a protocol version defines has been heard elsewhere, or is of no
    /// call.
    pub(super) fn notification(self, server: &str, message: &Message) {
        let Self::Caller(cx) = self else {
            return;
        };
        if table::find(&message.method()).is_none()
            && let Err(error) = cx.notify_raw(message.raw().clone())
        {
            tracing::debug!(server, "a notification was not handed on: {error}");
        }
    }
}

/// The most of a log message that our own log gets.
const LONGEST: usize = 1024;

fn own_log(server: &str, log: &LoggingMessageNotificationParams) {
    let text = log.data.as_str().map_or_else(|| log.data.to_string(), str::to_owned);
    // What a peer wrote must not steer whoever reads the log.
    let text: String = text.chars().take(LONGEST).flat_map(char::escape_debug).collect();
    let logger: String = log
        .logger
        .iter()
        .flat_map(|name| name.chars().take(64))
        .flat_map(char::escape_debug)
        .collect();
    match log.level {
        LoggingLevel::Debug => tracing::debug!(target: "bowline::server", server, logger, "{text}"),
        LoggingLevel::Info | LoggingLevel::Notice => {
            tracing::info!(target: "bowline::server", server, logger, "{text}");
        }
        LoggingLevel::Warning => {
            tracing::warn!(target: "bowline::server", server, logger, "{text}")
        }
        _ => tracing::error!(target: "bowline::server", server, logger, "{text}"),
    }
}
