//! Schemas that no Rust type stands behind: checked with `jsonschema`, which is there with the feature `schema`.

#[cfg(not(feature = "schema"))]
mod absent;
#[cfg(feature = "schema")]
mod compiled;

#[cfg(not(feature = "schema"))]
pub(crate) use absent::{Pattern, Validator};
#[cfg(feature = "schema")]
pub(crate) use compiled::{Pattern, Validator};
