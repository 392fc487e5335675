//! `_meta`: what travels beside a message, for the protocol and for everybody else.

mod key;
mod trace;

pub use key::{InvalidMetaKey, MetaKey};

use serde_core::ser::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::capability::ClientCapabilities;
use crate::decode::{self, DecodeError, Member};
use crate::discover::Implementation;
use crate::jsonrpc::Id;
use crate::log::LoggingLevel;
use crate::macros::{deserialize, message};
use crate::progress::ProgressToken;

/// The object `_meta`.
///
/// Values are kept as they are and decoded when they are asked for: a key that is absent is `Ok(None)`, one
/// with a wrong value an error that names it.
///
/// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/basic/index#_meta)
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Meta(Map<String, Value>);

impl Meta {
    /// Asks for progress of a request. On requests.
    pub const PROGRESS_TOKEN: &str = "progressToken";
    /// The protocol version of a request. Since 2026-07-28.
    pub const PROTOCOL_VERSION: &str = "io.modelcontextprotocol/protocolVersion";
    /// The client that sends a request. Since 2026-07-28.
    pub const CLIENT_INFO: &str = "io.modelcontextprotocol/clientInfo";
    /// What that client can do. Since 2026-07-28.
    pub const CLIENT_CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";
    /// The least severe log message that the client wants for a request. Since 2026-07-28.
    pub const LOG_LEVEL: &str = "io.modelcontextprotocol/logLevel";
    /// The subscription to which a notification belongs. Since 2026-07-28.
    pub const SUBSCRIPTION_ID: &str = "io.modelcontextprotocol/subscriptionId";
    /// The server that sends a result. Since 2026-07-28.
    pub const SERVER_INFO: &str = "io.modelcontextprotocol/serverInfo";
    /// The task to which a message belongs. Only in 2025-11-25.
    pub const RELATED_TASK: &str = "io.modelcontextprotocol/related-task";
    /// The span of the sender, in the format of W3C Trace Context.
    pub const TRACEPARENT: &str = "traceparent";
    /// What tracing systems add to the span, in the format of W3C Trace Context.
    pub const TRACESTATE: &str = "tracestate";
    /// What the sender hands on with the span, in the format of W3C Baggage.
    pub const BAGGAGE: &str = "baggage";

    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value of a key as it is.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.get(key)
    }

    /// Puts a key; gives back the value that it had. [`MetaKey`] tells whether a key is one of your own.
    pub fn insert(&mut self, key: impl Into<String>, value: impl Into<Value>) -> Option<Value> {
        self.0.insert(key.into(), value.into())
    }

    /// Takes a key out.
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        self.0.remove(key)
    }

    /// All keys and values.
    pub fn as_map(&self) -> &Map<String, Value> {
        &self.0
    }

    /// All keys and values.
    pub fn into_map(self) -> Map<String, Value> {
        self.0
    }

    /// [`Meta::PROGRESS_TOKEN`].
    ///
    /// # Errors
    ///
    /// When the value has a wrong shape.
    pub fn progress_token(&self) -> Result<Option<ProgressToken>, DecodeError> {
        self.typed(Self::PROGRESS_TOKEN)
    }

    /// [`Meta::PROTOCOL_VERSION`].
    ///
    /// # Errors
    ///
    /// When the value has a wrong shape.
    pub fn protocol_version(&self) -> Result<Option<String>, DecodeError> {
        self.typed(Self::PROTOCOL_VERSION)
    }

    /// [`Meta::CLIENT_INFO`].
    ///
    /// # Errors
    ///
    /// When the value has a wrong shape.
    pub fn client_info(&self) -> Result<Option<Implementation>, DecodeError> {
        self.typed(Self::CLIENT_INFO)
    }

    /// [`Meta::CLIENT_CAPABILITIES`].
    ///
    /// # Errors
    ///
    /// When the value has a wrong shape.
    pub fn client_capabilities(&self) -> Result<Option<ClientCapabilities>, DecodeError> {
        self.typed(Self::CLIENT_CAPABILITIES)
    }

    /// [`Meta::LOG_LEVEL`].
    ///
    /// # Errors
    ///
    /// When the value is not a log level.
    pub fn log_level(&self) -> Result<Option<LoggingLevel>, DecodeError> {
        self.typed(Self::LOG_LEVEL)
    }

    /// [`Meta::SUBSCRIPTION_ID`]: the id of the request that opened the subscription.
    ///
    /// # Errors
    ///
    /// When the value has a wrong shape.
    pub fn subscription_id(&self) -> Result<Option<Id>, DecodeError> {
        self.typed(Self::SUBSCRIPTION_ID)
    }

    /// [`Meta::SERVER_INFO`].
    ///
    /// # Errors
    ///
    /// When the value has a wrong shape.
    pub fn server_info(&self) -> Result<Option<Implementation>, DecodeError> {
        self.typed(Self::SERVER_INFO)
    }

    /// [`Meta::RELATED_TASK`].
    ///
    /// # Errors
    ///
    /// When the value has a wrong shape.
    pub fn related_task(&self) -> Result<Option<RelatedTaskMetadata>, DecodeError> {
        self.typed(Self::RELATED_TASK)
    }

    /// [`Meta::TRACEPARENT`].
    ///
    /// # Errors
    ///
    /// When the value does not have the format.
    pub fn traceparent(&self) -> Result<Option<&str>, DecodeError> {
        self.text(Self::TRACEPARENT, trace::is_traceparent)
    }

    /// [`Meta::TRACESTATE`].
    ///
    /// # Errors
    ///
    /// When the value does not have the format.
    pub fn tracestate(&self) -> Result<Option<&str>, DecodeError> {
        self.text(Self::TRACESTATE, trace::is_tracestate)
    }

    /// [`Meta::BAGGAGE`].
    ///
    /// # Errors
    ///
    /// When the value does not have the format.
    pub fn baggage(&self) -> Result<Option<&str>, DecodeError> {
        self.text(Self::BAGGAGE, trace::is_baggage)
    }

    /// Sets [`Meta::PROGRESS_TOKEN`].
    pub fn set_progress_token(&mut self, token: impl Into<ProgressToken>) {
        self.put(Self::PROGRESS_TOKEN, &token.into());
    }

    /// Sets [`Meta::PROTOCOL_VERSION`].
    pub fn set_protocol_version(&mut self, version: impl Into<String>) {
        self.insert(Self::PROTOCOL_VERSION, version.into());
    }

    /// Sets [`Meta::CLIENT_INFO`].
    pub fn set_client_info(&mut self, client: &Implementation) {
        self.put(Self::CLIENT_INFO, client);
    }

    /// Sets [`Meta::CLIENT_CAPABILITIES`].
    pub fn set_client_capabilities(&mut self, capabilities: &ClientCapabilities) {
        self.put(Self::CLIENT_CAPABILITIES, capabilities);
    }

    /// Sets [`Meta::LOG_LEVEL`].
    pub fn set_log_level(&mut self, level: LoggingLevel) {
        self.put(Self::LOG_LEVEL, &level);
    }

    /// Sets [`Meta::SUBSCRIPTION_ID`].
    pub fn set_subscription_id(&mut self, id: impl Into<Id>) {
        self.put(Self::SUBSCRIPTION_ID, &id.into());
    }

    /// Sets [`Meta::SERVER_INFO`].
    pub fn set_server_info(&mut self, server: &Implementation) {
        self.put(Self::SERVER_INFO, server);
    }

    /// Sets [`Meta::RELATED_TASK`].
    pub fn set_related_task(&mut self, task_id: impl Into<String>) {
        self.put(Self::RELATED_TASK, &RelatedTaskMetadata::new(task_id));
    }

    /// Sets [`Meta::TRACEPARENT`], [`Meta::TRACESTATE`] or [`Meta::BAGGAGE`].
    ///
    /// # Errors
    ///
    /// When the value does not have the format of the key, or the key is another one.
    pub fn set_trace(&mut self, key: &str, value: impl Into<String>) -> Result<(), DecodeError> {
        let value = value.into();
        let valid = match key {
            Self::TRACEPARENT => trace::is_traceparent(&value),
            Self::TRACESTATE => trace::is_tracestate(&value),
            Self::BAGGAGE => trace::is_baggage(&value),
            _ => return Err(DecodeError::new("not a key of trace context").in_member(key)),
        };
        if !valid {
            return Err(malformed(key));
        }
        self.insert(key, value);
        Ok(())
    }

    /// All that the newest protocol version wants on a request of a client, required members included.
    ///
    /// # Errors
    ///
    /// When a required key is missing or one has a wrong value.
    pub fn request(&self) -> Result<RequestMeta, DecodeError> {
        RequestMeta::from_value(Value::Object(self.0.clone()))
    }

    fn typed<T: Member>(&self, key: &str) -> Result<Option<T>, DecodeError> {
        let value = self.get(key).filter(|value| !value.is_null());
        value.cloned().map(T::from_value).transpose().map_err(|error| error.in_member(key))
    }

    fn text(&self, key: &str, is_valid: fn(&str) -> bool) -> Result<Option<&str>, DecodeError> {
        match self.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if is_valid(text) => Ok(Some(text)),
            Some(Value::String(_)) => Err(malformed(key)),
            Some(other) => Err(DecodeError::unexpected(other, "a string").in_member(key)),
        }
    }

    fn put(&mut self, key: &str, value: &impl Serialize) {
        self.insert(key, decode::to_value(value));
    }
}

fn malformed(key: &str) -> DecodeError {
    DecodeError::new("invalid value, expected the format of W3C").in_member(key)
}

impl From<Map<String, Value>> for Meta {
    fn from(meta: Map<String, Value>) -> Self {
        Self(meta)
    }
}

impl Member for Meta {
    fn from_value(value: Value) -> Result<Self, DecodeError> {
        Member::from_value(value).map(Self)
    }
}

impl Serialize for Meta {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

deserialize!(Meta);

message! {
    /// What `_meta` of a client's request holds for the protocol. Since 2026-07-28.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/schema#requestmetaobject)
    pub struct RequestMeta {
        new {
            /// The protocol version of the request.
            protocol_version: String = "io.modelcontextprotocol/protocolVersion",
            /// What the client can do, for this request.
            client_capabilities: ClientCapabilities = "io.modelcontextprotocol/clientCapabilities",
        }
        optional {
            /// The client, by its own account.
            client_info: Implementation = "io.modelcontextprotocol/clientInfo",
            /// The least severe log message that the client wants; none at all when absent.
            log_level: LoggingLevel = "io.modelcontextprotocol/logLevel",
            /// Asks for progress.
            progress_token: ProgressToken = "progressToken",
        }
    }
}

message! {
    /// The task to which a message belongs. Only in 2025-11-25.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2025-11-25/schema#relatedtaskmetadata)
    pub struct RelatedTaskMetadata {
        new {
            /// The task.
            task_id: String = "taskId",
        }
    }
}
