//! States of servers without sessions, on their way through.

use super::callers::{MODERN, Session, modern, request, send, shown, yes};
use super::gate::{Gate, everything};
use super::servers::server;
use crate::context::Context;
use crate::server::Server;
use crate::service::Service;
use bowline_types::tool::Tool;
use expect_test::expect;
use serde_json::{Value, json};
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

fn accepted(name: &str) -> Value {
    json!({ "name": { "action": "accept", "content": { "name": name } } })
}

async fn ask(service: &Arc<dyn Service>, who: &str, params: &Value) -> Value {
    send(service, who, request("tools/call", params.clone(), &everything())).await.1
}

#[tokio::test(start_paused = true)]
async fn a_state_is_good_for_its_request_only() {
    let (server, _) = server();
    let gate = Arc::new(Gate::to(&server, MODERN).await);
    let service: Arc<dyn Service> = gate.clone();
    let call = json!({ "name": "name", "arguments": { "a": 1 } });
    let asked = ask(&service, "ada", &call).await;
    // What the server has sealed is not what its caller carries.
    let direct: Arc<dyn Service> = Arc::new(server.clone());
    let state = asked["result"]["requestState"].clone();
    let mut good = call.clone();
    good["requestState"] = state;
    good["inputResponses"] = accepted("Ada");
    assert_eq!(ask(&direct, "ada", &good).await["error"]["code"], -32602);
    let with = |key: &str, value: Value| {
        let mut params = good.clone();
        params[key] = value;
        params
    };
    let theirs = ask(&direct, "ada", &call).await["result"]["requestState"].clone();
    let mut told = String::new();
    for (what, who, params) in [
        ("by another principal", "eve", good.clone()),
        ("for another tool", "ada", with("name", json!("names"))),
        ("with other arguments", "ada", with("arguments", json!({ "a": 2 }))),
        ("of the server itself", "ada", with("requestState", theirs)),
        ("no string", "ada", with("requestState", json!({}))),
        ("good", "ada", good.clone()),
        ("again, which this server allows", "ada", good.clone()),
    ] {
        writeln!(told, "{what}: {}", shown(&ask(&service, who, &params).await)).unwrap();
    }
    tokio::time::sleep(Duration::from_secs(601)).await;
    writeln!(told, "later: {}", shown(&ask(&service, "ada", &good).await)).unwrap();
    expect![[r#"
        by another principal: error -32602: requestState is not valid for this request; ask again from the start
        for another tool: error -32602: requestState is not valid for this request; ask again from the start
        with other arguments: error -32602: requestState is not valid for this request; ask again from the start
        of the server itself: error -32602: requestState is not valid for this request; ask again from the start
        no string: error -32602: params.requestState: expected a string
        good: hello Ada
        again, which this server allows: hello Ada
        later: error -32602: requestState is not valid for this request; ask again from the start
    "#]].assert_eq(&told);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_asks_without_end_is_given_up() {
    let server = Server::new("asks", "1").tool(Tool::new("more"), |cx: Context| async move {
        for at in 0..100 {
            let form = serde_json::from_value(json!({ "message": "?", "requestedSchema":
                { "type": "object", "properties": {} } }));
            cx.elicit_form(&at.to_string(), form.unwrap()).await?;
        }
        Ok::<_, crate::Error>("done")
    });
    let service: Arc<dyn Service> = Arc::new(Gate::to(&server, MODERN).await);
    let mut session = Session::open(&service, "2025-11-25", &everything()).await;
    let told = session.call("tools/call", json!({ "name": "more" }), yes).await;
    expect!["11: error -32602: this request has asked 10 times and still lacks a usable answer; ask again from the start"].assert_eq(&format!("{}: {}", told.len(), told.last().unwrap()));
}

/// Answers that nobody asked for yet count for the first question of their key.
#[tokio::test(start_paused = true)]
async fn answers_without_a_state() {
    let mut told = String::new();
    for version in [MODERN, "2025-11-25"] {
        let (server, _) = server();
        let service: Arc<dyn Service> = Arc::new(Gate::to(&server, version).await);
        let params = json!({ "name": "name", "inputResponses": accepted("Eve") });
        let said = ask(&service, "ada", &params).await;
        let asks = said["result"]["inputRequests"].is_object();
        let said = if asks { "asks".to_owned() } else { shown(&said) };
        writeln!(told, "{version}: {said}").unwrap();
    }
    expect![[r#"
        2026-07-28: hello Eve
        2025-11-25: hello Eve
    "#]]
    .assert_eq(&told);
}

/// A session's client can bring no answers but to questions of its own.
#[tokio::test(start_paused = true)]
async fn a_session_brings_no_answers_with_its_calls() {
    let (server, _) = server();
    let service: Arc<dyn Service> = Arc::new(Gate::to(&server, MODERN).await);
    let mut session = Session::open(&service, "2025-11-25", &everything()).await;
    let params = json!({ "name": "name", "inputResponses": accepted("Eve"), "requestState": "x" });
    let told = session.call("tools/call", params, yes).await;
    assert_eq!(told, ["name: elicitation/create", "hello Ada"]);
    assert_eq!(modern(&service, "tools/call", json!({ "name": "echo" }), yes).await, ["echo"]);
}
