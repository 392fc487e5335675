//! What a client puts on what it sends.

use super::session;
use crate::outcome::Body;
use crate::scan::{Members, MetaKey, Raw, Selection};
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
        let declared = capabilities.as_bytes();
        let stamp = name.as_ref().map(|name| with(name, MetaKey::ClientCapabilities, declared));
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
        self.stamp_with_level = self.stamp.as_ref().zip(log_level).map(|(stamp, level)| {
            with(stamp, MetaKey::LogLevel, quoted(level.as_str()).as_bytes())
        });
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
        let default = self.stamp_with_level.as_ref().or(self.stamp.as_ref());
        if params.meta().is_none() {
            let stamped = self.session_params(method, params)?.with_raw_meta(default.cloned());
            return Ok(stamped);
        }
        self.stamped(method, params, |own, has_level| {
            let stamp = if has_level { self.stamp.as_ref() } else { default };
            own.add(stamp.map_or(&[][..], Raw::members));
        })
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
        self.stamped(method, params, |own, has_level| {
            own.add(self.name.as_ref().map_or(&[][..], Raw::members));
            own.add_meta(MetaKey::ClientCapabilities, capabilities.as_bytes());
            if let Some(level) = log_level.filter(|_| !has_level) {
                own.add_meta(MetaKey::LogLevel, quoted(level.as_str()).as_bytes());
            }
        })
    }

    /// The params with what the caller's `_meta` has of its own and, where requests say so, what `stamp` adds; it is
    /// told whether the caller has set a log level.
    fn stamped(
        &self,
        method: &str,
        params: Body,
        stamp: impl FnOnce(&mut Selection, bool),
    ) -> Result<Body, UnsupportedMethod> {
        let params = self.session_params(method, params)?;
        let says = self.stamp.as_ref();
        let (reserved, room) = match says {
            Some(stamp) => (OURS, stamp.as_bytes().len() + LEVEL_ROOM),
            None => (OURS_IN_SESSIONS, 0),
        };
        let bytes = params.meta().map_or(0, |meta| meta.as_bytes().len());
        let mut own = Selection::with_capacity(bytes + room);
        let mut has_level = false;
        for member in params.meta().into_iter().flat_map(Members::of) {
            match MetaKey::find(&member.name()) {
                Some(key) if reserved.contains(&key) => {}
                key => {
                    has_level |= key == Some(MetaKey::LogLevel);
                    own.add(member.whole);
                }
            }
        }
        if says.is_some() {
            stamp(&mut own, has_level);
        }
        let meta = (!own.is_empty()).then(|| own.into_raw());
        Ok(params.with_raw_meta(meta))
    }

    /// The params in the shape of this protocol version.
    fn session_params(&self, method: &str, params: Body) -> Result<Body, UnsupportedMethod> {
        self.check(method, RowKind::Request)?;
        Ok(session::params(self.revision, method, params))
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

/// Room for a log level.
const LEVEL_ROOM: usize = 64;

fn name(revision: Revision, client_info: &Raw) -> Raw {
    let mut name = Selection::with_capacity(client_info.as_bytes().len() + 128);
    name.add_meta(MetaKey::ProtocolVersion, quoted(revision.as_str()).as_bytes());
    name.add_meta(MetaKey::ClientInfo, client_info.as_bytes());
    name.into_raw()
}

/// An object with one more member.
fn with(object: &Raw, key: MetaKey, value: &[u8]) -> Raw {
    let mut with = Selection::with_capacity(object.as_bytes().len() + value.len() + 64);
    with.add(object.members());
    with.add_meta(key, value);
    with.into_raw()
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// An object of these members, of which some may be empty.
fn joined(members: &[&[u8]]) -> Raw {
    let mut object = Selection::with_capacity(members.iter().map(|text| text.len() + 2).sum());
    members.iter().for_each(|text| object.add(text.trim_ascii()));
    object.into_raw()
}
