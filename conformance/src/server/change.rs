//! Tools that change what the server offers.

use bowline::server::ToolError;
use bowline::types::prompt::Prompt;
use bowline::types::tool::Tool;
use bowline::{Context, Server};

pub(crate) fn register(server: Server) -> Server {
    server
        .tool(
            Tool::new("test_trigger_tool_change").description("Adds a tool, or removes it again."),
            tool_change,
        )
        .tool(
            Tool::new("test_trigger_prompt_change")
                .description("Adds a prompt, or removes it again."),
            prompt_change,
        )
}

async fn tool_change(cx: Context) -> Result<&'static str, ToolError> {
    const NAME: &str = "test_dynamic_tool";
    let server = server(&cx)?;
    if server.remove_tool(NAME) {
        return Ok("removed a tool");
    }
    let tool = Tool::new(NAME).description("Comes and goes.");
    server.add_tool(tool, || async { "dynamic" })?;
    Ok("added a tool")
}

async fn prompt_change(cx: Context) -> Result<&'static str, ToolError> {
    const NAME: &str = "test_dynamic_prompt";
    let server = server(&cx)?;
    if server.remove_prompt(NAME) {
        return Ok("removed a prompt");
    }
    let prompt = Prompt::new(NAME).description("Comes and goes.");
    server.add_prompt(prompt, || async { "dynamic" })?;
    Ok("added a prompt")
}

pub(crate) fn server(cx: &Context) -> Result<&Server, ToolError> {
    cx.server().ok_or_else(|| ToolError::new("nothing here can be changed"))
}
