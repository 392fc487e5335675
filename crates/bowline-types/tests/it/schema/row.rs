//! The table from the definitions of the schema to the types that decode them.

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
    ElicitResult, InputRequest, InputRequests, InputRequiredResult, LegacyTitledEnumSchema,
    ListRootsRequest, ListRootsResult, ModelHint, ModelPreferences, NumberSchema,
    PrimitiveSchemaDefinition, Root, SamplingMessage, SamplingMessageContentBlock, StringSchema,
    TitledMultiSelectEnumSchema, TitledSingleSelectEnumSchema, ToolChoice, ToolResultContent,
    ToolUseContent, UntitledMultiSelectEnumSchema, UntitledSingleSelectEnumSchema,
};
use bowline_types::jsonrpc::{
    EmptyResult, Id, NotificationParams, PaginatedRequestParams, RequestParams,
};
use bowline_types::legacy::{
    ElicitationComplete, Initialize, InitializeRequestParams, InitializeResult, Initialized, Ping,
    ResourceRequestParams, RootsListChanged, SetLevel, SetLevelRequestParams, Subscribe,
    Unsubscribe,
};
use bowline_types::log::{LoggingLevel, LoggingMessageNotificationParams};
use bowline_types::meta::{RelatedTaskMetadata, RequestMeta};
use bowline_types::method::{self, ResultType};
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

use super::serve::{
    EXTENSION, MODERN, Row, all_answers, answer, any_envelope, any_result, by_method, choice,
    elements, envelope, error, message, meta, notification, padded, params, payload, request,
    response, result, subscription_meta, within,
};

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
