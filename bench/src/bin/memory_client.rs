//! A client and a server of Bowline in one process: `memory_client CALLS` prints the CPU time of one call, in
//! microseconds. `interop/rmcp/src/bin/memory.rs` is the same of rmcp, with the same tools.

use bowline::prelude::*;
use bowline::{Client, Result};

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

/// Calls before those that are timed.
const WARM: u32 = 1_000;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let calls: u32 =
        std::env::args().nth(1).and_then(|calls| calls.parse().ok()).unwrap_or(100_000);
    let server = Server::new("memory", "1.0.0")
        .tool(
            Tool::new("echo").description("Says it again."),
            |Echo { message }: Echo| async move { message },
        )
        .tool(
            Tool::new("length").description("How long it is."),
            |Echo { message }: Echo| async move { message.len().to_string() },
        )
        .tool(Tool::new("add").description("Adds two numbers."), |Add { a, b }: Add| async move {
            (a + b).to_string()
        })
        .tool(
            Tool::new("big").description("So many bytes of text."),
            |Big { bytes }: Big| async move { "x".repeat(bytes) },
        );
    let client = Client::connect(&server).await?;
    run(&client, WARM).await?;
    let before = cpu();
    run(&client, calls).await?;
    let spent = cpu() - before;
    #[expect(clippy::print_stdout, reason = "this is what it is for")]
    {
        println!("{:.3}", spent / f64::from(calls));
    }
    Ok(())
}

async fn run(client: &Client, calls: u32) -> Result<()> {
    for _ in 0..calls {
        let result = client.call_tool("echo", serde_json::json!({ "message": "hello" })).await?;
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
