//! Resources and a template.

use crate::content::PNG;
use bowline::Server;
use bowline::server::{Cached, Json};
use bowline::types::resource::{
    BlobResourceContents, Resource, ResourceContents, ResourceTemplate,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;

pub(crate) fn register(server: Server) -> Server {
    let text = Resource::new("test://static-text", "Static text")
        .description("A text that never changes.")
        .mime_type("text/plain");
    let binary = Resource::new(BINARY, "Static binary")
        .description("A picture that never changes.")
        .mime_type("image/png");
    let watched = Resource::new("test://watched-resource", "Watched resource")
        .description("A text to subscribe to.")
        .mime_type("text/plain");
    let template = ResourceTemplate::new("test://template/{id}/data", "Data by id")
        .description("The data of an id.")
        .mime_type("application/json");
    server
        .resource(text, || async {
            Cached::public("This is the content of the static text resource.", HOUR)
        })
        .resource(binary, || async {
            let picture: ResourceContents =
                BlobResourceContents::new(BINARY, PNG).mime_type("image/png").into();
            Cached::public(picture, HOUR)
        })
        .resource(watched, || async { "This is the content of the watched resource." })
        .template(template, |Id { id }: Id| async move {
            let data = format!("Data for ID: {id}");
            Json(Data { id, template_test: true, data })
        })
}

const BINARY: &str = "test://static-binary";
const HOUR: Duration = Duration::from_secs(3600);

#[derive(Deserialize, JsonSchema)]
struct Id {
    id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    id: String,
    template_test: bool,
    data: String,
}
