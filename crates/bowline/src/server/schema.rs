//! Schemas of Rust types, written so that language models read them well.

use bowline_types::tool::Schema;
use schemars::JsonSchema;

/// The schema of a type.
pub(super) fn schema_of<T: JsonSchema>() -> Schema {
    let mut settings = schemars::generate::SchemaSettings::draft2020_12();
    settings.inline_subschemas = true;
    settings.meta_schema = None;
    let schema = settings.into_generator().into_root_schema_for::<T>();
    match serde_json::Value::from(schema) {
        serde_json::Value::Object(map) => Schema::from(map),
        _ => Schema::default(),
    }
}
