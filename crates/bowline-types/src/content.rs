//! What prompts, tools and models say: text, images, audio, resources; and who says it, to whom.

use crate::List;
use crate::macros::{message, open_enum, tagged_union};
use crate::meta::Meta;
use crate::resource::{Resource, ResourceContents};

tagged_union! {
    /// One piece of content of a prompt message or a tool's result.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/server/tools#tool-result)
    pub enum ContentBlock by "type" {
        /// Text.
        Text(TextContent) = "text",
        /// An image.
        Image(ImageContent) = "image",
        /// Audio.
        Audio(AudioContent) = "audio",
        /// A link to a resource that can be read. Since 2025-06-18.
        ResourceLink(Box<ResourceLink>) = "resource_link",
        /// A resource, contents and all.
        Resource(EmbeddedResource) = "resource",
    }
}

impl ContentBlock {
    /// Text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(TextContent::new(text))
    }

    /// An image: its bytes in Base64 and its MIME type.
    pub fn image(data: impl Into<String>, mime_type: impl Into<String>) -> Self {
        Self::Image(ImageContent::new(data, mime_type))
    }

    /// Audio: its bytes in Base64 and its MIME type.
    pub fn audio(data: impl Into<String>, mime_type: impl Into<String>) -> Self {
        Self::Audio(AudioContent::new(data, mime_type))
    }

    /// A link to a resource; a [`Resource`] turns into one.
    pub fn resource_link(link: impl Into<ResourceLink>) -> Self {
        Self::ResourceLink(Box::new(link.into()))
    }

    /// A resource, contents and all.
    pub fn resource(contents: impl Into<ResourceContents>) -> Self {
        Self::Resource(EmbeddedResource::new(contents))
    }

    /// The text, when it is text.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(content) => Some(&content.text),
            _ => None,
        }
    }
}

message! {
    /// Text.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/schema#textcontent)
    pub struct TextContent {
        tag "type" = "text";
        new {
            /// The text.
            text: String = "text",
        }
        optional {
            /// For whom it is and how important.
            annotations: Annotations = "annotations",
            /// Metadata of this block.
            meta: Meta = "_meta",
        }
    }
}

message! {
    /// An image.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/schema#imagecontent)
    pub struct ImageContent {
        tag "type" = "image";
        new {
            /// The bytes in Base64.
            data: String = "data",
            /// Their MIME type, such as `image/png`.
            mime_type: String = "mimeType",
        }
        optional {
            /// For whom it is and how important.
            annotations: Annotations = "annotations",
            /// Metadata of this block.
            meta: Meta = "_meta",
        }
    }
}

message! {
    /// Audio. Since 2025-03-26.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/schema#audiocontent)
    pub struct AudioContent {
        tag "type" = "audio";
        new {
            /// The bytes in Base64.
            data: String = "data",
            /// Their MIME type, such as `audio/wav`.
            mime_type: String = "mimeType",
        }
        optional {
            /// For whom it is and how important.
            annotations: Annotations = "annotations",
            /// Metadata of this block.
            meta: Meta = "_meta",
        }
    }
}

message! {
    /// A link to a resource that can be read; it need not be in any list. Since 2025-06-18.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/server/tools#resource-links)
    pub struct ResourceLink {
        tag "type" = "resource_link";
        new {
            /// Where it is.
            uri: String = "uri",
            /// A name for programs.
            name: String = "name",
        }
        optional {
            /// A name for people.
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
            /// Metadata of the resource.
            meta: Meta = "_meta",
        }
    }
}

impl From<Resource> for ResourceLink {
    fn from(resource: Resource) -> Self {
        let Resource {
            uri,
            name,
            title,
            description,
            mime_type,
            size,
            icons,
            annotations,
            meta,
            extra,
        } = resource;
        Self { uri, name, title, description, mime_type, size, icons, annotations, meta, extra }
    }
}

message! {
    /// A resource within a message, contents and all.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/server/tools#embedded-resources)
    pub struct EmbeddedResource {
        tag "type" = "resource";
        new {
            /// The contents.
            resource: ResourceContents = "resource",
        }
        optional {
            /// For whom it is and how important.
            annotations: Annotations = "annotations",
            /// Metadata of this block.
            meta: Meta = "_meta",
        }
    }
}

message! {
    /// Hints on how to use or show something. A peer that is not trusted may claim anything here.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/server/resources#annotations)
    pub struct Annotations {
        optional {
            /// For whom it is; several entries mean several audiences.
            audience: Vec<Role> = "audience",
            /// From 0 (entirely optional) to 1 (effectively required).
            priority: f64 = "priority",
            /// When it was last changed, in ISO 8601, such as `2025-01-12T15:00:58Z`. Since 2025-06-18.
            last_modified: String = "lastModified",
        }
    }
}

open_enum! {
    /// A side of a conversation.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/schema#role)
    pub enum Role {
        /// The person.
        User = "user",
        /// The model.
        Assistant = "assistant",
    }
}

message! {
    /// A picture to show in a user interface. Since 2025-11-25.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/basic/index#icons)
    pub struct Icon {
        new {
            /// Where it is: an `https:` URL, or a `data:` URI with Base64. SVG can carry scripts.
            src: String = "src",
        }
        optional {
            /// Its MIME type, when that of the source is missing or too general.
            mime_type: String = "mimeType",
            /// The sizes at which it works, such as `48x48`, or `any`; absent for all.
            sizes: Vec<String> = "sizes",
            /// The background for which it is drawn; absent for any.
            theme: IconTheme = "theme",
        }
    }
}

open_enum! {
    /// The background for which an icon is drawn.
    ///
    /// [Specification](https://modelcontextprotocol.io/specification/2026-07-28/schema#icon)
    pub enum IconTheme {
        /// A light background.
        Light = "light",
        /// A dark background.
        Dark = "dark",
    }
}
