//! Lists of words, of which one bad element does not lose the others.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// The texts of a list, at most as many as anybody needs; none if the member is absent or null.
pub(super) fn texts<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Vec<String>>, D::Error> {
    let values = Option::<Vec<Value>>::deserialize(deserializer)?;
    Ok(values.map(|values| values.into_iter().filter_map(text).take(MOST).collect()))
}

fn text(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        _ => None,
    }
}

const MOST: usize = 256;
