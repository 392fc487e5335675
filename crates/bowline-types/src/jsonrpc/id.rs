//! Request ids.

use std::fmt;

use serde_core::ser::{Serialize, Serializer};
use serde_json::Value;

use crate::decode::{DecodeError, Member};
use crate::macros::deserialize;

/// The id of a request: an integer or a string, never `null`.
///
/// `1` and `"1"` are different ids. A number with a fraction or outside of 64 bits is refused.
///
/// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/basic/index#requests)
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Id {
    /// An integer.
    Int(i64),
    /// A string.
    Str(Box<str>),
}

impl fmt::Display for Id {
    /// As JSON, so that `1` and `"1"` look different.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(id) => id.fmt(f),
            Self::Str(id) => fmt::Debug::fmt(id, f),
        }
    }
}

impl Member for Id {
    fn from_value(value: Value) -> Result<Self, DecodeError> {
        match value {
            Value::String(id) => Ok(Self::Str(id.into())),
            Value::Number(number) => match number.as_i64() {
                Some(id) => Ok(Self::Int(id)),
                None => Err(DecodeError::new("invalid value: number is not an integer of 64 bits")),
            },
            other => Err(DecodeError::unexpected(&other, "an integer or a string")),
        }
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Int(id) => serializer.serialize_i64(*id),
            Self::Str(id) => serializer.serialize_str(id),
        }
    }
}

deserialize!(Id);

impl From<i64> for Id {
    fn from(id: i64) -> Self {
        Self::Int(id)
    }
}

impl From<&str> for Id {
    fn from(id: &str) -> Self {
        Self::Str(id.into())
    }
}

impl From<String> for Id {
    fn from(id: String) -> Self {
        Self::Str(id.into())
    }
}
