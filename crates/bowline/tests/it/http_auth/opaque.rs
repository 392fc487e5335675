//! Asking an authorization server what a token is.

use super::authority::{Authority, RESOURCE, endpoint, mount, now, with};
use crate::http_support::{request, server, text};
use bowline::transport::http::{HttpService, Introspection, Protected};
use serde_json::{Value, json};
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::task::JoinSet;

fn asked(authority: &Authority) -> Introspection {
    Introspection::new(&authority.issuer, &format!("{}/introspect", authority.issuer)).unwrap()
}

fn service(authority: &Authority) -> HttpService {
    mount(Protected::new(RESOURCE).unwrap().introspection(asked(authority)), server().0)
}

fn tell(authority: &Authority, token: &str, mut change: Value) {
    let defaults = json!({ "active": true, "aud": RESOURCE, "sub": "alice", "client_id": "c", "exp": now() + 3600 });
    for (name, value) in defaults.as_object().unwrap() {
        if change.get(name).is_none() {
            change[name] = value.clone();
        }
    }
    authority.told.lock().unwrap().insert(token.to_owned(), change);
}

async fn status(service: &HttpService, token: &str) -> u16 {
    let echo = request("echo", &json!({ "message": "hi" }));
    service.answer(with(echo, token)).await.status().as_u16()
}

async fn pass(seconds: u64) {
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(seconds)).await;
    tokio::time::resume();
}

#[tokio::test]
async fn what_the_server_says_is_checked_as_a_signature_is() {
    let authority = Authority::start().await;
    let service = service(&authority);
    let rows = [
        ("good", json!({}), 200),
        ("names-its-issuer", json!({ "iss": authority.issuer }), 200),
        ("no-end", json!({ "exp": null }), 401),
        ("another-issuer", json!({ "iss": "https://evil.test" }), 401),
        ("another-audience", json!({ "aud": "https://other.test" }), 401),
        ("no-audience", json!({ "aud": [] }), 401),
        ("ended", json!({ "exp": now() - 100 }), 401),
        ("not-begun", json!({ "nbf": now() + 100 }), 401),
        ("inactive", json!({ "active": false }), 401),
        ("active-as-text", json!({ "active": "true" }), 503),
        ("nobody", json!({ "sub": null, "client_id": null }), 401),
    ];
    for (token, change, expected) in rows {
        tell(&authority, token, change);
        assert_eq!(status(&service, token).await, expected, "{token}");
    }
    assert_eq!(status(&service, "never-heard-of").await, 401);
    let response = service.answer(with(request("who", &json!({})), "good")).await;
    let body = text(response).await;
    assert!(body.contains(&format!("Claims {} sub:alice false", authority.issuer)), "{body}");
}

/// A minute at most, and asked once for all who come together.
#[tokio::test]
async fn an_answer_is_believed_for_a_minute() {
    let authority = Authority::start().await;
    let service = service(&authority);
    tell(&authority, "t", json!({}));
    let mut callers = JoinSet::new();
    for _ in 0..100 {
        let service = service.clone();
        callers.spawn(async move { status(&service, "t").await });
    }
    assert!(callers.join_all().await.iter().all(|status| *status == 200));
    assert_eq!(authority.questions.load(Ordering::SeqCst), 1);
    pass(50).await;
    assert_eq!(status(&service, "t").await, 200);
    assert_eq!(authority.questions.load(Ordering::SeqCst), 1);
    // Revoked meanwhile.
    tell(&authority, "t", json!({ "active": false }));
    assert_eq!(status(&service, "t").await, 200);
    pass(10).await;
    assert_eq!(status(&service, "t").await, 401);
    assert_eq!(authority.questions.load(Ordering::SeqCst), 2);
    for _ in 0..50 {
        assert_eq!(status(&service, "t").await, 401);
    }
    assert_eq!(
        authority.questions.load(Ordering::SeqCst),
        2,
        "a bad one is not asked about again at once"
    );
}

/// Fail closed.
#[tokio::test]
async fn nobody_is_let_in_who_cannot_be_asked_about() {
    let authority = Authority::start().await;
    let service = service(&authority);
    tell(&authority, "known", json!({}));
    tell(&authority, "new", json!({}));
    assert_eq!(status(&service, "known").await, 200);
    authority.broken.store(true, Ordering::SeqCst);
    assert_eq!(status(&service, "new").await, 503);
    assert_eq!(status(&service, "known").await, 200);
    pass(61).await;
    assert_eq!(status(&service, "known").await, 503);
    authority.broken.store(false, Ordering::SeqCst);
    pass(2).await;
    assert_eq!(status(&service, "known").await, 200);
}

#[tokio::test]
async fn the_server_says_who_it_is_when_it_asks() {
    type Change = fn(Introspection) -> Introspection;
    let rows: [(Change, &str); 3] = [
        (|asked| asked, ""),
        // base64 of `mcp%20server:a%3Ab`
        (|asked| asked.client("mcp server", "a:b").unwrap(), "Basic bWNwJTIwc2VydmVyOmElM0Fi"),
        (|asked| asked.bearer("secret-token").unwrap(), "Bearer secret-token"),
    ];
    for (change, expected) in rows {
        let authority = Authority::start().await;
        let introspection = change(asked(&authority));
        assert!(!format!("{introspection:?}").contains("secret-token"));
        assert!(!format!("{introspection:?}").contains("a:b"));
        let service =
            mount(Protected::new(RESOURCE).unwrap().introspection(introspection), server().0);
        tell(&authority, "t", json!({}));
        assert_eq!(status(&service, "t").await, 200);
        assert_eq!(*authority.asked_by.lock().unwrap(), [expected]);
    }
}

/// Signed tokens are checked here, the rest is asked about, and tokens that are known here stay so.
#[tokio::test]
async fn all_kinds_of_tokens_open_one_door() {
    let signs = Authority::start().await;
    let knows = Authority::start().await;
    let own = "o".repeat(43);
    let told = signs.protected().introspection(asked(&knows));
    let service = endpoint(told).bearer_token(&own).unwrap().mount(server().0);
    tell(&knows, "opaque", json!({}));
    for token in [signs.token(json!({})), "opaque".to_owned(), own] {
        assert_eq!(status(&service, &token).await, 200);
    }
    assert_eq!(knows.questions.load(Ordering::SeqCst), 1);
    // One that somebody signed whom nobody knows is asked about.
    assert_eq!(status(&service, &knows.token(json!({}))).await, 401);
    assert_eq!(knows.questions.load(Ordering::SeqCst), 2);
    assert_eq!(status(&service, &signs.token(json!({ "aud": "x" }))).await, 401);
    assert_eq!(knows.questions.load(Ordering::SeqCst), 2);
}
