use super::*;
use crate::outcome::{Body, Outcome, ResultKind};
use crate::scan::{MAX_DEPTH, Scanned, scan};
use bowline_types::method::CacheHint;
use expect_test::{Expect, expect};

fn message(text: &str) -> Message {
    match scan(text.to_owned().into(), MAX_DEPTH) {
        Ok(Scanned::Message(message)) => message,
        other => panic!("{text} is no message: {other:?}"),
    }
}

/// A request with this `_meta`, and how it is admitted.
#[track_caller]
fn check(method: &str, meta: &str, expected: &Expect) {
    let request = message(&format!(
        r#"{{"jsonrpc":"2.0","id":"a","method":"{method}","params":{{{meta}}}}}"#
    ));
    let actual = match modern::admit(request) {
        Ok(incoming) => {
            format!("admitted {} of {}", incoming.method(), incoming.protocol_version())
        }
        Err(refusal) => {
            let data = refusal.error.data.map_or_else(String::new, |data| format!(" {data}"));
            format!("{} {}{data}", refusal.error.code.0, refusal.error.message)
        }
    };
    expected.assert_eq(&actual);
}

const VERSION: &str = r#""io.modelcontextprotocol/protocolVersion":"2026-07-28""#;
const CAPABILITIES: &str = r#""io.modelcontextprotocol/clientCapabilities":{}"#;

#[test]
fn requests_say_their_version_and_what_their_client_can_do() {
    let meta = |more: &str| format!(r#""_meta":{{{VERSION},{CAPABILITIES}{more}}}"#);
    check("tools/call", &meta(""), &expect!["admitted tools/call of 2026-07-28"]);
    check("com.example/own", &meta(""), &expect!["admitted com.example/own of 2026-07-28"]);
    check(
        "tools/call",
        "",
        &expect![
            "-32602 params._meta.io.modelcontextprotocol/protocolVersion: missing; every request carries it"
        ],
    );
    check(
        "tools/call",
        r#""_meta":5"#,
        &expect![
            "-32602 params._meta.io.modelcontextprotocol/protocolVersion: missing; every request carries it"
        ],
    );
    check(
        "tools/call",
        &format!(r#""_meta":{{{VERSION}}}"#),
        &expect![
            "-32602 params._meta.io.modelcontextprotocol/clientCapabilities: missing; every request carries it"
        ],
    );
    check(
        "tools/call",
        &format!(r#""_meta":{{{VERSION},"io.modelcontextprotocol/clientCapabilities":[]}}"#),
        &expect![
            "-32602 params._meta.io.modelcontextprotocol/clientCapabilities: expected an object, found an array"
        ],
    );
    check(
        "tools/call",
        &format!(
            r#""_meta":{{"io.modelcontextprotocol/protocolVersion":20260728,{CAPABILITIES}}}"#
        ),
        &expect![
            "-32602 params._meta.io.modelcontextprotocol/protocolVersion: expected a string, found a number"
        ],
    );
    check(
        "tools/call",
        &meta(r#","io.modelcontextprotocol/clientInfo":"me""#),
        &expect![
            "-32602 params._meta.io.modelcontextprotocol/clientInfo: expected an object, found another string"
        ],
    );
    check(
        "tools/call",
        &meta(r#","io.modelcontextprotocol/logLevel":"loud""#),
        &expect![
            "-32602 params._meta.io.modelcontextprotocol/logLevel: expected a log level, found another string"
        ],
    );
    check(
        "tools/call",
        &meta(r#","io.modelcontextprotocol/logLevel":"emergency""#),
        &expect!["admitted tools/call of 2026-07-28"],
    );
    for token in ["null", "1.5", "true", "{}"] {
        let request = message(&format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"_meta":{{{VERSION},{CAPABILITIES},"progressToken":{token}}}}}}}"#
        ));
        assert_eq!(modern::admit(request).unwrap_err().error.code.0, -32602, "{token}");
    }
}

#[test]
fn an_unknown_version_is_told_which_there_are() {
    check(
        "tools/list",
        &format!(
            r#""_meta":{{"io.modelcontextprotocol/protocolVersion":"1900-01-01",{CAPABILITIES}}}"#
        ),
        &expect![[
            r#"-32022 unsupported protocol version {"requested":"1900-01-01","supported":["2026-07-28","2025-11-25","2025-06-18","2025-03-26","2024-11-05"]}"#
        ]],
    );
    check(
        "initialize",
        r#""protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{}"#,
        &expect![[
            r#"-32022 unsupported protocol version {"requested":"2025-06-18","supported":["2026-07-28","2025-11-25","2025-06-18","2025-03-26","2024-11-05"]}"#
        ]],
    );
}

#[test]
fn methods_of_other_versions_do_not_exist() {
    let meta = format!(r#""_meta":{{{VERSION},{CAPABILITIES}}}"#);
    for row in crate::table::rows() {
        let request = message(&format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"{}","params":{{{meta}}}}}"#,
            row.name
        ));
        let exists =
            row.exists_in(modern::SUPPORTED[0]) && row.kind == crate::table::RowKind::Request;
        match modern::admit(request) {
            Ok(incoming) => assert!(exists && incoming.row().name == row.name, "{}", row.name),
            Err(refusal) => assert!(!exists && refusal.error.code.0 == -32601, "{}", row.name),
        }
    }
}

#[track_caller]
fn written(outcome: &Outcome, info: Option<&str>, expected: &Expect) {
    let info = info.map(|text| Raw::parse(text.to_owned()).expect("valid JSON"));
    expected.assert_eq(modern::response(b"\"a\"", outcome, info.as_ref()).as_str());
}

#[test]
fn answers_carry_what_the_envelope_owns() {
    let members = Body::of(&serde_json::json!({ "content": [] })).expect("an object");
    let info = r#"{"name":"s","version":"1"}"#;
    written(
        &Outcome::complete(members.clone()),
        Some(info),
        &expect![[
            r#"{"jsonrpc":"2.0","id":"a","result":{"content":[],"resultType":"complete","_meta":{"io.modelcontextprotocol/serverInfo":{"name":"s","version":"1"}}}}"#
        ]],
    );
    written(
        &Outcome::complete(Body::empty()),
        None,
        &expect![[r#"{"jsonrpc":"2.0","id":"a","result":{"resultType":"complete"}}"#]],
    );
    let with_meta =
        members.with_meta(&serde_json::json!({ "com.example/x": 1 })).expect("an object");
    written(
        &Outcome::Result {
            kind: ResultKind::Other("com.example/later".into()),
            body: with_meta,
            cache: Some(CacheHint::private(5)),
        },
        Some(info),
        &expect![[
            r#"{"jsonrpc":"2.0","id":"a","result":{"content":[],"resultType":"com.example/later","ttlMs":5,"cacheScope":"private","_meta":{"com.example/x":1,"io.modelcontextprotocol/serverInfo":{"name":"s","version":"1"}}}}"#
        ]],
    );
    let mut error = ErrorObject::invalid_params("\"no\"\n");
    error.data = Some(serde_json::json!({ "uri": "x" }));
    written(
        &Outcome::Error(error.clone()),
        Some(info),
        &expect![[
            r#"{"jsonrpc":"2.0","id":"a","error":{"code":-32602,"message":"\"no\"\n","data":{"uri":"x"}}}"#
        ]],
    );
    expect![[
        r#"{"jsonrpc":"2.0","error":{"code":-32602,"message":"\"no\"\n","data":{"uri":"x"}}}"#
    ]]
    .assert_eq(modern::error_response(None, &error).as_str());
}

#[test]
fn ids_are_written_as_they_are_kept() {
    assert_eq!(&*id_text(&Id::from(-5)), b"-5");
    assert_eq!(&*id_text(&Id::from("a\"\n".to_owned())), br#""a\"\n""#);
}
