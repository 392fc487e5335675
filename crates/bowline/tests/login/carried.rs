//! Where a token goes, and where not.

use crate::world::{World, obedient};
use bowline::auth::store::MemoryStore;
use bowline::client::auth::{Authorization, Interactive};
use serde_json::json;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::time::timeout;

#[tokio::test]
async fn every_request_of_a_session_shows_it() {
    let world = World::start().await;
    let authorization = Authorization::new(MemoryStore::default()).browser(obedient());
    let builder = world.builder(authorization).protocol_version("2025-11-25");
    let client = builder.connect(world.url().as_str()).await.unwrap();
    client.call_tool("read", json!({})).await.unwrap();
    client.close().await;
    let shown = world.state().shown.clone();
    let kinds: std::collections::BTreeSet<&str> =
        shown.iter().map(|(what, _)| what.as_str()).collect();
    let all = ["DELETE in session", "GET in session", "POST", "POST in session"];
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), all);
    assert_eq!(shown[0].1, None);
    assert!(shown[1..].iter().all(|(_, shown)| shown.is_some()), "{shown:?}");
}

#[tokio::test]
async fn a_session_that_ends_asks_nobody_to_log_in() {
    let world = World::start().await;
    let authorization = Authorization::new(MemoryStore::default()).browser(obedient());
    let builder = world.builder(authorization).protocol_version("2025-11-25");
    let client = builder.connect(world.url().as_str()).await.unwrap();
    client.list_tools().await.unwrap();
    world.revoke();
    assert_eq!(world.asked("authorize"), 1);
    client.close().await;
    assert_eq!((world.asked("authorize"), world.asked("refresh")), (0, 0));
}

#[tokio::test]
async fn a_redirect_to_another_origin_gets_nothing() {
    let world = World::start().await;
    let canary = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = world.client(MemoryStore::default()).await;
    client.list_tools().await.unwrap();
    let port = canary.local_addr().unwrap().port();
    for to in [format!("http://127.0.0.1:{port}/mcp"), format!("http://localhost:{port}/mcp")] {
        world.state().leads_to = Some(to);
        assert!(client.call_tool("read", json!({})).await.is_err());
    }
    assert!(timeout(Duration::from_millis(20), canary.accept()).await.is_err());
}

/// Metadata that names another server would get its token, and hand it to this one.
#[tokio::test]
async fn metadata_for_another_server_leads_to_nobody() {
    let world = World::start().await;
    let canary = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let elsewhere = format!("http://{}", canary.local_addr().unwrap());
    for resource in ["https://other.example/mcp", &format!("{elsewhere}/mcp")] {
        let lie = json!({ "resource": resource, "authorization_servers": [elsewhere] });
        world.state().lies = Some(lie);
        let authorization = Authorization::new(MemoryStore::default()).browser(obedient());
        let error = world.connect(authorization).await.unwrap_err();
        assert!(error.is_unauthorized(), "{error:?}");
        assert_eq!((world.asked("resource"), world.asked("authorize")), (1, 0), "{resource}");
    }
    assert!(timeout(Duration::from_millis(20), canary.accept()).await.is_err());
}

#[tokio::test]
async fn the_token_of_one_server_is_shown_to_no_other() {
    let (one, other) = (World::start().await, World::start().await);
    let store = MemoryStore::default();
    one.client(store.clone()).await.call_tool("read", json!({})).await.unwrap();
    let authorization = Authorization::new(store.clone()).interactive(Interactive::Never);
    assert!(other.connect(authorization).await.unwrap_err().is_unauthorized());
    let shown = other.state().shown.clone();
    assert!(!shown.is_empty() && shown.iter().all(|(_, shown)| shown.is_none()), "{shown:?}");
    assert!(one.kept(&store).is_some() && other.kept(&store).is_none());
}
