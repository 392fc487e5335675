//! How long a call may take, in virtual time; and giving one up.

use crate::honest::{self, LEGACY, MODERN};
use crate::outcome::{Got, call, settle, works};
use crate::script::{Peer, Script};
use bowline::Client;
use bowline::client::Target;
use bowline::types::input::{ElicitAction, ElicitResult};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::time::Instant;

const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

async fn connect(script: &Script) -> Client {
    Client::connect(Target::custom(script.clone())).await.unwrap()
}

/// A server that never answers calls of `silent`.
fn silent() -> Script {
    Script::new(|mut peer| async move {
        loop {
            peer.until_call("silent").await;
        }
    })
}

#[tokio::test(start_paused = true)]
async fn a_call_without_an_answer_takes_a_minute() {
    let script = silent();
    let client = connect(&script).await;
    let begun = Instant::now();
    assert_eq!(call(&client, "silent").await, Got::TimedOut);
    assert_eq!(begun.elapsed().as_secs(), 60);
    works(&client, "a timeout").await;
    // The server is told which call nobody waits for any more.
    let called = script.heard_of("tools/call").remove(0);
    let cancelled = script.heard_of("notifications/cancelled");
    assert_eq!(cancelled.len(), 1);
    assert_eq!(cancelled[0]["params"]["requestId"], called["id"]);
}

/// A server that reports progress every fifty seconds, and never answers.
fn progressing() -> Script {
    Script::new(|mut peer| async move {
        let call = peer.until_call("long").await;
        let token = call["params"]["_meta"]["progressToken"].clone();
        assert!(!token.is_null(), "progress was asked for");
        for step in 1..=20 {
            tokio::time::sleep(seconds(50)).await;
            peer.notify(
                "notifications/progress",
                json!({"progressToken": token, "progress": step}),
            )
            .await;
        }
        peer.honest().await;
    })
}

#[tokio::test(start_paused = true)]
async fn progress_begins_the_idle_time_anew_and_never_the_whole() {
    let script = progressing();
    let client = connect(&script).await;
    let begun = Instant::now();
    let reports = Arc::new(AtomicUsize::new(0));
    let count = reports.clone();
    let request = client.call_tool("long", ()).on_progress(move |_| {
        count.fetch_add(1, Ordering::SeqCst);
    });
    assert_eq!(Got::of(&request.await), Got::TimedOut);
    assert_eq!(begun.elapsed().as_secs(), 600);
    assert_eq!(reports.load(Ordering::SeqCst), 11);
    let begun = Instant::now();
    let request = client.call_tool("silent", ()).timeout(seconds(5)).total_timeout(seconds(3));
    assert_eq!(Got::of(&request.await), Got::TimedOut.clone());
    assert_eq!(begun.elapsed().as_secs(), 3);
}

#[tokio::test(start_paused = true)]
async fn progress_of_another_call_keeps_none_alive() {
    let script = Script::new(|mut peer| async move {
        let call = peer.until_call("silent").await;
        let id = call["id"].as_i64().unwrap();
        for token in [json!(id + 1000), json!(format!("{id}")), json!("x"), json!(null)] {
            tokio::time::sleep(seconds(20)).await;
            peer.notify("notifications/progress", json!({"progressToken": token, "progress": 1}))
                .await;
        }
        peer.honest().await;
    });
    let client = connect(&script).await;
    let begun = Instant::now();
    let request = client.call_tool("silent", ()).on_progress(|_| panic!("none of this call"));
    assert_eq!(Got::of(&request.await), Got::TimedOut);
    assert_eq!(begun.elapsed().as_secs(), 60);
}

#[tokio::test(start_paused = true)]
async fn progress_that_goes_back_or_is_none_is_harmless() {
    let script = Script::new(|mut peer| async move {
        let call = peer.until_call("row").await;
        let token = call["params"]["_meta"]["progressToken"].clone();
        for progress in [json!(5), json!(3), json!(-1), json!(1e300), json!("half"), json!(null)] {
            peer.notify(
                "notifications/progress",
                json!({"progressToken": token, "progress": progress}),
            )
            .await;
            // Of reports that come at once only the last is worth hearing.
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        peer.answer(&call, honest::says("good")).await;
        peer.notify("notifications/progress", json!({"progressToken": token, "progress": 9})).await;
        peer.honest().await;
    });
    let client = connect(&script).await;
    let heard = Arc::new(std::sync::Mutex::new(Vec::new()));
    let hear = heard.clone();
    let request = client
        .call_tool("row", ())
        .on_progress(move |report| hear.lock().unwrap().push(report.progress));
    assert_eq!(Got::of(&request.await), Got::Said("good".into()));
    works(&client, "progress after the answer").await;
    let heard = heard.lock().unwrap().clone();
    assert_eq!(heard.first(), Some(&5.0));
    assert!(!heard.contains(&9.0), "none after the answer: {heard:?}");
}

#[tokio::test(start_paused = true)]
async fn time_stands_still_while_a_handler_answers() {
    // The handler takes an hour, which is longer than either time.
    for version in [MODERN, LEGACY] {
        let script = Script::new(asking).speaking(version);
        let builder = Client::builder().on_elicit(|_, _| async {
            tokio::time::sleep(seconds(3600)).await;
            Ok(ElicitResult::new(ElicitAction::Decline))
        });
        let client = builder.connect(Target::custom(script)).await.unwrap();
        let begun = Instant::now();
        assert_eq!(call(&client, "ask").await, Got::Said("thanks".into()), "{version}");
        assert_eq!(begun.elapsed().as_secs(), 3600 + 50, "{version}");
        // What was left of the idle time is what is left afterwards.
        let begun = Instant::now();
        assert_eq!(call(&client, "ask and leave").await, Got::TimedOut, "{version}");
        assert!(
            (3660..=3670).contains(&begun.elapsed().as_secs()),
            "{version}: {:?}",
            begun.elapsed()
        );
    }
}

/// Asks a question for the sake of a call, in the way of its version; then takes fifty seconds, or never answers.
async fn asking(mut peer: Peer) {
    let form = json!({"message": "m", "requestedSchema": {"type": "object", "properties": {}}});
    loop {
        let mut call = peer.until("tools/call").await;
        if peer.version == MODERN {
            let question = json!({"method": "elicitation/create", "params": form});
            let asks = json!({
                "resultType": "input_required", "requestState": "s", "inputRequests": {"q": question},
            });
            peer.answer(&call, asks).await;
            call = peer.until("tools/call").await;
        } else {
            peer.ask(json!("q"), "elicitation/create", form.clone()).await;
            peer.until_answer().await;
        }
        if call["params"]["name"] == "ask" {
            tokio::time::sleep(seconds(50)).await;
            peer.answer(&call, honest::says("thanks")).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_dropped_is_cancelled_at_the_server() {
    for version in [MODERN, LEGACY] {
        let script = silent().speaking(version);
        let client = connect(&script).await;
        let dropped = client.call_tool("silent", ()).into_future();
        assert!(tokio::time::timeout(seconds(1), dropped).await.is_err());
        works(&client, "a dropped call").await;
        let called = script.heard_of("tools/call").remove(0);
        let cancelled: Vec<Value> = script.heard_of("notifications/cancelled");
        assert_eq!(cancelled.len(), 1, "{version}");
        assert_eq!(cancelled[0]["params"]["requestId"], called["id"], "{version}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_never_polled_is_never_sent() {
    let script = silent();
    let client = connect(&script).await;
    drop(client.call_tool("silent", ()).into_future());
    drop(client.call_tool("silent", ()));
    works(&client, "calls that were never made").await;
    settle().await;
    assert_eq!(script.methods(), ["server/discover", "tools/call"]);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_was_answered_is_not_cancelled() {
    let script = Script::new(|mut peer| async move { peer.honest().await });
    let client = connect(&script).await;
    for _ in 0..10 {
        works(&client, "an answer").await;
    }
    settle().await;
    assert_eq!(script.heard_of("notifications/cancelled"), Vec::<Value>::new());
}

#[tokio::test(start_paused = true)]
async fn an_opening_that_is_given_up_leaves_nothing_behind() {
    let script = Script::new(|mut peer| async move { while peer.next().await.is_some() {} });
    let connecting = Client::connect(Target::custom(script.clone()));
    assert!(tokio::time::timeout(seconds(1), connecting).await.is_err());
    settle().await;
    assert_eq!((script.connections(), script.ended()), (1, 1));
}
