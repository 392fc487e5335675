//! Fetching the keys of an authorization server.

use super::authority::{Authority, RESOURCE, mount, with};
use crate::http_support::{request, server};
use bowline::transport::http::{HttpService, Issuer, Protected};
use bowline_auth::jose::SigningKey;
use serde_json::json;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::task::JoinSet;

async fn status(service: &HttpService, token: &str) -> u16 {
    let echo = request("echo", &json!({ "message": "hi" }));
    service.answer(with(echo, token)).await.status().as_u16()
}

/// Lets virtual time pass. Between whiles time runs by itself, lest sockets look as if they took forever.
async fn pass(seconds: u64) {
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(seconds)).await;
    tokio::time::resume();
}

#[tokio::test]
async fn keys_are_fetched_once_for_all_who_come() {
    let authority = Authority::start().await;
    let service = mount(authority.protected(), server().0);
    let mut callers = JoinSet::new();
    for number in 0..200 {
        let (service, token) = (service.clone(), authority.token(json!({ "jti": number })));
        callers.spawn(async move { status(&service, &token).await });
    }
    assert!(callers.join_all().await.iter().all(|status| *status == 200));
    assert_eq!(authority.reads(), (1, 1));
}

#[tokio::test]
async fn an_issuer_with_a_path_and_one_whose_keys_are_named() {
    let authority = Authority::start_at("/tenant").await;
    let service = mount(authority.protected(), server().0);
    assert_eq!(status(&service, &authority.token(json!({}))).await, 200);
    assert_eq!(authority.reads(), (1, 1));

    let origin = authority.issuer.strip_suffix("/tenant").unwrap();
    let named =
        Issuer::new(&authority.issuer).unwrap().jwks_uri(&format!("{origin}/keys")).unwrap();
    let service = mount(Protected::new(RESOURCE).unwrap().issuer(named), server().0);
    assert_eq!(status(&service, &authority.token(json!({}))).await, 200);
    assert_eq!(authority.reads(), (1, 2), "its metadata is not needed");
}

/// A key that is not known is reason to fetch once, and invented ones make no traffic.
#[tokio::test]
async fn a_rotated_key_is_found_and_invented_ones_make_no_traffic() {
    let authority = Authority::start().await;
    let service = mount(authority.protected(), server().0);
    let before = authority.token(json!({}));
    assert_eq!(status(&service, &before).await, 200);
    let unseen = authority.token(json!({ "jti": "unseen" }));
    authority.rotate("k2");
    // Within the pause nothing is fetched.
    assert_eq!(status(&service, &authority.token(json!({}))).await, 401);
    assert_eq!(authority.reads(), (1, 1));
    pass(31).await;
    assert_eq!(status(&service, &authority.token(json!({}))).await, 200);
    assert_eq!(authority.reads(), (2, 2));
    // A token that was seen is known by its digest until it ends; one of a key that is gone is not let in.
    assert_eq!(status(&service, &before).await, 200);
    assert_eq!(status(&service, &unseen).await, 401);
    for number in 0..50 {
        let invented = SigningKey::generate().with_id(format!("invented {number}"));
        let token = authority.signed(&invented, json!({}), json!({}));
        assert_eq!(status(&service, &token).await, 401);
    }
    assert_eq!(authority.reads(), (2, 2));
}

#[tokio::test]
async fn keys_are_fetched_again_when_they_are_old() {
    let authority = Authority::start().await;
    *authority.cache_control.lock().unwrap() = "max-age=120";
    let service = mount(authority.protected(), server().0);
    let token = |number: u32| authority.token(json!({ "jti": number }));
    assert_eq!(status(&service, &token(1)).await, 200);
    pass(100).await;
    assert_eq!(status(&service, &token(2)).await, 200);
    assert_eq!(authority.reads().1, 1);
    pass(30).await;
    assert_eq!(status(&service, &token(3)).await, 200);
    assert_eq!(authority.reads().1, 2);
}

/// Keys stay good while they cannot be fetched, for a day.
#[tokio::test]
async fn old_keys_are_better_than_none_but_not_for_ever() {
    let authority = Authority::start().await;
    *authority.cache_control.lock().unwrap() = "max-age=60";
    let service = mount(authority.protected(), server().0);
    let token = |number: u32| authority.token(json!({ "jti": number }));
    assert_eq!(status(&service, &token(1)).await, 200);
    authority.broken.store(true, Ordering::SeqCst);
    pass(3600).await;
    assert_eq!(status(&service, &token(2)).await, 200);
    let tried = authority.reads().0;
    for number in 3..20 {
        assert_eq!(status(&service, &token(number)).await, 200);
    }
    assert_eq!(authority.reads().0, tried, "not tried for every token");
    pass(23 * 3600).await;
    assert_eq!(status(&service, &token(21)).await, 503);
    pass(5).await;
    authority.broken.store(false, Ordering::SeqCst);
    assert_eq!(status(&service, &token(22)).await, 200);
}

/// Fail closed: nobody is let in, nor called a liar, while it cannot be told.
#[tokio::test]
async fn without_keys_nobody_is_let_in() {
    let authority = Authority::start().await;
    let service = mount(authority.protected(), server().0);
    authority.broken.store(true, Ordering::SeqCst);
    let token = authority.token(json!({}));
    let echo = request("echo", &json!({ "message": "hi" }));
    let response = service.answer(with(echo, &token)).await;
    assert_eq!(response.status(), 503);
    assert_eq!(response.headers()["retry-after"], "5");
    assert!(!response.headers().contains_key("www-authenticate"));
    let tried = authority.reads();
    assert_eq!(status(&service, &token).await, 503);
    assert_eq!(authority.reads(), tried, "not tried again at once");
    authority.broken.store(false, Ordering::SeqCst);
    pass(5).await;
    assert_eq!(status(&service, &token).await, 200);

    let gone = Authority::start().await;
    let service = mount(gone.protected(), server().0);
    gone.stop();
    tokio::task::yield_now().await;
    assert_eq!(status(&service, &gone.token(json!({}))).await, 503);
}

/// Metadata of somebody else, or that sends elsewhere than it may, is none.
#[tokio::test]
async fn metadata_is_believed_only_of_its_issuer() {
    let rows = [
        ("of another", json!({ "issuer": "https://evil.test" })),
        ("with a slash more", json!({ "slash": true })),
        ("without keys", json!({ "jwks_uri": null })),
        ("not encrypted, elsewhere", json!({ "jwks_uri": "http://10.0.0.1/keys" })),
        ("no URL", json!({ "jwks_uri": "javascript:alert(1)" })),
        ("no JSON", json!("nothing")),
    ];
    for (what, change) in rows {
        let authority = Authority::start().await;
        {
            let mut metadata = authority.metadata.lock().unwrap();
            match change.as_object() {
                Some(change) if change.contains_key("slash") => {
                    metadata["issuer"] = format!("{}/", authority.issuer).into();
                }
                Some(change) => {
                    for (name, value) in change {
                        metadata[name] = value.clone();
                    }
                }
                None => *metadata = change,
            }
        }
        let service = mount(authority.protected(), server().0);
        assert_eq!(status(&service, &authority.token(json!({}))).await, 503, "{what}");
        assert_eq!(authority.reads().1, 0, "{what}");
    }
}
