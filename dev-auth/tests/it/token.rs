//! The token endpoint, and the two beside it.

use crate::peer::{CALLBACK, NOW, Peer, RESOURCE, VERIFIER, opened, settings};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use dev_auth::Settings;
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn an_access_token_says_whose_it_is_and_for_whom() {
    let peer = Peer::new(settings()).await;
    let answer = peer.redeem(&peer.code(&[("scope", "mcp admin")]).await).await;
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("pragma"), Some("no-cache"));
    let tokens = answer.json();
    assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("Bearer"), &json!(3600)));
    let (header, mut claims) = opened(&tokens["access_token"]);
    assert_eq!((&header["typ"], &header["alg"]), (&json!("at+jwt"), &json!("ES256")));
    assert!(claims["jti"].take().is_string());
    let expected = json!({
        "iss": peer.issuer(), "sub": "alice", "aud": RESOURCE, "client_id": "app",
        "scope": "mcp admin", "iat": NOW, "exp": NOW + 3600, "jti": null,
    });
    assert_eq!(claims, expected);
}

#[tokio::test]
async fn an_answer_can_say_that_a_token_lasts_longer_than_it_does() {
    let claimed_lifetime = Some(Duration::from_secs(9000));
    let peer = Peer::new(Settings { claimed_lifetime, ..settings() }).await;
    let tokens = peer.login(&[]).await;
    assert_eq!(tokens["expires_in"], 9000);
    assert_eq!(opened(&tokens["access_token"]).1["exp"], NOW + 3600);
}

#[tokio::test]
async fn the_audience_is_what_was_asked_for() {
    let only = vec![RESOURCE.to_owned()];
    let one = json!(RESOURCE);
    let rows = [
        (Vec::new(), "", json!(null)),
        (Vec::new(), RESOURCE, one.clone()),
        (only.clone(), "", one.clone()),
        (only, RESOURCE, one),
    ];
    for (resources, asked, expected) in rows {
        let peer = Peer::new(Settings { resources: resources.clone(), ..settings() }).await;
        let tokens = peer.login(&[("resource", asked)]).await;
        let (_, claims) = opened(&tokens["access_token"]);
        let expected = if expected.is_null() { json!(peer.issuer()) } else { expected };
        assert_eq!(claims["aud"], expected, "{resources:?} {asked}");
    }
}

#[tokio::test]
async fn of_several_resources_a_token_can_be_for_one() {
    let peer = Peer::new(settings()).await;
    let both = [("resource", "https://a.example/"), ("resource", "https://b.example/")];
    let tokens = peer.login(&both).await;
    let (_, claims) = opened(&tokens["access_token"]);
    assert_eq!(claims["aud"], json!(["https://a.example/", "https://b.example/"]));
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let form = |resource| {
        [
            ("grant_type", "refresh_token"),
            ("client_id", "app"),
            ("refresh_token", refresh),
            ("resource", resource),
        ]
    };
    let other = peer.token(&form("https://c.example/")).await;
    assert_eq!(other.refused(), (400, "invalid_target".to_owned()));
    let one = peer.token(&form("https://b.example/")).await.json();
    assert_eq!(opened(&one["access_token"]).1["aud"], "https://b.example/");
}

#[tokio::test]
async fn a_code_counts_once_and_a_second_use_takes_back_what_it_gave() {
    let peer = Peer::new(settings()).await;
    let code = peer.code(&[]).await;
    let tokens = peer.redeem(&code).await.json();
    assert!(
        peer.counts(&tokens["access_token"]).await && peer.counts(&tokens["refresh_token"]).await
    );
    assert_eq!(peer.redeem(&code).await.refused(), (400, "invalid_grant".to_owned()));
    assert!(!peer.counts(&tokens["access_token"]).await);
    let refreshed = peer.refresh(tokens["refresh_token"].as_str().unwrap()).await;
    assert_eq!(refreshed.refused(), (400, "invalid_grant".to_owned()));
}

#[tokio::test]
async fn a_code_counts_for_a_minute() {
    for (seconds, status) in [(59, 200), (60, 400)] {
        let peer = Peer::new(settings()).await;
        let code = peer.code(&[]).await;
        peer.clock.advance(Duration::from_secs(seconds));
        assert_eq!(peer.redeem(&code).await.status, status, "{seconds}");
    }
}

#[tokio::test]
async fn each_way_a_code_is_refused() {
    let rows = [
        ("grant_type", "", "invalid_request"),
        ("grant_type", "password", "unsupported_grant_type"),
        ("client_id", "", "invalid_client"),
        ("client_id", "nobody", "invalid_client"),
        ("code", "", "invalid_request"),
        ("code", "made up", "invalid_grant"),
        ("redirect_uri", "http://127.0.0.1:3001/cb", "invalid_grant"),
        ("code_verifier", "", "invalid_request"),
        ("code_verifier", "short", "invalid_grant"),
        ("code_verifier", "EBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "invalid_grant"),
        ("resource", "https://other.example/", "invalid_target"),
        ("scope", "admin", "invalid_scope"),
    ];
    for (name, value, error) in rows {
        let peer = Peer::new(settings()).await;
        let code = peer.code(&[]).await;
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("client_id", "app"),
            ("code", code.as_str()),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        form.retain(|(is, _)| *is != name);
        form.push((name, value));
        let answer = peer.token(&form).await;
        let status = if error == "invalid_client" { 401 } else { 400 };
        assert_eq!(answer.refused(), (status, error.to_owned()), "{name}={value}");
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
}

#[tokio::test]
async fn a_code_that_somebody_tried_is_spoilt() {
    let peer = Peer::new(settings()).await;
    let code = peer.code(&[]).await;
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", "app"),
        ("code", &code),
        ("code_verifier", "EBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
    ];
    assert_eq!(peer.token(&form).await.status, 400);
    assert_eq!(peer.redeem(&code).await.refused(), (400, "invalid_grant".to_owned()));
}

#[tokio::test]
async fn only_forms_are_taken() {
    let peer = Peer::new(settings()).await;
    let json = [("content-type", "application/json")];
    let answer = peer.send("POST", "/token", &json, "{}").await;
    assert_eq!(answer.refused(), (400, "invalid_request".to_owned()));
    let twice = peer.token(&[("grant_type", "a"), ("grant_type", "a")]).await;
    assert_eq!(twice.refused(), (400, "invalid_request".to_owned()));
    assert_eq!(peer.get("/token").await.status, 405);
}

#[tokio::test]
async fn a_client_says_who_it_is_in_the_way_that_it_has_registered() {
    let peer = Peer::new(settings()).await;
    let grant = ("grant_type", "client_credentials");
    let basic = |pair: &str| format!("Basic {}", STANDARD.encode(pair));
    let (right, wrong) = (basic("service:service+secret"), basic("service:wrong"));
    let posted = [("client_id", "service"), ("client_secret", "service secret")];
    type Row<'a> = (&'a str, &'a [(&'a str, &'a str)], u16, &'a str);
    let rows: [Row<'_>; 9] = [
        (&right, &[], 200, ""),
        (&right, &[("client_id", "service")], 200, ""),
        (&right, &[("client_id", "app")], 401, "invalid_client"),
        (&right, &posted, 400, "invalid_request"),
        (&wrong, &[], 401, "invalid_client"),
        ("Bearer x", &[], 401, "invalid_client"),
        ("", &posted, 401, "invalid_client"),
        ("", &[("client_id", "posting"), ("client_secret", "posting secret")], 200, ""),
        ("", &[("client_id", "posting")], 401, "invalid_client"),
    ];
    for (header, form, status, error) in rows {
        let mut form = form.to_vec();
        form.push(grant);
        let headers = [("authorization", header)];
        let headers = if header.is_empty() { &headers[..0] } else { &headers[..] };
        let answer = peer.post("/token", headers, &form).await;
        assert_eq!(answer.status, status, "{header} {form:?}: {answer:?}");
        if status != 200 {
            assert_eq!(answer.json()["error"], error, "{header} {form:?}");
        }
        let challenge = answer.header("www-authenticate").is_some();
        assert_eq!(challenge, status == 401, "{header} {form:?}");
    }
}

#[tokio::test]
async fn a_token_for_the_client_itself_names_the_client_and_cannot_be_refreshed() {
    let peer = Peer::new(settings()).await;
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", "posting"),
        ("client_secret", "posting secret"),
        ("resource", RESOURCE),
        ("scope", "admin"),
    ];
    let tokens = peer.token(&form).await.json();
    let (_, claims) = opened(&tokens["access_token"]);
    assert_eq!((&claims["sub"], &claims["aud"]), (&json!("posting"), &json!(RESOURCE)));
    assert_eq!(tokens.get("refresh_token"), None);
    let public = [("grant_type", "client_credentials"), ("client_id", "app")];
    assert_eq!(peer.token(&public).await.refused(), (400, "unauthorized_client".to_owned()));
}

#[tokio::test]
async fn introspection_says_what_counts_to_those_who_prove_who_they_are() {
    let peer = Peer::new(settings()).await;
    let tokens = peer.login(&[]).await;
    let described = peer.introspect(tokens["access_token"].as_str().unwrap()).await;
    assert_eq!(described["active"], true);
    assert_eq!((&described["sub"], &described["aud"]), (&json!("alice"), &json!(RESOURCE)));
    assert_eq!((&described["token_type"], described.get("cnf")), (&json!("Bearer"), None));
    for unknown in ["", "made up", "a.b.c"] {
        let form =
            [("token", unknown), ("client_id", "posting"), ("client_secret", "posting secret")];
        let answer = peer.post("/introspect", &[], &form).await;
        if unknown.is_empty() {
            assert_eq!(answer.refused(), (400, "invalid_request".to_owned()));
        } else {
            assert_eq!(answer.json(), json!({ "active": false }), "{unknown}");
        }
    }
    for form in [vec![("token", "x")], vec![("token", "x"), ("client_id", "app")]] {
        let answer = peer.post("/introspect", &[], &form).await;
        assert_eq!(answer.refused(), (401, "invalid_client".to_owned()), "{form:?}");
    }
    peer.clock.advance(Duration::from_secs(3600));
    assert!(!peer.counts(&tokens["access_token"]).await);
}

#[tokio::test]
async fn a_client_ends_its_own_tokens_and_nobody_elses() {
    let peer = Peer::new(settings()).await;
    let revoke = async |token: &serde_json::Value, who: &[(&str, &str)]| {
        let mut form = vec![("token", token.as_str().unwrap())];
        form.extend(who);
        assert_eq!(peer.post("/revoke", &[], &form).await.status, 200);
    };
    let (ours, other) =
        ([("client_id", "app")], [("client_id", "posting"), ("client_secret", "posting secret")]);
    let tokens = peer.login(&[]).await;
    let (access, refresh) = (&tokens["access_token"], &tokens["refresh_token"]);
    revoke(access, &other).await;
    revoke(refresh, &other).await;
    assert!(peer.counts(access).await && peer.counts(refresh).await);
    revoke(access, &ours).await;
    assert!(!peer.counts(access).await && peer.counts(refresh).await);
    revoke(refresh, &ours).await;
    revoke(refresh, &ours).await;
    assert!(!peer.counts(refresh).await);
    assert_eq!(peer.refresh(refresh.as_str().unwrap()).await.status, 400);
}
