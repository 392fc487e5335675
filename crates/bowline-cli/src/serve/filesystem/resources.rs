//! Files and directories as resources.

use super::fault::Refusal;
use super::job::{Files, Job};
use super::list::list;
use super::path;
use super::read::{MOST, contents, whole};
use bowline::server::{HandlerError, Uri};
use bowline::types::jsonrpc::ErrorObject;
use bowline::types::resource::{
    Resource, ResourceContents, ResourceTemplate, TextResourceContents,
};
use bowline::{Context, Server};
use std::ffi::OsString;

/// The directories are listed; everything below them is behind a template.
pub(super) fn register(server: Server, files: &Files) -> Server {
    let server = files.scope().roots().iter().fold(server, |server, root| {
        let resource = Resource::new(path::uri(&root.path), path::shown(&root.path))
            .description("An allowed directory; reading it lists its entries.")
            .mime_type(LISTING);
        let files = files.clone();
        server.resource(resource, move |cx: Context, uri: Uri| read(files.clone(), cx, uri))
    });
    let template = ResourceTemplate::new("file:///{+path}", "file").description(
        "A file below an allowed directory, up to 1 MiB, or the first entries of a directory.",
    );
    let files = files.clone();
    server.template(template, move |cx: Context, uri: Uri| read(files.clone(), cx, uri))
}

const LISTING: &str = "application/json";
/// How many entries of a directory are listed.
const MOST_ENTRIES: usize = 1000;

async fn read(files: Files, cx: Context, Uri(uri): Uri) -> Result<ResourceContents, HandlerError> {
    let wanted = uri.clone();
    let done = files.run(cx, move |job| read_at(job, &wanted)).await?;
    done.map_err(|refusal| {
        let mut error = ErrorObject::resource_not_found(&uri);
        error.message = refusal.to_string();
        HandlerError::protocol(error)
    })
}

fn read_at(job: &Job, uri: &str) -> Result<ResourceContents, Refusal> {
    if !uri.starts_with("file:///") {
        return Err(Refusal::new("no file URI"));
    }
    let place = job.place(uri)?;
    let shown = place.path();
    let (dir, rel) = place.anchor().map_err(|error| Refusal::io(&shown, &error))?;
    if dir.metadata(rel).is_ok_and(|metadata| metadata.is_dir()) {
        let listed = list(job, &place, &OsString::new(), MOST_ENTRIES)?;
        let text = serde_json::to_string(&listed).map_err(|error| Refusal::at(&shown, error))?;
        return Ok(TextResourceContents::new(uri, text).mime_type(LISTING).into());
    }
    Ok(contents(uri, &shown, whole(&place, MOST)?))
}
