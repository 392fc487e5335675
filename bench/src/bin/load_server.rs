//! The server that `cargo xtask load` and `cargo xtask cost` load: three tools, and the limits that they ask for.
//!
//! `load_server PORT [LIMIT=VALUE…]` listens on the loopback address. A limit is named as in `Limits`: a count, or a
//! time in milliseconds. Every client is the same principal here, which by `sessions=` alone may have all there are.

use bowline::protocol::limits::Limits;
use bowline::server::Json;
use bowline::transport::http::Http;
use bowline::types::log::LoggingLevel;
use bowline::types::tool::Tool;
use bowline::{Context, Server};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

#[tokio::main]
async fn main() -> ExitCode {
    match serve().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody is left to tell when standard error is closed.
            let _ = writeln!(io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let port: u16 = arguments.next().ok_or(USAGE)?.parse().map_err(|_| USAGE)?;
    let mut limits = Limits::local().connections(16_384);
    for setting in arguments {
        limits = set(limits, &setting)?;
    }
    let http = Http::bind(&format!("127.0.0.1:{port}")).await?.limits(limits);
    let mut running = server().start(http)?;
    let running = running.wait();
    tokio::select! {
        ended = running => Ok(ended?),
        told = terminated() => Ok(told?),
    }
}

const USAGE: &str = "usage: load_server PORT [LIMIT=VALUE…]";

async fn terminated() -> io::Result<()> {
    #[cfg(unix)]
    tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?.recv().await;
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await?;
    Ok(())
}

fn set(limits: Limits, setting: &str) -> Result<Limits, String> {
    let wrong = || format!("{setting} is no limit that this server knows; {USAGE}");
    let (name, value) = setting.split_once('=').ok_or_else(wrong)?;
    let value: u32 = value.parse().map_err(|_| wrong())?;
    let count = value as usize;
    let time = Duration::from_millis(u64::from(value));
    Ok(match name {
        // One more than there are, so that nobody's session has to make room for another.
        "sessions" => limits.sessions(count).sessions_per_principal(count + 1),
        "sessions_per_principal" => limits.sessions_per_principal(count),
        "session_init_timeout" => limits.session_init_timeout(time),
        "session_idle" => limits.session_idle(time),
        "listens_per_principal" => limits.listens_per_principal(count),
        "stalled_timeout" => limits.stalled_timeout(time),
        _ => return Err(wrong()),
    })
}

fn server() -> Server {
    let sent = Arc::new(AtomicU64::new(0));
    let asked = Arc::clone(&sent);
    Server::new("load-server", env!("CARGO_PKG_VERSION"))
        .tool(Tool::new("echo").description("Returns the message."), echo)
        .tool(
            Tool::new("flood").description("Reports progress and logs in turn, without a rest."),
            move |cx: Context, args: Flood| flood(cx, args, Arc::clone(&sent)),
        )
        .tool(Tool::new("flooded").description("Counts what flood has sent so far."), move || {
            let sent = asked.load(Ordering::Relaxed);
            async move { Json(Flooded { sent }) }
        })
}

#[derive(Deserialize, JsonSchema)]
struct Echo {
    message: String,
}

async fn echo(Echo { message }: Echo) -> String {
    message
}

#[derive(Deserialize, JsonSchema)]
struct Flood {
    /// How many notifications to send.
    count: u32,
    /// How long to rest after each thousand of them, in milliseconds.
    rest_ms: Option<u64>,
}

#[derive(Serialize, JsonSchema)]
struct Flooded {
    sent: u64,
}

async fn flood(cx: Context, Flood { count, rest_ms }: Flood, sent: Arc<AtomicU64>) -> String {
    for step in 0..count {
        if step % 2 == 0 {
            cx.progress(f64::from(step) + 1.0, f64::from(count), Some("on the way"));
        } else {
            cx.log(LoggingLevel::Info, "one of very many lines that a chatty tool writes");
        }
        sent.fetch_add(1, Ordering::Relaxed);
        if step % YIELD == YIELD - 1 {
            // As any tool that does something between its messages would.
            tokio::task::yield_now().await;
        }
        if step % 1_000 == 999
            && let Some(rest) = rest_ms
        {
            tokio::time::sleep(Duration::from_millis(rest)).await;
        }
    }
    format!("sent {count} notifications")
}

/// Messages between two looks at what else there is to do.
const YIELD: u32 = 16;
