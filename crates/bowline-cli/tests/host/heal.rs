//! Servers that end, come, go and change under their callers.

use crate::asker::{Asker, At};
use crate::post::Caller;
use crate::script::tools::text;
use crate::script::{LEGACY, Over, Play, Speaks, Upstream};
use crate::seen::PATIENCE;
use crate::up::{Config, Up};
use bowline::Client;
use bowline::client::Change;
use bowline::types::subscription::SubscriptionFilter;
use serde_json::json;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Notify;

const KINDS: [(Speaks, Over); 4] = crate::straight::SERVERS;

/// A config of servers whose instances are for everybody, so that they can be counted.
fn shared() -> Config {
    Config::new().set("isolation", json!("shared"))
}

/// Two servers under names of their own.
async fn two(speaks: Speaks, over: Over) -> (Upstream, Upstream, Config) {
    let one = Upstream::new(speaks, over).await;
    let two = Upstream::new(speaks, over).await;
    let config = shared().server("one", &one).server("two", &two).set("naming", json!("prefix"));
    (one, two, config)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_ends_fails_its_own_callers_only_and_comes_back() {
    for (speaks, over) in KINDS {
        let who = format!("{speaks:?} over {over:?}");
        let (mut one, two, config) = two(speaks, over).await;
        let up = config.up();
        let caller = Caller::new(&up.address);
        let mut lost = caller.begin("one__hang", json!({}), None).await;
        lost.until("hanging").await;
        let mut kept = caller.begin("two__hang", json!({}), None).await;
        kept.until("hanging").await;
        let sessions = two.seen.of("initialize").len();
        let begun = Instant::now();
        one.stop().await;
        one.start().await;
        let said = lost.finish().await;
        assert!(begun.elapsed() < Duration::from_secs(2), "{who}: it took {:?}", begun.elapsed());
        let error = &said.answer()["error"];
        assert!(
            error["message"].as_str().is_some_and(|text| text.contains("one")),
            "{who}: {}",
            said.bytes
        );
        let again = caller.call("one__echo", json!({ "text": "again" })).await;
        assert_eq!(again.text(), "again", "{who}");
        assert_eq!(two.seen.calls().running(), 1, "{who}: the other noticed nothing");
        assert_eq!(two.seen.calls().cancelled, 0, "{who}");
        assert_eq!(two.seen.of("initialize").len(), sessions, "{who}");
        drop(kept);
        two.seen.until(&who, |calls| calls.cancelled == 1).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_expired_is_opened_again_alone() {
    let (mut one, two, config) = two(LEGACY, Over::Http).await;
    let up = config.up();
    let asker = Asker::connect("2025-11-25", &up.url(), At::Never).await;
    for server in ["one__echo", "two__echo"] {
        assert_eq!(asker.call(server, json!({ "text": "before" })).await.as_deref(), Ok("before"));
    }
    let sessions = |upstream: &Upstream| upstream.seen.of("initialize").len();
    let before = (sessions(&one), sessions(&two));
    // It knows none of its sessions any more, and answers 404.
    one.stop().await;
    one.start().await;
    assert_eq!(asker.call("one__echo", json!({ "text": "after" })).await.as_deref(), Ok("after"));
    assert_eq!(asker.call("two__echo", json!({ "text": "after" })).await.as_deref(), Ok("after"));
    assert!(sessions(&one) > before.0);
    assert_eq!(sessions(&two), before.1, "the other noticed nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_beyond_the_lanes_waits_for_one() {
    let upstream = Upstream::new(LEGACY, Over::Stdio).await;
    let up = shared().server("one", &upstream).of("one", "instances", json!(2)).up();
    let caller = Caller::new(&up.address);
    let ask = |label: &'static str| {
        let caller = caller.clone();
        async move { caller.call("secret", json!({ "label": label })).await }
    };
    let (first, second) = tokio::join!(ask("first"), ask("second"));
    for said in [&first, &second] {
        assert_eq!(said.questions().len(), 1, "{}", said.bytes);
    }
    let third = tokio::spawn(ask("third"));
    let round = first.round(|_, _| json!({ "action": "accept", "content": { "secret": "1" } }));
    assert_eq!(upstream.seen.calls().most, 2);
    let done = caller.retry("secret", json!({ "label": "first" }), &round).await;
    assert_eq!(done.text(), "result 1");
    let third = tokio::time::timeout(PATIENCE, third).await.expect("its turn never came").unwrap();
    assert!(third.answer()["result"]["inputRequests"].to_string().contains("third"));
    let calls = upstream.seen.calls();
    assert_eq!((calls.begun, calls.most, upstream.seen.instances()), (3, 2, 2));
    for (label, said) in [("second", second), ("third", third)] {
        let round = said.round(|_, _| json!({ "action": "decline" }));
        let answer = caller.retry("secret", json!({ "label": label }), &round).await;
        assert_eq!(answer.code(), 4000, "{}", answer.bytes);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stored_catalogue_is_listed_before_anything_is_started() {
    let upstream = Upstream::new(LEGACY, Over::Stdio).await;
    let config = shared().server("one", &upstream);
    let names = async |up: &Up| {
        let client = Client::connect(&up.url()).await.unwrap();
        let tools = client.list_tools().await.unwrap();
        tools.into_iter().map(|tool| tool.name).collect::<Vec<_>>()
    };
    let up = config.up();
    let before = names(&up).await;
    assert_eq!(before, ["converse", "secret", "echo", "hang"]);
    up.end();
    let started = upstream.seen.of("initialize").len();
    let up = config.up();
    assert_eq!(names(&up).await, before);
    assert_eq!(
        upstream.seen.of("initialize").len(),
        started,
        "a list starts nothing that is stored"
    );
    let said = Caller::new(&up.address).call("echo", json!({ "text": "now" })).await;
    assert_eq!(said.text(), "now");
    assert_eq!(upstream.seen.of("initialize").len(), started + 1);
}

/// A tool `gate` that is done when it is told so.
fn gate(open: Arc<Notify>) -> Play {
    Arc::new(move |talk| {
        let open = open.clone();
        Box::pin(async move {
            talk.progress(1, "hanging");
            open.notified().await;
            Ok(text("through"))
        })
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_touches_only_what_changed_and_lets_calls_end() {
    let open = Arc::new(Notify::new());
    let one = Upstream::playing(LEGACY, Over::Stdio, gate(open.clone())).await;
    let two = Upstream::new(LEGACY, Over::Stdio).await;
    let both = shared().set("naming", json!("prefix")).server("one", &one).server("two", &two);
    let up = both.up();
    let client = Client::connect(&up.url()).await.unwrap();
    let mut filter = SubscriptionFilter::default();
    filter.tools_list_changed = Some(true);
    let mut changes = client.subscribe(filter).await.unwrap();
    assert_eq!(client.list_tools().await.unwrap().len(), 8);
    let caller = Caller::new(&up.address);
    assert_eq!(caller.call("two__echo", json!({ "text": "x" })).await.text(), "x");
    let mut running = caller.begin("one__hang", json!({}), None).await;
    running.until("hanging").await;

    let without = both.without("one");
    up.program.signal("HUP");
    let change = tokio::time::timeout(PATIENCE, changes.next()).await.expect("no change is told");
    assert_eq!(change, Some(Change::Tools));
    assert_eq!(client.list_tools().await.unwrap().len(), 4);
    let gone = caller.call("one__echo", json!({ "text": "x" })).await;
    assert_eq!(gone.code(), -32602, "{}", gone.bytes);
    open.notify_one();
    assert_eq!(running.finish().await.text(), "through", "what ran may end");

    let back = without.server("one", &one);
    back.write();
    up.program.signal("HUP");
    let change = tokio::time::timeout(PATIENCE, changes.next()).await.expect("no change is told");
    assert_eq!(change, Some(Change::Tools));
    assert_eq!(client.list_tools().await.unwrap().len(), 8);
    assert_eq!(two.seen.instances(), 1, "what did not change runs on");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_config_that_is_broken_changes_nothing() {
    let upstream = Upstream::new(LEGACY, Over::Stdio).await;
    let config = shared().server("one", &upstream);
    let up = config.up();
    let caller = Caller::new(&up.address);
    assert_eq!(caller.call("echo", json!({ "text": "x" })).await.text(), "x");
    crate::up::private(&config.path(), "{ \"mcpServers\": {\n \"one\": { \"comand\": \"x\" } } }");
    up.program.signal("HUP");
    let line = up.program.stderr.find("mcp.json");
    assert!(line.contains('2') || line.contains("comand"), "{line}");
    assert_eq!(caller.call("echo", json!({ "text": "y" })).await.text(), "y");
    assert_eq!(upstream.seen.instances(), 1);
}
