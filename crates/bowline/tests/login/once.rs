//! However many want another token, one gets it.

use crate::world::{World, get, location, obedient};
use bowline::auth::store::{FileStore, MemoryStore, Store};
use bowline::client::auth::{AskingBrowser, Authorization, Interactive, Shown, Visit};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};
use std::{env, fs, process};
use tokio::task::JoinSet;

#[tokio::test]
async fn nobody_is_asked_before_the_server_wants_it_and_then_once() {
    let world = World::start().await;
    let store = MemoryStore::default();
    let client = world.client(store.clone()).await;
    client.call_tool("read", json!({})).await.unwrap();
    let shown: Vec<_> = world.state().shown.drain(..).collect();
    assert_eq!(shown[0].1, None);
    assert!(shown[1..].iter().all(|(_, shown)| shown.as_deref() == Some("Bearer access-2")));
    for (endpoint, times) in [("register", 1), ("authorize", 1), ("code", 1), ("refresh", 0)] {
        assert_eq!(world.asked(endpoint), times, "{endpoint}");
    }
    // Another client of the same user shows the token at once.
    let other = world.client(store).await;
    other.call_tool("read", json!({})).await.unwrap();
    assert!(world.state().shown.iter().all(|(_, shown)| shown.is_some()));
    assert_eq!(world.asked("authorize"), 0);
}

#[tokio::test]
async fn a_thousand_refused_requests_make_one_refresh() {
    let world = World::start().await;
    let client = Arc::new(world.client(MemoryStore::default()).await);
    client.list_tools().await.unwrap();
    world.expire();
    let mut calls = JoinSet::new();
    for _ in 0..1000 {
        let client = client.clone();
        calls.spawn(async move { client.call_tool("read", json!({})).await.map(drop) });
    }
    while let Some(done) = calls.join_next().await {
        done.unwrap().unwrap();
    }
    assert_eq!((world.asked("refresh"), world.asked("authorize")), (1, 1));
}

#[tokio::test]
async fn a_thousand_requests_before_anybody_logged_in_open_one_browser() {
    let world = World::start().await;
    let client = Arc::new(world.client(MemoryStore::default()).await);
    world.revoke();
    assert_eq!(world.asked("authorize"), 1);
    let mut calls = JoinSet::new();
    for _ in 0..1000 {
        let client = client.clone();
        calls.spawn(async move { client.call_tool("read", json!({})).await.map(drop) });
    }
    while let Some(done) = calls.join_next().await {
        done.unwrap().unwrap();
    }
    assert_eq!((world.asked("refresh"), world.asked("authorize")), (1, 1));
}

/// Stores of their own stand for processes: all they share is the folder and its locks.
#[tokio::test]
async fn several_processes_make_one_refresh() {
    let world = World::start().await;
    let folder = env::temp_dir().join(format!("bowline-logins-{}", process::id()));
    let mut clients = Vec::new();
    for _ in 0..8 {
        let client = world.client(FileStore::new(&folder)).await;
        client.list_tools().await.unwrap();
        clients.push(client);
    }
    assert_eq!(world.asked("authorize"), 1);
    world.expire();
    let mut calls = JoinSet::new();
    for client in clients {
        calls.spawn(async move { client.call_tool("read", json!({})).await.map(drop) });
    }
    while let Some(done) = calls.join_next().await {
        done.unwrap().unwrap();
    }
    assert_eq!((world.asked("refresh"), world.asked("authorize")), (1, 0));
    fs::remove_dir_all(folder).unwrap();
}

/// Whoever waits may give up; what was given away for the new token cannot be had again.
#[tokio::test]
async fn a_refresh_is_finished_though_nobody_waits_for_it() {
    let world = World::start().await;
    let store = MemoryStore::default();
    let client = Arc::new(world.client(store.clone()).await);
    client.list_tools().await.unwrap();
    world.expire();
    world.state().holds = true;
    let caller = client.clone();
    let call = tokio::spawn(async move { caller.call_tool("read", json!({})).await.map(drop) });
    while world.state().asked.get("refresh").copied().unwrap_or_default() == 0 {
        tokio::task::yield_now().await;
    }
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());
    drop(client);
    let before = world.kept(&store).unwrap().tokens.unwrap();
    world.release();
    while world.kept(&store).unwrap().tokens.unwrap() == before {
        tokio::task::yield_now().await;
    }
    let again = world.client(store).await;
    again.call_tool("read", json!({})).await.unwrap();
    assert_eq!((world.asked("refresh"), world.asked("authorize")), (1, 1));
}

/// A refresh token that was rotated is used up, though its successor never came.
#[tokio::test]
async fn a_lost_answer_to_a_refresh_leads_to_one_login() {
    let world = World::start().await;
    let client = world.client(MemoryStore::default()).await;
    client.list_tools().await.unwrap();
    world.asked("authorize");
    world.expire();
    world.state().loses = true;
    let error = client.call_tool("read", json!({})).await.unwrap_err();
    assert!(error.is_unauthorized(), "{error:?}");
    world.expire();
    // What failed is not tried again at once.
    let again = client.call_tool("read", json!({})).await.unwrap_err();
    assert!(again.is_unauthorized());
    assert_eq!(world.asked("refresh"), 1);
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(2)).await;
    tokio::time::resume();
    client.call_tool("read", json!({})).await.unwrap();
    assert_eq!((world.asked("refresh"), world.asked("authorize")), (1, 1));
}

#[tokio::test]
async fn a_token_that_has_ended_is_renewed_before_anything_is_refused() {
    let world = World::start().await;
    world.state().lives = Some(0);
    let client = world.client(MemoryStore::default()).await;
    world.state().shown.clear();
    world.state().lives = Some(3600);
    client.call_tool("read", json!({})).await.unwrap();
    let shown = world.state().shown.clone();
    assert_eq!(world.asked("authorize"), 1);
    assert!(world.asked("refresh") >= 1);
    // Every request showed one that was taken.
    assert!(shown.iter().all(|(_, shown)| shown.is_some()));
}

#[tokio::test]
async fn a_token_that_ends_soon_is_renewed_while_it_is_still_used() {
    let world = World::start().await;
    let store = MemoryStore::default();
    world.client(store.clone()).await;
    let mut kept = world.kept(&store).unwrap();
    let tokens = kept.tokens.as_mut().unwrap();
    tokens.expires = Some(SystemTime::now() + Duration::from_secs(30));
    let old = tokens.clone();
    store.save(&kept).unwrap();
    world.state().holds = true;
    // It need not wait for what is held back.
    let client = world.client(store.clone()).await;
    client.call_tool("read", json!({})).await.unwrap();
    world.release();
    while world.kept(&store).unwrap().tokens.unwrap() == old {
        tokio::task::yield_now().await;
    }
    let renewed = world.kept(&store).unwrap().tokens.unwrap();
    let expected = format!("Bearer {}", renewed.access.expose());
    // The store has it a moment before the client takes it.
    let taken = async {
        loop {
            world.state().shown.clear();
            client.call_tool("read", json!({})).await.unwrap();
            if world.state().shown.iter().all(|(_, shown)| *shown == Some(expected.clone())) {
                break;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(10), taken).await.unwrap();
    assert_eq!(world.asked("refresh"), 1);
}

/// It is used as it is, and the authorization server is not asked again with each request.
#[tokio::test]
async fn a_token_that_cannot_be_renewed_in_time_is_used_until_it_ends() {
    let world = World::start().await;
    let store = MemoryStore::default();
    world.client(store.clone()).await;
    let mut kept = world.kept(&store).unwrap();
    let tokens = kept.tokens.as_mut().unwrap();
    tokens.expires = Some(SystemTime::now() + Duration::from_secs(30));
    tokens.refresh = Some("used-up".into());
    store.save(&kept).unwrap();
    let client = world.client(store.clone()).await;
    world.state().shown.clear();
    for _ in 0..20 {
        client.call_tool("read", json!({})).await.unwrap();
    }
    assert!(
        world.state().shown.iter().all(|(_, shown)| shown.as_deref() == Some("Bearer access-2"))
    );
    assert_eq!((world.asked("refresh"), world.asked("authorize")), (1, 1));
}

#[tokio::test]
async fn the_browser_comes_back_to_a_listener_which_strangers_do_not_end() {
    let world = World::start().await;
    let browser = AskingBrowser::new(|visit: Visit| async move {
        let back = location(visit.url.as_str()).await;
        tokio::spawn(async move {
            let stranger = format!("{}?code=stolen&state=guessed", visit.redirect.as_str());
            assert!(get(&stranger).await.starts_with("HTTP/1.1 400"));
            assert!(get(&back).await.starts_with("HTTP/1.1 200"));
        });
        Ok(Shown::Open)
    });
    let client =
        world.connect(Authorization::new(MemoryStore::default()).browser(browser)).await.unwrap();
    client.call_tool("read", json!({})).await.unwrap();
    assert_eq!((world.asked("code"), world.asked("authorize")), (1, 1));
}

#[tokio::test]
async fn logins_of_one_principal_are_no_others() {
    let world = World::start().await;
    let store = MemoryStore::default();
    for principal in ["alice", "bob"] {
        let authorization =
            Authorization::new(store.clone()).browser(obedient()).principal(principal);
        world.connect(authorization).await.unwrap().call_tool("read", json!({})).await.unwrap();
        assert_eq!(world.asked("authorize"), 1, "{principal}");
    }
    assert!(world.kept(&store).is_none());
    let nobody = Authorization::new(store).interactive(Interactive::Never);
    assert!(world.connect(nobody).await.unwrap_err().is_unauthorized());
}

/// A person takes longer than any request may.
#[tokio::test]
async fn the_time_of_a_request_stands_still_while_a_person_logs_in() {
    let world = World::start().await;
    let began = Arc::new(AtomicU32::new(0));
    let visits = began.clone();
    let browser = AskingBrowser::new(move |visit: Visit| {
        let visits = visits.clone();
        async move {
            visits.fetch_add(1, Ordering::Relaxed);
            // Minutes go by.
            tokio::time::pause();
            tokio::time::advance(Duration::from_secs(8 * 60)).await;
            tokio::time::resume();
            Ok(Shown::Returned(location(visit.url.as_str()).await))
        }
    });
    let client =
        world.connect(Authorization::new(MemoryStore::default()).browser(browser)).await.unwrap();
    client.call_tool("read", json!({})).await.unwrap();
    world.revoke();
    client.call_tool("read", json!({})).await.unwrap();
    assert_eq!(began.load(Ordering::Relaxed), 2);
}
