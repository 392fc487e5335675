//! What a session remembers of its client, so that each of its requests can answer what a newer one says itself.

use super::{Incoming, legacy};
use crate::dialect;
use crate::outcome::Outcome;
use crate::scan::{MetaKey, Raw, decode_text};
use bowline_types::log::LoggingLevel;
use bowline_types::revision::Revision;
use bytes::Bytes;
use std::borrow::Cow;

/// The reserved keys of `_meta` that a session answers for its requests.
#[derive(Clone, Debug)]
pub struct Stamp {
    version: &'static str,
    client_info: Raw,
    capabilities: Raw,
    log_level: Option<LoggingLevel>,
}

impl Stamp {
    /// What `initialize` said; both are objects. Without a log level nothing is logged to the client.
    #[must_use]
    pub fn new(
        revision: Revision,
        client_info: Raw,
        capabilities: Raw,
        log_level: Option<LoggingLevel>,
    ) -> Self {
        Self { version: version_text(revision), client_info, capabilities, log_level }
    }

    /// The same client with another log level.
    #[must_use]
    pub fn with_log_level(&self, log_level: Option<LoggingLevel>) -> Self {
        Self { log_level, ..self.clone() }
    }
}

impl Stamp {
    /// The least severe log message that the client wants.
    #[must_use]
    pub fn log_level(&self) -> Option<LoggingLevel> {
        self.log_level
    }

    /// What the client says it is, an object.
    #[must_use]
    pub fn client_info(&self) -> &Raw {
        &self.client_info
    }

    /// What the client can do, as an object of the newest protocol version.
    #[must_use]
    pub fn client_capabilities(&self) -> &Raw {
        &self.capabilities
    }

    /// Writes the answer to a request of the session.
    pub(super) fn response(&self, to: &Incoming, outcome: &Outcome) -> Raw {
        legacy::response(to.revision, &to.method(), to.id_text(), outcome)
    }

    /// As [`Stamp::response`], in pieces.
    pub(super) fn response_pieces(&self, to: &Incoming, outcome: &Outcome) -> [Bytes; 3] {
        legacy::response_pieces(to.revision, &to.method(), to.id_text(), outcome)
    }

    /// Answers a call of the session whose arguments break the tool's schema.
    pub(super) fn argument_violation(&self, to: &Incoming, message: &str) -> Outcome {
        dialect::argument_violation(to.revision, message)
    }

    /// A notification in the shape of the session's; `None` when it does not exist there.
    pub(super) fn notification(&self, to: &Incoming, notification: &Raw) -> Option<Raw> {
        legacy::notification(to.revision, notification)
    }

    /// The value of a key as JSON; `None` for a key that a session does not answer.
    pub(super) fn meta(&self, key: MetaKey) -> Option<&[u8]> {
        match key {
            MetaKey::ProtocolVersion => Some(self.version.as_bytes()),
            MetaKey::ClientInfo => Some(self.client_info.as_bytes()),
            MetaKey::ClientCapabilities => Some(self.capabilities.as_bytes()),
            MetaKey::LogLevel => self.log_level.map(|level| level_text(level).as_bytes()),
            _ => None,
        }
    }

    /// As [`Stamp::meta`], of a key whose value is a string.
    pub(super) fn meta_str(&self, key: MetaKey) -> Option<Cow<'_, str>> {
        let inside = self.meta(key)?.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
        decode_text(inside).ok()
    }
}

fn version_text(revision: Revision) -> &'static str {
    match revision {
        Revision::V2024_11_05 => "\"2024-11-05\"",
        Revision::V2025_03_26 => "\"2025-03-26\"",
        Revision::V2025_06_18 => "\"2025-06-18\"",
        Revision::V2025_11_25 => "\"2025-11-25\"",
        Revision::V2026_07_28 => "\"2026-07-28\"",
    }
}

fn level_text(level: LoggingLevel) -> &'static str {
    match level {
        LoggingLevel::Debug => "\"debug\"",
        LoggingLevel::Info => "\"info\"",
        LoggingLevel::Notice => "\"notice\"",
        LoggingLevel::Warning => "\"warning\"",
        LoggingLevel::Error => "\"error\"",
        LoggingLevel::Critical => "\"critical\"",
        LoggingLevel::Alert => "\"alert\"",
        LoggingLevel::Emergency => "\"emergency\"",
    }
}
