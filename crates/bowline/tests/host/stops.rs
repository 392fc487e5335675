//! Instances that end: because nobody needs them, or by themselves.

use crate::asking::{asking, says};
use crate::caller::{Caller, text};
use crate::honest::{LEGACY, MODERN, tools};
use crate::script::Script;
use bowline::client::Target;
use bowline::host::Settings;
use bowline::types::input::{ElicitAction, ElicitResult};
use bowline::types::log::LoggingLevel;
use bowline::types::subscription::SubscriptionFilter;
use bowline::{Client, Host};
use serde_json::json;
use std::time::Duration;

#[tokio::test(start_paused = true)]
async fn an_instance_that_nobody_uses_is_stopped_and_started_again() {
    let script = asking();
    let mut settings = Settings::default();
    settings.idle_stop = Some(Duration::from_secs(60));
    let host = Host::builder().settings(settings).server("one", Target::custom(script.clone()));
    let host = host.start().await.unwrap();
    let caller = Caller::new(&host);
    assert_eq!(text(&caller.call("one__echo", json!({ "text": "1" })).await), "1");
    let living = || script.connections() - script.ended();
    assert!(living() >= 1);
    tokio::time::sleep(Duration::from_secs(100)).await;
    assert_eq!(living(), 0, "nobody has used it for a minute");
    let tools = host.tools().await.unwrap();
    assert_eq!(tools.len(), 2, "it is listed all the same");
    assert_eq!(living(), 0, "a list starts nothing");
    assert_eq!(text(&caller.call("one__echo", json!({ "text": "2" })).await), "2");
    assert_eq!(living(), 1);
}

/// One that takes its time over what comes before the thing itself.
fn slow() -> Script {
    Script::new(|mut peer| async move {
        while let Some(message) = peer.next().await {
            match message["method"].as_str() {
                Some("logging/setLevel" | "resources/subscribe") => {
                    tokio::time::sleep(Duration::from_secs(5)).await;
                    peer.answer(&message, json!({})).await;
                }
                Some("resources/list") => {
                    let resources = json!([{ "uri": "a:b", "name": "b" }]);
                    peer.answer(&message, json!({ "resources": resources })).await;
                }
                _ => peer.honestly(&message).await,
            }
        }
    })
    .speaking(LEGACY)
}

#[tokio::test(start_paused = true)]
async fn an_instance_is_not_stopped_as_unused_while_a_call_is_about_to_use_it() {
    for (questions, declares, listens) in [
        (false, false, false),
        (true, false, false),
        (true, true, false),
        (false, false, true),
        (true, false, true),
    ] {
        let case = format!("questions {questions}, declares {declares}, listens {listens}");
        let script = slow();
        let mut settings = Settings::default();
        settings.idle_stop = Some(Duration::from_secs(60));
        settings.servers.entry("one".to_owned()).or_default().questions = Some(questions);
        let host = Host::builder().settings(settings).server("one", Target::custom(script.clone()));
        let host = host.start().await.unwrap();
        let mut builder = Client::builder();
        if declares {
            builder = builder.on_elicit(async |_, _| Ok(ElicitResult::new(ElicitAction::Decline)));
        }
        let client = builder.connect(Target::service(host.service())).await.unwrap();
        // Whoever declares has an instance of his own, which this starts.
        client.call_tool("one__good", json!({})).await.unwrap();
        let started = script.connections();
        tokio::time::sleep(Duration::from_millis(58_500)).await;
        if listens {
            let filter = SubscriptionFilter::new().resource_subscriptions(["a:b".to_owned()]);
            let listening = client.subscribe(filter).await.unwrap();
            tokio::time::sleep(Duration::from_secs(120)).await;
            assert_eq!(
                listening.honored().resource_subscriptions,
                Some(vec!["a:b".to_owned()]),
                "{case}"
            );
        } else {
            let call = client.call_tool("one__good", json!({})).log_level(LoggingLevel::Debug);
            let result = call.await.unwrap_or_else(|error| panic!("{case}: {error}"));
            assert_eq!(result.is_error, None, "{case}");
        }
        assert_eq!(script.connections(), started, "{case}: it was used, not started anew");
    }
}

/// One whose tool `die` ends its connection in the middle.
fn mortal(version: &'static str) -> Script {
    Script::new(|mut peer| async move {
        loop {
            let Some(message) = peer.next().await else { return };
            match (message["method"].as_str(), message["params"]["name"].as_str()) {
                (Some("tools/call"), Some("die")) => return,
                (Some("tools/call"), Some("stay")) => {}
                (Some("tools/call"), _) => {
                    peer.answer(&message, {
                        let mut result = says("alive");
                        result["resultType"] = json!("complete");
                        result
                    })
                    .await
                }
                (Some("tools/list"), _) => {
                    peer.answer(&message, tools(&["die", "stay", "echo"])).await
                }
                _ => peer.honestly(&message).await,
            }
        }
    })
    .speaking(version)
}

#[tokio::test(start_paused = true)]
async fn one_that_dies_fails_its_own_callers_by_name_and_comes_back() {
    for version in [MODERN, LEGACY] {
        let (one, two) = (mortal(version), mortal(version));
        let host = Host::builder()
            .server("one", Target::custom(one.clone()))
            .server("two", Target::custom(two.clone()));
        let host = host.start().await.unwrap();
        let caller = Caller::new(&host);
        let other = caller.clone();
        let staying = tokio::spawn(async move { other.call("two__stay", json!({})).await });
        while two.heard_of("tools/call").is_empty() {
            tokio::task::yield_now().await;
        }
        let started = two.connections();
        let lost = caller.call("one__die", json!({})).await;
        let message =
            lost["error"]["message"].as_str().unwrap_or_else(|| panic!("{version}: {lost}"));
        assert!(message.contains("`one`"), "{version}: {message}");
        let calls = host.status().servers[0].calls;
        assert_eq!((calls.total, calls.failed, calls.cancelled), (1, 1, 0), "{version}");
        assert_eq!(text(&caller.call("one__echo", json!({})).await), "alive", "{version}");
        assert!(!staying.is_finished(), "{version}: the other notices nothing");
        assert_eq!(two.heard_of("notifications/cancelled").len(), 0, "{version}");
        assert_eq!(two.connections(), started, "{version}");
        staying.abort();
    }
}
