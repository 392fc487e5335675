//! Tokens that are bound to a key (DPoP, RFC 9449).

use super::authority::{Authority, RESOURCE, mount, with};
use crate::http_support::{request, server};
use bowline_auth::Secret;
use bowline_auth::dpop::{Key, Proof};
use bytes::Bytes;
use http::{HeaderValue, Request};
use http_body_util::Full;
use serde_json::json;
use std::time::SystemTime;

fn proof(key: &Key, method: &str, url: &str, token: Option<&str>) -> HeaderValue {
    let token = token.map(Secret::new);
    key.prove(&Proof { method, url, token: token.as_ref(), nonce: None, now: SystemTime::now() })
}

fn bound(scheme: &str, token: &str, proofs: &[HeaderValue]) -> Request<Full<Bytes>> {
    let mut request = request("echo", &json!({ "message": "hi" }));
    let headers = request.headers_mut();
    headers.insert("authorization", format!("{scheme} {token}").parse().unwrap());
    for proof in proofs {
        headers.append("dpop", proof.clone());
    }
    request
}

const UNPROVED: Option<&str> = Some("DPoP error=\"invalid_dpop_proof\"");

#[tokio::test]
async fn a_bound_token_is_good_only_with_a_proof_of_its_key() {
    let authority = Authority::start().await;
    let service = mount(authority.protected(), server().0);
    let (key, thief) = (Key::generate(), Key::generate());
    let token = authority.token(json!({ "cnf": { "jkt": key.thumbprint() } }));
    let unbound = authority.token(json!({}));
    let good = || proof(&key, "POST", RESOURCE, Some(&token));
    let used = good();
    type Row<'a> = (&'a str, Request<Full<Bytes>>, Option<&'a str>);
    let rows: Vec<Row<'_>> = vec![
        ("as it should be", bound("DPoP", &token, std::slice::from_ref(&used)), None),
        ("again, with another proof", bound("dpop", &token, &[good()]), None),
        ("a proof that was used", bound("DPoP", &token, &[used]), UNPROVED),
        ("no proof", bound("DPoP", &token, &[]), UNPROVED),
        ("two proofs", bound("DPoP", &token, &[good(), good()]), UNPROVED),
        ("no text", bound("DPoP", &token, &[HeaderValue::from_bytes(b"\xff").unwrap()]), UNPROVED),
        (
            "stolen",
            bound("DPoP", &token, &[proof(&thief, "POST", RESOURCE, Some(&token))]),
            UNPROVED,
        ),
        (
            "for another method",
            bound("DPoP", &token, &[proof(&key, "GET", RESOURCE, Some(&token))]),
            UNPROVED,
        ),
        (
            "for another URL",
            bound(
                "DPoP",
                &token,
                &[proof(&key, "POST", "https://mcp.example.com/other", Some(&token))],
            ),
            UNPROVED,
        ),
        (
            "for another token",
            bound("DPoP", &token, &[proof(&key, "POST", RESOURCE, Some(&unbound))]),
            UNPROVED,
        ),
        ("for no token", bound("DPoP", &token, &[proof(&key, "POST", RESOURCE, None)]), UNPROVED),
        (
            "as if it were unbound",
            bound("Bearer", &token, &[good()]),
            Some("Bearer error=\"invalid_token\""),
        ),
        (
            "an unbound one as if it were bound",
            bound("DPoP", &unbound, &[proof(&key, "POST", RESOURCE, Some(&unbound))]),
            Some("Bearer error=\"invalid_token\""),
        ),
        ("an unbound one", with(request("echo", &json!({ "message": "hi" })), &unbound), None),
    ];
    for (what, request, refused) in rows {
        let response = service.answer(request).await;
        match refused {
            None => assert_eq!(response.status(), 200, "{what}"),
            Some(challenge) => {
                assert_eq!(response.status(), 401, "{what}");
                let said = response.headers()["www-authenticate"].to_str().unwrap();
                assert!(said.starts_with(challenge), "{what}: {said}");
                assert!(said.contains("resource_metadata="), "{what}: {said}");
            }
        }
    }
}

#[tokio::test]
async fn an_endpoint_can_insist_on_proofs() {
    let authority = Authority::start().await;
    let service = mount(authority.protected().dpop_required(), server().0);
    let key = Key::generate();
    let token = authority.token(json!({ "cnf": { "jkt": key.thumbprint() } }));
    let response =
        service.answer(bound("DPoP", &token, &[proof(&key, "POST", RESOURCE, Some(&token))])).await;
    assert_eq!(response.status(), 200);
    let echo = request("echo", &json!({ "message": "hi" }));
    let response = service.answer(with(echo, &authority.token(json!({})))).await;
    assert_eq!(response.status(), 401);
    let said = response.headers()["www-authenticate"].to_str().unwrap();
    assert!(
        said.starts_with("DPoP error=\"invalid_token\"") && said.contains("algs=\"ES256"),
        "{said}"
    );
}
