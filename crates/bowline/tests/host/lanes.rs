//! Servers whose instances do one call at a time.

use crate::asking::asking;
use crate::caller::{Caller, accept, text};
use crate::script::Script;
use bowline::Host;
use bowline::client::Target;
use bowline::host::{Isolation, Settings};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::task::JoinSet;

async fn host(script: &Script, instances: usize) -> Host {
    let mut settings = Settings::default();
    settings.isolation = Some(Isolation::Shared);
    settings.servers.entry("one".to_owned()).or_default().instances = Some(instances);
    let host = Host::builder().settings(settings).server("one", Target::custom(script.clone()));
    host.start().await.unwrap()
}

/// Lets everybody do what they can without time passing.
async fn settle() {
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
}

fn is_busy(response: &Value) -> bool {
    let message = response["error"]["message"].as_str().unwrap_or_default();
    message.contains("busy") && message.contains("one")
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_lane_gets_it_in_turn() {
    let script = asking();
    let host = host(&script, 2).await;
    let mut asked = Vec::new();
    for name in ["a", "b"] {
        asked.push(Caller::named(&host, name).call("one__ask", json!({})).await);
    }
    let waiting = Caller::named(&host, "c");
    let third = tokio::spawn(async move { waiting.call("one__ask", json!({})).await });
    settle().await;
    assert_eq!(script.heard_of("tools/call").len(), 2, "there are two lanes");
    let first = Caller::named(&host, "a");
    let said = first.retry("one__ask", &asked[0], accept(json!({ "name": "Ann" }))).await;
    assert_eq!(text(&said), "Ann");
    assert_eq!(third.await.unwrap()["result"]["resultType"], "input_required");
    assert_eq!(script.heard_of("tools/call").len(), 3);
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_too_long_is_told_that_the_server_is_busy() {
    let script = asking();
    let host = host(&script, 1).await;
    let asked = Caller::new(&host).call("one__ask", json!({})).await;
    assert_eq!(asked["result"]["resultType"], "input_required");
    let before = tokio::time::Instant::now();
    let late = Caller::named(&host, "b").call("one__echo", json!({})).await;
    assert!(is_busy(&late), "{late}");
    assert!(before.elapsed() <= Duration::from_secs(61), "{:?}", before.elapsed());
    assert_eq!(script.heard_of("tools/call").len(), 1, "it was not sent");
}

#[tokio::test(start_paused = true)]
async fn the_queue_for_a_lane_is_bounded() {
    let script = asking();
    let host = host(&script, 1).await;
    let asked = Caller::new(&host).call("one__ask", json!({})).await;
    assert_eq!(asked["result"]["resultType"], "input_required");
    let began = tokio::time::Instant::now();
    let mut calls = JoinSet::new();
    for nth in 0..400 {
        let caller = Caller::named(&host, &format!("caller {nth}"));
        calls.spawn(async move { caller.call("one__echo", json!({})).await });
    }
    settle().await;
    let mut refused = 0;
    while let Some(answer) = calls.try_join_next() {
        assert!(is_busy(answer.as_ref().unwrap()), "{answer:?}");
        refused += 1;
    }
    assert_eq!(began.elapsed(), Duration::ZERO);
    assert!((100..400).contains(&refused), "{refused} were refused at once");
    let said = Caller::new(&host).retry("one__ask", &asked, accept(json!({ "name": "Ann" }))).await;
    assert_eq!(text(&said), "Ann");
    for answer in calls.join_all().await {
        assert_eq!(text(&answer), "echo", "who was let wait is served");
    }
}
