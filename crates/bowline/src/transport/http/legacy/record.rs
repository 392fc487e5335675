//! What is remembered of a session.

use crate::error::{Error, Result};
use crate::principal::{Principal, PrincipalKind};
use bowline_protocol::era::Stamp;
use bowline_protocol::era::legacy::{Session, Settings};
use bowline_protocol::scan::Raw;
use bowline_types::log::LoggingLevel;
use bowline_types::revision::Revision;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What has to be remembered of a session for it to go on in another process.
///
/// Treat it as a secret of its client: it says who that is and what it watches.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionRecord {
    principal: Principal,
    revision: Revision,
    client_info: Raw,
    client_capabilities: Raw,
    log_level: Option<LoggingLevel>,
    subscriptions: Vec<Box<str>>,
    opened: bool,
    /// Milliseconds since 1970.
    created: u64,
}

impl SessionRecord {
    /// Of a session whose `initialize` is answered; `None` before that, and once it is closed.
    pub(super) fn of(
        session: &Session,
        principal: &Principal,
        created: SystemTime,
    ) -> Option<Self> {
        let peer = session.peer()?;
        let created = created.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        Some(Self {
            principal: principal.clone(),
            revision: peer.revision(),
            client_info: peer.stamp().client_info().clone(),
            client_capabilities: peer.stamp().client_capabilities().clone(),
            log_level: peer.stamp().log_level(),
            subscriptions: peer.subscriptions().map(Box::from).collect(),
            opened: session.is_open(),
            created: u64::try_from(created).unwrap_or(u64::MAX),
        })
    }

    /// Whom the session belongs to, without scopes.
    #[must_use]
    pub fn principal(&self) -> &Principal {
        &self.principal
    }

    /// The protocol version of the session.
    #[must_use]
    pub fn protocol_version(&self) -> &'static str {
        self.revision.as_str()
    }

    /// When the session was opened.
    #[must_use]
    pub fn created(&self) -> SystemTime {
        UNIX_EPOCH.checked_add(Duration::from_millis(self.created)).unwrap_or(UNIX_EPOCH)
    }

    /// The record as a JSON object, for a store outside of this process.
    #[must_use]
    pub fn to_json(&self) -> String {
        let value = |raw: &Raw| raw.decode::<Value>().unwrap_or_default();
        json!({
            "principal": { "kind": kind_name(self.principal.kind()), "name": self.principal.name() },
            "protocolVersion": self.protocol_version(),
            "clientInfo": value(&self.client_info),
            "clientCapabilities": value(&self.client_capabilities),
            "logLevel": self.log_level,
            "subscriptions": self.subscriptions,
            "opened": self.opened,
            "created": self.created,
        })
        .to_string()
    }

    /// Reads what [`SessionRecord::to_json`] wrote.
    ///
    /// # Errors
    /// When it is something else.
    pub fn from_json(text: &[u8]) -> Result<Self> {
        let wrong = |what: &str| Error::invalid(format!("the record of a session has {what}"));
        let fields: Fields = serde_json::from_slice(text)
            .map_err(|error| wrong("fields that are missing or wrong").because(error))?;
        let revision: Revision = fields.protocol_version.parse()?;
        let principal = fields.principal.read();
        let principal = principal.ok_or_else(|| wrong("a principal that is not known here"))?;
        Ok(Self {
            principal,
            revision,
            client_info: Raw::encode(&fields.client_info)?,
            client_capabilities: Raw::encode(&fields.client_capabilities)?,
            log_level: fields.log_level,
            subscriptions: fields.subscriptions,
            opened: fields.opened,
            created: fields.created,
        })
    }

    /// Whether the client watches anything.
    pub(super) fn has_subscriptions(&self) -> bool {
        !self.subscriptions.is_empty()
    }

    /// The session, to go on with.
    pub(super) fn restore(&self, settings: Arc<Settings>) -> Session {
        let stamp = Stamp::new(
            self.revision,
            self.client_info.clone(),
            self.client_capabilities.clone(),
            self.log_level,
        );
        let subscriptions = self.subscriptions.iter().cloned();
        Session::restored(settings, self.revision, stamp, subscriptions, self.opened)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fields {
    principal: Who,
    protocol_version: String,
    client_info: Map<String, Value>,
    client_capabilities: Map<String, Value>,
    log_level: Option<LoggingLevel>,
    subscriptions: Vec<Box<str>>,
    opened: bool,
    created: u64,
}

#[derive(Deserialize)]
struct Who {
    kind: String,
    name: String,
}

impl Who {
    fn read(&self) -> Option<Principal> {
        let principal = match &*self.kind {
            "process" => Principal::process(&self.name),
            "token" => Principal::remembered(PrincipalKind::Token, &self.name),
            "claims" => Principal::remembered(PrincipalKind::Claims, &self.name),
            _ => Principal::anonymous(),
        };
        let same = kind_name(principal.kind()) == self.kind && principal.name() == self.name;
        same.then_some(principal)
    }
}

/// A kind of principal as it is written.
pub(super) fn kind_name(kind: PrincipalKind) -> &'static str {
    match kind {
        PrincipalKind::Anonymous => "anonymous",
        PrincipalKind::Process => "process",
        PrincipalKind::Token => "token",
        PrincipalKind::Claims => "claims",
    }
}
