//! Capabilities, in and out. What a protocol version does not have cannot be declared in it.

use bowline_types::capability::{ClientCapabilities, ServerCapabilities};
use bowline_types::decode_value;
use bowline_types::revision::Revision;
use serde_json::{Map, Value, json};

/// What a client declared in a protocol version, as the newest one says it.
///
/// What that version does not have is taken out, and so is what has a wrong shape: a capability that cannot be read is
/// one that was not declared, and no reason to lose the others.
#[must_use]
pub fn client_capabilities(
    revision: Revision,
    mut declared: Map<String, Value>,
) -> Map<String, Value> {
    for &(since, until, path) in CLIENT {
        if !(since..=until).contains(&revision) {
            remove(&mut declared, path);
        }
    }
    declared.retain(|name, value| {
        value.is_object()
            && decode_value::<ClientCapabilities>(json!({ name: value.clone() })).is_ok()
    });
    declared
}

/// What a client declares, in the shape of a protocol version.
#[must_use]
pub fn declared_capabilities(
    revision: Revision,
    mut declared: Map<String, Value>,
) -> Map<String, Value> {
    // Without its kinds, elicitation is the one by forms, which such a client does not offer.
    let only_by_url =
        |elicitation: &Value| elicitation.get("url").is_some() && elicitation.get("form").is_none();
    if revision <= Revision::V2025_06_18 && declared.get("elicitation").is_some_and(only_by_url) {
        declared.remove("elicitation");
    }
    client_capabilities(revision, declared)
}

/// What a server declares, in the shape of a protocol version.
#[must_use]
pub fn server_capabilities(
    revision: Revision,
    mut declared: ServerCapabilities,
) -> ServerCapabilities {
    if revision <= Revision::V2025_11_25 {
        declared.extensions = None;
    }
    if revision != Revision::V2025_11_25 {
        declared.tasks = None;
    }
    if revision <= Revision::V2024_11_05 {
        declared.completions = None;
    }
    declared
}

/// The capabilities of clients that not every protocol version has: the first, the last, the way to it.
const CLIENT: &[(Revision, Revision, &[&str])] = &[
    (Revision::V2026_07_28, Revision::LATEST, &["extensions"]),
    (Revision::V2025_11_25, Revision::V2025_11_25, &["tasks"]),
    (Revision::V2025_06_18, Revision::LATEST, &["elicitation"]),
    (Revision::V2025_11_25, Revision::LATEST, &["elicitation", "form"]),
    (Revision::V2025_11_25, Revision::LATEST, &["elicitation", "url"]),
    (Revision::V2025_11_25, Revision::LATEST, &["sampling", "tools"]),
    (Revision::V2025_11_25, Revision::LATEST, &["sampling", "context"]),
];

fn remove(declared: &mut Map<String, Value>, path: &[&str]) {
    match path {
        [] => {}
        [name] => {
            declared.remove(*name);
        }
        [name, rest @ ..] => {
            if let Some(inner) = declared.get_mut(*name).and_then(Value::as_object_mut) {
                remove(inner, rest);
            }
        }
    }
}
