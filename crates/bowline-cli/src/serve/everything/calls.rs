//! Tools about the call itself: how it fails, what it knows of its caller, what it tells on its way.

use super::sabotage;
use super::state::State;
use bowline::server::{Json, ToolError};
use bowline::types::content::ContentBlock;
use bowline::types::jsonrpc::ErrorObject;
use bowline::types::log::LoggingLevel;
use bowline::types::tool::{CallToolResult, Tool};
use bowline::{Context, Principal, Server};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::time::Duration;

pub(super) fn register(server: Server, state: &State) -> Server {
    let (slow_state, count_state) = (state.clone(), state.clone());
    server
        .tool(Tool::new("tool_error").description("Fails, in words for a model."), tool_error)
        .tool(
            Tool::new("protocol_error").description("Fails with a code of its own."),
            protocol_error,
        )
        .tool(Tool::new("panic").description("Panics; the server lives on."), panic)
        .tool(Tool::new("big").description("Returns a text of that many KiB."), big)
        .tool(
            Tool::new("describe_call")
                .description("Returns what this very call says about itself."),
            describe_call,
        )
        .tool(Tool::new("progress").description("Reports progress step by step."), progress)
        .tool(
            Tool::new("slow").description("Waits, unless it is cancelled."),
            move |cx: Context, args: Slow| slow(slow_state.clone(), cx, args),
        )
        .tool(
            Tool::new("cancelled_count")
                .description("Counts the calls of the tool slow that you have cancelled."),
            move |cx: Context| {
                let cancelled = count_state.cancelled(cx.principal());
                async move { Json(Cancelled { cancelled }) }
            },
        )
        .tool(Tool::new("log_levels").description("Logs a message at each level."), log_levels)
        .tool(
            Tool::new("header_params")
                .description("Returns its arguments, which travel in HTTP headers too."),
            header_params,
        )
}

#[derive(Debug)]
struct OnPurpose;

impl std::fmt::Display for OnPurpose {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the tool failed on purpose")
    }
}

impl std::error::Error for OnPurpose {}

async fn tool_error() -> Result<String, OnPurpose> {
    if sabotage::is("tool_error") { Ok(OnPurpose.to_string()) } else { Err(OnPurpose) }
}

async fn protocol_error() -> Result<(), ToolError> {
    let code = 4001 + i64::from(sabotage::one_for("protocol_error"));
    let error = ErrorObject::application(code, "refused on purpose")?;
    Err(ToolError::protocol(error.data(json!({ "reason": "on purpose" }))))
}

async fn panic() -> String {
    assert!(sabotage::is("panic"), "panicked on purpose");
    "did not panic".to_owned()
}

#[derive(Deserialize, JsonSchema)]
struct Big {
    /// The length in units of 1024 characters.
    #[schemars(range(min = 1, max = 4096))]
    kib: usize,
}

async fn big(Big { kib }: Big) -> String {
    let mut text = "0123456789abcdef".repeat(kib * 64);
    if sabotage::is("big") {
        text.pop();
    }
    text
}

async fn describe_call(cx: Context) -> CallToolResult {
    let version = sabotage::spoil("describe_call", cx.protocol_version());
    structured(json!({
        "protocolVersion": version,
        "clientInfo": cx.client_info(),
        "clientCapabilities": cx.client_capabilities(),
    }))
}

#[derive(Deserialize, JsonSchema)]
struct Progress {
    /// How many steps there are; 3 if absent.
    #[schemars(range(min = 1, max = 1000))]
    steps: Option<u32>,
    /// How long to rest before the answer, in milliseconds; 0 if absent.
    #[schemars(range(max = 5000))]
    rest_ms: Option<u64>,
}

async fn progress(cx: Context, Progress { steps, rest_ms }: Progress) -> String {
    let steps = steps.unwrap_or(3);
    let total = f64::from(steps + sabotage::one_for("progress"));
    for step in 1..=steps {
        cx.progress(f64::from(step), total, Some(&format!("step {step} of {steps}")));
    }
    if let Some(rest) = rest_ms.filter(|rest| *rest > 0) {
        tokio::time::sleep(Duration::from_millis(rest)).await;
    }
    format!("done in {steps} steps")
}

#[derive(Deserialize, JsonSchema)]
struct Slow {
    /// How long to wait.
    #[schemars(range(min = 0, max = 60))]
    seconds: f64,
    /// Whether to wait without saying that it has begun.
    #[serde(default)]
    quiet: bool,
}

async fn slow(state: State, cx: Context, Slow { seconds, quiet }: Slow) -> &'static str {
    if sabotage::is("timeout") && quiet && seconds == 7.0 {
        return "waited";
    }
    let mut count = CountIfDropped { state, caller: Some(cx.principal().clone()) };
    if sabotage::is("cancel") && !quiet {
        count.caller = None;
    }
    if !quiet {
        cx.progress(0.0, 1.0, Some("started"));
    }
    tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
    count.caller = None;
    "waited"
}

/// Counts a call that ends before its end.
struct CountIfDropped {
    state: State,
    caller: Option<Principal>,
}

impl Drop for CountIfDropped {
    fn drop(&mut self) {
        if let Some(caller) = &self.caller {
            self.state.count_cancelled(caller);
        }
    }
}

#[derive(Serialize, JsonSchema)]
struct Cancelled {
    cancelled: u64,
}

async fn log_levels(cx: Context) -> String {
    for level in LoggingLevel::ALL {
        let mut message = format!("a message at level {level}");
        if *level == LoggingLevel::Warning {
            message = sabotage::spoil("logs", message);
        }
        cx.log_as(*level, Some("everything"), json!({ "message": message }));
    }
    format!("logged {} messages", LoggingLevel::ALL.len())
}

#[derive(Deserialize, Serialize, JsonSchema)]
struct HeaderParams {
    /// Travels in the header Mcp-Param-Region too.
    #[schemars(extend("x-mcp-header" = "Region"))]
    region: String,
    /// Travels in the header Mcp-Param-Count too.
    #[schemars(extend("x-mcp-header" = "Count"))]
    count: i64,
    /// Travels in the header Mcp-Param-Verbose too.
    #[schemars(extend("x-mcp-header" = "Verbose"))]
    verbose: bool,
    /// Travels in no header.
    #[serde(skip_serializing_if = "Option::is_none")]
    plain: Option<String>,
}

async fn header_params(mut args: HeaderParams) -> Json<HeaderParams> {
    args.count += i64::from(sabotage::one_for("header_params"));
    Json(args)
}

/// Structured content whose shape no schema tells.
pub(super) fn structured(value: Value) -> CallToolResult {
    CallToolResult::new(vec![ContentBlock::text(value.to_string())]).structured_content(value)
}
