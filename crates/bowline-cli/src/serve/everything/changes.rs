//! Tools that change what the server offers, and tell the listeners.

use super::resources::{self, COUNTER, EXTRA};
use super::sabotage;
use super::state::State;
use bowline::server::ToolError;
use bowline::types::prompt::Prompt;
use bowline::types::tool::Tool;
use bowline::{Context, Server};
use schemars::JsonSchema;
use serde::Deserialize;

pub(super) fn register(server: Server, state: &State) -> Server {
    let (extra, touched) = (state.clone(), state.clone());
    server
        .tool(
            Tool::new("change_tools").description("Adds or removes the tool extra_tool."),
            change_tools,
        )
        .tool(
            Tool::new("change_prompts").description("Adds or removes the prompt extra_prompt."),
            change_prompts,
        )
        .tool(
            Tool::new("change_resources")
                .description("Adds or removes the resource everything://extra."),
            move |cx: Context, change: Change| change_resources(extra.clone(), cx, change),
        )
        .tool(
            Tool::new("touch_resource")
                .description("Tells the listeners that a resource was updated."),
            move |cx: Context, touch: Touch| touch_resource(touched.clone(), cx, touch),
        )
}

#[derive(Deserialize, JsonSchema)]
struct Change {
    /// Whether the item is to be there.
    present: bool,
}

impl Change {
    fn says(&self, name: &str) -> String {
        format!("{name} is {}", if self.present { "present" } else { "absent" })
    }
}

/// The server that answers; there is always one behind a tool of its own.
fn server(cx: &Context) -> Result<&Server, ToolError> {
    cx.server().ok_or_else(|| ToolError::new("nothing here can be changed"))
}

async fn change_tools(cx: Context, change: Change) -> Result<String, ToolError> {
    const NAME: &str = "extra_tool";
    let server = server(&cx)?;
    match change.present {
        _ if sabotage::is("listen_tools") => {}
        // One that is there already stays, and nobody is told.
        true => drop(server.add_tool(extra_tool(NAME), || async { "extra" })),
        false => drop(server.remove_tool(NAME)),
    }
    Ok(change.says(NAME))
}

fn extra_tool(name: &str) -> Tool {
    Tool::new(name).description("A tool that comes and goes.")
}

async fn change_prompts(cx: Context, change: Change) -> Result<String, ToolError> {
    const NAME: &str = "extra_prompt";
    let server = server(&cx)?;
    match change.present {
        _ if sabotage::is("listen_prompts") => {}
        true => drop(server.add_prompt(Prompt::new(NAME), || async { "extra" })),
        false => drop(server.remove_prompt(NAME)),
    }
    Ok(change.says(NAME))
}

async fn change_resources(state: State, cx: Context, change: Change) -> Result<String, ToolError> {
    const NAME: &str = "extra_resource";
    let server = server(&cx)?;
    let extra = resources::text_resource(EXTRA, NAME);
    match change.present {
        _ if sabotage::is("listen_resources") => {}
        true => drop(server.add_resource(extra, || async { "extra" })),
        false => drop(server.remove_resource(EXTRA)),
    }
    state.set_extra(change.present);
    Ok(change.says(NAME))
}

#[derive(Deserialize, JsonSchema)]
struct Touch {
    /// The resource.
    uri: String,
}

async fn touch_resource(
    state: State,
    cx: Context,
    Touch { uri }: Touch,
) -> Result<String, ToolError> {
    if !(resources::is_listed(&uri) || uri == EXTRA && state.has_extra()) {
        return Err(ToolError::new(format!("no resource {uri}")));
    }
    if uri == COUNTER {
        state.touch();
    }
    server(&cx)?.resource_updated(&sabotage::spoil("resource_updated", &uri));
    Ok(format!("touched {uri}"))
}
