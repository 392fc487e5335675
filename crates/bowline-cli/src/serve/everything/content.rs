//! Tools that answer with each kind of content, and the pieces of content that prompts and resources share.

use super::sabotage;
use bowline::Server;
use bowline::types::content::{Annotations, ContentBlock, Role, TextContent};
use bowline::types::meta::Meta;
use bowline::types::resource::{
    BlobResourceContents, Resource, ResourceContents, TextResourceContents,
};
use bowline::types::tool::Tool;

pub(super) fn register(server: Server) -> Server {
    let tools: [(&'static str, &str, Content); 8] = [
        ("content_text", "Returns text.", || vec![text()]),
        ("content_image", "Returns an image.", || vec![image()]),
        ("content_audio", "Returns a sound.", || vec![audio()]),
        ("content_link", "Returns a link to a resource.", || vec![link()]),
        ("content_embedded", "Returns the contents of two resources.", || embedded().into()),
        ("content_mixed", "Returns one of everything.", mixed),
        ("content_annotated", "Returns text with annotations.", || vec![annotated()]),
        ("content_empty", "Returns no content at all.", Vec::new),
    ];
    tools.into_iter().fold(server, |server, (name, description, content)| {
        server.tool(Tool::new(name).description(description), move || async move {
            if sabotage::is(name) { vec![ContentBlock::text("sabotaged")] } else { content() }
        })
    })
}

type Content = fn() -> Vec<ContentBlock>;

/// A picture of one pixel.
pub(super) const PNG: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
/// A clip without a sample.
const WAV: &str = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA=";

pub(super) const GREETING: &str = "everything://greeting";
pub(super) const LOGO: &str = "everything://logo";

fn text() -> ContentBlock {
    ContentBlock::text("plain text")
}

pub(super) fn image() -> ContentBlock {
    ContentBlock::image(PNG, "image/png")
}

pub(super) fn audio() -> ContentBlock {
    ContentBlock::audio(WAV, "audio/wav")
}

pub(super) fn link() -> ContentBlock {
    let greeting = Resource::new(GREETING, "greeting")
        .title("Greeting")
        .description("A friendly line of text.")
        .mime_type("text/plain")
        .size(19_u64);
    ContentBlock::resource_link(greeting)
}

/// The resources `greeting` and `logo`, contents and all.
pub(super) fn embedded() -> [ContentBlock; 2] {
    [ContentBlock::resource(greeting()), ContentBlock::resource(logo())]
}

pub(super) fn greeting() -> ResourceContents {
    TextResourceContents::new(GREETING, "Hello from Bowline.").mime_type("text/plain").into()
}

pub(super) fn logo() -> ResourceContents {
    BlobResourceContents::new(LOGO, PNG).mime_type("image/png").into()
}

fn mixed() -> Vec<ContentBlock> {
    [text(), image(), audio(), link()].into_iter().chain(embedded()).collect()
}

fn annotated() -> ContentBlock {
    let annotations = Annotations::new()
        .audience(vec![Role::User, Role::Assistant])
        .priority(0.5)
        // In two parts, since it is only a day here and not the name of a protocol version.
        .last_modified(concat!("2026-07-", "28T00:00:00Z"));
    let mut meta = Meta::new();
    meta.insert("com.example/kind", "annotated");
    ContentBlock::Text(TextContent::new("annotated").annotations(annotations).meta(meta))
}
