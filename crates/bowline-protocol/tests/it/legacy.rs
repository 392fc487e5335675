//! Whole sessions of every older protocol version: every byte, `->` from the client and `<-` from the server.

use crate::session::Exchange;
use bowline_types::revision::Revision;
use expect_test::{ExpectFile, expect_file};

/// The same client, as far as its protocol version lets it, to the same server inside.
fn check(revision: Revision, golden: &ExpectFile) {
    let mut exchange = Exchange::new();
    opening(&mut exchange, revision);
    catalogues(&mut exchange);
    calls(&mut exchange);
    changes(&mut exchange);
    questions(&mut exchange);
    faults(&mut exchange);
    assert!(exchange.transcript.lines().count() >= 40, "too short to mean anything");
    golden.assert_eq(&exchange.transcript);
}

fn opening(exchange: &mut Exchange, revision: Revision) {
    exchange.request("tools/list", "");
    exchange.request("ping", "");
    exchange.initialize(revision.as_str());
    exchange.request("ping", "");
    exchange.notify("notifications/initialized", "");
    exchange.notify("notifications/initialized", "");
    exchange.initialize(revision.as_str());
    exchange.ping_client();
}

fn catalogues(exchange: &mut Exchange) {
    exchange.request("tools/list", "");
    exchange.request("resources/read", r#""uri":"note:1""#);
    exchange.request("resources/read", r#""uri":"note:2""#);
    exchange.request("prompts/get", r#""name":"jingle""#);
    exchange.request(
        "completion/complete",
        r#""ref":{"type":"ref/prompt","name":"jingle"},"argument":{"name":"a","value":"b"}"#,
    );
    exchange.request("server/discover", "");
    exchange.request("tasks/list", "");
    exchange.request("com.example/own", "");
}

fn calls(exchange: &mut Exchange) {
    exchange.call("echo", "");
    exchange.call("numbers", "");
    exchange.call("record", "");
    exchange.call("media", "");
    exchange.call("picky", "");
    exchange.call("chatty", r#","_meta":{"progressToken":"p"}"#);
    exchange.request("logging/setLevel", r#""level":"error""#);
    exchange.call("chatty", "");
    exchange.request("logging/setLevel", r#""level":"loud""#);
    let slow = exchange.call("slow", "");
    exchange.notify("notifications/cancelled", &format!(r#""requestId":{slow},"reason":"enough""#));
    exchange.notify("notifications/cancelled", &format!(r#""requestId":{slow}"#));
    exchange.notify("notifications/cancelled", r#""requestId":"never""#);
    exchange.finish_slow();
    exchange.call("slow", "");
    exchange.finish_slow();
}

fn changes(exchange: &mut Exchange) {
    exchange.request("resources/subscribe", r#""uri":"note:1""#);
    exchange.change("note:1");
    exchange.change("note:2");
    exchange.request("resources/unsubscribe", r#""uri":"note:1""#);
    exchange.change("note:1");
    exchange.notify("notifications/roots/list_changed", "");
    exchange.request("subscriptions/listen", r#""notifications":{}"#);
}

fn questions(exchange: &mut Exchange) {
    for question in ["form", "several", "url", "sample", "sample_audio", "sample_tools", "roots"] {
        exchange.call(question, "");
    }
    exchange.complete_elicitation();
    exchange.client_says(r#"{"jsonrpc":"2.0","id":999,"result":{}}"#);
}

fn faults(exchange: &mut Exchange) {
    exchange.client_says("{");
    exchange.client_says(r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#);
    exchange.client_says(r#"{"jsonrpc":"2.0","id":5,"method":"roots/list"}"#);
    exchange.client_says("[]");
    exchange.client_says(r#"[{"jsonrpc":"2.0","id":70,"method":"ping"},{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}},{"jsonrpc":"2.0","id":71,"method":"tools/call","params":{"name":"echo"}},3]"#);
    exchange.client_says(r#"[{"jsonrpc":"2.0","method":"notifications/roots/list_changed"}]"#);
    exchange.close();
    exchange.request("ping", "");
}

#[test]
fn a_session_of_2024_11_05() {
    check(Revision::V2024_11_05, &expect_file!["../transcripts/session_2024-11-05.txt"]);
}

#[test]
fn a_session_of_2025_03_26() {
    check(Revision::V2025_03_26, &expect_file!["../transcripts/session_2025-03-26.txt"]);
}

#[test]
fn a_session_of_2025_06_18() {
    check(Revision::V2025_06_18, &expect_file!["../transcripts/session_2025-06-18.txt"]);
}

#[test]
fn a_session_of_2025_11_25() {
    check(Revision::V2025_11_25, &expect_file!["../transcripts/session_2025-11-25.txt"]);
}
