//! Which keys are taken.

use super::super::{Algorithm, Jwk, Jwks, KeyFault, SigningKey};
use super::jwk;
use crate::Secret;
use serde_json::{Value, json};

const RSA: &str = include_str!("rsa.pem");
const P256: &str = include_str!("p256.pem");
const ED25519: &str = include_str!("ed25519.pem");

fn read(pem: &str) -> Result<SigningKey, KeyFault> {
    SigningKey::from_pem(&Secret::new(pem))
}

/// The JSON of the RSA key with other members; null takes one away.
fn changed(changes: &Value) -> Value {
    let mut key = Value::Object(read(RSA).unwrap().public().to_json());
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            key.as_object_mut().unwrap().remove(name);
        } else {
            key[name] = value.clone();
        }
    }
    key
}

#[test]
fn a_private_key_is_read_from_pem_and_written_as_the_same() {
    let cases = [(RSA, Algorithm::Rs256), (P256, Algorithm::Es256), (ED25519, Algorithm::EdDsa)];
    for (pem, algorithm) in cases {
        let key = read(pem).unwrap();
        assert_eq!(key.algorithm(), algorithm);
        assert_eq!(key.to_pem().expose(), pem, "{algorithm}");
        assert!(key.public().verifies(algorithm));
        assert_eq!(key.public().id(), None);
        assert_eq!(key.with_id("x").public().id(), Some("x"));
    }
    let made = SigningKey::generate();
    let read = SigningKey::from_pem(&made.to_pem()).unwrap();
    assert_eq!(read.public(), made.public());
    assert_ne!(SigningKey::generate().public(), made.public());
}

#[test]
fn text_around_a_private_key_does_no_harm() {
    let key = read(P256).unwrap();
    let windows = P256.replace('\n', "\r\n");
    for pem in [format!("Bag Attributes\n  name: x\n{P256}\n\n"), windows, P256.trim().to_owned()] {
        assert_eq!(read(&pem).unwrap().public(), key.public());
    }
}

#[test]
fn what_is_no_private_key_of_ours_says_what_to_do() {
    let none = "there is no `-----BEGIN PRIVATE KEY-----` (PKCS#8, not encrypted); \
                `openssl pkcs8 -topk8 -nocrypt` makes what is needed";
    let kind = "a key for `anything else` is not supported; RSA, P-256, P-384 and Ed25519 are";
    let p384 = include_str!("p384.pem");
    let damaged = P256.replacen("MIG", "MIH", 1);
    let long = "x".repeat(64 * 1024 + 1);
    let cases = [
        ("", none),
        ("hunter2", none),
        (include_str!("sec1.pem"), none),
        (include_str!("encrypted.pem"), none),
        (p384, kind),
        (&damaged, kind),
        (&long, "the key is longer than 64 KiB"),
    ];
    for (pem, fault) in cases {
        assert_eq!(read(pem).unwrap_err().to_string(), fault, "{}", &pem[..pem.len().min(40)]);
    }
}

#[test]
fn a_public_key_says_what_it_checks() {
    use Algorithm::{EdDsa, Es256, Es384, Ps256, Ps384, Ps512, Rs256, Rs384, Rs512};
    let rsa = vec![Rs256, Rs384, Rs512, Ps256, Ps384, Ps512];
    let bare = |pem| {
        let mut key = read(pem).unwrap().public().to_json();
        key.remove("alg");
        Value::Object(key)
    };
    let with = |pem, name: &str, value: Value| {
        let mut key = bare(pem);
        key[name] = value;
        key
    };
    let cases = [
        (bare(RSA), rsa.clone()),
        (bare(P256), vec![Es256]),
        (bare(ED25519), vec![EdDsa]),
        (with(RSA, "alg", json!("PS384")), vec![Ps384]),
        (with(RSA, "alg", json!("ES256")), vec![]),
        (with(RSA, "alg", json!("RSA-OAEP")), vec![]),
        (with(RSA, "alg", json!("HS256")), vec![]),
        (with(P256, "alg", json!("ES256")), vec![Es256]),
        (with(P256, "alg", json!("ES384")), vec![]),
        (with(ED25519, "alg", json!("Ed25519")), vec![EdDsa]),
        (with(RSA, "use", json!("sig")), rsa.clone()),
        (with(RSA, "use", json!("enc")), vec![]),
        (with(RSA, "use", json!("")), vec![]),
        (with(RSA, "key_ops", json!(["verify"])), rsa.clone()),
        (with(RSA, "key_ops", json!(["encrypt", "verify"])), rsa.clone()),
        (with(RSA, "key_ops", json!(["sign"])), vec![]),
        (with(RSA, "key_ops", json!(["encrypt"])), vec![]),
        (with(RSA, "key_ops", json!([])), vec![]),
        (with(RSA, "x5t", json!("ignored")), rsa.clone()),
    ];
    for (key, algorithms) in cases {
        let read = jwk(&key).unwrap();
        let able: Vec<_> =
            Algorithm::ALL.into_iter().filter(|algorithm| read.verifies(*algorithm)).collect();
        let mut expected = algorithms;
        expected
            .sort_by_key(|algorithm| Algorithm::ALL.iter().position(|other| other == algorithm));
        assert_eq!(able, expected, "{key}");
    }
    let p384 = json!({"kty": "EC", "crv": "P-384", "x": "A".repeat(64), "y": "A".repeat(64)});
    assert!(jwk(&p384).unwrap().verifies(Es384) && !jwk(&p384).unwrap().verifies(Es256));
}

#[test]
fn what_is_no_public_key_is_refused_for_what_is_wrong_with_it() {
    let short = "A".repeat(42);
    let weak = changed(&json!({"n": "_".repeat(170) + "8"}));
    let even = changed(&json!({"n": "_".repeat(341) + "g"}));
    let vast = changed(&json!({"n": "_".repeat(1368)}));
    let zero = format!("AAAA{}", changed(&json!({}))["n"].as_str().unwrap());
    let unsupported = |what: &str| KeyFault::Unsupported(what.to_owned());
    let cases = [
        (changed(&json!({"kty": null})), KeyFault::Member("kty")),
        (changed(&json!({"kty": 1})), KeyFault::Member("kty")),
        (changed(&json!({"kty": "oct"})), unsupported("oct")),
        (changed(&json!({"kty": "rsa"})), unsupported("rsa")),
        (changed(&json!({"kty": "\u{1b}x"})), unsupported("\\u{1b}x")),
        (changed(&json!({"n": null})), KeyFault::Member("n")),
        (changed(&json!({"n": "a+b"})), KeyFault::Member("n")),
        (changed(&json!({"n": ""})), KeyFault::Member("n")),
        (changed(&json!({"n": zero})), KeyFault::Member("n")),
        (even, KeyFault::Member("n")),
        (vast, KeyFault::Member("n")),
        (weak, KeyFault::Weak),
        (changed(&json!({"e": "AQ"})), KeyFault::Weak),
        (changed(&json!({"e": null})), KeyFault::Member("e")),
        (changed(&json!({"e": "AAAB"})), KeyFault::Member("e")),
        (changed(&json!({"e": "Ag"})), KeyFault::Member("e")),
        (changed(&json!({"e": "AQAAAAAB"})), KeyFault::Member("e")),
        (changed(&json!({"e": "AQAB="})), KeyFault::Member("e")),
        (changed(&json!({"kid": 1})), KeyFault::Member("kid")),
        (changed(&json!({"alg": ["RS256"]})), KeyFault::Member("alg")),
        (changed(&json!({"use": 1})), KeyFault::Member("use")),
        (changed(&json!({"key_ops": "verify"})), KeyFault::Member("key_ops")),
        (changed(&json!({"d": "AQAB"})), KeyFault::Private("d")),
        (changed(&json!({"k": "AQAB"})), KeyFault::Private("k")),
        (json!({"kty": "EC", "x": "", "y": ""}), KeyFault::Member("crv")),
        (json!({"kty": "EC", "crv": "P-521", "x": "", "y": ""}), unsupported("P-521")),
        (json!({"kty": "EC", "crv": "secp256k1", "x": "", "y": ""}), unsupported("secp256k1")),
        (json!({"kty": "EC", "crv": "P-256", "x": short, "y": short}), KeyFault::Member("x")),
        (json!({"kty": "EC", "crv": "P-256", "x": format!("{short}A")}), KeyFault::Member("y")),
        (json!({"kty": "EC", "crv": "Ed25519", "x": format!("{short}A")}), unsupported("Ed25519")),
        (json!({"kty": "OKP", "crv": "X25519", "x": format!("{short}A")}), unsupported("X25519")),
        (json!({"kty": "OKP", "crv": "Ed448", "x": ""}), unsupported("Ed448")),
        (json!({"kty": "OKP", "crv": "Ed25519", "x": short}), KeyFault::Member("x")),
        (json!([]), KeyFault::NotJson),
        (changed(&json!({"x5c": "x".repeat(64 * 1024)})), KeyFault::TooLong),
    ];
    for (key, fault) in cases {
        assert_eq!(jwk(&key), Err(fault), "{}", &key.to_string()[..key.to_string().len().min(120)]);
    }
    assert_eq!(Jwk::parse(r#"{"kty":"RSA","kty":"EC"}"#), Err(KeyFault::NotJson));
}

#[test]
fn a_point_that_is_not_on_the_curve_checks_nothing() {
    let nowhere = json!({"kty": "EC", "crv": "P-256", "x": "A".repeat(43), "y": "A".repeat(43)});
    let nowhere = jwk(&nowhere).unwrap();
    assert!(!nowhere.verify(Algorithm::Es256, b"", &[0; 64]));
}

#[test]
fn a_set_leaves_out_what_is_not_for_us() {
    let rsa = changed(&json!({"kid": "rsa"}));
    let set = json!({"keys": [
        rsa,
        {"kty": "oct", "k": "AQAB", "kid": "shared"},
        {"kty": "EC", "crv": "P-521"},
        changed(&json!({"kid": "private", "d": "AQAB"})),
        "text",
        {},
        {"kty": "ML-DSA", "alg": "ML-DSA-44", "pub": "AA"},
    ], "more": 1});
    let keys = Jwks::parse(set.to_string().as_bytes()).unwrap();
    assert_eq!(keys.iter().map(Jwk::id).collect::<Vec<_>>(), [Some("rsa")]);
    assert_eq!(Jwks::parse(br#"{"keys":[]}"#), Ok(Jwks::default()));
}

#[test]
fn what_is_no_set_is_refused() {
    let many = |count: usize| json!({"keys": vec![json!({}); count]}).to_string();
    let long = json!({"keys": [], "x": "x".repeat(256 * 1024)}).to_string();
    let cases = [
        ("", Err(KeyFault::NotJson)),
        ("[]", Err(KeyFault::NotJson)),
        (r#"{"keys":[],"keys":[]}"#, Err(KeyFault::NotJson)),
        (r#"{"keys":[{"kid":"a","kid":"b"}]}"#, Err(KeyFault::NotJson)),
        ("{}", Err(KeyFault::Member("keys"))),
        (r#"{"keys":{}}"#, Err(KeyFault::Member("keys"))),
        (&many(101), Err(KeyFault::Member("keys"))),
        (&many(100), Ok(Jwks::default())),
        (&long, Err(KeyFault::TooLong)),
    ];
    for (text, expected) in cases {
        assert_eq!(Jwks::parse(text.as_bytes()), expected, "{}", &text[..text.len().min(60)]);
    }
}

#[test]
fn a_fault_of_a_key_names_what_is_wrong() {
    expect_test::expect![[r#"
        the key is longer than 64 KiB
        the key is not a JSON object without repeated members
        the member `n` of the key is missing or is not what it must be
        a key for `P-521` is not supported; RSA, P-256, P-384 and Ed25519 are
        the key has the member `d` of a private key; publish only the public part
        the RSA key has fewer than 2048 bits or a bad exponent; make a longer one
        why; `openssl pkcs8 -topk8 -nocrypt` makes what is needed"#]]
    .assert_eq(
        &[
            KeyFault::TooLong,
            KeyFault::NotJson,
            KeyFault::Member("n"),
            KeyFault::Unsupported("P-521".to_owned()),
            KeyFault::Private("d"),
            KeyFault::Weak,
            KeyFault::Pem("why"),
        ]
        .map(|fault| fault.to_string())
        .join("\n"),
    );
}
