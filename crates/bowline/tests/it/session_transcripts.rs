//! Whole sessions of every older protocol version, through a real server: `->` from the client, `<-` from the server.

use crate::session_server::server;
use crate::session_wire::{Client, named};
use bowline::protocol::limits::Limits;
use expect_test::{ExpectFile, expect_file};
use serde_json::json;

async fn check(version: &str, golden: ExpectFile) {
    let (server, alive) = server();
    let mut client = Client::new(&server, Limits::local());
    opening(&mut client, version).await;
    catalogues(&mut client).await;
    calls(&mut client).await;
    questions(&mut client).await;
    changes(&mut client).await;
    faults(&mut client).await;
    client.request("ping", &json!({})).await;
    client.end_input().await;
    client.running.wait().await.unwrap();
    assert_eq!((alive.now(), server.listeners()), (0, 0));
    let steps = client.transcript.lines().count();
    assert!(steps >= 40, "{steps} steps are too few to mean anything");
    golden.assert_eq(&client.transcript);
}

async fn opening(client: &mut Client, version: &str) {
    client.request("tools/list", &json!({})).await;
    client.request("ping", &json!({})).await;
    client.hear().await;
    client.initialize(version).await;
    client.request("ping", &json!({})).await;
    client.notify("notifications/initialized", &json!({})).await;
    client.hear().await;
    client.initialize(version).await;
}

async fn catalogues(client: &mut Client) {
    for (method, params) in [
        ("tools/list", json!({ "cursor": "unknown" })),
        ("prompts/list", json!({})),
        ("prompts/get", json!({ "name": "greet" })),
        ("resources/list", json!({})),
        ("resources/read", json!({ "uri": "note:1" })),
        ("resources/read", json!({ "uri": "note:3" })),
        ("server/discover", json!({})),
        ("com.example/own", json!({})),
    ] {
        client.ask(method, &params).await;
    }
}

async fn calls(client: &mut Client) {
    client.call("echo").await;
    client.hear().await;
    let token = json!({ "name": "chat", "_meta": { "progressToken": "p" } });
    client.request("tools/call", &token).await;
    client.hear().await;
    client.ask("logging/setLevel", &json!({ "level": "error" })).await;
    client.call("chat").await;
    client.hear().await;
    client.ask("logging/setLevel", &json!({ "level": "loud" })).await;
    let hanging = client.call("hang").await;
    client.cancel(hanging).await;
    client.cancel(hanging).await;
    client.hear().await;
}

async fn questions(client: &mut Client) {
    client.call("name").await;
    for message in client.hear().await {
        if message["method"] == "elicitation/create" {
            client.answer(&message["id"], &named("Ada")).await;
            client.hear().await;
        }
    }
    client.call("sample").await;
    let asked = client.next().await;
    let said =
        json!({ "role": "assistant", "content": { "type": "text", "text": "me" }, "model": "m" });
    client.answer(&asked["id"], &said).await;
    client.hear().await;
    // One that is given up together with its call.
    let call = client.call("sample").await;
    client.hear().await;
    client.cancel(call).await;
    client.hear().await;
}

async fn changes(client: &mut Client) {
    client.ask("resources/subscribe", &json!({ "uri": "note:1" })).await;
    client.call("touch").await;
    client.hear().await;
    client.ask("resources/unsubscribe", &json!({ "uri": "note:1" })).await;
    client.call("touch").await;
    client.hear().await;
    client.call("grow").await;
    client.hear().await;
    client.notify("notifications/roots/list_changed", &json!({})).await;
    client.hear().await;
}

async fn faults(client: &mut Client) {
    for line in [
        "{",
        r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":"r","method":"roots/list"}"#,
        r#"{"jsonrpc":"2.0","id":4242,"result":{}}"#,
        "[]",
        r#"[{"jsonrpc":"2.0","id":"a","method":"ping"},{"jsonrpc":"2.0","id":"b","method":"tools/call","params":{"name":"echo"}}]"#,
    ] {
        client.say(line).await;
        client.hear().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_of_2024_11_05() {
    check("2024-11-05", expect_file!["../transcripts/session_2024-11-05.txt"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_session_of_2025_03_26() {
    check("2025-03-26", expect_file!["../transcripts/session_2025-03-26.txt"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_session_of_2025_06_18() {
    check("2025-06-18", expect_file!["../transcripts/session_2025-06-18.txt"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_session_of_2025_11_25() {
    check("2025-11-25", expect_file!["../transcripts/session_2025-11-25.txt"]).await;
}
