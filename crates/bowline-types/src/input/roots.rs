//! Roots: the directories and files that a server may work on. Deprecated since 2026-07-28.

use crate::List;
use crate::jsonrpc::RequestParams;
use crate::macros::message;
use crate::meta::Meta;
use crate::method::result_body;

message! {
    /// The question for the roots, as it is in an [`InputRequiredResult`](super::InputRequiredResult).
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/client/roots#listing-roots)
    pub struct ListRootsRequest {
        tag "method" = "roots/list";
        optional {
            /// Parameters, of which there are none but metadata.
            params: RequestParams = "params",
        }
    }
}

message! {
    /// The answer to `roots/list`.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/client/roots#listing-roots)
    pub struct ListRootsResult {
        new {
            /// The roots.
            roots: List<Root> = "roots",
        }
        optional {
            /// Protocol metadata. Until 2025-11-25.
            meta: Meta = "_meta",
        }
    }
}

message! {
    /// A directory or file that a server may work on.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/client/roots#root)
    pub struct Root {
        new {
            /// Where it is; a `file://` URI for now.
            uri: String = "uri",
        }
        optional {
            /// A name for people.
            name: String = "name",
            /// Metadata of the root. Since 2025-06-18.
            meta: Meta = "_meta",
        }
    }
}

result_body!(ListRootsResult);
