//! Schemas of Rust types, rewritten so that language models read them well.
//!
//! A model reads a schema as prose. References, alternatives with `null`, formats that no standard knows and names of
//! Rust types are noise to it, and some hosts refuse them.

use bowline_types::tool::Schema;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Whose values a schema describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::server) enum Side {
    /// What a model writes: it need not know that it could write `null` instead of nothing.
    Input,
    /// What a server writes: every `null` that it may write stays allowed.
    Output,
}

/// Rewrites a schema that `schemars` generated.
pub(in crate::server) fn friendly(schema: Schema, side: Side) -> Schema {
    let mut root = schema.into_map();
    root.remove("$schema");
    // Named after the Rust type.
    root.remove("title");
    let definitions = match root.remove("$defs") {
        Some(Value::Object(definitions)) => definitions,
        _ => Map::new(),
    };
    let mut rewrite = Rewrite { side, recursive: recursive(&definitions), definitions, room: ROOM };
    let mut whole = Value::Object(root.clone());
    if !rewrite.schema(&mut whole) {
        // Written out, the references would be more than anybody reads; all of them stay.
        rewrite.recursive = rewrite.definitions.keys().cloned().collect();
        rewrite.room = usize::MAX;
        whole = Value::Object(root);
        rewrite.schema(&mut whole);
    }
    let Value::Object(mut root) = whole else { return Schema::default() };
    rewrite.keep_definitions(&mut root);
    Schema::from(root)
}

struct Rewrite {
    side: Side,
    definitions: Map<String, Value>,
    /// Definitions that stay, because they lead back to themselves.
    recursive: BTreeSet<String>,
    /// How many more schemas there may be.
    room: usize,
}

impl Rewrite {
    /// Rewrites a schema in place; `false` when there is no room for all of it.
    fn schema(&mut self, schema: &mut Value) -> bool {
        let Some(room) = self.room.checked_sub(1) else { return false };
        self.room = room;
        if *schema == Value::Bool(true) {
            *schema = Value::Object(Map::new());
        }
        let Value::Object(keywords) = schema else { return true };
        self.inline(keywords);
        if keywords.get("format").and_then(Value::as_str).is_some_and(|name| !is_standard(name)) {
            keywords.remove("format");
        }
        plain_enum(keywords);
        if self.side == Side::Input {
            optional_members(keywords);
        }
        subschemas(keywords).all(|schema| self.schema(schema))
    }

    /// Puts a definition in place of the reference to it. What stands beside a reference goes before.
    fn inline(&self, keywords: &mut Map<String, Value>) {
        while let Some(name) = keywords.get("$ref").and_then(definition) {
            if self.recursive.contains(name) {
                return;
            }
            let Some(Value::Object(definition)) = self.definitions.get(name).cloned() else {
                return;
            };
            keywords.remove("$ref");
            for (key, value) in definition {
                keywords.entry(key).or_insert(value);
            }
        }
    }

    /// Adds the definitions that references still name.
    fn keep_definitions(&mut self, root: &mut Map<String, Value>) {
        let mut kept = Map::new();
        let mut wanted = BTreeSet::new();
        let whole = Value::Object(root.clone());
        references(&whole, &mut wanted);
        while let Some(name) = wanted.pop_first() {
            if kept.contains_key(&name) {
                continue;
            }
            let Some(mut schema) = self.definitions.get(&name).cloned() else { continue };
            self.room = usize::MAX;
            self.schema(&mut schema);
            references(&schema, &mut wanted);
            kept.insert(name, schema);
        }
        if !kept.is_empty() {
            root.insert("$defs".to_owned(), Value::Object(kept));
        }
    }
}

/// The schemas right inside a schema.
pub(super) fn subschemas(keywords: &mut Map<String, Value>) -> impl Iterator<Item = &mut Value> {
    keywords.iter_mut().flat_map(|(key, value)| -> Box<dyn Iterator<Item = &mut Value>> {
        match (key.as_str(), value) {
            (
                "properties" | "patternProperties" | "$defs" | "dependentSchemas",
                Value::Object(named),
            ) => Box::new(named.values_mut()),
            ("allOf" | "anyOf" | "oneOf" | "prefixItems", Value::Array(schemas)) => {
                Box::new(schemas.iter_mut())
            }
            ("items" | "contains" | "not" | "propertyNames" | "if" | "then" | "else", schema) => {
                Box::new(std::iter::once(schema))
            }
            // `true` and `false` say here whether, and are no schemas to rewrite.
            ("additionalProperties" | "unevaluatedProperties", schema @ Value::Object(_)) => {
                Box::new(std::iter::once(schema))
            }
            _ => Box::new(std::iter::empty()),
        }
    })
}

/// Alternatives that are all fixed strings become one `enum`, with what is said of each in the description.
fn plain_enum(keywords: &mut Map<String, Value>) {
    let Some(Value::Array(alternatives)) = keywords.get("oneOf") else { return };
    let mut values = Vec::new();
    let mut said = Vec::new();
    for alternative in alternatives {
        let Some(alternative) = alternative.as_object() else { return };
        let known = |key: &str| matches!(key, "type" | "const" | "enum" | "description");
        if !alternative.keys().all(|key| known(key)) {
            return;
        }
        let of_this: &[Value] = match (alternative.get("const"), alternative.get("enum")) {
            (Some(value), None) => std::slice::from_ref(value),
            (None, Some(Value::Array(values))) => values,
            _ => return,
        };
        if !of_this.iter().all(Value::is_string) {
            return;
        }
        if let (Some(text), [Value::String(value)]) =
            (alternative.get("description").and_then(Value::as_str), of_this)
        {
            said.push(format!("- `{value}`: {text}"));
        }
        values.extend_from_slice(of_this);
    }
    keywords.remove("oneOf");
    keywords.insert("type".to_owned(), "string".into());
    keywords.insert("enum".to_owned(), values.into());
    if !said.is_empty() {
        if let Some(text) = keywords.get("description").and_then(Value::as_str) {
            said.insert(0, text.to_owned());
        }
        keywords.insert("description".to_owned(), said.join("\n").into());
    }
}

/// Members that may be left out need no `null` as well.
fn optional_members(keywords: &mut Map<String, Value>) {
    let required: Vec<Value> =
        keywords.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
    let Some(Value::Object(members)) = keywords.get_mut("properties") else { return };
    for (name, member) in members {
        if let Value::Object(member) = member
            && !required.iter().any(|required| required == name)
            && without_null(member)
            && member.get("default") == Some(&Value::Null)
        {
            member.remove("default");
        }
    }
}

/// Takes `null` out of what a schema allows; `false` when it is not one alternative among others.
fn without_null(keywords: &mut Map<String, Value>) -> bool {
    if let Some(Value::Array(kinds)) = keywords.get_mut("type") {
        let before = kinds.len();
        kinds.retain(|kind| kind != "null");
        let found = kinds.len() < before;
        if let [one] = kinds.as_slice() {
            let one = one.clone();
            keywords.insert("type".to_owned(), one);
        }
        if found && let Some(Value::Array(values)) = keywords.get_mut("enum") {
            values.retain(|value| !value.is_null());
        }
        return found;
    }
    let Some(Value::Array(alternatives)) = keywords.get_mut("anyOf") else { return false };
    let before = alternatives.len();
    alternatives.retain(|schema| schema.get("type").is_none_or(|kind| kind != "null"));
    let found = alternatives.len() < before;
    if let [Value::Object(one)] = alternatives.as_slice() {
        let one = one.clone();
        keywords.remove("anyOf");
        for (key, value) in one {
            keywords.entry(key).or_insert(value);
        }
    }
    found
}

/// The definitions that lead back to themselves.
fn recursive(definitions: &Map<String, Value>) -> BTreeSet<String> {
    let leads_back = |name: &&String| {
        let mut seen = BTreeSet::new();
        let mut open = BTreeSet::new();
        references(&definitions[*name], &mut open);
        while let Some(next) = open.pop_first() {
            if next == **name {
                return true;
            }
            if let Some(schema) = definitions.get(&next)
                && seen.insert(next)
            {
                references(schema, &mut open);
            }
        }
        false
    };
    definitions.keys().filter(leads_back).cloned().collect()
}

/// The names of all definitions that a schema refers to.
fn references(schema: &Value, names: &mut BTreeSet<String>) {
    match schema {
        Value::Object(members) => {
            names.extend(members.get("$ref").and_then(definition).map(ToOwned::to_owned));
            members.values().for_each(|value| references(value, names));
        }
        Value::Array(values) => values.iter().for_each(|value| references(value, names)),
        _ => {}
    }
}

fn definition(reference: &Value) -> Option<&str> {
    reference.as_str()?.strip_prefix("#/$defs/")
}

/// The formats that [JSON Schema](https://json-schema.org/draft/2020-12/json-schema-validation#name-defined-formats)
/// defines.
fn is_standard(format: &str) -> bool {
    const STANDARD: [&str; 19] = [
        "date-time",
        "date",
        "time",
        "duration",
        "email",
        "idn-email",
        "hostname",
        "idn-hostname",
        "ipv4",
        "ipv6",
        "uri",
        "uri-reference",
        "iri",
        "iri-reference",
        "uuid",
        "uri-template",
        "json-pointer",
        "relative-json-pointer",
        "regex",
    ];
    STANDARD.contains(&format)
}

/// Schemas within one schema, before its references are kept as they are.
const ROOM: usize = 1000;
