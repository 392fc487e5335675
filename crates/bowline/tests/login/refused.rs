//! Where logging in does not help, or cannot be.

use crate::world::{World, location, obedient};
use bowline::Client;
use bowline::auth::store::MemoryStore;
use bowline::client::auth::{AskingBrowser, Authorization, Interactive, Shown, Visit};
use serde_json::json;
use std::error::Error;

/// All levels of an error.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text += &format!(": {cause}");
        next = cause.source();
    }
    text
}

#[tokio::test]
async fn who_cannot_be_asked_is_told_what_to_run() {
    let world = World::start().await;
    let never = || Authorization::new(MemoryStore::default()).interactive(Interactive::Never);
    let rows = [
        (
            never(),
            format!(
                "it wants a login, and nobody can be asked now; run `bowline login {}`",
                world.url()
            ),
        ),
        (never().login_command("bowline login tracker"), "run `bowline login tracker`".to_owned()),
    ];
    for (authorization, expected) in rows {
        let error = world.connect(authorization).await.unwrap_err();
        assert!(error.is_unauthorized() && chain(&error).contains(&expected), "{}", chain(&error));
    }
    // Nothing was begun that nobody could end.
    assert_eq!((world.asked("register"), world.asked("resource")), (0, 0));
}

#[tokio::test]
async fn a_login_that_is_kept_is_renewed_though_nobody_can_be_asked() {
    let world = World::start().await;
    let store = MemoryStore::default();
    world.client(store.clone()).await;
    world.expire();
    let never = || Authorization::new(store.clone()).interactive(Interactive::Never);
    let client = world.connect(never()).await.unwrap();
    client.call_tool("read", json!({})).await.unwrap();
    assert_eq!((world.asked("refresh"), world.asked("authorize")), (1, 1));
    world.revoke();
    let error = client.call_tool("read", json!({})).await.unwrap_err();
    let shown = chain(&error);
    assert!(error.is_unauthorized());
    assert!(shown.contains("the login that is kept cannot be renewed"), "{shown}");
    assert!(shown.contains("bowline login"), "{shown}");
    assert_eq!(world.asked("authorize"), 0);
}

#[tokio::test]
async fn a_server_that_takes_no_token_asks_a_person_once() {
    let world = World::start().await;
    world.state().takes_none = true;
    let authorization = || Authorization::new(MemoryStore::default()).browser(obedient());
    let error = world.connect(authorization()).await.unwrap_err();
    assert!(error.is_unauthorized(), "{}", chain(&error));
    assert_eq!((world.asked("authorize"), world.asked("refresh")), (1, 0));

    // A client that was let in before: the refresh does not help, a login does not either, and then it is over.
    world.state().takes_none = false;
    let client = world.connect(authorization()).await.unwrap();
    client.call_tool("read", json!({})).await.unwrap();
    world.asked("authorize");
    world.state().takes_none = true;
    for _ in 0..5 {
        let error = client.call_tool("read", json!({})).await.unwrap_err();
        assert!(error.is_unauthorized(), "{}", chain(&error));
    }
    assert_eq!((world.asked("authorize"), world.asked("refresh")), (1, 1));
}

#[tokio::test]
async fn a_scope_that_is_missing_is_asked_for_once() {
    let world = World::start().await;
    let client = world.client(MemoryStore::default()).await;
    client.call_tool("read", json!({})).await.unwrap();
    assert_eq!(world.asked("authorize"), 1);
    let result = client.call_tool("write", json!({})).await.unwrap();
    assert_eq!(result.content[0].as_text(), Some("written"));
    assert_eq!(world.asked("authorize"), 1);
    // What it may do now it may do again.
    client.call_tool("write", json!({})).await.unwrap();
    client.call_tool("read", json!({})).await.unwrap();
    assert_eq!(world.asked("authorize"), 0);
}

#[tokio::test]
async fn a_server_that_always_wants_more_gets_it_once() {
    let world = World::start().await;
    let client = world.client(MemoryStore::default()).await;
    world.state().wants_more = true;
    world.asked("authorize");
    for _ in 0..5 {
        let error = client.call_tool("write", json!({})).await.unwrap_err();
        assert!(error.is_unauthorized(), "{}", chain(&error));
    }
    assert_eq!(world.asked("authorize"), 1);
    // Everything else goes on.
    client.call_tool("read", json!({})).await.unwrap();
}

#[tokio::test]
async fn who_does_not_want_to_log_in_is_not_asked_again_at_once() {
    let world = World::start().await;
    let client = world.client(MemoryStore::default()).await;
    client.list_tools().await.unwrap();
    drop(client);
    let declines = AskingBrowser::new(|_: Visit| async {
        Err(bowline::Error::unreachable("there is no browser here"))
    });
    let store = MemoryStore::default();
    let error = world.connect(Authorization::new(store).browser(declines)).await.unwrap_err();
    let shown = chain(&error);
    assert!(error.is_unauthorized() && shown.contains("nobody logged in"), "{shown}");
    assert!(shown.contains("there is no browser here"), "{shown}");
}

/// A pasted URL of another login ends this one; a listener would go on waiting.
#[tokio::test]
async fn an_answer_with_another_state_is_not_used() {
    let world = World::start().await;
    world.state().strays = true;
    let authorization = Authorization::new(MemoryStore::default()).browser(obedient());
    let error = world.connect(authorization).await.unwrap_err();
    assert!(error.is_unauthorized(), "{}", chain(&error));
    assert_eq!(world.asked("code"), 0);
}

#[tokio::test]
async fn a_header_of_ones_own_and_a_login_exclude_each_other() {
    let world = World::start().await;
    let authorization = Authorization::new(MemoryStore::default()).browser(obedient());
    let builder = world.builder(authorization).header("authorization", "Bearer mine");
    let error = builder.connect(world.url().as_str()).await.unwrap_err();
    assert!(error.is_invalid(), "{error}");
    assert!(world.state().shown.is_empty());
}

#[tokio::test]
async fn no_error_shows_a_token() {
    let world = World::start().await;
    let client = world.client(MemoryStore::default()).await;
    client.list_tools().await.unwrap();
    world.revoke();
    world.state().strays = true;
    let error = client.call_tool("read", json!({})).await.unwrap_err();
    for secret in ["access-", "refresh-", "code-"] {
        let shown = format!("{error:?} {error} {}", chain(&error));
        assert!(!shown.contains(secret), "{shown}");
    }
}

/// Without a login nothing has changed: the refusal is the server's.
#[tokio::test]
async fn a_client_without_a_login_is_refused_as_ever() {
    let world = World::start().await;
    let error = Client::connect(world.url().as_str()).await.unwrap_err();
    assert!(error.is_unauthorized() && chain(&error).contains("401"), "{}", chain(&error));
    assert_eq!(world.asked("resource"), 0);
}

/// Whoever waits for a person gives up: the listener ends, and the next request asks anew.
#[tokio::test]
async fn a_login_that_nobody_waits_for_is_given_up() {
    let world = World::start().await;
    let (sender, mut visits) = tokio::sync::mpsc::unbounded_channel();
    let browser = AskingBrowser::new(move |visit: Visit| {
        sender.send(visit).unwrap();
        async { Ok(Shown::Open) }
    });
    let authorization = Authorization::new(MemoryStore::default()).browser(browser);
    let builder = world.builder(authorization);
    let url = world.url();
    let connecting = tokio::spawn(async move { builder.connect(url.as_str()).await.map(drop) });
    let visit = visits.recv().await.unwrap();
    connecting.abort();
    let host = format!("127.0.0.1:{}", visit.redirect.port());
    while tokio::net::TcpStream::connect(&host).await.is_ok() {
        tokio::task::yield_now().await;
    }
    assert!(location(visit.url.as_str()).await.starts_with(visit.redirect.as_str()));
    assert_eq!(world.asked("code"), 0);
}
