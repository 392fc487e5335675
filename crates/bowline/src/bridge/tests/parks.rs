//! Calls that wait for callers without sessions, at a server that has them.

use super::callers::{request, send, shown};
use super::gate::{Gate, everything};
use super::servers::{Alive, server};
use crate::service::Service;
use bowline_protocol::limits::Limits;
use expect_test::expect;
use serde_json::{Value, json};
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

async fn open() -> (Arc<Gate>, Arc<dyn Service>, Alive) {
    let (server, alive) = server();
    let gate = Arc::new(Gate::to(&server, "2025-11-25").await);
    (gate.clone(), gate, alive)
}

fn call(name: &str) -> Value {
    json!({ "name": name, "arguments": { "a": 1 } })
}

async fn ask(service: &Arc<dyn Service>, who: &str, params: &Value) -> Value {
    send(service, who, request("tools/call", params.clone(), &everything())).await.1
}

fn retry(params: &Value, response: &Value, answers: Value) -> Value {
    let mut params = params.clone();
    params["requestState"] = response["result"]["requestState"].clone();
    params["inputResponses"] = answers;
    params
}

fn accepted(name: &str) -> Value {
    json!({ "action": "accept", "content": { "name": name } })
}

/// Lets everything else go on.
async fn settle() {
    tokio::time::sleep(Duration::from_millis(50)).await;
}

#[tokio::test(start_paused = true)]
async fn a_state_is_good_for_its_request_and_for_one_time() {
    let (gate, service, alive) = open().await;
    let asked = ask(&service, "ada", &call("name")).await;
    assert_eq!((gate.bridge.parked(), alive.now(), gate.leases()), (1, 1, 1));
    let good = retry(&call("name"), &asked, json!({ "name": accepted("Ada") }));
    let mut told = String::new();
    let with = |key: &str, value: Value| {
        let mut params = good.clone();
        params[key] = value;
        params
    };
    let text = good["requestState"].as_str().unwrap();
    let mut tampered = text.to_owned();
    tampered.replace_range(30..31, if &text[30..31] == "A" { "B" } else { "A" });
    for (what, who, params) in [
        ("by another principal", "eve", good.clone()),
        ("for another tool", "ada", with("name", json!("names"))),
        ("with other arguments", "ada", with("arguments", json!({ "a": 2 }))),
        ("tampered with", "ada", with("requestState", json!(tampered))),
        ("made up", "ada", with("requestState", json!("state"))),
        ("no string", "ada", with("requestState", json!(5))),
        ("good, arguments written otherwise", "ada", with("arguments", json!({ "a": 1.0 }))),
        ("again", "ada", good.clone()),
    ] {
        writeln!(told, "{what}: {}", shown(&ask(&service, who, &params).await)).unwrap();
    }
    expect![[r#"
        by another principal: error -32602: requestState is not valid for this request; ask again from the start
        for another tool: error -32602: requestState is not valid for this request; ask again from the start
        with other arguments: error -32602: requestState is not valid for this request; ask again from the start
        tampered with: error -32602: requestState is not valid for this request; ask again from the start
        made up: error -32602: requestState is not valid for this request; ask again from the start
        no string: error -32602: params.requestState: expected a string
        good, arguments written otherwise: hello Ada
        again: error -32602: requestState is not valid for this request; ask again from the start
    "#]].assert_eq(&told);
    settle().await;
    assert_eq!((gate.bridge.parked(), alive.now(), gate.leases()), (0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_state_of_an_earlier_round_is_used() {
    let (gate, service, alive) = open().await;
    let first = ask(&service, "ada", &call("journey")).await;
    let good = retry(&call("journey"), &first, json!({ "first": accepted("Ada") }));
    let second = ask(&service, "ada", &good).await;
    assert!(second["result"]["inputRequests"]["model"].is_object());
    let again = ask(&service, "ada", &good).await;
    assert_eq!(again["error"]["code"], -32602);
    assert_eq!((gate.bridge.parked(), alive.now()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_process_does_not_know_the_calls_of_another() {
    let (_, service, _) = open().await;
    let asked = ask(&service, "ada", &call("name")).await;
    let good = retry(&call("name"), &asked, json!({ "name": accepted("Ada") }));
    let (_, another, alive) = open().await;
    let told = shown(&ask(&another, "ada", &good).await);
    expect!["error -32602: requestState is not valid for this request; ask again from the start"]
        .assert_eq(&told);
    assert_eq!(alive.now(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_never_returns_is_waited_for_ten_minutes() {
    let (gate, service, alive) = open().await;
    let asked = ask(&service, "ada", &call("name")).await;
    tokio::time::sleep(599 * SECOND).await;
    assert_eq!((gate.bridge.parked(), alive.now(), gate.leases()), (1, 1, 1));
    tokio::time::sleep(2 * SECOND).await;
    assert_eq!((gate.bridge.parked(), alive.now(), gate.leases()), (0, 0, 0));
    let good = retry(&call("name"), &asked, json!({ "name": accepted("Ada") }));
    assert_eq!(ask(&service, "ada", &good).await["error"]["code"], -32602);
    // The server serves the next one.
    assert_eq!(shown(&ask(&service, "ada", &call("echo")).await), "echo");
}

#[tokio::test(start_paused = true)]
async fn answers_that_are_none() {
    let mut told = String::new();
    for (what, answers) in [
        ("none", json!({})),
        ("of another question", json!({ "else": accepted("Ada") })),
        ("no object", json!([])),
        ("no object inside", json!({ "name": 5 })),
        ("no action", json!({ "name": { "content": { "name": "Ada" } } })),
        ("unknown action", json!({ "name": { "action": "maybe" } })),
        ("content that does not fit", json!({ "name": { "action": "accept", "content": {} } })),
        ("one too many", json!({ "name": accepted("Ada"), "else": 5 })),
    ] {
        let (gate, service, alive) = open().await;
        let asked = ask(&service, "ada", &call("name")).await;
        let answer = ask(&service, "ada", &retry(&call("name"), &asked, answers)).await;
        settle().await;
        let left = (gate.bridge.parked(), alive.now(), gate.leases());
        let keys =
            answer["result"]["inputRequests"].as_object().map(|all| all.keys().collect::<Vec<_>>());
        let answer =
            keys.map_or_else(|| shown(&answer), |keys| format!("asked again for {keys:?}"));
        writeln!(told, "{what}: {answer} {left:?}").unwrap();
    }
    expect![[r#"
        none: asked again for ["name"] (1, 1, 1)
        of another question: asked again for ["name"] (1, 1, 1)
        no object: error -32602: params.inputResponses: expected an object (0, 0, 0)
        no object inside: error -32602: params.inputResponses.name: expected an object (0, 0, 0)
        no action: error -32602: params.inputResponses.name: action: missing field (0, 0, 0)
        unknown action: error -32602: params.inputResponses.name: unknown action "maybe" (0, 0, 0)
        content that does not fit: error -32602: the answer to question `name` is not usable: content.name: missing (0, 0, 0)
        one too many: hello Ada (0, 0, 0)
    "#]].assert_eq(&told);
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_never_answers_is_not_asked_for_ever() {
    let (gate, service, alive) = open().await;
    let mut asked = ask(&service, "ada", &call("name")).await;
    let mut rounds = 1;
    while asked["error"].is_null() {
        asked = ask(&service, "ada", &retry(&call("name"), &asked, json!({}))).await;
        rounds += 1;
    }
    expect!["11: error -32602: this request has asked 10 times and still lacks a usable answer; ask again from the start"].assert_eq(&format!("{rounds}: {}", shown(&asked)));
    settle().await;
    assert_eq!((gate.bridge.parked(), alive.now(), gate.leases()), (0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn half_of_the_answers_is_kept_and_the_other_half_asked_for_again() {
    let (_, service, _) = open().await;
    let asked = ask(&service, "ada", &call("names")).await;
    let half = retry(&call("names"), &asked, json!({ "second": accepted("Eve") }));
    let asked = ask(&service, "ada", &half).await;
    let keys: Vec<_> = asked["result"]["inputRequests"].as_object().unwrap().keys().collect();
    assert_eq!(keys, ["first"]);
    let rest = retry(&call("names"), &asked, json!({ "first": accepted("Ada") }));
    assert_eq!(shown(&ask(&service, "ada", &rest).await), "hello Ada and Eve");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_wait_has_answered_by_the_time_its_caller_comes_back() {
    let (gate, service, _) = open().await;
    let asked = ask(&service, "ada", &call("impatient")).await;
    tokio::time::sleep(2 * SECOND).await;
    // The answer waits, and the server is free for others.
    assert_eq!((gate.bridge.parked(), gate.leases()), (1, 0));
    assert_eq!(shown(&ask(&service, "eve", &call("echo")).await), "echo");
    let late = retry(&call("impatient"), &asked, json!({ "name": accepted("Ada") }));
    assert_eq!(shown(&ask(&service, "ada", &late).await), "nobody there");
    assert_eq!(gate.bridge.parked(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_goes_while_its_answers_are_delivered_takes_the_call_with_it() {
    let (gate, service, alive) = open().await;
    let asked = ask(&service, "ada", &call("journey")).await;
    let good = retry(&call("journey"), &asked, json!({ "first": accepted("Ada") }));
    let text = request("tools/call", good, &everything());
    let gone = tokio::time::timeout(Duration::from_millis(10), send(&service, "ada", text)).await;
    assert!(gone.is_err());
    settle().await;
    assert_eq!((gate.bridge.parked(), alive.now(), gate.leases()), (0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn closing_cancels_all_that_wait() {
    let (gate, service, alive) = open().await;
    let asked = ask(&service, "ada", &call("name")).await;
    gate.bridge.close();
    settle().await;
    assert_eq!((gate.bridge.parked(), alive.now(), gate.leases()), (0, 0, 0));
    let good = retry(&call("name"), &asked, json!({ "name": accepted("Ada") }));
    assert_eq!(ask(&service, "ada", &good).await["error"]["code"], -32602);
    let refused = shown(&ask(&service, "ada", &call("name")).await);
    expect!["error -31000: closing; no further call can wait for its caller"].assert_eq(&refused);
    settle().await;
    assert_eq!((alive.now(), gate.leases()), (0, 0));
}

/// A lane each, as a host with as many instances has it.
#[tokio::test(start_paused = true)]
async fn so_many_calls_of_one_principal_wait_and_not_one_more() {
    let (server, alive) = server();
    let gate = Arc::new(Gate::to(&server, "2025-11-25").await);
    let most = Limits::default().parks_per_principal;
    let mut lanes: Vec<Arc<dyn Service>> = Vec::new();
    for _ in 0..=most + 1 {
        lanes.push(Arc::new(Gate::to(&server, "2025-11-25").await.beside(&gate)));
    }
    let mut asked = Vec::new();
    for lane in &lanes[..most] {
        asked.push(ask(lane, "ada", &call("name")).await);
    }
    assert_eq!((gate.bridge.parked(), alive.now()), (most, most));
    let refused = shown(&ask(&lanes[most], "ada", &call("name")).await);
    expect!["error -31000: too many calls wait for their callers already; answer them first"]
        .assert_eq(&refused);
    // Nobody else is kept from it.
    let other = ask(&lanes[most + 1], "eve", &call("name")).await;
    assert!(other["result"]["inputRequests"].is_object());
    for (at, (lane, asked)) in lanes.iter().zip(&asked).enumerate().rev() {
        let name = format!("caller {at}");
        let good = retry(&call("name"), asked, json!({ "name": accepted(&name) }));
        assert_eq!(shown(&ask(lane, "ada", &good).await), format!("hello {name}"));
    }
    assert_eq!((gate.bridge.parked(), alive.now()), (1, 1));
}
