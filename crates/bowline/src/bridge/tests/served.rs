//! Clients that are served, one behind the other.

use super::callers::{MODERN, Session, modern, request, send, yes};
use super::gate::{everything, target};
use super::servers::server;
use crate::client::{Client, Target};
use crate::client::{Connect, Pipe};
use crate::error::Result;
use crate::service::Service;
use crate::transport::{memory, start};
use bowline_types::subscription::SubscriptionFilter;
use expect_test::expect;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// Any service, over a pipe.
struct Piped(Arc<dyn Service>);

impl Connect for Piped {
    async fn connect(&self) -> Result<Pipe> {
        let (near, far) = memory::pair();
        let mut running = start(self.0.clone(), far);
        tokio::spawn(async move { running.wait().await });
        let (input, output) = tokio::io::split(near);
        Ok(Pipe::new(input, output))
    }

    fn name(&self) -> String {
        "piped".to_owned()
    }
}

async fn behind(service: Arc<dyn Service>, version: &str) -> Arc<dyn Service> {
    let builder = Client::builder().protocol_version(version);
    Arc::new(builder.connect(Target::custom(Piped(service))).await.unwrap())
}

/// A server of the newest version behind a client, which is served; that behind a client again.
#[tokio::test(start_paused = true)]
async fn two_bridges_are_as_good_as_none() {
    let (server, _) = server();
    let direct: Arc<dyn Service> = Arc::new(server);
    let once = behind(direct.clone(), MODERN).await;
    let twice = behind(once.clone(), MODERN).await;
    for name in ["echo", "name", "names", "model", "where", "visit"] {
        let params = json!({ "name": name });
        let expected = modern(&direct, "tools/call", params.clone(), yes).await;
        assert_eq!(modern(&once, "tools/call", params.clone(), yes).await, expected, "{name}");
        assert_eq!(modern(&twice, "tools/call", params.clone(), yes).await, expected, "{name}");
        let mut session = Session::open(&twice, "2025-11-25", &everything()).await;
        let live = session.call("tools/call", params, yes).await;
        assert_eq!(live.last(), expected.last(), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_server_is_and_lists_is_handed_on() {
    let (server, _) = server();
    let direct: Arc<dyn Service> = Arc::new(server);
    for version in [MODERN, "2025-11-25"] {
        let once = behind(direct.clone(), version).await;
        for method in ["tools/list", "prompts/list", "resources/list"] {
            let text = request(method, json!({}), &json!({}));
            let (_, expected) = send(&direct, "ada", text.clone()).await;
            let (_, mut got) = send(&once, "ada", text).await;
            if version != MODERN {
                // A session says nothing of how long something may be kept.
                assert_eq!(
                    (&got["result"]["ttlMs"], &got["result"]["cacheScope"]),
                    (&json!(0), &json!("private"))
                );
                got["result"]["ttlMs"] = expected["result"]["ttlMs"].clone();
                got["result"]["cacheScope"] = expected["result"]["cacheScope"].clone();
            }
            assert_eq!(got, expected, "{version} {method}");
        }
        let text = request("server/discover", json!({}), &json!({}));
        let (_, got) = send(&once, "ada", text).await;
        let info = &got["result"]["_meta"]["io.modelcontextprotocol/serverInfo"];
        assert_eq!(*info, json!({ "name": "asks", "version": "1" }), "{got}");
        assert!(got["result"]["supportedVersions"].as_array().unwrap().len() == 5);
        assert!(got["result"]["capabilities"]["tools"].is_object());
    }
}

#[tokio::test(start_paused = true)]
async fn changes_are_handed_on() {
    for version in [MODERN, "2025-11-25"] {
        let (server, _) = server();
        let once = Arc::new(
            Client::builder()
                .protocol_version(version)
                .connect(target(&server, version))
                .await
                .unwrap(),
        );
        let twice = Client::builder().protocol_version(MODERN);
        let twice = twice.connect(Target::custom(Piped(once.clone()))).await.unwrap();
        let filter = SubscriptionFilter::new()
            .tools_list_changed(true)
            .resource_subscriptions(vec!["note:1".to_owned()]);
        let mut subscription = twice.subscribe(filter).await.unwrap();
        assert_eq!(subscription.honored().tools_list_changed, Some(true), "{version}");
        server.list_changed(crate::server::ItemKind::Tool);
        server.resource_updated("note:1");
        let mut changes = Vec::new();
        for _ in 0..2 {
            changes.push(format!("{:?}", subscription.next().await.unwrap()));
        }
        changes.sort();
        assert_eq!(changes, ["Resource(\"note:1\")", "Tools"], "{version}");
        drop(subscription);
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert_eq!(server.listeners(), usize::from(version != MODERN), "{version}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_gone_is_named() {
    let (server, _) = server();
    let once = Client::builder().connect(&server).await.unwrap();
    let service: Arc<dyn Service> = Arc::new(once.clone());
    once.close().await;
    let text = request("tools/call", json!({ "name": "echo" }), &json!({}));
    let (_, got): (_, Value) = send(&service, "ada", text).await;
    expect![[r#"{"code":-31001,"message":"server `a server in this process` is not available; the request was not sent"}"#]].assert_eq(&got["error"].to_string());
}
