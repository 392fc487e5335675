//! Methods and notifications of one's own, both ways; and log messages.

use crate::honest::{self, LEGACY, MODERN};
use crate::outcome::{Faults, Got, settle, works};
use crate::script::Script;
use bowline::Client;
use bowline::client::Target;
use bowline::types::log::LoggingLevel;
use bowline::types::method::{Method, Notification};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

#[derive(Deserialize, Serialize)]
struct Number {
    number: i64,
}

struct Double;

impl Method for Double {
    const NAME: &'static str = "com.example/double";
    type Params = Number;
    type Result = Number;
}

struct Counted;

impl Notification for Counted {
    const NAME: &'static str = "notifications/com.example/counted";
    type Params = Number;
}

#[tokio::test(start_paused = true)]
async fn methods_of_ones_own_go_to_the_server() {
    for version in [MODERN, LEGACY] {
        let script = Script::new(|mut peer| async move {
            loop {
                let asked = peer.until(Double::NAME).await;
                let number = asked["params"]["number"].as_i64().unwrap();
                let result = match number {
                    1 => json!({"number": 2}),
                    2 => json!({"number": "four"}),
                    _ => json!({}),
                };
                peer.answer(&asked, result).await;
            }
        })
        .speaking(version);
        let client = Client::connect(Target::custom(script.clone())).await.unwrap();
        let doubled = client.request::<Double>(Number { number: 1 }).await.unwrap();
        assert_eq!(doubled.number, 2, "{version}");
        for number in [2, 3] {
            let error = client.request::<Double>(Number { number }).await.err().unwrap();
            assert!(error.is_bad_answer(), "{version}: {error:?}");
        }
        let raw = client.request::<Double>(Number { number: 2 }).raw().await.unwrap();
        let raw: Value = raw.decode().unwrap();
        assert_eq!(raw["number"], "four");
        client.notify::<Counted>(&Number { number: 5 }).await.unwrap();
        works(&client, "methods of its own").await;
        let told = script.heard_of(Counted::NAME);
        assert_eq!(told[0]["params"]["number"], 5, "{version}");
    }
}

#[tokio::test(start_paused = true)]
async fn methods_of_ones_own_are_answered_in_a_session() {
    let script = Script::new(|mut peer| async move {
        let call = peer.until_call("ask").await;
        let mut answers = Vec::new();
        for params in [json!({"number": 21}), json!({"number": "x"}), json!({})] {
            peer.ask(json!(answers.len()), Double::NAME, params).await;
            answers.push(peer.until_answer().await);
        }
        assert_eq!(answers[0]["result"]["number"], 42);
        assert_eq!(answers[1]["error"]["code"], -32602);
        assert_eq!(answers[2]["error"]["code"], -32602);
        peer.answer(&call, honest::says("done")).await;
        peer.honest().await;
    })
    .speaking(LEGACY);
    let builder = Client::builder().method::<Double, _, _>(|_, Number { number }| async move {
        Ok(Number { number: 2 * number })
    });
    let client = builder.connect(Target::custom(script)).await.unwrap();
    let result = client.call_tool("ask", ()).await;
    assert_eq!(Got::of(&result), Got::Said("done".into()));
}

#[tokio::test(start_paused = true)]
async fn notifications_are_heard_and_broken_ones_reported() {
    for version in [MODERN, LEGACY] {
        let script = Script::new(|mut peer| async move {
            let call = peer.until_call("tell").await;
            for params in [json!({"number": 1}), json!({"number": "x"}), json!({"number": 2})] {
                peer.notify(Counted::NAME, params).await;
            }
            peer.line(r#"{"jsonrpc":"2.0","method":"notifications/com.example/counted"}"#).await;
            peer.answer(&call, honest::says("told")).await;
            peer.honest().await;
        })
        .speaking(version);
        let (heard, faults) = (Arc::new(Mutex::new(Vec::new())), Faults::default());
        let hear = heard.clone();
        let builder = Client::builder()
            .on_error(faults.hear())
            .on_notification::<Counted>(move |told| hear.lock().unwrap().push(told.number));
        let client = builder.connect(Target::custom(script)).await.unwrap();
        client.call_tool("tell", ()).await.unwrap();
        settle().await;
        assert_eq!(*heard.lock().unwrap(), [1, 2], "{version}");
        assert_eq!(faults.all().len(), 2, "{version}: {:?}", faults.all());
        works(&client, "notifications").await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_log_level_is_on_each_request_or_told_to_the_session() {
    const KEY: &str = "io.modelcontextprotocol/logLevel";
    let script = Script::new(|mut peer| async move { peer.honest().await });
    let builder = Client::builder().log_level(LoggingLevel::Warning);
    let client = builder.connect(Target::custom(script.clone())).await.unwrap();
    works(&client, "a level from the start").await;
    client.set_log_level(LoggingLevel::Debug).await.unwrap();
    works(&client, "another level").await;
    client.call_tool("good", ()).log_level(LoggingLevel::Error).await.unwrap();
    client.set_log_level(None).await.unwrap();
    works(&client, "no level").await;
    let level = |call: &Value| call["params"]["_meta"][KEY].clone();
    let levels: Vec<Value> = script.heard_of("tools/call").iter().map(level).collect();
    assert_eq!(levels, [json!("warning"), json!("debug"), json!("error"), json!(null)]);

    let script = Script::new(|mut peer| async move { peer.honest().await }).speaking(LEGACY);
    let builder = Client::builder().log_level(LoggingLevel::Warning);
    let client = builder.connect(Target::custom(script.clone())).await.unwrap();
    client.set_log_level(LoggingLevel::Debug).await.unwrap();
    let level = |set: &Value| set["params"]["level"].clone();
    let levels: Vec<Value> = script.heard_of("logging/setLevel").iter().map(level).collect();
    assert_eq!(levels, [json!("warning"), json!("debug")]);
}

#[tokio::test(start_paused = true)]
async fn log_messages_are_heard_by_whoever_wants_them() {
    let script = Script::new(|mut peer| async move {
        let call = peer.until_call("log").await;
        for (level, data) in
            [("info", json!("a")), ("loud", json!("b")), ("error", json!({"c": 1}))]
        {
            peer.notify("notifications/message", json!({"level": level, "data": data})).await;
        }
        peer.answer(&call, honest::says("logged")).await;
        peer.honest().await;
    });
    let (heard, faults) = (Arc::new(Mutex::new(Vec::new())), Faults::default());
    let hear = heard.clone();
    let builder = Client::builder()
        .on_error(faults.hear())
        .on_log(move |log| hear.lock().unwrap().push(log.data));
    let client = builder.connect(Target::custom(script)).await.unwrap();
    client.call_tool("log", ()).await.unwrap();
    settle().await;
    assert_eq!(*heard.lock().unwrap(), [json!("a"), json!({"c": 1})]);
    assert_eq!(faults.all().len(), 1, "a level nobody knows is refused: {:?}", faults.all());
}
