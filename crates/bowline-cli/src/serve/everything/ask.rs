//! Tools that ask: the user, the model and the roots of the client.

use super::calls::structured;
use super::sabotage;
use super::state::State;
use bowline::server::{Json, ToolError, ToolExt, ToolSpec};
use bowline::types::capability::{ClientCapabilities, SamplingCapability};
use bowline::types::content::{ContentBlock, Role};
use bowline::types::input::{
    CreateMessageRequestParams, CreateMessageResult, ElicitAction, ElicitRequestFormParams,
    ElicitResult, ElicitSchema, ModelHint, ModelPreferences, SamplingMessage,
    SamplingMessageContentBlock as Block, StringSchema, ToolChoice, ToolChoiceMode,
    ToolResultContent, ToolUseContent,
};
use bowline::types::tool::{CallToolResult, Schema, Tool};
use bowline::{Context, Server};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, json};

pub(super) fn register(server: Server, state: &State) -> Server {
    let state = state.clone();
    server
        .tool(needs_sampling(), || async { "sampling is declared" })
        .tool(Tool::new("ask_form").description("Asks the user to fill in a form."), ask_form)
        .tool(Tool::new("ask_url").description("Asks the user to open a page."), ask_url)
        .tool(Tool::new("ask_sample").description("Asks the model."), ask_sample)
        .tool(
            Tool::new("ask_sample_tools").description("Asks the model, which may use a tool."),
            ask_sample_tools,
        )
        .tool(Tool::new("ask_roots").description("Asks for the roots."), ask_roots)
        .tool(Tool::new("ask_all").description("Asks three things at once."), ask_all)
        .tool(
            Tool::new("ask_rounds").description("Asks three things one after the other."),
            ask_rounds,
        )
        .tool(
            Tool::new("ask_once").description("Takes one ticket, however often it has to ask."),
            move |cx: Context| ask_once(state.clone(), cx),
        )
}

fn needs_sampling() -> ToolSpec {
    let tool = Tool::new("needs_sampling").description("Is there only for clients that sample.");
    if sabotage::is("missing_capability") {
        return tool.into();
    }
    tool.requires(ClientCapabilities::new().sampling(SamplingCapability::new()))
}

async fn ask_form(cx: Context) -> Result<CallToolResult, ToolError> {
    let message = sabotage::spoil("ask_form", "Please describe yourself.");
    let form = ElicitRequestFormParams::new(message, super::form::schema());
    let ElicitResult { action, content, .. } = cx.elicit_form("form", form).await?;
    let mut answer = json!({ "action": action });
    if action == ElicitAction::Accept {
        answer["content"] = content.unwrap_or_default().into();
    }
    Ok(structured(answer))
}

async fn ask_url(cx: Context) -> Result<CallToolResult, ToolError> {
    let url = sabotage::spoil("ask_url", "https://example.com/everything/consent");
    let action = cx.elicit_url("url", "Please open this page.", url).await?;
    Ok(structured(json!({ "action": action })))
}

#[derive(Deserialize, JsonSchema)]
struct AskSample {
    /// What to ask the model.
    prompt: String,
}

async fn ask_sample(
    cx: Context,
    AskSample { prompt }: AskSample,
) -> Result<CallToolResult, ToolError> {
    let system = sabotage::spoil("ask_sample", BRIEFLY);
    let answer = cx.sample("sample", sampling(prompt).system_prompt(system)).await?;
    let mut shown = json!({ "model": answer.model, "role": answer.role, "text": text_of(&answer) });
    if let Some(reason) = &answer.stop_reason {
        shown["stopReason"] = json!(reason);
    }
    Ok(structured(shown))
}

const BRIEFLY: &str = "Answer briefly.";

fn sampling(prompt: impl Into<String>) -> CreateMessageRequestParams {
    let preferences = ModelPreferences::new()
        .hints(vec![ModelHint::new().name("small")])
        .cost_priority(0.25)
        .speed_priority(0.5)
        .intelligence_priority(0.75);
    CreateMessageRequestParams::new(vec![SamplingMessage::user(prompt)], 100_u64)
        .system_prompt(BRIEFLY)
        .temperature(0.5)
        .stop_sequences(vec!["STOP".to_owned()])
        .model_preferences(preferences)
}

/// The first text of an answer; empty when there is none.
fn text_of(answer: &CreateMessageResult) -> &str {
    let mut blocks = answer.content.blocks().iter();
    let text = blocks.find_map(|block| match block {
        Block::Text(text) => Some(text.text.as_str()),
        _ => None,
    });
    text.unwrap_or_default()
}

#[derive(Serialize, JsonSchema)]
struct Rounds {
    rounds: u32,
    text: String,
}

async fn ask_sample_tools(cx: Context) -> Result<Json<Rounds>, ToolError> {
    let mut messages = vec![SamplingMessage::user("What is the depth here?")];
    let first = with_depth(messages.clone(), ToolChoiceMode::Required)?;
    let answer = cx.sample("sample_1", first).await?;
    let used = answer.content.blocks().iter().find_map(|block| match block {
        Block::ToolUse(used) => Some(used.clone()),
        _ => None,
    });
    let used = used.ok_or_else(|| ToolError::new("the model used no tool"))?;
    messages.extend(depth_of(used));
    let second = with_depth(messages, ToolChoiceMode::None)?;
    let answer = cx.sample("sample_2", second).await?;
    Ok(Json(Rounds { rounds: 2, text: text_of(&answer).to_owned() }))
}

/// A question with the tool `depth` at hand.
fn with_depth(
    messages: Vec<SamplingMessage>,
    mode: ToolChoiceMode,
) -> Result<CreateMessageRequestParams, ToolError> {
    let input = json!({ "type": "object", "properties": { "place": { "type": "string" } }, "required": ["place"] });
    let depth = Tool::new("depth")
        .description("Depth of the water in metres.")
        .input_schema(Schema::try_from(input)?);
    Ok(CreateMessageRequestParams::new(messages, 100_u64)
        .tools(vec![depth])
        .tool_choice(ToolChoice::new().mode(mode)))
}

/// The use of the tool, as the model put it, and its result.
fn depth_of(used: ToolUseContent) -> [SamplingMessage; 2] {
    let metres = ContentBlock::text(sabotage::spoil("ask_sample_tools", "12 metres"));
    let result = ToolResultContent::new(used.id.clone(), vec![metres]);
    [
        SamplingMessage::new(Role::Assistant, vec![Block::ToolUse(used)]),
        SamplingMessage::new(Role::User, vec![Block::ToolResult(result)]),
    ]
}

async fn ask_roots(cx: Context) -> Result<CallToolResult, ToolError> {
    let roots = cx.roots("roots").await?;
    let shown = roots.iter().enumerate().map(|(at, root)| {
        let uri = if at == 0 { sabotage::spoil("ask_roots", &root.uri) } else { root.uri.clone() };
        let mut shown = json!({ "uri": uri });
        if let Some(name) = &root.name {
            shown["name"] = json!(name);
        }
        shown
    });
    Ok(structured(json!({ "roots": shown.collect::<Vec<_>>() })))
}

async fn ask_all(cx: Context) -> Result<CallToolResult, ToolError> {
    let confirm = cx.elicit_form("confirm", confirm("Do you agree?"));
    let sample = cx.sample("sample", sampling("Say yes."));
    let roots = cx.roots("roots");
    let (confirm, sample, roots) = if sabotage::is("ask_all") {
        (confirm.await?, sample.await?, roots.await?)
    } else {
        tokio::try_join!(confirm, sample, roots)?
    };
    Ok(structured(json!({
        "action": confirm.action,
        "text": text_of(&sample),
        "roots": roots.len(),
    })))
}

/// A form with one box to tick.
pub(super) fn confirm(message: impl Into<String>) -> ElicitRequestFormParams {
    let agree = bowline::types::input::BooleanSchema::new();
    ElicitRequestFormParams::new(message, ElicitSchema::new().required_property("agree", agree))
}

async fn ask_rounds(cx: Context) -> Result<String, ToolError> {
    let x = ask_value(&cx, "first", "First value?").await?;
    let message = sabotage::spoil("ask_rounds", format!("Second value after {x}?"));
    let y = ask_value(&cx, "second", &message).await?;
    let z = ask_value(&cx, "third", &format!("Third value after {x} and {y}?")).await?;
    Ok(format!("{x}, {y}, {z}"))
}

async fn ask_value(cx: &Context, key: &str, message: &str) -> Result<String, ToolError> {
    let answer = cx.elicit_form(key, one_string(message, "value")).await?;
    if answer.action != ElicitAction::Accept {
        return Err(ToolError::new(format!("stopped at {key}")));
    }
    Ok(string_in(&answer, "value"))
}

/// A form with one required string.
pub(super) fn one_string(message: impl Into<String>, name: &str) -> ElicitRequestFormParams {
    let schema = ElicitSchema::new().required_property(name, StringSchema::new());
    ElicitRequestFormParams::new(message, schema)
}

/// The string of this name in an answer that fits its form.
pub(super) fn string_in(answer: &ElicitResult, name: &str) -> String {
    let text = answer.content.as_ref().and_then(|content: &Map<_, _>| content.get(name)?.as_str());
    text.unwrap_or_default().to_owned()
}

#[derive(Serialize, JsonSchema)]
struct Ticket {
    ticket: u64,
    issued: u64,
}

async fn ask_once(state: State, cx: Context) -> Result<Json<Ticket>, ToolError> {
    let ticket = cx.once("ticket", async { state.take_ticket() }).await?;
    cx.elicit_form("confirm", confirm("Do you agree?")).await?;
    let issued = state.issued() + u64::from(sabotage::one_for("ask_once"));
    Ok(Json(Ticket { ticket, issued }))
}
