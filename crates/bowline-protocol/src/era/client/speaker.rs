//! What a client puts on what it sends.

use super::session;
use crate::outcome::Body;
use crate::scan::{Members, MetaKey, Raw, Selection, encode_text};
use crate::table::{self, RowKind, Sender};
use bowline_types::log::LoggingLevel;
use bowline_types::revision::{Era, Revision};
use serde_json::Value;
use std::{error, fmt};

/// A client that has agreed on a protocol version, as the sender of requests.
#[derive(Clone, Debug)]
pub struct Speaker {
    revision: Revision,
    /// What every request says of the client in `_meta`, an object, without what it can do; `None` where a session
    /// has said it once.
    name: Option<Raw>,
    /// The same with what it can do.
    stamp: Option<Raw>,
    /// The same with the log level.
    stamp_with_level: Option<Raw>,
}

impl Speaker {
    /// A client that speaks this protocol version; both are objects.
    ///
    /// Without a log level the server logs nothing to it, where requests say so.
    #[must_use]
    pub fn new(
        revision: Revision,
        client_info: &Raw,
        capabilities: &Raw,
        log_level: Option<LoggingLevel>,
    ) -> Self {
        let name = (revision.era() == Era::Modern).then(|| name(revision, client_info));
        let capabilities = member(MetaKey::ClientCapabilities, capabilities.as_bytes());
        let stamp = name.as_ref().map(|name| joined(&[name.members(), &capabilities]));
        let mut speaker = Self { revision, name, stamp, stamp_with_level: None };
        speaker.set_log_level(log_level);
        speaker
    }

    /// The protocol version.
    #[must_use]
    pub fn revision(&self) -> Revision {
        self.revision
    }

    /// Sets the least severe log message that the client wants with every request.
    ///
    /// In a session nothing changes: there `logging/setLevel` says it.
    pub fn set_log_level(&mut self, log_level: Option<LoggingLevel>) {
        self.stamp_with_level =
            self.stamp.as_ref().zip(log_level).map(|(stamp, level)| with(stamp, level));
    }

    /// The params of a request, with what this protocol version wants in them.
    ///
    /// Of the caller's `_meta` everything stays but what says who the client is, which the client itself says, and
    /// the progress token, which belongs to whoever sends the request. A log level of the caller stays where requests
    /// have one, and goes before the client's.
    ///
    /// # Errors
    /// [`UnsupportedMethod`] when no client sends such a request in this protocol version.
    pub fn outgoing(&self, method: &str, params: Body) -> Result<Body, UnsupportedMethod> {
        self.stamped(method, params, self.stamp.as_ref(), self.stamp_with_level.as_ref())
    }

    /// The same for a request that is handed on for somebody who declared these capabilities, an object, and wants to
    /// hear logs of this level.
    ///
    /// # Errors
    /// As [`Speaker::outgoing`].
    pub fn outgoing_for(
        &self,
        method: &str,
        params: Body,
        capabilities: &Raw,
        log_level: Option<LoggingLevel>,
    ) -> Result<Body, UnsupportedMethod> {
        let capabilities = member(MetaKey::ClientCapabilities, capabilities.as_bytes());
        let stamp = self.name.as_ref().map(|name| joined(&[name.members(), &capabilities]));
        let with_level = stamp.as_ref().zip(log_level).map(|(stamp, level)| with(stamp, level));
        self.stamped(method, params, stamp.as_ref(), with_level.as_ref())
    }

    fn stamped(
        &self,
        method: &str,
        params: Body,
        stamp: Option<&Raw>,
        stamp_with_level: Option<&Raw>,
    ) -> Result<Body, UnsupportedMethod> {
        self.check(method, RowKind::Request)?;
        let params = session::params(self.revision, method, params);
        let Some(stamp) = stamp else {
            return Ok(match params.meta() {
                None => params,
                Some(meta) => {
                    let (own, _) = without_reserved(meta, OURS_IN_SESSIONS, 0);
                    let own = (!own.is_empty()).then(|| own.into_raw());
                    params.with_raw_meta(own)
                }
            });
        };
        let default = stamp_with_level.unwrap_or(stamp);
        let meta = match params.meta() {
            None => default.clone(),
            Some(meta) => {
                let (mut own, has_level) = without_reserved(meta, OURS, default.as_bytes().len());
                own.add(if has_level { stamp.members() } else { default.members() });
                own.into_raw()
            }
        };
        Ok(params.with_raw_meta(Some(meta)))
    }

    /// A notification of the client.
    ///
    /// # Errors
    /// [`UnsupportedMethod`] when no client sends such a notification in this protocol version.
    pub fn notification(&self, method: &str, params: &Body) -> Result<Raw, UnsupportedMethod> {
        self.check(method, RowKind::Notification)?;
        let meta = params.meta().map(|meta| [b"\"_meta\":", meta.as_bytes()].concat());
        let params = joined(&[params.members().members(), &meta.unwrap_or_default()]);
        let params = (!params.members().is_empty()).then_some(params);
        Ok(crate::write::notification_raw(method, params.as_ref().map(Raw::as_bytes)))
    }

    /// Whether a client sends such a message in this protocol version; what no version defines may always be sent.
    ///
    /// # Errors
    /// [`UnsupportedMethod`] when not.
    pub fn check(&self, method: &str, kind: RowKind) -> Result<(), UnsupportedMethod> {
        let sendable = table::find(method).is_none_or(|row| {
            row.exists_in(self.revision) && row.kind == kind && row.sender != Sender::Server
        });
        if sendable {
            return Ok(());
        }
        Err(UnsupportedMethod { method: method.into(), revision: self.revision })
    }
}

/// The agreed protocol version lacks a method, or no client sends it there. Nothing has been sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnsupportedMethod {
    /// The method.
    pub method: Box<str>,
    /// The protocol version.
    pub revision: Revision,
}

impl fmt::Display for UnsupportedMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { method, revision } = self;
        let method = method.escape_debug();
        write!(
            f,
            "clients do not send `{method}` in protocol version {revision}, which this server speaks"
        )
    }
}

impl error::Error for UnsupportedMethod {}

/// The keys of `_meta` that only a client writes that says them of itself.
const OURS: &[MetaKey] = &[
    MetaKey::ProtocolVersion,
    MetaKey::ClientInfo,
    MetaKey::ClientCapabilities,
    MetaKey::ProgressToken,
];

/// The same where no request says them at all.
const OURS_IN_SESSIONS: &[MetaKey] = &[
    MetaKey::ProtocolVersion,
    MetaKey::ClientInfo,
    MetaKey::ClientCapabilities,
    MetaKey::ProgressToken,
    MetaKey::LogLevel,
];

fn name(revision: Revision, client_info: &Raw) -> Raw {
    let version = Value::from(revision.as_str()).to_string();
    joined(&[
        &member(MetaKey::ProtocolVersion, version.as_bytes()),
        &member(MetaKey::ClientInfo, client_info.as_bytes()),
    ])
}

/// A stamp with a log level.
fn with(stamp: &Raw, level: LoggingLevel) -> Raw {
    let level = Value::from(level.as_str()).to_string();
    joined(&[stamp.members(), &member(MetaKey::LogLevel, level.as_bytes())])
}

fn member(key: MetaKey, value: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len() + 48);
    encode_text(&mut out, key.name());
    out.push(b':');
    out.extend_from_slice(value);
    out
}

/// An object of these members, of which some may be empty.
fn joined(members: &[&[u8]]) -> Raw {
    let mut object = Selection::with_capacity(members.iter().map(|text| text.len() + 2).sum());
    members.iter().for_each(|text| object.add(text.trim_ascii()));
    object.into_raw()
}

/// What the caller's `_meta` has beside the reserved keys, with room for so much more; and whether a log level is there.
fn without_reserved(meta: &Raw, reserved: &[MetaKey], room: usize) -> (Selection, bool) {
    let mut own = Selection::with_capacity(meta.as_bytes().len() + room);
    let mut has_level = false;
    for member in Members::of(meta) {
        match MetaKey::find(&member.name()) {
            Some(key) if reserved.contains(&key) => {}
            key => {
                has_level |= key == Some(MetaKey::LogLevel);
                own.add(member.whole);
            }
        }
    }
    (own, has_level)
}
