//! The table from the definitions of the schema to the types that decode them.

use std::fmt::Debug;
use std::rc::Rc;

use serde_core::de::DeserializeOwned;
use serde_core::ser::Serialize;
use serde_json::{Map, Value};

use bowline_types::capability::{ClientCapabilities, ServerCapabilities};
use bowline_types::completion::{
    CompleteRequestParams, CompleteResult, PromptReference, ResourceTemplateReference,
};
use bowline_types::content::{
    Annotations, AudioContent, ContentBlock, EmbeddedResource, Icon, ImageContent, ResourceLink,
    Role, TextContent,
};
use bowline_types::discover::{DiscoverResult, Implementation};
use bowline_types::input::{
    BooleanSchema, CreateMessageRequest, CreateMessageRequestParams, CreateMessageResult,
    ElicitRequest, ElicitRequestFormParams, ElicitRequestParams, ElicitRequestUrlParams,
    ElicitResult, InputRequest, InputRequests, InputRequiredResult, InputResponse, InputResponses,
    LegacyTitledEnumSchema, ListRootsRequest, ListRootsResult, ModelHint, ModelPreferences,
    NumberSchema, PrimitiveSchemaDefinition, Root, SamplingMessage, SamplingMessageContentBlock,
    StringSchema, TitledMultiSelectEnumSchema, TitledSingleSelectEnumSchema, ToolChoice,
    ToolResultContent, ToolUseContent, UntitledMultiSelectEnumSchema,
    UntitledSingleSelectEnumSchema,
};
use bowline_types::jsonrpc::{
    EmptyResult, ErrorCode, ErrorObject, Id, MissingRequiredClientCapability, NotificationParams,
    PaginatedRequestParams, RequestParams, UnsupportedProtocolVersion,
};
use bowline_types::legacy::{
    ElicitationComplete, Initialize, InitializeRequestParams, InitializeResult, Initialized, Ping,
    ResourceRequestParams, RootsListChanged, SetLevel, SetLevelRequestParams, Subscribe,
    Unsubscribe, UrlElicitationRequired,
};
use bowline_types::log::{LoggingLevel, LoggingMessageNotificationParams};
use bowline_types::meta::{Meta, RelatedTaskMetadata, RequestMeta};
use bowline_types::method::{self, Method, Notification, ResultType};
use bowline_types::progress::{
    CancelledNotificationParams, ProgressNotificationParams, ProgressToken,
};
use bowline_types::prompt::{
    GetPromptRequestParams, GetPromptResult, ListPromptsResult, Prompt, PromptArgument,
    PromptMessage,
};
use bowline_types::resource::{
    BlobResourceContents, ListResourceTemplatesResult, ListResourcesResult,
    ReadResourceRequestParams, ReadResourceResult, Resource, ResourceContents, ResourceTemplate,
    ResourceUpdatedNotificationParams, TextResourceContents,
};
use bowline_types::subscription::{
    SubscriptionFilter, SubscriptionsAcknowledgedNotificationParams,
    SubscriptionsListenRequestParams, SubscriptionsListenResult,
};
use bowline_types::task::{TaskMetadata, TaskStatus, core_2025_11, extension};
use bowline_types::tool::{
    CallToolRequestParams, CallToolResult, ListToolsResult, Tool, ToolAnnotations, ToolExecution,
};
use bowline_types::{DecodeError, decode, decode_value};

use super::instance::Fault;

/// What became of an instance.
pub(super) struct Report {
    /// It, encoded again.
    pub(super) value: Value,
    /// The paths of what was set aside in lists.
    pub(super) rejected: Vec<String>,
}

type Outcome = Result<Report, DecodeError>;
type Row = Rc<dyn Fn(Value) -> Outcome>;

const MODERN: &str = "2026-07-28.json";
const EXTENSION: &str = "ext-tasks.json";

/// The types that serve a definition. `None` fails the test: nothing is skipped.
#[rustfmt::skip]
pub(super) fn of(file: &str, definition: &str) -> Option<Row> {
    if file == EXTENSION && let Some(row) = of_extension(definition) {
        return Some(row);
    }
    Some(match definition {
        // JSON
        "JSONValue" => message::<Value>(),
        "JSONObject" => message::<Map<String, Value>>(),
        "JSONArray" => message::<Vec<Value>>(),
        // JSON-RPC
        "Cursor" => message::<String>(),
        "RequestId" => message::<Id>(),
        "ProgressToken" => message::<ProgressToken>(),
        "Error" | "ParseError" | "InvalidRequestError" | "MethodNotFoundError" | "InvalidParamsError"
        | "InternalError" => error(definition),
        "Request" | "JSONRPCRequest" | "Notification" | "JSONRPCNotification" => envelope(),
        "PaginatedRequest" => payload("params", file == MODERN, params::<PaginatedRequestParams>(file)),
        "JSONRPCResultResponse" | "JSONRPCResponse" | "JSONRPCErrorResponse" | "JSONRPCError" | "JSONRPCMessage"
            => any_envelope(),
        "JSONRPCBatchRequest" | "JSONRPCBatchResponse" => elements(any_envelope()),
        "HeaderMismatchError" => payload("error", true, error(definition)),
        "UnsupportedProtocolVersionError" => payload("error", true, error(definition)),
        "MissingRequiredClientCapabilityError" => payload("error", true, error(definition)),
        "URLElicitationRequiredError" => payload("error", true, error(definition)),
        "RequestParams" => params::<RequestParams>(file),
        "PaginatedRequestParams" => params::<PaginatedRequestParams>(file),
        "InputResponseRequestParams" => padded("uri", "".into(), params::<ReadResourceRequestParams>(file)),
        "ResourceRequestParams" => params::<ResourceRequestParams>(file),
        "NotificationParams" => message::<NotificationParams>(),
        "MetaObject" | "NotificationMetaObject" | "ResultMetaObject" => meta(),
        "RequestMetaObject" => message::<RequestMeta>(),
        "SubscriptionsListenResultMetaObject" => subscription_meta(),
        "ResultType" => message::<ResultType>(),
        "Result" | "EmptyResult" => result::<EmptyResult>(),
        "PaginatedResult" | "CacheableResult" => padded("tools", Value::Array(vec![]), result::<ListToolsResult>()),
        // Common
        "Annotations" => message::<Annotations>(),
        "Annotated" => within("annotations", message::<Annotations>()),
        "BaseMetadata" => message::<PromptArgument>(),
        "Icon" => message::<Icon>(),
        "Icons" => within("icons", elements(message::<Icon>())),
        "Implementation" => message::<Implementation>(),
        "Role" => message::<Role>(),
        "LoggingLevel" => message::<LoggingLevel>(),
        "ClientCapabilities" => message::<ClientCapabilities>(),
        "ServerCapabilities" => message::<ServerCapabilities>(),
        // Content
        "ContentBlock" => message::<ContentBlock>(),
        "TextContent" => message::<TextContent>(),
        "ImageContent" => message::<ImageContent>(),
        "AudioContent" => message::<AudioContent>(),
        "ResourceLink" => message::<ResourceLink>(),
        "EmbeddedResource" => message::<EmbeddedResource>(),
        "ResourceContents" => padded("blob", "".into(), message::<ResourceContents>()),
        "TextResourceContents" => message::<TextResourceContents>(),
        "BlobResourceContents" => message::<BlobResourceContents>(),
        "ToolUseContent" => message::<ToolUseContent>(),
        "ToolResultContent" => message::<ToolResultContent>(),
        // Things
        "Tool" => message::<Tool>(),
        "ToolAnnotations" => message::<ToolAnnotations>(),
        "ToolExecution" => message::<ToolExecution>(),
        "ToolChoice" => message::<ToolChoice>(),
        "Resource" => message::<Resource>(),
        "ResourceTemplate" => message::<ResourceTemplate>(),
        "Prompt" => message::<Prompt>(),
        "PromptArgument" => message::<PromptArgument>(),
        "PromptMessage" => message::<PromptMessage>(),
        "PromptReference" => message::<PromptReference>(),
        "ResourceReference" | "ResourceTemplateReference" => message::<ResourceTemplateReference>(),
        "Root" => message::<Root>(),
        "ModelHint" => message::<ModelHint>(),
        "ModelPreferences" => message::<ModelPreferences>(),
        "SamplingMessage" => message::<SamplingMessage>(),
        "SamplingMessageContentBlock" => message::<SamplingMessageContentBlock>(),
        "SubscriptionFilter" => message::<SubscriptionFilter>(),
        "RelatedTaskMetadata" => message::<RelatedTaskMetadata>(),
        "TaskMetadata" => message::<TaskMetadata>(),
        "TaskStatus" => message::<TaskStatus>(),
        "Task" => message::<core_2025_11::Task>(),
        // Forms
        "StringSchema" => message::<StringSchema>(),
        "NumberSchema" => message::<NumberSchema>(),
        "BooleanSchema" => message::<BooleanSchema>(),
        "UntitledSingleSelectEnumSchema" => message::<UntitledSingleSelectEnumSchema>(),
        "TitledSingleSelectEnumSchema" => message::<TitledSingleSelectEnumSchema>(),
        "UntitledMultiSelectEnumSchema" => message::<UntitledMultiSelectEnumSchema>(),
        "TitledMultiSelectEnumSchema" => message::<TitledMultiSelectEnumSchema>(),
        "LegacyTitledEnumSchema" => message::<LegacyTitledEnumSchema>(),
        "EnumSchema" if file == "2025-06-18.json" => message::<LegacyTitledEnumSchema>(),
        "PrimitiveSchemaDefinition" => message::<PrimitiveSchemaDefinition>(),
        "EnumSchema" | "SingleSelectEnumSchema" | "MultiSelectEnumSchema" => choice(),
        // Requests: their parameters, and those with the envelope around them
        "CallToolRequestParams" => params::<CallToolRequestParams>(file),
        "CompleteRequestParams" => params::<CompleteRequestParams>(file),
        "CreateMessageRequestParams" => message::<CreateMessageRequestParams>(),
        "ElicitRequestParams" => message::<ElicitRequestParams>(),
        "ElicitRequestFormParams" => message::<ElicitRequestFormParams>(),
        "ElicitRequestURLParams" => message::<ElicitRequestUrlParams>(),
        "GetPromptRequestParams" => params::<GetPromptRequestParams>(file),
        "InitializeRequestParams" => message::<InitializeRequestParams>(),
        "ReadResourceRequestParams" => params::<ReadResourceRequestParams>(file),
        "SetLevelRequestParams" => message::<SetLevelRequestParams>(),
        "SubscribeRequestParams" | "UnsubscribeRequestParams" => message::<ResourceRequestParams>(),
        "SubscriptionsListenRequestParams" => params::<SubscriptionsListenRequestParams>(file),
        "TaskAugmentedRequestParams" => padded("name", "".into(), message::<CallToolRequestParams>()),
        "CreateMessageRequest" if file == MODERN || file == EXTENSION => message::<CreateMessageRequest>(),
        "ElicitRequest" if file == MODERN || file == EXTENSION => message::<ElicitRequest>(),
        "ListRootsRequest" if file == MODERN || file == EXTENSION => message::<ListRootsRequest>(),
        "InputRequest" => message::<InputRequest>(),
        "InputRequests" => message::<InputRequests>(),
        "CallToolRequest" => request::<method::CallTool>(file, true),
        "CancelTaskRequest" => request::<core_2025_11::CancelTask>(file, true),
        "CompleteRequest" => request::<method::Complete>(file, true),
        "CreateMessageRequest" => request::<method::CreateMessage>(file, true),
        "DiscoverRequest" => request::<method::Discover>(file, true),
        "ElicitRequest" => request::<method::Elicit>(file, true),
        "GetPromptRequest" => request::<method::GetPrompt>(file, true),
        "GetTaskPayloadRequest" => request::<core_2025_11::GetTaskPayload>(file, true),
        "GetTaskRequest" => request::<core_2025_11::GetTask>(file, true),
        "InitializeRequest" => request::<Initialize>(file, true),
        "ListPromptsRequest" => request::<method::ListPrompts>(file, file == MODERN),
        "ListResourceTemplatesRequest" => request::<method::ListResourceTemplates>(file, file == MODERN),
        "ListResourcesRequest" => request::<method::ListResources>(file, file == MODERN),
        "ListRootsRequest" => request::<method::ListRoots>(file, false),
        "ListTasksRequest" => request::<core_2025_11::ListTasks>(file, false),
        "ListToolsRequest" => request::<method::ListTools>(file, file == MODERN),
        "PingRequest" => request::<Ping>(file, false),
        "ReadResourceRequest" => request::<method::ReadResource>(file, true),
        "SetLevelRequest" => request::<SetLevel>(file, true),
        "SubscribeRequest" => request::<Subscribe>(file, true),
        "SubscriptionsListenRequest" => request::<method::SubscriptionsListen>(file, true),
        "UnsubscribeRequest" => request::<Unsubscribe>(file, true),
        "ClientRequest" => by_method(file, CLIENT_REQUESTS),
        "ServerRequest" => by_method(file, SERVER_REQUESTS),
        // Notifications
        "CancelledNotificationParams" => message::<CancelledNotificationParams>(),
        "ProgressNotificationParams" => message::<ProgressNotificationParams>(),
        "LoggingMessageNotificationParams" => message::<LoggingMessageNotificationParams>(),
        "ResourceUpdatedNotificationParams" => message::<ResourceUpdatedNotificationParams>(),
        "SubscriptionsAcknowledgedNotificationParams" => message::<SubscriptionsAcknowledgedNotificationParams>(),
        "TaskStatusNotificationParams" => message::<core_2025_11::Task>(),
        "CancelledNotification" => notification::<method::Cancelled>(true),
        "ProgressNotification" => notification::<method::Progress>(true),
        "LoggingMessageNotification" => notification::<method::LoggingMessage>(true),
        "ResourceUpdatedNotification" => notification::<method::ResourceUpdated>(true),
        "SubscriptionsAcknowledgedNotification" => notification::<method::SubscriptionsAcknowledged>(true),
        "TaskStatusNotification" => notification::<core_2025_11::TaskStatusChanged>(true),
        "ElicitationCompleteNotification" => notification::<ElicitationComplete>(true),
        "InitializedNotification" => notification::<Initialized>(false),
        "RootsListChangedNotification" => notification::<RootsListChanged>(false),
        "PromptListChangedNotification" => notification::<method::PromptListChanged>(false),
        "ResourceListChangedNotification" => notification::<method::ResourceListChanged>(false),
        "ToolListChangedNotification" => notification::<method::ToolListChanged>(false),
        "ClientNotification" | "ServerNotification" => by_method(file, NOTIFICATIONS),
        // Results
        "CallToolResult" => result::<CallToolResult>(),
        "CancelTaskResult" | "GetTaskResult" => result::<core_2025_11::Task>(),
        "CompleteResult" => result::<CompleteResult>(),
        "CreateMessageResult" => message::<CreateMessageResult>(),
        "CreateTaskResult" => message::<core_2025_11::CreateTaskResult>(),
        "DiscoverResult" => result::<DiscoverResult>(),
        "ElicitResult" => message::<ElicitResult>(),
        "GetPromptResult" => result::<GetPromptResult>(),
        "GetTaskPayloadResult" => message::<core_2025_11::GetTaskPayloadResult>(),
        "InitializeResult" => message::<InitializeResult>(),
        "InputRequiredResult" => result::<InputRequiredResult>(),
        "InputResponse" => answer(),
        "InputResponses" => all_answers(),
        "ListPromptsResult" => result::<ListPromptsResult>(),
        "ListResourceTemplatesResult" => result::<ListResourceTemplatesResult>(),
        "ListResourcesResult" => result::<ListResourcesResult>(),
        "ListRootsResult" => message::<ListRootsResult>(),
        "ListTasksResult" => message::<core_2025_11::ListTasksResult>(),
        "ListToolsResult" => result::<ListToolsResult>(),
        "ReadResourceResult" => result::<ReadResourceResult>(),
        "SubscriptionsListenResult" => result::<SubscriptionsListenResult>(),
        "ClientResult" | "ServerResult" => any_result(),
        "CallToolResultResponse" => response("content", result::<CallToolResult>()),
        "CompleteResultResponse" => response("", result::<CompleteResult>()),
        "DiscoverResultResponse" => response("", result::<DiscoverResult>()),
        "GetPromptResultResponse" => response("messages", result::<GetPromptResult>()),
        "ListPromptsResultResponse" => response("", result::<ListPromptsResult>()),
        "ListResourceTemplatesResultResponse" => response("", result::<ListResourceTemplatesResult>()),
        "ListResourcesResultResponse" => response("", result::<ListResourcesResult>()),
        "ListToolsResultResponse" => response("", result::<ListToolsResult>()),
        "ReadResourceResultResponse" => response("contents", result::<ReadResourceResult>()),
        "SubscriptionsListenResultResponse" => response("", result::<SubscriptionsListenResult>()),
        _ => return None,
    })
}

#[rustfmt::skip]
fn of_extension(definition: &str) -> Option<Row> {
    Some(match definition {
        "TasksExtensionCapability" => message::<extension::TasksExtensionCapability>(),
        "Task" => message::<extension::Task>(),
        "WorkingTask" => message::<extension::WorkingTask>(),
        "InputRequiredTask" => message::<extension::InputRequiredTask>(),
        "CompletedTask" => message::<extension::CompletedTask>(),
        "FailedTask" => message::<extension::FailedTask>(),
        "CancelledTask" => message::<extension::CancelledTask>(),
        "DetailedTask" | "TaskStatusNotificationParams" => message::<extension::DetailedTask>(),
        "GetTaskResult" => result::<extension::DetailedTask>(),
        "CreateTaskResult" => result::<extension::Task>(),
        "UpdateTaskResult" | "CancelTaskResult" => result::<EmptyResult>(),
        "GetTaskRequest" => request::<extension::GetTask>(EXTENSION, true),
        "UpdateTaskRequest" => request::<extension::UpdateTask>(EXTENSION, true),
        "CancelTaskRequest" => request::<extension::CancelTask>(EXTENSION, true),
        "TaskStatusNotification" => notification::<extension::TaskChanged>(true),
        "TaskSubscriptionNotifications" | "TaskSubscriptionAcknowledgedNotifications"
            => message::<extension::TaskSubscriptionNotifications>(),
        _ => return None,
    })
}

const CLIENT_REQUESTS: &[&str] = &[
    "CallToolRequest",
    "CompleteRequest",
    "DiscoverRequest",
    "GetPromptRequest",
    "InitializeRequest",
    "ListPromptsRequest",
    "ListResourceTemplatesRequest",
    "ListResourcesRequest",
    "ListToolsRequest",
    "PingRequest",
    "ReadResourceRequest",
    "SetLevelRequest",
    "SubscribeRequest",
    "SubscriptionsListenRequest",
    "UnsubscribeRequest",
    "GetTaskRequest",
    "GetTaskPayloadRequest",
    "CancelTaskRequest",
    "ListTasksRequest",
];

const SERVER_REQUESTS: &[&str] = &[
    "PingRequest",
    "CreateMessageRequest",
    "ElicitRequest",
    "ListRootsRequest",
    "GetTaskRequest",
    "GetTaskPayloadRequest",
    "CancelTaskRequest",
    "ListTasksRequest",
];

const NOTIFICATIONS: &[&str] = &[
    "CancelledNotification",
    "ProgressNotification",
    "LoggingMessageNotification",
    "ResourceUpdatedNotification",
    "SubscriptionsAcknowledgedNotification",
    "TaskStatusNotification",
    "ElicitationCompleteNotification",
    "InitializedNotification",
    "RootsListChangedNotification",
    "PromptListChangedNotification",
    "ResourceListChangedNotification",
    "ToolListChangedNotification",
];

/// Why a fault is none to the types.
pub(super) fn exempt(definition: &str, path: &str, fault: Fault) -> Option<&'static str> {
    let member = path.rsplit('.').next().unwrap_or(path);
    let is_envelope = ["Request", "Notification", "Response", "Error", "Message"]
        .iter()
        .any(|end| definition.ends_with(end))
        || definition.starts_with("JSONRPC");
    match (member, fault) {
        ("jsonrpc" | "id", Fault::Missing)
            if is_envelope && path.trim_start_matches("[1].") == member =>
        {
            Some("the envelope is scanned by the protocol layer")
        }
        ("resultType", Fault::Missing) => Some("absent means complete"),
        ("ttlMs", Fault::Missing) if !definition.contains("Task") => Some("absent means 0"),
        ("cacheScope", Fault::Missing) => {
            Some("servers older than caching hints have none, so it is private")
        }
        ("requestId", Fault::Missing) => Some("optional in 2025-11-25, which shares the type"),
        ("elicitationId", Fault::Missing) if !definition.ends_with("Notification") => {
            Some("gone in 2026-07-28, which shares the type")
        }
        ("structuredContent", Fault::WrongType) => Some("any JSON since 2026-07-28"),
        _ if path.ends_with("inputSchema.type") => None,
        _ if path.contains("inputSchema.") || path.contains("outputSchema.") => {
            Some("a schema is kept as it came and judged by who compiles it")
        }
        _ if path.contains("content.key") => {
            Some("what was filled in is validated against the question")
        }
        _ => None,
    }
}

/// Faults that turn one kind of a union into another, so that something else is wrong then.
pub(super) fn told_otherwise(found: &str, expected: &str, fault: Fault) -> bool {
    let (owner, member) = expected.rsplit_once('.').unwrap_or(("", expected));
    let found_owner = found.rsplit_once('.').map_or("", |(owner, _)| owner);
    match (member, fault) {
        // Contents without either member are neither text nor bytes.
        ("text" | "blob", Fault::Missing) => owner.ends_with(found),
        // Without a mode it is a form.
        ("mode", Fault::Missing) => found_owner == owner && found.ends_with("requestedSchema"),
        // Without titles it is a choice without titles.
        ("anyOf", Fault::Missing) => found_owner == owner && found.ends_with("items.type"),
        // An answer does not say what it answers; the test goes by these members.
        ("roots" | "action", Fault::Missing) => found_owner == owner && found.ends_with("role"),
        // A choice without titles either.
        ("oneOf", Fault::Missing) => found_owner == owner && found.ends_with("enum"),
        // An envelope without what makes it a request or an error.
        ("method" | "error", Fault::Missing) => found_owner == owner && found.ends_with("result"),
        _ => false,
    }
}

/// Whether the place is within something that is decoded only when somebody asks for it.
pub(super) fn is_lazy(definition: &str, path: &str) -> bool {
    definition == "InputResponses"
        || definition.ends_with("MetaObject")
        || ["_meta", "inputResponses", "data"]
            .iter()
            .any(|lazy| path.split('.').any(|part| part.starts_with(lazy)))
}

/// A type that decodes the whole definition.
fn message<T: Serialize + DeserializeOwned + Debug + 'static>() -> Row {
    Rc::new(|value| {
        let mut rejected = deep(&value)?;
        let message: T = decode(value.to_string().as_bytes())?;
        rejected.extend(self::rejected(&message));
        Ok(Report { value: encode(&message), rejected })
    })
}

/// Encodes to text and refuses two members of one name in it.
fn encode(message: &impl Serialize) -> Value {
    let text = serde_json::to_vec(message).unwrap();
    let object: Result<Meta, _> = decode(&text);
    let duplicates = object.is_err_and(|error| error.message().contains("duplicate"));
    assert!(!duplicates, "a member twice: {}", String::from_utf8_lossy(&text));
    serde_json::from_slice(&text).unwrap()
}

/// The paths of the rejected elements, which `Debug` shows wherever in the message they are.
fn rejected(message: &impl Debug) -> Vec<String> {
    let shown = format!("{message:?}");
    let errors = shown.split("error: DecodeError { path: \"").skip(1);
    errors.map(|rest| rest.split("\", message: ").next().unwrap().replace("\\\"", "\"")).collect()
}

/// Decodes what the types leave to whoever asks: known keys of `_meta`, answers by what was asked. Gives the
/// paths of what was set aside.
fn deep(value: &Value) -> Result<Vec<String>, DecodeError> {
    let mut rejected = Vec::new();
    for (key, member) in value.as_object().into_iter().flatten() {
        let inner = match key.as_str() {
            "_meta" if member.is_object() => known_meta(&decode_value(member.clone())?),
            "inputResponses" => answers(member),
            "params" | "result" | "error" | "data" => deep(member),
            "elicitations" => elements(Rc::new(|value| {
                let rejected = deep(&value)?;
                Ok(Report { value, rejected })
            }))(member.clone())
            .map(|report| report.rejected),
            _ => Ok(Vec::new()),
        };
        rejected.extend(inner.map_err(|error| error.in_member(key))?);
    }
    Ok(rejected)
}

fn answers(value: &Value) -> Result<Vec<String>, DecodeError> {
    let mut rejected = Vec::new();
    for (key, value) in value.as_object().into_iter().flatten() {
        rejected.extend(answer()(value.clone()).map_err(|error| error.in_member(key))?.rejected);
    }
    Ok(rejected)
}

fn known_meta(meta: &Meta) -> Result<Vec<String>, DecodeError> {
    let known = (
        (
            meta.progress_token()?,
            meta.protocol_version()?,
            meta.client_info()?,
            meta.client_capabilities()?,
        ),
        (meta.log_level()?, meta.subscription_id()?, meta.server_info()?, meta.related_task()?),
    );
    Ok(rejected(&known))
}

/// Parameters of a request of a client, whose `_meta` the newest version requires.
fn params<T: Serialize + DeserializeOwned + Debug + 'static>(file: &str) -> Row {
    let modern = file == MODERN;
    Rc::new(move |value| {
        if modern && value.is_object() {
            let meta = value.get("_meta").ok_or_else(|| missing("_meta"))?;
            let meta: Meta =
                decode_value(meta.clone()).map_err(|error| error.in_member("_meta"))?;
            meta.request().map_err(|error| error.in_member("_meta"))?;
        }
        message::<T>()(value)
    })
}

/// A result: what the writer of the envelope adds is added.
fn result<T: Serialize + DeserializeOwned + Debug + 'static>() -> Row {
    Rc::new(|value| {
        let kind = value.get("resultType").cloned();
        ResultType::of(&value)?;
        let mut report = message::<T>()(value)?;
        if let Some(kind) = kind {
            assert!(report.value.get("resultType").is_none(), "resultType belongs to the envelope");
            report.value["resultType"] = kind;
        }
        Ok(report)
    })
}

/// A definition that is a part of others: decoded as one of those, with what it lacks.
fn padded(member: &'static str, filling: Value, row: Row) -> Row {
    Rc::new(move |mut value| {
        if value.is_object() {
            value[member] = filling.clone();
        }
        let mut report = row(value)?;
        report.value.as_object_mut().unwrap().remove(member);
        Ok(report)
    })
}

/// The fields of a form that are a choice.
fn choice() -> Row {
    Rc::new(|value| match decode_value(value.clone())? {
        PrimitiveSchemaDefinition::String(_) => Err(missing("enum")),
        PrimitiveSchemaDefinition::Number(_) | PrimitiveSchemaDefinition::Boolean(_) => {
            Err(DecodeError::new("not a choice").in_member("type"))
        }
        _ => message::<PrimitiveSchemaDefinition>()(value),
    })
}

fn all_answers() -> Row {
    Rc::new(|value| {
        let mut report = message::<InputResponses>()(value.clone())?;
        report.rejected.extend(answers(&value)?);
        Ok(report)
    })
}

fn meta() -> Row {
    Rc::new(|value| {
        let mut report = message::<Meta>()(value.clone())?;
        report.rejected.extend(known_meta(&decode_value(value)?)?);
        Ok(report)
    })
}

/// `_meta` of the end of a subscription, within which one key is required.
fn subscription_meta() -> Row {
    Rc::new(|value| {
        let report = meta()(value.clone())?;
        let result = message::<SubscriptionsListenResult>()(Value::from_iter([("_meta", value)]));
        result
            .map_err(|error| DecodeError::new(error.message()).in_member(Meta::SUBSCRIPTION_ID))?;
        Ok(report)
    })
}

/// An answer, by what it looks like: here nobody asked.
fn answer() -> Row {
    Rc::new(|value| {
        let answer: InputResponse = decode_value(value.clone())?;
        let (again, rejected) = if value.get("action").is_some() {
            let answer = answer.elicit()?;
            (InputResponse::from(answer.clone()), rejected(&answer))
        } else if value.get("roots").is_some() {
            let answer = answer.list_roots()?;
            (InputResponse::from(answer.clone()), rejected(&answer))
        } else {
            let answer = answer.create_message()?;
            (InputResponse::from(answer.clone()), rejected(&answer))
        };
        Ok(Report { value: encode(&again), rejected })
    })
}

/// An error object, with what its code says of `data`.
fn error(definition: &str) -> Row {
    let expected = match definition {
        "ParseError" => Some(ErrorCode::PARSE_ERROR),
        "InvalidRequestError" => Some(ErrorCode::INVALID_REQUEST),
        "MethodNotFoundError" => Some(ErrorCode::METHOD_NOT_FOUND),
        "InvalidParamsError" => Some(ErrorCode::INVALID_PARAMS),
        "InternalError" => Some(ErrorCode::INTERNAL_ERROR),
        "HeaderMismatchError" => Some(ErrorCode::HEADER_MISMATCH),
        "UnsupportedProtocolVersionError" => Some(ErrorCode::UNSUPPORTED_PROTOCOL_VERSION),
        "MissingRequiredClientCapabilityError" => {
            Some(ErrorCode::MISSING_REQUIRED_CLIENT_CAPABILITY)
        }
        "URLElicitationRequiredError" => Some(ErrorCode::URL_ELICITATION_REQUIRED),
        _ => None,
    };
    Rc::new(move |value| {
        let mut report = message::<ErrorObject>()(value.clone())?;
        let error: ErrorObject = decode_value(value)?;
        assert!(expected.is_none_or(|expected| expected == error.code), "{error:?}");
        let data = match error.code {
            ErrorCode::UNSUPPORTED_PROTOCOL_VERSION => data::<UnsupportedProtocolVersion>(&error)?,
            ErrorCode::MISSING_REQUIRED_CLIENT_CAPABILITY => {
                data::<MissingRequiredClientCapability>(&error)?
            }
            ErrorCode::URL_ELICITATION_REQUIRED => {
                let data = UrlElicitationRequired::of(&error).unwrap()?;
                Report { value: encode(&data), rejected: rejected(&data) }
            }
            _ => return Ok(report),
        };
        report.value["data"] = data.value;
        report.rejected.extend(data.rejected.iter().map(|path| path.to_owned()));
        Ok(report)
    })
}

fn data<T: bowline_types::Member + Debug>(error: &ErrorObject) -> Outcome {
    let data: T = error.decode_data()?;
    Ok(Report { value: encode(&data), rejected: rejected(&data) })
}

/// One member of an object that has no type of its own.
fn within(member: &'static str, row: Row) -> Row {
    Rc::new(move |mut value| {
        let mut rejected = Vec::new();
        if let Some(inner) = value.get_mut(member) {
            let report = row(inner.take()).map_err(|error| error.in_member(member))?;
            *inner = report.value;
            rejected = report.rejected;
        }
        rejected.extend(deep(&value)?);
        Ok(Report { value, rejected })
    })
}

fn elements(row: Row) -> Row {
    Rc::new(move |value| {
        let values: Vec<Value> = decode_value(value)?;
        let (mut all, mut rejected) = (Vec::new(), Vec::new());
        for (index, value) in values.into_iter().enumerate() {
            let report = row(value).map_err(|error| error.in_element(index))?;
            all.push(report.value);
            rejected.extend(report.rejected);
        }
        Ok(Report { value: all.into(), rejected })
    })
}

/// The members of JSON-RPC itself.
fn envelope() -> Row {
    Rc::new(|value| {
        let members: Map<String, Value> = decode_value(value.clone())?;
        if let Some(version) = members.get("jsonrpc") {
            decode_value::<String>(version.clone()).map_err(|error| error.in_member("jsonrpc"))?;
            assert_eq!(version, "2.0");
        }
        let _: String = required(&members, "method")?;
        if let Some(params) = members.get("params") {
            decode_value::<RequestParams>(params.clone())
                .map_err(|error| error.in_member("params"))?;
        }
        identified(&members)?;
        let rejected = deep(&value)?;
        Ok(Report { value, rejected })
    })
}

fn identified(members: &Map<String, Value>) -> Result<(), DecodeError> {
    for (key, value) in members {
        match key.as_str() {
            "id" => drop(decode_value::<Id>(value.clone()).map_err(|error| error.in_member(key))?),
            "jsonrpc" => {
                drop(decode_value::<String>(value.clone()).map_err(|error| error.in_member(key))?)
            }
            _ => {}
        }
    }
    Ok(())
}

/// An envelope around one payload.
fn payload(member: &'static str, is_required: bool, row: Row) -> Row {
    Rc::new(move |mut value| {
        let members: Map<String, Value> = decode_value(value.clone())?;
        identified(&members)?;
        if member == "params" {
            let _: String = required(&members, "method")?;
        }
        let Some(inner) = value.get_mut(member) else {
            return if is_required {
                Err(missing(member))
            } else {
                Ok(Report { value, rejected: Vec::new() })
            };
        };
        let report = row(inner.take()).map_err(|error| error.in_member(member))?;
        *inner = report.value;
        Ok(Report { value, rejected: report.rejected })
    })
}

/// Any envelope: what it is shows in its members.
fn any_envelope() -> Row {
    Rc::new(|value| {
        if value.is_array() {
            return elements(any_envelope())(value);
        }
        let members: Map<String, Value> = decode_value(value.clone())?;
        if members.contains_key("method") {
            envelope()(value)
        } else if members.contains_key("error") {
            payload("error", true, error("Error"))(value)
        } else {
            payload("result", true, result::<EmptyResult>())(value)
        }
    })
}

/// A request with its envelope.
fn request<M: Method>(file: &str, has_params: bool) -> Row
where
    M::Params: Debug + 'static,
{
    let params = params::<M::Params>(file);
    let row = payload("params", has_params, params);
    Rc::new(move |value| {
        named(&value, M::NAME)?;
        row(value)
    })
}

/// A notification with its envelope.
fn notification<N: Notification>(has_params: bool) -> Row
where
    N::Params: Debug + 'static,
{
    let row = payload("params", has_params, message::<N::Params>());
    Rc::new(move |value| {
        named(&value, N::NAME)?;
        row(value)
    })
}

fn named(value: &Value, name: &str) -> Result<(), DecodeError> {
    let members: Map<String, Value> = decode_value(value.clone())?;
    let method: String = required(&members, "method")?;
    if method == name {
        Ok(())
    } else {
        Err(DecodeError::new("unknown method").in_member("method"))
    }
}

/// A union of messages that their method tells apart.
fn by_method(file: &str, definitions: &'static [&'static str]) -> Row {
    let rows: Vec<Row> = definitions.iter().filter_map(|definition| of(file, definition)).collect();
    Rc::new(move |value| {
        let members: Map<String, Value> = decode_value(value.clone())?;
        let _: String = required(&members, "method")?;
        for row in &rows {
            match row(value.clone()) {
                Err(error) if error.path() == "method" => {}
                outcome => return outcome,
            }
        }
        Err(DecodeError::new("unknown method").in_member("method"))
    })
}

/// A response to a method that may also answer with questions.
fn response(complete: &'static str, row: Row) -> Row {
    let complete_row = payload("result", true, row);
    let questions_row = payload("result", true, result::<InputRequiredResult>());
    Rc::new(move |value| {
        let is_complete = value.get("result").is_some_and(|result| result.get(complete).is_some());
        if complete.is_empty() || is_complete { complete_row(value) } else { questions_row(value) }
    })
}

/// A union of results: who asked knows which; here it shows in a member that only one has.
fn any_result() -> Row {
    let rows: [(&str, Row); 18] = [
        ("tools", result::<ListToolsResult>()),
        ("resources", result::<ListResourcesResult>()),
        ("resourceTemplates", result::<ListResourceTemplatesResult>()),
        ("prompts", result::<ListPromptsResult>()),
        ("tasks", result::<core_2025_11::ListTasksResult>()),
        ("roots", result::<ListRootsResult>()),
        ("contents", result::<ReadResourceResult>()),
        ("messages", result::<GetPromptResult>()),
        ("completion", result::<CompleteResult>()),
        ("supportedVersions", result::<DiscoverResult>()),
        ("serverInfo", result::<InitializeResult>()),
        ("taskId", result::<core_2025_11::Task>()),
        ("action", result::<ElicitResult>()),
        ("model", result::<CreateMessageResult>()),
        ("content", result::<CallToolResult>()),
        ("inputRequests", result::<InputRequiredResult>()),
        ("requestState", result::<InputRequiredResult>()),
        ("", result::<EmptyResult>()),
    ];
    Rc::new(move |value| {
        let row = rows.iter().find(|(member, _)| member.is_empty() || value.get(member).is_some());
        row.unwrap().1(value)
    })
}

fn required<T: DeserializeOwned>(
    members: &Map<String, Value>,
    key: &str,
) -> Result<T, DecodeError> {
    let value = members.get(key).ok_or_else(|| missing(key))?;
    decode_value(value.clone()).map_err(|error| error.in_member(key))
}

fn missing(key: &str) -> DecodeError {
    DecodeError::new("missing field").in_member(key)
}
