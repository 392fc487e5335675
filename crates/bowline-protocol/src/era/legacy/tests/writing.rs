//! What leaves in a session.

use super::*;
use crate::outcome::{Body, CacheHint, Outcome, ResultKind};
use expect_test::expect;

#[test]
fn answers_to_a_batch_are_one_text() {
    let raw = |text: &str| Raw::parse(text.to_owned()).unwrap();
    assert!(join(&[]).is_none());
    assert_eq!(join(&[raw("1")]).unwrap().as_str(), "[1]");
    assert_eq!(join(&[raw("1"), raw("{}")]).unwrap().as_str(), "[1,{}]");
}

#[test]
fn results_are_written_without_what_the_newest_version_appends() {
    let body = |json: &str| Body::of(&Raw::parse(json.to_owned()).unwrap()).unwrap();
    let written = |outcome: &Outcome| {
        let whole = response(Revision::V2025_06_18, "tools/call", b"\"a\"", outcome);
        let pieces = response_pieces(Revision::V2025_06_18, "tools/call", b"\"a\"", outcome);
        assert_eq!(pieces.concat(), whole.as_bytes());
        whole.as_str().to_owned() + "\n"
    };
    let hint = CacheHint::public(5);
    let meta = serde_json::json!({ "com.example/a": 1 });
    let text = [
        written(&Outcome::complete(Body::empty())),
        written(&Outcome::complete(Body::empty().with_meta(&meta).unwrap())),
        written(&Outcome::complete(body(r#"{"content":[]}"#).with_meta(&meta).unwrap())),
        written(&Outcome::Result {
            kind: ResultKind::Complete,
            body: body(r#"{"content":[]}"#),
            cache: Some(hint),
        }),
        written(&Outcome::Result { kind: ResultKind::Task, body: body("{}"), cache: None }),
        written(&Outcome::Error(ErrorObject::invalid_params("no"))),
    ];
    expect![[r#"
        {"jsonrpc":"2.0","id":"a","result":{}}
        {"jsonrpc":"2.0","id":"a","result":{"_meta":{"com.example/a":1}}}
        {"jsonrpc":"2.0","id":"a","result":{"content":[],"_meta":{"com.example/a":1}}}
        {"jsonrpc":"2.0","id":"a","result":{"content":[]}}
        {"jsonrpc":"2.0","id":"a","error":{"code":-32603,"message":"a result of type task does not exist in this protocol version"}}
        {"jsonrpc":"2.0","id":"a","error":{"code":-32602,"message":"no"}}
    "#]].assert_eq(&text.concat());
}

#[test]
fn an_error_without_an_id_has_it_as_null_where_the_member_is_required() {
    let error = ErrorObject::parse_error("what?");
    let mut table = String::new();
    for revision in [None].into_iter().chain(SUPPORTED.iter().copied().map(Some)) {
        let name = revision.map_or("none", Revision::as_str);
        let text = error_response(revision, None, &error);
        writeln!(table, "{name:10} {}", text.as_str()).unwrap();
    }
    expect![[r#"
        none       {"jsonrpc":"2.0","error":{"code":-32700,"message":"what?"}}
        2025-11-25 {"jsonrpc":"2.0","error":{"code":-32700,"message":"what?"}}
        2025-06-18 {"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"what?"}}
        2025-03-26 {"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"what?"}}
        2024-11-05 {"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"what?"}}
    "#]]
    .assert_eq(&table);
}

#[test]
fn notifications_leave_in_the_versions_that_have_them_and_name_no_subscription() {
    let mut table = String::new();
    for (method, params) in [
        ("notifications/progress", r#"{"progressToken":1,"progress":1}"#),
        (
            "notifications/resources/updated",
            r#"{"uri":"a:1","_meta":{"io.modelcontextprotocol/subscriptionId":3}}"#,
        ),
        (
            "notifications/tools/list_changed",
            r#"{"_meta":{"a":1,"io.modelcontextprotocol/subscriptionId":"x"}}"#,
        ),
        ("notifications/subscriptions/acknowledged", r#"{"notifications":{}}"#),
        ("notifications/elicitation/complete", r#"{"elicitationId":"e"}"#),
        ("com.example/own", "{}"),
    ] {
        let newest = crate::write::notification_raw(method, Some(params.as_bytes()));
        for revision in [Revision::V2024_11_05, Revision::V2025_11_25] {
            let written = notification(revision, &newest);
            let text = written.as_ref().map_or("nothing", Raw::as_str);
            writeln!(table, "{revision} {method}: {text}").unwrap();
        }
    }
    expect![[r#"
        2024-11-05 notifications/progress: {"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":1}}
        2025-11-25 notifications/progress: {"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":1}}
        2024-11-05 notifications/resources/updated: {"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"a:1"}}
        2025-11-25 notifications/resources/updated: {"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"a:1"}}
        2024-11-05 notifications/tools/list_changed: {"jsonrpc":"2.0","method":"notifications/tools/list_changed","params":{"_meta":{"a":1}}}
        2025-11-25 notifications/tools/list_changed: {"jsonrpc":"2.0","method":"notifications/tools/list_changed","params":{"_meta":{"a":1}}}
        2024-11-05 notifications/subscriptions/acknowledged: nothing
        2025-11-25 notifications/subscriptions/acknowledged: nothing
        2024-11-05 notifications/elicitation/complete: nothing
        2025-11-25 notifications/elicitation/complete: {"jsonrpc":"2.0","method":"notifications/elicitation/complete","params":{"elicitationId":"e"}}
        2024-11-05 com.example/own: {"jsonrpc":"2.0","method":"com.example/own","params":{}}
        2025-11-25 com.example/own: {"jsonrpc":"2.0","method":"com.example/own","params":{}}
    "#]].assert_eq(&table);
    let request = Raw::parse(request("ping", "")).unwrap();
    assert!(notification(Revision::V2025_11_25, &request).is_none());
}
