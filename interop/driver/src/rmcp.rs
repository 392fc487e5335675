//! The server of `interop/rmcp`.

use crate::calls::{self, text};
use crate::changes::told;
use crate::ending;
use crate::expect::{Failure, fine, holds, refused, same, until};
use crate::peer::Peer;
use crate::surface;
use bowline::client::Change;
use bowline::types::log::LoggingLevel;
use bowline::types::subscription::SubscriptionFilter;
use serde::Deserialize;
use serde_json::json;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

pub(crate) async fn run(row: &str, peer: &Peer) -> Result<String, Failure> {
    match row {
        "connect" => connect(peer),
        "ping" => calls::ping(peer).await,
        "list_tools" => list(peer).await,
        "echo" => calls::echo(peer).await,
        "typed_call" => typed(peer).await,
        "protocol_error" => protocol_error(peer).await,
        "progress" => progress(peer).await,
        "logs" => logs(peer).await,
        "cancel" => cancel(peer).await,
        "ask_roots" => roots(peer).await,
        "listen_tools" => changes(peer).await,
        "close" => ending::close(peer).await,
        _ => Err("the driver has no such row for rmcp".into()),
    }
}

fn connect(peer: &Peer) -> Result<String, Failure> {
    let info = peer.client.server_info().ok_or("the server does not say what it is")?;
    Ok(format!("{}, {}", peer.client.protocol_version(), info.version))
}

async fn list(peer: &Peer) -> Result<String, Failure> {
    let tools = peer.client.list_tools().await?;
    let mut names: Vec<&str> = tools.iter().map(|tool| tool.name.as_str()).collect();
    names.sort_unstable();
    let wanted = json!([
        "add",
        "ask_roots",
        "big",
        "cancelled_count",
        "change_tools",
        "echo",
        "log_levels",
        "panic",
        "progress",
        "slow"
    ]);
    same("tools", json!(names), wanted)?;
    fine()
}

async fn typed(peer: &Peer) -> Result<String, Failure> {
    let sum: f64 = peer.client.call("add", json!({"a": 2.5, "b": -0.25})).await?;
    same("sum", json!(sum), json!(2.25))?;
    let big: String = peer.client.call("big", json!({"kib": 1024})).await?;
    same("size", json!(big.len()), json!(1024 * 1024))?;
    fine()
}

async fn protocol_error(peer: &Peer) -> Result<String, Failure> {
    refused("an unknown tool", peer.client.call_tool("no_such_tool", json!({})).await, -32602)?;
    let result = peer.client.call_tool("add", json!({"a": "one"})).await?;
    same("bad arguments", json!(result.is_error), json!(true))?;
    fine()
}

async fn progress(peer: &Peer) -> Result<String, Failure> {
    let reports = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&reports);
    let call = peer.client.call_tool("progress", json!({"steps": 60}));
    call.on_progress(move |report| {
        heard.lock().unwrap_or_else(PoisonError::into_inner).push(report.progress);
    })
    .await?;
    let got = reports.lock().unwrap_or_else(PoisonError::into_inner).clone();
    holds(got.is_sorted_by(|one, next| one < next), || format!("out of order: {got:?}"))?;
    same("the last report", json!(got.last()), json!(60))?;
    Ok(format!("{} of 60 arrived", got.len()))
}

async fn logs(peer: &Peer) -> Result<String, Failure> {
    peer.client.set_log_level(LoggingLevel::Debug).await?;
    peer.heard.forget_logs();
    peer.client.call_tool("log_levels", json!({})).await?;
    until("the log", || async {
        let got = peer.heard.logs().len();
        Ok((got < 8).then(|| format!("only {got} entries")))
    })
    .await?;
    let levels = peer.heard.logs().into_iter().map(|entry| entry["level"].clone()).collect();
    same("levels, in order", levels, surface::of("levels").clone())?;
    fine()
}

#[derive(Deserialize)]
struct Count {
    cancelled: u64,
}

async fn cancel(peer: &Peer) -> Result<String, Failure> {
    let count = async || peer.client.call::<Count>("cancelled_count", json!({})).await;
    let before = count().await?.cancelled;
    let call = peer.client.call_tool("slow", json!({"seconds": 60}));
    let dropped = tokio::time::timeout(Duration::from_millis(300), call.into_future()).await;
    holds(dropped.is_err(), || "the call ended by itself".to_owned())?;
    until("the server sees the cancelled call", || async {
        let now = count().await?.cancelled;
        Ok((now != before + 1).then(|| format!("it counts {now}, {before} before")))
    })
    .await?;
    fine()
}

async fn roots(peer: &Peer) -> Result<String, Failure> {
    let result = peer.client.call_tool("ask_roots", json!({})).await?;
    let said: serde_json::Value = serde_json::from_str(text(&result)?)?;
    same("roots", said, surface::of("answers")["roots"].clone())?;
    fine()
}

async fn changes(peer: &Peer) -> Result<String, Failure> {
    let filter = SubscriptionFilter::new().tools_list_changed(true);
    let mut subscription = peer.client.subscribe(filter).await?;
    peer.client.call_tool("change_tools", json!({"present": true})).await?;
    told(&mut subscription, &Change::Tools).await?;
    fine()
}
