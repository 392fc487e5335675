//! Prompts, and suggestions for their arguments.

use crate::content::{embedded, image};
use crate::elicit::one_text;
use bowline::server::{CompleteRequest, HandlerError};
use bowline::types::completion::PromptReference;
use bowline::types::content::Role;
use bowline::types::input::ElicitRequestFormParams;
use bowline::types::prompt::{Prompt, PromptMessage};
use bowline::{Context, Server};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

pub(crate) fn register(server: Server) -> Server {
    server
        .prompt(Prompt::new("test_simple_prompt").description("Has no arguments."), || async {
            "This is a simple prompt for testing."
        })
        .prompt(
            Prompt::new(WITH_ARGUMENTS).description("Has two arguments."),
            |Arguments { arg1, arg2 }: Arguments| async move {
                format!("Prompt with arguments: arg1='{arg1}', arg2='{arg2}'")
            },
        )
        .prompt(
            Prompt::new("test_prompt_with_embedded_resource").description("Embeds a resource."),
            with_embedded_resource,
        )
        .prompt(Prompt::new("test_prompt_with_image").description("Shows an image."), || async {
            let question = "Please analyze the image above.";
            [PromptMessage::new(Role::User, image()), PromptMessage::user(question)]
        })
        .prompt(
            Prompt::new("test_input_required_result_prompt").description("Asks for context."),
            ask_for_context,
        )
        .completion(
            PromptReference::new(WITH_ARGUMENTS),
            "arg1",
            |request: CompleteRequest| async move {
                let known = ["paris", "park", "party"].into_iter();
                known.filter(|value| value.starts_with(&request.value)).collect::<Vec<_>>()
            },
        )
}

const WITH_ARGUMENTS: &str = "test_prompt_with_arguments";

#[derive(Deserialize, JsonSchema)]
struct Arguments {
    /// First test argument
    arg1: String,
    /// Second test argument
    arg2: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Embedded {
    /// URI of the resource to embed
    resource_uri: String,
}

async fn with_embedded_resource(Embedded { resource_uri }: Embedded) -> [PromptMessage; 2] {
    let text = "Embedded resource content for testing.";
    let resource = embedded(&resource_uri, "text/plain", text);
    let question = "Please process the embedded resource above.";
    [PromptMessage::new(Role::User, resource), PromptMessage::user(question)]
}

async fn ask_for_context(cx: Context) -> Result<String, HandlerError> {
    let form =
        ElicitRequestFormParams::new("What context should the prompt use?", one_text("context"));
    let answer = cx.elicit_form("user_context", form).await?;
    let content = Value::from(answer.content.unwrap_or_default());
    Ok(format!("Use this context: {content}"))
}
