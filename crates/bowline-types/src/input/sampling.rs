//! Sampling: questions to a model of the client. Deprecated since 2026-07-28.

use std::slice;

use serde_core::ser::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::List;
use crate::content::{AudioContent, ContentBlock, ImageContent, Role, TextContent};
use crate::decode::{DecodeError, Member};
use crate::macros::{deserialize, message, open_enum, tagged_union};
use crate::meta::Meta;
use crate::method::result_body;
use crate::task::TaskMetadata;
use crate::tool::Tool;

message! {
    /// The question, as it is in an [`InputRequiredResult`](super::InputRequiredResult).
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/client/sampling#creating-messages)
    pub struct CreateMessageRequest {
        tag "method" = "sampling/createMessage";
        new {
            /// What to ask.
            params: CreateMessageRequestParams = "params",
        }
    }
}

message! {
    /// Parameters of `sampling/createMessage`.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/client/sampling#creating-messages)
    pub struct CreateMessageRequestParams {
        new {
            /// The conversation so far.
            messages: List<SamplingMessage> = "messages",
            /// The most tokens to sample.
            max_tokens: u64 as is = "maxTokens",
        }
        optional {
            /// What kind of model to choose; advice.
            model_preferences: ModelPreferences = "modelPreferences",
            /// A system prompt; the client may change or drop it.
            system_prompt: String = "systemPrompt",
            /// Whose context to add. Default: none.
            include_context: IncludeContext = "includeContext",
            /// The temperature, in the unit of the model.
            temperature: f64 = "temperature",
            /// Strings at which to stop.
            stop_sequences: Vec<String> = "stopSequences",
            /// What to hand to the provider, in its own format.
            metadata: Map<String, Value> = "metadata",
            /// Tools that the model may use. Since 2025-11-25; needs the capability `sampling.tools`.
            tools: List<Tool> = "tools",
            /// How the model uses tools. Since 2025-11-25; needs the capability `sampling.tools`.
            tool_choice: ToolChoice = "toolChoice",
            /// Asks for the question to be a task. Only in 2025-11-25.
            task: TaskMetadata = "task",
            /// Protocol metadata. Until 2025-11-25.
            meta: Meta = "_meta",
        }
    }
}

open_enum! {
    /// Whose context to add to a question.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/client/sampling#context-inclusion)
    pub enum IncludeContext {
        /// Nobody's.
        None = "none",
        /// That of the server that asks. Deprecated.
        ThisServer = "thisServer",
        /// That of all servers. Deprecated.
        AllServers = "allServers",
    }
}

message! {
    /// How a model uses tools. Since 2025-11-25.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/client/sampling#tool-choice-modes)
    pub struct ToolChoice {
        optional {
            /// Whether it may or must. Default: it may.
            mode: ToolChoiceMode = "mode",
        }
    }
}

open_enum! {
    /// Whether a model may or must use tools. Since 2025-11-25.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/client/sampling#tool-choice-modes)
    pub enum ToolChoiceMode {
        /// The model decides.
        Auto = "auto",
        /// At least one.
        Required = "required",
        /// None.
        None = "none",
    }
}

message! {
    /// What kind of model to choose; advice.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/client/sampling#model-preferences)
    pub struct ModelPreferences {
        optional {
            /// Models by name, the first that fits wins.
            hints: List<ModelHint> = "hints",
            /// How much cost matters, from 0 to 1.
            cost_priority: f64 = "costPriority",
            /// How much speed matters, from 0 to 1.
            speed_priority: f64 = "speedPriority",
            /// How much intelligence matters, from 0 to 1.
            intelligence_priority: f64 = "intelligencePriority",
        }
    }
}

message! {
    /// A hint at a model.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/client/sampling#model-hints)
    pub struct ModelHint {
        optional {
            /// A part of the model's name.
            name: String = "name",
        }
    }
}

message! {
    /// One message of a conversation with a model.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/client/sampling#messages)
    pub struct SamplingMessage {
        new {
            /// Who says it.
            role: Role = "role",
            /// What is said.
            content: SamplingContent = "content",
        }
        optional {
            /// Metadata of the message. Since 2025-11-25.
            meta: Meta = "_meta",
        }
    }
}

impl SamplingMessage {
    /// Text of the person.
    pub fn user(text: impl Into<String>) -> Self {
        Self::new(Role::User, SamplingContent::text(text))
    }

    /// Text of the model.
    pub fn assistant(text: impl Into<String>) -> Self {
        Self::new(Role::Assistant, SamplingContent::text(text))
    }
}

message! {
    /// The answer to `sampling/createMessage`: one message of the model.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/client/sampling#result-fields)
    pub struct CreateMessageResult {
        new {
            /// Who says it.
            role: Role = "role",
            /// What is said.
            content: SamplingContent = "content",
            /// The model that said it.
            model: String = "model",
        }
        optional {
            /// Why it stopped, if known.
            stop_reason: StopReason = "stopReason",
            /// Protocol metadata.
            meta: Meta = "_meta",
        }
    }
}

result_body!(CreateMessageResult);

open_enum! {
    /// Why a model stopped. Providers have reasons of their own.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/client/sampling#result-fields)
    pub enum StopReason {
        /// Its turn was over.
        EndTurn = "endTurn",
        /// It came to a stop sequence.
        StopSequence = "stopSequence",
        /// It came to the most tokens.
        MaxTokens = "maxTokens",
        /// It wants to use tools. Since 2025-11-25.
        ToolUse = "toolUse",
    }
}

/// The content of a message: one block, or a list of them since 2025-11-25.
///
/// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/client/sampling#messages)
#[derive(Debug, Clone, PartialEq)]
pub enum SamplingContent {
    /// One block, as every protocol version understands it.
    One(Box<SamplingMessageContentBlock>),
    /// A list. Since 2025-11-25.
    Many(List<SamplingMessageContentBlock>),
}

impl SamplingContent {
    /// One text.
    pub fn text(text: impl Into<String>) -> Self {
        SamplingMessageContentBlock::Text(TextContent::new(text)).into()
    }

    /// The blocks, one or many.
    pub fn blocks(&self) -> &[SamplingMessageContentBlock] {
        match self {
            Self::One(block) => slice::from_ref(block),
            Self::Many(blocks) => blocks,
        }
    }
}

impl Member for SamplingContent {
    fn from_value(value: Value) -> Result<Self, DecodeError> {
        if value.is_array() {
            return List::from_value(value).map(Self::Many);
        }
        Member::from_value(value).map(Self::One)
    }

    fn decoded_from(&mut self, key: &str) {
        if let Self::Many(blocks) = self {
            blocks.decoded_from(key);
        }
    }
}

impl Serialize for SamplingContent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::One(block) => block.serialize(serializer),
            Self::Many(blocks) => blocks.serialize(serializer),
        }
    }
}

deserialize!(SamplingContent);

impl From<SamplingMessageContentBlock> for SamplingContent {
    fn from(block: SamplingMessageContentBlock) -> Self {
        Self::One(Box::new(block))
    }
}

impl From<Vec<SamplingMessageContentBlock>> for SamplingContent {
    fn from(blocks: Vec<SamplingMessageContentBlock>) -> Self {
        Self::Many(blocks.into())
    }
}

tagged_union! {
    /// One block of a message to or from a model.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/schema#samplingmessagecontentblock)
    pub enum SamplingMessageContentBlock by "type" {
        /// Text.
        Text(TextContent) = "text",
        /// An image.
        Image(ImageContent) = "image",
        /// Audio. Since 2025-03-26.
        Audio(AudioContent) = "audio",
        /// The model wants to call a tool. Since 2025-11-25.
        ToolUse(ToolUseContent) = "tool_use",
        /// What a tool gave. Since 2025-11-25.
        ToolResult(ToolResultContent) = "tool_result",
    }
}

message! {
    /// The model wants to call a tool. Since 2025-11-25.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/schema#toolusecontent)
    pub struct ToolUseContent {
        tag "type" = "tool_use";
        new {
            /// What ties the result to this call.
            id: String = "id",
            /// The tool.
            name: String = "name",
            /// The arguments, as the tool's `inputSchema` describes them.
            input: Map<String, Value> = "input",
        }
        optional {
            /// Metadata, to keep in later questions: it may carry a provider's cache keys.
            meta: Meta = "_meta",
        }
    }
}

message! {
    /// What a tool gave. Since 2025-11-25.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/schema#toolresultcontent)
    pub struct ToolResultContent {
        tag "type" = "tool_result";
        new {
            /// The `id` of the [`ToolUseContent`].
            tool_use_id: String = "toolUseId",
            /// The result as content.
            content: List<ContentBlock> = "content",
        }
        optional {
            /// The result as JSON of any type; an object until 2025-11-25.
            structured_content: Value = "structuredContent",
            /// Whether the tool failed. Default: `false`.
            is_error: bool = "isError",
            /// Metadata, to keep in later questions: it may carry a provider's cache keys.
            meta: Meta = "_meta",
        }
    }
}
