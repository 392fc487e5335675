//! Results of tools as JSON: any JSON in the newest protocol version, objects until 2025-11-25, none until 2025-03-26.
//!
//! What is taken out of `structuredContent` goes into `content` as text when nothing else stands there, as every
//! protocol version that has both wants servers to do anyway.

use serde_json::{Map, Value, json};

const CONTENT: &str = "structuredContent";
const SCHEMA: &str = "outputSchema";

/// Takes out structured content that is no object.
pub(super) fn only_objects(result: &mut Map<String, Value>) {
    if result.get(CONTENT).is_some_and(|content| !content.is_object()) {
        none(result);
    }
}

/// Takes out output schemas of anything but objects, so that their tools promise nothing they cannot keep.
pub(super) fn only_schemas_of_objects(result: &mut Map<String, Value>) {
    let of_object = |schema: &Value| schema.get("type").is_some_and(|kind| kind == "object");
    for tool in tools(result) {
        if tool.get(SCHEMA).is_some_and(|schema| !of_object(schema)) {
            tool.remove(SCHEMA);
        }
    }
}

/// Takes out structured content.
pub(super) fn none(result: &mut Map<String, Value>) {
    let Some(structured) = result.remove(CONTENT) else {
        return;
    };
    let content = result.entry("content").or_insert_with(|| json!([]));
    if let Some(blocks) = content.as_array_mut().filter(|blocks| blocks.is_empty()) {
        blocks.push(json!({ "type": "text", "text": structured.to_string() }));
    }
}

/// Takes out output schemas.
pub(super) fn no_schemas(result: &mut Map<String, Value>) {
    for tool in tools(result) {
        tool.remove(SCHEMA);
    }
}

fn tools(result: &mut Map<String, Value>) -> impl Iterator<Item = &mut Map<String, Value>> {
    let tools = result.get_mut("tools").and_then(Value::as_array_mut);
    tools.into_iter().flatten().filter_map(Value::as_object_mut)
}
