//! Tools that answer with each kind of content.

use bowline::Server;
use bowline::types::content::ContentBlock;
use bowline::types::resource::TextResourceContents;
use bowline::types::tool::Tool;

/// A picture of one pixel.
pub(crate) const PNG: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
/// A clip without a sample.
const WAV: &str = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA=";

pub(crate) fn register(server: Server) -> Server {
    server
        .tool(Tool::new("test_simple_text").description("Returns text."), || async {
            "This is a simple text response for testing."
        })
        .tool(Tool::new("test_image_content").description("Returns an image."), || async {
            image()
        })
        .tool(Tool::new("test_audio_content").description("Returns a sound."), || async {
            ContentBlock::audio(WAV, "audio/wav")
        })
        .tool(
            Tool::new("test_embedded_resource").description("Returns a resource with contents."),
            || async {
                let text = "This is an embedded resource content.";
                embedded("test://embedded-resource", "text/plain", text)
            },
        )
        .tool(
            Tool::new("test_multiple_content_types").description("Returns several contents."),
            || async {
                let json = r#"{"test":"data","value":123}"#;
                vec![
                    ContentBlock::text("Multiple content types test:"),
                    image(),
                    embedded("test://mixed-content-resource", "application/json", json),
                ]
            },
        )
}

pub(crate) fn image() -> ContentBlock {
    ContentBlock::image(PNG, "image/png")
}

pub(crate) fn embedded(uri: &str, mime_type: &str, text: &str) -> ContentBlock {
    ContentBlock::resource(TextResourceContents::new(uri, text).mime_type(mime_type))
}
