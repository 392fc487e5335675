//! Tools that log, report progress, fail, and take arguments in special ways.

use bowline::server::{ToolError, ToolExt};
use bowline::types::capability::{ClientCapabilities, SamplingCapability};
use bowline::types::log::LoggingLevel;
use bowline::types::tool::{Schema, Tool};
use bowline::{Context, Server};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::time::Duration;

pub(crate) fn register(server: Server) -> Server {
    let sampling = ClientCapabilities::new().sampling(SamplingCapability::new());
    let schema = Tool::new("json_schema_2020_12_tool")
        .description("Has an input schema with many keywords of JSON Schema 2020-12.")
        .input_schema(rich_schema());
    server
        .tool(
            Tool::new("test_tool_with_logging").description("Logs three messages."),
            |cx: Context| logging(cx),
        )
        .tool(Tool::new("test_logging_tool").description("Logs when asked to."), |cx: Context| {
            logging(cx)
        })
        .tool(Tool::new("test_tool_with_progress").description("Reports progress."), progress)
        .tool(Tool::new("test_wait").description("Waits to be given up."), || async {
            tokio::time::sleep(PATIENCE).await;
            "nobody gave it up"
        })
        .tool(
            Tool::new("test_reconnection").description("Lets the connection go before it answers."),
            reconnection,
        )
        .tool(Tool::new("test_error_handling").description("Fails."), || async {
            Err::<(), _>(ToolError::new("This tool intentionally returns an error for testing"))
        })
        .tool(
            Tool::new("test_missing_capability")
                .description("Needs a client that samples.")
                .requires(sampling),
            || async { "sampling is declared" },
        )
        .tool(
            Tool::new("test_custom_header").description("Takes an argument in a header too."),
            |CustomHeader { value }: CustomHeader| async move { format!("value: {value}") },
        )
        .tool(
            schema,
            |arguments: Map<String, Value>| async move { Value::from(arguments).to_string() },
        )
}

/// Three messages, far enough apart to be told from one burst.
async fn logging(cx: Context) -> &'static str {
    for message in ["Tool execution started", "Tool processing data", "Tool execution completed"] {
        cx.log(LoggingLevel::Info, message);
        tokio::time::sleep(APART).await;
    }
    "logged three messages"
}

const APART: Duration = Duration::from_millis(50);

/// How long a call waits that is to be given up.
const PATIENCE: Duration = Duration::from_secs(20);

async fn progress(cx: Context) -> &'static str {
    for step in [0.0, 50.0, 100.0] {
        cx.progress(step, 100.0, Some(&format!("{step} of 100")));
        tokio::time::sleep(APART).await;
    }
    "reported progress three times"
}

/// Answers once the connection is gone, so that a client of a session has to come back for the answer.
async fn reconnection(cx: Context) -> &'static str {
    cx.disconnect();
    tokio::time::sleep(2 * APART).await;
    "the client came back"
}

#[derive(Deserialize, JsonSchema)]
struct CustomHeader {
    /// Travels in the header Mcp-Param-Value too.
    #[schemars(extend("x-mcp-header" = "Value"))]
    value: String,
}

fn rich_schema() -> Schema {
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "$defs": {
            "address": {
                "$anchor": "addressDef",
                "type": "object",
                "properties": { "street": { "type": "string" }, "city": { "type": "string" } },
            },
        },
        "properties": {
            "name": { "type": "string" },
            "address": { "$ref": "#/$defs/address" },
            "contactMethod": { "type": "string", "enum": ["phone", "email"] },
            "phone": { "type": "string" },
            "email": { "type": "string" },
        },
        "allOf": [{ "anyOf": [{ "required": ["phone"] }, { "required": ["email"] }] }],
        "if": { "properties": { "contactMethod": { "const": "phone" } }, "required": ["contactMethod"] },
        "then": { "required": ["phone"] },
        "else": { "required": ["email"] },
        "additionalProperties": false,
    });
    match schema {
        Value::Object(keywords) => Schema::from(keywords),
        _ => Schema::default(),
    }
}
