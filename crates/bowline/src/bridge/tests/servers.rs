//! A server whose tools ask everything there is.

use crate::context::Context;
use crate::error::Result;
use crate::server::Server;
use bowline_types::input::{CreateMessageRequestParams, ElicitAction, SamplingMessage};
use bowline_types::log::LoggingLevel;
use bowline_types::prompt::Prompt;
use bowline_types::resource::{Resource, ResourceContents};
use bowline_types::tool::Tool;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Name {
    name: String,
}

/// How many handlers run.
#[derive(Clone, Default)]
pub(super) struct Alive(Arc<AtomicUsize>);

struct One(Alive);

impl Alive {
    pub(super) fn now(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    fn one(&self) -> One {
        self.0.fetch_add(1, Ordering::SeqCst);
        One(self.clone())
    }
}

impl Drop for One {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::SeqCst);
    }
}

async fn name(cx: &Context, key: &str) -> Result<String> {
    Ok(cx.elicit::<Name>(key, "Who are you?").await?.name)
}

async fn sample(cx: &Context, key: &str) -> Result<String> {
    let question = SamplingMessage::user("Who are you?");
    Ok(cx.sample(key, CreateMessageRequestParams::new(vec![question], 9)).await?.model)
}

async fn roots(cx: &Context, key: &str) -> Result<String> {
    Ok(cx.roots(key).await?.iter().map(|root| root.uri.clone()).collect())
}

pub(super) fn server() -> (Server, Alive) {
    let alive = Alive::default();
    let counts = [(); 2].map(|()| alive.clone());
    let [one, two] = counts;
    let server = Server::new("asks", "1")
        .tool(Tool::new("echo"), || async { "echo" })
        .tool(Tool::new("name"), move |cx: Context| {
            let alive = one.one();
            async move {
                let _alive = alive;
                name(&cx, "name").await.map(|name| format!("hello {name}"))
            }
        })
        .tool(Tool::new("names"), |cx: Context| async move {
            let (one, two) = tokio::join!(name(&cx, "first"), name(&cx, "second"));
            Ok::<_, crate::Error>(format!("hello {} and {}", one?, two?))
        })
        .tool(Tool::new("visit"), |cx: Context| async move {
            let did = cx.elicit_url("door", "Go there.", "https://example.com/door").await?;
            if did == ElicitAction::Accept {
                cx.elicitation_complete("door");
            }
            Ok::<_, crate::Error>(format!("{did:?}"))
        })
        .tool(Tool::new("model"), |cx: Context| async move { sample(&cx, "model").await })
        .tool(Tool::new("where"), |cx: Context| async move { roots(&cx, "where").await })
        .tool(Tool::new("journey"), move |cx: Context| {
            let alive = two.one();
            async move {
                let _alive = alive;
                cx.progress(1.0, 5.0, Some("one"));
                let first = name(&cx, "first").await?;
                cx.progress(2.0, 5.0, Some("two"));
                let model = sample(&cx, "model").await?;
                cx.progress(3.0, 5.0, Some("three"));
                let place = roots(&cx, "where").await?;
                cx.progress(4.0, 5.0, Some("four"));
                let second = name(&cx, "second").await?;
                cx.progress(5.0, 5.0, Some("five"));
                Ok::<_, crate::Error>(format!("{first} {model} {place} {second}"))
            }
        })
        .tool(Tool::new("chat"), |cx: Context| async move {
            cx.progress(0.5, 1.0, Some("half"));
            cx.log(LoggingLevel::Debug, "details");
            cx.log(LoggingLevel::Warning, "careful");
            cx.progress(1.0, 1.0, None);
            "said it all"
        })
        .tool(Tool::new("impatient"), |cx: Context| async move {
            match tokio::time::timeout(Duration::from_secs(1), name(&cx, "name")).await {
                Ok(name) => name,
                Err(_) => Ok("nobody there".to_owned()),
            }
        })
        .prompt(Prompt::new("greet"), |cx: Context| async move {
            Ok::<_, crate::Error>(format!("Say hello to {}.", name(&cx, "name").await?))
        })
        .resource(Resource::new("note:1", "one"), |cx: Context| async move {
            let text = name(&cx, "name").await?;
            Ok::<_, crate::Error>(ResourceContents::text("note:1", text))
        });
    (server, alive)
}
