//! Requests and their results, and what comes before a result.

use crate::expect::{Failure, fine, holds, refused, same, until};
use crate::peer::Peer;
use crate::surface;
use bowline::types::completion::PromptReference;
use bowline::types::content::ContentBlock;
use bowline::types::log::LoggingLevel;
use bowline::types::tool::CallToolResult;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::task::JoinSet;

/// Texts that break framing, escaping or decoding where these are wrong.
const HOSTILE: [&str; 8] = [
    "plain",
    "",
    "line one\nline two\r\n\ttab",
    "quote \" backslash \\ slash /",
    "\u{1}\u{1f}\u{7f}",
    "separators \u{2028}\u{2029}\u{85}",
    "emoji 🧶 and é世界",
    "{\"jsonrpc\":\"2.0\"}\n\ndata: {\"id\":1}",
];

pub(crate) async fn ping(peer: &Peer) -> Result<String, Failure> {
    peer.client.ping().await?;
    fine()
}

pub(crate) async fn echo(peer: &Peer) -> Result<String, Failure> {
    for message in HOSTILE {
        let result = peer.client.call_tool("echo", json!({"message": message})).await?;
        same("echo", json!(text(&result)?), json!(message))?;
    }
    let mut calls = JoinSet::new();
    for number in 0..50 {
        let client = peer.client.clone();
        calls.spawn(async move {
            let message = format!("call {number}");
            let result = client.call_tool("echo", json!({"message": message})).await?;
            same("50 at once", json!(text(&result)?), json!(message))
        });
    }
    while let Some(done) = calls.join_next().await {
        done??;
    }
    fine()
}

#[derive(Deserialize)]
struct Sum {
    sum: f64,
}

pub(crate) async fn typed(peer: &Peer) -> Result<String, Failure> {
    let Sum { sum } = peer.client.call("add", json!({"a": 2.5, "b": -0.25})).await?;
    same("sum", json!(sum), json!(2.25))?;
    let said: String = peer.client.call("echo", json!({"message": "not JSON"})).await?;
    same("a text", json!(said), json!("not JSON"))?;
    let wrong = peer.client.call::<Vec<u8>>("add", json!({"a": 1, "b": 2})).await;
    let error = wrong.err().ok_or("a sum was read as a list")?;
    holds(error.is_bad_answer(), || format!("reading a sum as a list: {error}"))?;
    fine()
}

pub(crate) async fn content(peer: &Peer) -> Result<String, Failure> {
    let blocks = surface::of("content").as_array().cloned().unwrap_or_default();
    let known = |block: &Value| match block["type"].as_str() {
        Some("audio") => peer.since("2025-03-26"),
        Some("resource_link") => peer.since("2025-06-18"),
        _ => true,
    };
    let wanted: Value = blocks.into_iter().filter(known).collect();
    let result = peer.client.call_tool("content", json!({})).await?;
    same("content", serde_json::to_value(&result.content)?, wanted)?;
    fine()
}

pub(crate) async fn tool_error(peer: &Peer) -> Result<String, Failure> {
    let result = peer.client.call_tool("tool_error", json!({})).await?;
    same("isError", json!(result.is_error), json!(true))?;
    same("text", json!(text(&result)?), json!("failed on purpose"))?;
    let typed = peer.client.call::<Value>("tool_error", json!({})).await;
    let error = typed.err().ok_or("the typed call did not fail")?;
    holds(error.is_tool_error() && error.rpc().is_none(), || format!("no tool error: {error}"))?;
    holds(error.to_string().contains("failed on purpose"), || format!("without why: {error}"))?;
    fine()
}

pub(crate) async fn protocol_error(peer: &Peer) -> Result<String, Failure> {
    let outcome = peer.client.call_tool("protocol_error", json!({})).await;
    let data = refused("protocol_error", outcome, 4001)?;
    // The TypeScript SDK keeps the data of an error to itself until 1.12.
    if let Some(data) = data {
        same("data", data, json!({"reason": "on purpose"}))?;
    }
    refused("an unknown tool", peer.client.call_tool("no_such_tool", json!({})).await, -32602)?;
    fine()
}

pub(crate) async fn read(peer: &Peer) -> Result<String, Failure> {
    for uri in ["interop://greeting", "interop://logo"] {
        let result = peer.client.read_resource(uri).await?;
        let wanted = surface::of("contents")[uri].clone();
        same(uri, serde_json::to_value(&result.contents)?, wanted)?;
    }
    let uri = "interop://echo1/a%20knot";
    let result = peer.client.read_resource(uri).await?;
    let wanted = json!([{"uri": uri, "mimeType": "text/plain", "text": "a knot"}]);
    same("a template", serde_json::to_value(&result.contents)?, wanted)?;
    let unknown = peer.client.read_resource("interop://nowhere").await;
    // Older servers say -32002; a client speaks the newest version inside.
    refused("an unknown resource", unknown, -32602)?;
    fine()
}

pub(crate) async fn prompt(peer: &Peer) -> Result<String, Failure> {
    let greet = peer.client.get_prompt("greet", ()).await?;
    let said = |text: &str| json!([{"role": "user", "content": {"type": "text", "text": text}}]);
    same("greet", serde_json::to_value(&greet.messages)?, said("Please greet the reader."))?;
    let review = peer.client.get_prompt("review", json!({"language": "Rust"})).await?;
    let wanted = said("Review this Rust code in a friendly style.");
    same("review", serde_json::to_value(&review.messages)?, wanted)?;
    same("description", json!(review.description), json!("The prompt review."))?;
    refused("an unknown prompt", peer.client.get_prompt("no_such_prompt", ()).await, -32602)?;
    fine()
}

pub(crate) async fn complete(peer: &Peer) -> Result<String, Failure> {
    let review = PromptReference::new("review");
    let completion = peer.client.complete(review, "language", "r").await?.completion;
    same("values", json!(completion.values), json!(["rust", "ruby"]))?;
    same("total", json!(completion.total), json!(2))?;
    fine()
}

/// A few reports arrive one by one; of many, those that nobody has read yet may be replaced by newer ones, but the last
/// always arrives.
pub(crate) async fn progress(peer: &Peer) -> Result<String, Failure> {
    let report = |step: u64, steps| {
        let said = peer.since("2025-03-26").then(|| format!("step {step} of {steps}"));
        json!([step, steps, said])
    };
    let few = reports(peer, 5).await?;
    same("reports, in order", few.into(), (1..=5).map(|step| report(step, 5)).collect())?;
    let many = reports(peer, 60).await?;
    same("the last report", many.last().cloned().unwrap_or_default(), report(60, 60))?;
    let steps: Vec<f64> = many.iter().filter_map(|one| one[0].as_f64()).collect();
    holds(steps.is_sorted_by(|one, next| one < next), || format!("out of order: {steps:?}"))?;
    Ok(format!("{} of 60 arrived", many.len()))
}

async fn reports(peer: &Peer, steps: u64) -> Result<Vec<Value>, Failure> {
    let reports = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&reports);
    let call = peer.client.call_tool("progress", json!({"steps": steps}));
    let result = call
        .on_progress(move |report| {
            let report = json!([report.progress, report.total, report.message]);
            heard.lock().unwrap_or_else(PoisonError::into_inner).push(report);
        })
        .await?;
    same("the answer", json!(text(&result)?), json!(format!("done in {steps} steps")))?;
    let reports = reports.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(reports.clone())
}

pub(crate) async fn logs(peer: &Peer) -> Result<String, Failure> {
    let levels = surface::of("levels").as_array().cloned().unwrap_or_default();
    for (level, from) in [(LoggingLevel::Warning, 3), (LoggingLevel::Debug, 0)] {
        peer.client.set_log_level(level).await?;
        peer.heard.forget_logs();
        peer.client.call_tool("log", json!({})).await?;
        let wanted: Vec<Value> = levels[from..].iter().map(entry).collect();
        until("the log", || async {
            let got = peer.heard.logs();
            Ok((got.len() < wanted.len()).then(|| format!("only {} entries", got.len())))
        })
        .await?;
        same("the log", Value::from(peer.heard.logs()), Value::from(wanted))?;
    }
    fine()
}

fn entry(level: &Value) -> Value {
    let message = format!("at {}", level.as_str().unwrap_or_default());
    json!({"level": level, "logger": "interop", "data": {"message": message}})
}

/// The one text that a tool answered with.
pub(crate) fn text(result: &CallToolResult) -> Result<&str, Failure> {
    match &result.content[..] {
        [block] => ContentBlock::as_text(block).ok_or_else(|| "the answer is no text".into()),
        blocks => Err(format!("the answer has {} blocks, not one text", blocks.len()).into()),
    }
}
