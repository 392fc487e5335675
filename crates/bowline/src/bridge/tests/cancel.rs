//! Callers that give up, at every step.

use super::callers::{MODERN, Session, modern, request, send, yes};
use super::gate::{Gate, everything};
use super::servers::server;
use crate::service::Service;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// Lets everything else go on.
async fn settle() {
    tokio::time::sleep(Duration::from_millis(50)).await;
}

/// A caller with a session cancels at each of four questions: its question is withdrawn, the server's handler is gone.
#[tokio::test(start_paused = true)]
async fn a_session_cancels_at_every_step() {
    for to in [MODERN, "2025-11-25", "2025-06-18"] {
        for step in 0..4 {
            let (server, alive) = server();
            let gate = Arc::new(Gate::to(&server, to).await);
            let service: Arc<dyn Service> = gate.clone();
            let mut session = Session::open(&service, "2025-11-25", &everything()).await;
            let id = session.begin("tools/call", json!({ "name": "journey" })).await;
            for _ in 0..step {
                let asked = session.next().await;
                session.answer(&asked, yes).await;
            }
            session.next().await;
            let params = json!({ "requestId": id });
            let cancel =
                json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": params });
            session.say(&cancel).await;
            assert_eq!(session.hear().await, ["cancelled"], "{to} {step}");
            assert_eq!((alive.now(), gate.leases()), (0, 0), "{to} {step}");
            // And everything is as before.
            let call = session.call("tools/call", json!({ "name": "name" }), yes).await;
            assert_eq!(call.last().unwrap(), "hello Ada", "{to} {step}");
        }
    }
}

/// A caller without a session is gone before each answer.
#[tokio::test(start_paused = true)]
async fn a_request_is_dropped_at_every_step() {
    for step in 0..4 {
        let (server, alive) = server();
        let gate = Arc::new(Gate::to(&server, "2025-11-25").await);
        let service: Arc<dyn Service> = gate.clone();
        let mut params = json!({ "name": "journey" });
        for _ in 0..step {
            let text = request("tools/call", params.clone(), &everything());
            let (_, response) = send(&service, "ada", text).await;
            let requests = response["result"]["inputRequests"].as_object().unwrap();
            let answers: serde_json::Map<String, Value> = requests
                .iter()
                .map(|(key, asked)| {
                    (key.clone(), yes(asked["method"].as_str().unwrap(), &asked["params"]))
                })
                .collect();
            params["inputResponses"] = answers.into();
            params["requestState"] = response["result"]["requestState"].clone();
        }
        let text = request("tools/call", params.clone(), &everything());
        let gone = tokio::time::timeout(Duration::from_millis(5), send(&service, "ada", text));
        assert!(gone.await.is_err());
        settle().await;
        let left = (alive.now(), gate.leases(), gate.bridge.parked());
        assert_eq!(left, (0, 0, 0), "{step}");
        let call = modern(&service, "tools/call", json!({ "name": "name" }), yes).await;
        assert_eq!(call.last().unwrap(), "hello Ada", "{step}");
    }
}

/// A server that gives its question up withdraws it from whom it was handed on to.
#[tokio::test(start_paused = true)]
async fn a_question_that_is_given_up_is_withdrawn() {
    let (server, _) = server();
    let service: Arc<dyn Service> = Arc::new(Gate::to(&server, "2025-11-25").await);
    let mut session = Session::open(&service, "2025-11-25", &everything()).await;
    session.begin("tools/call", json!({ "name": "impatient" })).await;
    let asked = session.next().await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(session.hear().await, ["cancelled", "nobody there"]);
    // Too late.
    session.answer(&asked, yes).await;
    assert!(session.hear().await.is_empty());
}

/// A session that ends takes its calls with it.
#[tokio::test(start_paused = true)]
async fn a_session_that_ends_takes_its_calls_with_it() {
    let (server, alive) = server();
    let gate = Arc::new(Gate::to(&server, "2025-11-25").await);
    let service: Arc<dyn Service> = gate.clone();
    let mut session = Session::open(&service, "2025-11-25", &everything()).await;
    session.begin("tools/call", json!({ "name": "name" })).await;
    session.next().await;
    drop(session);
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!((alive.now(), gate.leases()), (0, 0));
}
