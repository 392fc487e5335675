//! Resources: data that a server lets a client read, by URI.

use serde_core::ser::{Serialize, Serializer};
use serde_json::Value;

use crate::List;
use crate::content::{Annotations, Icon};
use crate::decode::{DecodeError, Member};
use crate::input::InputResponses;
use crate::macros::{deserialize, message};
use crate::meta::Meta;
use crate::method::{CacheHint, result_body};

message! {
    /// A resource that a server can read.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/server/resources#resource)
    pub struct Resource {
        new {
            /// Where it is.
            uri: String = "uri",
            /// A name for programs.
            name: String = "name",
        }
        optional {
            /// A name for people. Since 2025-06-18.
            title: String = "title",
            /// What it holds, in words for a model.
            description: String = "description",
            /// Its MIME type, if known.
            mime_type: String = "mimeType",
            /// The size of its bytes before any encoding, if known.
            size: u64 as is = "size",
            /// Pictures to show with it. Since 2025-11-25.
            icons: List<Icon> = "icons",
            /// For whom it is and how important.
            annotations: Annotations = "annotations",
            /// Metadata of the resource. Since 2025-06-18.
            meta: Meta = "_meta",
        }
    }
}

message! {
    /// A family of resources whose URIs follow a template.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/server/resources#resource-templates)
    pub struct ResourceTemplate {
        new {
            /// The template (RFC 6570).
            uri_template: String = "uriTemplate",
            /// A name for programs.
            name: String = "name",
        }
        optional {
            /// A name for people. Since 2025-06-18.
            title: String = "title",
            /// What the resources hold, in words for a model.
            description: String = "description",
            /// The MIME type of all of them, when they have the same.
            mime_type: String = "mimeType",
            /// Pictures to show with it. Since 2025-11-25.
            icons: List<Icon> = "icons",
            /// For whom they are and how important.
            annotations: Annotations = "annotations",
            /// Metadata of the template. Since 2025-06-18.
            meta: Meta = "_meta",
        }
    }
}

/// What a resource holds: text, or bytes in Base64.
///
/// An object with `text` is text, else one with `blob` is bytes.
///
/// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/server/resources#resource-contents)
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum ResourceContents {
    /// Text.
    Text(TextResourceContents),
    /// Bytes.
    Blob(BlobResourceContents),
}

impl ResourceContents {
    /// Text.
    pub fn text(uri: impl Into<String>, text: impl Into<String>) -> Self {
        Self::Text(TextResourceContents::new(uri, text))
    }

    /// Bytes in Base64.
    pub fn blob(uri: impl Into<String>, blob: impl Into<String>) -> Self {
        Self::Blob(BlobResourceContents::new(uri, blob))
    }

    /// Where the resource is.
    pub fn uri(&self) -> &str {
        match self {
            Self::Text(contents) => &contents.uri,
            Self::Blob(contents) => &contents.uri,
        }
    }
}

impl Member for ResourceContents {
    fn from_value(value: Value) -> Result<Self, DecodeError> {
        match &value {
            Value::Object(members) if members.contains_key("text") => {
                Member::from_value(value).map(Self::Text)
            }
            Value::Object(members) if members.contains_key("blob") => {
                Member::from_value(value).map(Self::Blob)
            }
            Value::Object(_) => Err(DecodeError::new("neither `text` nor `blob`")),
            other => Err(DecodeError::unexpected(other, "an object")),
        }
    }
}

impl Serialize for ResourceContents {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(contents) => contents.serialize(serializer),
            Self::Blob(contents) => contents.serialize(serializer),
        }
    }
}

deserialize!(ResourceContents);

impl From<TextResourceContents> for ResourceContents {
    fn from(contents: TextResourceContents) -> Self {
        Self::Text(contents)
    }
}

impl From<BlobResourceContents> for ResourceContents {
    fn from(contents: BlobResourceContents) -> Self {
        Self::Blob(contents)
    }
}

message! {
    /// A resource that is text.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/schema#textresourcecontents)
    pub struct TextResourceContents {
        new {
            /// Where it is.
            uri: String = "uri",
            /// The text.
            text: String = "text",
        }
        optional {
            /// Its MIME type, if known.
            mime_type: String = "mimeType",
            /// Metadata of the contents. Since 2025-06-18.
            meta: Meta = "_meta",
        }
    }
}

message! {
    /// A resource that is bytes.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/schema#blobresourcecontents)
    pub struct BlobResourceContents {
        new {
            /// Where it is.
            uri: String = "uri",
            /// The bytes in Base64.
            blob: String = "blob",
        }
        optional {
            /// Its MIME type, if known.
            mime_type: String = "mimeType",
            /// Metadata of the contents. Since 2025-06-18.
            meta: Meta = "_meta",
        }
    }
}

message! {
    /// The answer to `resources/list`: one page.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/server/resources#listing-resources)
    pub struct ListResourcesResult {
        new {
            /// The resources.
            resources: List<Resource> = "resources",
        }
        optional {
            /// The cursor of the next page; absent on the last.
            next_cursor: String = "nextCursor",
            /// Protocol metadata.
            meta: Meta = "_meta",
        }
        inline {
            /// How long and by whom the page may be kept. Since 2026-07-28.
            cache: CacheHint = "ttlMs" | "cacheScope",
        }
        envelope "resultType";
    }
}

message! {
    /// The answer to `resources/templates/list`: one page.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/server/resources#resource-templates)
    pub struct ListResourceTemplatesResult {
        new {
            /// The templates.
            resource_templates: List<ResourceTemplate> = "resourceTemplates",
        }
        optional {
            /// The cursor of the next page; absent on the last.
            next_cursor: String = "nextCursor",
            /// Protocol metadata.
            meta: Meta = "_meta",
        }
        inline {
            /// How long and by whom the page may be kept. Since 2026-07-28.
            cache: CacheHint = "ttlMs" | "cacheScope",
        }
        envelope "resultType";
    }
}

message! {
    /// Parameters of `resources/read`.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/server/resources#reading-resources)
    pub struct ReadResourceRequestParams {
        new {
            /// The resource to read.
            uri: String = "uri",
        }
        optional {
            /// Answers to the questions of the attempt before, by their keys. Since 2026-07-28.
            input_responses: InputResponses = "inputResponses",
            /// The opaque state of the attempt before, unchanged. Since 2026-07-28.
            request_state: String = "requestState",
            /// Protocol metadata.
            meta: Meta = "_meta",
        }
    }
}

message! {
    /// The answer to `resources/read`.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/server/resources#reading-resources)
    pub struct ReadResourceResult {
        new {
            /// The contents of the resource and, for one like a directory, of those in it.
            contents: List<ResourceContents> = "contents",
        }
        optional {
            /// Protocol metadata.
            meta: Meta = "_meta",
        }
        inline {
            /// How long and by whom the contents may be kept. Since 2026-07-28.
            cache: CacheHint = "ttlMs" | "cacheScope",
        }
        envelope "resultType";
    }
}

message! {
    /// Parameters of `notifications/resources/updated`: a resource changed and may be read again.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/schema#resourceupdatednotificationparams)
    pub struct ResourceUpdatedNotificationParams {
        new {
            /// The resource, or one within that which was subscribed to.
            uri: String = "uri",
        }
        optional {
            /// Protocol metadata; names the subscription since 2026-07-28.
            meta: Meta = "_meta",
        }
    }
}

result_body!(ListResourcesResult, ListResourceTemplatesResult, ReadResourceResult);
