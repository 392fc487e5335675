//! Hosts that are dropped instead of closed.

use crate::asking::asking;
use crate::caller::{Caller, text};
use crate::honest::{LEGACY, MODERN};
use crate::script::Script;
use bowline::client::Target;
use bowline::host::{Builder, Consent};
use bowline::types::subscription::SubscriptionFilter;
use bowline::{Client, Host};
use serde_json::json;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::runtime::Handle;

/// A host to be, and what is gone once all that the host was told is gone.
fn builder() -> (Builder, Weak<()>) {
    let told = Arc::new(());
    let weak = Arc::downgrade(&told);
    let builder = Host::builder().on_consent(move |_| {
        let _told = &told;
        async { Consent::Allow }
    });
    (builder, weak)
}

/// One that answers what it is asked.
fn honest(version: &'static str) -> Script {
    Script::new(|mut peer| async move { peer.honest().await }).speaking(version)
}

/// One that never says anything.
fn mute() -> Script {
    Script::new(|mut peer| async move { while peer.next().await.is_some() {} })
}

/// One that hangs up as soon as it is called, and says nothing when it is connected to again.
fn lost() -> Script {
    Script::new(|mut peer| async move {
        if peer.is_first() {
            peer.until("tools/call").await;
            return;
        }
        while peer.next().await.is_some() {}
    })
}

async fn settle() {
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
}

/// What was done with a host before it was dropped.
#[derive(Clone, Copy, Debug)]
enum Done {
    Nothing,
    Called,
    Subscribed,
    ServedAtEveryEndpoint,
    Parked,
    Starting,
    StartingAnew,
    Failing,
}

async fn done(done: Done, script: &Script) -> Weak<()> {
    let (builder, told) = builder();
    let builder = builder.server("one", Target::custom(script.clone()));
    if matches!(done, Done::Starting | Done::Failing) {
        let _host = builder.begin().unwrap();
        settle().await;
        if matches!(done, Done::Failing) {
            tokio::time::sleep(Duration::from_secs(600)).await;
        }
        assert!(script.connections() > 0, "it was tried");
        return told;
    }
    let host = builder.start().await.unwrap();
    match done {
        Done::Called => drop(host.call("one__good", json!({})).await.unwrap()),
        Done::Subscribed => {
            let client = Client::connect(Target::service(host.service())).await.unwrap();
            let filter = SubscriptionFilter::new().tools_list_changed(true);
            let listed = client.subscribe(filter).await.unwrap();
            let filter = SubscriptionFilter::new().resource_subscriptions(["a:b".to_owned()]);
            let changed = client.subscribe(filter).await.unwrap();
            drop((listed, changed));
        }
        Done::ServedAtEveryEndpoint => {
            let endpoints = [host.find("/servers/one"), Some(host.service())];
            for endpoint in endpoints {
                let client = Client::connect(Target::service(endpoint.unwrap())).await.unwrap();
                assert_eq!(client.list_tools().await.unwrap().len(), 1);
            }
        }
        Done::Parked => {
            for name in ["Ann", "Bob", "Cid"] {
                let asked = Caller::named(&host, name).call("one__ask", json!({})).await;
                assert_eq!(asked["result"]["resultType"], "input_required");
            }
        }
        Done::StartingAnew => {
            host.call("one__good", json!({})).await.unwrap_err();
            tokio::time::sleep(Duration::from_secs(5)).await;
            assert!(script.connections() > 1, "it is being started anew");
        }
        Done::Nothing | Done::Starting | Done::Failing => {}
    }
    told
}

#[tokio::test(start_paused = true)]
async fn a_host_that_is_dropped_leaves_nothing() {
    let cases = [
        (Done::Nothing, honest(MODERN)),
        (Done::Nothing, honest(LEGACY)),
        (Done::Called, honest(MODERN)),
        (Done::Called, honest(LEGACY)),
        (Done::Subscribed, honest(MODERN)),
        (Done::Subscribed, honest(LEGACY)),
        (Done::ServedAtEveryEndpoint, honest(MODERN)),
        (Done::ServedAtEveryEndpoint, honest(LEGACY)),
        (Done::Parked, asking()),
        (Done::Starting, mute()),
        (Done::StartingAnew, lost()),
        (Done::Failing, Script::new(|_| async {})),
    ];
    let before = Handle::current().metrics().num_alive_tasks();
    for (nth, (case, script)) in cases.into_iter().enumerate() {
        let told = done(case, &script).await;
        settle().await;
        assert_eq!(told.strong_count(), 0, "{nth}, {case:?}: it is still there");
        assert_eq!(script.ended(), script.connections(), "{nth}, {case:?}: servers that run");
        let tasks = Handle::current().metrics().num_alive_tasks();
        assert_eq!(tasks, before, "{nth}, {case:?}: tasks");
    }
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_keeps_the_servers_of_a_host_that_is_dropped() {
    let script = asking();
    let (builder, told) = builder();
    let builder = builder.server("one", Target::custom(script.clone()));
    let caller = {
        let host = builder.start().await.unwrap();
        // That of the host is not the last that goes.
        host.client().await.unwrap();
        Caller::at(host.service(), "alice")
    };
    settle().await;
    assert_eq!(text(&caller.call("one__echo", json!({ "text": "still" })).await), "still");
    assert_eq!(told.strong_count(), 1);
    drop(caller);
    settle().await;
    assert_eq!(told.strong_count(), 0);
    assert_eq!(script.ended(), script.connections());
}

#[tokio::test(start_paused = true)]
async fn the_same_endpoint_is_given_for_as_long_as_it_shows_the_same() {
    let (builder, _) = builder();
    let host = builder.server("one", Target::custom(honest(MODERN))).start().await.unwrap();
    let address = |folder: &str| {
        let endpoint = host.find(folder).unwrap();
        Arc::as_ptr(&endpoint).cast::<()>()
    };
    assert_eq!(address("/servers/one"), address("/servers/one"));
    let whole = Arc::as_ptr(&host.service()).cast::<()>();
    assert_eq!(whole, Arc::as_ptr(&host.service()).cast::<()>());
    host.remove("one").await;
    assert!(host.find("/servers/one").is_none());
}
