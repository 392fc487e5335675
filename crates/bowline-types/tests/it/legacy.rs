//! What only older protocol versions have. Left out of a build with `--cfg modern_only`.

use bowline_types::decode;
use bowline_types::input::ElicitRequestUrlParams;
use bowline_types::jsonrpc::{ErrorCode, ErrorObject};
use bowline_types::legacy::{Initialize, InitializeRequestParams, UrlElicitationRequired};
use bowline_types::method::Method;
use bowline_types::task::core_2025_11;

#[test]
fn an_initialize_of_each_shape_is_understood() {
    let params: InitializeRequestParams = decode(
        br#"{"protocolVersion":"2024-11-05","capabilities":{"roots":{"listChanged":true},"sampling":{}},
            "clientInfo":{"name":"c","version":"1"}}"#,
    )
    .unwrap();
    assert_eq!(params.protocol_version, "2024-11-05");
    assert_eq!(params.capabilities.roots.unwrap().list_changed, Some(true));
    assert_eq!(Initialize::NAME, "initialize");
    let error =
        decode::<InitializeRequestParams>(br#"{"protocolVersion":"2024-11-05","capabilities":{}}"#);
    assert_eq!(error.unwrap_err().to_string(), "clientInfo: missing field");
}

#[test]
fn the_visits_that_an_error_asks_for_are_typed() {
    let visit = ElicitRequestUrlParams::new("log in", "https://a.b").elicitation_id("1");
    let error = UrlElicitationRequired::new([visit.clone()]).into_error();
    assert_eq!(error.code, ErrorCode::URL_ELICITATION_REQUIRED);
    assert_eq!(*UrlElicitationRequired::of(&error).unwrap().unwrap().elicitations, [visit]);
    assert!(UrlElicitationRequired::of(&ErrorObject::internal_error("x")).is_none());
    let empty = ErrorObject::new(ErrorCode::URL_ELICITATION_REQUIRED, "x");
    assert!(UrlElicitationRequired::of(&empty).unwrap().is_err());
}

#[test]
fn the_result_of_a_task_is_that_of_its_request() {
    let text = r#"{"content":[],"_meta":{"io.modelcontextprotocol/related-task":{"taskId":"t"}}}"#;
    let payload: core_2025_11::GetTaskPayloadResult = decode(text.as_bytes()).unwrap();
    assert_eq!(payload.meta.as_ref().unwrap().related_task().unwrap().unwrap().task_id, "t");
    assert_eq!(payload.extra.get("content"), Some(&serde_json::json!([])));
    let task: core_2025_11::Task = decode(
        br#"{"taskId":"t","status":"working","createdAt":"","lastUpdatedAt":"","ttl":null}"#,
    )
    .unwrap();
    assert_eq!(task.ttl, None);
    assert_eq!(serde_json::to_value(&task).unwrap()["ttl"], serde_json::Value::Null);
    assert!(!task.status.is_terminal());
}
