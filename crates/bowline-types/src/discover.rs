//! Discovery: what a server is and can do.

use crate::List;
use crate::capability::ServerCapabilities;
use crate::content::Icon;
use crate::macros::message;
use crate::meta::Meta;
use crate::method::{CacheHint, result_body};

message! {
    /// The answer to `server/discover`. Since 2026-07-28.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/server/discover#discoverresult)
    pub struct DiscoverResult {
        new {
            /// The protocol versions that the server speaks; the client chooses one for its requests.
            supported_versions: Vec<String> = "supportedVersions",
            /// What it offers.
            capabilities: ServerCapabilities = "capabilities",
        }
        optional {
            /// How to use the server, in words for a model.
            instructions: String = "instructions",
            /// Protocol metadata; names the server.
            meta: Meta = "_meta",
        }
        inline {
            /// How long and by whom the answer may be kept.
            cache: CacheHint = "ttlMs" | "cacheScope",
        }
        envelope "resultType";
    }
}

message! {
    /// A program that speaks the protocol, by its own account: to show and to log, never to decide on.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/schema#implementation)
    pub struct Implementation {
        new {
            /// A name for programs.
            name: String = "name",
            /// Its version.
            version: String = "version",
        }
        optional {
            /// A name for people. Since 2025-06-18.
            title: String = "title",
            /// What it is for, in words for people. Since 2025-11-25.
            description: String = "description",
            /// Its web site. Since 2025-11-25.
            website_url: String = "websiteUrl",
            /// Pictures to show with it. Since 2025-11-25.
            icons: List<Icon> = "icons",
        }
    }
}

result_body!(DiscoverResult);
