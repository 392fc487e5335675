//! Keys and tokens of the RFCs and of OpenSSL, and all that is refused.

mod keys;
mod vectors;

use super::{Algorithm, Fault, Header, Jwk, Jwks, SigningKey, base64url, verify, verify_with};
use serde_json::{Map, Value, json};

/// A key for ES256 that names itself `1`.
fn key() -> SigningKey {
    SigningKey::generate().with_id("1")
}

/// These two parts as they are, signed.
fn signed(key: &SigningKey, header: &str, claims: &str) -> String {
    let parts = format!("{}.{}", base64url::encode(header), base64url::encode(claims));
    format!("{parts}.{}", base64url::encode(key.signature(parts.as_bytes())))
}

fn members(value: Value) -> Map<String, Value> {
    let Value::Object(members) = value else { panic!("{value} is no object") };
    members
}

#[test]
fn what_was_signed_is_verified_and_says_what_it_said() {
    let key = key();
    let token =
        key.sign(members(json!({"typ": "at+jwt"})), &members(json!({"sub": "é", "n": [1]})));
    let keys = Jwks::new([key.public().clone()]);
    let verified = verify(token.expose(), &keys, &[Algorithm::Es256]).unwrap();
    assert_eq!(Value::Object(verified.claims), json!({"sub": "é", "n": [1]}));
    assert_eq!(verified.header.algorithm, Algorithm::Es256);
    assert_eq!(verified.header.id.as_deref(), Some("1"));
    assert_eq!(verified.header.kind.as_deref(), Some("at+jwt"));
    assert_eq!(
        Value::Object(verified.header.members),
        json!({"alg": "ES256", "kid": "1", "typ": "at+jwt"})
    );
}

#[test]
fn every_changed_bit_of_a_token_is_noticed() {
    let key = key();
    let token = key.sign(Map::new(), &members(json!({"sub": "somebody"})));
    let keys = Jwks::new([key.public().clone()]);
    for at in 0..token.expose().len() {
        for bit in 0..7 {
            let mut bytes = token.expose().as_bytes().to_vec();
            bytes[at] ^= 1 << bit;
            let changed = String::from_utf8(bytes).unwrap();
            assert!(verify(&changed, &keys, &Algorithm::ALL).is_err(), "{changed}");
        }
    }
}

#[test]
fn what_is_not_a_token_is_refused_for_what_is_wrong_with_it() {
    let key = key();
    let good = signed(&key, r#"{"alg":"ES256"}"#, "{}");
    let (head, tail) = good.split_once('.').unwrap();
    let (claims, signature) = tail.split_once('.').unwrap();
    let of = |header: &str| signed(&key, header, "{}");
    let with = |claims: &str| signed(&key, r#"{"alg":"ES256"}"#, claims);
    let malformed = |what| Fault::Malformed(what);
    let parts = malformed("it does not have three parts");
    let header_text = malformed("its header is not base64url");
    let header_json = malformed("its header is not a JSON object without repeated members");
    let claims_json = malformed("its claims are not a JSON object without repeated members");
    let crit = malformed("`crit` is not a list of names");
    let none = |name: &str| Fault::Algorithm(name.to_owned());
    let cases = [
        (String::new(), parts.clone()),
        ("a".to_owned(), parts.clone()),
        (format!("{head}.{claims}"), parts.clone()),
        (format!("{good}."), parts.clone()),
        (format!("{good}.{signature}.x"), parts.clone()),
        (format!("{head}.{claims}."), Fault::Signature),
        (format!("{head}=.{claims}.{signature}"), header_text.clone()),
        (format!(" {good}"), header_text.clone()),
        (format!("{good}\n"), malformed("its signature is not base64url")),
        (format!("{good}="), malformed("its signature is not base64url")),
        (format!("{head}..{signature}"), Fault::Signature),
        (of("[]"), header_json.clone()),
        (of(r#"{"alg":"ES256","alg":"ES256"}"#), header_json.clone()),
        (of(r#"{"alg":"ES256","a":{"b":1,"b":1}}"#), header_json.clone()),
        (of(r#"{"alg":"ES256"} x"#), header_json.clone()),
        (of("{}"), malformed("it names no `alg`")),
        (of(r#"{"alg":1}"#), malformed("`alg` is not a text")),
        (of(r#"{"alg":"ES256","kid":1}"#), malformed("`kid` is not a text")),
        (of(r#"{"alg":"ES256","typ":[]}"#), malformed("`typ` is not a text")),
        (of(r#"{"alg":"none"}"#), none("none")),
        (of(r#"{"alg":"None"}"#), none("None")),
        (of(r#"{"alg":"es256"}"#), none("es256")),
        (of(r#"{"alg":"HS256"}"#), none("HS256")),
        (of(r#"{"alg":"HS512"}"#), none("HS512")),
        (of(r#"{"alg":"RSA-OAEP"}"#), none("RSA-OAEP")),
        (of("{\"alg\":\"\\u001b[31m\u{202e}\"}"), none("\\u{1b}[31m\\u{202e}")),
        (of(&format!(r#"{{"alg":"{}"}}"#, "x".repeat(99))), Fault::Algorithm("x".repeat(32) + "…")),
        (of(r#"{"alg":"EdDSA"}"#), none("EdDSA")),
        (of(r#"{"alg":"RS256"}"#), Fault::NoKey(None)),
        (of(r#"{"alg":"ES256","crit":["b64"],"b64":false}"#), Fault::Critical("b64".to_owned())),
        (of(r#"{"alg":"ES256","crit":["exp"],"exp":1}"#), Fault::Critical("exp".to_owned())),
        (of(r#"{"alg":"ES256","crit":[]}"#), crit.clone()),
        (of(r#"{"alg":"ES256","crit":[1]}"#), crit.clone()),
        (of(r#"{"alg":"ES256","crit":"b64"}"#), crit.clone()),
        (of(r#"{"alg":"ES256","crit":null}"#), crit.clone()),
        (of(r#"{"alg":"ES256","kid":"2"}"#), Fault::NoKey(Some("2".to_owned()))),
        (with("[]"), claims_json.clone()),
        (with(""), claims_json.clone()),
        (with(r#"{"iss":"a","iss":"b"}"#), claims_json.clone()),
        (with(r#"{"iss":"a","i\u0073s":"b"}"#), claims_json.clone()),
        (with(r#"{"cnf":{"jkt":"a","jkt":"b"}}"#), claims_json.clone()),
        (with(&format!(r#"{{"a":"{}"}}"#, "x".repeat(16 * 1024))), Fault::TooLong),
    ];
    let keys = Jwks::new([key.public().clone()]);
    let allowed = [Algorithm::Es256, Algorithm::Rs256];
    for (token, fault) in cases {
        assert_eq!(verify(&token, &keys, &allowed), Err(fault), "{token}");
    }
    assert!(verify(&good, &keys, &allowed).is_ok());
}

#[test]
fn a_token_of_exactly_16_kib_is_read() {
    let key = key();
    let keys = Jwks::new([key.public().clone()]);
    // Base64 makes 4 of 3, so the claims grow until the whole is as long as it may be, or one more.
    let longest = (0..16 * 1024)
        .rev()
        .map(|length| {
            signed(&key, r#"{"alg":"ES256"}"#, &format!(r#"{{"a":"{}"}}"#, "x".repeat(length)))
        })
        .find(|token| token.len() <= 16 * 1024)
        .unwrap();
    assert!(longest.len() >= 16 * 1024 - 1, "{}", longest.len());
    let read = |length| verify(&"x".repeat(length), &keys, &Algorithm::ALL);
    assert_eq!(read(16 * 1024), Err(Fault::Malformed("it does not have three parts")));
    assert_eq!(read(16 * 1024 + 1), Err(Fault::TooLong));
    assert!(verify(&longest, &keys, &Algorithm::ALL).is_ok());
}

#[test]
fn what_the_token_says_of_keys_is_not_heeded() {
    let (ours, theirs) = (key(), SigningKey::generate());
    let header = json!({"jwk": theirs.public().to_json(), "jku": "https://evil.example/", "x5u": "https://evil.example/"});
    let token = theirs.with_id("1").sign(members(header), &Map::new());
    let keys = Jwks::new([ours.public().clone()]);
    assert_eq!(verify(token.expose(), &keys, &Algorithm::ALL), Err(Fault::Signature));
}

#[test]
fn a_public_key_is_no_shared_secret() {
    use ring::hmac;
    let pem = include_str!("tests/rsa.pem");
    let key = SigningKey::from_pem(&pem.into()).unwrap();
    let parts = format!("{}.{}", base64url::encode(r#"{"alg":"HS256"}"#), base64url::encode("{}"));
    let public = Value::Object(key.public().to_json()).to_string();
    let signature =
        hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, public.as_bytes()), parts.as_bytes());
    let token = format!("{parts}.{}", base64url::encode(signature));
    let keys = Jwks::new([key.public().clone()]);
    assert_eq!(verify(&token, &keys, &Algorithm::ALL), Err(Fault::Algorithm("HS256".to_owned())));
}

#[test]
fn a_key_is_chosen_by_its_name_or_for_being_the_only_one() {
    let keys: Vec<_> = (0..4).map(|_| SigningKey::generate().public().clone()).collect();
    let [a, b, c, unnamed] = keys.try_into().unwrap();
    let (a, b, c) = (a.with_id("a"), b.with_id("b"), c.with_id("b"));
    let all = Jwks::new([a.clone(), b.clone(), c, unnamed.clone()]);
    let es256 = Algorithm::Es256;
    let no = |id: &str| Err(Fault::NoKey(Some(id.to_owned())));
    assert_eq!(all.choose(Some("a"), es256), Ok(&a));
    assert_eq!(all.choose(Some("b"), es256), Err(Fault::Ambiguous));
    assert_eq!(all.choose(Some("x"), es256), no("x"));
    assert_eq!(all.choose(Some(""), es256), no(""));
    assert_eq!(all.choose(Some("\n"), es256), no("\\u{a}"));
    assert_eq!(all.choose(None, es256), Err(Fault::Ambiguous));
    assert_eq!(all.choose(Some("a"), Algorithm::Es384), no("a"));
    assert_eq!(Jwks::new([a.clone()]).choose(None, es256), Ok(&a));
    // Who names a key means that one, and not one without a name.
    assert_eq!(Jwks::new([unnamed]).choose(Some("a"), es256), no("a"));
    assert_eq!(Jwks::default().choose(None, es256), Err(Fault::NoKey(None)));
    let rsa = SigningKey::from_pem(&include_str!("tests/rsa.pem").into()).unwrap();
    assert_eq!(Jwks::new([rsa.public().clone(), b.clone()]).choose(None, es256), Ok(&b));
}

#[test]
fn one_key_checks_whatever_name_the_token_gives_it() {
    let key = key();
    let token = signed(&key, r#"{"alg":"ES256","kid":"another"}"#, "{}");
    assert!(verify_with(&token, key.public(), &[Algorithm::Es256]).is_ok());
    let other = SigningKey::generate();
    assert_eq!(verify_with(&token, other.public(), &[Algorithm::Es256]), Err(Fault::Signature));
    let rsa = SigningKey::from_pem(&include_str!("tests/rsa.pem").into()).unwrap();
    assert_eq!(verify_with(&token, rsa.public(), &[Algorithm::Es256]), Err(Fault::NoKey(None)));
    assert_eq!(verify_with(&token, key.public(), &[]), Err(Fault::Algorithm("ES256".to_owned())));
}

#[test]
fn a_header_can_be_read_before_there_is_a_key() {
    let token = signed(&key(), r#"{"alg":"ES256","kid":"k"}"#, "anything");
    let header = Header::unverified(&token, &[Algorithm::Es256]).unwrap();
    assert_eq!(header.id.as_deref(), Some("k"));
    assert_eq!(Header::unverified(&token, &[]), Err(Fault::Algorithm("ES256".to_owned())));
}

#[test]
fn the_name_of_an_algorithm_leads_back_to_it() {
    for algorithm in Algorithm::ALL {
        assert_eq!(Algorithm::named(algorithm.name()), Some(algorithm));
        assert_eq!(algorithm.to_string(), algorithm.name());
    }
    assert_eq!(Algorithm::named("Ed25519"), Some(Algorithm::EdDsa));
    for other in ["none", "HS256", "HS384", "HS512", "ES512", "ES256K", "rs256", "", "Ed448"] {
        assert_eq!(Algorithm::named(other), None, "{other}");
    }
}

#[test]
fn what_is_wrong_is_said_without_the_token() {
    expect_test::expect![[r#"
        the token is longer than 16 KiB
        the token is malformed: why
        the token is signed with `none`, which is not allowed here
        the token demands that `b64` is understood, which it is not here
        no key `1` is known for the algorithm of the token
        no key is known for the algorithm of the token
        the token names no key, and several fit its algorithm; its issuer has to send `kid`
        the signature of the token does not fit its key"#]]
    .assert_eq(
        &[
            Fault::TooLong,
            Fault::Malformed("why"),
            Fault::Algorithm("none".to_owned()),
            Fault::Critical("b64".to_owned()),
            Fault::NoKey(Some("1".to_owned())),
            Fault::NoKey(None),
            Fault::Ambiguous,
            Fault::Signature,
        ]
        .map(|fault| fault.to_string())
        .join("\n"),
    );
}

fn jwk(value: &Value) -> Result<Jwk, super::KeyFault> {
    Jwk::parse(&value.to_string())
}
