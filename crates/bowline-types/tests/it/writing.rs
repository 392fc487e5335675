//! What is written, and what is not.

use bowline_types::content::ContentBlock;
use bowline_types::discover::Implementation;
use bowline_types::meta::Meta;
use bowline_types::method::{CacheHint, ResultBody};
use bowline_types::subscription::SubscriptionsListenResult;
use bowline_types::task::extension::DetailedTask;
use bowline_types::tool::{CallToolResult, ListToolsResult, Schema, Tool, ToolAnnotations};
use bowline_types::{Extra, decode};
use serde_json::{Value, json};

#[test]
fn members_are_written_in_the_order_of_the_table() {
    let tool = Tool::new("add")
        .description("Add")
        .title("Adder")
        .annotations(ToolAnnotations::new().read_only_hint(true))
        .output_schema(Schema::default());
    assert_eq!(
        serde_json::to_string(&tool).unwrap(),
        concat!(
            r#"{"name":"add","inputSchema":{"type":"object"},"title":"Adder","description":"Add","#,
            r#""outputSchema":{"type":"object"},"annotations":{"readOnlyHint":true}}"#
        )
    );
}

#[test]
fn unknown_members_are_kept_but_never_twice() {
    let mut tool: Tool =
        decode(br#"{"name":"a","inputSchema":{"type":"object"},"x-new":{"a":null}}"#).unwrap();
    assert_eq!(tool.extra.get("x-new"), Some(&json!({"a": null})));
    tool.extra.insert("name", "b");
    tool.extra.insert("title", "t");
    assert_eq!(
        serde_json::to_string(&tool).unwrap(),
        r#"{"name":"a","inputSchema":{"type":"object"},"x-new":{"a":null}}"#
    );
    assert_eq!(tool.extra.remove("x-new"), Some(json!({"a": null})));
    assert_eq!(tool.extra.into_map().len(), 2);
}

#[test]
fn extra_is_one_word() {
    assert_eq!(size_of::<Extra>(), size_of::<usize>());
    assert!(Extra::default().is_empty());
    assert!(Extra::from(serde_json::Map::new()).is_empty());
}

#[test]
fn what_the_envelope_owns_is_not_written() {
    let mut result: CallToolResult =
        decode(br#"{"resultType":"complete","content":[],"_meta":{"a":1}}"#).unwrap();
    assert!(result.extra.is_empty());
    let meta = result.take_meta().unwrap();
    assert_eq!(meta.get("a"), Some(&json!(1)));
    assert_eq!(serde_json::to_string(&result).unwrap(), r#"{"content":[]}"#);
    result.extra.insert("resultType", "complete");
    assert_eq!(serde_json::to_string(&result).unwrap(), r#"{"content":[]}"#);
}

#[test]
fn metadata_is_taken_from_every_kind_of_result() {
    let end = SubscriptionsListenResult::of(5);
    assert_eq!(serde_json::to_value(&end).unwrap(), json!({"_meta": {(Meta::SUBSCRIPTION_ID): 5}}));
    assert_eq!(end.meta.subscription_id().unwrap(), Some(5.into()));

    let task = |status: &str| {
        let text = json!({"taskId": "t", "status": status, "createdAt": "", "lastUpdatedAt": "", "ttlMs": null,
            "inputRequests": {}, "result": {}, "error": {"code": 1, "message": ""}, "_meta": {"a": 1}});
        decode::<DetailedTask>(text.to_string().as_bytes()).unwrap()
    };
    for status in ["working", "input_required", "completed", "failed", "cancelled", "x-new"] {
        let mut task = task(status);
        assert_eq!(task.take_meta().unwrap().get("a"), Some(&json!(1)), "{status}");
        assert_eq!(task.take_meta(), None, "{status}");
        assert_eq!(serde_json::to_value(&task).unwrap()["status"], status);
    }
}

#[test]
fn a_caching_hint_is_two_members() {
    let result = ListToolsResult::new([Tool::new("a")]).cache(CacheHint::private(1000));
    let written = serde_json::to_value(&result).unwrap();
    assert_eq!((&written["ttlMs"], &written["cacheScope"]), (&json!(1000), &json!("private")));
    assert_eq!(written.get("cache"), None);
}

#[test]
fn numbers_that_are_not_finite_are_null() {
    let progress = bowline_types::progress::ProgressNotificationParams::new(1, f64::NAN);
    assert_eq!(serde_json::to_string(&progress).unwrap(), r#"{"progressToken":1,"progress":null}"#);
}

#[test]
fn results_are_written_without_a_tree() {
    // A tree would sort the members; the table does not.
    let result = CallToolResult::new([ContentBlock::text("z")])
        .structured_content(json!({"b": 1}))
        .is_error(false);
    assert_eq!(
        serde_json::to_string(&result).unwrap(),
        r#"{"content":[{"type":"text","text":"z"}],"structuredContent":{"b":1},"isError":false}"#
    );
    let mut server = Implementation::new("s", "1");
    server.extra.insert("a", Value::Null);
    assert_eq!(serde_json::to_string(&server).unwrap(), r#"{"name":"s","version":"1","a":null}"#);
}
