use std::fmt::Write;

use bowline_types::revision::Revision;
use expect_test::expect;
use serde_json::{Value, json};

use crate::http::headers::{annotations, check_param, param_headers, standard_headers};
use crate::http::{Admitted, HeaderMap, decide};
use crate::outcome::Body;
use crate::protocol::Request;
use crate::scan::{MAX_DEPTH, scan};

fn request(method: &'static str, params: &Value) -> Request {
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    Request::new(method).params(Body::of(params).unwrap().with_meta(&meta).unwrap())
}

fn shown(headers: &HeaderMap) -> String {
    let mut lines: Vec<String> = headers
        .iter()
        .map(|(name, value)| format!("{name}: [{}]", value.to_str().unwrap()))
        .collect();
    lines.sort();
    lines.join("; ")
}

#[test]
fn a_request_is_accepted_with_its_headers() {
    let rows = [
        ("tools/list", json!({})),
        ("tools/call", json!({ "name": "my-hyphenated-tool", "arguments": {} })),
        (
            "tools/call",
            json!({ "arguments": { "name": "not this" }, "name": "wetter für \"heute\"" }),
        ),
        ("tools/call", json!({ "name": "" })),
        ("tools/call", json!({ "name": " padded\r\n" })),
        ("resources/read", json!({ "uri": "file:///path/to/file%20name.txt" })),
        ("resources/read", json!({ "uri": "https://example.com/resource?id=123" })),
        ("prompts/get", json!({ "name": "=?base64?eA==?=" })),
        ("tasks/get", json!({ "taskId": "t-1" })),
        ("server/discover", json!({})),
        ("example/mine", json!({ "name": "of nothing" })),
    ];
    let mut table = String::new();
    for (method, params) in rows {
        let request = request(method, &params);
        let headers = standard_headers(Revision::LATEST, &request).unwrap();
        writeln!(table, "{}", shown(&headers)).unwrap();
        let body = scan(request.write(1).into_bytes(), MAX_DEPTH).unwrap();
        let admitted = decide(&headers, body).unwrap();
        assert!(matches!(admitted, Admitted::Request(incoming) if incoming.method() == method));
    }
    expect![[r#"
        mcp-method: [tools/list]; mcp-protocol-version: [2026-07-28]
        mcp-method: [tools/call]; mcp-name: [my-hyphenated-tool]; mcp-protocol-version: [2026-07-28]
        mcp-method: [tools/call]; mcp-name: [=?base64?d2V0dGVyIGbDvHIgImhldXRlIg==?=]; mcp-protocol-version: [2026-07-28]
        mcp-method: [tools/call]; mcp-name: []; mcp-protocol-version: [2026-07-28]
        mcp-method: [tools/call]; mcp-name: [=?base64?IHBhZGRlZA0K?=]; mcp-protocol-version: [2026-07-28]
        mcp-method: [resources/read]; mcp-name: [file:///path/to/file%20name.txt]; mcp-protocol-version: [2026-07-28]
        mcp-method: [resources/read]; mcp-name: [https://example.com/resource?id=123]; mcp-protocol-version: [2026-07-28]
        mcp-method: [prompts/get]; mcp-name: [=?base64?PT9iYXNlNjQ/ZUE9PT89?=]; mcp-protocol-version: [2026-07-28]
        mcp-method: [tasks/get]; mcp-name: [t-1]; mcp-protocol-version: [2026-07-28]
        mcp-method: [server/discover]; mcp-protocol-version: [2026-07-28]
        mcp-method: [example/mine]; mcp-protocol-version: [2026-07-28]
    "#]].assert_eq(&table);
}

#[test]
fn what_cannot_be_a_header_is_not_sent() {
    let rows = [
        ("tools/call", json!({})),
        ("tools/call", json!({ "name": 5 })),
        ("resources/read", json!({ "name": "x" })),
        ("example/\u{e4}", json!({})),
        ("example/a b\n", json!({})),
    ];
    let mut table = String::new();
    for (method, params) in rows {
        let fault = standard_headers(Revision::LATEST, &request(method, &params)).unwrap_err();
        writeln!(table, "{fault}").unwrap();
    }
    expect![[r#"
        `params.name` cannot be sent as header Mcp-Name: it is missing, or not a string
        `params.name` cannot be sent as header Mcp-Name: it is missing, or not a string
        `params.uri` cannot be sent as header Mcp-Name: it is missing, or not a string
        the method cannot be sent as header Mcp-Method: a header cannot have these characters
        the method cannot be sent as header Mcp-Method: a header cannot have these characters
    "#]]
    .assert_eq(&table);
}

#[cfg(not(modern_only))]
#[test]
fn older_versions_have_fewer_headers() {
    let call = request("tools/call", &json!({ "name": "t" }));
    let of = |revision: Revision| {
        format!("{revision} ({})", shown(&standard_headers(revision, &call).unwrap()))
    };
    expect![[r#"
        2024-11-05 ()
        2025-03-26 ()
        2025-06-18 (mcp-protocol-version: [2025-06-18])
        2025-11-25 (mcp-protocol-version: [2025-11-25])
        2026-07-28 (mcp-method: [tools/call]; mcp-name: [t]; mcp-protocol-version: [2026-07-28])"#]]
    .assert_eq(&Revision::ALL.map(of).join("\n"));
}

/// The tools and arguments of the official suite's `http-custom-headers`.
#[test]
fn arguments_are_mirrored_where_the_schema_says_so() {
    let text = |header: &str| json!({ "type": "string", "x-mcp-header": header });
    let schema = json!({ "type": "object", "properties": {
        "region": text("Region"),
        "priority": { "type": "integer", "x-mcp-header": "Priority" },
        "verbose": { "type": "boolean", "x-mcp-header": "Verbose" },
        "debug": { "type": "boolean", "x-mcp-header": "Debug" },
        "empty_val": text("EmptyVal"),
        "method_val": text("Method"),
        "float_val": { "type": "number" },
        "non_ascii_val": text("NonAscii"),
        "whitespace_val": text("Whitespace"),
        "leading_space_val": text("LeadingSpace"),
        "trailing_space_val": text("TrailingSpace"),
        "internal_space_val": text("InternalSpace"),
        "control_char_val": text("ControlChar"),
        "crlf_val": text("CrLf"),
        "tab_val": text("Tab"),
        "query": { "type": "string" },
        "nested": { "type": "object", "properties": { "deep": text("Deep") } },
    } });
    let annotations = annotations(&schema).unwrap();
    let calls = [
        json!({
            "region": "us-west1", "priority": 42, "verbose": false, "debug": true,
            "empty_val": "", "method_val": "test-method", "float_val": 2.5,
            "non_ascii_val": "Hello, 世界", "whitespace_val": " padded ",
            "leading_space_val": " us-west1", "trailing_space_val": "us-west1 ",
            "internal_space_val": "us west 1", "control_char_val": "line1\nline2",
            "crlf_val": "line1\r\nline2", "tab_val": "\tindented",
            "query": "SELECT * FROM users",
        }),
        json!({ "region": "us-east1", "priority": 1, "verbose": null, "query": "SELECT 1" }),
        json!({ "priority": -7, "nested": { "deep": "=?base64?literal?=" } }),
        json!({ "priority": 42.0, "nested": 5 }),
        json!({}),
    ];
    let mut table = String::new();
    for arguments in calls {
        let call = request("tools/call", &json!({ "name": "t", "arguments": arguments }));
        let headers = param_headers(&annotations, &call).unwrap();
        writeln!(table, "{}", shown(&headers).replace("; ", "\n    ")).unwrap();
        for annotation in &annotations {
            let header = headers.get(format!("mcp-param-{}", annotation.name));
            let argument = annotation.value_in(arguments.as_object().unwrap());
            let argument = argument.map(Value::to_string);
            let checked = check_param(
                header.map(http::HeaderValue::as_bytes),
                argument.as_deref().map(str::as_bytes),
            );
            assert_eq!(checked, Ok(()), "{annotation:?}");
        }
    }
    expect![[r#"
        mcp-param-controlchar: [=?base64?bGluZTEKbGluZTI=?=]
            mcp-param-crlf: [=?base64?bGluZTENCmxpbmUy?=]
            mcp-param-debug: [true]
            mcp-param-emptyval: []
            mcp-param-internalspace: [us west 1]
            mcp-param-leadingspace: [=?base64?IHVzLXdlc3Qx?=]
            mcp-param-method: [test-method]
            mcp-param-nonascii: [=?base64?SGVsbG8sIOS4lueVjA==?=]
            mcp-param-priority: [42]
            mcp-param-region: [us-west1]
            mcp-param-tab: [=?base64?CWluZGVudGVk?=]
            mcp-param-trailingspace: [=?base64?dXMtd2VzdDEg?=]
            mcp-param-verbose: [false]
            mcp-param-whitespace: [=?base64?IHBhZGRlZCA=?=]
        mcp-param-priority: [1]
            mcp-param-region: [us-east1]
        mcp-param-deep: [=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?=]
            mcp-param-priority: [-7]
        mcp-param-priority: [42]

    "#]]
    .assert_eq(&table);
}

#[test]
fn arguments_that_no_header_carries_are_refused() {
    let schema = json!({ "type": "object", "properties": {
        "n": { "type": "integer", "x-mcp-header": "N" },
        "o": { "type": "object", "properties": { "s": { "type": "string", "x-mcp-header": "S" } } },
    } });
    let annotations = annotations(&schema).unwrap();
    let arguments = [
        json!({ "n": 1.5 }),
        json!({ "n": 9_007_199_254_740_993_u64 }),
        json!({ "n": [1] }),
        json!({ "o": { "s": {} } }),
    ];
    let mut table = String::new();
    for arguments in arguments {
        let call = request("tools/call", &json!({ "name": "t", "arguments": arguments }));
        writeln!(table, "{}", param_headers(&annotations, &call).unwrap_err()).unwrap();
    }
    let nothing = request("tools/call", &json!({ "name": "t" }));
    assert!(param_headers(&annotations, &nothing).unwrap().is_empty());
    expect![[r#"
        argument `n` cannot be sent as header Mcp-Param-N: it must be an integer of at most 2^53 - 1, which headers can carry
        argument `n` cannot be sent as header Mcp-Param-N: it must be an integer of at most 2^53 - 1, which headers can carry
        argument `n` cannot be sent as header Mcp-Param-N: it must be a string, an integer or a boolean
        argument `o.s` cannot be sent as header Mcp-Param-S: it must be a string, an integer or a boolean
    "#]].assert_eq(&table);
}

/// The tools of the official suite's `http-invalid-tool-headers`.
#[test]
fn tools_with_invalid_annotations_are_known() {
    let of = |properties: Value| json!({ "type": "object", "properties": properties });
    let text = |header: &str| json!({ "type": "string", "x-mcp-header": header });
    let typed = |kind: &str, header: &str| json!({ "type": kind, "x-mcp-header": header });
    let tools = [
        ("valid_tool", of(json!({ "region": text("Region") }))),
        ("invalid_empty_header", of(json!({ "value": text("") }))),
        ("invalid_object_header", of(json!({ "data": typed("object", "Data") }))),
        (
            "invalid_array_header",
            of(json!({ "items": {
                "type": "array", "items": { "type": "string" }, "x-mcp-header": "Items",
            } })),
        ),
        ("invalid_null_header", of(json!({ "nil": typed("null", "Nil") }))),
        ("invalid_number_header", of(json!({ "score": typed("number", "Score") }))),
        (
            "invalid_duplicate_same_case",
            of(json!({ "field1": text("Region"), "field2": text("Region") })),
        ),
        (
            "invalid_duplicate_diff_case",
            of(json!({ "field1": text("MyField"), "field2": text("myfield") })),
        ),
        ("invalid_space_in_name", of(json!({ "value": text("My Region") }))),
        ("invalid_colon_in_name", of(json!({ "value": text("Region:Primary") }))),
        ("invalid_non_ascii_name", of(json!({ "value": text("Région") }))),
        ("invalid_control_char_name", of(json!({ "value": text("Region\t1") }))),
    ];
    let mut table = String::new();
    for (name, schema) in tools {
        let told = match annotations(&schema) {
            Ok(found) => format!("{} annotated", found.len()),
            Err(fault) => fault.to_string(),
        };
        writeln!(table, "{name}: {told}").unwrap();
    }
    expect![[r#"
        valid_tool: 1 annotated
        invalid_empty_header: x-mcp-header "" at `/properties/value` is not a header name
        invalid_object_header: x-mcp-header at `/properties/data` needs type string, integer or boolean
        invalid_array_header: x-mcp-header at `/properties/items` needs type string, integer or boolean
        invalid_null_header: x-mcp-header at `/properties/nil` needs type string, integer or boolean
        invalid_number_header: x-mcp-header at `/properties/score` needs type string, integer or boolean
        invalid_duplicate_same_case: x-mcp-header "Region" at `/properties/field2` is taken by another property
        invalid_duplicate_diff_case: x-mcp-header "myfield" at `/properties/field2` is taken by another property
        invalid_space_in_name: x-mcp-header "My Region" at `/properties/value` is not a header name
        invalid_colon_in_name: x-mcp-header "Region:Primary" at `/properties/value` is not a header name
        invalid_non_ascii_name: x-mcp-header "Région" at `/properties/value` is not a header name
        invalid_control_char_name: x-mcp-header "Region\t1" at `/properties/value` is not a header name
    "#]].assert_eq(&table);
}
