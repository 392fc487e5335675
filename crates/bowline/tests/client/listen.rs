//! Subscriptions, over a stream of their own and in a session; and what a hostile server makes of them.

use crate::deliver::quick;
use crate::honest::LEGACY;
use crate::outcome::{settle, works};
use crate::script::{Peer, Script};
use bowline::Client;
use bowline::client::{Change, Subscription, Target};
use bowline::types::subscription::SubscriptionFilter;
use serde_json::{Value, json};
use std::time::Duration;

fn filter() -> SubscriptionFilter {
    let mut filter = SubscriptionFilter::default();
    filter.tools_list_changed = Some(true);
    filter.resource_subscriptions = Some(vec!["file:///a".into(), "file:///b".into()]);
    filter
}

async fn connect(script: &Script) -> Client {
    let builder = Client::builder().limits(quick());
    builder.connect(Target::custom(script.clone())).await.unwrap()
}

fn meta(asked: &Value) -> Value {
    json!({"io.modelcontextprotocol/subscriptionId": asked["id"]})
}

/// Agrees to all that is wanted.
async fn agree(peer: &mut Peer, asked: &Value) {
    let wanted = &asked["params"]["notifications"];
    let params = json!({"_meta": meta(asked), "notifications": wanted});
    peer.notify("notifications/subscriptions/acknowledged", params).await;
}

async fn updated(peer: &mut Peer, asked: &Value, uri: &str) {
    let params = json!({"_meta": meta(asked), "uri": uri});
    peer.notify("notifications/resources/updated", params).await;
}

/// All changes that are there to be read.
async fn waiting(changes: &mut Subscription) -> Vec<Change> {
    let mut all = Vec::new();
    let time = Duration::from_millis(10);
    while let Ok(Some(change)) = tokio::time::timeout(time, changes.next()).await {
        all.push(change);
    }
    all
}

#[tokio::test(start_paused = true)]
async fn each_change_is_told_once_while_it_waits_to_be_read() {
    let script = Script::new(|mut peer| async move {
        let asked = peer.until("subscriptions/listen").await;
        agree(&mut peer, &asked).await;
        for _ in 0..1000 {
            peer.notify("notifications/tools/list_changed", json!({"_meta": meta(&asked)})).await;
            updated(&mut peer, &asked, "file:///a").await;
        }
        peer.honest().await;
    });
    let client = connect(&script).await;
    let mut changes = client.subscribe(filter()).await.unwrap();
    assert_eq!(changes.honored(), &filter());
    tokio::time::sleep(Duration::from_secs(1)).await;
    let told = waiting(&mut changes).await;
    assert!(told.contains(&Change::Tools) && told.contains(&Change::Resource("file:///a".into())));
    assert!(told.len() <= 4, "{told:?}");
    drop(changes);
    settle().await;
    let ended = script.heard_of("notifications/cancelled");
    assert_eq!(ended[0]["params"]["requestId"], script.heard_of("subscriptions/listen")[0]["id"]);
    works(&client, "a subscription").await;
}

#[tokio::test(start_paused = true)]
async fn in_a_session_resources_are_subscribed_to_one_by_one() {
    let script = Script::new(|mut peer| async move {
        loop {
            let call = peer.until_call("change").await;
            peer.notify("notifications/tools/list_changed", json!({})).await;
            peer.notify("notifications/resources/updated", json!({"uri": "file:///a"})).await;
            peer.notify("notifications/resources/updated", json!({"uri": "file:///z"})).await;
            peer.honestly(&call).await;
        }
    })
    .speaking(LEGACY);
    let client = connect(&script).await;
    let mut one = client.subscribe(filter()).await.unwrap();
    let mut other = client.subscribe(filter()).await.unwrap();
    client.call_tool("change", ()).await.unwrap();
    for changes in [&mut one, &mut other] {
        assert_eq!(waiting(changes).await, [Change::Tools, Change::Resource("file:///a".into())]);
    }
    drop(one);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(script.heard_of("resources/unsubscribe").len(), 0, "the other one still wants them");
    drop(other);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let uri = |message: &Value| message["params"]["uri"].as_str().unwrap().to_owned();
    let mut ended: Vec<_> = script.heard_of("resources/unsubscribe").iter().map(uri).collect();
    ended.sort();
    assert_eq!(ended, ["file:///a", "file:///b"]);
}

#[tokio::test(start_paused = true)]
async fn over_a_lost_connection_it_is_made_anew_and_says_so() {
    for version in [crate::honest::MODERN, LEGACY] {
        let script = Script::new(|mut peer| async move {
            let modern = peer.version != LEGACY;
            let asked = peer
                .until(if modern { "subscriptions/listen" } else { "resources/subscribe" })
                .await;
            if modern {
                agree(&mut peer, &asked).await;
            } else {
                peer.honestly(&asked).await;
            }
            if peer.is_first() {
                peer.until_call("leave").await;
                return;
            }
            if modern {
                updated(&mut peer, &asked, "file:///b").await;
            } else {
                peer.notify("notifications/resources/updated", json!({"uri": "file:///b"})).await;
            }
            peer.honest().await;
        })
        .speaking(version);
        let client = connect(&script).await;
        let mut changes = client.subscribe(filter()).await.unwrap();
        assert!(client.call_tool("leave", ()).await.is_err());
        let limit = Duration::from_secs(300);
        let mut next = async || tokio::time::timeout(limit, changes.next()).await.unwrap();
        let told = [next().await, next().await].map(Option::unwrap);
        for want in [Change::Resumed, Change::Resource("file:///b".into())] {
            assert!(told.contains(&want), "{version}: {told:?}");
        }
        client.close().await;
        assert_eq!(next().await, None, "{version}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_may_end_it_in_good_order() {
    let script = Script::new(|mut peer| async move {
        let asked = peer.until("subscriptions/listen").await;
        agree(&mut peer, &asked).await;
        peer.answer(&asked, json!({"resultType": "complete", "_meta": meta(&asked)})).await;
        peer.honest().await;
    });
    let client = connect(&script).await;
    let mut changes = client.subscribe(filter()).await.unwrap();
    assert_eq!(changes.next().await, None);
    assert_eq!(changes.next().await, None);
    works(&client, "the end of a subscription").await;
    assert_eq!(script.heard_of("subscriptions/listen").len(), 1, "it is not made anew");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_agree_is_an_error() {
    for answer in [
        json!({"error": {"code": -32601, "message": "no"}}),
        json!({"result": {"resultType": "complete"}}),
        json!({"result": 5}),
    ] {
        let script = Script::new(move |mut peer| {
            let answer = answer.clone();
            async move {
                let asked = peer.until("subscriptions/listen").await;
                let mut reply = json!({"jsonrpc": "2.0", "id": asked["id"]});
                reply.as_object_mut().unwrap().extend(answer.as_object().unwrap().clone());
                peer.send(&reply).await;
                peer.honest().await;
            }
        });
        let client = connect(&script).await;
        let subscribed =
            tokio::time::timeout(Duration::from_secs(3600), client.subscribe(filter()));
        assert!(subscribed.await.unwrap().is_err());
        works(&client, "a refused subscription").await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_never_agrees_is_a_timeout() {
    let script = Script::new(|mut peer| async move {
        peer.until("subscriptions/listen").await;
        peer.honest().await;
    });
    let client = connect(&script).await;
    let subscribed = tokio::time::timeout(Duration::from_secs(3600), client.subscribe(filter()));
    let error = subscribed.await.expect("it takes no hour").unwrap_err();
    assert!(error.is_timeout(), "{error:?}");
    works(&client, "a subscription nobody agreed to").await;
}

#[tokio::test(start_paused = true)]
async fn what_was_not_asked_for_is_not_told() {
    let script = Script::new(|mut peer| async move {
        let asked = peer.until("subscriptions/listen").await;
        agree(&mut peer, &asked).await;
        peer.notify("notifications/prompts/list_changed", json!({"_meta": meta(&asked)})).await;
        peer.notify("notifications/resources/list_changed", json!({"_meta": meta(&asked)})).await;
        updated(&mut peer, &asked, "file:///z").await;
        peer.notify(
            "notifications/tools/list_changed",
            json!({"_meta": {"io.modelcontextprotocol/subscriptionId": "other"}}),
        )
        .await;
        updated(&mut peer, &asked, "file:///b").await;
        peer.honest().await;
    });
    let client = connect(&script).await;
    let mut changes = client.subscribe(filter()).await.unwrap();
    assert_eq!(waiting(&mut changes).await, [Change::Resource("file:///b".into())]);
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_changes_that_nobody_reads_is_bounded() {
    for version in [crate::honest::MODERN, LEGACY] {
        let script = Script::new(|mut peer| async move {
            let asked = if peer.version == LEGACY {
                let asked = peer.until("resources/subscribe").await;
                peer.honestly(&asked).await;
                asked
            } else {
                let asked = peer.until("subscriptions/listen").await;
                agree(&mut peer, &asked).await;
                asked
            };
            let call = peer.until_call("flood").await;
            for at in 0..20_000 {
                updated(&mut peer, &asked, &format!("file:///a/{at}")).await;
            }
            peer.honestly(&call).await;
            peer.honest().await;
        })
        .speaking(version);
        let client = connect(&script).await;
        let mut changes = client.subscribe(filter()).await.unwrap();
        client.call_tool("flood", ()).await.unwrap();
        let told = waiting(&mut changes).await;
        assert!(!told.is_empty() && told.len() <= 2_048, "{version}: {} changes wait", told.len());
        works(&client, "a flood").await;
    }
}
