//! Streams that outlive the token they were opened with.

use super::authority::{Authority, mount, now, with};
use crate::http_session_support::{Peer, server};
use crate::http_support::meta;
use bowline::transport::http::ResponseBody;
use http::{HeaderValue, Response};
use http_body_util::{BodyExt, Full};
use serde_json::json;
use std::time::Duration;

/// Reads to the end, which must come while the token is good, as far as virtual time goes.
async fn ends_within(response: Response<ResponseBody>, least: u64, most: u64) {
    tokio::time::pause();
    let begun = tokio::time::Instant::now();
    let end =
        tokio::time::timeout(Duration::from_secs(10_000), response.into_body().collect()).await;
    end.expect("the stream goes on for ever").unwrap();
    let took = begun.elapsed().as_secs();
    tokio::time::resume();
    assert!((least..=most).contains(&took), "{took} s");
}

#[tokio::test]
async fn a_stream_of_a_session_ends_with_its_token() {
    let authority = Authority::start().await;
    let service = mount(authority.protected(), server().0);
    let bearer = |claims| Some(format!("Bearer {}", authority.token(claims)));
    let peer = Peer { authorization: bearer(json!({})), ..Peer::new(&service, "2025-11-25") };
    let peer = peer.opened().await;
    let short = Peer { authorization: bearer(json!({ "exp": now() + 300 })), ..peer.clone() };
    let response = short.get(None).await;
    assert_eq!(response.status(), 200);
    ends_within(response, 290, 301).await;
    // The session goes on, with another token.
    assert_eq!(
        peer.post(&json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list" })).await.status(),
        200
    );
}

#[tokio::test]
async fn a_token_that_is_good_only_since_clocks_differ_lasts_as_long_as_they_may() {
    let authority = Authority::start().await;
    let service = mount(authority.protected(), server().0);
    let bearer = |claims| Some(format!("Bearer {}", authority.token(claims)));
    let peer = Peer { authorization: bearer(json!({})), ..Peer::new(&service, "2025-11-25") };
    let peer = peer.opened().await;
    let ended = Peer { authorization: bearer(json!({ "exp": now() - 20 })), ..peer };
    let response = ended.get(None).await;
    assert_eq!(response.status(), 200);
    ends_within(response, 30, 41).await;
}

#[tokio::test]
async fn a_subscription_ends_with_its_token() {
    let authority = Authority::start().await;
    let service = mount(authority.protected(), crate::http_support::server().0);
    let token = authority.token(json!({ "exp": now() + 300 }));
    let body = json!({
        "jsonrpc": "2.0", "id": 1, "method": "subscriptions/listen",
        "params": { "notifications": { "toolsListChanged": true }, "_meta": meta() },
    });
    let mut request = with(crate::http_support::request("", &json!({})), &token);
    request.headers_mut().insert("mcp-method", HeaderValue::from_static("subscriptions/listen"));
    request.headers_mut().remove("mcp-name");
    *request.body_mut() = Full::from(body.to_string());
    let response = service.answer(request).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    ends_within(response, 290, 301).await;
}
