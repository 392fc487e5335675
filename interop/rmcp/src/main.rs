//! The tools of the defect tests on rmcp: `rmcp-peer stdio` or `rmcp-peer http ADDRESS`; and a client of it, that lists
//! the tools of the server whose command follows, or calls its tool `good`: `rmcp-peer client list|call -- COMMAND`.
//!
//! Written as the SDK's own documentation shows it, with its defaults and the log that its examples write. A further
//! `--token-file FILE` changes nothing: the SDK leaves authorization to a layer in front of it, and a session of it knows
//! no caller.

// Logging and roots are deprecated in the newest protocol version; the older ones are what is tested here.
#![expect(deprecated, reason = "the tests speak the protocol versions that have these methods")]

mod client;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{
    LoggingLevel, LoggingMessageNotificationParam, ProgressNotificationParam, ServerCapabilities,
    ServerConfig, SetLevelRequestParams,
};
use rmcp::service::RequestContext;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use rmcp::{
    ErrorData, RoleServer, ServerHandler, ServiceExt, schemars, tool, tool_handler, tool_router,
};

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
    rest_ms: Option<u64>,
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Change {
    present: bool,
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

#[tool_router]
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
        Parameters(Progress { steps, rest_ms }): Parameters<Progress>,
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
        tokio::time::sleep(Duration::from_millis(rest_ms.unwrap_or(0))).await;
        format!("done in {steps} steps")
    }

    #[tool(description = "Logs at every level")]
    async fn log_levels(&self, cx: RequestContext<RoleServer>) -> String {
        for level in [
            LoggingLevel::Debug,
            LoggingLevel::Info,
            LoggingLevel::Notice,
            LoggingLevel::Warning,
            LoggingLevel::Error,
            LoggingLevel::Critical,
            LoggingLevel::Alert,
            LoggingLevel::Emergency,
        ] {
            let data = serde_json::json!({ "message": format!("a message at level {level:?}") });
            let note = LoggingMessageNotificationParam::new(level, data);
            if cx.peer.notify_logging_message(note).await.is_err() {
                break;
            }
        }
        "logged 8 messages".to_owned()
    }

    #[tool(description = "Says that the list of tools has changed")]
    async fn change_tools(
        &self,
        Parameters(Change { present }): Parameters<Change>,
        cx: RequestContext<RoleServer>,
    ) -> Result<String, String> {
        let sent = cx.peer.notify_tool_list_changed().await;
        sent.map_err(|error| error.to_string())?;
        Ok(format!("extra_tool is {}", if present { "present" } else { "absent" }))
    }

    #[tool(description = "Asks for roots")]
    async fn ask_roots(&self, cx: RequestContext<RoleServer>) -> Result<String, String> {
        let roots = cx.peer.list_roots().await.map_err(|error| error.to_string())?.roots;
        Ok(serde_json::json!({ "roots": roots }).to_string())
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

#[tool_handler]
impl ServerHandler for Peer {
    fn get_info(&self) -> ServerConfig {
        let offers = ServerCapabilities::builder()
            .enable_logging()
            .enable_tools()
            .enable_tool_list_changed()
            .build();
        ServerConfig::new(offers)
    }

    async fn set_level(
        &self,
        _: SetLevelRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_ansi(false).init();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["client", action @ ("list" | "call"), "--", program, arguments @ ..] => {
            client::run(action, program, arguments).await?;
        }
        ["stdio"] => drop(Peer.serve(rmcp::transport::stdio()).await?.waiting().await?),
        ["http", address] | ["http", address, "--token-file", _] => {
            let service = StreamableHttpService::new(
                || Ok(Peer),
                LocalSessionManager::default().into(),
                StreamableHttpServerConfig::default(),
            );
            let listener = tokio::net::TcpListener::bind(address).await?;
            axum::serve(listener, axum::Router::new().nest_service("/mcp", service)).await?;
        }
        _ => {
            return Err("usage: rmcp-peer stdio | http ADDRESS | client list|call -- COMMAND".into());
        }
    }
    Ok(())
}
