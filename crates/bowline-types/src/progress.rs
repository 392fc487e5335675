//! Progress of a request, and the wish to end it.

use std::fmt;

use serde_core::ser::{Serialize, Serializer};
use serde_json::Value;

use crate::decode::{DecodeError, Member};
use crate::jsonrpc::Id;
use crate::macros::{deserialize, message};
use crate::meta::Meta;

/// What ties progress to a request: an integer or a string that the requester chose.
///
/// As with [`Id`], `1` and `"1"` are different.
///
/// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/basic/patterns/progress#progress-flow)
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProgressToken {
    /// An integer.
    Int(i64),
    /// A string.
    Str(Box<str>),
}

impl fmt::Display for ProgressToken {
    /// As JSON, so that `1` and `"1"` look different.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(token) => token.fmt(f),
            Self::Str(token) => fmt::Debug::fmt(token, f),
        }
    }
}

impl Member for ProgressToken {
    fn from_value(value: Value) -> Result<Self, DecodeError> {
        Id::from_value(value).map(Self::from)
    }
}

impl Serialize for ProgressToken {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Int(token) => serializer.serialize_i64(*token),
            Self::Str(token) => serializer.serialize_str(token),
        }
    }
}

deserialize!(ProgressToken);

impl From<Id> for ProgressToken {
    fn from(id: Id) -> Self {
        match id {
            Id::Int(id) => Self::Int(id),
            Id::Str(id) => Self::Str(id),
        }
    }
}

impl From<i64> for ProgressToken {
    fn from(token: i64) -> Self {
        Self::Int(token)
    }
}

impl From<&str> for ProgressToken {
    fn from(token: &str) -> Self {
        Self::Str(token.into())
    }
}

impl From<String> for ProgressToken {
    fn from(token: String) -> Self {
        Self::Str(token.into())
    }
}

message! {
    /// Parameters of `notifications/progress`.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/schema#progressnotificationparams)
    pub struct ProgressNotificationParams {
        new {
            /// The token that the request carried.
            progress_token: ProgressToken = "progressToken",
            /// How far it is; grows from one notification to the next, in a unit of the sender's.
            progress: f64 = "progress",
        }
        optional {
            /// Where it ends, in the same unit, if known.
            total: f64 = "total",
            /// What is being done, in words for people. Since 2025-03-26.
            message: String = "message",
            /// Protocol metadata.
            meta: Meta = "_meta",
        }
    }
}

message! {
    /// Parameters of `notifications/cancelled`: the result of a request will not be used.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/basic/patterns/cancellation#cancellation-flow)
    pub struct CancelledNotificationParams {
        optional {
            /// The request, which the sender of this issued itself. Always present, except for the end of a
            /// task in 2025-11-25.
            request_id: Id = "requestId",
            /// Why, to log or to show.
            reason: String = "reason",
            /// Protocol metadata.
            meta: Meta = "_meta",
        }
    }
}
