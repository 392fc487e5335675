//! Resources, one of which changes, and a template.

use crate::change;
use crate::content::PNG;
use bowline::server::{Cached, Json, ToolError};
use bowline::types::resource::{
    BlobResourceContents, Resource, ResourceContents, ResourceTemplate,
};
use bowline::types::tool::Tool;
use bowline::{Context, Server};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

pub(crate) fn register(server: Server) -> Server {
    let text = Resource::new("test://static-text", "Static text")
        .description("A text that never changes.")
        .mime_type("text/plain");
    let binary = Resource::new(BINARY, "Static binary")
        .description("A picture that never changes.")
        .mime_type("image/png");
    let watched = Resource::new(WATCHED, "Watched resource")
        .description("A text to subscribe to.")
        .mime_type("text/plain");
    let template = ResourceTemplate::new("test://template/{id}/data", "Data by id")
        .description("The data of an id.")
        .mime_type("application/json");
    let changes = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&changes);
    server
        .tool(
            Tool::new("test_trigger_resource_change").description("Changes the watched resource."),
            move |cx: Context| resource_change(Arc::clone(&counted), cx),
        )
        .resource(text, || async {
            Cached::public("This is the content of the static text resource.", HOUR)
        })
        .resource(binary, || async {
            let picture: ResourceContents =
                BlobResourceContents::new(BINARY, PNG).mime_type("image/png").into();
            Cached::public(picture, HOUR)
        })
        .resource(watched, move || {
            let changes = changes.load(Ordering::Relaxed);
            async move { format!("This resource has changed {changes} times.") }
        })
        .template(template, |Id { id }: Id| async move {
            let data = format!("Data for ID: {id}");
            Json(Data { id, template_test: true, data })
        })
}

/// So many resources that a list of them has pages.
pub(crate) fn register_more(mut server: Server, resources: usize) -> Server {
    for n in 0..resources {
        let resource = Resource::new(format!("test://more/{n}"), format!("More {n}"))
            .description("One of many.")
            .mime_type("text/plain");
        server = server.resource(resource, move || async move { format!("Number {n}.") });
    }
    server
}

async fn resource_change(changes: Arc<AtomicU64>, cx: Context) -> Result<&'static str, ToolError> {
    changes.fetch_add(1, Ordering::Relaxed);
    change::server(&cx)?.resource_updated(WATCHED);
    Ok("changed a resource")
}

const WATCHED: &str = "test://watched-resource";
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
