//! Clients without a person in front of them, and tokens that are bound to a key.

use super::*;
use crate::jose::SigningKey;
use crate::settings::{Credential, Dpop, Grant, IdentityProvider, Preregistered};
use crate::token::{ClientAuth, Subject};
use expect_test::expect;

/// A client that was registered by hand.
fn machine(grant: Grant, id: &str, credential: Credential) -> Settings {
    let mut settings = Settings::with_grant(url(SERVER), grant);
    let preregistered = Preregistered { issuer: None, id: id.to_owned(), credential };
    settings.identity.preregistered = Some(preregistered);
    settings
}

/// An authorization server that knows these methods, and no persons.
fn machines(methods: &[&str]) -> Value {
    let machines = json!({
        "authorization_endpoint": null,
        "registration_endpoint": null,
        "code_challenge_methods_supported": null,
        "token_endpoint_auth_methods_supported": methods,
    });
    with(server(ISSUER), &machines)
}

#[test]
fn client_credentials_basic() {
    let mut world = World::usual().get(AS_METADATA, &machines(&["client_secret_basic"]));
    let secret = Credential::Secret("conformance-test-secret".into());
    let settings = machine(Grant::ClientCredentials, "conformance-test-client", secret);
    let _ = world.login(settings, unauthorized("Bearer scope=\"a b\""), None);
    expect![[r#"
        GET http://localhost:3000/.well-known/oauth-protected-resource/mcp
        GET http://localhost:4000/.well-known/oauth-authorization-server (named by a peer)
        POST http://localhost:4000/token (named by a peer)
          authorization: Basic Y29uZm9ybWFuY2UtdGVzdC1jbGllbnQ6Y29uZm9ybWFuY2UtdGVzdC1zZWNyZXQ=
          grant_type=client_credentials resource=http://localhost:3000/mcp scope=a b
        done: conformance-test-client at http://localhost:4000 (client_secret_basic) for http://localhost:3000/mcp scopes [a b] Bearer acc refresh -
    "#]].assert_eq(&world.log);
}

#[test]
fn client_credentials_jwt() {
    let mut world = World::usual().get(AS_METADATA, &machines(&["private_key_jwt"]));
    let key = Credential::Key(SigningKey::generate());
    let settings = machine(Grant::ClientCredentials, "conformance-test-client", key);
    let _ = world.login(settings, unauthorized("Bearer"), None);
    expect![[r#"
        GET http://localhost:3000/.well-known/oauth-protected-resource/mcp
        GET http://localhost:4000/.well-known/oauth-authorization-server (named by a peer)
        POST http://localhost:4000/token (named by a peer)
          grant_type=client_credentials resource=http://localhost:3000/mcp client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer client_assertion={"aud":"http://localhost:4000","exp":1800000120,"iat":1800000000,"iss":"conformance-test-client","jti":"…","sub":"conformance-test-client"}
        done: conformance-test-client at http://localhost:4000 (private_key_jwt) for http://localhost:3000/mcp scopes [] Bearer acc refresh -
    "#]].assert_eq(&world.log);
}

#[test]
fn client_credentials_never_register() {
    let mut settings = settings();
    settings.grant = Grant::ClientCredentials;
    let mut world = World::usual();
    let fault = world.run(settings, unauthorized("Bearer"), None).unwrap_err();
    assert!(fault.wants_client(), "{fault}");
    assert!(!world.log.contains("POST"), "{}", world.log);
}

const IDP: &str = "http://localhost:6000/token";

/// A person of an enterprise.
fn employee() -> Settings {
    let provider = IdentityProvider {
        token_endpoint: url(IDP),
        client: ClientAuth::None { id: "idp-client".to_owned() },
        subject: "id-token".into(),
        kind: Subject::IdToken,
    };
    let secret = Credential::Secret("xaa-secret".into());
    machine(Grant::EnterpriseManaged(Box::new(provider)), "xaa-client", secret)
}

#[test]
fn enterprise_managed_authorization() {
    let exchanged = json!({
        "access_token": "id-jag",
        "issued_token_type": "urn:ietf:params:oauth:token-type:id-jag",
        "token_type": "N_A",
    });
    let mut world = World::usual()
        .get(AS_METADATA, &machines(&["client_secret_basic"]))
        .post(IDP, 200, &exchanged);
    let _ = world.login(employee(), unauthorized("Bearer scope=\"chat.read\""), None);
    expect![[r#"
        GET http://localhost:3000/.well-known/oauth-protected-resource/mcp
        GET http://localhost:4000/.well-known/oauth-authorization-server (named by a peer)
        POST http://localhost:6000/token
          grant_type=urn:ietf:params:oauth:grant-type:token-exchange requested_token_type=urn:ietf:params:oauth:token-type:id-jag audience=http://localhost:4000 subject_token=id-token subject_token_type=urn:ietf:params:oauth:token-type:id_token resource=http://localhost:3000/mcp scope=chat.read client_id=idp-client
        POST http://localhost:4000/token (named by a peer)
          authorization: Basic eGFhLWNsaWVudDp4YWEtc2VjcmV0
          grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer assertion=id-jag resource=http://localhost:3000/mcp scope=chat.read
        done: xaa-client at http://localhost:4000 (client_secret_basic) for http://localhost:3000/mcp scopes [chat.read] Bearer acc refresh -
    "#]].assert_eq(&world.log);
}

#[test]
fn what_the_identity_provider_refuses_is_not_asked_elsewhere() {
    let refused = json!({ "error": "invalid_grant", "error_description": "policy" });
    let wrong = json!({ "access_token": "x", "issued_token_type": "urn:ietf:params:oauth:token-type:access_token", "token_type": "N_A" });
    for (status, answer) in [(400, refused), (200, wrong)] {
        let mut world = World::usual()
            .get(AS_METADATA, &machines(&["client_secret_basic"]))
            .post(IDP, status, &answer);
        let fault = world.run(employee(), unauthorized("Bearer"), None).unwrap_err();
        assert!(matches!(&fault, Fault::Token { url, .. } if url.as_str() == IDP), "{fault}");
        assert!(!world.log.contains(TOKEN), "{}", world.log);
    }
}

#[test]
fn an_identity_provider_is_asked_over_https_only() {
    let mut settings = employee();
    if let Grant::EnterpriseManaged(provider) = &mut settings.grant {
        provider.token_endpoint = url("http://idp.example/token");
    }
    let mut world = World::usual();
    let fault = world.run(settings, unauthorized("Bearer"), None).unwrap_err();
    assert!(matches!(fault, Fault::Insecure { .. }), "{fault}");
    assert_eq!(world.log.lines().count(), 1, "{}", world.log);
}

/// A workload with this assertion.
fn workload() -> Settings {
    let grant = Grant::JwtBearer { assertion: "workload-jwt".into() };
    machine(grant, "conformance-wif-workload", Credential::None)
}

#[test]
fn wif_jwt_bearer() {
    let mut world = World::usual().get(AS_METADATA, &machines(&["none"]));
    let _ = world.login(workload(), unauthorized("Bearer"), None);
    expect![[r#"
        GET http://localhost:3000/.well-known/oauth-protected-resource/mcp
        GET http://localhost:4000/.well-known/oauth-authorization-server (named by a peer)
        POST http://localhost:4000/token (named by a peer)
          grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer assertion=workload-jwt resource=http://localhost:3000/mcp client_id=conformance-wif-workload
        done: conformance-wif-workload at http://localhost:4000 (none) for http://localhost:3000/mcp scopes [] Bearer acc refresh -
    "#]].assert_eq(&world.log);
}

#[test]
fn a_refused_assertion_is_neither_repeated_nor_followed_by_another_grant() {
    for error in ["invalid_grant", "invalid_scope", "unauthorized_client", "invalid_client"] {
        let mut world = World::usual().get(AS_METADATA, &server(ISSUER)).post(
            TOKEN,
            400,
            &json!({ "error": error }),
        );
        let fault = world.run(workload(), unauthorized("Bearer"), None).unwrap_err();
        assert!(fault.to_string().contains(error), "{fault}");
        assert_eq!(world.log.matches("POST").count(), 1, "{}", world.log);
        assert!(!world.log.contains("browser"));
    }
}

/// An authorization server that binds tokens.
fn binding() -> Value {
    with(server(ISSUER), &json!({ "dpop_signing_alg_values_supported": ["ES256"] }))
}

fn bound() -> Value {
    json!({ "access_token": "acc", "token_type": "DPoP", "expires_in": 3600 })
}

const WANTS_DPOP: &str =
    r#"DPoP resource_metadata="http://localhost:3000/.well-known/oauth-protected-resource/mcp""#;

#[test]
fn dpop() {
    let mut world = World::usual().get(AS_METADATA, &binding()).post(TOKEN, 200, &bound());
    let kept = world.login(settings(), unauthorized(WANTS_DPOP), None);
    assert!(kept.dpop.is_some());
    expect![[r#"
        GET http://localhost:3000/.well-known/oauth-protected-resource/mcp
        GET http://localhost:4000/.well-known/oauth-authorization-server (named by a peer)
        POST http://localhost:4000/register (named by a peer)
          {"application_type":"native","client_name":"Bowline","grant_types":["authorization_code","refresh_token"],"redirect_uris":["http://127.0.0.1:5000/callback"],"response_types":["code"],"token_endpoint_auth_method":"none"}
        browser http://localhost:4000/authorize response_type=code client_id=registered redirect_uri=http://127.0.0.1:5000/callback state=… code_challenge=… code_challenge_method=S256 resource=http://localhost:3000/mcp dpop_jkt=…
        POST http://localhost:4000/token (named by a peer)
          dpop: {"htm":"POST","htu":"http://localhost:4000/token","iat":1800000000,"jti":"…"}
          grant_type=authorization_code code=c0de redirect_uri=http://127.0.0.1:5000/callback code_verifier=… resource=http://localhost:3000/mcp client_id=registered
        done: registered at http://localhost:4000 (none, dynamic) for http://localhost:3000/mcp scopes [] DPoP acc refresh - bound
    "#]].assert_eq(&world.log);
}

#[test]
fn dpop_nonce() {
    let mut world = World::usual()
        .get(AS_METADATA, &binding())
        .answer(
            Method::Post,
            TOKEN,
            400,
            &[("dpop-nonce", "n0nce")],
            r#"{"error":"use_dpop_nonce"}"#,
        )
        .then(200, &[("dpop-nonce", "later")], &bound());
    let _ = world.login(settings(), unauthorized(WANTS_DPOP), None);
    let asked = world.log.split("POST http://localhost:4000/token").skip(1).collect::<Vec<_>>();
    assert_eq!(asked.len(), 2, "{}", world.log);
    assert!(!asked[0].contains("nonce") && asked[1].contains("\"nonce\":\"n0nce\""), "{asked:?}");
}

#[test]
fn a_nonce_is_asked_for_once() {
    let mut world = World::usual().get(AS_METADATA, &binding()).answer(
        Method::Post,
        TOKEN,
        400,
        &[("dpop-nonce", "n0nce")],
        r#"{"error":"use_dpop_nonce"}"#,
    );
    let fault = world.run(settings(), unauthorized(WANTS_DPOP), None).unwrap_err();
    assert!(matches!(fault, Fault::Token { .. }), "{fault}");
    assert_eq!(world.log.matches(&format!("POST {TOKEN}")).count(), 2, "{}", world.log);
}

#[test]
fn whether_a_token_is_bound_is_as_all_three_say() {
    let required = with(resource(), &json!({ "dpop_bound_access_tokens_required": true }));
    // settings, header, resource, server, bound or fault
    let table = [
        (Dpop::WhenAsked, "Bearer", resource(), binding(), Ok(false)),
        (Dpop::WhenAsked, "DPoP", resource(), binding(), Ok(true)),
        (Dpop::WhenAsked, "Bearer, DPoP", resource(), binding(), Ok(true)),
        (Dpop::WhenAsked, "DPoP", resource(), server(ISSUER), Ok(false)),
        (Dpop::WhenAsked, "Bearer", required.clone(), binding(), Ok(true)),
        (Dpop::WhenAsked, "Bearer", required.clone(), server(ISSUER), Err("ES256")),
        (Dpop::Required, "Bearer", resource(), binding(), Ok(true)),
        (Dpop::Required, "Bearer", resource(), server(ISSUER), Err("ES256")),
        (Dpop::Off, "DPoP", required, binding(), Ok(false)),
    ];
    for (dpop, header, resource, server, expected) in table {
        let answer = if expected == Ok(true) { bound() } else { tokens() };
        let mut world = World::usual()
            .get(AT_PATH, &resource)
            .get(AS_METADATA, &server)
            .post(TOKEN, 200, &answer);
        let mut settings = settings();
        settings.dpop = dpop;
        let end = world.run(settings, unauthorized(header), None);
        match expected {
            Ok(bound) => assert_eq!(end.unwrap().dpop.is_some(), bound, "{dpop:?} {header}"),
            Err(part) => {
                let fault = end.unwrap_err().to_string();
                assert!(fault.contains(part), "{fault}");
            }
        }
    }
}

#[test]
fn a_token_that_is_not_bound_as_it_should_be_is_not_used() {
    for (header, answer) in [("DPoP", tokens()), ("Bearer", bound())] {
        let mut world = World::usual().get(AS_METADATA, &binding()).post(TOKEN, 200, &answer);
        let fault = world.run(settings(), unauthorized(header), None).unwrap_err();
        assert!(matches!(fault, Fault::Binding { .. }), "{fault}");
    }
}

#[test]
fn an_enterprise_client_that_nobody_registered_registers_for_assertions() {
    let exchanged = json!({
        "access_token": "id-jag",
        "issued_token_type": "urn:ietf:params:oauth:token-type:id-jag",
        "token_type": "N_A",
    });
    let mut settings = employee();
    settings.identity = super::settings().identity;
    let mut world = World::usual().post(IDP, 200, &exchanged);
    let _ = world.login(settings, unauthorized("Bearer"), None);
    let asked = world.log.lines().find(|line| line.contains("client_name")).unwrap();
    expect![[r#"{"application_type":"native","client_name":"Bowline","grant_types":["urn:ietf:params:oauth:grant-type:jwt-bearer"],"redirect_uris":[],"response_types":[],"token_endpoint_auth_method":"none"}"#]].assert_eq(asked.trim());
}
