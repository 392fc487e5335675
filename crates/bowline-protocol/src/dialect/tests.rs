use super::*;
use bowline_types::capability::ServerCapabilities;
use bowline_types::decode_value;
use bowline_types::input::InputRequest;
use bowline_types::jsonrpc::ErrorObject;
use expect_test::{Expect, expect};
use serde_json::json;
use std::fmt::Write as _;

/// The older protocol versions, newest first, and the newest itself.
const DOWN: [Revision; 5] = [
    Revision::V2026_07_28,
    Revision::V2025_11_25,
    Revision::V2025_06_18,
    Revision::V2025_03_26,
    Revision::V2024_11_05,
];

/// One row per shape, with the versions that have it.
fn rows(shape: impl Fn(Revision) -> String) -> String {
    let mut table = String::new();
    let mut last = String::new();
    for revision in DOWN {
        let shape = shape(revision);
        if shape != last {
            writeln!(table, "{revision} {shape}").unwrap();
            last = shape;
        }
    }
    table
}

#[track_caller]
fn check_result(method: &str, result: &str, expected: &Expect) {
    let raw = Raw::parse(result.to_owned()).unwrap();
    let body = || Body::of(&raw).unwrap().with_meta(&json!({ "kept": true })).unwrap();
    expected.assert_eq(&rows(|revision| {
        match outcome(revision, method, Outcome::complete(body())) {
            Outcome::Result { body, .. } => {
                assert_eq!(body.meta().unwrap().as_str(), r#"{"kept":true}"#);
                body.members().as_str().to_owned()
            }
            Outcome::Error(error) => panic!("{error}"),
        }
    }));
}

#[track_caller]
fn check_error(method: &str, error: &ErrorObject, expected: &Expect) {
    expected.assert_eq(&rows(|revision| {
        match outcome(revision, method, Outcome::Error(error.clone())) {
            Outcome::Error(error) => Raw::encode(&error).unwrap().as_str().to_owned(),
            Outcome::Result { .. } => panic!("an error became a result"),
        }
    }));
}

#[track_caller]
fn check_question(request: Value, expected: &Expect) {
    let request: InputRequest = decode_value(request).unwrap();
    let written = |revision| match question(revision, "name", &request, "e-1") {
        Ok(request) => crate::protocol::Asking::new().call(&request, ()).1.as_str().to_owned(),
        Err(fault) => format!("{fault}"),
    };
    let mut table = String::new();
    for revision in &DOWN[1..] {
        writeln!(table, "{revision} {}", written(*revision)).unwrap();
    }
    expected.assert_eq(&table);
}

#[test]
fn structured_content_is_an_object_and_before_that_it_is_not() {
    check_result(
        "tools/call",
        r#"{"content":[{"type":"text","text":"said"}],"structuredContent":{"a":1}}"#,
        &expect![[r#"
            2026-07-28 {"content":[{"text":"said","type":"text"}],"structuredContent":{"a":1}}
            2025-03-26 {"content":[{"text":"said","type":"text"}]}
        "#]],
    );
    check_result(
        "tools/call",
        r#"{"content":[],"structuredContent":{"a":1}}"#,
        &expect![[r#"
        2026-07-28 {"content":[],"structuredContent":{"a":1}}
        2025-03-26 {"content":[{"text":"{\"a\":1}","type":"text"}]}
    "#]],
    );
    check_result(
        "tools/call",
        r#"{"content":[],"structuredContent":[1,2]}"#,
        &expect![[r#"
        2026-07-28 {"content":[],"structuredContent":[1,2]}
        2025-11-25 {"content":[{"text":"[1,2]","type":"text"}]}
    "#]],
    );
    check_result(
        "tools/call",
        r#"{"content":[],"structuredContent":null}"#,
        &expect![[r#"
        2026-07-28 {"content":[],"structuredContent":null}
        2025-11-25 {"content":[{"text":"null","type":"text"}]}
    "#]],
    );
    check_result(
        "tools/call",
        r#"{"content":[{"type":"text","text":"7"}],"structuredContent":7,"isError":false}"#,
        &expect![[r#"
            2026-07-28 {"content":[{"text":"7","type":"text"}],"isError":false,"structuredContent":7}
            2025-11-25 {"content":[{"text":"7","type":"text"}],"isError":false}
        "#]],
    );
    check_result(
        "tools/call",
        "{\"content\":[],\"\\u0073tructuredContent\":5}",
        &expect![[r#"
            2026-07-28 {"content":[],"structuredContent":5}
            2025-11-25 {"content":[{"text":"5","type":"text"}]}
        "#]],
    );
}

#[test]
fn output_schemas_are_of_objects_and_before_that_there_are_none() {
    check_result(
        "tools/list",
        r#"{"tools":[{"name":"o","inputSchema":{"type":"object"},"outputSchema":{"type":"object"}},{"name":"n","inputSchema":{"type":"object"},"outputSchema":{"type":"number"}},{"name":"r","inputSchema":{"type":"object"},"outputSchema":{"anyOf":[]}}],"nextCursor":"c"}"#,
        &expect![[r#"
            2026-07-28 {"nextCursor":"c","tools":[{"inputSchema":{"type":"object"},"name":"o","outputSchema":{"type":"object"}},{"inputSchema":{"type":"object"},"name":"n","outputSchema":{"type":"number"}},{"inputSchema":{"type":"object"},"name":"r","outputSchema":{"anyOf":[]}}]}
            2025-11-25 {"nextCursor":"c","tools":[{"inputSchema":{"type":"object"},"name":"o","outputSchema":{"type":"object"}},{"inputSchema":{"type":"object"},"name":"n"},{"inputSchema":{"type":"object"},"name":"r"}]}
            2025-03-26 {"nextCursor":"c","tools":[{"inputSchema":{"type":"object"},"name":"o"},{"inputSchema":{"type":"object"},"name":"n"},{"inputSchema":{"type":"object"},"name":"r"}]}
        "#]],
    );
}

#[test]
fn links_and_audio_become_text_where_they_are_not_known() {
    check_result(
        "tools/call",
        r#"{"content":[{"type":"resource_link","uri":"a:1","name":"one","title":"One","description":"the first","annotations":{"audience":["user"]}},{"type":"resource_link","uri":"a:2","name":"two"},{"type":"audio","data":"AAAA","mimeType":"audio/wav","annotations":{"priority":1}},{"type":"image","data":"AAAA","mimeType":"image/png"},{"type":"hologram"}]}"#,
        &expect![[r#"
            2026-07-28 {"content":[{"annotations":{"audience":["user"]},"description":"the first","name":"one","title":"One","type":"resource_link","uri":"a:1"},{"name":"two","type":"resource_link","uri":"a:2"},{"annotations":{"priority":1},"data":"AAAA","mimeType":"audio/wav","type":"audio"},{"data":"AAAA","mimeType":"image/png","type":"image"},{"type":"hologram"}]}
            2025-03-26 {"content":[{"annotations":{"audience":["user"]},"text":"One: a:1 (the first)","type":"text"},{"text":"two: a:2","type":"text"},{"annotations":{"priority":1},"data":"AAAA","mimeType":"audio/wav","type":"audio"},{"data":"AAAA","mimeType":"image/png","type":"image"},{"type":"hologram"}]}
            2024-11-05 {"content":[{"annotations":{"audience":["user"]},"text":"One: a:1 (the first)","type":"text"},{"text":"two: a:2","type":"text"},{"annotations":{"priority":1},"text":"[audio of audio/wav, which this protocol version cannot carry]","type":"text"},{"data":"AAAA","mimeType":"image/png","type":"image"},{"type":"hologram"}]}
        "#]],
    );
    check_result(
        "prompts/get",
        r#"{"messages":[{"role":"user","content":{"type":"resource_link","uri":"a:1","name":"one"}},{"role":"user","content":{"type":"audio","data":"AAAA","mimeType":"audio/wav"}}]}"#,
        &expect![[r#"
            2026-07-28 {"messages":[{"content":{"name":"one","type":"resource_link","uri":"a:1"},"role":"user"},{"content":{"data":"AAAA","mimeType":"audio/wav","type":"audio"},"role":"user"}]}
            2025-03-26 {"messages":[{"content":{"text":"one: a:1","type":"text"},"role":"user"},{"content":{"data":"AAAA","mimeType":"audio/wav","type":"audio"},"role":"user"}]}
            2024-11-05 {"messages":[{"content":{"text":"one: a:1","type":"text"},"role":"user"},{"content":{"text":"[audio of audio/wav, which this protocol version cannot carry]","type":"text"},"role":"user"}]}
        "#]],
    );
}

#[test]
fn what_only_adds_stays_and_what_is_no_concern_is_not_even_written_anew() {
    for (method, result) in [
        (
            "tools/list",
            r#"{"tools":[ {"name":"t","title":"T","icons":[{"src":"data:,"}],"annotations":{"readOnlyHint":true},"inputSchema":{"type":"object"},"_meta":{"a":1}}]}"#,
        ),
        (
            "resources/read",
            r#"{"contents":[ {"uri":"audio:resource_link","text":"structuredContent"}]}"#,
        ),
        ("tools/call", r#"{"content":[ {"type":"text","text":"plain"}]}"#),
        ("completion/complete", r#"{"completion":{"values":["audio" ]}}"#),
    ] {
        let raw = Raw::parse(result.to_owned()).unwrap();
        let before = Body::of(&raw).unwrap();
        for revision in DOWN {
            let Outcome::Result { body, .. } =
                outcome(revision, method, Outcome::complete(before.clone()))
            else {
                panic!("{method} failed")
            };
            let same = std::ptr::eq(body.members().as_bytes(), before.members().as_bytes());
            assert!(same, "{revision} rewrote {method}");
        }
    }
}

#[test]
fn a_result_of_no_regular_shape_passes_every_step() {
    for result in [
        "{}",
        r#"{"content":5,"structuredContent":[],"audio":"resource_link"}"#,
        r#"{"content":[5,null,{"type":5},"audio",{"type":"audio"},{"type":"resource_link"}],"structuredContent":{}}"#,
        r#"{"tools":{"outputSchema":1}}"#,
        r#"{"tools":[1,{"outputSchema":1}]}"#,
        r#"{"messages":[1,{"content":"audio"},{"content":{"type":"resource_link"}}]}"#,
    ] {
        let raw = Raw::parse(result.to_owned()).unwrap();
        for revision in DOWN {
            for method in ["tools/call", "tools/list", "prompts/get"] {
                let body = Body::of(&raw).unwrap();
                let done = outcome(revision, method, Outcome::complete(body));
                let Outcome::Result { body, .. } = done else { panic!("{result} failed") };
                assert!(body.members().decode::<Map<String, Value>>().is_ok());
            }
        }
    }
}

#[test]
fn errors_have_the_code_of_their_time() {
    let missing = ErrorObject::resource_not_found("a:1");
    check_error(
        "resources/read",
        &missing,
        &expect![[r#"
        2026-07-28 {"code":-32602,"message":"resource not found","data":{"uri":"a:1"}}
        2025-11-25 {"code":-32002,"message":"resource not found","data":{"uri":"a:1"}}
    "#]],
    );
    // Only that method has the code, and only for that.
    check_error(
        "tools/call",
        &missing,
        &expect![[r#"
        2026-07-28 {"code":-32602,"message":"resource not found","data":{"uri":"a:1"}}
    "#]],
    );
    check_error(
        "resources/read",
        &ErrorObject::invalid_params("no"),
        &expect![[r#"
        2026-07-28 {"code":-32602,"message":"no"}
    "#]],
    );
    let required = decode_value(json!({ "elicitation": {} })).unwrap();
    check_error(
        "tools/call",
        &ErrorObject::missing_required_client_capability(required),
        &expect![[r#"
            2026-07-28 {"code":-32021,"message":"client did not declare a capability that this request needs","data":{"requiredCapabilities":{"elicitation":{}}}}
            2025-11-25 {"code":-32602,"message":"client did not declare a capability that this request needs","data":{"requiredCapabilities":{"elicitation":{}}}}
        "#]],
    );
    check_error(
        "tools/call",
        &ErrorObject::unsupported_protocol_version(["2024-11-05"], "1.0.0"),
        &expect![[r#"
            2026-07-28 {"code":-32022,"message":"unsupported protocol version","data":{"requested":"1.0.0","supported":["2024-11-05"]}}
            2025-11-25 {"code":-32602,"message":"unsupported protocol version","data":{"requested":"1.0.0","supported":["2024-11-05"]}}
        "#]],
    );
    let visit = bowline_types::legacy::UrlElicitationRequired::new([]).into_error();
    check_error(
        "tools/call",
        &visit,
        &expect![[r#"
        2026-07-28 {"code":-32042,"message":"this request needs a visit to a URL first","data":{"elicitations":[]}}
        2025-06-18 {"code":-32602,"message":"this request needs a visit to a URL first","data":{"elicitations":[]}}
    "#]],
    );
    check_error(
        "tools/call",
        &ErrorObject::application(7, "own").unwrap(),
        &expect![[r#"
        2026-07-28 {"code":7,"message":"own"}
    "#]],
    );
}

#[test]
fn arguments_that_break_the_schema_are_told_to_the_model_or_to_the_program() {
    expect![[r#"
        2026-07-28 {"content":[{"text":"a: missing","type":"text"}],"isError":true}
        2025-06-18 a: missing (-32602)
    "#]]
    .assert_eq(&rows(|revision| match argument_violation(revision, "a: missing") {
        Outcome::Result { body, .. } => body.members().as_str().to_owned(),
        Outcome::Error(error) => error.to_string(),
    }));
}

#[test]
fn versions_support_what_they_have() {
    let mut table = String::new();
    for feature in Feature::ALL {
        let line = Revision::ALL.map(|revision| {
            let there = supports(revision, *feature);
            assert_eq!(Unsupported::check(revision, *feature).is_ok(), there);
            if there { revision.as_str() } else { "-" }
        });
        writeln!(table, "{:33} {}", feature.to_string(), line.join(" ")).unwrap();
    }
    expect![[r#"
        batches                           - 2025-03-26 - - -
        elicitation                       - - 2025-06-18 2025-11-25 2026-07-28
        elicitation by URL                - - - 2025-11-25 2026-07-28
        a choice of several values        - - - 2025-11-25 2026-07-28
        sampling                          2024-11-05 2025-03-26 2025-06-18 2025-11-25 2026-07-28
        sampling with tools               - - - 2025-11-25 2026-07-28
        sampling with audio               - 2025-03-26 2025-06-18 2025-11-25 2026-07-28
        roots                             2024-11-05 2025-03-26 2025-06-18 2025-11-25 2026-07-28
        structured content                - - 2025-06-18 2025-11-25 2026-07-28
        argument violations as results    - - - 2025-11-25 2026-07-28
    "#]]
    .assert_eq(&table);
}

#[test]
fn questions_by_form_are_asked_in_the_words_of_the_version() {
    check_question(
        json!({ "method": "elicitation/create", "params": { "mode": "form", "message": "who?", "_meta": { "x": 1 }, "requestedSchema": { "type": "object", "properties": {
            "name": { "type": "string", "default": "me" },
            "size": { "type": "string", "oneOf": [{ "const": "s", "title": "Small" }, { "const": "l", "title": "Large" }] },
            "kind": { "type": "string", "enum": ["a", "b"] },
        }, "required": ["name"] } } }),
        &expect![[r#"
            2025-11-25 {"jsonrpc":"2.0","id":1,"method":"elicitation/create","params":{"message":"who?","mode":"form","requestedSchema":{"properties":{"kind":{"enum":["a","b"],"type":"string"},"name":{"default":"me","type":"string"},"size":{"oneOf":[{"const":"s","title":"Small"},{"const":"l","title":"Large"}],"type":"string"}},"required":["name"],"type":"object"},"_meta":{"bowline/key":"name"}}}
            2025-06-18 {"jsonrpc":"2.0","id":1,"method":"elicitation/create","params":{"message":"who?","requestedSchema":{"properties":{"kind":{"enum":["a","b"],"type":"string"},"name":{"default":"me","type":"string"},"size":{"enum":["s","l"],"enumNames":["Small","Large"],"type":"string"}},"required":["name"],"type":"object"},"_meta":{"bowline/key":"name"}}}
            2025-03-26 elicitation does not exist in protocol version 2025-03-26, which this client speaks
            2024-11-05 elicitation does not exist in protocol version 2024-11-05, which this client speaks
        "#]],
    );
    check_question(
        json!({ "method": "elicitation/create", "params": { "message": "which?", "requestedSchema": { "type": "object", "properties": {
            "all": { "type": "array", "items": { "type": "string", "enum": ["a"] } },
        } } } }),
        &expect![[r#"
            2025-11-25 {"jsonrpc":"2.0","id":1,"method":"elicitation/create","params":{"message":"which?","requestedSchema":{"properties":{"all":{"items":{"enum":["a"],"type":"string"},"type":"array"}},"type":"object"},"_meta":{"bowline/key":"name"}}}
            2025-06-18 a choice of several values does not exist in protocol version 2025-06-18, which this client speaks
            2025-03-26 elicitation does not exist in protocol version 2025-03-26, which this client speaks
            2024-11-05 elicitation does not exist in protocol version 2024-11-05, which this client speaks
        "#]],
    );
}

#[test]
fn questions_by_url_have_an_id() {
    check_question(
        json!({ "method": "elicitation/create", "params": { "mode": "url", "message": "go", "url": "https://example.com" } }),
        &expect![[r#"
            2025-11-25 {"jsonrpc":"2.0","id":1,"method":"elicitation/create","params":{"elicitationId":"e-1","message":"go","mode":"url","url":"https://example.com","_meta":{"bowline/key":"name"}}}
            2025-06-18 elicitation by URL does not exist in protocol version 2025-06-18, which this client speaks
            2025-03-26 elicitation does not exist in protocol version 2025-03-26, which this client speaks
            2024-11-05 elicitation does not exist in protocol version 2024-11-05, which this client speaks
        "#]],
    );
}

#[test]
fn questions_of_an_unknown_mode_are_not_asked() {
    check_question(
        json!({ "method": "elicitation/create", "params": { "mode": "dance", "message": "go" } }),
        &expect![[r#"
            2025-11-25 no protocol version knows this kind of question
            2025-06-18 no protocol version knows this kind of question
            2025-03-26 elicitation does not exist in protocol version 2025-03-26, which this client speaks
            2024-11-05 elicitation does not exist in protocol version 2024-11-05, which this client speaks
        "#]],
    );
}

#[test]
fn questions_to_a_model_are_asked_in_the_words_of_the_version() {
    check_question(
        json!({ "method": "sampling/createMessage", "params": { "maxTokens": 5, "messages": [
            { "role": "user", "content": [{ "type": "text", "text": "a" }, { "type": "image", "data": "AAAA", "mimeType": "image/png" }] },
            { "role": "assistant", "content": { "type": "text", "text": "b" } },
        ] } }),
        &expect![[r#"
            2025-11-25 {"jsonrpc":"2.0","id":1,"method":"sampling/createMessage","params":{"maxTokens":5,"messages":[{"content":[{"text":"a","type":"text"},{"data":"AAAA","mimeType":"image/png","type":"image"}],"role":"user"},{"content":{"text":"b","type":"text"},"role":"assistant"}],"_meta":{"bowline/key":"name"}}}
            2025-06-18 {"jsonrpc":"2.0","id":1,"method":"sampling/createMessage","params":{"maxTokens":5,"messages":[{"content":{"text":"a","type":"text"},"role":"user"},{"content":{"data":"AAAA","mimeType":"image/png","type":"image"},"role":"user"},{"content":{"text":"b","type":"text"},"role":"assistant"}],"_meta":{"bowline/key":"name"}}}
            2025-03-26 {"jsonrpc":"2.0","id":1,"method":"sampling/createMessage","params":{"maxTokens":5,"messages":[{"content":{"text":"a","type":"text"},"role":"user"},{"content":{"data":"AAAA","mimeType":"image/png","type":"image"},"role":"user"},{"content":{"text":"b","type":"text"},"role":"assistant"}],"_meta":{"bowline/key":"name"}}}
            2024-11-05 {"jsonrpc":"2.0","id":1,"method":"sampling/createMessage","params":{"maxTokens":5,"messages":[{"content":{"text":"a","type":"text"},"role":"user"},{"content":{"data":"AAAA","mimeType":"image/png","type":"image"},"role":"user"},{"content":{"text":"b","type":"text"},"role":"assistant"}],"_meta":{"bowline/key":"name"}}}
        "#]],
    );
    check_question(
        json!({ "method": "sampling/createMessage", "params": { "maxTokens": 5, "messages": [
            { "role": "user", "content": { "type": "audio", "data": "AAAA", "mimeType": "audio/wav" } },
        ] } }),
        &expect![[r#"
            2025-11-25 {"jsonrpc":"2.0","id":1,"method":"sampling/createMessage","params":{"maxTokens":5,"messages":[{"content":{"data":"AAAA","mimeType":"audio/wav","type":"audio"},"role":"user"}],"_meta":{"bowline/key":"name"}}}
            2025-06-18 {"jsonrpc":"2.0","id":1,"method":"sampling/createMessage","params":{"maxTokens":5,"messages":[{"content":{"data":"AAAA","mimeType":"audio/wav","type":"audio"},"role":"user"}],"_meta":{"bowline/key":"name"}}}
            2025-03-26 {"jsonrpc":"2.0","id":1,"method":"sampling/createMessage","params":{"maxTokens":5,"messages":[{"content":{"data":"AAAA","mimeType":"audio/wav","type":"audio"},"role":"user"}],"_meta":{"bowline/key":"name"}}}
            2024-11-05 sampling with audio does not exist in protocol version 2024-11-05, which this client speaks
        "#]],
    );
    check_question(
        json!({ "method": "sampling/createMessage", "params": { "maxTokens": 5, "messages": [], "tools": [] } }),
        &expect![[r#"
            2025-11-25 {"jsonrpc":"2.0","id":1,"method":"sampling/createMessage","params":{"maxTokens":5,"messages":[],"tools":[],"_meta":{"bowline/key":"name"}}}
            2025-06-18 sampling with tools does not exist in protocol version 2025-06-18, which this client speaks
            2025-03-26 sampling with tools does not exist in protocol version 2025-03-26, which this client speaks
            2024-11-05 sampling with tools does not exist in protocol version 2024-11-05, which this client speaks
        "#]],
    );
    check_question(
        json!({ "method": "sampling/createMessage", "params": { "maxTokens": 5, "messages": [
            { "role": "assistant", "content": { "type": "tool_use", "id": "1", "name": "t", "input": {} } },
            { "role": "user", "content": { "type": "tool_result", "toolUseId": "1", "content": [], "structuredContent": 5 } },
        ] } }),
        &expect![[r#"
            2025-11-25 {"jsonrpc":"2.0","id":1,"method":"sampling/createMessage","params":{"maxTokens":5,"messages":[{"content":{"id":"1","input":{},"name":"t","type":"tool_use"},"role":"assistant"},{"content":{"content":[],"toolUseId":"1","type":"tool_result"},"role":"user"}],"_meta":{"bowline/key":"name"}}}
            2025-06-18 sampling with tools does not exist in protocol version 2025-06-18, which this client speaks
            2025-03-26 sampling with tools does not exist in protocol version 2025-03-26, which this client speaks
            2024-11-05 sampling with tools does not exist in protocol version 2024-11-05, which this client speaks
        "#]],
    );
}

#[test]
fn roots_are_asked_for_in_every_version() {
    check_question(
        json!({ "method": "roots/list" }),
        &expect![[r#"
        2025-11-25 {"jsonrpc":"2.0","id":1,"method":"roots/list","params":{"_meta":{"bowline/key":"name"}}}
        2025-06-18 {"jsonrpc":"2.0","id":1,"method":"roots/list","params":{"_meta":{"bowline/key":"name"}}}
        2025-03-26 {"jsonrpc":"2.0","id":1,"method":"roots/list","params":{"_meta":{"bowline/key":"name"}}}
        2024-11-05 {"jsonrpc":"2.0","id":1,"method":"roots/list","params":{"_meta":{"bowline/key":"name"}}}
    "#]],
    );
}

#[test]
fn clients_declare_what_their_version_has() {
    let declared = json!({
        "extensions": { "com.example/a": {} },
        "elicitation": { "form": {}, "url": {} },
        "sampling": { "tools": {}, "context": {} },
        "roots": { "listChanged": true },
        "tasks": { "list": {} },
        "experimental": { "x": {} },
        "unheard": { "of": 1 },
    });
    let Value::Object(declared) = declared else { unreachable!() };
    expect![[r#"
        2026-07-28 {"elicitation":{"form":{},"url":{}},"experimental":{"x":{}},"extensions":{"com.example/a":{}},"roots":{"listChanged":true},"sampling":{"context":{},"tools":{}},"unheard":{"of":1}}
        2025-11-25 {"elicitation":{"form":{},"url":{}},"experimental":{"x":{}},"roots":{"listChanged":true},"sampling":{"context":{},"tools":{}},"tasks":{"list":{}},"unheard":{"of":1}}
        2025-06-18 {"elicitation":{},"experimental":{"x":{}},"roots":{"listChanged":true},"sampling":{},"unheard":{"of":1}}
        2025-03-26 {"experimental":{"x":{}},"roots":{"listChanged":true},"sampling":{},"unheard":{"of":1}}
    "#]].assert_eq(&rows(|revision| {
        Value::Object(client_capabilities(revision, declared.clone())).to_string()
    }));
}

#[test]
fn a_capability_of_a_wrong_shape_is_not_declared() {
    let declared = json!({
        "elicitation": true,
        "sampling": { "tools": 5 },
        "roots": { "listChanged": "yes" },
        "tasks": null,
        "experimental": { "x": {} },
    });
    let Value::Object(declared) = declared else { unreachable!() };
    expect![[r#"
        2026-07-28 {"experimental":{"x":{}}}
        2025-06-18 {"experimental":{"x":{}},"sampling":{}}
    "#]]
    .assert_eq(&rows(|revision| {
        Value::Object(client_capabilities(revision, declared.clone())).to_string()
    }));
}

#[test]
fn servers_declare_what_the_version_has() {
    let declared: ServerCapabilities = decode_value(json!({
        "extensions": { "com.example/a": {} },
        "tools": { "listChanged": true },
        "resources": { "subscribe": true },
        "prompts": {},
        "completions": {},
        "logging": {},
        "tasks": { "list": {} },
        "experimental": { "x": {} },
    }))
    .unwrap();
    expect![[r#"
        2026-07-28 {"extensions":{"com.example/a":{}},"tools":{"listChanged":true},"resources":{"subscribe":true},"prompts":{},"completions":{},"logging":{},"experimental":{"x":{}}}
        2025-11-25 {"tools":{"listChanged":true},"resources":{"subscribe":true},"prompts":{},"completions":{},"logging":{},"tasks":{"list":{}},"experimental":{"x":{}}}
        2025-06-18 {"tools":{"listChanged":true},"resources":{"subscribe":true},"prompts":{},"completions":{},"logging":{},"experimental":{"x":{}}}
        2024-11-05 {"tools":{"listChanged":true},"resources":{"subscribe":true},"prompts":{},"logging":{},"experimental":{"x":{}}}
    "#]].assert_eq(&rows(|revision| {
        Raw::encode(&server_capabilities(revision, declared.clone())).unwrap().as_str().to_owned()
    }));
}
