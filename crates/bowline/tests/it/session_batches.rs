//! Several messages in one line, in the one protocol version that has that.

use crate::session_server::server;
use crate::session_wire::{Client, VERSIONS, notification, outcome, request};
use bowline::protocol::limits::Limits;
use expect_test::expect;
use serde_json::{Value, json};
use std::fmt::Write;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);
const VERSION: &str = "2025-03-26";

async fn open() -> Client {
    Client::open(&server().0, Limits::local(), VERSION).await
}

fn call(id: u64, tool: &str) -> String {
    request(id, "tools/call", &json!({ "name": tool }))
}

fn batch(messages: &[String]) -> String {
    format!("[{}]", messages.join(","))
}

/// What one message says, shortly.
fn short(message: &Value) -> String {
    match message {
        Value::Array(all) => format!("[{}]", all.iter().map(short).collect::<Vec<_>>().join(", ")),
        one if one["method"].is_string() => one["method"].as_str().unwrap().to_owned(),
        one if one["error"].is_object() => format!("{} error {}", one["id"], one["error"]["code"]),
        one => format!("{} {}", one["id"], outcome(one)),
    }
}

#[tokio::test(start_paused = true)]
async fn the_answers_to_a_batch_come_in_one_line_when_all_are_there() {
    let chat =
        request(5, "tools/call", &json!({ "name": "chat", "_meta": { "progressToken": 1 } }));
    let cancel = |id| notification("notifications/cancelled", &json!({ "requestId": id }));
    let changed = notification("notifications/roots/list_changed", &json!({}));
    let ping = |id| request(id, "ping", &json!({}));
    let answer = r#"{"jsonrpc":"2.0","id":77,"result":{}}"#.to_owned();
    let rows: Vec<(&str, Vec<String>)> = vec![
        ("done at once", vec![call(1, "echo"), ping(2), request(3, "tools/none", &json!({}))]),
        ("one takes its time", vec![call(1, "second"), call(2, "echo")]),
        ("what a call tells goes ahead", vec![call(1, "second"), chat]),
        ("one is given up in the batch", vec![call(1, "hang"), cancel(1), call(2, "echo")]),
        ("all are given up", vec![call(1, "hang"), call(2, "hang"), cancel(1), cancel(2)]),
        ("only notifications", vec![changed.clone(), cancel(9)]),
        ("only an answer", vec![answer]),
        ("the same id twice, both running", vec![call(1, "second"), call(1, "echo")]),
        ("the same id twice, one after the other", vec![call(1, "echo"), call(1, "echo")]),
        ("what is no message", vec!["3".to_owned(), "{}".to_owned(), call(1, "echo")]),
        ("a batch in a batch", vec![batch(&[ping(1)]), call(2, "echo")]),
        ("`initialize`", vec![request(1, "initialize", &json!({})), call(2, "echo")]),
        (
            "what changes the session",
            vec![
                request(1, "logging/setLevel", &json!({ "level": "error" })),
                request(2, "resources/subscribe", &json!({ "uri": "note:1" })),
                call(3, "chat"),
                call(4, "touch"),
            ],
        ),
    ];
    let mut table = String::new();
    for (name, messages) in rows {
        let mut client = open().await;
        client.say(&batch(&messages)).await;
        let said: Vec<_> = client.hear_for(2 * SECOND).await.iter().map(short).collect();
        let said = if said.is_empty() { "nothing".to_owned() } else { said.join(" | ") };
        writeln!(table, "{name}: {said}").unwrap();
        assert_eq!(client.ask("ping", &json!({})).await["result"], json!({}), "{name}");
    }
    expect![[r#"
        done at once: [1 echo, 2 {}, 3 error -32601]
        one takes its time: [2 echo, 1 a second]
        what a call tells goes ahead: notifications/progress | notifications/message | notifications/message | notifications/progress | [5 said it all, 1 a second]
        one is given up in the batch: [2 echo]
        all are given up: nothing
        only notifications: nothing
        only an answer: nothing
        the same id twice, both running: [1 error -32600, 1 a second]
        the same id twice, one after the other: [1 echo, 1 echo]
        what is no message: [null error -32600, null error -32600, 1 echo]
        a batch in a batch: [null error -32600, 2 echo]
        `initialize`: [1 error -32600, 2 echo]
        what changes the session: notifications/message | [1 {}, 2 {}, 3 said it all, 4 touched] | notifications/resources/updated
    "#]].assert_eq(&table);
}

#[tokio::test(start_paused = true)]
async fn a_question_of_a_batched_call_goes_ahead_and_can_be_answered_in_a_batch() {
    let mut client = open().await;
    client.say(&batch(&[call(1, "sample"), call(2, "echo")])).await;
    let asked = client.next().await;
    assert_eq!(asked["method"], "sampling/createMessage");
    let said =
        json!({ "role": "assistant", "content": { "type": "text", "text": "" }, "model": "m" });
    let answer = json!([{ "jsonrpc": "2.0", "id": asked["id"], "result": said }]);
    client.say(&answer.to_string()).await;
    assert_eq!(short(&client.next().await), "[2 echo, 1 m]");
}

#[tokio::test(start_paused = true)]
async fn a_call_given_up_later_lets_the_rest_of_its_batch_go() {
    let mut client = open().await;
    client.say(&batch(&[call(1, "hang"), call(2, "echo")])).await;
    assert_eq!(client.hear_for(SECOND).await, [Value::Null; 0]);
    client.cancel(1).await;
    assert_eq!(short(&client.next().await), "[2 echo]");
}

#[tokio::test(start_paused = true)]
async fn two_batches_do_not_mix_and_single_calls_do_not_wait_for_either() {
    let mut client = open().await;
    client.say(&batch(&[call(1, "second"), call(2, "echo")])).await;
    client.say(&batch(&[call(3, "echo"), call(4, "echo")])).await;
    client.say(&call(5, "echo")).await;
    let said: Vec<_> = client.hear_for(2 * SECOND).await.iter().map(short).collect();
    assert_eq!(said, ["[3 echo, 4 echo]", "5 echo", "[2 echo, 1 a second]"]);
}

#[tokio::test(start_paused = true)]
async fn calls_of_a_batch_wait_for_a_place_as_others_do() {
    let limits = Limits::local().running_per_link(2);
    let mut client = Client::open(&server().0, limits, VERSION).await;
    let calls: Vec<_> = (1..=2).map(|id| call(id, "second")).collect();
    client.say(&batch(&calls)).await;
    let more: Vec<_> = (3..=4).map(|id| call(id, "second")).collect();
    client.say(&batch(&more)).await;
    let first = client.hear_for(SECOND + SECOND / 2).await;
    assert_eq!(first.iter().map(short).collect::<Vec<_>>(), ["[1 a second, 2 a second]"]);
    assert_eq!(short(&client.next().await), "[3 a second, 4 a second]");
}

#[tokio::test(start_paused = true)]
async fn what_of_a_batch_is_done_is_sent_when_the_stream_ends() {
    let mut client = open().await;
    client.say(&batch(&[call(1, "hang"), call(2, "echo")])).await;
    let rest = client.end_input().await;
    assert_eq!(rest.len(), 1);
    assert_eq!(short(&serde_json::from_str(&rest[0]).unwrap()), "[2 echo]");
}

#[tokio::test(start_paused = true)]
async fn answers_that_wait_for_others_are_bounded() {
    // Every batch has one call that never ends, and answers that wait for it.
    let limits = Limits::local().outbox_bytes(16 * 1024);
    let mut client = Client::open(&server().0, limits, VERSION).await;
    let mut sent = 0;
    loop {
        let from = sent * 100;
        let mut messages: Vec<_> =
            (from + 1..from + 100).map(|id| request(id, "tools/list", &json!({}))).collect();
        messages.push(call(from + 100, "hang"));
        let line = batch(&messages);
        if tokio::time::timeout(Duration::from_millis(1), client.say(&line)).await.is_err() {
            break;
        }
        sent += 1;
        assert!(sent < 1000, "reading never pauses");
    }
    assert!(sent < 40, "{sent} batches were taken");
}

#[tokio::test(start_paused = true)]
async fn the_answers_to_one_batch_are_no_longer_than_what_a_client_reads() {
    let limits = Limits::local().response_bytes(100);
    let mut client = Client::open(&server().0, limits, VERSION).await;
    let calls: Vec<_> = (1..=4).map(|id| call(id, "echo")).collect();
    client.say(&batch(&calls)).await;
    let busy = "error -31000";
    let expected = format!("[1 echo, 2 echo, 3 {busy}, 4 {busy}]");
    assert_eq!(short(&client.next().await), expected);
    client.say(&batch(&calls[..1])).await;
    assert_eq!(short(&client.next().await), "[1 echo]");
}

#[tokio::test(start_paused = true)]
async fn other_protocol_versions_have_no_batches() {
    for version in VERSIONS {
        let mut client = Client::open(&server().0, Limits::local(), version).await;
        client.say(&batch(&[call(1, "echo")])).await;
        let said = short(&client.next().await);
        let expected = if version == VERSION { "[1 echo]" } else { "null error -32600" };
        assert_eq!(said, expected, "{version}");
    }
}
