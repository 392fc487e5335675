//! A client and a server in one process.

use bowline::client::{Change, State};
use bowline::prelude::*;
use bowline::types::input::{ElicitAction, ElicitResult};
use bowline::types::subscription::SubscriptionFilter;
use bowline::{Client, Result};
use serde_json::json;
use std::future::IntoFuture;
use std::sync::{Arc, Mutex};

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Add {
    a: f64,
    b: f64,
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Name {
    name: String,
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Nothing {}

const EVERY: [&str; 5] = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"];

fn server() -> Server {
    Server::new("calculator", "1.0.0")
        .tool(Tool::new("add").description("Adds."), |Add { a, b }: Add| async move { a + b })
        .tool(Tool::new("fail").description("Fails."), |_: Nothing| async move {
            Err::<String, _>(std::io::Error::other("no way"))
        })
        .tool(Tool::new("count").description("Counts."), |cx: Context, _: Nothing| async move {
            for step in 1..=3 {
                cx.progress(f64::from(step), 3.0, None);
            }
            cx.log(LoggingLevel::Warning, "counted");
            "done"
        })
        .tool(Tool::new("greet").description("Greets."), |cx: Context, _: Nothing| async move {
            let Name { name } = cx.elicit("name", "Who are you?").await?;
            Ok::<_, Error>(format!("hello {name}"))
        })
        .tool(Tool::new("grow").description("Adds a tool."), |cx: Context, _: Nothing| async move {
            if let Some(server) = cx.server() {
                server
                    .add_tool(Tool::new("new").description("New."), |_: Nothing| async { "new" })?;
            }
            Ok::<_, Error>("grown")
        })
}

#[tokio::test]
async fn every_protocol_version_is_spoken_in_memory() -> Result<()> {
    for version in EVERY {
        let client = Client::builder().protocol_version(version).connect(&server()).await?;
        assert_eq!(client.protocol_version(), version);
        assert_eq!(client.server_info().map(|info| info.name).as_deref(), Some("calculator"));
        client.ping().await?;
        assert_eq!(client.list_tools().await?.len(), 5, "{version}");
        let sum: f64 = client.call("add", json!({ "a": 1, "b": 2 })).await?;
        assert_eq!(sum, 3.0, "{version}");
        let failed = client.call::<f64>("fail", json!({})).await.expect_err("the tool fails");
        assert!(failed.is_tool_error(), "{version}: {failed:?}");
        let unknown =
            client.call_tool("nobody", json!({})).await.expect_err("there is no such tool");
        assert!(unknown.rpc().is_some(), "{version}: {unknown:?}");
        client.close().await;
        let closed = client.ping().await.expect_err("it is closed");
        assert!(closed.is_closed(), "{version}: {closed:?}");
        assert!(matches!(&*client.state().borrow(), State::Closed { reason: None }));
    }
    Ok(())
}

#[tokio::test]
async fn progress_and_logs_come_before_the_answer() -> Result<()> {
    for version in EVERY {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (logs, reports) = (heard.clone(), heard.clone());
        let client = Client::builder()
            .protocol_version(version)
            .log_level(LoggingLevel::Info)
            .on_log(move |log| logs.lock().expect("unpoisoned").push(log.data.to_string()))
            .connect(&server())
            .await?;
        client
            .call_tool("count", json!({}))
            .on_progress(move |report| {
                reports.lock().expect("unpoisoned").push(report.progress.to_string());
            })
            .await?;
        let heard = heard.lock().expect("unpoisoned").clone();
        assert!(heard.contains(&"\"counted\"".to_owned()), "{version}: {heard:?}");
        assert!(heard.contains(&"3".to_owned()), "{version}: {heard:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_question_is_answered_by_the_same_handler_in_every_version_that_has_it() -> Result<()> {
    for version in &EVERY[2..] {
        let client = Client::builder()
            .protocol_version(version)
            .on_elicit(|_, _| async {
                let content = json!({ "name": "Ada" });
                let content = content.as_object().cloned().unwrap_or_default();
                Ok(ElicitResult::new(ElicitAction::Accept).content(content))
            })
            .connect(&server())
            .await?;
        let greeting: String = client.call("greet", json!({})).await?;
        assert_eq!(greeting, "hello Ada", "{version}");
    }
    Ok(())
}

#[tokio::test]
async fn a_change_of_the_list_is_heard_in_every_version() -> Result<()> {
    for version in EVERY {
        let client = Client::builder().protocol_version(version).connect(&server()).await?;
        let filter = SubscriptionFilter::new().tools_list_changed(true);
        let mut changes = client.subscribe(filter).await?;
        client.call_tool("grow", json!({})).await?;
        assert_eq!(changes.next().await, Some(Change::Tools), "{version}");
        assert_eq!(client.list_tools().await?.len(), 6, "{version}");
        client.close().await;
        assert_eq!(changes.next().await, None, "{version}");
    }
    Ok(())
}

#[tokio::test]
async fn reports_of_progress_are_a_stream_that_ends_with_the_request() -> Result<()> {
    for version in EVERY {
        let client = Client::builder().protocol_version(version).connect(&server()).await?;
        let (call, mut reports) = client.call_tool("count", json!({})).reports();
        let watching = async {
            let mut heard = Vec::new();
            while let Some(report) = reports.next().await {
                heard.push(report.progress);
            }
            heard
        };
        let (result, heard) = tokio::join!(call.into_future(), watching);
        result?;
        assert_eq!(heard, [1.0, 2.0, 3.0], "{version}");
    }
    Ok(())
}
