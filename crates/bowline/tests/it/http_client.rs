//! A client of our own server over HTTP.

use crate::http_session_support::VERSIONS;
use crate::{http_session_support, http_support};
use bowline::client::Change;
use bowline::prelude::*;
use bowline::transport::Running;
use bowline::types::input::{ElicitAction, ElicitResult};
use bowline::types::subscription::SubscriptionFilter;
use bowline::{Client, Result};
use serde_json::json;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

/// A way to speak one protocol version: the version, and the path of the endpoint.
const WAYS: [(&str, &str); 6] = [
    ("2026-07-28", "mcp"),
    (VERSIONS[3], "mcp"),
    (VERSIONS[2], "mcp"),
    (VERSIONS[1], "mcp"),
    (VERSIONS[0], "mcp"),
    (VERSIONS[0], "sse"),
];

async fn serve(server: Server) -> (String, Running) {
    let http = Http::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", http.address());
    (url, server.start(http).unwrap())
}

#[tokio::test]
async fn every_protocol_version_is_spoken_over_http() -> Result<()> {
    let (url, _running) = serve(http_session_support::server().0).await;
    for (version, path) in WAYS {
        let url = format!("{url}/{path}");
        let client = Client::builder().protocol_version(version).connect(url.as_str()).await?;
        assert_eq!(client.protocol_version(), version, "{path}");
        client.ping().await?;
        assert_eq!(client.list_tools().await?.len(), 10, "{version}");
        for message in ["one", "two"] {
            let said = client.call_tool("echo", json!({ "message": message })).await?;
            assert_eq!(said.content[0].as_text(), Some(message), "{version} {path}");
        }
        let unknown = client.call_tool("nobody", json!({})).await.expect_err("no such tool");
        assert!(unknown.rpc().is_some(), "{version} {path}: {unknown:?}");
        client.close().await;
        let closed = client.ping().await.expect_err("it is closed");
        assert!(closed.is_closed(), "{version} {path}: {closed:?}");
    }
    Ok(())
}

#[tokio::test]
async fn the_newest_protocol_version_is_found() -> Result<()> {
    let (url, _running) = serve(http_session_support::server().0).await;
    let client = Client::connect(format!("{url}/mcp").as_str()).await?;
    assert_eq!(client.protocol_version(), "2026-07-28");
    let client = Client::connect(format!("{url}/sse").as_str()).await?;
    // That transport is older than most versions that it carries.
    assert_eq!(client.protocol_version(), VERSIONS[3]);
    Ok(())
}

#[tokio::test]
async fn progress_and_logs_come_before_the_answer_over_http() -> Result<()> {
    let (url, _running) = serve(http_support::server().0).await;
    for (version, path) in WAYS {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (logs, reports) = (heard.clone(), heard.clone());
        let client = Client::builder()
            .protocol_version(version)
            .log_level(LoggingLevel::Info)
            .on_log(move |log| logs.lock().unwrap().push(format!("log {}", log.data)))
            .connect(format!("{url}/{path}").as_str())
            .await?;
        let result = client
            .call_tool("report", json!({ "count": 3 }))
            .on_progress(move |report| {
                reports.lock().unwrap().push(format!("progress {}", report.progress));
            })
            .await?;
        assert_eq!(result.content[0].as_text(), Some("reported"), "{version} {path}");
        client.call_tool("log", json!({ "count": 1 })).await?;
        let heard = heard.lock().unwrap().clone();
        assert!(heard.contains(&"progress 3".to_owned()), "{version} {path}: {heard:?}");
        assert!(heard.contains(&"log 1".to_owned()), "{version} {path}: {heard:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_question_is_answered_over_http() -> Result<()> {
    let (url, _running) = serve(http_session_support::server().0).await;
    for (version, path) in &WAYS[..3] {
        let client = Client::builder()
            .protocol_version(version)
            .on_elicit(|_, _| async {
                let content = json!({ "age": 36 }).as_object().cloned().unwrap_or_default();
                Ok(ElicitResult::new(ElicitAction::Accept).content(content))
            })
            .connect(format!("{url}/{path}").as_str())
            .await?;
        let result = client.call_tool("ask", json!({})).await?;
        assert_eq!(result.content[0].as_text(), Some("you are 36"), "{version} {path}");
    }
    Ok(())
}

#[tokio::test]
async fn a_change_is_heard_over_http() -> Result<()> {
    let (url, _running) = serve(http_session_support::server().0).await;
    for (version, path) in WAYS {
        let client = Client::builder()
            .protocol_version(version)
            .connect(format!("{url}/{path}").as_str())
            .await?;
        let filter = SubscriptionFilter::new().resource_subscriptions(vec!["test://a".to_owned()]);
        let mut changes = client.subscribe(filter).await?;
        client.call_tool("touch", json!({})).await?;
        let change = timeout(Duration::from_secs(30), changes.next()).await;
        let change = change.unwrap_or_else(|_| panic!("nothing heard: {version} {path}"));
        assert_eq!(change, Some(Change::Resource("test://a".to_owned())), "{version} {path}");
        client.close().await;
        assert_eq!(changes.next().await, None, "{version} {path}");
    }
    Ok(())
}

#[tokio::test]
async fn dropping_a_call_cancels_it_at_the_server() -> Result<()> {
    let (server, watch) = http_support::server();
    let (url, _running) = serve(server).await;
    for (version, path) in WAYS {
        let client = Client::builder()
            .protocol_version(version)
            .connect(format!("{url}/{path}").as_str())
            .await?;
        let call = client.call_tool("wait", json!({})).raw();
        let calling = async {
            tokio::select! {
                answer = call => panic!("{answer:?}"),
                () = watch.begun.one() => {}
            }
        };
        calling.await;
        watch.dropped.one().await;
        let said = client.call_tool("echo", json!({ "message": "after" })).await?;
        assert_eq!(said.content[0].as_text(), Some("after"), "{version} {path}");
    }
    Ok(())
}

/// Passes connections on, and counts them.
async fn counting(target: std::net::SocketAddr) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    tokio::spawn(async move {
        while let Ok((mut from, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(async move {
                let mut to = TcpStream::connect(target).await.unwrap();
                tokio::io::copy_bidirectional(&mut from, &mut to).await
            });
        }
    });
    (format!("http://{address}"), count)
}

#[tokio::test]
async fn one_connection_serves_one_call_after_another() -> Result<()> {
    let http = Http::bind("127.0.0.1:0").await.unwrap();
    let address = http.address();
    let _running = http_support::server().0.start(http).unwrap();
    for (version, path) in WAYS {
        let (url, count) = counting(address).await;
        let client = Client::builder()
            .protocol_version(version)
            .connect(format!("{url}/{path}").as_str())
            .await?;
        for _ in 0..20 {
            // The one is answered in JSON, the other as a stream.
            client.call_tool("echo", json!({ "message": "x" })).await?;
            client.call_tool("report", json!({ "count": 1 })).on_progress(|_| {}).await?;
        }
        // A session has a stream of its own, and the end of an answer may come behind the next request.
        let count = count.load(Ordering::SeqCst);
        assert!(count <= 4, "{count} connections: {version} {path}");
    }
    Ok(())
}

#[tokio::test]
async fn a_server_that_begins_anew_is_spoken_to_anew() -> Result<()> {
    for (version, path) in WAYS {
        let http = Http::bind("127.0.0.1:0").await.unwrap();
        let address = http.address();
        let mut running = http_support::server().0.start(http).unwrap();
        let client = Client::builder()
            .protocol_version(version)
            .connect(format!("http://{address}/{path}").as_str())
            .await?;
        client.call_tool("echo", json!({ "message": "one" })).await?;
        running.close(Duration::from_secs(1)).await?;
        drop(running);
        let http = Http::bind(&address.to_string()).await.unwrap();
        let _running = http_support::server().0.start(http).unwrap();
        let tools = timeout(Duration::from_secs(30), client.list_tools()).await;
        let tools = tools.unwrap_or_else(|_| panic!("never: {version} {path}"))?;
        assert!(!tools.is_empty(), "{version} {path}");
    }
    Ok(())
}
