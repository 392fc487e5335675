//! Examples of others: the appendices of the RFCs, and tokens that OpenSSL made.

use super::super::{Algorithm, Jwk, Jwks, SigningKey, base64url, verify};
use super::jwk;
use serde_json::{Value, json};

/// A token of somebody else, whose claims need not be JSON.
fn check(key: &Jwk, algorithm: Algorithm, token: &str) {
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let signature = base64url::decode(signature).unwrap();
    assert!(key.verify(algorithm, signed.as_bytes(), &signature), "{token}");
    for other in Algorithm::ALL.into_iter().filter(|other| *other != algorithm) {
        assert!(!key.verify(other, signed.as_bytes(), &signature), "{token} with {other}");
    }
    let mut changed = signature.clone();
    *changed.last_mut().unwrap() ^= 1;
    assert!(!key.verify(algorithm, signed.as_bytes(), &changed));
    assert!(!key.verify(algorithm, &signed.as_bytes()[1..], &signature));
    assert!(!key.verify(algorithm, signed.as_bytes(), &signature[1..]));
    assert!(!key.verify(algorithm, signed.as_bytes(), b""));
}

/// The key of appendix A.2.
const RFC_7515_N: &str = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
const RFC_7515_CLAIMS: &str = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

#[test]
fn rfc_7515_a_2_rs256() {
    let key = jwk(&json!({"kty": "RSA", "n": RFC_7515_N, "e": "AQAB"})).unwrap();
    let signature = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
    let token = format!("eyJhbGciOiJSUzI1NiJ9.{RFC_7515_CLAIMS}.{signature}");
    check(&key, Algorithm::Rs256, &token);
    let verified = verify(&token, &Jwks::new([key]), &[Algorithm::Rs256]).unwrap();
    let claims = json!({"iss": "joe", "exp": 1_300_819_380, "http://example.com/is_root": true});
    assert_eq!(Value::Object(verified.claims), claims);
}

#[test]
fn rfc_7515_a_3_es256() {
    let key = jwk(&json!({
        "kty": "EC", "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    }));
    let signature =
        "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    let token = format!("eyJhbGciOiJFUzI1NiJ9.{RFC_7515_CLAIMS}.{signature}");
    check(&key.unwrap(), Algorithm::Es256, &token);
}

#[test]
fn rfc_7520_4_2_ps384() {
    let key = jwk(&json!({
        "kty": "RSA", "kid": "bilbo.baggins@hobbiton.example", "use": "sig", "e": "AQAB",
        "n": "n4EPtAOCc9AlkeQHPzHStgAbgs7bTZLwUBZdR8_KuKPEHLd4rHVTeT-O-XV2jRojdNhxJWTDvNd7nqQ0VEiZQHz_AJmSCpMaJMRBSFKrKb2wqVwGU_NsYOYL-QtiWN2lbzcEe6XC0dApr5ydQLrHqkHHig3RBordaZ6Aj-oBHqFEHYpPe7Tpe-OfVfHd1E6cS6M1FZcD1NNLYD5lFHpPI9bTwJlsde3uhGqC0ZCuEHg8lhzwOHrtIQbS0FVbb9k3-tVTU4fg_3L_vniUFAKwuCLqKnS2BYwdq_mzSnbLY7h_qixoR7jig3__kRhuaxwUkRz5iaiQkqgc5gHdrNP5zw",
    }));
    let token = "eyJhbGciOiJQUzM4NCIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9.SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4.cu22eBqkYDKgIlTpzDXGvaFfz6WGoz7fUDcfT0kkOy42miAh2qyBzk1xEsnk2IpN6-tPid6VrklHkqsGqDqHCdP6O8TTB5dDDItllVo6_1OLPpcbUrhiUSMxbbXUvdvWXzg-UD8biiReQFlfz28zGWVsdiNAUf8ZnyPEgVFn442ZdNqiVJRmBqrYRXe8P_ijQ7p8Vdz0TTrxUeT3lm8d9shnr2lfJT8ImUjvAA2Xez2Mlp8cBE5awDzT0qI0n6uiP1aCN_2_jLAeQTlqRHtfa64QQSUmFAAjVKPbByi7xho0uTOcbH510a6GYmJUAfmWjwZ6oD4ifKo8DYM-X72Eaw";
    check(&key.unwrap(), Algorithm::Ps384, token);
}

#[test]
fn rfc_8037_a_eddsa() {
    let key = jwk(
        &json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}),
    );
    let key = key.unwrap();
    assert_eq!(key.thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    let token = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    check(&key, Algorithm::EdDsa, token);
}

#[test]
fn rfc_7638_thumbprint() {
    let key = jwk(&json!({
        "kty": "RSA", "e": "AQAB", "alg": "RS256", "kid": "2011-04-29",
        "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
    }));
    assert_eq!(key.unwrap().thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
}

/// Keys of `openssl genpkey`, and a token of each algorithm that the Python package `cryptography` signed with them.
#[test]
fn tokens_of_openssl() {
    let vectors: Vec<Value> = serde_json::from_str(include_str!("tokens.json")).unwrap();
    let names: Vec<_> = vectors.iter().map(|vector| vector["alg"].as_str().unwrap()).collect();
    assert_eq!(names, Algorithm::ALL.map(Algorithm::name));
    for vector in &vectors {
        let algorithm = Algorithm::named(vector["alg"].as_str().unwrap()).unwrap();
        let key = jwk(&vector["jwk"]).unwrap();
        assert_eq!(Value::Object(key.to_json()), vector["jwk"]);
        let token = vector["token"].as_str().unwrap();
        check(&key, algorithm, token);
        let claims = verify(token, &Jwks::new([key.with_id("1")]), &[algorithm]).unwrap().claims;
        assert_eq!(Value::Object(claims), json!({"sub": "somebody", "n": 1}));
    }
}

#[test]
fn thumbprints_of_openssl_keys() {
    let cases = [
        (include_str!("rsa.pem"), "L0n3XxoWXVKZCe9vIHL9crdJAjbXa3rLYO77yg5T4AQ"),
        (include_str!("p256.pem"), "D_yjAiPSRgidMjYnuIXwKSkbuexeh-JM1rya6vXkieQ"),
        (include_str!("ed25519.pem"), "3jnOyMnxOt0rDkEBz-j_zRvnylWUzQliYpre9menhbM"),
    ];
    for (pem, thumbprint) in cases {
        assert_eq!(SigningKey::from_pem(&pem.into()).unwrap().public().thumbprint(), thumbprint);
    }
}

#[test]
fn keys_of_openssl_sign_what_their_public_half_checks() {
    for pem in [include_str!("rsa.pem"), include_str!("p256.pem"), include_str!("ed25519.pem")] {
        let key = SigningKey::from_pem(&pem.into()).unwrap();
        let token = key.sign(serde_json::Map::new(), &serde_json::Map::new());
        check(key.public(), key.algorithm(), token.expose());
    }
}
