//! All pairs: callers of every protocol version, servers of every one, every kind of question.

use super::callers::{Answers, MODERN, SESSIONS, Session, modern, modern_with, no, yes};
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
    let mut told = String::new();
    for (method, name) in CALLS {
        let (gate, service) = gate(to).await;
        let params = params(method, name);
        let mut said = if caller == MODERN {
            modern(&service, method, params, answers).await
        } else {
            let mut session = Session::open(&service, caller, &everything()).await;
            session.call(method, params, answers).await
        };
        if name == "chat" {
            // On a shared stream logs and progress come two ways.
            said.sort();
        }
        writeln!(told, "{name}: {}", said.join(" | ")).unwrap();
        let waits = usize::from(said.last().is_some_and(|last| last == "gave up"));
        if to == MODERN {
            continue;
        }
        assert_eq!((gate.bridge.parked(), gate.leases()), (waits, waits), "{name}");
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
        chat: log "careful" | progress 0.5 | progress 1 | said it all
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
async fn from_a_caller_with_a_session_to_a_server_with_one_or_without() {
    check(&["2025-11-25"], &[MODERN, "2025-11-25"], yes, expect![[r#"
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

#[tokio::test(start_paused = true)]
async fn a_person_who_says_no_to_a_caller_without_a_session() {
    check(&[MODERN], &[MODERN], no, expect![[r#"
        echo: echo
        name: name: elicitation/create | failed: the user declined `name`
        names: first: elicitation/create | second: elicitation/create | failed: the user declined `first`
        visit: door: elicitation/create url | Decline
        model: model: sampling/createMessage | gave up
        where: where: roots/list | gave up
        journey: progress 1 | first: elicitation/create | progress 1 | failed: the user declined `first`
        chat: log "careful" | progress 0.5 | progress 1 | said it all
        greet: name: elicitation/create | error -32603: the user declined `name`
        note:1: name: elicitation/create | error -32603: the user declined `name`
    "#]]).await;
}

/// As before, but for a handler that goes on where it was and does not begin again.
#[tokio::test(start_paused = true)]
async fn a_person_who_says_no_to_a_caller_without_a_session_of_a_server_with_one() {
    check(&[MODERN], &["2025-11-25"], no, expect![[r#"
        echo: echo
        name: name: elicitation/create | failed: the user declined `name`
        names: first: elicitation/create | second: elicitation/create | failed: the user declined `first`
        visit: door: elicitation/create url | Decline
        model: model: sampling/createMessage | gave up
        where: where: roots/list | gave up
        journey: progress 1 | first: elicitation/create | failed: the user declined `first`
        chat: log "careful" | progress 0.5 | progress 1 | said it all
        greet: name: elicitation/create | error -32603: the user declined `name`
        note:1: name: elicitation/create | error -32603: the user declined `name`
    "#]]).await;
}

#[tokio::test(start_paused = true)]
async fn a_person_who_says_no_to_a_caller_with_a_session() {
    check(&["2025-11-25"], &[MODERN, "2025-11-25"], no, expect![[r#"
        echo: echo
        name: name: elicitation/create | failed: the user declined `name`
        names: first: elicitation/create | second: elicitation/create | failed: the user declined `first`
        visit: door: elicitation/create url | Decline
        model: model: sampling/createMessage | failed: the user declined `model`
        where: where: roots/list | failed: the user declined `where`
        journey: progress 1 | first: elicitation/create | failed: the user declined `first`
        chat: log "careful" | progress 0.5 | progress 1 | said it all
        greet: name: elicitation/create | error -32603: the user declined `name`
        note:1: name: elicitation/create | error -32603: the user declined `name`
    "#]]).await;
}

#[tokio::test(start_paused = true)]
async fn callers_that_declare_nothing() {
    let mut told = String::new();
    for caller in [MODERN, "2025-11-25"] {
        for to in [MODERN, "2025-11-25", "2025-06-18"] {
            let (gate, service) = gate(to).await;
            write!(told, "{caller} to {to}:").unwrap();
            for (method, name) in CALLS {
                let params = params(method, name);
                let said = if caller == MODERN {
                    modern_with(&service, method, params, yes, &json!({})).await
                } else {
                    let mut session = Session::open(&service, caller, &json!({})).await;
                    session.call(method, params, yes).await
                };
                write!(told, " {name} {};", short(said.last().unwrap())).unwrap();
                if to != MODERN {
                    assert_eq!((gate.bridge.parked(), gate.leases()), (0, 0), "{name}");
                }
            }
            told.push('\n');
        }
    }
    expect![[r#"
        2026-07-28 to 2026-07-28: echo "echo"; name -32021 {"elicitation":{"form":{}}}; names -32021 {"elicitation":{"form":{}}}; visit -32021 {"elicitation":{"url":{}}}; model -32021 {"sampling":{}}; where -32021 {"roots":{}}; journey -32021 {"elicitation":{"form":{}}}; chat "said it all"; greet -32021 {"elicitation":{"form":{}}}; note:1 -32021 {"elicitation":{"form":{}}};
        2026-07-28 to 2025-11-25: echo "echo"; name -32021 {"elicitation":{"form":{}}}; names -32021 {"elicitation":{"form":{}}}; visit -32021 {"elicitation":{"url":{}}}; model -32021 {"sampling":{}}; where -32021 {"roots":{}}; journey -32021 {"elicitation":{"form":{}}}; chat "said it all"; greet -32021 {"elicitation":{"form":{}}}; note:1 -32021 {"elicitation":{"form":{}}};
        2026-07-28 to 2025-06-18: echo "echo"; name -32021 {"elicitation":{"form":{}}}; names -32021 {"elicitation":{"form":{}}}; visit unknown to the server; model -32021 {"sampling":{}}; where -32021 {"roots":{}}; journey -32021 {"elicitation":{"form":{}}}; chat "said it all"; greet -32021 {"elicitation":{"form":{}}}; note:1 -32021 {"elicitation":{"form":{}}};
        2025-11-25 to 2026-07-28: echo "echo"; name -32602 {"elicitation":{"form":{}}}; names -32602 {"elicitation":{"form":{}}}; visit -32602 {"elicitation":{"url":{}}}; model -32602 {"sampling":{}}; where -32602 {"roots":{}}; journey -32602 {"elicitation":{"form":{}}}; chat "said it all"; greet -32602 {"elicitation":{"form":{}}}; note:1 -32602 {"elicitation":{"form":{}}};
        2025-11-25 to 2025-11-25: echo "echo"; name -32602 {"elicitation":{"form":{}}}; names -32602 {"elicitation":{"form":{}}}; visit -32602 {"elicitation":{"url":{}}}; model -32602 {"sampling":{}}; where -32602 {"roots":{}}; journey -32602 {"elicitation":{"form":{}}}; chat "said it all"; greet -32602 {"elicitation":{"form":{}}}; note:1 -32602 {"elicitation":{"form":{}}};
        2025-11-25 to 2025-06-18: echo "echo"; name -32602 {"elicitation":{"form":{}}}; names -32602 {"elicitation":{"form":{}}}; visit unknown to the server; model -32602 {"sampling":{}}; where -32602 {"roots":{}}; journey -32602 {"elicitation":{"form":{}}}; chat "said it all"; greet -32602 {"elicitation":{"form":{}}}; note:1 -32602 {"elicitation":{"form":{}}};
    "#]].assert_eq(&told);
}

/// What older protocol versions lack, by what each call ends with.
#[tokio::test(start_paused = true)]
async fn every_protocol_version_with_every_other() {
    let mut told = String::new();
    for caller in SESSIONS.into_iter().chain([MODERN]) {
        for to in SESSIONS.into_iter().chain([MODERN]) {
            write!(told, "{caller} to {to}:").unwrap();
            for line in walk(caller, to, yes).await.lines() {
                let (name, said) = line.split_once(": ").unwrap();
                let end = said.rsplit(" | ").next().unwrap();
                // A resource has a colon in its name.
                let end = end.strip_prefix("1: ").unwrap_or(end);
                write!(told, " {name} {};", short(end)).unwrap();
            }
            told.push('\n');
        }
    }
    expect![[r#"
        2024-11-05 to 2024-11-05: echo "echo"; name unknown to the server; names unknown to the server; visit unknown to the server; model "tiny"; where "file:///home"; journey unknown to the server; chat "said it all"; greet unknown to the server; note:1 unknown to the server;
        2024-11-05 to 2025-03-26: echo "echo"; name unknown to the server; names unknown to the server; visit unknown to the server; model "tiny"; where "file:///home"; journey unknown to the server; chat "said it all"; greet unknown to the server; note:1 unknown to the server;
        2024-11-05 to 2025-06-18: echo "echo"; name -32602 {"elicitation":{"form":{}}}; names -32602 {"elicitation":{"form":{}}}; visit unknown to the server; model "tiny"; where "file:///home"; journey -32602 {"elicitation":{"form":{}}}; chat "said it all"; greet -32602 {"elicitation":{"form":{}}}; note:1 -32602 {"elicitation":{"form":{}}};
        2024-11-05 to 2025-11-25: echo "echo"; name -32602 {"elicitation":{"form":{}}}; names -32602 {"elicitation":{"form":{}}}; visit -32602 {"elicitation":{"url":{}}}; model "tiny"; where "file:///home"; journey -32602 {"elicitation":{"form":{}}}; chat "said it all"; greet -32602 {"elicitation":{"form":{}}}; note:1 -32602 {"elicitation":{"form":{}}};
        2024-11-05 to 2026-07-28: echo "echo"; name -32602 {"elicitation":{"form":{}}}; names -32602 {"elicitation":{"form":{}}}; visit -32602 {"elicitation":{"url":{}}}; model "tiny"; where "file:///home"; journey -32602 {"elicitation":{"form":{}}}; chat "said it all"; greet -32602 {"elicitation":{"form":{}}}; note:1 -32602 {"elicitation":{"form":{}}};
        2025-03-26 to 2024-11-05: echo "echo"; name unknown to the server; names unknown to the server; visit unknown to the server; model "tiny"; where "file:///home"; journey unknown to the server; chat "said it all"; greet unknown to the server; note:1 unknown to the server;
        2025-03-26 to 2025-03-26: echo "echo"; name unknown to the server; names unknown to the server; visit unknown to the server; model "tiny"; where "file:///home"; journey unknown to the server; chat "said it all"; greet unknown to the server; note:1 unknown to the server;
        2025-03-26 to 2025-06-18: echo "echo"; name -32602 {"elicitation":{"form":{}}}; names -32602 {"elicitation":{"form":{}}}; visit unknown to the server; model "tiny"; where "file:///home"; journey -32602 {"elicitation":{"form":{}}}; chat "said it all"; greet -32602 {"elicitation":{"form":{}}}; note:1 -32602 {"elicitation":{"form":{}}};
        2025-03-26 to 2025-11-25: echo "echo"; name -32602 {"elicitation":{"form":{}}}; names -32602 {"elicitation":{"form":{}}}; visit -32602 {"elicitation":{"url":{}}}; model "tiny"; where "file:///home"; journey -32602 {"elicitation":{"form":{}}}; chat "said it all"; greet -32602 {"elicitation":{"form":{}}}; note:1 -32602 {"elicitation":{"form":{}}};
        2025-03-26 to 2026-07-28: echo "echo"; name -32602 {"elicitation":{"form":{}}}; names -32602 {"elicitation":{"form":{}}}; visit -32602 {"elicitation":{"url":{}}}; model "tiny"; where "file:///home"; journey -32602 {"elicitation":{"form":{}}}; chat "said it all"; greet -32602 {"elicitation":{"form":{}}}; note:1 -32602 {"elicitation":{"form":{}}};
        2025-06-18 to 2024-11-05: echo "echo"; name unknown to the server; names unknown to the server; visit unknown to the server; model "tiny"; where "file:///home"; journey unknown to the server; chat "said it all"; greet unknown to the server; note:1 unknown to the server;
        2025-06-18 to 2025-03-26: echo "echo"; name unknown to the server; names unknown to the server; visit unknown to the server; model "tiny"; where "file:///home"; journey unknown to the server; chat "said it all"; greet unknown to the server; note:1 unknown to the server;
        2025-06-18 to 2025-06-18: echo "echo"; name "hello Ada"; names "hello Ada and Ada"; visit unknown to the server; model "tiny"; where "file:///home"; journey "Ada tiny file:///home Ada"; chat "said it all"; greet "Say hello to Ada."; note:1 "Ada";
        2025-06-18 to 2025-11-25: echo "echo"; name "hello Ada"; names "hello Ada and Ada"; visit -32602 {"elicitation":{"url":{}}}; model "tiny"; where "file:///home"; journey "Ada tiny file:///home Ada"; chat "said it all"; greet "Say hello to Ada."; note:1 "Ada";
        2025-06-18 to 2026-07-28: echo "echo"; name "hello Ada"; names "hello Ada and Ada"; visit -32602 {"elicitation":{"url":{}}}; model "tiny"; where "file:///home"; journey "Ada tiny file:///home Ada"; chat "said it all"; greet "Say hello to Ada."; note:1 "Ada";
        2025-11-25 to 2024-11-05: echo "echo"; name unknown to the server; names unknown to the server; visit unknown to the server; model "tiny"; where "file:///home"; journey unknown to the server; chat "said it all"; greet unknown to the server; note:1 unknown to the server;
        2025-11-25 to 2025-03-26: echo "echo"; name unknown to the server; names unknown to the server; visit unknown to the server; model "tiny"; where "file:///home"; journey unknown to the server; chat "said it all"; greet unknown to the server; note:1 unknown to the server;
        2025-11-25 to 2025-06-18: echo "echo"; name "hello Ada"; names "hello Ada and Ada"; visit unknown to the server; model "tiny"; where "file:///home"; journey "Ada tiny file:///home Ada"; chat "said it all"; greet "Say hello to Ada."; note:1 "Ada";
        2025-11-25 to 2025-11-25: echo "echo"; name "hello Ada"; names "hello Ada and Ada"; visit "Accept"; model "tiny"; where "file:///home"; journey "Ada tiny file:///home Ada"; chat "said it all"; greet "Say hello to Ada."; note:1 "Ada";
        2025-11-25 to 2026-07-28: echo "echo"; name "hello Ada"; names "hello Ada and Ada"; visit "Accept"; model "tiny"; where "file:///home"; journey "Ada tiny file:///home Ada"; chat "said it all"; greet "Say hello to Ada."; note:1 "Ada";
        2026-07-28 to 2024-11-05: echo "echo"; name unknown to the server; names unknown to the server; visit unknown to the server; model "tiny"; where "file:///home"; journey unknown to the server; chat "said it all"; greet unknown to the server; note:1 unknown to the server;
        2026-07-28 to 2025-03-26: echo "echo"; name unknown to the server; names unknown to the server; visit unknown to the server; model "tiny"; where "file:///home"; journey unknown to the server; chat "said it all"; greet unknown to the server; note:1 unknown to the server;
        2026-07-28 to 2025-06-18: echo "echo"; name "hello Ada"; names "hello Ada and Ada"; visit unknown to the server; model "tiny"; where "file:///home"; journey "Ada tiny file:///home Ada"; chat "said it all"; greet "Say hello to Ada."; note:1 "Ada";
        2026-07-28 to 2025-11-25: echo "echo"; name "hello Ada"; names "hello Ada and Ada"; visit "Accept"; model "tiny"; where "file:///home"; journey "Ada tiny file:///home Ada"; chat "said it all"; greet "Say hello to Ada."; note:1 "Ada";
        2026-07-28 to 2026-07-28: echo "echo"; name "hello Ada"; names "hello Ada and Ada"; visit "Accept"; model "tiny"; where "file:///home"; journey "Ada tiny file:///home Ada"; chat "said it all"; greet "Say hello to Ada."; note:1 "Ada";
    "#]].assert_eq(&told);
}

/// The end of a call, in a word or two.
fn short(end: &str) -> String {
    let code = end.strip_prefix("error ").and_then(|rest| rest.split(':').next());
    let required = end.find("requiredCapabilities\":").map(|at| &end[at + 22..end.len() - 1]);
    match (code, required) {
        (Some(code), Some(required)) => format!("{code} {required}"),
        _ if end.contains("does not exist in protocol version") => {
            "unknown to the server".to_owned()
        }
        (Some(code), None) => code.to_owned(),
        (None, _) => format!("{end:?}"),
    }
}
