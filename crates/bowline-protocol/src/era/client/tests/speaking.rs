use super::raw;
use crate::era::client::Speaker;
use crate::outcome::Body;
use bowline_types::log::LoggingLevel;
use bowline_types::revision::Revision;
use expect_test::expect;
use serde_json::{Value, json};
use std::fmt::Write;

fn speaker(revision: Revision, level: Option<LoggingLevel>) -> Speaker {
    let info = raw(&json!({ "name": "c", "version": "1" }));
    Speaker::new(revision, &info, &raw(&json!({ "roots": {} })), level)
}

fn body(members: &Value, meta: Option<&Value>) -> Body {
    let body = Body::of(members).unwrap();
    match meta {
        Some(meta) => body.with_meta(meta).unwrap(),
        None => body,
    }
}

#[test]
fn a_request_of_the_newest_version_says_who_sends_it() {
    const INFO: &str = "io.modelcontextprotocol/clientInfo";
    const LEVEL: &str = "io.modelcontextprotocol/logLevel";
    let rows = [
        ("nothing of the caller", None, None),
        ("a log level", Some(LoggingLevel::Warning), None),
        ("the caller's own", None, Some(json!({ "com.example/a": [1], "traceparent": "00-1" }))),
        ("an empty one", Some(LoggingLevel::Info), Some(json!({}))),
        ("an impostor", None, Some(json!({ INFO: { "name": "x" }, "progressToken": 7, "b": 1 }))),
        ("the caller's level", Some(LoggingLevel::Info), Some(json!({ LEVEL: "debug" }))),
        ("only an impostor", None, Some(json!({ INFO: 1 }))),
    ];
    let mut table = String::new();
    for (name, level, meta) in rows {
        let speaker = speaker(Revision::LATEST, level);
        let sent = speaker.outgoing("tools/call", body(&json!({ "name": "t" }), meta.as_ref()));
        let sent = sent.unwrap();
        assert_eq!(sent.members().as_str(), r#"{"name":"t"}"#);
        writeln!(table, "{name}: {}", sent.meta().unwrap().as_str()).unwrap();
    }
    let table = table.replace("io.modelcontextprotocol/", "…");
    expect![[r#"
        nothing of the caller: {"…protocolVersion":"2026-07-28","…clientInfo":{"name":"c","version":"1"},"…clientCapabilities":{"roots":{}}}
        a log level: {"…protocolVersion":"2026-07-28","…clientInfo":{"name":"c","version":"1"},"…clientCapabilities":{"roots":{}},"…logLevel":"warning"}
        the caller's own: {"com.example/a":[1],"traceparent":"00-1","…protocolVersion":"2026-07-28","…clientInfo":{"name":"c","version":"1"},"…clientCapabilities":{"roots":{}}}
        an empty one: {"…protocolVersion":"2026-07-28","…clientInfo":{"name":"c","version":"1"},"…clientCapabilities":{"roots":{}},"…logLevel":"info"}
        an impostor: {"b":1,"…protocolVersion":"2026-07-28","…clientInfo":{"name":"c","version":"1"},"…clientCapabilities":{"roots":{}}}
        the caller's level: {"…logLevel":"debug","…protocolVersion":"2026-07-28","…clientInfo":{"name":"c","version":"1"},"…clientCapabilities":{"roots":{}}}
        only an impostor: {"…protocolVersion":"2026-07-28","…clientInfo":{"name":"c","version":"1"},"…clientCapabilities":{"roots":{}}}
    "#]]
    .assert_eq(&table);
}

#[test]
fn the_log_level_may_change() {
    let mut speaker = speaker(Revision::LATEST, Some(LoggingLevel::Error));
    let level = |speaker: &Speaker| {
        let sent = speaker.outgoing("tools/list", Body::empty()).unwrap();
        sent.meta().unwrap().decode::<Value>().unwrap()["io.modelcontextprotocol/logLevel"].clone()
    };
    assert_eq!(level(&speaker), "error");
    speaker.set_log_level(Some(LoggingLevel::Debug));
    assert_eq!(level(&speaker), "debug");
    speaker.set_log_level(None);
    assert_eq!(level(&speaker), Value::Null);
}

#[cfg(not(modern_only))]
#[test]
fn a_request_of_a_session_says_nothing_of_its_sender() {
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": {},
        "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/logLevel": "debug",
        "progressToken": 1,
    });
    let mut own = meta.clone();
    own["com.example/a"] = json!("\u{e9}");
    let speaker = speaker(Revision::V2025_11_25, Some(LoggingLevel::Debug));
    for (meta, expected) in
        [(None, None), (Some(&meta), None), (Some(&own), Some(r#"{"com.example/a":"é"}"#))]
    {
        let sent = speaker.outgoing("tools/call", body(&json!({}), meta)).unwrap();
        assert_eq!(sent.meta().map(|meta| meta.as_str().to_owned()).as_deref(), expected);
    }
}

#[cfg(not(modern_only))]
#[test]
fn what_is_known_already_is_told_to_servers_that_take_it() {
    let params =
        json!({ "argument": { "name": "a", "value": "" }, "context": { "arguments": {} } });
    let meta = json!({ "com.example/a": 1 });
    for revision in Revision::ALL {
        let speaker = speaker(revision, None);
        let sent = speaker.outgoing("completion/complete", body(&params, Some(&meta))).unwrap();
        let context = sent.members().as_str().contains("context");
        assert_eq!(context, revision >= Revision::V2025_06_18, "{revision}");
        assert!(sent.meta().unwrap().as_str().contains("com.example/a"), "{revision}");
    }
}

#[cfg(not(modern_only))]
#[test]
fn a_method_that_a_version_lacks_is_refused_before_it_is_sent() {
    let methods = [
        "tools/call",
        "initialize",
        "server/discover",
        "subscriptions/listen",
        "ping",
        "logging/setLevel",
        "resources/subscribe",
        "tasks/get",
        "tasks/list",
        "sampling/createMessage",
        "notifications/cancelled",
        "example/mine",
    ];
    let mut table = String::new();
    for method in methods {
        let sent = Revision::ALL.map(|revision| {
            let sent = speaker(revision, None).outgoing(method, Body::empty());
            if sent.is_ok() { "yes" } else { "no" }
        });
        writeln!(table, "{method}: {}", sent.join(" ")).unwrap();
    }
    expect![[r#"
        tools/call: yes yes yes yes yes
        initialize: yes yes yes yes no
        server/discover: no no no no yes
        subscriptions/listen: no no no no yes
        ping: yes yes yes yes no
        logging/setLevel: yes yes yes yes no
        resources/subscribe: yes yes yes yes no
        tasks/get: no no no yes yes
        tasks/list: no no no yes no
        sampling/createMessage: no no no no no
        notifications/cancelled: no no no no no
        example/mine: yes yes yes yes yes
    "#]]
    .assert_eq(&table);
    let error = speaker(Revision::V2025_06_18, None).outgoing("tasks/get", Body::empty());
    expect![
        "clients do not send `tasks/get` in protocol version 2025-06-18, which this server speaks"
    ]
    .assert_eq(&error.unwrap_err().to_string());
}

#[cfg(not(modern_only))]
#[test]
fn notifications_are_those_of_the_version() {
    let note = "notifications/roots/list_changed";
    let old = speaker(Revision::V2025_11_25, None);
    assert_eq!(
        old.notification(note, &body(&json!({}), Some(&json!({ "a": 1 })))).unwrap().as_str(),
        r#"{"jsonrpc":"2.0","method":"notifications/roots/list_changed","params":{"_meta":{"a":1}}}"#
    );
    assert_eq!(
        old.notification(note, &Body::empty()).unwrap().as_str(),
        r#"{"jsonrpc":"2.0","method":"notifications/roots/list_changed"}"#
    );
    assert!(speaker(Revision::LATEST, None).notification(note, &Body::empty()).is_err());
    assert!(old.notification("notifications/message", &Body::empty()).is_err());
    assert!(old.notification("tools/list", &Body::empty()).is_err());
}
