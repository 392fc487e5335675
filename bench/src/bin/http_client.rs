//! A client of Bowline that calls the tool `echo` of a server over HTTP, one call after the other.
//!
//! `http_client URL CALLS` ends when all are answered; how much that took is for others to count.

use bowline::{Client, Result};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let url = args.next().unwrap_or_else(|| "http://127.0.0.1:8080/mcp".to_owned());
    let calls: u32 = args.next().and_then(|calls| calls.parse().ok()).unwrap_or(1_000);
    let client = Client::connect(url.as_str()).await?;
    for _ in 0..calls {
        let result = client.call_tool("echo", serde_json::json!({ "message": "hello" })).await?;
        assert_eq!(result.content.len(), 1, "the echo is one text");
    }
    client.close().await;
    Ok(())
}
