//! Effects between questions.

use crate::support::{Client, accept, keys, state, text};
use bowline::types::tool::Tool;
use bowline::{Context, Result, Server};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Notify;

#[derive(Debug, Deserialize, JsonSchema)]
struct Go {
    #[allow(dead_code, reason = "only asked for")]
    on: bool,
}

async fn ask(cx: &Context, key: &str) -> Result<()> {
    cx.elicit::<Go>(key, "Go on?").await.map(|_| ())
}

fn yes(key: &str) -> Value {
    json!({key: accept(json!({"on": true}))})
}

/// How often something happened.
#[derive(Clone, Default)]
struct Count(Arc<AtomicUsize>);

impl Count {
    fn one_more(&self) -> usize {
        self.0.fetch_add(1, Ordering::SeqCst) + 1
    }

    fn get(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

/// Two effects, each behind a question, and one before them.
fn server(first: &Count, second: &Count) -> Server {
    let (first, second) = (first.clone(), second.clone());
    Server::new("test", "1").tool(Tool::new("pay"), move |cx: Context| {
        let (first, second) = (first.clone(), second.clone());
        async move {
            let one = cx.once("first", async { first.one_more() }).await?;
            ask(&cx, "a").await?;
            let two = cx.once("second", async { second.one_more() }).await?;
            ask(&cx, "b").await?;
            ask(&cx, "c").await?;
            Ok::<_, bowline::Error>(format!("{one} {two}"))
        }
    })
}

#[tokio::test]
async fn an_effect_happens_once_over_all_rounds() {
    let (first, second) = (Count::default(), Count::default());
    let client = Client::new(&server(&first, &second));
    let mut asked = client.call("pay").await;
    for key in ["a", "b"] {
        assert_eq!(keys(&asked), [key]);
        asked = client.retry("pay", &asked, yes(key)).await;
    }
    assert_eq!(text(&client.retry("pay", &asked, yes("c")).await), "1 1");
    assert_eq!((first.get(), second.get()), (1, 1));
    // Another call is another chain.
    assert_eq!(keys(&client.call("pay").await), ["a"]);
    assert_eq!(first.get(), 2);
}

#[tokio::test]
async fn an_effect_is_known_where_answers_are_too_long_for_the_state() {
    let (first, second) = (Count::default(), Count::default());
    let client = Client::new(&server(&first, &second));
    let long = |key: &str| json!({key: accept(json!({"on": true, "more": "x".repeat(60_000)}))});
    let mut asked = client.call("pay").await;
    for key in ["a", "b"] {
        asked = client.retry("pay", &asked, long(key)).await;
        assert!(state(&asked).len() < 2_000, "{}", state(&asked).len());
    }
    assert_eq!(text(&client.retry("pay", &asked, long("c")).await), "1 1");
    assert_eq!((first.get(), second.get()), (1, 1));
}

#[tokio::test]
async fn a_state_that_is_used_twice_repeats_nothing() {
    let (first, second) = (Count::default(), Count::default());
    let client = Client::new(&server(&first, &second));
    let asked = client.call("pay").await;
    for _ in 0..3 {
        let next = client.retry("pay", &asked, yes("a")).await;
        let next = client.retry("pay", &next, yes("b")).await;
        assert_eq!(text(&client.retry("pay", &next, yes("c")).await), "1 1");
    }
    assert_eq!((first.get(), second.get()), (1, 1));
}

/// A tool whose effect waits until it is let go.
fn slow(count: &Count, gate: &Arc<Notify>) -> Server {
    let (count, gate) = (count.clone(), gate.clone());
    Server::new("test", "1").tool(Tool::new("slow"), move |cx: Context| {
        let (count, gate) = (count.clone(), gate.clone());
        async move {
            ask(&cx, "a").await?;
            let effect = async {
                count.one_more();
                gate.notified().await;
            };
            cx.once("effect", effect).await?;
            Ok::<_, bowline::Error>("done")
        }
    })
}

#[tokio::test]
async fn an_effect_in_progress_is_not_begun_again() {
    let (count, gate) = (Count::default(), Arc::new(Notify::new()));
    let client = Client::new(&slow(&count, &gate));
    let asked = client.call("slow").await;
    let mut first = Box::pin(client.retry("slow", &asked, yes("a")));
    assert!(futures_now(&mut first).await.is_none());
    let second = client.retry("slow", &asked, yes("a")).await;
    assert_eq!(
        text(&second),
        "another request of the same call is at `effect` or stopped in it; whether it happened is unknown"
    );
    gate.notify_one();
    assert_eq!(text(&first.await), "done");
    assert_eq!(text(&client.retry("slow", &asked, yes("a")).await), "done");
    assert_eq!(count.get(), 1);
}

#[tokio::test]
async fn an_effect_that_was_cut_off_stays_unknown() {
    let (count, gate) = (Count::default(), Arc::new(Notify::new()));
    let client = Client::new(&slow(&count, &gate));
    let asked = client.call("slow").await;
    let mut first = Box::pin(client.retry("slow", &asked, yes("a")));
    assert!(futures_now(&mut first).await.is_none());
    drop(first);
    let second = client.retry("slow", &asked, yes("a")).await;
    assert_eq!(text(&second), "`effect` was begun and did not end; whether it happened is unknown");
    assert_eq!(second["result"]["isError"], true);
    assert_eq!(count.get(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_effect_that_the_handler_gave_up_stays_unknown_in_later_rounds() {
    let count = Count::default();
    let seen = count.clone();
    let server = Server::new("test", "1").tool(Tool::new("hasty"), move |cx: Context| {
        let count = seen.clone();
        async move {
            let effect = cx.once("effect", async {
                count.one_more();
                std::future::pending::<()>().await;
            });
            let given_up = match tokio::time::timeout(Duration::from_secs(1), effect).await {
                Ok(ended) => ended.unwrap_err().is_interrupted(),
                Err(_) => false,
            };
            ask(&cx, "a").await?;
            Ok::<_, bowline::Error>(format!("{given_up}"))
        }
    });
    let client = Client::new(&server);
    let asked = client.call("hasty").await;
    assert_eq!(text(&client.retry("hasty", &asked, yes("a")).await), "true");
    assert_eq!(count.get(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_question_waits_until_an_effect_is_done() {
    let count = Count::default();
    let seen = count.clone();
    let server = Server::new("test", "1").tool(Tool::new("both"), move |cx: Context| {
        let count = seen.clone();
        async move {
            let effect = cx.once("effect", async {
                tokio::time::sleep(Duration::from_secs(5)).await;
                count.one_more()
            });
            let (asked, effect) = tokio::join!(ask(&cx, "a"), effect);
            asked?;
            effect
        }
    });
    let client = Client::new(&server);
    let asked = client.call("both").await;
    assert_eq!(count.get(), 1);
    assert_eq!(text(&client.retry("both", &asked, yes("a")).await), "1");
    assert_eq!(count.get(), 1);
}

#[tokio::test]
async fn a_question_inside_of_an_effect_is_an_error() {
    let server = Server::new("test", "1").tool(Tool::new("inside"), |cx: Context| async move {
        let inner = cx.clone();
        let error = cx
            .once("effect", async move {
                ask(&inner, "a").await.map_err(|error| error.to_string()).unwrap_err()
            })
            .await?;
        Ok::<_, bowline::Error>(error)
    });
    assert_eq!(
        text(&Client::new(&server).call("inside").await),
        "question `a` was asked inside of `once`; ask before it"
    );
}

#[tokio::test]
async fn a_key_of_an_effect_is_used_once_in_a_run() {
    let server = Server::new("test", "1").tool(Tool::new("twice"), |cx: Context| async move {
        cx.once("x", async { 1 }).await?;
        cx.once("x", async { 2 }).await
    });
    assert_eq!(
        text(&Client::new(&server).call("twice").await),
        "`once` was used twice in one run with key `x`; give every effect its own"
    );
}

#[tokio::test]
async fn the_idempotency_key_is_one_per_call() {
    let keys_seen = Arc::new(Mutex::new(Vec::new()));
    let seen = keys_seen.clone();
    let server = Server::new("test", "1").tool(Tool::new("key"), move |cx: Context| {
        let seen = seen.clone();
        async move {
            seen.lock().unwrap().push(cx.idempotency_key());
            ask(&cx, "a").await?;
            ask(&cx, "b").await?;
            Ok::<_, bowline::Error>(cx.idempotency_key())
        }
    });
    let client = Client::new(&server);
    let asked = client.call("key").await;
    let asked = client.retry("key", &asked, yes("a")).await;
    let last = text(&client.retry("key", &asked, yes("b")).await).to_owned();
    client.call("key").await;
    let seen = keys_seen.lock().unwrap();
    assert_eq!(last.len(), 32);
    assert_eq!(seen[..3], [last.clone(), last.clone(), last.clone()]);
    assert_ne!(seen[3], last);
}

/// Polls once.
async fn futures_now<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
    std::future::poll_fn(|task| {
        std::task::Poll::Ready(match std::pin::Pin::new(&mut *future).poll(task) {
            std::task::Poll::Ready(output) => Some(output),
            std::task::Poll::Pending => None,
        })
    })
    .await
}
