//! Calls a tool of any server: `cargo run --example client -- 'bowline serve everything'`.

#![expect(clippy::print_stdout, reason = "it is there to be looked at")]

use bowline::Client;

#[tokio::main(flavor = "current_thread")]
async fn main() -> bowline::Result<()> {
    let target = std::env::args().nth(1).unwrap_or_else(|| "bowline serve everything".to_owned());
    let client = Client::connect(target).await?;
    println!("protocol version {}", client.protocol_version());
    for tool in client.list_tools().await? {
        println!("- {}", tool.name);
    }
    let result = client.call_tool("echo", serde_json::json!({ "message": "hello" })).await?;
    println!("{:?}", result.content.first());
    client.close().await;
    Ok(())
}
