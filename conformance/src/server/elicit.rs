//! Tools that ask one thing, as servers did before questions came in rounds; they work in every protocol version.

use bowline::server::ToolError;
use bowline::types::input::{
    BooleanSchema, CreateMessageRequestParams, ElicitRequestFormParams, ElicitSchema, EnumOption,
    LegacyTitledEnumSchema, NumberSchema, SamplingMessage, SamplingMessageContentBlock as Block,
    StringSchema, TitledMultiSelectEnumSchema, TitledSingleSelectEnumSchema,
    UntitledMultiSelectEnumSchema, UntitledSingleSelectEnumSchema,
};
use bowline::types::tool::Tool;
use bowline::{Context, Server};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

pub(crate) fn register(server: Server) -> Server {
    server
        .tool(Tool::new("test_sampling").description("Asks the model."), sampling)
        .tool(Tool::new("test_elicitation").description("Asks the user."), elicitation)
        .tool(
            Tool::new("test_streaming_elicitation").description("Asks the user for a name."),
            |cx: Context| async move {
                ask(&cx, "user_name", "What is your name?", one_text("name")).await
            },
        )
        .tool(
            Tool::new("test_elicitation_sep1034_defaults")
                .description("Asks with a default for every kind of field."),
            |cx: Context| async move {
                ask(&cx, "defaults", "Please review the defaults", defaults()).await
            },
        )
        .tool(
            Tool::new("test_elicitation_sep1330_enums")
                .description("Asks with every kind of choice."),
            |cx: Context| async move { ask(&cx, "choices", "Please choose", choices()).await },
        )
}

#[derive(Deserialize, JsonSchema)]
struct Sampling {
    /// What to ask the model.
    prompt: String,
}

async fn sampling(cx: Context, Sampling { prompt }: Sampling) -> Result<String, ToolError> {
    let answer = sample(&cx, "prompt", &prompt).await?;
    Ok(format!("LLM response: {answer}"))
}

/// Asks the model and gives the first text of its answer.
pub(crate) async fn sample(cx: &Context, key: &str, prompt: &str) -> bowline::Result<String> {
    let params = CreateMessageRequestParams::new(vec![SamplingMessage::user(prompt)], 100_u64);
    let answer = cx.sample(key, params).await?;
    let text = answer.content.blocks().iter().find_map(|block| match block {
        Block::Text(text) => Some(text.text.clone()),
        _ => None,
    });
    Ok(text.unwrap_or_default())
}

#[derive(Deserialize, JsonSchema)]
struct Elicitation {
    /// What to ask the user.
    message: String,
}

async fn elicitation(
    cx: Context,
    Elicitation { message }: Elicitation,
) -> Result<String, ToolError> {
    let form = ElicitSchema::new()
        .required_property("username", StringSchema::new().description("User's response"))
        .required_property("email", StringSchema::new().description("User's email address"));
    ask(&cx, "user", &message, form).await
}

pub(crate) fn one_text(name: &str) -> ElicitSchema {
    ElicitSchema::new().required_property(name, StringSchema::new())
}

/// Asks the user and tells what came back.
pub(crate) async fn ask(
    cx: &Context,
    key: &str,
    message: &str,
    form: ElicitSchema,
) -> Result<String, ToolError> {
    let answer = cx.elicit_form(key, ElicitRequestFormParams::new(message, form)).await?;
    let content = Value::from(answer.content.unwrap_or_default());
    Ok(format!("User response: action={}, content={content}", answer.action))
}

fn defaults() -> ElicitSchema {
    let status = UntitledSingleSelectEnumSchema::new(texts(&["active", "inactive", "pending"]));
    ElicitSchema::new()
        .property("name", StringSchema::new().default("John Doe"))
        .property("age", NumberSchema::integer().default(30.0))
        .property("score", NumberSchema::number().default(95.5))
        .property("status", status.default("active"))
        .property("verified", BooleanSchema::new().default(true))
}

fn choices() -> ElicitSchema {
    let plain = || texts(&["option1", "option2", "option3"]);
    let legacy = LegacyTitledEnumSchema::new(texts(&["opt1", "opt2", "opt3"]))
        .enum_names(texts(&["Option One", "Option Two", "Option Three"]));
    ElicitSchema::new()
        .property("untitledSingle", UntitledSingleSelectEnumSchema::new(plain()))
        .property("titledSingle", TitledSingleSelectEnumSchema::new(titled("First Option")))
        .property("legacyEnum", legacy)
        .property("untitledMulti", UntitledMultiSelectEnumSchema::new(plain()))
        .property("titledMulti", TitledMultiSelectEnumSchema::new(titled("First Choice")))
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// `value1`, `value2` and `value3`, with titles that differ in their first word.
fn titled(first: &str) -> Vec<EnumOption> {
    let nth = ["First", "Second", "Third"].into_iter().zip(1..);
    nth.map(|(nth, n)| EnumOption::new(format!("value{n}"), first.replacen("First", nth, 1)))
        .collect()
}
