//! Requests as they are posted, and answers good and bad.

mod answers;

use super::{ClientAuth, Grant, Subject, TokenRequest};
use crate::jose::{Jwks, SigningKey, verify};
use expect_test::{Expect, expect};
use http::header::AUTHORIZATION;
use std::fmt::Write;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}

fn public() -> ClientAuth {
    ClientAuth::None { id: "https://app.example/client.json".to_owned() }
}

fn request(grant: Grant) -> TokenRequest {
    TokenRequest {
        grant,
        client: public(),
        resource: Some("https://mcp.example/a?b=c".to_owned()),
        scopes: vec!["read".to_owned(), "write:all".to_owned()],
    }
}

fn code() -> Grant {
    Grant::AuthorizationCode {
        code: "Splx+/=&10BeZ".into(),
        redirect_uri: "http://127.0.0.1:1234/callback".to_owned(),
        verifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".into(),
    }
}

/// Headers, and the body with a line for each pair.
fn check(request: &TokenRequest, expected: &Expect) {
    let form = request.form(now());
    let mut shown = String::new();
    for (name, value) in &form.headers {
        let _ = writeln!(shown, "{name}: {}", value.to_str().unwrap());
    }
    for pair in form.body.expose().split('&') {
        let _ = writeln!(shown, "{pair}");
    }
    expected.assert_eq(&shown);
}

#[test]
fn a_code_is_exchanged_with_its_redirect_uri_verifier_and_resource() {
    check(
        &request(code()),
        &expect![[r#"
            content-type: application/x-www-form-urlencoded
            accept: application/json
            grant_type=authorization_code
            code=Splx%2B%2F%3D%2610BeZ
            redirect_uri=http%3A%2F%2F127.0.0.1%3A1234%2Fcallback
            code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk
            resource=https%3A%2F%2Fmcp.example%2Fa%3Fb%3Dc
            client_id=https%3A%2F%2Fapp.example%2Fclient.json
        "#]],
    );
}

#[test]
fn a_refresh_names_resource_and_scopes() {
    check(
        &request(Grant::Refresh { token: "tGzv3JOkF0XG5Qx2TlKWIA".into() }),
        &expect![[r#"
            content-type: application/x-www-form-urlencoded
            accept: application/json
            grant_type=refresh_token
            refresh_token=tGzv3JOkF0XG5Qx2TlKWIA
            resource=https%3A%2F%2Fmcp.example%2Fa%3Fb%3Dc
            scope=read+write%3Aall
            client_id=https%3A%2F%2Fapp.example%2Fclient.json
        "#]],
    );
}

#[test]
fn what_is_not_wanted_is_not_sent() {
    let bare =
        TokenRequest { resource: None, scopes: Vec::new(), ..request(Grant::ClientCredentials) };
    check(
        &bare,
        &expect![[r#"
            content-type: application/x-www-form-urlencoded
            accept: application/json
            grant_type=client_credentials
            client_id=https%3A%2F%2Fapp.example%2Fclient.json
        "#]],
    );
}

#[test]
fn an_assertion_is_shown_with_the_secret_of_the_client() {
    let request = TokenRequest {
        client: ClientAuth::Post { id: "app".to_owned(), secret: "s e&c=r%e+t".into() },
        ..request(Grant::JwtBearer { assertion: "eyJ.e30.c2ln".into() })
    };
    check(
        &request,
        &expect![[r#"
            content-type: application/x-www-form-urlencoded
            accept: application/json
            grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer
            assertion=eyJ.e30.c2ln
            resource=https%3A%2F%2Fmcp.example%2Fa%3Fb%3Dc
            scope=read+write%3Aall
            client_id=app
            client_secret=s+e%26c%3Dr%25e%2Bt
        "#]],
    );
}

#[test]
fn an_identity_is_exchanged_for_an_assertion_for_another_server() {
    let exchange = |kind| Grant::Exchange {
        subject: "eyJ.e30.aWQ".into(),
        kind,
        audience: "https://auth.chat.example/".to_owned(),
    };
    check(
        &request(exchange(Subject::IdToken)),
        &expect![[r#"
            content-type: application/x-www-form-urlencoded
            accept: application/json
            grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange
            requested_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aid-jag
            audience=https%3A%2F%2Fauth.chat.example%2F
            subject_token=eyJ.e30.aWQ
            subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aid_token
            resource=https%3A%2F%2Fmcp.example%2Fa%3Fb%3Dc
            scope=read+write%3Aall
            client_id=https%3A%2F%2Fapp.example%2Fclient.json
        "#]],
    );
    let saml = request(exchange(Subject::Saml2)).form(now());
    assert!(
        saml.body
            .expose()
            .contains("subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Asaml2&")
    );
}

#[test]
fn a_password_in_the_header_is_form_encoded_before_it_is_base64() {
    // `one+id%2F%3A:p%C3%A4ss%3A%25+word`: a colon in the name would end it.
    let cases = [
        ("one id/:", "päss:% word", "Basic b25lK2lkJTJGJTNBOnAlQzMlQTRzcyUzQSUyNSt3b3Jk"),
        (
            "s6BhdRkqt3",
            "7Fjfp0ZBr1KtDRbnfVdmIw",
            "Basic czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3",
        ),
        ("a", "", "Basic YTo="),
    ];
    for (id, secret, expected) in cases {
        let client = ClientAuth::Basic { id: id.to_owned(), secret: secret.into() };
        let form = TokenRequest { client, ..request(Grant::ClientCredentials) }.form(now());
        assert_eq!(form.headers[AUTHORIZATION], expected);
        assert!(form.headers[AUTHORIZATION].is_sensitive());
        let body = form.body.expose();
        assert!(!body.contains("client_id") && !body.contains("client_secret"), "{body}");
    }
}

#[test]
fn a_client_with_a_key_signs_who_it_is_for_two_minutes_and_one_request() {
    let key = SigningKey::generate().with_id("k1");
    let client = ClientAuth::PrivateKeyJwt {
        id: "app".to_owned(),
        key: key.clone(),
        audience: "https://auth.example/".to_owned(),
    };
    let request = TokenRequest { client, ..request(Grant::ClientCredentials) };
    let mut seen = Vec::new();
    for _ in 0..2 {
        let form = request.form(now());
        let body = form.body.expose();
        assert!(!body.contains("client_id") && !form.headers.contains_key(AUTHORIZATION), "{body}");
        let kind = "client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer";
        let (_, assertion) = body.split_once(&format!("{kind}&client_assertion=")).unwrap();
        let verified =
            verify(assertion, &Jwks::new([key.public().clone()]), &[key.algorithm()]).unwrap();
        assert_eq!(verified.header.kind.as_deref(), Some("JWT"));
        let mut claims = verified.claims;
        seen.push(claims.remove("jti").unwrap().as_str().unwrap().to_owned());
        let expected = serde_json::json!({
            "iss": "app", "sub": "app", "aud": "https://auth.example/", "iat": 1_800_000_000, "exp": 1_800_000_120,
        });
        assert_eq!(serde_json::Value::Object(claims), expected);
    }
    assert_ne!(seen[0], seen[1]);
}

#[test]
fn methods_have_the_names_of_the_registry() {
    let (id, secret) = ("app".to_owned(), crate::Secret::new("x"));
    let key = SigningKey::generate();
    let all = [
        (public(), "none"),
        (ClientAuth::Basic { id: id.clone(), secret: secret.clone() }, "client_secret_basic"),
        (ClientAuth::Post { id: id.clone(), secret }, "client_secret_post"),
        (ClientAuth::PrivateKeyJwt { id, key, audience: String::new() }, "private_key_jwt"),
    ];
    for (client, method) in all {
        assert_eq!(client.method(), method);
        assert!(["app", public().id()].contains(&client.id()));
    }
}
