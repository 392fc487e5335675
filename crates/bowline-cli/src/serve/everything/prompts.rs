//! Prompts.

use super::ask::{one_string, string_in};
use super::content::{self, LOGO, PNG};
use super::resources::is_listed;
use super::sabotage;
use bowline::server::HandlerError;
use bowline::types::content::{ContentBlock, Icon, IconTheme, Role};
use bowline::types::input::ElicitAction;
use bowline::types::jsonrpc::ErrorObject;
use bowline::types::prompt::{GetPromptResult, Prompt, PromptMessage};
use bowline::{Context, Server};
use schemars::JsonSchema;
use serde::Deserialize;

pub(super) fn register(server: Server) -> Server {
    let icon = Icon::new(format!("data:image/png;base64,{PNG}"))
        .mime_type("image/png")
        .sizes(vec!["1x1".to_owned()])
        .theme(IconTheme::Light);
    let review_prompt = Prompt::new("review")
        .title("Code review")
        .description(sabotage::spoil("list_prompts", "Reviews a piece of code."))
        .icons(vec![icon]);
    server
        .prompt(Prompt::new("greet").description(GREET), greet)
        .prompt(review_prompt, review)
        .prompt(Prompt::new("with_resource").description("Embeds a resource."), with_resource)
        .prompt(Prompt::new("with_image").description("Shows an image."), with_image)
        .prompt(Prompt::new("with_audio").description("Plays a sound."), || async {
            user(content::audio())
        })
        .prompt(Prompt::new("with_link").description("Links to a resource."), || async {
            user(content::link())
        })
        .prompt(Prompt::new(TRAVEL).description("Plans a journey."), travel)
        .prompt(Prompt::new("ask_topic").description("Asks what to write of."), ask_topic)
}

pub(super) const TRAVEL: &str = "travel";
const GREET: &str = "A greeting";

fn user(content: ContentBlock) -> PromptMessage {
    PromptMessage::new(Role::User, content)
}

async fn greet() -> GetPromptResult {
    let text = sabotage::spoil("prompt_plain", "Please greet the reader.");
    GetPromptResult::new(vec![PromptMessage::user(text)]).description(GREET)
}

#[derive(Deserialize, JsonSchema)]
struct Review {
    /// Programming language
    language: String,
    /// The code
    code: String,
    /// Tone of the review
    style: Option<String>,
}

async fn review(Review { language, code, style }: Review) -> [PromptMessage; 2] {
    let style = style.as_deref().unwrap_or("friendly");
    let text = format!("Review this {language} code in a {style} style:\n{code}");
    let text = sabotage::spoil("prompt_arguments", text);
    [PromptMessage::user(text), PromptMessage::assistant("I will review it.")]
}

#[derive(Deserialize, JsonSchema)]
struct WithResource {
    uri: String,
}

async fn with_resource(WithResource { uri }: WithResource) -> Result<PromptMessage, HandlerError> {
    if !is_listed(&uri) || uri == LOGO {
        let error = ErrorObject::invalid_params(format!("no text resource {uri}"));
        return Err(HandlerError::protocol(error));
    }
    let [greeting, _] = content::embedded();
    Ok(user(greeting))
}

async fn with_image() -> [PromptMessage; 2] {
    let question = sabotage::spoil("prompt_content", "What is this?");
    [user(content::image()), PromptMessage::user(question)]
}

#[derive(Deserialize, JsonSchema)]
struct Travel {
    country: String,
    city: String,
}

async fn travel(Travel { country, city }: Travel) -> String {
    format!("Plan a trip to {city} in {country}.")
}

async fn ask_topic(cx: Context) -> Result<String, HandlerError> {
    let answer = cx.elicit_form("topic", one_string("Which topic?", "topic")).await?;
    if answer.action != ElicitAction::Accept {
        let error = ErrorObject::invalid_params("a prompt without a topic cannot be written");
        return Err(HandlerError::protocol(error));
    }
    let text = format!("Write about {}.", string_in(&answer, "topic"));
    Ok(sabotage::spoil("ask_prompt", text))
}
