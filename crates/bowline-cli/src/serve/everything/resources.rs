//! Resources and resource templates.

use super::ask::confirm;
use super::content::{self, GREETING, LOGO};
use super::sabotage;
use super::state::State;
use bowline::server::{Cached, HandlerError, Json};
use bowline::types::content::{Annotations, Role};
use bowline::types::input::ElicitAction;
use bowline::types::resource::{
    BlobResourceContents, Resource, ResourceContents, ResourceTemplate, TextResourceContents,
};
use bowline::{Context, Server};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;

pub(super) fn register(server: Server, state: &State) -> Server {
    let state = state.clone();
    let annotations = Annotations::new().audience(vec![Role::User]).priority(1.0);
    let greeting = text_resource(GREETING, "greeting")
        .title("Greeting")
        .description(sabotage::spoil("list_resources", "A friendly line of text."))
        .size(19_u64)
        .annotations(annotations);
    let logo = Resource::new(LOGO, "logo").mime_type("image/png");
    let config = Resource::new(CONFIG, "config").mime_type("application/json");
    let server = server
        .resource(greeting, || async { fixed(first("read_text", content::greeting())) })
        .resource(logo, || async { fixed(first("read_binary", content::logo())) })
        .resource(config, || async { fixed(r#"{"knot":"bowline","slips":false}"#) })
        .resource(text_resource(COUNTER, "counter"), move || {
            let touched = state.touched().to_string();
            async move { touched }
        })
        .resource(text_resource(MULTI, "multi"), || async { fixed(multi()) });
    (1..=CHAPTERS).fold(server, |server, n| {
        let chapter = text_resource(&chapter_uri(n), &format!("chapter_{n}"));
        server.resource(chapter, move || async move { fixed(format!("Chapter {n}.")) })
    })
}

/// The resource that comes and goes.
pub(super) const EXTRA: &str = "everything://extra";
pub(super) const COUNTER: &str = "everything://counter";
const CONFIG: &str = "everything://config";
const MULTI: &str = "everything://multi";
const CHAPTERS: u32 = 8;

/// Whether a URI is one of the list, but for the one that comes and goes.
pub(super) fn is_listed(uri: &str) -> bool {
    [GREETING, LOGO, CONFIG, COUNTER, MULTI].contains(&uri)
        || (1..=CHAPTERS).any(|n| chapter_uri(n) == uri)
}

fn chapter_uri(n: u32) -> String {
    format!("everything://chapter/{n}")
}

pub(super) fn text_resource(uri: &str, name: &str) -> Resource {
    Resource::new(uri, name).mime_type("text/plain")
}

/// Contents that are the same for everybody and for long.
fn fixed<T>(contents: T) -> Cached<T> {
    Cached::public(contents, Duration::from_secs(60))
}

/// The contents, or other ones where this row is to fail.
fn first(row: &str, contents: ResourceContents) -> ResourceContents {
    if sabotage::is(row) {
        let uri = contents.uri();
        return ResourceContents::text(uri, "sabotaged");
    }
    contents
}

fn multi() -> Vec<ResourceContents> {
    let text = TextResourceContents::new("everything://multi/text", "one").mime_type("text/plain");
    let blob = BlobResourceContents::new("everything://multi/blob", "AAEC/w==")
        .mime_type("application/octet-stream");
    vec![first("read_multi", text.into()), blob.into()]
}

pub(super) fn register_templates(server: Server) -> Server {
    let echo = text_template("everything://echo/{value}", "echo")
        .title("Echo of a value")
        .description(sabotage::spoil("list_templates", "The value in the address."));
    let search = ResourceTemplate::new("everything://search{?q,limit}", "search")
        .mime_type("application/json");
    let blob = ResourceTemplate::new("everything://blob/{size}", "blob")
        .mime_type("application/octet-stream");
    server
        .template(echo, |Echo { value }: Echo| async move { value })
        .template(text_template("everything://sum/{a}/{b}", "sum"), sum)
        .template(text_template("everything://file/{+path}", "file"), file)
        .template(search, search_for)
        .template(blob, zeros)
        .template(text_template(PLACE, "place"), |Place { country, city }: Place| async move {
            format!("{city} in {country}")
        })
        .template(text_template("everything://ask/{topic}", "ask"), ask)
}

pub(super) const ECHO: &str = "everything://echo/{value}";
pub(super) const PLACE: &str = "everything://place/{country}/{city}";

fn text_template(uri_template: &str, name: &str) -> ResourceTemplate {
    ResourceTemplate::new(uri_template, name).mime_type("text/plain")
}

#[derive(Deserialize, JsonSchema)]
struct Echo {
    value: String,
}

#[derive(Deserialize, JsonSchema)]
struct Sum {
    a: i64,
    b: i64,
}

async fn sum(Sum { a, b }: Sum) -> Option<String> {
    // A sum that no integer holds is at no URI.
    let sum = a.checked_add(b)?.checked_add(sabotage::one_for("read_template").into())?;
    Some(sum.to_string())
}

#[derive(Deserialize, JsonSchema)]
struct File {
    path: String,
}

async fn file(File { path }: File) -> Option<String> {
    let climbs = path.split(['/', '\\']).any(|segment| segment == "..");
    (!climbs).then(|| format!("file {path}"))
}

#[derive(Deserialize, JsonSchema)]
struct Search {
    q: String,
    limit: Option<u64>,
}

#[derive(Serialize)]
struct Found {
    q: String,
    limit: u64,
}

async fn search_for(Search { q, limit }: Search) -> Json<Found> {
    Json(Found { q, limit: limit.unwrap_or(10) })
}

#[derive(Deserialize, JsonSchema)]
struct Zeros {
    size: usize,
}

async fn zeros(Zeros { size }: Zeros) -> Option<Vec<u8>> {
    (size <= 65_536).then(|| vec![0; size])
}

#[derive(Deserialize, JsonSchema)]
struct Place {
    country: String,
    city: String,
}

#[derive(Deserialize, JsonSchema)]
struct Ask {
    topic: String,
}

async fn ask(cx: Context, Ask { topic }: Ask) -> Result<String, HandlerError> {
    let form = confirm(format!("Read about {topic}?"));
    let answer = cx.elicit_form("confirm", form).await?;
    let agrees = answer.content.as_ref().is_some_and(|content| content["agree"] == true);
    let word = if answer.action == ElicitAction::Accept && agrees { "yes" } else { "no" };
    Ok(sabotage::spoil("ask_resource", format!("{topic}: {word}")))
}
