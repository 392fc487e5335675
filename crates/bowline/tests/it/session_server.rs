//! A server whose tools do what the tests of sessions need.

use bowline::types::content::{ContentBlock, ResourceLink};
use bowline::types::input::{CreateMessageRequestParams, SamplingMessage};
use bowline::types::log::LoggingLevel;
use bowline::types::prompt::Prompt;
use bowline::types::resource::{Resource, ResourceContents};
use bowline::types::tool::Tool;
use bowline::{Context, Result, Server};
use schemars::JsonSchema;
use serde::Deserialize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct Name {
    pub(crate) name: String,
}

/// How many handlers are alive.
#[derive(Clone, Debug, Default)]
pub(crate) struct Alive(Arc<AtomicUsize>);

impl Alive {
    pub(crate) fn now(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    fn one(&self) -> One {
        self.0.fetch_add(1, Ordering::SeqCst);
        One(self.clone())
    }
}

struct One(Alive);

impl Drop for One {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::SeqCst);
    }
}

pub(crate) async fn name(cx: &Context, key: &str) -> Result<String> {
    Ok(cx.elicit::<Name>(key, "What is your name?").await?.name)
}

pub(crate) fn server() -> (Server, Alive) {
    let alive = Alive::default();
    let count = alive.clone();
    let server = Server::new("test", "1")
        .tool(Tool::new("echo"), || async { "echo" })
        .tool(Tool::new("chat"), |cx: Context| async move {
            cx.progress(0.5, 1.0, Some("half"));
            cx.log(LoggingLevel::Debug, "details");
            cx.log(LoggingLevel::Info, "info");
            cx.log(LoggingLevel::Error, "error");
            cx.progress(1.0, 1.0, None);
            vec![
                ContentBlock::text("said it all"),
                ContentBlock::resource_link(ResourceLink::new("note:1", "one")),
            ]
        })
        .tool(Tool::new("name"), move |cx: Context| {
            let one = count.one();
            async move {
                let _one = one;
                name(&cx, "name").await.map(|name| format!("Hello, {name}!"))
            }
        })
        .tool(Tool::new("names"), |cx: Context| async move {
            let (one, two) = tokio::join!(name(&cx, "one"), name(&cx, "two"));
            Ok::<_, bowline::Error>(format!("{} and {}", one?, two?))
        })
        .tool(Tool::new("impatient"), |cx: Context| async move {
            let limit = Duration::from_secs(1);
            match tokio::time::timeout(limit, name(&cx, "name")).await {
                Ok(name) => name,
                Err(_) => Ok("nobody there".to_owned()),
            }
        })
        .tool(Tool::new("sample"), |cx: Context| async move {
            let question = SamplingMessage::user("Who are you?");
            let said = cx.sample("who", CreateMessageRequestParams::new(vec![question], 9)).await?;
            Ok::<_, bowline::Error>(said.model)
        })
        .tool(Tool::new("slow name"), |cx: Context| async move {
            tokio::time::sleep(Duration::from_millis(400)).await;
            let name = name(&cx, "name").await?;
            tokio::time::sleep(Duration::from_millis(400)).await;
            Ok::<_, bowline::Error>(name)
        })
        .tool(Tool::new("later"), |cx: Context| async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            name(&cx, "name").await
        })
        .tool(Tool::new("second"), || async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            "a second"
        })
        .tool(Tool::new("hang"), || async { std::future::pending::<String>().await })
        .tool(Tool::new("touch"), |cx: Context| async move {
            cx.server().unwrap().resource_updated("note:1");
            "touched"
        })
        .tool(Tool::new("grow"), |cx: Context| async move {
            cx.server().unwrap().add_tool(Tool::new("grown"), || async { "grown" }).unwrap();
            "grown"
        })
        .prompt(Prompt::new("greet"), || async { "Say hello." })
        .resource(Resource::new("note:1", "one"), || async {
            ResourceContents::text("note:1", "one")
        })
        .resource(Resource::new("note:2", "two"), || async {
            ResourceContents::text("note:2", "two")
        });
    (server, alive)
}
