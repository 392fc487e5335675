//! Tools that ask in rounds: a result that says what is missing, and the same call again with the answers.

use crate::elicit::{ask, one_text, sample};
use bowline::server::ToolError;
use bowline::types::input::{BooleanSchema, ElicitSchema};
use bowline::types::tool::Tool;
use bowline::{Context, Server};

pub(crate) fn register(server: Server) -> Server {
    server
        .tool(
            Tool::new("test_input_required_result_elicitation").description("Asks for a name."),
            |cx: Context| async move {
                ask(&cx, "user_name", "What is your name?", one_text("name")).await
            },
        )
        .tool(
            Tool::new("test_input_required_result_sampling").description("Asks the model."),
            |cx: Context| async move {
                sample(&cx, "capital_question", "What is the capital of France?").await
            },
        )
        .tool(
            Tool::new("test_input_required_result_list_roots").description("Asks for roots."),
            |cx: Context| async move { roots(&cx).await },
        )
        .tool(
            Tool::new("test_input_required_result_request_state")
                .description("Asks for a confirmation and checks its own state."),
            |cx: Context| async move {
                let answer = confirm(&cx).await?;
                Ok::<_, ToolError>(format!("state-ok: {answer}"))
            },
        )
        .tool(
            Tool::new("test_input_required_result_tampered_state")
                .description("Refuses a state that somebody changed."),
            |cx: Context| async move { confirm(&cx).await },
        )
        .tool(
            Tool::new("test_input_required_result_multiple_inputs")
                .description("Asks the user, the model and for roots at once."),
            multiple_inputs,
        )
        .tool(
            Tool::new("test_input_required_result_multi_round").description("Asks twice."),
            multi_round,
        )
        .tool(
            Tool::new("test_input_required_result_capabilities")
                .description("Asks what this client can answer."),
            capabilities,
        )
}

async fn roots(cx: &Context) -> Result<String, ToolError> {
    let roots = cx.roots("client_roots").await?;
    let uris: Vec<_> = roots.iter().map(|root| root.uri.as_str()).collect();
    Ok(format!("roots: {}", uris.join(", ")))
}

async fn confirm(cx: &Context) -> Result<String, ToolError> {
    let form = ElicitSchema::new().required_property("ok", BooleanSchema::new());
    ask(cx, "confirm", "Please confirm", form).await
}

async fn name(cx: &Context) -> Result<String, ToolError> {
    ask(cx, "user_name", "What is your name?", one_text("name")).await
}

async fn greeting(cx: &Context) -> Result<String, ToolError> {
    Ok(sample(cx, "greeting", "Generate a greeting").await?)
}

async fn multiple_inputs(cx: Context) -> Result<String, ToolError> {
    let (name, greeting, roots) = tokio::try_join!(name(&cx), greeting(&cx), roots(&cx))?;
    Ok(format!("{name}; {greeting}; {roots}"))
}

async fn multi_round(cx: Context) -> Result<String, ToolError> {
    let first = ask(&cx, "step1", "What is your name?", one_text("name")).await?;
    let second = ask(&cx, "step2", "What is your favorite color?", one_text("color")).await?;
    Ok(format!("{first}; {second}"))
}

/// Asks everything at once that was declared, and nothing else.
async fn capabilities(cx: Context) -> Result<String, ToolError> {
    let declared = cx.client_capabilities();
    let (name, greeting, roots) = tokio::try_join!(
        when(declared.elicitation.is_some(), name(&cx)),
        when(declared.sampling.is_some(), greeting(&cx)),
        when(declared.roots.is_some(), roots(&cx)),
    )?;
    let answers: Vec<String> = [name, greeting, roots].into_iter().flatten().collect();
    Ok(format!("{} answers: {}", answers.len(), answers.join("; ")))
}

async fn when(
    wanted: bool,
    question: impl Future<Output = Result<String, ToolError>>,
) -> Result<Option<String>, ToolError> {
    if wanted { question.await.map(Some) } else { Ok(None) }
}
