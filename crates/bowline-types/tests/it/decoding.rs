//! What is refused, and how the place is named.

use expect_test::{Expect, expect};

use bowline_types::completion::CompleteRequestParams;
use bowline_types::input::{ElicitRequestParams, InputRequiredResult};
use bowline_types::jsonrpc::{Id, RequestParams};
use bowline_types::log::LoggingMessageNotificationParams;
use bowline_types::progress::ProgressNotificationParams;
use bowline_types::prompt::GetPromptRequestParams;
use bowline_types::resource::{Resource, ResourceContents};
use bowline_types::tool::{CallToolRequestParams, CallToolResult, Schema, Tool};
use bowline_types::{DecodeError, Member, decode, decode_value};
use serde_core::de::DeserializeOwned;
use serde_json::{Value, json};

#[track_caller]
fn refused<T: DeserializeOwned>(json: &str, expected: &Expect) {
    let error = decode::<T>(json.as_bytes()).err().unwrap();
    expected.assert_eq(&error.to_string());
}

#[test]
fn a_wrong_shape_is_named_by_its_path_without_line_and_column() {
    refused::<CallToolRequestParams>(
        r#"{"name": 5}"#,
        &expect!["name: invalid type: integer, expected a string"],
    );
    refused::<CallToolRequestParams>(r#"{"arguments": {}}"#, &expect!["name: missing field"]);
    refused::<CallToolRequestParams>(r#"[1]"#, &expect!["invalid type: array, expected an object"]);
    refused::<CallToolRequestParams>(
        r#"{"name":"a","arguments":[]}"#,
        &expect!["arguments: invalid type: array, expected an object"],
    );
    refused::<GetPromptRequestParams>(
        r#"{"name":"a","arguments":{"a b":1}}"#,
        &expect![[r#"arguments["a b"]: invalid type: integer, expected a string"#]],
    );
    refused::<CompleteRequestParams>(
        r#"{"ref":{"type":"ref/prompt"},"argument":{"name":"a","value":""}}"#,
        &expect!["ref.name: missing field"],
    );
    refused::<CompleteRequestParams>(
        r#"{"ref":{"name":"x"},"argument":{"name":"a","value":""}}"#,
        &expect!["ref.type: missing field"],
    );
    refused::<Tool>(r#"{"name":"a"}"#, &expect!["inputSchema: missing field"]);
    refused::<Tool>(
        r#"{"name":"a","inputSchema":{}}"#,
        &expect!["inputSchema.type: missing field"],
    );
    refused::<Tool>(
        r#"{"name":"a","inputSchema":{"type":"array"}}"#,
        &expect![[r#"inputSchema.type: invalid value, expected "object""#]],
    );
    refused::<Tool>(
        r#"{"name":"a","inputSchema":{"type":"object"},"annotations":{"readOnlyHint":"no"}}"#,
        &expect!["annotations.readOnlyHint: invalid type: string, expected a boolean"],
    );
    refused::<ResourceContents>(r#"{"uri":"file:///a"}"#, &expect!["neither `text` nor `blob`"]);
    refused::<Resource>(
        r#"{"uri":"a","name":"a","size":-1}"#,
        &expect!["size: invalid type: integer, expected an unsigned integer"],
    );
    refused::<ElicitRequestParams>(
        r#"{"message":"m","requestedSchema":{"type":"object","properties":{"x":{"type":"string","minLength":"1"}}}}"#,
        &expect![
            "requestedSchema.properties.x.minLength: invalid type: string, expected an unsigned integer"
        ],
    );
    refused::<InputRequiredResult>(
        r#"{"inputRequests":{"who":{"method":"elicitation/create","params":{}}}}"#,
        &expect!["inputRequests.who.params.message: missing field"],
    );
    refused::<LoggingMessageNotificationParams>(
        r#"{"level":"loud","data":1}"#,
        &expect![
            "level: unknown log level, expected one of debug info notice warning error critical alert emergency"
        ],
    );
    refused::<ProgressNotificationParams>(
        r#"{"progressToken":null,"progress":1}"#,
        &expect!["progressToken: invalid type: null, expected an integer or a string"],
    );
}

#[test]
fn a_syntax_error_keeps_its_position() {
    refused::<RequestParams>("{\"_meta\": }", &expect!["expected value at line 1 column 11"]);
    refused::<RequestParams>("{} x", &expect!["trailing characters at line 1 column 4"]);
    refused::<RequestParams>(
        "{\"_meta\":{",
        &expect!["EOF while parsing an object at line 1 column 10"],
    );
    let deep = "[".repeat(100_000);
    refused::<Value>(&deep, &expect!["recursion limit exceeded at line 1 column 128"]);
    refused::<RequestParams>(&deep, &expect!["recursion limit exceeded at line 1 column 128"]);
}

#[test]
fn two_members_of_one_name_are_refused_at_any_depth() {
    refused::<CallToolRequestParams>(
        r#"{"name":"a","name":"b"}"#,
        &expect!["name: duplicate field"],
    );
    refused::<CallToolRequestParams>(
        r#"{"name":"a","n\u0061me":"b"}"#,
        &expect!["name: duplicate field"],
    );
    refused::<CallToolRequestParams>(
        r#"{"name":"a","arguments":{"list":[{},{"x/y":1,"x/y":1}]}}"#,
        &expect![[r#"arguments.list[1]["x/y"]: duplicate field"#]],
    );
}

#[test]
fn a_path_survives_whatever_a_peer_names_its_members() {
    let names = [
        "a.b",
        "a]",
        "\"]: ",
        "a\\",
        "\\\"",
        "ключ",
        "",
        "[0]",
        "a: b",
        "\u{1b}[31m",
        "x".repeat(500).as_str(),
    ]
    .map(str::to_owned);
    for name in names {
        let error = decode::<GetPromptRequestParams>(
            json!({"name": "a", "arguments": {(name.clone()): 1}}).to_string().as_bytes(),
        );
        let error = error.err().unwrap();
        assert_eq!(error.message(), "invalid type: integer, expected a string", "{name:?}");
        assert!(error.path().starts_with("arguments[\""), "{error}");
        assert!(error.path().len() < 400, "{error}");
        assert!(!error.to_string().contains('\u{1b}'));
    }
}

#[test]
fn null_is_absence_except_where_any_json_is_allowed() {
    let params: CallToolRequestParams =
        decode(br#"{"name":"a","arguments":null,"_meta":null}"#).unwrap();
    assert_eq!(params, CallToolRequestParams::new("a"));

    let result: CallToolResult =
        decode(br#"{"content":[],"structuredContent":null,"isError":null}"#).unwrap();
    assert_eq!(result.structured_content, Some(Value::Null));
    assert_eq!(result.is_error, None);
    assert_eq!(
        serde_json::to_string(&result).unwrap(),
        r#"{"content":[],"structuredContent":null}"#
    );

    let absent: CallToolResult = decode(br#"{"content":[]}"#).unwrap();
    assert_eq!(absent.structured_content, None);
    refused::<CallToolRequestParams>(
        r#"{"name":null}"#,
        &expect!["name: invalid type: null, expected a string"],
    );
}

#[test]
fn whole_numbers_come_as_they_like() {
    let resource: Resource = decode(br#"{"uri":"a","name":"a","size":100.0}"#).unwrap();
    assert_eq!(resource.size, Some(100));
    let progress: ProgressNotificationParams =
        decode(br#"{"progressToken":1,"progress":50,"total":0.5}"#).unwrap();
    assert_eq!(
        serde_json::to_string(&progress).unwrap(),
        r#"{"progressToken":1,"progress":50,"total":0.5}"#
    );
    refused::<Resource>(
        r#"{"uri":"a","name":"a","size":1.5}"#,
        &expect!["size: invalid type: number, expected an unsigned integer"],
    );
    refused::<Resource>(
        r#"{"uri":"a","name":"a","size":1e300}"#,
        &expect!["size: invalid type: number, expected an unsigned integer"],
    );
}

#[test]
fn errors_of_a_users_own_type_pass_through() {
    #[derive(Debug, serde::Deserialize)]
    struct Own {
        #[expect(dead_code, reason = "only its shape matters")]
        id: u8,
    }
    assert_eq!(
        decode::<Own>(br#"{"id":300}"#).unwrap_err().to_string(),
        "invalid value: integer `300`, expected u8"
    );
    assert_eq!(decode_value::<Own>(json!({})).unwrap_err().to_string(), "missing field `id`");
    assert_eq!(decode_value::<Own>(json!({})).unwrap_err().path(), "");
}

#[test]
fn an_error_can_be_seen_from_further_out() {
    let error =
        DecodeError::new("missing field").in_member("inputSchema").in_element(3).in_member("tools");
    assert_eq!(error.to_string(), "tools[3].inputSchema: missing field");
    assert_eq!((error.path(), error.message()), ("tools[3].inputSchema", "missing field"));
    let through_serde: serde_json::Error = serde_core::de::Error::custom(&error);
    assert_eq!(DecodeError::from(through_serde), error);
}

#[test]
fn types_decode_from_values_and_within_other_types() {
    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Outer {
        tool: Tool,
        id: Id,
    }
    let outer: Outer = serde_json::from_value(json!({
        "tool": {"name": "a", "inputSchema": {"type": "object"}}, "id": "1"
    }))
    .unwrap();
    assert_eq!(outer, Outer { tool: Tool::new("a"), id: Id::from("1") });
    assert_eq!(Schema::from_value(json!({"type": "object"})).unwrap(), Schema::default());
}
