//! Methods and notifications: each is a type that names its parameters and its result.

use serde_core::de::DeserializeOwned;
use serde_core::ser::{Serialize, SerializeMap};
use serde_json::Value;

use crate::completion::{CompleteRequestParams, CompleteResult};
use crate::decode::{DecodeError, Inline, Member, Object};
use crate::discover::DiscoverResult;
use crate::input::{
    CreateMessageRequestParams, CreateMessageResult, ElicitRequestParams, ElicitResult,
    ListRootsResult,
};
use crate::jsonrpc::{EmptyResult, NotificationParams, PaginatedRequestParams, RequestParams};
use crate::log::LoggingMessageNotificationParams;
use crate::macros::{closed_enum, open_enum};
use crate::meta::Meta;
use crate::progress::{CancelledNotificationParams, ProgressNotificationParams};
use crate::prompt::{GetPromptRequestParams, GetPromptResult, ListPromptsResult};
use crate::resource::{
    ListResourceTemplatesResult, ListResourcesResult, ReadResourceRequestParams,
    ReadResourceResult, ResourceUpdatedNotificationParams,
};
use crate::subscription::{
    SubscriptionsAcknowledgedNotificationParams, SubscriptionsListenRequestParams,
    SubscriptionsListenResult,
};
use crate::tool::{CallToolRequestParams, CallToolResult, ListToolsResult};

/// A request: what it is called, what it takes and what it gives.
///
/// Implement it for a method of your own; any type with serde's traits does.
///
/// # Examples
///
/// ```
/// use bowline_types::{jsonrpc::{EmptyResult, RequestParams}, method::Method};
///
/// struct Restart;
///
/// impl Method for Restart {
///     const NAME: &'static str = "com.example/restart";
///     type Params = RequestParams;
///     type Result = EmptyResult;
/// }
/// ```
pub trait Method {
    /// The name on the wire.
    const NAME: &'static str;
    /// The parameters: an object.
    type Params: Serialize + DeserializeOwned;
    /// The result: an object.
    type Result: Serialize + DeserializeOwned;
}

/// A message without an answer: what it is called and what it takes.
///
/// Implement it for a notification of your own; any type with serde's traits does.
pub trait Notification {
    /// The name on the wire.
    const NAME: &'static str;
    /// The parameters: an object.
    type Params: Serialize + DeserializeOwned;
}

/// A result whose metadata can be kept apart, so that whoever writes the envelope can add to it.
pub trait ResultBody: Serialize {
    /// Takes `_meta` out.
    fn take_meta(&mut self) -> Option<Meta>;
}

/// A table of methods: type, name, parameters, result.
macro_rules! methods {
    ($($(#[$doc:meta])* $name:ident = $wire:literal ($params:ty) -> $result:ty;)+) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy, PartialEq, Eq)]
            pub struct $name;

            impl $crate::method::Method for $name {
                const NAME: &'static str = $wire;
                type Params = $params;
                type Result = $result;
            }
        )+
    };
}

/// A table of notifications: type, name, parameters.
macro_rules! notifications {
    ($($(#[$doc:meta])* $name:ident = $wire:literal ($params:ty);)+) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy, PartialEq, Eq)]
            pub struct $name;

            impl $crate::method::Notification for $name {
                const NAME: &'static str = $wire;
                type Params = $params;
            }
        )+
    };
}

/// `ResultBody` of results that have their metadata in `meta`.
macro_rules! result_body {
    ($($name:ty),+) => {
        $(
            impl $crate::method::ResultBody for $name {
                fn take_meta(&mut self) -> Option<$crate::meta::Meta> {
                    self.meta.take()
                }
            }
        )+
    };
}

pub(crate) use {methods, notifications, result_body};

methods! {
    /// Asks what a server is and can do. Since 2026-07-28.
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/server/discover)
    Discover = "server/discover" (RequestParams) -> DiscoverResult;
    /// Lists tools. [Specification](https://modelcontextprotocol.io/specification/2026-07-28/server/tools#listing-tools)
    ListTools = "tools/list" (PaginatedRequestParams) -> ListToolsResult;
    /// Calls a tool. [Specification](https://modelcontextprotocol.io/specification/2026-07-28/server/tools#calling-tools)
    CallTool = "tools/call" (CallToolRequestParams) -> CallToolResult;
    /// Lists resources. [Specification](https://modelcontextprotocol.io/specification/2026-07-28/server/resources#listing-resources)
    ListResources = "resources/list" (PaginatedRequestParams) -> ListResourcesResult;
    /// Lists resource templates.
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/server/resources#resource-templates)
    ListResourceTemplates = "resources/templates/list" (PaginatedRequestParams) -> ListResourceTemplatesResult;
    /// Reads a resource. [Specification](https://modelcontextprotocol.io/specification/2026-07-28/server/resources#reading-resources)
    ReadResource = "resources/read" (ReadResourceRequestParams) -> ReadResourceResult;
    /// Lists prompts. [Specification](https://modelcontextprotocol.io/specification/2026-07-28/server/prompts#listing-prompts)
    ListPrompts = "prompts/list" (PaginatedRequestParams) -> ListPromptsResult;
    /// Gets a prompt. [Specification](https://modelcontextprotocol.io/specification/2026-07-28/server/prompts#getting-a-prompt)
    GetPrompt = "prompts/get" (GetPromptRequestParams) -> GetPromptResult;
    /// Asks for suggestions. [Specification](https://modelcontextprotocol.io/specification/2026-07-28/server/utilities/completion#requesting-completions)
    Complete = "completion/complete" (CompleteRequestParams) -> CompleteResult;
    /// Listens to changes. Since 2026-07-28.
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/basic/patterns/subscriptions#opening-a-stream)
    SubscriptionsListen = "subscriptions/listen" (SubscriptionsListenRequestParams) -> SubscriptionsListenResult;
    /// Samples a model of the client. Since 2026-07-28 only within an
    /// [`InputRequiredResult`](crate::input::InputRequiredResult), and deprecated.
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/client/sampling#creating-messages)
    CreateMessage = "sampling/createMessage" (CreateMessageRequestParams) -> CreateMessageResult;
    /// Asks the user. Since 2025-06-18; since 2026-07-28 only within an
    /// [`InputRequiredResult`](crate::input::InputRequiredResult).
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/client/elicitation#elicitation-requests)
    Elicit = "elicitation/create" (ElicitRequestParams) -> ElicitResult;
    /// Lists the roots of the client. Since 2026-07-28 only within an
    /// [`InputRequiredResult`](crate::input::InputRequiredResult), and deprecated.
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/client/roots#listing-roots)
    ListRoots = "roots/list" (RequestParams) -> ListRootsResult;
}

notifications! {
    /// The result of a request will not be used.
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/basic/patterns/cancellation)
    Cancelled = "notifications/cancelled" (CancelledNotificationParams);
    /// How far a request is. [Specification](https://modelcontextprotocol.io/specification/2026-07-28/basic/patterns/progress)
    Progress = "notifications/progress" (ProgressNotificationParams);
    /// A log message. Deprecated since 2026-07-28.
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/server/utilities/logging#log-message-notifications)
    LoggingMessage = "notifications/message" (LoggingMessageNotificationParams);
    /// A resource changed. [Specification](https://modelcontextprotocol.io/specification/2026-07-28/server/resources#subscriptions)
    ResourceUpdated = "notifications/resources/updated" (ResourceUpdatedNotificationParams);
    /// The list of resources changed.
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/server/resources#list-changed-notification)
    ResourceListChanged = "notifications/resources/list_changed" (NotificationParams);
    /// The list of tools changed. [Specification](https://modelcontextprotocol.io/specification/2026-07-28/server/tools#list-changed-notification)
    ToolListChanged = "notifications/tools/list_changed" (NotificationParams);
    /// The list of prompts changed.
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/server/prompts#list-changed-notification)
    PromptListChanged = "notifications/prompts/list_changed" (NotificationParams);
    /// A subscription stands. Since 2026-07-28.
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/basic/patterns/subscriptions#acknowledgment)
    SubscriptionsAcknowledged =
        "notifications/subscriptions/acknowledged" (SubscriptionsAcknowledgedNotificationParams);
}

result_body!(EmptyResult);

open_enum! {
    /// How to read a result: its member `resultType`. Since 2026-07-28.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/basic/index#resulttype)
    pub enum ResultType {
        /// The final result.
        Complete = "complete",
        /// Questions to answer before the request is sent again.
        InputRequired = "input_required",
        /// A task to watch, by the tasks extension.
        Task = "task",
    }
}

impl ResultType {
    /// The type of a result as it came; one without the member is complete.
    ///
    /// # Errors
    ///
    /// When the result is not an object or the member not a string.
    pub fn of(result: &Value) -> Result<Self, DecodeError> {
        match result.as_object() {
            None => Err(DecodeError::unexpected(result, "an object")),
            Some(members) => match members.get("resultType") {
                None => Ok(Self::Complete),
                Some(kind) => {
                    Self::from_value(kind.clone()).map_err(|error| error.in_member("resultType"))
                }
            },
        }
    }

    /// Refuses a type that neither the core knows nor an extension in `extensions` brought, as a client must.
    ///
    /// # Errors
    ///
    /// When the type is unknown.
    pub fn check(&self, extensions: &[&str]) -> Result<(), DecodeError> {
        match self {
            Self::Complete | Self::InputRequired => Ok(()),
            other if extensions.contains(&other.as_str()) => Ok(()),
            other => Err(DecodeError::new(format!("unknown result type {:?}", other.as_str()))
                .in_member("resultType")),
        }
    }
}

/// How long and by whom a result may be kept: its members `ttlMs` and `cacheScope`. Since 2026-07-28.
///
/// Of the two members a missing `ttlMs` is 0 and a missing `cacheScope` private.
///
/// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/server/utilities/caching#cacheable-model)
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheHint {
    /// For how many milliseconds the result is fresh after it came; 0 for not at all. Negative reads as 0.
    pub ttl_ms: u64,
    /// Who may share it.
    pub scope: CacheScope,
}

impl CacheHint {
    /// Fresh for so many milliseconds, within one authorization context.
    pub const fn private(ttl_ms: u64) -> Self {
        Self { ttl_ms, scope: CacheScope::Private }
    }

    /// Fresh for so many milliseconds, for everybody.
    pub const fn public(ttl_ms: u64) -> Self {
        Self { ttl_ms, scope: CacheScope::Public }
    }
}

impl Inline for CacheHint {
    fn take(object: &mut Object) -> Result<Option<Self>, DecodeError> {
        let ttl = object.optional::<Milliseconds>("ttlMs")?;
        let scope = object.optional::<CacheScope>("cacheScope")?;
        if ttl.is_none() && scope.is_none() {
            return Ok(None);
        }
        let ttl_ms = ttl.map_or(0, |ttl| ttl.0);
        Ok(Some(Self { ttl_ms, scope: scope.unwrap_or(CacheScope::Private) }))
    }

    fn write<M: SerializeMap>(&self, object: &mut M) -> Result<(), M::Error> {
        object.serialize_entry("ttlMs", &self.ttl_ms)?;
        object.serialize_entry("cacheScope", &self.scope)
    }
}

closed_enum! {
    /// Who may share a result that is kept. Another value is refused.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/server/utilities/caching#cache-scope-field)
    pub enum CacheScope, "cache scope" {
        /// Only requests of the same authorization context.
        Private = "private",
        /// Everybody: it holds nothing of any user.
        Public = "public",
    }
}

/// A time that a peer may wrongly give as negative, which reads as 0.
struct Milliseconds(u64);

impl Member for Milliseconds {
    fn from_value(value: Value) -> Result<Self, DecodeError> {
        match value.as_i64() {
            Some(..0) => Ok(Self(0)),
            _ => u64::from_value(value).map(Self),
        }
    }
}

impl Serialize for Milliseconds {
    fn serialize<S: serde_core::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.0)
    }
}
