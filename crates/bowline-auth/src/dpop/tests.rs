//! Proofs of ours, of others, and what is refused.

use super::{Expected, Fault, Key, Nonces, Proof, Replays, check, hashed};
use crate::Secret;
use crate::jose::{self, Jwk, SigningKey, base64url};
use http::{HeaderMap, HeaderValue};
use serde_json::{Map, Value, json};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const URL: &str = "https://server.example/mcp";
const NOW: u64 = 1_800_000_000;

fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

fn expected() -> Expected<'static> {
    Expected { method: "POST", url: URL, token: None, thumbprint: None, nonces: &[], now: at(NOW) }
}

fn proof() -> Proof<'static> {
    Proof { method: "POST", url: URL, token: None, nonce: None, now: at(NOW) }
}

fn replays() -> Replays {
    Replays::new(1000, 1000)
}

fn text(value: &HeaderValue) -> &str {
    value.to_str().unwrap()
}

/// What a proof says: its header and its claims.
fn said(proof: &str) -> (Value, Value) {
    let part = |at| {
        serde_json::from_slice(&base64url::decode(proof.split('.').nth(at).unwrap()).unwrap())
            .unwrap()
    };
    (part(0), part(1))
}

#[test]
fn a_proof_says_what_it_is_for() {
    let key = Key::generate();
    let token = Secret::new("Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU");
    let url = "https://server.example:8443/mcp?a=1#part";
    let proof = key.prove(&Proof {
        method: "GET",
        url,
        token: Some(&token),
        nonce: Some("n-1"),
        now: at(NOW),
    });
    assert!(proof.is_sensitive());
    let (header, claims) = said(text(&proof));
    assert_eq!(header["typ"], "dpop+jwt");
    assert_eq!(header["alg"], "ES256");
    assert_eq!(header.as_object().unwrap().len(), 3);
    let mut names: Vec<_> = header["jwk"].as_object().unwrap().keys().collect();
    names.sort();
    assert_eq!(names, ["crv", "kty", "x", "y"]);
    assert_eq!(Jwk::parse(&header["jwk"].to_string()).unwrap().thumbprint(), key.thumbprint());
    let id = claims["jti"].as_str().unwrap();
    assert_eq!(
        claims,
        json!({
            // RFC 9449 §7.1 has this token and its hash.
            "ath": "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo",
            "htm": "GET", "htu": "https://server.example:8443/mcp", "iat": NOW, "jti": id, "nonce": "n-1",
        })
    );
    assert_eq!(id.len(), 22);
}

#[test]
fn each_proof_is_another_and_each_is_accepted_once() {
    let key = Key::generate();
    let mut replays = replays();
    let (first, second) = (key.prove(&proof()), key.prove(&proof()));
    for made in [&first, &second] {
        assert_eq!(
            check(text(made), &expected(), &mut replays).unwrap().thumbprint,
            key.thumbprint()
        );
        assert_eq!(check(text(made), &expected(), &mut replays), Err(Fault::Replay));
    }
    let later = Expected { now: at(NOW + 60), ..expected() };
    assert_eq!(check(text(&first), &later, &mut replays), Err(Fault::Replay));
}

#[test]
fn a_proof_without_room_to_remember_it_is_refused() {
    let key = Key::generate();
    let mut replays = Replays::new(1, 1);
    assert!(check(text(&key.prove(&proof())), &expected(), &mut replays).is_ok());
    assert_eq!(check(text(&key.prove(&proof())), &expected(), &mut replays), Err(Fault::NoRoom));
    assert_eq!(
        check(text(&Key::generate().prove(&proof())), &expected(), &mut replays),
        Err(Fault::NoRoom)
    );
}

#[test]
fn a_kept_key_proves_the_same() {
    let key = Key::generate();
    assert_eq!(Key::from_pem(&key.to_pem()).unwrap().thumbprint(), key.thumbprint());
    let rsa = Secret::new(include_str!("../jose/tests/rsa.pem"));
    assert_eq!(
        Key::from_pem(&rsa).unwrap_err().to_string(),
        "the key is not on P-256; `openssl pkcs8 -topk8 -nocrypt` makes what is needed"
    );
    assert!(Key::from_pem(&Secret::new("")).is_err());
}

/// The proof of RFC 9449 §4.2.
const RFC: &str = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg";

#[test]
fn the_proof_of_the_rfc_is_accepted_in_its_time() {
    let expected =
        Expected { url: "https://server.example.com/token", now: at(1_562_262_616), ..expected() };
    let proved = check(RFC, &expected, &mut replays()).unwrap();
    assert_eq!(proved.thumbprint, "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
    let today = Expected { now: at(NOW), ..expected };
    let fault = Fault::Invalid("its `iat` is more than 60 s away from the time here");
    assert_eq!(check(RFC, &today, &mut replays()), Err(fault));
}

/// A proof with other claims and another header; null takes a member away.
fn odd(key: &SigningKey, header: Value, claims: Value) -> String {
    let mut whole_header = json!({"typ": "dpop+jwt", "jwk": key.public().bare()});
    let mut whole_claims = json!({"jti": "1", "htm": "POST", "htu": URL, "iat": NOW});
    for (whole, changes) in [(&mut whole_header, header), (&mut whole_claims, claims)] {
        let whole = whole.as_object_mut().unwrap();
        whole.extend(changes.as_object().unwrap().clone());
        whole.retain(|_, value| !value.is_null());
    }
    let members = |value: &Value| -> Map<String, Value> { value.as_object().unwrap().clone() };
    key.sign(members(&whole_header), &members(&whole_claims)).expose().to_owned()
}

#[test]
fn what_a_proof_says_is_compared_with_the_request() {
    let key = SigningKey::generate();
    let invalid = |what| Err(Fault::Invalid(what));
    let kind = invalid("its `typ` is not `dpop+jwt`");
    let no_key = invalid("its header has no key `jwk`");
    let bad_key = invalid("its `jwk` is not a public key that is supported");
    let method = invalid("its `htm` is not the method of the request");
    let url = invalid("its `htu` is not the URL of the request");
    let no_time = invalid("it has no time `iat`");
    let time = invalid("its `iat` is more than 60 s away from the time here");
    let id = invalid("its `jti` is not a text of 1 to 256 bytes");
    let mut private = key.public().bare();
    private.insert("d".to_owned(), "AQAB".into());
    let other = SigningKey::generate().public().bare();
    let none = json!({});
    let cases = [
        (none.clone(), none.clone(), Ok(())),
        (json!({"typ": null}), none.clone(), kind.clone()),
        (json!({"typ": "JWT"}), none.clone(), kind.clone()),
        (json!({"jwk": null}), none.clone(), no_key.clone()),
        (json!({"jwk": "text"}), none.clone(), no_key.clone()),
        (json!({"jwk": {"kty": "oct", "k": "AQAB"}}), none.clone(), bad_key.clone()),
        (json!({"jwk": private}), none.clone(), bad_key.clone()),
        (json!({"jwk": {}}), none.clone(), bad_key),
        (json!({"jwk": other}), none.clone(), Err(Fault::Token(jose::Fault::Signature))),
        (
            json!({"crit": ["x"], "x": 1}),
            none.clone(),
            Err(Fault::Token(jose::Fault::Critical("x".to_owned()))),
        ),
        (none.clone(), json!({"htm": null}), method.clone()),
        (none.clone(), json!({"htm": "GET"}), method.clone()),
        (none.clone(), json!({"htm": "post"}), method),
        (none.clone(), json!({"htu": null}), url.clone()),
        (none.clone(), json!({"htu": "https://server.example/mcp/"}), url.clone()),
        (none.clone(), json!({"htu": "https://server.example/"}), url.clone()),
        (none.clone(), json!({"htu": "https://evil.example/mcp"}), url.clone()),
        (none.clone(), json!({"htu": "http://server.example/mcp"}), url.clone()),
        (none.clone(), json!({"htu": "/mcp"}), url.clone()),
        (none.clone(), json!({"htu": "https://x@server.example/mcp"}), url),
        (none.clone(), json!({"htu": "HTTPS://SERVER.example:443/mcp?x#y"}), Ok(())),
        (none.clone(), json!({"iat": null}), no_time.clone()),
        (none.clone(), json!({"iat": NOW.to_string()}), no_time),
        (none.clone(), json!({"iat": NOW - 61}), time.clone()),
        (none.clone(), json!({"iat": NOW + 61}), time.clone()),
        (none.clone(), json!({"iat": NOW * 1000}), time.clone()),
        (none.clone(), json!({"iat": -1}), time),
        (none.clone(), json!({"iat": NOW - 60}), Ok(())),
        (none.clone(), json!({"iat": NOW + 60}), Ok(())),
        (none.clone(), json!({"iat": NOW as f64 + 0.5}), Ok(())),
        (none.clone(), json!({"jti": null}), id.clone()),
        (none.clone(), json!({"jti": ""}), id.clone()),
        (none.clone(), json!({"jti": 1}), id.clone()),
        (none.clone(), json!({"jti": "x".repeat(257)}), id),
        (none.clone(), json!({"jti": "x".repeat(256)}), Ok(())),
        (none.clone(), json!({"exp": 0, "nonce": "unasked", "ath": "unasked"}), Ok(())),
    ];
    for (header, claims, result) in cases {
        let proof = odd(&key, header.clone(), claims.clone());
        let checked = check(&proof, &expected(), &mut replays());
        assert_eq!(checked.map(|_| ()), result, "{header} {claims}");
    }
}

#[test]
fn a_proof_is_signed_with_a_key_of_its_own_and_no_shared_secret() {
    let key = SigningKey::generate();
    let proof = odd(&key, json!({}), json!({}));
    let parts: Vec<_> = proof.split('.').collect();
    for name in ["none", "HS256"] {
        let header = base64url::encode(json!({"typ": "dpop+jwt", "alg": name}).to_string());
        let forged = format!("{header}.{}.", parts[1]);
        let fault = Fault::Token(jose::Fault::Algorithm(name.to_owned()));
        assert_eq!(check(&forged, &expected(), &mut replays()), Err(fault));
    }
    for odd in ["", "text", "a.b.c", &"x".repeat(20_000)] {
        assert!(matches!(check(odd, &expected(), &mut replays()), Err(Fault::Token(_))));
    }
    for pem in [include_str!("../jose/tests/rsa.pem"), include_str!("../jose/tests/ed25519.pem")] {
        let key = SigningKey::from_pem(&pem.into()).unwrap();
        let mut bare = key.public().to_json();
        bare.remove("alg");
        assert!(check(&odd_with(&key, &bare), &expected(), &mut replays()).is_ok());
    }
}

fn odd_with(key: &SigningKey, jwk: &Map<String, Value>) -> String {
    odd(key, json!({"jwk": jwk}), json!({}))
}

#[test]
fn a_token_is_good_with_its_own_proof_and_key_only() {
    let key = SigningKey::generate();
    let (token, other) = (Secret::new("token"), Secret::new("other"));
    let thumbprint = key.public().thumbprint();
    let expected = Expected { token: Some(&token), thumbprint: Some(&thumbprint), ..expected() };
    let checked =
        |proof: &str, expected: &Expected<'_>| check(proof, expected, &mut replays()).map(|_| ());
    let good = odd(&key, json!({}), json!({"ath": hashed(&token)}));
    assert_eq!(checked(&good, &expected), Ok(()));
    let fault = Err(Fault::Invalid("its `ath` is not the hash of the access token"));
    for ath in [json!(null), json!(""), json!(hashed(&other)), json!("token"), json!(1)] {
        assert_eq!(checked(&odd(&key, json!({}), json!({"ath": ath})), &expected), fault);
    }
    let elsewhere = SigningKey::generate().public().thumbprint();
    let bound = Expected { thumbprint: Some(&elsewhere), ..expected };
    assert_eq!(checked(&good, &bound), Err(Fault::Binding));
}

#[test]
fn a_wanted_nonce_is_one_of_those_that_are_good_now() {
    let key = SigningKey::generate();
    let expected = Expected { nonces: &["new", "old"], ..expected() };
    let checked = |nonce: Value| {
        check(&odd(&key, json!({}), json!({"nonce": nonce})), &expected, &mut replays()).map(|_| ())
    };
    assert_eq!(checked(json!("new")), Ok(()));
    assert_eq!(checked(json!("old")), Ok(()));
    for other in [json!(null), json!("other"), json!(""), json!(["new"])] {
        assert_eq!(checked(other), Err(Fault::Nonce));
    }
    // Whose proof is wrong anyway gets no nonce.
    let wrong = odd(&key, json!({}), json!({"htm": "GET"}));
    assert!(matches!(check(&wrong, &expected, &mut replays()), Err(Fault::Invalid(_))));
}

#[test]
fn what_was_refused_is_not_remembered() {
    let key = SigningKey::generate();
    let proof = odd(&key, json!({}), json!({"nonce": "new"}));
    let mut replays = replays();
    let wanted = Expected { nonces: &["newer"], ..expected() };
    assert_eq!(check(&proof, &wanted, &mut replays), Err(Fault::Nonce));
    let bound = Expected { thumbprint: Some("x"), ..expected() };
    assert_eq!(check(&proof, &bound, &mut replays), Err(Fault::Binding));
    assert!(check(&proof, &expected(), &mut replays).is_ok());
}

fn with_nonces(nonces: &[&[u8]]) -> HeaderMap {
    nonces
        .iter()
        .map(|nonce| ("dpop-nonce".parse().unwrap(), HeaderValue::from_bytes(nonce).unwrap()))
        .collect()
}

fn one(nonce: &str) -> HeaderMap {
    with_nonces(&[nonce.as_bytes()])
}

#[test]
fn nonces_belong_to_origins() {
    let mut nonces = Nonces::default();
    assert!(nonces.learn("https://a", &one("1")));
    assert!(!nonces.learn("https://a", &one("1")));
    assert!(nonces.learn("https://b", &one("1")));
    assert!(nonces.learn("https://a", &one("2")));
    assert!(!nonces.learn("https://a", &HeaderMap::new()));
    assert_eq!(nonces.of("https://a"), Some("2"));
    assert_eq!(nonces.of("https://b"), Some("1"));
    assert_eq!(nonces.of("https://c"), None);
}

#[test]
fn odd_nonces_are_not_kept() {
    let mut nonces = Nonces::default();
    let long = "x".repeat(1025);
    for odd in ["", "a b", "a\"b", "a\\b", "\u{e9}", &long] {
        assert!(!nonces.learn("https://a", &one(odd)), "{odd}");
    }
    assert!(!nonces.learn("https://a", &with_nonces(&[b"\xff"])));
    assert!(!nonces.learn("https://a", &with_nonces(&[b"1", b"2"])));
    assert_eq!(nonces.of("https://a"), None);
    assert!(nonces.learn("https://a", &one(&long[1..])));
}

#[test]
fn the_nonces_of_64_origins_are_kept() {
    let mut nonces = Nonces::default();
    for origin in 0..64 {
        nonces.learn(&format!("https://{origin}"), &one("1"));
    }
    nonces.learn("https://0", &one("2"));
    nonces.learn("https://64", &one("1"));
    assert_eq!(nonces.of("https://0"), Some("2"));
    assert_eq!(nonces.of("https://1"), None);
    assert_eq!(nonces.of("https://2"), Some("1"));
}

#[test]
fn what_is_wrong_with_a_proof_is_said_without_it() {
    expect_test::expect![[r#"
        the DPoP proof is not a token that is signed with its own key
        the DPoP proof does not fit: why
        the access token is bound to another key than that of the DPoP proof
        the DPoP proof needs the nonce of the header `DPoP-Nonce`
        the DPoP proof was used before; make a new one for each request
        too many DPoP proofs were seen lately; try again in a minute"#]]
    .assert_eq(
        &[
            Fault::Token(jose::Fault::Signature),
            Fault::Invalid("why"),
            Fault::Binding,
            Fault::Nonce,
            Fault::Replay,
            Fault::NoRoom,
        ]
        .map(|fault| fault.to_string())
        .join("\n"),
    );
    let source =
        std::error::Error::source(&Fault::Token(jose::Fault::Signature)).map(ToString::to_string);
    assert_eq!(source.as_deref(), Some("the signature of the token does not fit its key"));
}
