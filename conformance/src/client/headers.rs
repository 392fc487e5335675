//! Headers that repeat what the body says.

use crate::Failure;
use bowline::Client;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// Uses everything that the server lists: each method, and each kind of name.
pub(crate) async fn standard(client: &Client) -> Result<(), Failure> {
    for tool in client.list_tools().await? {
        client.call_tool(&tool.name, json!({})).await?;
    }
    for resource in client.list_resources().await? {
        client.read_resource(resource.uri).await?;
    }
    for prompt in client.list_prompts().await? {
        client.get_prompt(&prompt.name, ()).await?;
    }
    Ok(())
}

/// Calls that the suite wants made.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Context {
    tool_calls: Vec<ToolCall>,
}

#[derive(Deserialize)]
struct ToolCall {
    name: String,
    arguments: Map<String, Value>,
}

/// Makes the calls of the context, whose arguments are to be repeated in headers as the tools say.
pub(crate) async fn of_arguments(client: &Client, context: &Value) -> Result<(), Failure> {
    let Context { tool_calls } = Context::deserialize(context)?;
    client.list_tools().await?;
    for ToolCall { name, arguments } in tool_calls {
        client.call_tool(&name, arguments).await?;
    }
    Ok(())
}

/// All tools but one have annotations that no header can be made of; whatever is left of the list is called.
pub(crate) async fn invalid(client: &Client) -> Result<(), Failure> {
    let tools = client.list_tools().await?;
    for tool in &tools {
        client.call_tool(&tool.name, json!({"region": "eu"})).await?;
    }
    match tools.iter().map(|tool| tool.name.as_str()).collect::<Vec<_>>()[..] {
        ["valid_tool"] => Ok(()),
        ref others => Err(format!("these tools were not left out: {}", others.join(" ")).into()),
    }
}
