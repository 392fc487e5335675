//! What a server asks of a client: its user (elicitation), its model (sampling), its roots.
//!
//! Since 2026-07-28 the questions are in an [`InputRequiredResult`], and the client sends the request again
//! with the answers. Before, each was a request of the server's own.

mod elicitation;
mod requests;
mod roots;
mod sampling;
mod schema;

pub use elicitation::{
    ElicitAction, ElicitMode, ElicitRequest, ElicitRequestFormParams, ElicitRequestParams,
    ElicitRequestUrlParams, ElicitResult,
};
pub use requests::{
    InputRequest, InputRequests, InputRequiredResult, InputResponse, InputResponses,
};
pub use roots::{ListRootsRequest, ListRootsResult, Root};
pub use sampling::{
    CreateMessageRequest, CreateMessageRequestParams, CreateMessageResult, IncludeContext,
    ModelHint, ModelPreferences, SamplingContent, SamplingMessage, SamplingMessageContentBlock,
    StopReason, ToolChoice, ToolChoiceMode, ToolResultContent, ToolUseContent,
};
pub use schema::{
    BooleanSchema, ElicitSchema, EnumOption, LegacyTitledEnumSchema, NumberSchema, NumberType,
    PrimitiveSchemaDefinition, Properties, StringFormat, StringSchema, TitledEnumItems,
    TitledMultiSelectEnumSchema, TitledSingleSelectEnumSchema, UntitledEnumItems,
    UntitledMultiSelectEnumSchema, UntitledSingleSelectEnumSchema,
};
