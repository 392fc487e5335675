//! What the first messages of a link make of it: a session, single requests, or both.

use crate::session_server::server;
use crate::session_wire::{Client, VERSIONS, initialize, notification, request};
use bowline::protocol::limits::Limits;
use bowline::protocol::outcome::Outcome;
use bowline::protocol::scan::{Message, Raw};
use bowline::transport::{memory, start};
use bowline::types::jsonrpc::ErrorObject;
use bowline::{Answer, Call, Principal, Server, Service};
use expect_test::expect;
use serde_json::{Value, json};
use std::fmt::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

/// Params that say in which protocol version they are.
fn stamped(mut params: Value, version: &str) -> Value {
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": version,
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    params
}

/// A client with one line for each step, and what each was answered with.
async fn said(lines: &[String]) -> String {
    let mut client = Client::new(&server().0, Limits::local());
    let mut told = String::new();
    for line in lines {
        client.say(line).await;
        for message in client.hear().await {
            let id = &message["id"];
            let what = match (&message["error"], &message["result"]["protocolVersion"]) {
                (Value::Null, Value::String(version)) => format!("session {version}"),
                (Value::Null, _) if message["method"].is_string() => "a question".to_owned(),
                (Value::Null, _) if message["result"]["resultType"].is_string() => {
                    format!("single {}", message["result"]["resultType"].as_str().unwrap())
                }
                (Value::Null, _) => "result".to_owned(),
                (error, _) => format!("error {}", error["code"]),
            };
            write!(told, " | {id} {what}").unwrap();
        }
    }
    assert_eq!(client.ask("ping", &json!({})).await["result"], json!({}), "{told}");
    told.trim_start_matches([' ', '|']).to_owned()
}

#[tokio::test(start_paused = true)]
async fn each_message_is_answered_as_what_it_says_it_is() {
    let list = |id| request(id, "tools/list", &json!({}));
    let open = |id| request(id, "initialize", &initialize("2025-06-18"));
    let modern = |id| request(id, "tools/list", &stamped(json!({}), "2026-07-28"));
    let discover = |id| request(id, "server/discover", &stamped(json!({}), "2026-07-28"));
    let ask = |id, version| request(id, "tools/call", &stamped(json!({"name": "name"}), version));
    let old = |id| request(id, "tools/list", &stamped(json!({}), "2025-06-18"));
    let future = |id| request(id, "tools/list", &stamped(json!({}), "2099-01-01"));
    let cancelled = notification("notifications/cancelled", &json!({ "requestId": 1 }));
    let initialized = notification("notifications/initialized", &json!({}));
    let half = request(1, "initialize", &json!({ "protocolVersion": "2025-06-18" }));
    let newest = request(1, "initialize", &initialize("2026-07-28"));
    let unknown = request(1, "initialize", &initialize("1.0"));
    let named = request(1, "initialize", &stamped(initialize("2025-06-18"), "2026-07-28"));
    let named_old = request(1, "initialize", &stamped(initialize("2025-06-18"), "2025-06-18"));
    let batch = format!("[{}]", open(1));
    let rows: Vec<(&str, Vec<String>)> = vec![
        ("a session", vec![open(1), list(2)]),
        ("single requests", vec![modern(1), modern(2)]),
        ("neither", vec![list(1)]),
        ("neither, then a session", vec![list(1), open(2), list(3)]),
        ("a ping first", vec![request(1, "ping", &json!({})), open(2)]),
        ("a probe, then a session", vec![discover(1), open(2), initialized.clone(), list(3)]),
        ("a session, then single requests", vec![open(1), modern(2), discover(3), list(4)]),
        (
            "a single request that asks, in a session",
            vec![
                open(1),
                initialized.clone(),
                request(2, "tools/call", &{
                    let mut params = stamped(json!({ "name": "name" }), "2026-07-28");
                    params["_meta"]["io.modelcontextprotocol/clientCapabilities"] =
                        json!({ "elicitation": {} });
                    params
                }),
            ],
        ),
        (
            "the version of the session in a request",
            vec![open(1), initialized.clone(), old(2), ask(3, "2025-06-18")],
        ),
        ("the version of no session in a request", vec![old(1)]),
        ("a version that does not exist", vec![future(1), open(2), future(3)]),
        ("`initialize` without what it needs", vec![half.clone(), list(2), open(3)]),
        ("`initialize` for the newest version", vec![newest, list(2)]),
        ("`initialize` for an unknown version", vec![unknown, list(2)]),
        ("`initialize` as a single request", vec![named, list(2)]),
        ("`initialize` that says it twice", vec![named_old, list(2)]),
        ("`initialize` twice", vec![open(1), open(2), list(3)]),
        ("`initialize` in a batch", vec![batch, list(2)]),
        ("notifications first", vec![cancelled, initialized, open(1)]),
        ("rubbish first", vec!["{".to_owned(), open(1)]),
        ("an answer first", vec![r#"{"jsonrpc":"2.0","id":1,"result":{}}"#.to_owned(), open(1)]),
    ];
    let mut table = String::new();
    for (name, lines) in rows {
        writeln!(table, "{name}: {}", said(&lines).await).unwrap();
    }
    expect![[r#"
        a session: 1 session 2025-06-18 | 2 result
        single requests: 1 single complete | 2 single complete
        neither: 1 error -32602
        neither, then a session: 1 error -32602 | 2 session 2025-06-18 | 3 result
        a ping first: 1 result | 2 session 2025-06-18
        a probe, then a session: 1 single complete | 2 session 2025-06-18 | 3 result
        a session, then single requests: 1 session 2025-06-18 | 2 single complete | 3 single complete | 4 result
        a single request that asks, in a session: 1 session 2025-06-18 | 2 single input_required
        the version of the session in a request: 1 session 2025-06-18 | 2 result | 1 a question
        the version of no session in a request: 1 error -32602
        a version that does not exist: 1 error -32022 | 2 session 2025-06-18 | 3 error -32022
        `initialize` without what it needs: 1 error -32602 | 2 error -32602 | 3 session 2025-06-18
        `initialize` for the newest version: 1 session 2025-11-25 | 2 result
        `initialize` for an unknown version: 1 session 2025-11-25 | 2 result
        `initialize` as a single request: 1 error -32601 | 2 error -32602
        `initialize` that says it twice: 1 session 2025-06-18 | 2 result
        `initialize` twice: 1 session 2025-06-18 | 2 error -32600 | 3 result
        `initialize` in a batch: null error -32600 | 2 error -32602
        notifications first: 1 session 2025-06-18
        rubbish first: null error -32700 | 1 session 2025-06-18
        an answer first: 1 session 2025-06-18
    "#]].assert_eq(&table);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_opens_nothing_is_told_how_to_and_in_which_versions() {
    let mut client = Client::new(&server().0, Limits::local());
    let answer = client.ask("tools/list", &json!({})).await;
    let message = answer["error"]["message"].as_str().unwrap();
    assert!(message.contains("`initialize`"), "{message}");
    for version in VERSIONS.into_iter().chain(["2026-07-28"]) {
        assert!(message.contains(version), "{message}");
        let supported = answer["error"]["data"]["supported"].as_array().unwrap();
        assert!(supported.contains(&version.into()), "{supported:?}");
    }
}

/// Takes its time to say what it offers, and notes what it hears.
#[derive(Debug, Default)]
struct Slow {
    heard: Mutex<Vec<String>>,
}

impl Service for Slow {
    fn call(self: Arc<Self>, call: Call) -> Answer {
        let method = call.request().method().into_owned();
        self.heard.lock().unwrap().push(method.clone());
        let offers = Arc::new(Server::new("slow", "1"));
        match method.as_str() {
            "server/discover" => Answer::new(async move {
                tokio::time::sleep(Duration::from_secs(3)).await;
                offers.call(call).await
            }),
            "panic" => Answer::ready(ErrorObject::internal_error("never")),
            _ => Answer::ready(Outcome::Error(ErrorObject::method_not_found(&method))),
        }
    }

    fn notify(&self, _: &Principal, notification: Message) {
        self.heard.lock().unwrap().push(notification.method().into_owned());
    }

    fn server_info(&self) -> Option<Raw> {
        None
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_that_came_behind_initialize_is_handled_before_it() {
    let service = Arc::new(Slow::default());
    let (near, far) = memory::pair();
    let running = start(service.clone(), far);
    let mut stream = BufReader::new(near);
    let lines = [
        request(1, "initialize", &initialize("2025-11-25")),
        notification("notifications/initialized", &json!({})),
        request(2, "com.example/first", &json!({})),
        notification("notifications/roots/list_changed", &json!({})),
        notification("com.example/own", &json!({})),
    ];
    stream.write_all((lines.join("\n") + "\n").as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(*service.heard.lock().unwrap(), ["server/discover"]);
    stream.shutdown().await.unwrap();
    let mut answers = stream.lines();
    let mut ids = Vec::new();
    while let Some(line) = answers.next_line().await.unwrap() {
        let answer: Value = serde_json::from_str(&line).unwrap();
        ids.push((answer["id"].clone(), answer["error"]["code"].clone()));
    }
    assert_eq!(ids, [(json!(1), Value::Null), (json!(2), json!(-32601))]);
    let heard = [
        "server/discover",
        "com.example/first",
        "notifications/roots/list_changed",
        "com.example/own",
    ];
    assert_eq!(*service.heard.lock().unwrap(), heard);
    drop(running);
}

/// Cannot say what it offers.
struct Broken(fn() -> Outcome);

impl Service for Broken {
    fn call(self: Arc<Self>, _: Call) -> Answer {
        Answer::ready((self.0)())
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_that_cannot_say_what_it_offers_opens_no_session_and_breaks_nothing() {
    for (service, code) in [
        (Broken(|| ErrorObject::invalid_params("no").into()), -32602),
        (Broken(|| panic!("as the test wants it")), -32603),
    ] {
        let (near, far) = memory::pair();
        let _running = start(Arc::new(service), far);
        let mut stream = BufReader::new(near);
        for _ in 0..2 {
            let line = request(1, "initialize", &initialize("2025-11-25")) + "\n";
            stream.write_all(line.as_bytes()).await.unwrap();
            let mut answer = String::new();
            stream.read_line(&mut answer).await.unwrap();
            let answer: Value = serde_json::from_str(&answer).unwrap();
            assert_eq!(answer["error"]["code"], code, "{answer}");
        }
    }
}
