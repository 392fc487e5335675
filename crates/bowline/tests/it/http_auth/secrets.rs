//! Tokens, proofs and secrets stay out of logs, answers and `Debug`.

use super::authority::{Authority, RESOURCE, endpoint, now, with};
use crate::http_support::{request, server, text};
use crate::log::Log;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bowline::prelude::*;
use bowline::transport::http::Introspection;
use bowline_auth::Secret;
use bowline_auth::dpop::{Key, Proof};
use serde_json::json;
use std::sync::atomic::Ordering;
use std::time::SystemTime;

/// A text in every form in which it could be found again.
fn forms(secret: &str) -> Vec<String> {
    let percent = secret.bytes().map(|byte| format!("%{byte:02X}")).collect();
    vec![secret.to_owned(), secret[..8].to_owned(), STANDARD.encode(secret), percent]
}

#[tokio::test]
async fn nothing_that_lets_in_is_logged_or_shown() {
    let log = Log::keep().await;

    let authority = Authority::start().await;
    let (opaque, client_secret, own) =
        ("0p4que-token-1", "cl13nt-s3cret-1", "st4tic-".to_owned() + &"t".repeat(43));
    let asked = Introspection::new(&authority.issuer, &format!("{}/introspect", authority.issuer))
        .unwrap()
        .client("mcp", client_secret)
        .unwrap();
    let mut shown = format!("{asked:?}");
    let told = authority.protected().introspection(asked);
    shown += &format!("{told:?}");
    let endpoint = endpoint(told).bearer_token(&own).unwrap();
    shown += &format!("{endpoint:?}");
    let service = endpoint.mount(server().0);
    shown += &format!("{service:?}");
    let good = json!({ "active": true, "aud": RESOURCE, "sub": "alice", "exp": now() + 60 });
    authority.told.lock().unwrap().insert(opaque.to_owned(), good);

    let key = Key::generate();
    let bound = authority.token(json!({ "cnf": { "jkt": key.thumbprint() } }));
    let secret = Secret::new(bound.as_str());
    let proof = Proof {
        method: "POST",
        url: RESOURCE,
        token: Some(&secret),
        nonce: None,
        now: SystemTime::now(),
    };
    let proof = key.prove(&proof);
    let tokens = [
        authority.token(json!({ "email": "pr1vate@mail.test" })),
        authority.token(json!({ "aud": "https://other.test" })),
        authority.token(json!({ "exp": now() - 100 })),
        "n0t-known-token".to_owned(),
        opaque.to_owned(),
        own,
        bound.clone(),
    ];
    let unheard = "unh34rd-of-token".to_owned();
    let mut statuses = Vec::new();
    for broken in [false, true] {
        authority.broken.store(broken, Ordering::SeqCst);
        // One that is asked about while nobody answers.
        for token in tokens.iter().chain(broken.then_some(&unheard)) {
            for name in ["who", "unknown"] {
                let response = service.answer(with(request(name, &json!({})), token)).await;
                statuses.push(response.status().as_u16());
                shown += &format!("{:?}", response.headers());
                shown += &text(response).await;
            }
            let mut query = request("who", &json!({}));
            *query.uri_mut() = format!("/mcp?access_token={token}").parse().unwrap();
            shown += &text(service.answer(query).await).await;
        }
        // The second time it was used before.
        let mut proved = request("who", &json!({}));
        proved.headers_mut().insert("authorization", format!("DPoP {bound}").parse().unwrap());
        proved.headers_mut().insert("dpop", proof.clone());
        let response = service.answer(proved).await;
        statuses.push(response.status().as_u16());
        shown += &text(response).await;
    }
    for status in [200, 401, 503] {
        assert!(statuses.contains(&status), "{statuses:?}");
    }

    let log = log.text();
    assert!(log.contains("token refused") && log.contains("proof of a token refused"), "{log}");
    let mut secrets =
        vec![client_secret.to_owned(), "pr1vate@mail.test".to_owned(), unheard.clone()];
    secrets.extend(tokens.iter().filter(|token| !token.contains('.')).cloned());
    // What all tokens begin with tells nothing; what tells them apart follows.
    let signed = tokens.iter().filter(|token| token.contains('.'));
    secrets.extend(signed.map(|token| token.rsplit('.').next().unwrap().to_owned()));
    secrets.push(proof.to_str().unwrap().rsplit('.').next().unwrap().to_owned());
    for secret in secrets {
        for form in forms(&secret) {
            assert!(!shown.contains(&form), "{form} is shown: {shown}");
            assert_eq!(log.lines().find(|line| line.contains(&form)), None, "{form}");
        }
    }
}

/// Whatever it prints, a handler has nothing to print that lets in: headers come to it without their credentials.
#[tokio::test]
async fn a_handler_that_panics_with_all_it_knows_tells_no_token() {
    let log = Log::keep().await;
    let authority = Authority::start().await;
    let known = Server::new("careless", "1").tool(Tool::new("boom"), |cx: Context| async move {
        let (headers, principal) = (cx.headers(), cx.principal());
        let known = format!("{cx:?} {headers:?} {principal:?}");
        tracing::error!("{known}");
        assert!(known.is_empty(), "{known}");
        known
    });
    let key = Key::generate();
    let service = endpoint(authority.protected()).mount(known);
    let bound = authority.token(json!({ "cnf": { "jkt": key.thumbprint() } }));
    let secret = Secret::new(bound.as_str());
    let proof = key.prove(&Proof {
        method: "POST",
        url: RESOURCE,
        token: Some(&secret),
        nonce: None,
        now: SystemTime::now(),
    });
    let bearer = authority.token(json!({}));
    let mut proved = request("boom", &json!({}));
    proved.headers_mut().insert("authorization", format!("DPoP {bound}").parse().unwrap());
    proved.headers_mut().insert("dpop", proof.clone());
    let mut shown = String::new();
    for sent in [with(request("boom", &json!({})), &bearer), proved] {
        let response = service.answer(sent).await;
        assert_eq!(response.status(), 200);
        shown += &text(response).await;
    }
    let log = log.text();
    assert!(log.contains("careless") || log.contains("boom"), "it did log: {log}");
    for secret in [bearer.as_str(), &bound, proof.to_str().unwrap()] {
        for form in forms(secret.rsplit('.').next().unwrap()) {
            assert!(!shown.contains(&form) && !log.contains(&form), "{form} is shown");
        }
    }
}
