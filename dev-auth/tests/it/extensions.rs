//! Proofs, assertions and exchanges.

use crate::peer::{CALLBACK, NOW, Peer, RESOURCE, VERIFIER, opened, settings};
use bowline_auth::dpop::{Key, Proof};
use bowline_auth::jose::SigningKey;
use dev_auth::{Dpop, Settings};
use serde_json::{Map, Value, json};
use std::time::{Duration, UNIX_EPOCH};

struct Prover {
    key: Key,
    seconds: u64,
}

impl Prover {
    fn new() -> Self {
        Self { key: Key::generate(), seconds: NOW }
    }

    fn proof(&self, peer: &Peer, nonce: Option<&str>) -> String {
        let proof = self.key.prove(&Proof {
            method: "POST",
            url: &format!("{}/token", peer.issuer()),
            token: None,
            nonce,
            now: UNIX_EPOCH + Duration::from_secs(self.seconds),
        });
        proof.to_str().unwrap().to_owned()
    }
}

fn code_form(code: &str) -> [(&str, &str); 4] {
    [
        ("grant_type", "authorization_code"),
        ("client_id", "app"),
        ("code", code),
        ("code_verifier", VERIFIER),
    ]
}

#[tokio::test]
async fn a_token_that_was_asked_for_with_a_proof_is_bound_to_the_key() {
    let peer = Peer::new(settings()).await;
    let prover = Prover::new();
    let code = peer.code(&[]).await;
    let proof = prover.proof(&peer, None);
    let tokens = peer.post("/token", &[("dpop", &proof)], &code_form(&code)).await.json();
    assert_eq!(tokens["token_type"], "DPoP");
    let (_, claims) = opened(&tokens["access_token"]);
    assert_eq!(claims["cnf"]["jkt"], prover.key.thumbprint());
    let described = peer.introspect(tokens["access_token"].as_str().unwrap()).await;
    assert_eq!(described["token_type"], "DPoP");

    // The refresh token of a public client is of use with the same key only.
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let form = [("grant_type", "refresh_token"), ("client_id", "app"), ("refresh_token", refresh)];
    let other = Prover::new().proof(&peer, None);
    for headers in [vec![], vec![("dpop", other.as_str())]] {
        let refused = peer.post("/token", &headers, &form).await.refused();
        assert_eq!(refused, (400, "invalid_dpop_proof".to_owned()));
    }
    let proof = prover.proof(&peer, None);
    assert_eq!(peer.post("/token", &[("dpop", &proof)], &form).await.status, 200);
}

#[tokio::test]
async fn a_proof_counts_once_and_now() {
    let peer = Peer::new(settings()).await;
    let mut prover = Prover::new();
    let used = prover.proof(&peer, None);
    let code = peer.code(&[]).await;
    assert_eq!(peer.post("/token", &[("dpop", &used)], &code_form(&code)).await.status, 200);
    let refused = async |headers: &[(&str, &str)]| {
        let code = peer.code(&[]).await;
        peer.post("/token", headers, &code_form(&code)).await.refused()
    };
    let wrong = (400, "invalid_dpop_proof".to_owned());
    assert_eq!(refused(&[("dpop", &used)]).await, wrong, "again");
    assert_eq!(refused(&[("dpop", "x")]).await, wrong, "no proof");
    let (one, two) = (prover.proof(&peer, None), prover.proof(&peer, None));
    assert_eq!(refused(&[("dpop", &one), ("dpop", &two)]).await, wrong, "two of them");
    prover.seconds = NOW - 3600;
    assert_eq!(refused(&[("dpop", &prover.proof(&peer, None))]).await, wrong, "an hour old");
}

#[tokio::test]
async fn a_code_can_be_bound_to_the_key_before() {
    let peer = Peer::new(settings()).await;
    let prover = Prover::new();
    let jkt = prover.key.thumbprint();
    for (proof, status) in [
        (None, 400),
        (Some(Prover::new().proof(&peer, None)), 400),
        (Some(prover.proof(&peer, None)), 200),
    ] {
        let code = peer.code(&[("dpop_jkt", &jkt)]).await;
        let headers: Vec<_> = proof.iter().map(|proof| ("dpop", proof.as_str())).collect();
        assert_eq!(peer.post("/token", &headers, &code_form(&code)).await.status, status);
    }
}

#[tokio::test]
async fn where_proofs_are_required_nothing_goes_without() {
    for (dpop, status) in [(Dpop::Offered, 200), (Dpop::Required, 400)] {
        let peer = Peer::new(Settings { dpop, ..settings() }).await;
        let code = peer.code(&[]).await;
        let answer = peer.redeem(&code).await;
        assert_eq!(answer.status, status);
        // The code was not spent on it.
        if status == 400 {
            assert_eq!(answer.json()["error"], "invalid_dpop_proof");
            let proof = Prover::new().proof(&peer, None);
            let answer = peer.post("/token", &[("dpop", &proof)], &code_form(&code)).await;
            assert_eq!(answer.status, 200);
        }
    }
}

#[tokio::test]
async fn a_nonce_comes_with_the_refusal_and_lasts_for_a_while() {
    let peer = Peer::new(Settings { dpop: Dpop::RequiredWithNonce, ..settings() }).await;
    let mut prover = Prover::new();
    let code = peer.code(&[]).await;
    let ask = async |proof: &str| peer.post("/token", &[("dpop", proof)], &code_form(&code)).await;
    let refused = ask(&prover.proof(&peer, None)).await;
    assert_eq!(refused.refused(), (400, "use_dpop_nonce".to_owned()));
    let nonce = refused.header("dpop-nonce").unwrap().to_owned();
    let other = ask(&prover.proof(&peer, Some("made up"))).await;
    assert_eq!(other.refused(), (400, "use_dpop_nonce".to_owned()));
    assert_eq!(ask(&prover.proof(&peer, Some(&nonce))).await.status, 200);

    peer.clock.advance(Duration::from_secs(121));
    prover.seconds += 121;
    let old = ask(&prover.proof(&peer, Some(&nonce))).await;
    assert_eq!(old.refused(), (400, "use_dpop_nonce".to_owned()));
    assert_ne!(old.header("dpop-nonce"), Some(nonce.as_str()));
}

fn signed(key: &SigningKey, media_type: &str, claims: &Value) -> String {
    let header = Map::from_iter([("typ".to_owned(), media_type.into())]);
    key.sign(header, claims.as_object().unwrap()).expose().to_owned()
}

fn keyed() -> (SigningKey, Settings) {
    let key = SigningKey::generate().with_id("k");
    let keys = json!({ "keys": [key.public().to_json()] });
    let mut settings = settings();
    settings.clients.push(json!({
        "client_id": "keyed", "jwks": keys, "grant_types": ["client_credentials"],
    }));
    settings.clients.push(json!({
        "client_id": "both", "client_secret": "both secret", "redirect_uris": [CALLBACK],
        "token_endpoint_auth_method": "client_secret_post",
        "grant_types": [
            "authorization_code", "urn:ietf:params:oauth:grant-type:jwt-bearer",
            "urn:ietf:params:oauth:grant-type:token-exchange",
        ],
    }));
    settings.trusted = vec![("https://cloud.example".to_owned(), keys)];
    (key, settings)
}

#[tokio::test]
async fn a_client_with_a_key_signs_who_it_is_once_for_each_request() {
    let (key, settings) = keyed();
    let peer = Peer::new(settings).await;
    let good = json!({
        "iss": "keyed", "sub": "keyed", "aud": peer.issuer(), "jti": "1", "iat": NOW, "exp": NOW + 60,
    });
    let ask = async |assertion: &str| {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", assertion),
        ];
        peer.token(&form).await
    };
    assert_eq!(ask(&signed(&key, "JWT", &good)).await.status, 200);
    let other = SigningKey::generate().with_id("k");
    let rows: [(&str, Value, bool); 12] = [
        ("jti", json!("1"), false),
        ("jti", json!("2"), true),
        ("jti", json!(null), false),
        ("iss", json!("app"), false),
        ("sub", json!("app"), false),
        ("aud", json!("https://other.example"), false),
        ("aud", json!([format!("{}/token", peer.issuer())]), true),
        ("aud", json!(null), false),
        ("exp", json!(NOW - 60), false),
        ("exp", json!(null), false),
        ("exp", json!(NOW + 100_000), false),
        ("nbf", json!(NOW + 61), false),
    ];
    for (at, (name, value, right)) in rows.into_iter().enumerate() {
        let mut claims = good.clone();
        claims["jti"] = format!("row {at}").into();
        claims[name] = value.clone();
        let answer = ask(&signed(&key, "JWT", &claims)).await;
        assert_eq!(answer.status == 200, right, "{name} {value}: {answer:?}");
        assert!(right || answer.refused() == (401, "invalid_client".to_owned()), "{name} {value}");
    }
    let mut claims = good;
    claims["jti"] = "of another".into();
    assert_eq!(ask(&signed(&other, "JWT", &claims)).await.status, 401);
    assert_eq!(ask("x").await.status, 401);
}

#[tokio::test]
async fn a_workload_is_let_in_by_what_its_platform_says() {
    let (key, settings) = keyed();
    let peer = Peer::new(settings).await;
    let good = json!({
        "iss": "https://cloud.example", "sub": "job/7", "aud": peer.issuer(), "iat": NOW, "exp": NOW + 60,
    });
    let ask = async |claims: &Value| {
        let assertion = signed(&key, "JWT", claims);
        let form = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
            ("assertion", assertion.as_str()),
            ("resource", RESOURCE),
        ];
        peer.token(&form).await
    };
    let (_, claims) = opened(&ask(&good).await.json()["access_token"]);
    assert_eq!((&claims["sub"], &claims["aud"]), (&json!("job/7"), &json!(RESOURCE)));
    for (name, value) in [
        ("iss", json!("https://other.example")),
        ("aud", json!("https://other.example")),
        ("sub", json!(null)),
        ("exp", json!(NOW - 61)),
    ] {
        let mut claims = good.clone();
        claims[name] = value;
        assert_eq!(ask(&claims).await.refused(), (400, "invalid_grant".to_owned()), "{name}");
    }
}

/// The same server is the identity provider and the one that lets clients in.
#[tokio::test]
async fn an_identity_assertion_is_made_of_an_id_token_and_gives_a_token() {
    let (_, settings) = keyed();
    let peer = Peer::new(settings).await;
    let who = [("client_id", "both"), ("client_secret", "both secret")];
    let code = peer.code(&[("client_id", "both"), ("scope", "openid mcp")]).await;
    let with = |form: &[(&'static str, String)]| {
        let mut all: Vec<(&str, String)> = form.to_vec();
        all.extend(who.map(|(name, value)| (name, value.to_owned())));
        all
    };
    let ask = async |form: Vec<(&str, String)>| {
        let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        peer.token(&form).await
    };
    let login = with(&[
        ("grant_type", "authorization_code".to_owned()),
        ("code", code),
        ("code_verifier", VERIFIER.to_owned()),
    ]);
    let tokens = ask(login).await.json();
    let exchange = |subject: &Value| {
        with(&[
            ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange".to_owned()),
            ("requested_token_type", "urn:ietf:params:oauth:token-type:id-jag".to_owned()),
            ("subject_token_type", "urn:ietf:params:oauth:token-type:id_token".to_owned()),
            ("subject_token", subject.as_str().unwrap().to_owned()),
            ("audience", peer.issuer().to_owned()),
            ("resource", RESOURCE.to_owned()),
            ("scope", "mcp".to_owned()),
        ])
    };
    let refused = ask(exchange(&tokens["access_token"])).await;
    assert_eq!(
        refused.refused(),
        (400, "invalid_grant".to_owned()),
        "an access token is no ID token"
    );
    let answer = ask(exchange(&tokens["id_token"])).await.json();
    assert_eq!(answer["token_type"], "N_A");
    assert_eq!(answer["issued_token_type"], "urn:ietf:params:oauth:token-type:id-jag");
    let (header, claims) = opened(&answer["access_token"]);
    assert_eq!(header["typ"], "oauth-id-jag+jwt");
    assert_eq!((&claims["sub"], &claims["client_id"]), (&json!("alice"), &json!("both")));

    let bearer = |assertion: &Value| {
        with(&[
            ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer".to_owned()),
            ("assertion", assertion.as_str().unwrap().to_owned()),
        ])
    };
    for ours in ["access_token", "id_token"] {
        let refused = ask(bearer(&tokens[ours])).await.refused();
        assert_eq!(refused, (400, "invalid_grant".to_owned()), "{ours} is no assertion");
    }
    let mut greedy = bearer(&answer["access_token"]);
    greedy.push(("scope", "mcp admin".to_owned()));
    let given = ask(bearer(&answer["access_token"])).await.json();
    let (_, claims) = opened(&given["access_token"]);
    assert_eq!((&claims["sub"], &claims["aud"]), (&json!("alice"), &json!(RESOURCE)));
    assert_eq!((&claims["scope"], given.get("refresh_token")), (&json!("mcp"), None));
    assert_eq!(ask(greedy).await.refused(), (400, "invalid_grant".to_owned()), "used before");
    let fresh = ask(exchange(&tokens["id_token"])).await.json();
    let mut greedy = bearer(&fresh["access_token"]);
    greedy.push(("scope", "mcp admin".to_owned()));
    assert_eq!(ask(greedy).await.refused(), (400, "invalid_scope".to_owned()));
}
