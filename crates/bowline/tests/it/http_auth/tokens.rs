//! Which tokens let in, and what everybody else is told.

use super::authority::{Authority, RESOURCE, mount, now, with};
use crate::http_support::{request, server, text};
use bowline::Server;
use bowline::server::Auth;
use bowline::transport::http::{HttpService, Issuer, Protected};
use bowline::types::tool::Tool;
use bowline_auth::jose::SigningKey;
use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use serde_json::{Value, json};

fn echo() -> Request<Full<Bytes>> {
    request("echo", &json!({ "message": "hi" }))
}

async fn status(service: &HttpService, token: &str) -> u16 {
    service.answer(with(echo(), token)).await.status().as_u16()
}

const METADATA: &str = "https://mcp.example.com/.well-known/oauth-protected-resource/mcp";

/// RS-02: only tokens of the issuer, for this resource, good now, with an allowed algorithm; all others look alike.
#[tokio::test]
async fn rs_02_a_token_is_checked_and_everybody_else_is_told_the_same() {
    let authority = Authority::start().await;
    let stranger = Authority::start().await;
    let service = mount(authority.protected().scopes(["mcp"]), server().0);
    let (good, claims) = (json!({ "typ": "at+jwt" }), json!({ "scope": "mcp" }));
    let key = authority.key.lock().unwrap().clone();
    let forged = SigningKey::generate().with_id("k1");
    let whole = authority.token(claims.clone());
    let cut = whole.rsplit_once('.').unwrap().0.to_owned() + ".";
    let none = "eyJhbGciOiJub25lIn0".to_owned() + &whole[whole.find('.').unwrap()..];
    let rows: Vec<(&str, String, u16)> = vec![
        ("good", whole.clone(), 200),
        ("good, again", whole.clone(), 200),
        (
            "good, for several",
            authority.token(json!({ "scope": "mcp", "aud": ["x", RESOURCE] })),
            200,
        ),
        ("no type", authority.signed(&key, json!({}), claims.clone()), 200),
        ("no subject, but a client", authority.token(json!({ "scope": "mcp", "sub": null })), 200),
        ("nobody", authority.token(json!({ "scope": "mcp", "sub": null, "client_id": null })), 401),
        (
            "for somebody else",
            authority.token(json!({ "scope": "mcp", "aud": "https://other.test/mcp" })),
            401,
        ),
        ("for nobody", authority.token(json!({ "scope": "mcp", "aud": null })), 401),
        (
            "an id_token",
            authority.signed(
                &key,
                json!({ "typ": "JWT" }),
                json!({ "scope": "mcp", "aud": "client-1" }),
            ),
            401,
        ),
        (
            "of another type",
            authority.signed(&key, json!({ "typ": "dpop+jwt" }), claims.clone()),
            401,
        ),
        ("without end", authority.token(json!({ "scope": "mcp", "exp": null })), 401),
        ("ended", authority.token(json!({ "scope": "mcp", "exp": now() - 61 })), 401),
        (
            "ended, as clocks differ",
            authority.token(json!({ "scope": "mcp", "exp": now() - 30 })),
            200,
        ),
        ("not begun", authority.token(json!({ "scope": "mcp", "nbf": now() + 120 })), 401),
        (
            "begins, as clocks differ",
            authority.token(json!({ "scope": "mcp", "nbf": now() + 30 })),
            200,
        ),
        ("forged", authority.signed(&forged, good.clone(), claims.clone()), 401),
        ("of a stranger", stranger.token(claims.clone()), 401),
        (
            "of a stranger who lies",
            stranger.token(json!({ "scope": "mcp", "iss": authority.issuer })),
            401,
        ),
        ("without signature", cut, 401),
        ("with alg none", none, 401),
        (
            "bound to a certificate",
            authority.token(json!({ "scope": "mcp", "cnf": { "x5t#S256": "x" } })),
            401,
        ),
        ("no token at all", "abc".into(), 401),
        ("nearly one", "a.b.c".into(), 401),
    ];
    let invalid =
        format!("Bearer error=\"invalid_token\", resource_metadata=\"{METADATA}\", scope=\"mcp\"");
    let mut bodies = Vec::new();
    for (what, token, expected) in rows {
        let response = service.answer(with(echo(), &token)).await;
        assert_eq!(response.status(), expected, "{what}");
        if expected == 401 {
            assert_eq!(response.headers()["www-authenticate"], invalid, "{what}");
            bodies.push(text(response).await);
        }
    }
    // Only who presented a token is told that it was wrong.
    let response = service.answer(echo()).await;
    assert_eq!(response.status(), 401);
    let missing = format!("Bearer resource_metadata=\"{METADATA}\", scope=\"mcp\"");
    assert_eq!(response.headers()["www-authenticate"], missing);
    bodies.push(text(response).await);
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "{bodies:?}");
    assert_eq!(stranger.reads(), (0, 0), "a stranger is never asked");
}

#[tokio::test]
async fn only_the_algorithms_that_were_allowed_count() {
    let authority = Authority::start().await;
    let issuer = |names: &[&str]| {
        Issuer::new(&authority.issuer).unwrap().algorithms(names.iter().copied()).unwrap()
    };
    let service =
        |names: &[&str]| mount(Protected::new(RESOURCE).unwrap().issuer(issuer(names)), server().0);
    let token = authority.token(json!({}));
    assert_eq!(status(&service(&["RS256", "PS256", "EdDSA"]), &token).await, 401);
    assert_eq!(authority.reads(), (0, 0), "the header says enough");
    assert_eq!(status(&service(&["ES256"]), &token).await, 200);
}

/// RS-03 and the rules for carrying tokens.
#[tokio::test]
async fn rs_03_tokens_travel_in_one_header_and_no_further() {
    let authority = Authority::start().await;
    let service = mount(authority.protected(), server().0);
    let token = authority.token(json!({}));
    let response = service.answer(with(request("who", &json!({})), &token)).await;
    let body = text(response).await;
    // The tool tells whether it saw header Authorization.
    assert!(body.contains(&format!("Claims {} sub:alice false", authority.issuer)), "{body}");

    let mut twice = with(echo(), &token);
    twice.headers_mut().append("authorization", format!("Bearer {token}").parse().unwrap());
    assert_eq!(service.answer(twice).await.status(), 400);
    let mut query = with(echo(), &token);
    *query.uri_mut() = format!("/mcp?access_token={token}").parse().unwrap();
    let response = service.answer(query).await;
    assert_eq!(response.status(), 400);
    assert!(!text(response).await.contains(&token));
    let mut query = echo();
    *query.uri_mut() = format!("/mcp?access_token={token}").parse().unwrap();
    assert_eq!(service.answer(query).await.status(), 400);
}

/// RS-05: every request is verified, whatever was verified before it.
#[tokio::test]
async fn rs_05_a_session_is_no_authorization() {
    use crate::http_session_support::{Peer, server};
    let authority = Authority::start().await;
    let service = mount(authority.protected(), server().0);
    let bearer = |token: String| Some(format!("Bearer {token}"));
    let peer = Peer {
        authorization: bearer(authority.token(json!({}))),
        ..Peer::new(&service, "2025-11-25")
    };
    let peer = peer.opened().await;
    let list = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list" });
    assert_eq!(peer.post(&list).await.status(), 200);
    // The same person with a newer token goes on.
    let renewed =
        Peer { authorization: bearer(authority.token(json!({ "jti": "2" }))), ..peer.clone() };
    assert_eq!(renewed.post(&list).await.status(), 200);
    let gone = [
        None,
        bearer(authority.token(json!({ "exp": now() - 100 }))),
        bearer(authority.token(json!({ "aud": "https://other.test" }))),
        Some("Bearer x".to_owned()),
    ];
    for authorization in gone {
        let thief = Peer { authorization, ..peer.clone() };
        assert_eq!(thief.post(&list).await.status(), 401);
        assert_eq!(thief.get(None).await.status(), 401);
        assert_eq!(thief.delete().await.status(), 401);
    }
    assert_eq!(peer.post(&list).await.status(), 200);
}

#[derive(Debug, serde::Deserialize)]
struct Claims {
    email: String,
    #[serde(default)]
    groups: Vec<String>,
}

#[tokio::test]
async fn handlers_are_told_who_calls_and_what_is_claimed() {
    let authority = Authority::start().await;
    let server = Server::new("test", "1")
        .tool(Tool::new("who"), |auth: Auth<Claims>| async move {
            let Auth { principal, claims, scopes, .. } = auth;
            format!(
                "{:?} {:?} {} {:?} [{scopes}]",
                principal.subject(),
                principal.client_id(),
                claims.email,
                claims.groups
            )
        })
        .tool(Tool::new("any"), |auth: Auth| async move {
            auth.claims.contains_key("email").to_string()
        })
        .tool(Tool::new("cx"), |cx: bowline::Context| async move {
            cx.claims::<Claims>().map(|claims| claims.email)
        });
    let token_file = "t".repeat(43);
    let told = authority.protected().implies("admin", ["read"]);
    let service = super::authority::endpoint(told).bearer_token(&token_file).unwrap().mount(server);
    let call = async |tool: &str, token: &str| {
        let body = text(service.answer(with(request(tool, &json!({})), token)).await).await;
        let answer: Value = serde_json::from_str(&body).unwrap();
        match answer["result"]["content"][0]["text"].as_str() {
            Some(text) => text.to_owned(),
            None => answer["error"].to_string(),
        }
    };
    let full =
        authority.token(json!({ "email": "a@b.test", "groups": ["x"], "scope": "admin other" }));
    let bare = authority.token(json!({ "scp": ["read"] }));
    assert_eq!(
        call("who", &full).await,
        r#"Some("alice") Some("client-1") a@b.test ["x"] [admin other read]"#
    );
    assert_eq!(call("any", &full).await, "true");
    assert_eq!(call("cx", &full).await, "a@b.test");
    assert_eq!(call("any", &bare).await, "false");
    let lacking = call("who", &bare).await;
    assert!(
        lacking.contains("the claims of the token lack what is needed here: missing field `email`"),
        "{lacking}"
    );
    // One that is known here by its token has no claims.
    assert_eq!(call("any", &token_file).await, "false");
    assert!(call("who", &token_file).await.contains("missing field"));
}

#[tokio::test]
async fn without_a_token_there_is_nobody_to_take() {
    let server = Server::new("test", "1").tool(Tool::new("who"), |_: Auth| async { "somebody" });
    let service = bowline::transport::http::Endpoint::default().mount(server);
    let body = text(service.answer(request("who", &json!({}))).await).await;
    assert!(body.contains("this needs a token, and there was none"), "{body}");
}

/// Two issuers never meet, nor a client and a user of one.
#[test]
fn a_principal_is_of_its_issuer() {
    let claims = |value: Value| value.as_object().unwrap().clone();
    let of =
        |issuer: &str, value: Value| bowline::Principal::claimed(issuer, claims(value)).unwrap();
    let alice = of("https://a.test", json!({ "sub": "alice" }));
    assert_eq!(
        alice,
        of("https://a.test", json!({ "sub": "alice", "client_id": "x", "scope": "y" }))
    );
    let others = [
        of("https://b.test", json!({ "sub": "alice" })),
        of("https://a.test", json!({ "sub": "Alice" })),
        of("https://a.test", json!({ "client_id": "alice" })),
        of("https://a.test", json!({ "sub": "client:alice" })),
        of("https://a.test/", json!({ "sub": "alice" })),
        bowline::Principal::token(alice.name(), []),
        bowline::Principal::process(alice.name()),
    ];
    for (at, other) in others.iter().enumerate() {
        assert_ne!(&alice, other, "{at}");
        assert!(others.iter().skip(at + 1).all(|third| third != other), "{at}");
    }
    for (issuer, value) in [
        ("", json!({ "sub": "a" })),
        ("https://a.test x", json!({ "sub": "a" })),
        ("https://a.test", json!({})),
        ("https://a.test", json!({ "sub": "" })),
        ("https://a.test", json!({ "sub": 1 })),
    ] {
        assert!(bowline::Principal::claimed(issuer, claims(value)).is_err());
    }
    assert!(
        !format!("{:?}", of("https://a.test", json!({ "sub": "a", "email": "x@y.test" })))
            .contains("x@y.test")
    );
}
