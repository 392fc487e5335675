//! All pairs: callers of every protocol version, servers of every one, every kind of question.

use super::callers::{Answers, MODERN, SESSIONS, Session, modern, no, yes};
use super::gate::{Gate, everything};
use super::servers::server;
use crate::service::Service;
use expect_test::{Expect, expect};
use serde_json::{Value, json};
use std::fmt::Write;
use std::sync::Arc;

const CALLS: [(&str, &str); 10] = [
    ("tools/call", "echo"),
    ("tools/call", "name"),
    ("tools/call", "names"),
    ("tools/call", "visit"),
    ("tools/call", "model"),
    ("tools/call", "where"),
    ("tools/call", "journey"),
    ("tools/call", "chat"),
    ("prompts/get", "greet"),
    ("resources/read", "note:1"),
];

async fn gate(version: &str) -> (Arc<Gate>, Arc<dyn Service>) {
    let (server, _) = server();
    let gate = Arc::new(Gate::to(&server, version).await);
    (gate.clone(), gate)
}

fn params(method: &str, name: &str) -> Value {
    if method == "resources/read" { json!({ "uri": name }) } else { json!({ "name": name }) }
}

async fn walk(caller: &str, to: &str, answers: Answers) -> String {
    let (gate, service) = gate(to).await;
    let mut told = String::new();
    for (method, name) in CALLS {
        let params = params(method, name);
        let said = if caller == MODERN {
            modern(&service, method, params, answers).await
        } else {
            let mut session = Session::open(&service, caller, &everything()).await;
            session.call(method, params, answers).await
        };
        writeln!(told, "{name}: {}", said.join(" | ")).unwrap();
        assert_eq!((gate.bridge.parked(), gate.leases()), (0, 0), "{name}");
    }
    told
}

async fn check(callers: &[&str], servers: &[&str], answers: Answers, expected: Expect) {
    let mut first: Option<String> = None;
    for caller in callers {
        for server in servers {
            let walked = walk(caller, server, answers).await;
            match &first {
                None => {
                    expected.assert_eq(&walked);
                    first = Some(walked);
                }
                Some(first) => assert_eq!(&walked, first, "{caller} to {server}"),
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn both_without_sessions() {
    check(&[MODERN], &[MODERN], yes, expect![[r#"
        echo: echo
        name: name: elicitation/create | hello Ada
        names: first: elicitation/create | second: elicitation/create | hello Ada and Ada
        visit: door: elicitation/create url | Accept
        model: model: sampling/createMessage | tiny
        where: where: roots/list | file:///home
        journey: progress 1 | first: elicitation/create | progress 1 | progress 2 | model: sampling/createMessage | progress 1 | progress 2 | progress 3 | where: roots/list | progress 1 | progress 2 | progress 3 | progress 4 | second: elicitation/create | progress 1 | progress 2 | progress 3 | progress 4 | progress 5 | Ada tiny file:///home Ada
        chat: progress 0.5 | log "careful" | progress 1 | said it all
        greet: name: elicitation/create | Say hello to Ada.
        note:1: name: elicitation/create | Ada
    "#]]).await;
}

#[tokio::test(start_paused = true)]
async fn from_a_caller_without_a_session_to_a_server_with_one() {
    check(&[MODERN], &["2025-11-25"], yes, expect![[r#"
        echo: echo
        name: name: elicitation/create | hello Ada
        names: first: elicitation/create | second: elicitation/create | hello Ada and Ada
        visit: door: elicitation/create url | Accept
        model: model: sampling/createMessage | tiny
        where: where: roots/list | file:///home
        journey: progress 1 | first: elicitation/create | progress 2 | model: sampling/createMessage | progress 3 | where: roots/list | progress 4 | second: elicitation/create | progress 5 | Ada tiny file:///home Ada
        chat: log "careful" | progress 0.5 | progress 1 | said it all
        greet: name: elicitation/create | Say hello to Ada.
        note:1: name: elicitation/create | Ada
    "#]]).await;
}

#[tokio::test(start_paused = true)]
async fn from_a_caller_with_a_session_to_a_server_without_one() {
    check(&["2025-11-25"], &[MODERN], yes, expect![[r#"
        echo: echo
        name: name: elicitation/create | hello Ada
        names: first: elicitation/create | second: elicitation/create | hello Ada and Ada
        visit: door: elicitation/create url | complete | Accept
        model: model: sampling/createMessage | tiny
        where: where: roots/list | file:///home
        journey: progress 1 | first: elicitation/create | progress 2 | model: sampling/createMessage | progress 3 | where: roots/list | progress 4 | second: elicitation/create | progress 5 | Ada tiny file:///home Ada
        chat: progress 0.5 | log "careful" | progress 1 | said it all
        greet: name: elicitation/create | Say hello to Ada.
        note:1: name: elicitation/create | Ada
    "#]]).await;
}

#[tokio::test(start_paused = true)]
async fn both_with_sessions() {
    check(&["2025-11-25"], &["2025-11-25"], yes, expect![[r#"
        echo: echo
        name: name: elicitation/create | hello Ada
        names: first: elicitation/create | second: elicitation/create | hello Ada and Ada
        visit: door: elicitation/create url | complete | Accept
        model: model: sampling/createMessage | tiny
        where: where: roots/list | file:///home
        journey: progress 1 | first: elicitation/create | progress 2 | model: sampling/createMessage | progress 3 | where: roots/list | progress 4 | second: elicitation/create | progress 5 | Ada tiny file:///home Ada
        chat: log "careful" | progress 0.5 | progress 1 | said it all
        greet: name: elicitation/create | Say hello to Ada.
        note:1: name: elicitation/create | Ada
    "#]]).await;
}
