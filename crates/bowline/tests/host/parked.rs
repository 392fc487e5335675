//! Calls that wait for a caller who may not return.

use crate::asking::asking;
use crate::caller::{Caller, accept, refused, text};
use crate::script::Script;
use bowline::Host;
use bowline::client::Target;
use bowline::host::Settings;
use serde_json::json;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, split};
use tokio::time::{advance, timeout};

/// How long a call waits for its caller.
const LIFE: Duration = Duration::from_secs(10 * 60);

/// What nobody notices.
const MOMENT: Duration = Duration::from_secs(10);

/// A host with one server, which does one call at a time.
async fn host(script: &Script) -> Host {
    let mut settings = Settings::default();
    settings.idle_stop = None;
    settings.servers.entry("one".to_owned()).or_default().instances = Some(1);
    let host = Host::builder().settings(settings).server("one", Target::custom(script.clone()));
    host.start().await.unwrap()
}

/// Lets everybody do what they can, now and after so much time.
async fn later(time: Duration) {
    settle().await;
    advance(time).await;
    settle().await;
}

async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_returns_in_time_gets_its_answer() {
    let script = asking();
    let host = host(&script).await;
    let caller = Caller::new(&host);
    let asked = caller.call("one__ask", json!({})).await;
    later(LIFE - MOMENT).await;
    let said = caller.retry("one__ask", &asked, accept(json!({ "name": "Ann" }))).await;
    assert_eq!(text(&said), "Ann");
    assert_eq!(script.heard_of("notifications/cancelled").len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_never_returns_frees_the_server() {
    let script = asking();
    let host = host(&script).await;
    let caller = Caller::new(&host);
    let asked = caller.call("one__ask", json!({})).await;
    assert_eq!(script.heard_of("notifications/cancelled").len(), 0);
    later(LIFE + MOMENT).await;
    let call = &script.heard_of("tools/call")[0];
    let cancelled = script.heard_of("notifications/cancelled");
    assert_eq!(cancelled.len(), 1, "{:?}", script.heard());
    assert_eq!(cancelled[0]["params"]["requestId"], call["id"]);
    refused(&caller.retry("one__ask", &asked, accept(json!({ "name": "Ann" }))).await);
    assert_eq!(script.heard_of("tools/call").len(), 1, "it is never executed on its own");
    // The only instance is free again.
    assert_eq!(text(&caller.call("one__echo", json!({ "text": "free" })).await), "free");
}

#[tokio::test(start_paused = true)]
async fn each_round_has_the_whole_time() {
    let script = asking();
    let host = host(&script).await;
    let caller = Caller::new(&host);
    for _ in 0..3 {
        let asked = caller.call("one__ask", json!({})).await;
        later(LIFE - MOMENT).await;
        let said = caller.retry("one__ask", &asked, accept(json!({ "name": "Ann" }))).await;
        assert_eq!(text(&said), "Ann");
    }
}

#[tokio::test(start_paused = true)]
async fn a_host_that_closes_gives_parked_calls_up() {
    let script = asking();
    let host = host(&script).await;
    let caller = Caller::new(&host);
    let asked = caller.call("one__ask", json!({})).await;
    assert_eq!(asked["result"]["resultType"], "input_required");
    host.close().await;
    let over = script.heard_of("notifications/cancelled").len() == 1;
    assert!(over || script.ended() == script.connections(), "the server works on for nobody");
    let late = caller.retry("one__ask", &asked, accept(json!({ "name": "Ann" }))).await;
    assert!(late["error"].is_object(), "{late}");
}

#[tokio::test(start_paused = true)]
async fn a_session_whose_user_never_answers_frees_the_server() {
    let script = asking();
    let host = host(&script).await;
    let (near, far) = bowline::transport::memory::pair();
    let _running = host.start(far);
    let (input, mut output) = split(near);
    let mut input = BufReader::new(input).lines();
    for message in [
        json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
            "protocolVersion": "2025-11-25", "clientInfo": { "name": "test", "version": "1" },
            "capabilities": { "elicitation": {} },
        } }),
        json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }),
        json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": { "name": "one__ask", "arguments": {} } }),
    ] {
        output.write_all(format!("{message}\n").as_bytes()).await.unwrap();
    }
    let mut said = String::new();
    while !said.contains("what is your name?") {
        let line = timeout(LIFE, input.next_line()).await;
        said =
            line.unwrap_or_else(|_| panic!("no question: {:?}", script.heard())).unwrap().unwrap();
    }
    later(LIFE + MOMENT).await;
    let mut answer = String::new();
    while !answer.contains("\"id\":2") {
        let line = timeout(LIFE, input.next_line()).await;
        answer =
            line.unwrap_or_else(|_| panic!("no answer: {:?}", script.heard())).unwrap().unwrap();
    }
    let heard = script.heard();
    let told = heard.iter().any(|one| one["id"] == "q" && one["error"].is_object());
    let cancelled = script.heard_of("notifications/cancelled").len() == 1;
    assert!(told || cancelled, "the server still waits: {heard:?}");
    assert_eq!(
        text(&Caller::new(&host).call("one__echo", json!({ "text": "free" })).await),
        "free"
    );
}
