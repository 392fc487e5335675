//! Tools: functions of a server that a model may call.

use serde_core::ser::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::List;
use crate::content::{ContentBlock, Icon};
use crate::decode::{DecodeError, Member};
use crate::input::InputResponses;
use crate::macros::{deserialize, message, open_enum};
use crate::meta::Meta;
use crate::method::{CacheHint, result_body};
use crate::task::TaskMetadata;

message! {
    /// A tool that a model may call.
    ///
    /// # Examples
    ///
    /// ```
    /// use bowline_types::tool::{Tool, ToolAnnotations};
    ///
    /// let tool = Tool::new("add")
    ///     .description("Add two numbers")
    ///     .annotations(ToolAnnotations::new().read_only_hint(true));
    /// assert_eq!(tool.input_schema.get("type"), Some(&"object".into()));
    /// ```
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/server/tools#tool)
    pub struct Tool {
        new {
            /// A name for programs, unique within the server: 1 to 128 of `A-Z a-z 0-9 _ - .`.
            name: String = "name",
        }
        with {
            /// The JSON Schema of the arguments, which are always an object. Dialect 2020-12 unless `$schema`
            /// names another. Any object by default.
            input_schema: Schema = "inputSchema",
        }
        optional {
            /// A name for people. Since 2025-06-18.
            title: String = "title",
            /// What it does, in words for a model.
            description: String = "description",
            /// The JSON Schema of `structuredContent`. Since 2025-06-18, when it had to be of an object.
            output_schema: Schema = "outputSchema",
            /// Hints on what it does to the world. Since 2025-03-26.
            annotations: ToolAnnotations = "annotations",
            /// Pictures to show with it. Since 2025-11-25.
            icons: List<Icon> = "icons",
            /// How it wants to be run. Only in 2025-11-25.
            execution: ToolExecution = "execution",
            /// Metadata of the tool. Since 2025-06-18.
            meta: Meta = "_meta",
        }
        check takes_an_object;
    }
}

fn takes_an_object(tool: &Tool) -> Result<(), DecodeError> {
    let object = || DecodeError::new("invalid value, expected \"object\"").in_member("type");
    let wrong = match tool.input_schema.get("type") {
        Some(Value::String(kind)) if kind == "object" => return Ok(()),
        Some(_) => object(),
        None => DecodeError::missing("type"),
    };
    Err(wrong.in_member("inputSchema"))
}

/// A JSON Schema, kept as it is.
///
/// The default accepts any object.
///
/// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/basic/index#json-schema-usage)
#[derive(Debug, Clone, PartialEq)]
pub struct Schema(Map<String, Value>);

impl Schema {
    /// The keyword `key` at the root.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.get(key)
    }

    /// The keywords at the root.
    pub fn as_map(&self) -> &Map<String, Value> {
        &self.0
    }

    /// The keywords at the root.
    pub fn into_map(self) -> Map<String, Value> {
        self.0
    }
}

impl Default for Schema {
    fn default() -> Self {
        Self(Map::from_iter([("type".to_owned(), "object".into())]))
    }
}

impl From<Map<String, Value>> for Schema {
    fn from(schema: Map<String, Value>) -> Self {
        Self(schema)
    }
}

impl TryFrom<Value> for Schema {
    type Error = DecodeError;

    fn try_from(schema: Value) -> Result<Self, DecodeError> {
        Self::from_value(schema)
    }
}

impl Member for Schema {
    fn from_value(value: Value) -> Result<Self, DecodeError> {
        Member::from_value(value).map(Self)
    }
}

impl Serialize for Schema {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

deserialize!(Schema);

message! {
    /// Hints on what a tool does to the world. Nothing here is a promise: never decide on it when the server
    /// is not trusted. Since 2025-03-26.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/schema#toolannotations)
    pub struct ToolAnnotations {
        optional {
            /// A name for people, behind that of the tool itself.
            title: String = "title",
            /// It changes nothing. Default: `false`.
            read_only_hint: bool = "readOnlyHint",
            /// It may destroy, not only add. Means something when it is not read-only. Default: `true`.
            destructive_hint: bool = "destructiveHint",
            /// The same call again changes nothing more. Means something when it is not read-only.
            /// Default: `false`.
            idempotent_hint: bool = "idempotentHint",
            /// It reaches things out of its control, as a web search does. Default: `true`.
            open_world_hint: bool = "openWorldHint",
        }
    }
}

message! {
    /// How a tool wants to be run. Only in 2025-11-25.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2025-11-25/schema#toolexecution)
    pub struct ToolExecution {
        optional {
            /// Whether a call may be a task. Default: forbidden.
            task_support: TaskSupport = "taskSupport",
        }
    }
}

open_enum! {
    /// Whether a call of a tool may be a task. Only in 2025-11-25.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2025-11-25/basic/utilities/tasks#tool-level-negotiation)
    pub enum TaskSupport {
        /// It must not be one.
        Forbidden = "forbidden",
        /// It may be one.
        Optional = "optional",
        /// It must be one.
        Required = "required",
    }
}

message! {
    /// The answer to `tools/list`: one page.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/server/tools#listing-tools)
    pub struct ListToolsResult {
        new {
            /// The tools.
            tools: List<Tool> = "tools",
        }
        optional {
            /// The cursor of the next page; absent on the last.
            next_cursor: String = "nextCursor",
            /// Protocol metadata.
            meta: Meta = "_meta",
        }
        inline {
            /// How long and by whom the page may be kept. Since 2026-07-28.
            cache: CacheHint = "ttlMs" | "cacheScope",
        }
        envelope "resultType";
    }
}

message! {
    /// Parameters of `tools/call`.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/server/tools#calling-tools)
    pub struct CallToolRequestParams {
        new {
            /// The tool to call.
            name: String = "name",
        }
        optional {
            /// The arguments, as the tool's `inputSchema` describes them.
            arguments: Map<String, Value> = "arguments",
            /// Answers to the questions of the attempt before, by their keys. Since 2026-07-28.
            input_responses: InputResponses = "inputResponses",
            /// The opaque state of the attempt before, unchanged. Since 2026-07-28.
            request_state: String = "requestState",
            /// Asks for the call to be a task. Only in 2025-11-25.
            task: TaskMetadata = "task",
            /// Protocol metadata.
            meta: Meta = "_meta",
        }
    }
}

message! {
    /// The answer to `tools/call`.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/server/tools#tool-result)
    pub struct CallToolResult {
        new {
            /// The result as content.
            content: List<ContentBlock> = "content",
        }
        optional {
            /// The result as JSON of any type, as the tool's `outputSchema` describes it. `Some(Value::Null)`
            /// is the result `null`. Since 2025-06-18; an object until 2025-11-25.
            structured_content: Value = "structuredContent",
            /// Whether the tool failed. Default: `false`. A failure is told here, not as a protocol error, so
            /// that the model sees it.
            is_error: bool = "isError",
            /// Protocol metadata.
            meta: Meta = "_meta",
        }
        envelope "resultType";
    }
}

impl CallToolResult {
    /// A result that is one text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::new([ContentBlock::text(text)])
    }

    /// A failure that the model can read.
    pub fn error(text: impl Into<String>) -> Self {
        Self::text(text).is_error(true)
    }
}

result_body!(ListToolsResult, CallToolResult);
