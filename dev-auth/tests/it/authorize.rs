//! The authorization endpoint and the page.

use crate::peer::{Answer, CALLBACK, Peer, settings};
use dev_auth::{Approval, Settings};
use serde_json::json;

#[tokio::test]
async fn the_metadata_names_the_issuer_exactly_wherever_it_is_looked_for() {
    let peer = Peer::new(settings()).await;
    for path in ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"] {
        let answer = peer.get(path).await;
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let document = answer.json();
        assert_eq!(document["issuer"], peer.issuer());
        assert_eq!(document["token_endpoint"], format!("{}/token", peer.issuer()));
        assert_eq!(document["code_challenge_methods_supported"], json!(["S256"]));
        assert_eq!(document["authorization_response_iss_parameter_supported"], true);
        assert_eq!(
            document["scopes_supported"],
            json!(["mcp", "admin", "openid", "offline_access"])
        );
    }
}

#[tokio::test]
async fn an_issuer_with_a_path_is_found_in_each_of_the_three_places() {
    let issuer = Some("https://auth.example/tenant/one".to_owned());
    let peer = Peer::new(Settings { issuer, ..settings() }).await;
    for path in [
        "/.well-known/oauth-authorization-server/tenant/one",
        "/.well-known/openid-configuration/tenant/one",
        "/tenant/one/.well-known/openid-configuration",
    ] {
        let document = peer.get(path).await.json();
        assert_eq!(document["issuer"], "https://auth.example/tenant/one");
        assert_eq!(document["jwks_uri"], "https://auth.example/tenant/one/keys");
    }
    assert_eq!(peer.get("/tenant/one/keys").await.status, 200);
    assert_eq!(peer.get("/.well-known/oauth-authorization-server").await.status, 404);
    assert_eq!(peer.get("/keys").await.status, 404);
}

#[tokio::test]
async fn an_issuer_that_is_none_is_refused() {
    for issuer in [
        "auth.example",
        "ftp://auth.example",
        "https://",
        "https://a/b?c",
        "https://a/b#c",
        "https://u@a",
    ] {
        let started =
            dev_auth::start(Settings { issuer: Some(issuer.to_owned()), ..settings() }).await;
        assert!(started.unwrap_err().to_string().contains(issuer), "{issuer}");
    }
}

#[tokio::test]
async fn a_host_that_is_not_ours_is_answered_with_nothing() {
    let peer = Peer::new(settings()).await;
    let path = "/.well-known/oauth-authorization-server";
    let port = peer.server.address().port();
    for (host, status) in [
        (format!("127.0.0.1:{port}"), 200),
        (format!("localhost:{port}"), 200),
        ("rebound.example".to_owned(), 421),
        (format!("rebound.example:{port}"), 421),
        (format!("127.0.0.1:{}", port.wrapping_add(1)), 421),
    ] {
        assert_eq!(peer.send("GET", path, &[("host", &host)], "").await.status, status, "{host}");
    }
}

#[tokio::test]
async fn a_request_that_is_right_comes_back_with_code_state_and_issuer() {
    let peer = Peer::new(settings()).await;
    let answer = peer.authorize(&[]).await;
    assert_eq!(answer.status, 303);
    assert!(answer.header("location").unwrap().starts_with(&format!("{CALLBACK}?code=")));
    assert_eq!(answer.located("state").as_deref(), Some("my state"));
    assert_eq!(answer.located("iss").as_deref(), Some(peer.issuer()));
}

#[tokio::test]
async fn nobody_is_sent_to_a_redirect_uri_that_is_not_theirs() {
    let peer = Peer::new(settings()).await;
    let rows = [
        [("client_id", "")],
        [("client_id", "nobody")],
        [("redirect_uri", "http://127.0.0.1:3000/other")],
        [("redirect_uri", "http://127.0.0.1:3000/cb?x=1")],
        [("redirect_uri", "https://evil.example/cb")],
        [("redirect_uri", "http://localhost:3000/cb")],
        [("redirect_uri", "http://127.0.0.1:3000@evil.example/cb")],
    ];
    for but in rows {
        let answer = peer.authorize(&but).await;
        assert_eq!((answer.status, answer.header("location")), (400, None), "{but:?}");
        assert!(answer.header("content-type").unwrap().starts_with("text/html"));
    }
    let other_port = peer.authorize(&[("redirect_uri", "http://127.0.0.1:50001/cb")]).await;
    assert!(other_port.header("location").unwrap().starts_with("http://127.0.0.1:50001/cb?code="));
}

#[tokio::test]
async fn what_else_is_wrong_is_told_to_the_client() {
    let resources = vec!["https://mcp.example/a".to_owned()];
    let peer = Peer::new(Settings { resources, ..settings() }).await;
    let rows: [(&[(&str, &str)], &str); 15] = [
        (&[("response_type", "")], "invalid_request"),
        (&[("response_type", "token")], "unsupported_response_type"),
        (&[("response_mode", "fragment")], "invalid_request"),
        (&[("request", "x")], "invalid_request"),
        (&[("request_uri", "x")], "invalid_request"),
        (&[("code_challenge", "")], "invalid_request"),
        (&[("code_challenge", "short")], "invalid_request"),
        (&[("code_challenge_method", "")], "invalid_request"),
        (&[("code_challenge_method", "plain")], "invalid_request"),
        (&[("scope", "root")], "invalid_scope"),
        (&[("resource", "https://mcp.example/a/")], "invalid_target"),
        (&[("resource", "https://MCP.example/a")], "invalid_target"),
        (&[("resource", "/a")], "invalid_target"),
        (&[("resource", "https://mcp.example/a#b")], "invalid_target"),
        (&[("login_hint", "eve")], "access_denied"),
    ];
    for (but, error) in rows {
        let answer = peer.authorize(but).await;
        assert_eq!(answer.located("error").as_deref(), Some(error), "{but:?}");
        assert!(answer.located("error_description").is_some(), "{but:?}");
        assert_eq!(answer.located("code"), None, "{but:?}");
        assert_eq!(answer.located("state").as_deref(), Some("my state"), "{but:?}");
        assert_eq!(answer.located("iss").as_deref(), Some(peer.issuer()), "{but:?}");
    }
}

#[tokio::test]
async fn a_parameter_that_is_given_twice_makes_the_request_nobodys() {
    let peer = Peer::new(settings()).await;
    let twice = peer.get("/authorize?client_id=app&client_id=app").await;
    assert_eq!((twice.status, twice.header("location")), (400, None));
}

async fn asking() -> (Peer, Answer) {
    let peer = Peer::new(Settings { approval: Approval::Asked, ..settings() }).await;
    let page = peer.authorize(&[("scope", "mcp admin")]).await;
    (peer, page)
}

fn ticket(page: &Answer) -> &str {
    let (_, rest) = page.body.split_once("name=\"ticket\" value=\"").unwrap();
    rest.split('"').next().unwrap()
}

fn cookie(page: &Answer) -> &str {
    page.header("set-cookie").unwrap().split(';').next().unwrap()
}

#[tokio::test]
async fn the_page_says_who_wants_what_and_is_shown_in_no_frame() {
    let (_peer, page) = asking().await;
    assert_eq!(page.status, 200);
    for said in ["app", CALLBACK, "mcp admin", "https://mcp.example/a", "alice", "bob"] {
        assert!(page.body.contains(said), "{said}");
    }
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("frame-ancestors 'none'") && policy.contains("default-src 'none'"));
    assert_eq!(page.header("x-frame-options"), Some("DENY"));
    assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
    assert_eq!(page.header("cache-control"), Some("no-store"));
    let cookie = page.header("set-cookie").unwrap();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");
}

#[tokio::test]
async fn yes_and_no_go_back_to_the_client() {
    for (decision, user, name, value) in [
        ("approve", "bob", "code", None),
        ("approve", "eve", "error", Some("access_denied")),
        ("deny", "bob", "error", Some("access_denied")),
    ] {
        let (peer, page) = asking().await;
        let form = [("ticket", ticket(&page)), ("decision", decision), ("user", user)];
        let back = peer.post("/authorize/answer", &[("cookie", cookie(&page))], &form).await;
        let found = back.located(name);
        assert!(found.is_some(), "{decision} {user}: {back:?}");
        assert!(value.is_none_or(|value| found.as_deref() == Some(value)), "{decision} {user}");
        assert_eq!(back.located("state").as_deref(), Some("my state"));
        assert_eq!(back.located("iss").as_deref(), Some(peer.issuer()));
        if name == "code" {
            let token = peer.redeem(&found.unwrap()).await.json();
            let (_, claims) = crate::peer::opened(&token["access_token"]);
            assert_eq!((&claims["sub"], &claims["scope"]), (&json!("bob"), &json!("mcp admin")));
        }
    }
}

#[tokio::test]
async fn an_answer_counts_once_in_the_browser_that_was_asked() {
    let (peer, page) = asking().await;
    let form = [("ticket", ticket(&page)), ("decision", "approve"), ("user", "bob")];
    let answer = async |headers: &[(&str, &str)], form: &[(&str, &str)]| {
        let answer = peer.post("/authorize/answer", headers, form).await;
        (answer.status, answer.header("location").is_some())
    };
    let ours = ("cookie", cookie(&page));
    let name = cookie(&page).split_once('=').unwrap().0;
    let other = format!("{name}=another");
    assert_eq!(answer(&[], &form).await, (400, false), "without cookie");
    assert_eq!(answer(&[("cookie", &other)], &form).await, (400, false), "another browser");
    assert_eq!(answer(&[ours, ("origin", "https://evil.example")], &form).await, (400, false));
    assert_eq!(answer(&[ours], &[("decision", "approve")]).await, (400, false), "no ticket");
    assert_eq!(answer(&[ours, ("origin", peer.issuer())], &form).await, (303, true));
    assert_eq!(answer(&[ours], &form).await, (400, false), "a second time");
}

#[tokio::test]
async fn a_page_is_answered_within_ten_minutes() {
    for (seconds, status) in [(599, 303), (600, 400)] {
        let (peer, page) = asking().await;
        peer.clock.advance(std::time::Duration::from_secs(seconds));
        let form = [("ticket", ticket(&page)), ("decision", "approve"), ("user", "bob")];
        let back = peer.post("/authorize/answer", &[("cookie", cookie(&page))], &form).await;
        assert_eq!(back.status, status);
    }
}
