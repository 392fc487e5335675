//! Kinds of content that an older client would not know, as text that says what there is.
//!
//! A client tells the kinds apart by `type` and has no way to pass over one it does not know, so that one of them
//! would cost it the whole result. Annotations stay: they say for whom the content is.

use serde_json::{Map, Value};

/// Links to resources in the result of a tool, as text.
pub(super) fn links_of_result(result: &mut Map<String, Value>) {
    blocks_of_result(result).for_each(link);
}

/// Links to resources in a prompt, as text.
pub(super) fn links_of_prompt(result: &mut Map<String, Value>) {
    blocks_of_prompt(result).for_each(link);
}

/// Audio in the result of a tool, as text.
pub(super) fn audio_of_result(result: &mut Map<String, Value>) {
    blocks_of_result(result).for_each(audio);
}

/// Audio in a prompt, as text.
pub(super) fn audio_of_prompt(result: &mut Map<String, Value>) {
    blocks_of_prompt(result).for_each(audio);
}

fn blocks_of_result(result: &mut Map<String, Value>) -> impl Iterator<Item = &mut Value> {
    result.get_mut("content").and_then(Value::as_array_mut).into_iter().flatten()
}

fn blocks_of_prompt(result: &mut Map<String, Value>) -> impl Iterator<Item = &mut Value> {
    let messages = result.get_mut("messages").and_then(Value::as_array_mut);
    messages.into_iter().flatten().filter_map(|message| message.get_mut("content"))
}

fn link(block: &mut Value) {
    if block["type"] != "resource_link" {
        return;
    }
    let text = |key: &str| block[key].as_str();
    let name = text("title").or_else(|| text("name")).unwrap_or("resource");
    let mut line = format!("{name}: {}", text("uri").unwrap_or_default());
    if let Some(description) = text("description") {
        line = format!("{line} ({description})");
    }
    replace(block, line);
}

fn audio(block: &mut Value) {
    if block["type"] != "audio" {
        return;
    }
    let kind = block["mimeType"].as_str().unwrap_or("unknown type");
    let line = format!("[audio of {kind}, which this protocol version cannot carry]");
    replace(block, line);
}

fn replace(block: &mut Value, text: String) {
    let annotations = block.get_mut("annotations").map(Value::take);
    let mut members = Map::from_iter([
        ("type".to_owned(), Value::from("text")),
        ("text".to_owned(), Value::from(text)),
    ]);
    members.extend(annotations.map(|annotations| ("annotations".to_owned(), annotations)));
    *block = Value::Object(members);
}
