//! Schemas of tools: kept as they are, and never fetched.

use crate::Failure;
use crate::session::says;
use bowline::Client;
use serde_json::json;

/// A schema refers to a URL, which listing the tool must not visit.
pub(crate) async fn not_fetched(client: &Client) -> Result<(), Failure> {
    let tools = client.list_tools().await?;
    match tools.iter().any(|tool| tool.name == "lookup_user") {
        true => Ok(()),
        false => Err("the tool with the reference was lost".into()),
    }
}

/// Sends the schema of one tool back, as it arrived.
pub(crate) async fn preserved(client: &Client) -> Result<(), Failure> {
    let tools = client.list_tools().await?;
    let tool = tools
        .iter()
        .find(|tool| tool.name == "json_schema_2020_12_tool")
        .ok_or("the server lists no tool json_schema_2020_12_tool")?;
    let result = client.call_tool("json_schema_echo", json!({"schema": tool.input_schema})).await?;
    says(&result, "echoed")
}
