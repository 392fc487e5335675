//! Schemas: of Rust types, written so that language models read them well, and of the user's own making.
//!
//! Who checks a value is fixed at registration. What a Rust type says is checked by decoding into it, what its schema
//! says beyond that (ranges, lengths, patterns) by [`checks`], and a schema that no type stands behind by [`raw`].

pub(super) mod checks;
mod friendly;
pub(crate) mod raw;

pub(super) use friendly::{Side, friendly};

use bowline_types::tool::Schema;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;

/// The schema of what decodes into a type, as `schemars` generates it.
pub(super) fn decoded<T: JsonSchema>() -> Schema {
    generated::<T>(SchemaSettings::draft2020_12().for_deserialize())
}

/// The schema of what a type encodes to, as `schemars` generates it.
pub(super) fn encoded<T: JsonSchema>() -> Schema {
    generated::<T>(SchemaSettings::draft2020_12().for_serialize())
}

fn generated<T: JsonSchema>(settings: SchemaSettings) -> Schema {
    match settings.into_generator().into_root_schema_for::<T>().into() {
        serde_json::Value::Object(keywords) => Schema::from(keywords),
        // Roots are always given a title, and so are objects.
        _ => Schema::default(),
    }
}

#[cfg(test)]
mod tests;
