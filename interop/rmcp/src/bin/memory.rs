//! A client and a server of rmcp in one process, over an in-memory pipe: `memory CALLS` prints the CPU time of one
//! call, in microseconds.
//!
//! Written as the SDK's own documentation shows it, with the tools of `bench/src/bin/memory_client.rs`.

use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::CallToolRequestParams;
use rmcp::service::RunningService;
use rmcp::{RoleClient, ServiceExt, schemars, tool, tool_router};
use std::error::Error;

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Echo {
    message: String,
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Add {
    a: f64,
    b: f64,
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Big {
    bytes: usize,
}

#[derive(Clone)]
struct Peer;

#[tool_router(server_handler)]
impl Peer {
    #[tool(description = "Says it again.")]
    fn echo(&self, Parameters(Echo { message }): Parameters<Echo>) -> String {
        message
    }

    #[tool(description = "How long it is.")]
    fn length(&self, Parameters(Echo { message }): Parameters<Echo>) -> String {
        message.len().to_string()
    }

    #[tool(description = "Adds two numbers.")]
    fn add(&self, Parameters(Add { a, b }): Parameters<Add>) -> String {
        (a + b).to_string()
    }

    #[tool(description = "So many bytes of text.")]
    fn big(&self, Parameters(Big { bytes }): Parameters<Big>) -> String {
        "x".repeat(bytes)
    }
}

/// Bytes that the pipe holds.
const PIPE: usize = 64 * 1024;

/// Calls before those that are timed.
const WARM: u32 = 1_000;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let calls: u32 =
        std::env::args().nth(1).and_then(|calls| calls.parse().ok()).unwrap_or(100_000);
    let (near, far) = tokio::io::duplex(PIPE);
    let server = tokio::spawn(Peer.serve(far));
    let client = ().serve(near).await?;
    let _server = server.await??;
    run(&client, WARM).await?;
    let before = cpu();
    run(&client, calls).await?;
    let spent = cpu() - before;
    println!("{:.3}", spent / f64::from(calls));
    client.cancel().await?;
    Ok(())
}

async fn run(client: &RunningService<RoleClient, ()>, calls: u32) -> Result<(), Box<dyn Error>> {
    for _ in 0..calls {
        let mut arguments = serde_json::Map::new();
        arguments.insert("message".to_owned(), "hello".into());
        let params = CallToolRequestParams::new("echo").with_arguments(arguments);
        let result = client.call_tool(params).await?;
        assert_eq!(result.content.len(), 1, "the echo is one text");
    }
    Ok(())
}

/// The CPU time of this process so far, in microseconds; the kernel counts it in hundredths of a second.
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let ticks: f64 = stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|ticks| ticks.parse::<f64>().ok())
        .sum();
    ticks * 10_000.0
}
