//! What is kept of answers, for how long, and what ends it; in virtual time.

use crate::honest::{self, MODERN};
use crate::outcome::settle;
use crate::script::{Peer, Script};
use bowline::Client;
use bowline::client::Target;
use bowline::types::subscription::SubscriptionFilter;
use serde_json::{Value, json};
use std::time::Duration;

/// A server that answers every list and read with this hint, each time another one.
fn hinting(ttl: Value, scope: &'static str) -> Script {
    Script::new(move |mut peer| {
        let ttl = ttl.clone();
        async move {
            let mut nth = 0;
            while let Some(asked) = peer.next().await {
                nth += 1;
                let method = asked["method"].as_str().unwrap_or_default().to_owned();
                let mut result = match &*method {
                    "tools/list" => honest::tools(&[&format!("tool_{nth}")]),
                    "resources/read" => {
                        json!({"contents": [{"uri": asked["params"]["uri"], "text": format!("{nth}")}]})
                    }
                    "subscriptions/listen" => {
                        listened(&mut peer, &asked).await;
                        continue;
                    }
                    "tools/call" if asked["params"]["name"] == "change" => {
                        peer.answer(&asked, honest::says("changed")).await;
                        peer.notify("notifications/tools/list_changed", json!({})).await;
                        peer.notify("notifications/resources/updated", json!({"uri": "a:b"})).await;
                        continue;
                    }
                    _ => {
                        peer.honestly(&asked).await;
                        continue;
                    }
                };
                result["ttlMs"] = ttl.clone();
                result["cacheScope"] = scope.into();
                peer.answer(&asked, result).await;
            }
        }
    })
}

async fn listened(peer: &mut Peer, asked: &Value) {
    let meta = json!({"io.modelcontextprotocol/subscriptionId": asked["id"]});
    let wanted = &asked["params"]["notifications"];
    peer.notify(
        "notifications/subscriptions/acknowledged",
        json!({"_meta": meta, "notifications": wanted}),
    )
    .await;
    peer.notify("notifications/tools/list_changed", json!({"_meta": meta})).await;
}

async fn connect(script: &Script) -> Client {
    Client::connect(Target::custom(script.clone())).await.unwrap()
}

async fn first(client: &Client) -> String {
    client.list_tools().await.unwrap().remove(0).name
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_kept_as_long_as_it_says() {
    let script = hinting(json!(10_000), "public");
    let client = connect(&script).await;
    let kept = first(&client).await;
    tokio::time::sleep(Duration::from_millis(9_900)).await;
    assert_eq!(first(&client).await, kept);
    assert_eq!(script.heard_of("tools/list").len(), 1);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_ne!(first(&client).await, kept);
    // Whoever wants it fresh gets it fresh, and so do those who come later.
    let fresh = client.tools().fresh().all().await.unwrap().remove(0).name;
    assert_eq!(first(&client).await, fresh);
    assert_eq!(script.heard_of("tools/list").len(), 3);
}

#[tokio::test(start_paused = true)]
async fn hints_that_are_none_keep_nothing() {
    for ttl in [json!(0), json!(-5), json!("10000"), json!(null), json!(1e300)] {
        let script = hinting(ttl.clone(), "private");
        let client = connect(&script).await;
        let _ = client.list_tools().await;
        let _ = client.list_tools().await;
        let asked = script.heard_of("tools/list").len();
        if ttl.is_number() && ttl.as_f64() > Some(1.0) {
            assert!(asked <= 2, "{ttl}");
        } else {
            assert_eq!(asked, 2, "{ttl}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn no_hint_keeps_longer_than_a_day() {
    let script = hinting(json!(9_007_199_254_740_991_u64), "public");
    let client = connect(&script).await;
    first(&client).await;
    tokio::time::sleep(Duration::from_secs(24 * 3600 + 1)).await;
    first(&client).await;
    assert_eq!(script.heard_of("tools/list").len(), 2);
}

#[tokio::test(start_paused = true)]
async fn other_params_are_another_answer() {
    let script = hinting(json!(60_000), "public");
    let client = connect(&script).await;
    for uri in ["a:b", "a:c", "a:b", "a:c", "a:b"] {
        let read = client.read_resource(uri).await.unwrap();
        assert_eq!(read.contents.len(), 1);
    }
    assert_eq!(script.heard_of("resources/read").len(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_calls_tools_is_never_kept() {
    let script = hinting(json!(60_000), "public");
    let client = connect(&script).await;
    for _ in 0..3 {
        client.call_tool("good", ()).await.unwrap();
    }
    assert_eq!(script.heard_of("tools/call").len(), 3);
}

#[tokio::test(start_paused = true)]
async fn what_is_kept_of_one_client_is_nothing_to_another() {
    let script = hinting(json!(60_000), "private");
    let (one, other) = (connect(&script).await, connect(&script).await);
    first(&one).await;
    first(&other).await;
    assert_eq!(script.heard_of("tools/list").len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_change_that_is_told_ends_what_was_kept() {
    let script = hinting(json!(60_000), "private");
    let client = connect(&script).await;
    let kept = first(&client).await;
    assert_eq!(first(&client).await, kept);
    let mut filter = SubscriptionFilter::default();
    filter.tools_list_changed = Some(true);
    let mut changes = client.subscribe(filter).await.unwrap();
    changes.next().await.unwrap();
    settle().await;
    assert_ne!(first(&client).await, kept, "a change was told");
    assert_eq!(script.heard_of("tools/list").len(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_was_kept_is_bounded() {
    let script = hinting(json!(60_000), "public");
    let limits = bowline::protocol::limits::Limits::local().cache_entries(4);
    let builder = Client::builder().limits(limits);
    let client = builder.connect(Target::custom(script.clone())).await.unwrap();
    for at in 0..100 {
        client.read_resource(format!("a:{at}")).await.unwrap();
    }
    for at in 0..100 {
        client.read_resource(format!("a:{at}")).await.unwrap();
    }
    assert!(script.heard_of("resources/read").len() >= 196);
}

#[tokio::test(start_paused = true)]
async fn an_error_is_not_kept() {
    let script = Script::new(|mut peer| async move {
        let asked = peer.until("tools/list").await;
        peer.error(&asked, -32603, "later").await;
        let asked = peer.until("tools/list").await;
        peer.answer(&asked, honest::tools(&["now"])).await;
        peer.honest().await;
    });
    let client = connect(&script).await;
    assert!(client.list_tools().await.is_err());
    assert_eq!(first(&client).await, "now");
    assert_eq!(client.protocol_version(), MODERN);
}

#[tokio::test(start_paused = true)]
async fn a_read_that_asked_something_is_not_kept() {
    let script = Script::new(|mut peer| async move {
        loop {
            let asked = peer.until("resources/read").await;
            let asks = json!({"resultType": "input_required", "inputRequests": {"k": {"method": "roots/list"}}});
            peer.answer(&asked, asks).await;
            let retry = peer.until("resources/read").await;
            let contents = json!([{"uri": retry["params"]["uri"], "text": "yours"}]);
            peer.answer(&retry, json!({"resultType": "complete", "ttlMs": 60_000, "cacheScope": "public", "contents": contents})).await;
        }
    });
    let builder = Client::builder().roots(Vec::new());
    let client = builder.connect(Target::custom(script.clone())).await.unwrap();
    for _ in 0..2 {
        client.read_resource("a:b").await.unwrap();
    }
    assert_eq!(script.heard_of("resources/read").len(), 4);
}
