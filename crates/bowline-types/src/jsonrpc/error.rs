//! Errors as they are on the wire.

use std::error::Error;
use std::fmt;

use serde_core::ser::{Serialize, Serializer};
use serde_json::Value;

use crate::capability::ClientCapabilities;
use crate::decode::{self, DecodeError, Member};
use crate::macros::{deserialize, message};

message! {
    /// The `error` of a response.
    ///
    /// Codes from -32768 to -32000 have the meaning that JSON-RPC and the protocol give them, and a
    /// constructor each; for others there is [`ErrorObject::application`].
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/basic/index#error-codes)
    pub struct ErrorObject {
        new {
            /// What kind of error.
            code: ErrorCode = "code",
            /// What was wrong, in one sentence.
            message: String = "message",
        }
        optional {
            /// More, as the code defines it.
            data: Value = "data",
        }
    }
}

impl ErrorObject {
    /// An error with a code of the application's own.
    ///
    /// # Errors
    ///
    /// When the code is from -32768 to -32000, the range reserved for JSON-RPC and the protocol.
    pub fn application(code: i64, message: impl Into<String>) -> Result<Self, ReservedCode> {
        match ErrorCode(code) {
            reserved if reserved.is_reserved() => Err(ReservedCode(reserved)),
            code => Ok(Self::new(code, message)),
        }
    }

    /// The text is not JSON.
    pub fn parse_error(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::PARSE_ERROR, message)
    }

    /// The JSON is not a request.
    pub fn invalid_request(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::INVALID_REQUEST, message)
    }

    /// The method does not exist, or belongs to a capability that was not declared.
    pub fn method_not_found(method: &str) -> Self {
        Self::new(ErrorCode::METHOD_NOT_FOUND, format!("method not found: {method}"))
    }

    /// The parameters of a known method are wrong.
    pub fn invalid_params(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::INVALID_PARAMS, message)
    }

    /// Something unexpected happened on the side that answers.
    pub fn internal_error(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::INTERNAL_ERROR, message)
    }

    /// There is no such resource; `data` names it as `uri`.
    ///
    /// The code is that of invalid params, as the newest protocol version wants it; for older peers see
    /// [`ErrorCode::RESOURCE_NOT_FOUND`].
    pub fn resource_not_found(uri: &str) -> Self {
        let data = Value::from_iter([("uri", uri)]);
        Self::new(ErrorCode::INVALID_PARAMS, "resource not found").data(data)
    }

    /// HTTP headers and body of a request disagree, or a required header is missing or malformed.
    pub fn header_mismatch(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::HEADER_MISMATCH, message)
    }

    /// The request needs capabilities that this client did not declare on it.
    pub fn missing_required_client_capability(required: ClientCapabilities) -> Self {
        let data = MissingRequiredClientCapability::new(required);
        let message = "client did not declare a capability that this request needs";
        Self::new(ErrorCode::MISSING_REQUIRED_CLIENT_CAPABILITY, message).data(to_value(&data))
    }

    /// The protocol version of the request is not served here.
    pub fn unsupported_protocol_version<V: Into<String>>(
        supported: impl IntoIterator<Item = V>,
        requested: impl Into<String>,
    ) -> Self {
        let supported: Vec<String> = supported.into_iter().map(Into::into).collect();
        let data = UnsupportedProtocolVersion::new(supported, requested);
        Self::new(ErrorCode::UNSUPPORTED_PROTOCOL_VERSION, "unsupported protocol version")
            .data(to_value(&data))
    }

    /// Decodes `data`, with the paths of errors starting at `data`.
    ///
    /// # Errors
    ///
    /// When there is no `data` or it is not a `T`.
    pub fn decode_data<T: Member>(&self) -> Result<T, DecodeError> {
        let data = self.data.clone().ok_or_else(|| DecodeError::missing("data"))?;
        T::from_value(data).map_err(|error| error.in_member("data"))
    }
}

impl fmt::Display for ErrorObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.message, self.code)
    }
}

impl Error for ErrorObject {}

/// The code of an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ErrorCode(pub i64);

impl ErrorCode {
    /// -32700: the text is not JSON.
    pub const PARSE_ERROR: Self = Self(-32700);
    /// -32600: the JSON is not a request.
    pub const INVALID_REQUEST: Self = Self(-32600);
    /// -32601: no such method, or not without a capability that was not declared.
    pub const METHOD_NOT_FOUND: Self = Self(-32601);
    /// -32602: wrong parameters, unknown names, invalid cursors.
    pub const INVALID_PARAMS: Self = Self(-32602);
    /// -32603: something unexpected on the side that answers.
    pub const INTERNAL_ERROR: Self = Self(-32603);
    /// -32002: no such resource. Only up to 2025-11-25; since then it is -32602. Clients still accept it.
    pub const RESOURCE_NOT_FOUND: Self = Self(-32002);
    /// -32042: the user has to visit a URL first. Only in 2025-11-25.
    pub const URL_ELICITATION_REQUIRED: Self = Self(-32042);
    /// -32020: HTTP headers and body disagree.
    pub const HEADER_MISMATCH: Self = Self(-32020);
    /// -32021: the client did not declare a capability that the request needs.
    pub const MISSING_REQUIRED_CLIENT_CAPABILITY: Self = Self(-32021);
    /// -32022: the protocol version is not served.
    pub const UNSUPPORTED_PROTOCOL_VERSION: Self = Self(-32022);

    /// Whether the code is from -32768 to -32000: reserved for JSON-RPC and the protocol.
    pub const fn is_reserved(self) -> bool {
        -32768 <= self.0 && self.0 <= -32000
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Member for ErrorCode {
    fn from_value(value: Value) -> Result<Self, DecodeError> {
        value
            .as_i64()
            .map(Self)
            .ok_or_else(|| DecodeError::unexpected(&value, "an integer of 64 bits"))
    }
}

impl Serialize for ErrorCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.0)
    }
}

deserialize!(ErrorCode);

/// An application wanted to use a code that is reserved for JSON-RPC and the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReservedCode(ErrorCode);

impl ReservedCode {
    /// The code.
    pub const fn code(self) -> ErrorCode {
        self.0
    }
}

impl fmt::Display for ReservedCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error code {} is reserved, use one outside of -32768 to -32000", self.0)
    }
}

impl Error for ReservedCode {}

message! {
    /// The `data` of [`ErrorCode::UNSUPPORTED_PROTOCOL_VERSION`].
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/schema#unsupportedprotocolversionerror)
    pub struct UnsupportedProtocolVersion {
        new {
            /// The versions that the server speaks; the client chooses one and tries again.
            supported: Vec<String> = "supported",
            /// The version that was asked for.
            requested: String = "requested",
        }
    }
}

message! {
    /// The `data` of [`ErrorCode::MISSING_REQUIRED_CLIENT_CAPABILITY`].
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/schema#missingrequiredclientcapabilityerror)
    pub struct MissingRequiredClientCapability {
        new {
            /// The capabilities that the client has to declare for this request.
            required_capabilities: ClientCapabilities = "requiredCapabilities",
        }
    }
}

fn to_value(data: &impl Serialize) -> Value {
    decode::to_value(data)
}
