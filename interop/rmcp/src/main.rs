//! The tools of the defect tests on rmcp: `rmcp-peer stdio` or `rmcp-peer http ADDRESS`.
//!
//! Written as the SDK's own documentation shows it, with its defaults.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::ProgressNotificationParam;
use rmcp::service::RequestContext;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use rmcp::{RoleServer, ServiceExt, schemars, tool, tool_router};

static CANCELLED: AtomicU64 = AtomicU64::new(0);

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
struct Progress {
    steps: Option<u32>,
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Slow {
    seconds: f64,
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Big {
    kib: usize,
}

/// Counts a call that was dropped before its end.
struct Guard(bool);

impl Drop for Guard {
    fn drop(&mut self) {
        if self.0 {
            CANCELLED.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[derive(Clone)]
struct Peer;

#[tool_router(server_handler)]
impl Peer {
    #[tool(description = "Returns the message unchanged")]
    fn echo(&self, Parameters(Echo { message }): Parameters<Echo>) -> String {
        message
    }

    #[tool(description = "Adds two numbers")]
    fn add(&self, Parameters(Add { a, b }): Parameters<Add>) -> String {
        (a + b).to_string()
    }

    #[tool(description = "Panics")]
    async fn panic(&self) -> String {
        panic!("panicked on purpose")
    }

    #[tool(description = "Answers with a long text")]
    fn big(&self, Parameters(Big { kib }): Parameters<Big>) -> String {
        "0123456789abcdef".repeat(kib * 64)
    }

    #[tool(description = "Notifies progress many times")]
    async fn progress(
        &self,
        Parameters(Progress { steps }): Parameters<Progress>,
        cx: RequestContext<RoleServer>,
    ) -> String {
        let steps = steps.unwrap_or(3);
        if let Some(token) = cx.meta.get_progress_token() {
            for step in 1..=steps {
                let note = ProgressNotificationParam::new(token.clone(), f64::from(step))
                    .with_total(f64::from(steps))
                    .with_message(format!("step {step} of {steps}"));
                if cx.peer.notify_progress(note).await.is_err() {
                    break;
                }
            }
        }
        format!("done in {steps} steps")
    }

    #[tool(description = "Waits")]
    async fn slow(
        &self,
        Parameters(Slow { seconds }): Parameters<Slow>,
        cx: RequestContext<RoleServer>,
    ) -> String {
        let mut guard = Guard(true);
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs_f64(seconds)) => guard.0 = false,
            () = cx.ct.cancelled() => {}
        }
        "waited".to_owned()
    }

    #[tool(description = "How many calls of slow were cancelled")]
    fn cancelled_count(&self) -> String {
        format!("{{\"cancelled\":{}}}", CANCELLED.load(Ordering::Relaxed))
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["stdio"] => drop(Peer.serve(rmcp::transport::stdio()).await?.waiting().await?),
        ["http", address] => {
            let service = StreamableHttpService::new(
                || Ok(Peer),
                LocalSessionManager::default().into(),
                StreamableHttpServerConfig::default(),
            );
            let listener = tokio::net::TcpListener::bind(address).await?;
            axum::serve(listener, axum::Router::new().nest_service("/mcp", service)).await?;
        }
        _ => return Err("usage: rmcp-peer stdio | rmcp-peer http ADDRESS".into()),
    }
    Ok(())
}
