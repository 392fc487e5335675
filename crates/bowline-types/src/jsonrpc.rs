//! What JSON-RPC 2.0 itself has: ids, errors, and the parameters and results that carry nothing else.

mod error;
mod id;

pub use error::{
    ErrorCode, ErrorObject, MissingRequiredClientCapability, ReservedCode,
    UnsupportedProtocolVersion,
};
pub use id::Id;

use crate::macros::message;
use crate::meta::Meta;

message! {
    /// Parameters of a request that needs none of its own.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/schema#requestparams)
    pub struct RequestParams {
        optional {
            /// Protocol metadata. The newest protocol version requires it on every request of a client.
            meta: Meta = "_meta",
        }
    }
}

message! {
    /// Parameters of a request for one page of a list.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/server/utilities/pagination#request-format)
    pub struct PaginatedRequestParams {
        optional {
            /// The `nextCursor` of the page before; absent for the first page. Opaque to the client.
            cursor: String = "cursor",
            /// Protocol metadata.
            meta: Meta = "_meta",
        }
    }
}

message! {
    /// Parameters of a notification that needs none of its own.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/schema#notificationparams)
    pub struct NotificationParams {
        optional {
            /// Protocol metadata.
            meta: Meta = "_meta",
        }
    }
}

message! {
    /// A result that says no more than that the request succeeded.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/schema#emptyresult)
    pub struct EmptyResult {
        optional {
            /// Protocol metadata.
            meta: Meta = "_meta",
        }
        envelope "resultType";
    }
}
