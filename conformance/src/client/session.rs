//! Connections, plain calls, and what a client has to bear during a call.

use crate::Failure;
use bowline::Client;
use bowline::types::content::ContentBlock;
use bowline::types::tool::CallToolResult;
use serde_json::json;

/// Connects, as `main` did, and lists what there is.
pub(crate) async fn open(client: &Client) -> Result<(), Failure> {
    client.list_tools().await?;
    Ok(())
}

pub(crate) async fn add(client: &Client) -> Result<(), Failure> {
    require(client, "add_numbers").await?;
    let result = client.call_tool("add_numbers", json!({"a": 5, "b": 3})).await?;
    says(&result, "The sum of 5 and 3 is 8")
}

/// A tool asks with a form of nothing but defaults.
pub(crate) async fn defaults(client: &Client) -> Result<(), Failure> {
    call(client, "test_client_elicitation_defaults").await?;
    Ok(())
}

/// The server closes the stream of the call at once, and answers on the one that follows.
pub(crate) async fn resume(client: &Client) -> Result<(), Failure> {
    let result = call(client, "test_reconnection").await?;
    says(&result, "Reconnection test completed successfully")
}

/// The server looks at what every request carries, and refuses the first.
pub(crate) async fn every_request(client: &Client) -> Result<(), Failure> {
    client.ping().await?;
    client.list_tools().await?;
    client.call_tool("any", ()).await?;
    Ok(())
}

/// Calls a tool of the list without arguments; an error of the tool is one here.
pub(crate) async fn call(client: &Client, name: &str) -> Result<CallToolResult, Failure> {
    require(client, name).await?;
    let result = client.call_tool(name, json!({})).await?;
    match result.is_error {
        Some(true) => Err(format!("the tool {name} failed: {}", text(&result)).into()),
        _ => Ok(result),
    }
}

async fn require(client: &Client, name: &str) -> Result<(), Failure> {
    let tools = client.list_tools().await?;
    match tools.iter().any(|tool| tool.name == name) {
        true => Ok(()),
        false => Err(format!("the server lists no tool {name}").into()),
    }
}

/// Whether a result is the text that the scenario answers with.
pub(crate) fn says(result: &CallToolResult, wanted: &str) -> Result<(), Failure> {
    let said = text(result);
    match said == wanted {
        true => Ok(()),
        false => Err(format!("the tool said {said:?}, not {wanted:?}").into()),
    }
}

fn text(result: &CallToolResult) -> String {
    result.content.iter().filter_map(ContentBlock::as_text).collect()
}
