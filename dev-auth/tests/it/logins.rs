//! Refresh tokens, keys that rotate, and logins that are ended.

use crate::peer::{Peer, opened, settings};
use dev_auth::{Rotation, Secrets, Settings};
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn a_refresh_token_is_replaced_when_it_is_used() {
    let peer = Peer::new(settings()).await;
    let first = peer.login(&[("scope", "mcp admin")]).await;
    peer.clock.advance(Duration::from_secs(4000));
    assert!(!peer.counts(&first["access_token"]).await);
    let second = peer.refresh(first["refresh_token"].as_str().unwrap()).await.json();
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    assert!(
        peer.counts(&second["access_token"]).await && peer.counts(&second["refresh_token"]).await
    );
    assert!(!peer.counts(&first["refresh_token"]).await);
    let (_, claims) = opened(&second["access_token"]);
    assert_eq!((&claims["sub"], &claims["scope"]), (&json!("alice"), &json!("mcp admin")));
}

#[tokio::test]
async fn a_refresh_token_that_is_used_twice_ends_the_login_unless_its_answer_may_be_lost() {
    let grace = Rotation::Grace(Duration::from_secs(10));
    let rows =
        [(Rotation::Strict, 0, false), (grace, 0, true), (grace, 10, true), (grace, 11, false)];
    for (rotation, seconds, taken) in rows {
        let peer = Peer::new(Settings { rotation, ..settings() }).await;
        let first = peer.login(&[]).await;
        let first = first["refresh_token"].as_str().unwrap();
        let second = peer.refresh(first).await.json();
        peer.clock.advance(Duration::from_secs(seconds));
        let again = peer.refresh(first).await;
        assert_eq!(again.status == 200, taken, "{rotation:?} {seconds}");
        let counts = peer.counts(&second["access_token"]).await;
        assert_eq!(counts, taken, "{rotation:?} {seconds}");
        let goes_on = peer.refresh(second["refresh_token"].as_str().unwrap()).await;
        assert_eq!(goes_on.status == 200, taken, "{rotation:?} {seconds}");
    }
}

#[tokio::test]
async fn a_request_that_is_refused_does_not_use_the_token_up() {
    let peer = Peer::new(settings()).await;
    let tokens = peer.login(&[]).await;
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let base = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
    let rows: [(&[(&str, &str)], &str); 3] = [
        (&[("client_id", "app"), ("scope", "admin")], "invalid_scope"),
        (&[("client_id", "app"), ("resource", "https://other.example/")], "invalid_target"),
        (&[("client_id", "posting"), ("client_secret", "posting secret")], "invalid_grant"),
    ];
    for (more, error) in rows {
        let form = [&base, more].concat();
        assert_eq!(peer.token(&form).await.refused(), (400, error.to_owned()), "{more:?}");
    }
    assert_eq!(peer.refresh(refresh).await.status, 200);
}

#[tokio::test]
async fn a_refresh_token_lasts_for_a_month_from_its_making() {
    let month = 30 * 24 * 3600;
    for (seconds, status) in [(month - 1, 200), (month, 400)] {
        let peer = Peer::new(settings()).await;
        let tokens = peer.login(&[]).await;
        peer.clock.advance(Duration::from_secs(seconds));
        assert_eq!(peer.refresh(tokens["refresh_token"].as_str().unwrap()).await.status, status);
    }
}

#[tokio::test]
async fn who_does_not_refresh_gets_no_refresh_token_unless_it_asks_for_offline_access() {
    let client = json!({ "client_id": "once", "redirect_uris": ["http://127.0.0.1/cb"] });
    let peer = Peer::new(Settings { clients: vec![client], ..settings() }).await;
    for (scope, given) in [("mcp", false), ("mcp offline_access", true)] {
        let code = peer
            .code(&[
                ("client_id", "once"),
                ("redirect_uri", "http://127.0.0.1/cb"),
                ("scope", scope),
            ])
            .await;
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", "once"),
            ("code", &code),
            ("code_verifier", crate::peer::VERIFIER),
        ];
        let tokens = peer.token(&form).await.json();
        assert_eq!(tokens.get("refresh_token").is_some(), given, "{scope}");
    }
}

#[tokio::test]
async fn who_asks_for_no_scope_gets_the_first() {
    let peer = Peer::new(settings()).await;
    assert_eq!(peer.login(&[]).await["scope"], "mcp");
    assert_eq!(peer.login(&[("scope", "admin mcp admin")]).await["scope"], "admin mcp");
}

#[tokio::test]
async fn what_an_older_key_has_signed_stays_good_for_three_rotations() {
    let peer = Peer::new(settings()).await;
    let tokens = peer.login(&[]).await;
    let (header, _) = opened(&tokens["access_token"]);
    for rotation in 1..=4 {
        let rotated = peer.send("POST", "/admin/rotate", &[], "").await.json();
        let keys = peer.get("/keys").await.json();
        let kids: Vec<_> = keys["keys"].as_array().unwrap().iter().map(|key| &key["kid"]).collect();
        assert_eq!(kids[0], &rotated["kid"]);
        assert_eq!(kids.contains(&&header["kid"]), rotation <= 3);
        assert!(keys["keys"][0].get("d").is_none());
        assert_eq!(peer.counts(&tokens["access_token"]).await, rotation <= 3, "{rotation}");
    }
    let (header, _) = opened(&peer.login(&[]).await["access_token"]);
    assert_eq!(header["kid"], "key-5");
}

#[tokio::test]
async fn no_page_does_what_only_the_person_may() {
    let peer = Peer::new(settings()).await;
    let page = [("origin", "http://evil.example")];
    for path in ["/admin/rotate", "/admin/revoke?user=alice", "/admin/lifetime?seconds=3"] {
        assert_eq!(peer.send("POST", path, &page, "").await.status, 400, "{path}");
        assert_eq!(peer.get(path).await.status, 405, "{path}");
    }
}

#[tokio::test]
async fn how_long_tokens_last_can_be_changed() {
    let peer = Peer::new(settings()).await;
    for (seconds, status, expires) in
        [("3", 200, 3), ("0", 400, 3), ("x", 400, 3), ("", 400, 3), ("7200", 200, 7200)]
    {
        let path = format!("/admin/lifetime?seconds={seconds}");
        assert_eq!(peer.send("POST", &path, &[], "").await.status, status, "{seconds}");
        assert_eq!(peer.login(&[]).await["expires_in"], expires, "{seconds}");
    }
}

#[tokio::test]
async fn ending_the_logins_of_one_user_leaves_those_of_another() {
    let peer = Peer::new(settings()).await;
    let alice = peer.login(&[]).await;
    let bob = peer.login(&[("login_hint", "bob")]).await;
    let ended = peer.send("POST", "/admin/revoke?user=alice", &[], "").await.json();
    assert_eq!(ended, json!({ "ended": 1 }));
    assert!(!peer.counts(&alice["access_token"]).await && peer.counts(&bob["access_token"]).await);
    assert_eq!(peer.refresh(alice["refresh_token"].as_str().unwrap()).await.status, 400);
}

#[tokio::test]
async fn secrets_are_told_only_where_they_are_to_be_searched_for() {
    for (secrets, told) in [(Secrets::Hidden, false), (Secrets::DangerouslyShown, true)] {
        let peer = Peer::new(Settings { secrets, ..settings() }).await;
        let tokens = peer.login(&[("scope", "openid")]).await;
        let shown = peer.get("/admin/secrets").await.json();
        let shown = shown.as_array().unwrap();
        for name in ["access_token", "refresh_token", "id_token"] {
            assert_eq!(shown.contains(&tokens[name]), told, "{name}");
        }
        assert_eq!(shown.contains(&json!(crate::peer::VERIFIER)), told);
        // The three, the verifier and the code.
        assert_eq!(shown.len(), if told { 5 } else { 0 });
    }
}

#[tokio::test]
async fn requests_are_counted_by_their_sort() {
    let peer = Peer::new(settings()).await;
    let tokens = peer.login(&[]).await;
    peer.refresh(tokens["refresh_token"].as_str().unwrap()).await;
    peer.refresh("made up").await;
    let counted = peer.get("/admin/requests").await.json();
    let expected =
        json!({ "authorize": 1, "token authorization_code": 1, "token refresh_token": 2 });
    assert_eq!(counted, expected);
}
