//! Servers that others have published.

use crate::calls::{self, text};
use crate::ending;
use crate::expect::{Failure, fine, holds, refused, same, until};
use crate::peer::Peer;
use bowline::types::input::Root;
use serde::Deserialize;
use serde_json::{Value, json};
use std::env::current_dir;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

pub(crate) async fn run(server: &str, row: &str, peer: &Peer) -> Result<String, Failure> {
    match (row, server) {
        ("connect", _) => connect(peer),
        ("ping", _) => calls::ping(peer).await,
        ("lists", _) => lists(peer).await,
        ("unknown_tool", _) => unknown(peer).await,
        ("close", _) => ending::close(peer).await,
        ("call", "everything") => sum(peer).await,
        ("call", "filesystem") => files(peer).await,
        ("call", "memory") => graph(peer).await,
        ("call", "sequential-thinking") => thought(peer).await,
        ("call", "time") => time(peer).await,
        ("call", "git") => repository(peer).await,
        ("call", "fetch") => page(peer).await,
        ("ask", "everything") => asked(peer).await,
        ("progress", "everything") => progress(peer).await,
        ("prompt", "everything") => prompt(peer).await,
        ("read", "everything") => read(peer).await,
        _ => Err(format!("the driver has no such row for {server}").into()),
    }
}

fn connect(peer: &Peer) -> Result<String, Failure> {
    let info = peer.client.server_info().ok_or("the server does not say what it is")?;
    Ok(format!("{}, {}", peer.client.protocol_version(), info.version))
}

/// Every list that the server offers.
async fn lists(peer: &Peer) -> Result<String, Failure> {
    let offered = peer.client.server_capabilities();
    let tools = peer.client.list_tools().await?;
    holds(!tools.is_empty(), || "no tools".to_owned())?;
    let mut counts = vec![tools.len()];
    if offered.resources.is_some() {
        counts.push(peer.client.list_resources().await?.len());
        counts.push(peer.client.list_resource_templates().await?.len());
    }
    if offered.prompts.is_some() {
        counts.push(peer.client.list_prompts().await?.len());
    }
    Ok(counts.iter().map(ToString::to_string).collect::<Vec<_>>().join(" + "))
}

/// An error of the protocol, or, as older SDKs have it, of the tool.
async fn unknown(peer: &Peer) -> Result<String, Failure> {
    match peer.client.call_tool("no_such_tool", json!({})).await {
        Ok(result) => {
            same("isError", json!(result.is_error), json!(true))?;
            Ok("isError".to_owned())
        }
        refusal => refused("an unknown tool", refusal, -32602).map(|_| "-32602".to_owned()),
    }
}

#[derive(Deserialize)]
struct Weather {
    conditions: String,
}

async fn sum(peer: &Peer) -> Result<String, Failure> {
    let result = peer.client.call_tool("get-sum", json!({"a": 2, "b": 3})).await?;
    same("sum", json!(text(&result)?), json!("The sum of 2 and 3 is 5."))?;
    let said: String = peer.client.call("echo", json!({"message": "one\ntwo"})).await?;
    same("echo", json!(said), json!("Echo: one\ntwo"))?;
    let location = json!({"location": "Chicago"});
    let Weather { conditions } = peer.client.call("get-structured-content", location).await?;
    holds(!conditions.is_empty(), || "no weather".to_owned())?;
    fine()
}

/// Sampling, a form that the user declines, and the roots.
async fn asked(peer: &Peer) -> Result<String, Failure> {
    let arguments = json!({"prompt": "How deep?", "maxTokens": 50});
    let result = peer.client.call_tool("trigger-sampling-request", arguments).await?;
    holds(text(&result)?.contains("12 metres"), || "the answer of the model is lost".to_owned())?;
    peer.heard.decline(true);
    let result = peer.client.call_tool("trigger-elicitation-request", json!({})).await;
    peer.heard.decline(false);
    let said = serde_json::to_string(&result?.content)?;
    holds(said.contains("declined"), || format!("the server said {said}"))?;
    let names: Vec<String> = peer.heard.questions().into_iter().map(|(name, _)| name).collect();
    same("questions", json!(names), json!(["sample", "form"]))?;
    // It asks for them on its own account, some time after the session has begun.
    until("the server knows the roots", || async {
        let result = peer.client.call_tool("get-roots-list", json!({})).await?;
        let said = text(&result)?.to_owned();
        Ok((!said.contains("file:///interop/one")).then_some(said))
    })
    .await?;
    fine()
}

async fn progress(peer: &Peer) -> Result<String, Failure> {
    let last = Arc::new(AtomicU32::new(0));
    let heard = Arc::clone(&last);
    let call = json!({"duration": 0.5, "steps": 5});
    let call = peer.client.call_tool("trigger-long-running-operation", call);
    call.on_progress(move |report| {
        let before = heard.fetch_add(1, Ordering::Relaxed);
        if report.progress != f64::from(before + 1) || report.total != Some(5.0) {
            heard.store(100, Ordering::Relaxed);
        }
    })
    .await?;
    same("reports in order", json!(last.load(Ordering::Relaxed)), json!(5))?;
    fine()
}

async fn prompt(peer: &Peer) -> Result<String, Failure> {
    for prompt in peer.client.list_prompts().await? {
        let required = prompt.arguments.iter().flatten().any(|one| one.required == Some(true));
        if !required {
            let result = peer.client.get_prompt(&prompt.name, ()).await?;
            holds(!result.messages.is_empty(), || format!("{} has no message", prompt.name))?;
        }
    }
    fine()
}

async fn read(peer: &Peer) -> Result<String, Failure> {
    let resources = peer.client.list_resources().await?;
    for resource in &resources {
        let result = peer.client.read_resource(&resource.uri).await?;
        holds(!result.contents.is_empty(), || format!("{} is empty", resource.uri))?;
    }
    Ok(format!("{} read", resources.len()))
}

#[derive(Deserialize)]
struct Text {
    content: String,
}

/// The directory that may be used comes from our roots.
async fn files(peer: &Peer) -> Result<String, Failure> {
    let folder = current_dir()?.display().to_string();
    peer.client.set_roots(vec![Root::new(format!("file://{folder}"))]).await?;
    until("the server takes our roots", || async {
        let result = peer.client.call_tool("list_allowed_directories", json!({})).await?;
        let said = text(&result)?.to_owned();
        Ok((!said.contains(&folder)).then_some(said))
    })
    .await?;
    let path = format!("{folder}/knots.txt");
    let knots = "bowline\nsheet bend\n";
    let arguments = json!({"path": path, "content": knots});
    peer.client.call::<Value>("write_file", arguments).await?;
    let Text { content } = peer.client.call("read_text_file", json!({"path": path})).await?;
    same("the file", json!(content), json!(knots))?;
    let outside =
        peer.client.call::<Text>("read_text_file", json!({"path": "/etc/hostname"})).await;
    let error = outside.err().ok_or("a file outside of the roots was read")?;
    holds(error.is_tool_error(), || format!("no tool error: {error}"))?;
    fine()
}

async fn graph(peer: &Peer) -> Result<String, Failure> {
    peer.client.call_tool("delete_entities", json!({"entityNames": ["bowline"]})).await?;
    let knot = json!({"name": "bowline", "entityType": "knot", "observations": ["does not slip"]});
    peer.client.call_tool("create_entities", json!({"entities": [knot.clone()]})).await?;
    let found: Value = peer.client.call("open_nodes", json!({"names": ["bowline"]})).await?;
    same("the entity", found["entities"].clone(), json!([knot]))?;
    fine()
}

async fn thought(peer: &Peer) -> Result<String, Failure> {
    let thought = json!({
        "thought": "Make a loop.", "nextThoughtNeeded": false, "thoughtNumber": 1, "totalThoughts": 1,
    });
    let answer: Value = peer.client.call("sequentialthinking", thought).await?;
    same("the thought", answer["thoughtNumber"].clone(), json!(1))?;
    fine()
}

#[derive(Deserialize)]
struct Now {
    timezone: String,
    datetime: String,
}

async fn time(peer: &Peer) -> Result<String, Failure> {
    let Now { timezone, datetime } =
        peer.client.call("get_current_time", json!({"timezone": "Etc/UTC"})).await?;
    same("timezone", json!(timezone), json!("Etc/UTC"))?;
    holds(datetime.contains('T'), || format!("{datetime} is no time"))?;
    let nowhere = peer.client.call::<Now>("get_current_time", json!({"timezone": "Nowhere"})).await;
    let error = nowhere.err().ok_or("there is a time nowhere")?;
    holds(error.is_tool_error(), || format!("no tool error: {error}"))?;
    fine()
}

async fn repository(peer: &Peer) -> Result<String, Failure> {
    let folder = current_dir()?;
    let mut git = Command::new("git");
    git.args(["init", "--quiet"]).current_dir(&folder).stdin(Stdio::null());
    holds(git.status()?.success(), || "git init failed".to_owned())?;
    std::fs::write(folder.join("rope"), "a rope\n")?;
    let result = peer.client.call_tool("git_status", json!({"repo_path": folder})).await?;
    let said = text(&result)?;
    holds(said.contains("rope"), || format!("the status is {said}"))?;
    fine()
}

/// A page on this machine.
async fn page(peer: &Peer) -> Result<String, Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/knots", listener.local_addr()?);
    let serving = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = vec![0; 4096];
            let read = stream.read(&mut request).await.unwrap_or_default();
            let wanted = request[..read].starts_with(b"GET /knots");
            let (status, body) = match wanted {
                true => ("200 OK", "<html><body><h1>Knots</h1><p>A bowline.</p></body></html>"),
                false => ("404 Not Found", ""),
            };
            let length = body.len();
            let answer = format!(
                "HTTP/1.1 {status}\r\ncontent-type: text/html\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
            );
            // Who went away needs no answer.
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    let outcome = peer.client.call_tool("fetch", json!({"url": url, "raw": true})).await;
    serving.abort();
    let said = serde_json::to_string(&outcome?.content)?;
    holds(said.contains("A bowline."), || format!("the server fetched {said}"))?;
    fine()
}
