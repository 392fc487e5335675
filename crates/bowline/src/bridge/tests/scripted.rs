//! Servers that do what a test says, line by line.

use super::callers::{MODERN, Session, modern, modern_with, request, send, shown, yes};
use super::gate::{Gate, everything};
use crate::client::{Connect, Pipe, Target};
use crate::error::Result;
use crate::service::Service;
use bowline_types::input::Root;
use expect_test::expect;
use serde_json::{Value, json};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream};
use tokio::time::Instant;

const SECOND: Duration = Duration::from_secs(1);
const SESSION: &str = "2025-11-25";

type Play = dyn Fn(Peer) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync;

/// Plays the same script on each connection.
#[derive(Clone)]
struct Script {
    play: Arc<Play>,
    heard: Arc<Mutex<Vec<Value>>>,
}

/// The server's end of a connection that has been opened.
struct Peer {
    stream: BufReader<DuplexStream>,
    heard: Arc<Mutex<Vec<Value>>>,
}

impl Script {
    fn new<F, A>(play: F) -> Self
    where
        F: Fn(Peer) -> A + Send + Sync + 'static,
        A: Future<Output = ()> + Send + 'static,
    {
        Self { play: Arc::new(move |peer| Box::pin(play(peer))), heard: Arc::default() }
    }

    async fn gate(&self, version: &str) -> Gate {
        Gate::open(Target::custom(self.clone()), version).await
    }

    /// What the server was told, but for the opening of the session.
    fn heard(&self) -> Vec<Value> {
        self.heard.lock().unwrap().clone()
    }

    /// The answers to questions of the server, and what was cancelled.
    fn answers(&self) -> Vec<String> {
        let shown = |message: &Value| match message["method"].as_str() {
            Some("notifications/cancelled") => Some("cancelled".to_owned()),
            Some(_) => None,
            None if message["error"].is_object() => {
                let error = &message["error"];
                Some(format!("{} {}: {}", message["id"], error["code"], error["message"]))
            }
            None => Some(format!("{} {}", message["id"], message["result"])),
        };
        self.heard().iter().filter_map(shown).collect()
    }
}

impl Connect for Script {
    async fn connect(&self) -> Result<Pipe> {
        let (near, far) = tokio::io::duplex(64 * 1024);
        let peer = Peer { stream: BufReader::new(far), heard: self.heard.clone() };
        let play = self.play.clone();
        tokio::spawn(async move {
            let mut peer = peer;
            if peer.open().await.is_some() {
                peer.heard.lock().unwrap().clear();
                play(peer).await;
            }
        });
        let (input, output) = tokio::io::split(near);
        Ok(Pipe::new(input, output))
    }

    fn name(&self) -> String {
        "script".to_owned()
    }
}

impl Peer {
    /// Opens the session, or says what the server is.
    async fn open(&mut self) -> Option<()> {
        let opening = self.next().await?;
        let capabilities = json!({ "tools": {}, "resources": {}, "logging": {} });
        let info = json!({ "name": "script", "version": "1" });
        if opening["method"] == "initialize" {
            let version = opening["params"]["protocolVersion"].clone();
            let result = json!({
                "protocolVersion": version, "capabilities": capabilities, "serverInfo": info,
            });
            self.answer(&opening, result).await;
            self.next().await?;
        } else {
            let result = json!({
                "resultType": "complete", "supportedVersions": [MODERN],
                "capabilities": capabilities, "ttlMs": 0, "cacheScope": "private",
            });
            self.answer(&opening, result).await;
        }
        Some(())
    }

    async fn next(&mut self) -> Option<Value> {
        let mut line = String::new();
        if self.stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        let message: Value = serde_json::from_str(&line).unwrap();
        self.heard.lock().unwrap().push(message.clone());
        Some(message)
    }

    /// The next request of this method.
    async fn until(&mut self, method: &str) -> Value {
        loop {
            match self.next().await {
                Some(message) if message["method"] == method => return message,
                Some(_) => {}
                None => std::future::pending().await,
            }
        }
    }

    /// The answer to the question of this id.
    async fn until_answer(&mut self, id: &str) -> Value {
        loop {
            match self.next().await {
                Some(message) if message.get("method").is_none() && message["id"] == id => {
                    return message;
                }
                Some(_) => {}
                None => std::future::pending().await,
            }
        }
    }

    /// Listens until the other side is gone.
    async fn listen(&mut self) {
        while self.next().await.is_some() {}
    }

    async fn say(&mut self, mut message: Value) {
        message["jsonrpc"] = json!("2.0");
        self.stream.write_all(format!("{message}\n").as_bytes()).await.unwrap();
    }

    async fn answer(&mut self, to: &Value, result: Value) {
        self.say(json!({ "id": to["id"], "result": result })).await;
    }

    async fn done(&mut self, to: &Value) {
        self.answer(to, json!({ "content": [{ "type": "text", "text": "done" }] })).await;
    }

    async fn ask(&mut self, id: &str, method: &str, params: Value) {
        self.say(json!({ "id": id, "method": method, "params": params })).await;
    }

    async fn tell(&mut self, method: &str, params: Value) {
        self.say(json!({ "method": method, "params": params })).await;
    }
}

fn form() -> Value {
    json!({ "message": "Who?", "requestedSchema": { "type": "object", "properties": {
        "name": { "type": "string" } } } })
}

fn call() -> Value {
    json!({ "name": "tool" })
}

/// Lets everything else go on.
async fn settle() {
    tokio::time::sleep(Duration::from_millis(50)).await;
}

async fn first(service: &Arc<dyn Service>, params: Value) -> Value {
    send(service, "ada", request("tools/call", params, &everything())).await.1
}

#[tokio::test(start_paused = true)]
async fn requests_of_a_server_that_are_no_questions_are_refused() {
    let script = Script::new(|mut peer| async move {
        let call = peer.until("tools/call").await;
        peer.ask("a", "com.example/secret", json!({})).await;
        peer.ask("b", "elicitation/create", json!({ "message": 5 })).await;
        peer.ask("c", "tools/call", json!({ "name": "x" })).await;
        peer.ask("d", "ping", json!({})).await;
        peer.until_answer("d").await;
        settle().await;
        peer.done(&call).await;
        peer.listen().await;
    });
    let service: Arc<dyn Service> = Arc::new(script.gate(SESSION).await);
    let told = modern(&service, "tools/call", call(), yes).await;
    assert_eq!(told, ["done"]);
    expect![[r#"
        "c" -32601: "method not found: tools/call"
        "d" {}
        "a" -32601: "method not found: com.example/secret"
        "b" -32602: "params.params.message: invalid type: integer, expected a string""#]]
    .assert_eq(&script.answers().join("\n"));
    let mut session = Session::open(&service, SESSION, &everything()).await;
    assert_eq!(session.call("tools/call", call(), yes).await.len(), 1);
}

/// What belongs to the server's side of a question stays there.
#[tokio::test(start_paused = true)]
async fn a_question_is_handed_on_without_what_is_the_servers() {
    let script = Script::new(|mut peer| async move {
        loop {
            let call = peer.until("tools/call").await;
            let meta = json!({ "progressToken": "theirs", "com.example/x": 1 });
            let mut form = form();
            form["_meta"] = meta.clone();
            form["task"] = json!({ "ttl": 5 });
            peer.ask("a", "elicitation/create", form).await;
            let visit = json!({ "mode": "url", "message": "Go.", "url": "https://example.com",
                "elicitationId": "theirs", "_meta": meta });
            peer.ask("b", "elicitation/create", visit).await;
            let content = json!({ "type": "text", "text": "hi" });
            let sample = json!({ "messages": [{ "role": "user", "content": content }],
                "maxTokens": 9, "includeContext": "thisServer", "_meta": meta });
            peer.ask("c", "sampling/createMessage", sample).await;
            peer.ask("d", "roots/list", json!({ "_meta": meta })).await;
            for id in ["a", "b", "c", "d"] {
                let _ = id;
            }
            let mut answered = 0;
            while answered < 4 {
                answered += usize::from(peer.next().await.unwrap().get("method").is_none());
            }
            peer.done(&call).await;
        }
    });
    let service: Arc<dyn Service> = Arc::new(script.gate(SESSION).await);
    let capabilities =
        json!({ "elicitation": { "form": {}, "url": {} }, "sampling": {}, "roots": {} });
    let text = request("tools/call", call(), &capabilities);
    let (_, asked) = send(&service, "ada", text).await;
    let requests = &asked["result"]["inputRequests"];
    expect![[r#"
        {
          "question-1": {
            "method": "elicitation/create",
            "params": {
              "message": "Who?",
              "requestedSchema": {
                "properties": {
                  "name": {
                    "type": "string"
                  }
                },
                "type": "object"
              }
            }
          },
          "question-2": {
            "method": "elicitation/create",
            "params": {
              "message": "Go.",
              "mode": "url",
              "url": "https://example.com"
            }
          },
          "question-3": {
            "method": "sampling/createMessage",
            "params": {
              "maxTokens": 9,
              "messages": [
                {
                  "content": {
                    "text": "hi",
                    "type": "text"
                  },
                  "role": "user"
                }
              ]
            }
          },
          "question-4": {
            "method": "roots/list"
          }
        }"#]]
    .assert_eq(&serde_json::to_string_pretty(requests).unwrap());
    let answers: serde_json::Map<_, _> = requests
        .as_object()
        .unwrap()
        .iter()
        .map(|(key, asked)| (key.clone(), yes(asked["method"].as_str().unwrap(), &asked["params"])))
        .collect();
    let mut retry = call();
    retry["requestState"] = asked["result"]["requestState"].clone();
    retry["inputResponses"] = answers.into();
    assert_eq!(
        shown(&send(&service, "ada", request("tools/call", retry, &capabilities)).await.1),
        "done"
    );

    let mut session = Session::open(&service, SESSION, &capabilities).await;
    session.begin("tools/call", call()).await;
    let mut asked = Vec::new();
    for _ in 0..4 {
        let mut question = session.next().await;
        session.answer(&question, yes).await;
        if let Some(id) = question["params"].get_mut("elicitationId") {
            assert_ne!(*id, "theirs");
            *id = json!("ours");
        }
        asked.push(question["params"].to_string());
    }
    expect![[r#"
        {"_meta":{"bowline/key":"question-1"},"message":"Who?","requestedSchema":{"properties":{"name":{"type":"string"}},"type":"object"}}
        {"_meta":{"bowline/key":"question-2"},"elicitationId":"ours","message":"Go.","mode":"url","url":"https://example.com"}
        {"_meta":{"bowline/key":"question-3"},"maxTokens":9,"messages":[{"content":{"text":"hi","type":"text"},"role":"user"}]}
        {"_meta":{"bowline/key":"question-4"}}"#]].assert_eq(&asked.join("\n"));
    assert_eq!(shown(&session.next().await), "done");
}

#[tokio::test(start_paused = true)]
async fn a_visit_is_done_under_the_callers_name_of_it() {
    let script = Script::new(|mut peer| async move {
        let call = peer.until("tools/call").await;
        let visit = json!({ "mode": "url", "message": "Go.", "url": "https://example.com",
            "elicitationId": "theirs" });
        peer.ask("a", "elicitation/create", visit).await;
        peer.until_answer("a").await;
        let done = |id: &str| json!({ "elicitationId": id });
        peer.tell("notifications/elicitation/complete", done("another")).await;
        peer.tell("notifications/elicitation/complete", done("theirs")).await;
        settle().await;
        peer.done(&call).await;
        peer.listen().await;
    });
    let service: Arc<dyn Service> = Arc::new(script.gate(SESSION).await);
    let mut session = Session::open(&service, SESSION, &everything()).await;
    session.begin("tools/call", call()).await;
    let asked = session.next().await;
    session.answer(&asked, yes).await;
    let done = session.next().await;
    assert_eq!(done["method"], "notifications/elicitation/complete");
    assert_eq!(done["params"]["elicitationId"], asked["params"]["elicitationId"]);
    assert_eq!(shown(&session.next().await), "done");
}

/// A server that wants its user to visit something before it begins.
fn locked() -> Script {
    Script::new(|mut peer| async move {
        let visits = json!({ "elicitations": [
            { "mode": "url", "message": "Go.", "url": "https://example.com/1", "elicitationId": "theirs" },
        ] });
        let error = json!({ "code": -32042, "message": "visit first", "data": visits });
        loop {
            let call = peer.until("tools/call").await;
            peer.say(json!({ "id": call["id"], "error": error })).await;
            let call = peer.until("tools/call").await;
            peer.done(&call).await;
        }
    })
}

#[tokio::test(start_paused = true)]
async fn visits_that_come_first_are_a_question_to_callers_without_sessions() {
    let mut told = Vec::new();
    let no: super::callers::Answers = |_, _| json!({ "action": "decline" });
    let nothing: super::callers::Answers = |_, _| json!({ "action": "cancel" });
    for (what, answers, capabilities) in [
        ("accepted", yes as super::callers::Answers, everything()),
        ("declined", no, everything()),
        ("cancelled", nothing, everything()),
        ("not declared", yes, json!({ "elicitation": {} })),
    ] {
        let service: Arc<dyn Service> = Arc::new(locked().gate(SESSION).await);
        let said = modern_with(&service, "tools/call", call(), answers, &capabilities).await;
        told.push(format!("{what}: {}", said.join(" | ")));
    }
    for version in [SESSION, "2025-06-18"] {
        let service: Arc<dyn Service> = Arc::new(locked().gate(SESSION).await);
        let mut session = Session::open(&service, version, &everything()).await;
        let said = session.call("tools/call", call(), yes).await;
        told.push(format!("{version}: {}", said.join(" | ")));
    }
    expect![[r#"
        accepted: visit-1: elicitation/create url | done
        declined: visit-1: elicitation/create url | failed: the user declined `visit-1`
        cancelled: visit-1: elicitation/create url | failed: the user cancelled `visit-1`
        not declared: error -32021: client did not declare a capability that this request needs {"requiredCapabilities":{"elicitation":{"url":{}}}}
        2025-11-25: error -32042: visit first {"elicitations":[{"elicitationId":"theirs","message":"Go.","mode":"url","url":"https://example.com/1"}]}
        2025-06-18: error -32602: visit first {"elicitations":[{"elicitationId":"theirs","message":"Go.","mode":"url","url":"https://example.com/1"}]}"#]].assert_eq(&told.join("\n"));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_dies_in_a_call_is_named_at_once() {
    let mut told = Vec::new();
    for version in [SESSION, MODERN] {
        let script = Script::new(|mut peer| async move {
            peer.until("tools/call").await;
            tokio::time::sleep(SECOND).await;
        });
        let service: Arc<dyn Service> = Arc::new(script.gate(version).await);
        let start = Instant::now();
        told.push(shown(&first(&service, call()).await));
        assert!(start.elapsed() < SECOND + Duration::from_millis(100), "{:?}", start.elapsed());
    }
    assert_eq!(told[0], told[1]);
    expect!["error -31001: server `one` was lost; the request may have been done or not"]
        .assert_eq(&told[0]);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_dies_while_its_call_is_parked_is_named_when_the_caller_comes_back() {
    let script = Script::new(|mut peer| async move {
        peer.until("tools/call").await;
        peer.ask("a", "elicitation/create", form()).await;
        tokio::time::sleep(SECOND).await;
    });
    let gate = Arc::new(script.gate(SESSION).await);
    let service: Arc<dyn Service> = gate.clone();
    let asked = first(&service, call()).await;
    tokio::time::sleep(2 * SECOND).await;
    assert_eq!((gate.bridge.parked(), gate.leases()), (1, 0));
    let mut retry = call();
    retry["requestState"] = asked["result"]["requestState"].clone();
    retry["inputResponses"] = json!({ "question-1": { "action": "decline" } });
    expect!["error -31001: server `one` was lost; the request may have been done or not"]
        .assert_eq(&shown(&first(&service, retry).await));
}

#[tokio::test(start_paused = true)]
async fn a_question_without_a_call_is_refused_and_one_left_over_is_answered_with_an_error() {
    let script = Script::new(|mut peer| async move {
        peer.ask("before", "roots/list", json!({})).await;
        peer.until_answer("before").await;
        let call = peer.until("tools/call").await;
        peer.ask("left", "roots/list", json!({})).await;
        settle().await;
        peer.done(&call).await;
        peer.until_answer("left").await;
        peer.ask("after", "roots/list", json!({})).await;
        peer.listen().await;
    });
    let service: Arc<dyn Service> = Arc::new(script.gate(SESSION).await);
    settle().await;
    let mut session = Session::open(&service, SESSION, &everything()).await;
    session.begin("tools/call", call()).await;
    settle().await;
    assert_eq!(session.hear().await, ["question-1: roots/list", "cancelled", "done"]);
    expect![[r#"
        "before" -32601: "method not found: roots/list: no request is being answered for whose sake it could be asked"
        "left" -32603: "the request that this was asked for has ended"
        "after" -32601: "method not found: roots/list: no request is being answered for whose sake it could be asked""#]].assert_eq(&script.answers().join("\n"));
}

#[tokio::test(start_paused = true)]
async fn what_a_shared_server_logs_is_of_no_call() {
    let play = |mut peer: Peer| async move {
        loop {
            let call = peer.until("tools/call").await;
            peer.tell("notifications/message", json!({ "level": "error", "data": "secret" })).await;
            let token = &call["params"]["_meta"]["progressToken"];
            assert_ne!(*token, "mine");
            let report = json!({ "progressToken": token, "progress": 1 });
            peer.tell("notifications/progress", report).await;
            settle().await;
            peer.done(&call).await;
        }
    };
    let own: Arc<dyn Service> = Arc::new(Script::new(play).gate(SESSION).await);
    let told = modern(&own, "tools/call", call(), yes).await;
    assert_eq!(told, ["log \"secret\"", "progress 1", "done"]);
    let shared: Arc<dyn Service> = Arc::new(Script::new(play).gate(SESSION).await.shared());
    assert_eq!(modern(&shared, "tools/call", call(), yes).await, ["progress 1", "done"]);
}

#[tokio::test(start_paused = true)]
async fn configured_roots_are_told_and_nobody_is_asked() {
    let script = Script::new(|mut peer| async move {
        let call = peer.until("tools/call").await;
        peer.ask("a", "roots/list", json!({})).await;
        peer.until_answer("a").await;
        peer.done(&call).await;
        peer.listen().await;
    });
    let gate = script.gate(SESSION).await.roots(&[Root::new("file:///srv")]);
    let service: Arc<dyn Service> = Arc::new(gate);
    assert_eq!(modern_with(&service, "tools/call", call(), yes, &json!({})).await, ["done"]);
    assert_eq!(script.answers(), ["\"a\" {\"roots\":[{\"uri\":\"file:///srv\"}]}"]);
}

#[tokio::test(start_paused = true)]
async fn more_questions_at_once_than_may_wait_are_refused() {
    let script = Script::new(|mut peer| async move {
        let call = peer.until("tools/call").await;
        for at in 0..20 {
            peer.ask(&at.to_string(), "elicitation/create", form()).await;
        }
        peer.until_answer("19").await;
        settle().await;
        peer.done(&call).await;
        peer.listen().await;
    });
    let gate = Arc::new(script.gate(SESSION).await);
    let service: Arc<dyn Service> = gate.clone();
    let asked = first(&service, call()).await;
    assert_eq!(asked["result"]["inputRequests"].as_object().unwrap().len(), 16);
    settle().await;
    let refused = script.answers();
    assert_eq!(refused.len(), 4 + 16, "{refused:?}");
    assert_eq!(refused.iter().filter(|line| line.contains("-31000")).count(), 4);
}

#[tokio::test(start_paused = true)]
async fn time_runs_while_a_server_is_silent_and_stands_still_while_it_asks() {
    let play = |asks: bool| {
        move |mut peer: Peer| async move {
            let call = peer.until("tools/call").await;
            let token = call["params"]["_meta"]["progressToken"].clone();
            for step in 1..4 {
                tokio::time::sleep(50 * SECOND).await;
                let report = json!({ "progressToken": token, "progress": step });
                peer.tell("notifications/progress", report).await;
            }
            if asks {
                peer.ask("a", "elicitation/create", form()).await;
                peer.until_answer("a").await;
            }
            peer.listen().await;
        }
    };
    let service: Arc<dyn Service> = Arc::new(Script::new(play(false)).gate(SESSION).await);
    let start = Instant::now();
    let told = modern(&service, "tools/call", call(), yes).await;
    expect!["progress 1 | progress 2 | progress 3 | error -32603: server `one`: tools/call: no answer and no progress for 60s, or no answer within 600s"].assert_eq(&told.join(" | "));
    assert_eq!(start.elapsed().as_secs(), 210);

    let script = Script::new(play(true));
    let service: Arc<dyn Service> = Arc::new(script.gate(SESSION).await);
    let mut session = Session::open(&service, SESSION, &everything()).await;
    let mut params = call();
    params["_meta"]["progressToken"] = json!("mine");
    session.begin("tools/call", params).await;
    for _ in 0..3 {
        session.next().await;
    }
    let asked = session.next().await;
    tokio::time::sleep(400 * SECOND).await;
    let start = Instant::now();
    session.answer(&asked, yes).await;
    session.next().await;
    assert_eq!(start.elapsed().as_secs(), 60);
    assert!(script.answers().contains(&"cancelled".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn what_a_result_says_of_its_server_and_of_its_keeping() {
    let mut told = Vec::new();
    for version in [SESSION, MODERN] {
        let script = Script::new(|mut peer| async move {
            let read = peer.until("resources/read").await;
            let modern = read["params"]["_meta"].is_object();
            let mut result = json!({ "contents": [], "_meta": { "com.example/x": 1 } });
            if modern {
                result["resultType"] = json!("complete");
                result["ttlMs"] = json!(5000);
                result["cacheScope"] = json!("public");
                result["_meta"]["io.modelcontextprotocol/serverInfo"] =
                    json!({ "name": "script", "version": "1" });
            }
            peer.answer(&read, result).await;
            peer.listen().await;
        });
        let service: Arc<dyn Service> = Arc::new(script.gate(version).await);
        let text = request("resources/read", json!({ "uri": "a:b" }), &json!({}));
        let (_, response) = send(&service, "ada", text).await;
        told.push(response["result"].to_string());
    }
    expect![[r#"
        {"_meta":{"com.example/x":1},"cacheScope":"private","contents":[],"resultType":"complete","ttlMs":0}
        {"_meta":{"com.example/x":1},"cacheScope":"public","contents":[],"resultType":"complete","ttlMs":5000}"#]].assert_eq(&told.join("\n"));
}

#[tokio::test(start_paused = true)]
async fn notifications_of_an_extension_reach_the_caller_and_changes_do_not() {
    let script = Script::new(|mut peer| async move {
        let call = peer.until("tools/call").await;
        peer.tell("notifications/tools/list_changed", json!({})).await;
        peer.done(&call).await;
        peer.listen().await;
    });
    let service: Arc<dyn Service> = Arc::new(script.gate(SESSION).await);
    assert_eq!(modern(&service, "tools/call", call(), yes).await, ["done"]);
}
