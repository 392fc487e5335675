//! Drives a server with Bowline's client and prints one JSON line per feature.
//!
//! ```text
//! interop-driver SERVER [--protocol VERSION] [--pin] --rows ROW,ROW (--stdio COMMAND ARG… | --url URL)
//! ```
//!
//! `SERVER` is `sdk` for the servers of `interop/servers`, `rmcp`, or the name of a published server. The version is the
//! one that has to be agreed on; the client is not told it without `--pin`.

// What this program prints is what it is for.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod calls;
mod changes;
mod ending;
mod expect;
mod heard;
mod lists;
mod peer;
mod published;
mod questions;
mod rmcp;
mod surface;

use crate::expect::Failure;
use crate::peer::{Peer, Wanted};
use bowline::client::Target;
use bowline::transport::child::Command;
use serde_json::json;
use std::process::ExitCode;
use std::time::Duration;

/// What one row may take. A server that is silent when it is asked what it is takes half of it.
const LIMIT: Duration = Duration::from_secs(70);

const USAGE: &str = "usage: interop-driver SERVER [--protocol VERSION] [--pin] --rows ROW,ROW (--stdio COMMAND ARG… | --url URL)";

/// What is driven.
struct Job {
    server: String,
    wanted: Wanted,
    rows: Vec<String>,
    target: Target,
}

#[tokio::main]
async fn main() -> ExitCode {
    let job = match Job::parse(std::env::args().skip(1)) {
        Ok(job) => job,
        Err(why) => {
            eprintln!("interop-driver: {why}");
            return ExitCode::from(2);
        }
    };
    let mut peer = None;
    for row in &job.rows {
        let outcome = match tokio::time::timeout(LIMIT, run(&job, row, &mut peer)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(format!("the row took more than {LIMIT:?}").into()),
        };
        report(row, &outcome);
    }
    // Whatever a row has left open ends with the process.
    ExitCode::SUCCESS
}

/// Runs one row; the first one to need it connects.
async fn run(job: &Job, row: &str, peer: &mut Option<Peer>) -> Result<String, Failure> {
    let peer = match peer {
        Some(peer) => peer,
        None => peer.insert(Peer::connect(job.target.clone(), job.wanted.clone()).await?),
    };
    match job.server.as_str() {
        "sdk" => sdk(row, peer).await,
        "rmcp" => rmcp::run(row, peer).await,
        published => published::run(published, row, peer).await,
    }
}

/// The rows of the servers in `interop/servers`.
async fn sdk(row: &str, peer: &Peer) -> Result<String, Failure> {
    match row {
        "connect" => lists::connect(peer),
        "ping" => calls::ping(peer).await,
        "list_tools" => lists::tools(peer).await,
        "list_resources" => lists::resources(peer).await,
        "list_templates" => lists::templates(peer).await,
        "list_prompts" => lists::prompts(peer).await,
        "echo" => calls::echo(peer).await,
        "typed_call" => calls::typed(peer).await,
        "content" => calls::content(peer).await,
        "tool_error" => calls::tool_error(peer).await,
        "protocol_error" => calls::protocol_error(peer).await,
        "read" => calls::read(peer).await,
        "prompt" => calls::prompt(peer).await,
        "complete" => calls::complete(peer).await,
        "progress" => calls::progress(peer).await,
        "logs" => calls::logs(peer).await,
        "cancel" => ending::cancel(peer).await,
        "timeout" => ending::timeout(peer).await,
        "ask_form" => questions::ask(peer, "form").await,
        "ask_url" => questions::ask(peer, "url").await,
        "ask_sample" => questions::ask(peer, "sample").await,
        "ask_sample_tools" => questions::ask(peer, "sample_tools").await,
        "ask_roots" => questions::ask(peer, "roots").await,
        "ask_all" => questions::all(peer).await,
        "ask_declined" => questions::declined(peer).await,
        "roots_changed" => changes::roots(peer).await,
        "listen_tools" => changes::tools(peer).await,
        "listen_prompts" => changes::prompts(peer).await,
        "listen_resources" => changes::resources(peer).await,
        "resource_updated" => changes::resource(peer).await,
        "close" => ending::close(peer).await,
        "close_session" => ending::session(peer).await,
        _ => Err("the driver has no such row".into()),
    }
}

fn report(row: &str, outcome: &Result<String, Failure>) {
    let (ok, detail) = match outcome {
        Ok(detail) => (true, detail.clone()),
        Err(failure) => (false, expect::whole(failure.as_ref())),
    };
    println!("{}", json!({"feature": row, "ok": ok, "detail": detail}));
}

impl Job {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let server = arguments.next().ok_or(USAGE)?;
        let (mut wanted, mut rows) = (Wanted::default(), Vec::new());
        loop {
            let flag = arguments.next().ok_or(USAGE)?;
            let mut value = || arguments.next().ok_or_else(|| format!("{flag} needs a value"));
            let target = match flag.as_str() {
                "--protocol" => {
                    wanted.protocol = Some(value()?);
                    continue;
                }
                "--pin" => {
                    wanted.pin = true;
                    continue;
                }
                "--rows" => {
                    rows = value()?.split(',').map(str::to_owned).collect();
                    continue;
                }
                "--url" => Target::url(&value()?).map_err(|error| error.to_string())?,
                "--stdio" => Target::command(Command::new(value()?).args(arguments)),
                _ => return Err(USAGE.to_owned()),
            };
            return Ok(Self { server, wanted, rows, target });
        }
    }
}
