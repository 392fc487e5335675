//! The client of a session, and what its messages mean once a protocol version is agreed on.

use super::{Settings, Step, kind_of, refused, write};
use crate::era::modern::is_string_or_integer;
use crate::era::{Incoming, Stamp};
use crate::scan::{BodyKey, Kind, Message, MetaKey, read_id};
use crate::table::{self, Row, RowKind, Sender};
use bowline_types::jsonrpc::ErrorObject;
use bowline_types::log::LoggingLevel;
use bowline_types::method::{Method, SubscriptionsListen};
use bowline_types::revision::Revision;
use bowline_types::subscription::SubscriptionFilter;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The client of a session: who it is, what it can do and what it wants to hear.
#[derive(Debug)]
pub struct Peer {
    settings: Arc<Settings>,
    revision: Revision,
    stamp: Arc<Stamp>,
    subscriptions: BTreeSet<Box<str>>,
}

impl Peer {
    pub(super) fn new(settings: Arc<Settings>, revision: Revision, stamp: Stamp) -> Self {
        Self { settings, revision, stamp: Arc::new(stamp), subscriptions: BTreeSet::new() }
    }

    /// The protocol version of the session.
    #[must_use]
    pub fn revision(&self) -> Revision {
        self.revision
    }

    /// What is put on every request from now on.
    #[must_use]
    pub fn stamp(&self) -> &Arc<Stamp> {
        &self.stamp
    }

    /// The resources that the client watches, in order.
    pub fn subscriptions(&self) -> impl Iterator<Item = &str> {
        self.subscriptions.iter().map(|uri| &**uri)
    }

    /// All that the client is to hear of, as `subscriptions/listen` of the newest protocol version asks for it.
    ///
    /// Older clients hear of changed lists without asking, where the server declared so.
    #[must_use]
    pub fn listening(&self) -> SubscriptionFilter {
        let filter = self.settings.list_changes();
        if self.subscriptions.is_empty() {
            return filter;
        }
        let uris: Vec<String> = self.subscriptions().map(str::to_owned).collect();
        filter.resource_subscriptions(uris)
    }

    /// Takes resources that the client watched before.
    pub(super) fn watch(&mut self, uris: impl IntoIterator<Item = Box<str>>) {
        self.subscriptions.extend(uris);
    }

    /// The request of the newest protocol version by which this session hears of all that.
    ///
    /// What it is answered with stays inside; what it tells goes through [`notification`](super::notification).
    #[must_use]
    pub fn listen(&self, id: &str) -> Option<Incoming> {
        let capabilities = self.stamp.client_capabilities();
        write::request(id, SubscriptionsListen::NAME, Some(capabilities), |params| {
            params.insert("notifications".to_owned(), serde_json::json!(self.listening()));
        })
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(super) fn receive(&mut self, message: Message) -> Step {
        match kind_of(&message) {
            Ok(Kind::Request) => self
                .request(message)
                .unwrap_or_else(|(message, error)| refused(&message, Some(self.revision), error)),
            Ok(Kind::Notification) => self.notification(message),
            Ok(Kind::Result | Kind::Error) => Step::Response(message),
            Err(error) => refused(&message, Some(self.revision), error),
        }
    }

    #[expect(clippy::result_large_err, reason = "a refusal needs the message to answer it")]
    fn request(&mut self, message: Message) -> Result<Step, (Message, ErrorObject)> {
        let done = match &*message.method() {
            "initialize" => Err(ErrorObject::invalid_request(
                "the session is open already; go on, or open another one",
            )),
            "ping" => Ok(Step::Reply(write::empty(message.id_text()))),
            "logging/setLevel" => self.set_level(&message),
            "resources/subscribe" => self.subscribe(&message),
            "resources/unsubscribe" => self.unsubscribe(&message),
            method => match self.row(method, &message) {
                Ok(row) => return Ok(Step::Admit(self.stamped(message, row))),
                Err(error) => Err(error),
            },
        };
        done.map_err(|error| (message, error))
    }

    /// The row of a method that the client may call in this protocol version.
    fn row(&self, method: &str, message: &Message) -> Result<&'static Row, ErrorObject> {
        if let Some(token) = message.meta(MetaKey::ProgressToken)
            && !is_string_or_integer(token)
        {
            return Err(ErrorObject::invalid_params(
                "params._meta.progressToken: expected a string or an integer",
            ));
        }
        let callable = |row: &Row| {
            row.exists_in(self.revision)
                && row.kind == RowKind::Request
                && row.sender != Sender::Server
        };
        match table::find(method) {
            None => Ok(&table::CUSTOM),
            Some(row) if callable(row) => Ok(row),
            Some(_) => Err(ErrorObject::method_not_found(method)),
        }
    }

    fn stamped(&self, mut message: Message, row: &'static Row) -> Incoming {
        // What the session answers, no request of it may say otherwise.
        for key in [
            MetaKey::ProtocolVersion,
            MetaKey::ClientInfo,
            MetaKey::ClientCapabilities,
            MetaKey::LogLevel,
        ] {
            message.forget_meta(key);
        }
        // Nor may it answer questions that it was asked in no way it knows.
        for key in [BodyKey::InputResponses, BodyKey::RequestState] {
            message.forget(key);
        }
        Incoming { message, row, revision: self.revision, stamp: Some(Arc::clone(&self.stamp)) }
    }

    fn set_level(&mut self, message: &Message) -> Result<Step, ErrorObject> {
        if !self.settings.logs() {
            return Err(ErrorObject::method_not_found("logging/setLevel"));
        }
        let wrong = |error: &str| ErrorObject::invalid_params(format!("params.level: {error}"));
        let text = message.body_str(BodyKey::Level).ok_or_else(|| wrong("expected a string"))?;
        let level: LoggingLevel =
            text.parse().map_err(|error: bowline_types::DecodeError| wrong(error.message()))?;
        self.stamp = Arc::new(self.stamp.with_log_level(Some(level)));
        Ok(Step::LogLevel { level, reply: write::empty(message.id_text()) })
    }

    fn subscribe(&mut self, message: &Message) -> Result<Step, ErrorObject> {
        let uri = self.uri_of(message, "resources/subscribe")?;
        let limits = self.settings.limits();
        if uri.len() > limits.uri_bytes {
            let most = limits.uri_bytes;
            return Err(ErrorObject::invalid_params(format!("params.uri: over {most} bytes")));
        }
        let known = self.subscriptions.contains(&uri);
        if !known && self.subscriptions.len() >= limits.listen_uris {
            let most = limits.listen_uris;
            return Err(ErrorObject::invalid_params(format!(
                "params.uri: {most} resources are watched already; unsubscribe from one"
            )));
        }
        let reply = write::empty(message.id_text());
        if known {
            return Ok(Step::Reply(reply));
        }
        self.subscriptions.insert(uri.clone());
        Ok(Step::Subscribe { uri, reply })
    }

    fn unsubscribe(&mut self, message: &Message) -> Result<Step, ErrorObject> {
        let uri = self.uri_of(message, "resources/unsubscribe")?;
        let reply = write::empty(message.id_text());
        if self.subscriptions.remove(&uri) {
            return Ok(Step::Unsubscribe { uri, reply });
        }
        Ok(Step::Reply(reply))
    }

    fn uri_of(&self, message: &Message, method: &str) -> Result<Box<str>, ErrorObject> {
        if !self.settings.subscribes() {
            return Err(ErrorObject::method_not_found(method));
        }
        let uri = message.body_str(BodyKey::Uri);
        let uri =
            uri.ok_or_else(|| ErrorObject::invalid_params("params.uri: expected a string"))?;
        Ok(uri.into_owned().into())
    }

    fn notification(&self, message: Message) -> Step {
        let method = message.method();
        let row = table::find(&method);
        // A notification has no answer, so that one out of place is only passed over.
        let misplaced = |row: &Row| {
            !row.exists_in(self.revision)
                || row.kind != RowKind::Notification
                || row.sender == Sender::Server
        };
        if row.is_some_and(misplaced) {
            return Step::Ignore;
        }
        match &*method {
            "notifications/initialized" => Step::Ignore,
            "notifications/roots/list_changed" => Step::RootsChanged(message),
            // `initialize` cannot be named here: it is answered before anything behind it is read.
            "notifications/cancelled" => message
                .body(BodyKey::RequestId)
                .and_then(read_id)
                .map_or(Step::Ignore, Step::Cancelled),
            "notifications/progress" => Step::Progress(message),
            _ => Step::Notification(message),
        }
    }
}
