//! Calls without a stream.

use crate::link_wire::{Probe, call, request};
use bowline::transport::memory::{Exchange, answer};
use bowline::{Principal, Server};
use expect_test::expect;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

async fn ask(line: &str) -> (Probe, Exchange) {
    let probe = Probe::default();
    let service = Arc::new(probe.clone());
    let exchange = answer(service, line.to_owned(), Principal::anonymous()).await;
    (probe, exchange)
}

#[tokio::test(start_paused = true)]
async fn an_exchange_has_its_notifications_and_its_answer() {
    let (_, exchange) = ask(&call("7", "slow progress", 3)).await;
    assert_eq!(exchange.notifications.len(), 3);
    expect![[
        r#"{"jsonrpc":"2.0","id":7,"result":{"done":"slow progress","resultType":"complete"}}"#
    ]]
    .assert_eq(exchange.response.unwrap().as_str());
}

#[tokio::test(start_paused = true)]
async fn a_burst_of_progress_is_thinned_out_and_ends_with_the_last_one() {
    let (_, exchange) = ask(&call("7", "progress", 100)).await;
    assert_eq!(exchange.notifications.len(), 11);
    assert!(exchange.notifications[10].as_str().contains(r#""progress":100"#));
}

#[tokio::test(start_paused = true)]
async fn a_message_that_is_no_request_has_no_answer() {
    let (probe, exchange) =
        ask(r#"{"jsonrpc":"2.0","method":"notifications/roots/list_changed"}"#).await;
    assert!(exchange.response.is_none() && exchange.notifications.is_empty());
    assert_eq!(probe.notified(), 1);
    let (probe, exchange) = ask(r#"{"jsonrpc":"2.0","id":1,"result":{}}"#).await;
    assert!(exchange.response.is_none());
    assert_eq!((probe.notified(), probe.started()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_message_that_breaks_the_rules_is_refused_as_on_every_transport() {
    let (probe, exchange) = ask("{").await;
    expect![[
        r#"{"jsonrpc":"2.0","error":{"code":-32700,"message":"expected a member name at byte 1"}}"#
    ]]
    .assert_eq(exchange.response.unwrap().as_str());
    assert_eq!(probe.started(), 0);
}

#[tokio::test(start_paused = true)]
async fn dropping_the_future_cancels_the_call() {
    let probe = Probe::default();
    let asked = answer(Arc::new(probe.clone()), call("1", "hang", 0), Principal::anonymous());
    assert!(tokio::time::timeout(Duration::from_secs(5), asked).await.is_err());
    assert_eq!((probe.started(), probe.alive()), (1, 0));
}

#[tokio::test]
async fn a_server_answers_without_any_transport() {
    let server = Server::new("test", "1")
        .tool(bowline::types::tool::Tool::new("hello"), || async { "hello" });
    let message = request("1", "tools/call", &json!({ "name": "hello" }));
    let exchange = answer(Arc::new(server), message, Principal::anonymous()).await;
    expect![[r#"{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"hello"}],"resultType":"complete","_meta":{"io.modelcontextprotocol/serverInfo":{"name":"test","version":"1"}}}}"#]].assert_eq(exchange.response.unwrap().as_str());
}
