//! The key `bowline`, where there is no host that it could be about.

use super::reader::Reader;
use jsonc_parser::ast::Value;
use std::path::Path;

/// The key, of which nothing is wanted.
#[derive(Clone, Debug, Default)]
pub(super) struct Key;

impl Key {
    pub(super) fn read(_: &mut Reader<'_>, _: &Value<'_>, _: &Path, _: &[String]) -> Self {
        Self
    }
}
