//! The client scenarios `auth/*` of the official suite, one test each.

use super::*;
use crate::settings::{Credential, Preregistered};
use expect_test::{Expect, expect};

const CHALLENGE: &str = r#"Bearer error="invalid_token", resource_metadata="http://localhost:3000/.well-known/oauth-protected-resource/mcp""#;

/// A login after a 401, and all that was asked for it.
fn check(mut world: World, settings: Settings, header: &'static str, expected: &Expect) {
    let _ = world.run(settings, unauthorized(header), None);
    expected.assert_eq(&world.log);
}

#[test]
fn metadata_default() {
    check(
        World::usual(),
        settings(),
        CHALLENGE,
        &expect![[r#"
        GET http://localhost:3000/.well-known/oauth-protected-resource/mcp
        GET http://localhost:4000/.well-known/oauth-authorization-server (named by a peer)
        POST http://localhost:4000/register (named by a peer)
          {"application_type":"native","client_name":"Bowline","grant_types":["authorization_code","refresh_token"],"redirect_uris":["http://127.0.0.1:5000/callback"],"response_types":["code"],"token_endpoint_auth_method":"none"}
        browser http://localhost:4000/authorize response_type=code client_id=registered redirect_uri=http://127.0.0.1:5000/callback state=… code_challenge=… code_challenge_method=S256 resource=http://localhost:3000/mcp
        POST http://localhost:4000/token (named by a peer)
          grant_type=authorization_code code=c0de redirect_uri=http://127.0.0.1:5000/callback code_verifier=… resource=http://localhost:3000/mcp client_id=registered
        done: registered at http://localhost:4000 (none, dynamic) for http://localhost:3000/mcp scopes [] Bearer acc refresh -
    "#]],
    );
}

#[test]
fn metadata_var1() {
    let openid = "http://localhost:4000/.well-known/openid-configuration";
    let world = World::new().get(AT_PATH, &resource()).get(openid, &server(ISSUER));
    check(
        world,
        settings(),
        "Bearer error=\"invalid_token\"",
        &expect![[r#"
        GET http://localhost:3000/.well-known/oauth-protected-resource/mcp
        GET http://localhost:4000/.well-known/oauth-authorization-server (named by a peer)
        GET http://localhost:4000/.well-known/openid-configuration (named by a peer)
        POST http://localhost:4000/register (named by a peer)
          {"application_type":"native","client_name":"Bowline","grant_types":["authorization_code","refresh_token"],"redirect_uris":["http://127.0.0.1:5000/callback"],"response_types":["code"],"token_endpoint_auth_method":"none"}
        browser http://localhost:4000/authorize response_type=code client_id=registered redirect_uri=http://127.0.0.1:5000/callback state=… code_challenge=… code_challenge_method=S256 resource=http://localhost:3000/mcp
        POST http://localhost:4000/token (named by a peer)
          grant_type=authorization_code code=c0de redirect_uri=http://127.0.0.1:5000/callback code_verifier=… resource=http://localhost:3000/mcp client_id=registered
        done: registered at http://localhost:4000 (none, dynamic) for http://localhost:3000/mcp scopes [] Bearer acc refresh -
    "#]],
    );
}

#[test]
fn metadata_var2() {
    let issuer = "http://localhost:4000/tenant1";
    let world = World::new()
        .get(
            AT_ROOT,
            &json!({ "resource": "http://localhost:3000", "authorization_servers": [issuer] }),
        )
        .get(
            "http://localhost:4000/.well-known/oauth-authorization-server/tenant1",
            &server(issuer),
        )
        .post("http://localhost:4000/tenant1/register", 201, &json!({ "client_id": "registered" }))
        .post("http://localhost:4000/tenant1/token", 200, &tokens())
        .brings("code=c0de&iss=http%3A%2F%2Flocalhost%3A4000%2Ftenant1");
    check(
        world,
        settings(),
        "Bearer error=\"invalid_token\"",
        &expect![[r#"
        GET http://localhost:3000/.well-known/oauth-protected-resource/mcp
        GET http://localhost:3000/.well-known/oauth-protected-resource
        GET http://localhost:4000/.well-known/oauth-authorization-server/tenant1 (named by a peer)
        POST http://localhost:4000/tenant1/register (named by a peer)
          {"application_type":"native","client_name":"Bowline","grant_types":["authorization_code","refresh_token"],"redirect_uris":["http://127.0.0.1:5000/callback"],"response_types":["code"],"token_endpoint_auth_method":"none"}
        browser http://localhost:4000/tenant1/authorize response_type=code client_id=registered redirect_uri=http://127.0.0.1:5000/callback state=… code_challenge=… code_challenge_method=S256 resource=http://localhost:3000
        POST http://localhost:4000/tenant1/token (named by a peer)
          grant_type=authorization_code code=c0de redirect_uri=http://127.0.0.1:5000/callback code_verifier=… resource=http://localhost:3000 client_id=registered
        done: registered at http://localhost:4000/tenant1 (none, dynamic) for http://localhost:3000 scopes [] Bearer acc refresh -
    "#]],
    );
}

#[test]
fn metadata_var3() {
    let issuer = "http://localhost:4000/tenant1";
    let world = World::new()
        .get(
            "http://localhost:3000/custom/metadata/location.json",
            &with(resource(), &json!({ "authorization_servers": [issuer] })),
        )
        .get("http://localhost:4000/tenant1/.well-known/openid-configuration", &server(issuer))
        .post("http://localhost:4000/tenant1/register", 201, &json!({ "client_id": "registered" }))
        .post("http://localhost:4000/tenant1/token", 200, &tokens())
        .brings("code=c0de&iss=http%3A%2F%2Flocalhost%3A4000%2Ftenant1");
    let challenge =
        "Bearer resource_metadata=\"http://localhost:3000/custom/metadata/location.json\"";
    check(
        world,
        settings(),
        challenge,
        &expect![[r#"
        GET http://localhost:3000/custom/metadata/location.json
        GET http://localhost:4000/.well-known/oauth-authorization-server/tenant1 (named by a peer)
        GET http://localhost:4000/.well-known/openid-configuration/tenant1 (named by a peer)
        GET http://localhost:4000/tenant1/.well-known/openid-configuration (named by a peer)
        POST http://localhost:4000/tenant1/register (named by a peer)
          {"application_type":"native","client_name":"Bowline","grant_types":["authorization_code","refresh_token"],"redirect_uris":["http://127.0.0.1:5000/callback"],"response_types":["code"],"token_endpoint_auth_method":"none"}
        browser http://localhost:4000/tenant1/authorize response_type=code client_id=registered redirect_uri=http://127.0.0.1:5000/callback state=… code_challenge=… code_challenge_method=S256 resource=http://localhost:3000/mcp
        POST http://localhost:4000/tenant1/token (named by a peer)
          grant_type=authorization_code code=c0de redirect_uri=http://127.0.0.1:5000/callback code_verifier=… resource=http://localhost:3000/mcp client_id=registered
        done: registered at http://localhost:4000/tenant1 (none, dynamic) for http://localhost:3000/mcp scopes [] Bearer acc refresh -
    "#]],
    );
}

#[test]
fn basic_cimd() {
    let metadata = with(server(ISSUER), &json!({ "client_id_metadata_document_supported": true }));
    let mut settings = settings();
    settings.identity.metadata_url =
        Some(url("https://conformance-test.local/client-metadata.json"));
    check(
        World::usual().get(AS_METADATA, &metadata),
        settings,
        CHALLENGE,
        &expect![[r#"
        GET http://localhost:3000/.well-known/oauth-protected-resource/mcp
        GET http://localhost:4000/.well-known/oauth-authorization-server (named by a peer)
        browser http://localhost:4000/authorize response_type=code client_id=https://conformance-test.local/client-metadata.json redirect_uri=http://127.0.0.1:5000/callback state=… code_challenge=… code_challenge_method=S256 resource=http://localhost:3000/mcp
        POST http://localhost:4000/token (named by a peer)
          grant_type=authorization_code code=c0de redirect_uri=http://127.0.0.1:5000/callback code_verifier=… resource=http://localhost:3000/mcp client_id=https://conformance-test.local/client-metadata.json
        done: https://conformance-test.local/client-metadata.json at http://localhost:4000 (none) for http://localhost:3000/mcp scopes [] Bearer acc refresh -
    "#]],
    );
}

#[test]
fn scope_from_www_authenticate() {
    let world = World::usual()
        .get(AT_PATH, &with(resource(), &json!({ "scopes_supported": ["mcp:other"] })));
    check(
        world,
        settings(),
        "Bearer scope=\"mcp:basic\"",
        &expect![[r#"
        GET http://localhost:3000/.well-known/oauth-protected-resource/mcp
        GET http://localhost:4000/.well-known/oauth-authorization-server (named by a peer)
        POST http://localhost:4000/register (named by a peer)
          {"application_type":"native","client_name":"Bowline","grant_types":["authorization_code","refresh_token"],"redirect_uris":["http://127.0.0.1:5000/callback"],"response_types":["code"],"token_endpoint_auth_method":"none"}
        browser http://localhost:4000/authorize response_type=code client_id=registered redirect_uri=http://127.0.0.1:5000/callback state=… code_challenge=… code_challenge_method=S256 resource=http://localhost:3000/mcp scope=mcp:basic
        POST http://localhost:4000/token (named by a peer)
          grant_type=authorization_code code=c0de redirect_uri=http://127.0.0.1:5000/callback code_verifier=… resource=http://localhost:3000/mcp client_id=registered
        done: registered at http://localhost:4000 (none, dynamic) for http://localhost:3000/mcp scopes [mcp:basic] Bearer acc refresh -
    "#]],
    );
}

#[test]
fn scope_from_scopes_supported() {
    let scopes = json!({ "scopes_supported": ["mcp:basic", "mcp:read", "mcp:write"] });
    let world = World::usual().get(AT_PATH, &with(resource(), &scopes));
    check(
        world,
        settings(),
        CHALLENGE,
        &expect![[r#"
        GET http://localhost:3000/.well-known/oauth-protected-resource/mcp
        GET http://localhost:4000/.well-known/oauth-authorization-server (named by a peer)
        POST http://localhost:4000/register (named by a peer)
          {"application_type":"native","client_name":"Bowline","grant_types":["authorization_code","refresh_token"],"redirect_uris":["http://127.0.0.1:5000/callback"],"response_types":["code"],"token_endpoint_auth_method":"none"}
        browser http://localhost:4000/authorize response_type=code client_id=registered redirect_uri=http://127.0.0.1:5000/callback state=… code_challenge=… code_challenge_method=S256 resource=http://localhost:3000/mcp scope=mcp:basic mcp:read mcp:write
        POST http://localhost:4000/token (named by a peer)
          grant_type=authorization_code code=c0de redirect_uri=http://127.0.0.1:5000/callback code_verifier=… resource=http://localhost:3000/mcp client_id=registered
        done: registered at http://localhost:4000 (none, dynamic) for http://localhost:3000/mcp scopes [mcp:basic mcp:read mcp:write] Bearer acc refresh -
    "#]],
    );
}

#[test]
fn scope_omitted_when_undefined() {
    let mut world = World::usual();
    let kept = world.login(settings(), unauthorized(CHALLENGE), None);
    assert!(kept.scopes.is_empty());
    assert!(!world.log.contains("scope="), "{}", world.log);
}

#[test]
fn scope_step_up() {
    let profile = json!({ "scopes_supported": ["mcp:profile"] });
    let mut world = World::usual().get(AT_PATH, &with(resource(), &profile));
    let kept = world.login(settings(), unauthorized("Bearer scope=\"mcp:basic\""), None);
    world.log.clear();
    let refused =
        HeaderValue::from_static("Bearer scope=\"mcp:write\", error=\"insufficient_scope\"");
    let cause = Attempts::default().cause(403, Challenge::parse([&refused]), Some(&kept)).unwrap();
    let _ = world.login(settings(), cause, Some(kept));
    expect![[r#"
        GET http://localhost:3000/.well-known/oauth-protected-resource/mcp
        GET http://localhost:4000/.well-known/oauth-authorization-server (named by a peer)
        browser http://localhost:4000/authorize response_type=code client_id=registered redirect_uri=http://127.0.0.1:5000/callback state=… code_challenge=… code_challenge_method=S256 resource=http://localhost:3000/mcp scope=mcp:basic mcp:write
        POST http://localhost:4000/token (named by a peer)
          grant_type=authorization_code code=c0de redirect_uri=http://127.0.0.1:5000/callback code_verifier=… resource=http://localhost:3000/mcp client_id=registered
        done: registered at http://localhost:4000 (none, dynamic) for http://localhost:3000/mcp scopes [mcp:basic mcp:write] Bearer acc refresh -
    "#]].assert_eq(&world.log);
}

#[test]
fn scope_retry_limit() {
    let mut world = World::usual();
    let kept = world.login(settings(), unauthorized("Bearer scope=\"mcp:admin\""), None);
    let refused = HeaderValue::from_static(
        "Bearer error=\"insufficient_scope\", scope=\"mcp:admin\", error_description=\"never\"",
    );
    // The same scope again is not asked for again, on this request and on any other.
    for _ in 0..3 {
        let cause = Attempts::default().cause(403, Challenge::parse([&refused]), Some(&kept));
        assert!(cause.is_none());
    }
    assert_eq!(world.log.matches("browser").count(), 1);
}

/// Registers where only one method is supported, as the suite's server does.
fn token_endpoint_auth(method: &str, secret: bool, expected: &Expect) {
    let methods = json!({ "token_endpoint_auth_methods_supported": [method] });
    let mut client = json!({ "client_id": "test client", "token_endpoint_auth_method": method });
    if secret {
        client["client_secret"] = "s3cr&t".into();
    }
    let world = World::usual()
        .get(AS_METADATA, &with(server(ISSUER), &methods))
        .post(REGISTER, 201, &client);
    check(world, settings(), CHALLENGE, expected);
}

#[test]
fn token_endpoint_auth_basic() {
    token_endpoint_auth(
        "client_secret_basic",
        true,
        &expect![[r#"
        GET http://localhost:3000/.well-known/oauth-protected-resource/mcp
        GET http://localhost:4000/.well-known/oauth-authorization-server (named by a peer)
        POST http://localhost:4000/register (named by a peer)
          {"application_type":"native","client_name":"Bowline","grant_types":["authorization_code","refresh_token"],"redirect_uris":["http://127.0.0.1:5000/callback"],"response_types":["code"],"token_endpoint_auth_method":"client_secret_basic"}
        browser http://localhost:4000/authorize response_type=code client_id=test client redirect_uri=http://127.0.0.1:5000/callback state=… code_challenge=… code_challenge_method=S256 resource=http://localhost:3000/mcp
        POST http://localhost:4000/token (named by a peer)
          authorization: Basic dGVzdCtjbGllbnQ6czNjciUyNnQ=
          grant_type=authorization_code code=c0de redirect_uri=http://127.0.0.1:5000/callback code_verifier=… resource=http://localhost:3000/mcp
        done: test client at http://localhost:4000 (client_secret_basic, dynamic) for http://localhost:3000/mcp scopes [] Bearer acc refresh -
    "#]],
    );
}

#[test]
fn token_endpoint_auth_post() {
    token_endpoint_auth(
        "client_secret_post",
        true,
        &expect![[r#"
        GET http://localhost:3000/.well-known/oauth-protected-resource/mcp
        GET http://localhost:4000/.well-known/oauth-authorization-server (named by a peer)
        POST http://localhost:4000/register (named by a peer)
          {"application_type":"native","client_name":"Bowline","grant_types":["authorization_code","refresh_token"],"redirect_uris":["http://127.0.0.1:5000/callback"],"response_types":["code"],"token_endpoint_auth_method":"client_secret_post"}
        browser http://localhost:4000/authorize response_type=code client_id=test client redirect_uri=http://127.0.0.1:5000/callback state=… code_challenge=… code_challenge_method=S256 resource=http://localhost:3000/mcp
        POST http://localhost:4000/token (named by a peer)
          grant_type=authorization_code code=c0de redirect_uri=http://127.0.0.1:5000/callback code_verifier=… resource=http://localhost:3000/mcp client_id=test client client_secret=s3cr&t
        done: test client at http://localhost:4000 (client_secret_post, dynamic) for http://localhost:3000/mcp scopes [] Bearer acc refresh -
    "#]],
    );
}

#[test]
fn token_endpoint_auth_none() {
    token_endpoint_auth(
        "none",
        false,
        &expect![[r#"
        GET http://localhost:3000/.well-known/oauth-protected-resource/mcp
        GET http://localhost:4000/.well-known/oauth-authorization-server (named by a peer)
        POST http://localhost:4000/register (named by a peer)
          {"application_type":"native","client_name":"Bowline","grant_types":["authorization_code","refresh_token"],"redirect_uris":["http://127.0.0.1:5000/callback"],"response_types":["code"],"token_endpoint_auth_method":"none"}
        browser http://localhost:4000/authorize response_type=code client_id=test client redirect_uri=http://127.0.0.1:5000/callback state=… code_challenge=… code_challenge_method=S256 resource=http://localhost:3000/mcp
        POST http://localhost:4000/token (named by a peer)
          grant_type=authorization_code code=c0de redirect_uri=http://127.0.0.1:5000/callback code_verifier=… resource=http://localhost:3000/mcp client_id=test client
        done: test client at http://localhost:4000 (none, dynamic) for http://localhost:3000/mcp scopes [] Bearer acc refresh -
    "#]],
    );
}

#[test]
fn pre_registration() {
    let metadata = json!({
        "registration_endpoint": null,
        "token_endpoint_auth_methods_supported": ["client_secret_basic"],
    });
    let mut settings = settings();
    settings.identity.preregistered = Some(Preregistered {
        issuer: Some(ISSUER.to_owned()),
        id: "pre-registered-client".to_owned(),
        credential: Credential::Secret("pre-registered-secret".into()),
    });
    let world = World::usual().get(AS_METADATA, &with(server(ISSUER), &metadata));
    check(
        world,
        settings,
        CHALLENGE,
        &expect![[r#"
        GET http://localhost:3000/.well-known/oauth-protected-resource/mcp
        GET http://localhost:4000/.well-known/oauth-authorization-server (named by a peer)
        browser http://localhost:4000/authorize response_type=code client_id=pre-registered-client redirect_uri=http://127.0.0.1:5000/callback state=… code_challenge=… code_challenge_method=S256 resource=http://localhost:3000/mcp
        POST http://localhost:4000/token (named by a peer)
          authorization: Basic cHJlLXJlZ2lzdGVyZWQtY2xpZW50OnByZS1yZWdpc3RlcmVkLXNlY3JldA==
          grant_type=authorization_code code=c0de redirect_uri=http://127.0.0.1:5000/callback code_verifier=… resource=http://localhost:3000/mcp
        done: pre-registered-client at http://localhost:4000 (client_secret_basic) for http://localhost:3000/mcp scopes [] Bearer acc refresh -
    "#]],
    );
}

#[test]
fn resource_mismatch() {
    let other = json!({ "resource": "https://evil.example.com/mcp" });
    let world = World::usual().get(AT_PATH, &with(resource(), &other));
    check(
        world,
        settings(),
        CHALLENGE,
        &expect![[r#"
        GET http://localhost:3000/.well-known/oauth-protected-resource/mcp
        failed: the metadata of `http://localhost:3000/mcp` says it is `https://evil.example.com/mcp`; a token for that would be one to steal, so none is asked for
    "#]],
    );
}

#[test]
fn offline_access_scope() {
    let scopes = json!({ "scopes_supported": ["mcp:basic", "offline_access"] });
    let world = World::usual()
        .get(AT_PATH, &with(resource(), &json!({ "scopes_supported": ["mcp:basic"] })))
        .get(AS_METADATA, &with(server(ISSUER), &scopes));
    check(
        world,
        settings(),
        CHALLENGE,
        &expect![[r#"
        GET http://localhost:3000/.well-known/oauth-protected-resource/mcp
        GET http://localhost:4000/.well-known/oauth-authorization-server (named by a peer)
        POST http://localhost:4000/register (named by a peer)
          {"application_type":"native","client_name":"Bowline","grant_types":["authorization_code","refresh_token"],"redirect_uris":["http://127.0.0.1:5000/callback"],"response_types":["code"],"token_endpoint_auth_method":"none"}
        browser http://localhost:4000/authorize response_type=code client_id=registered redirect_uri=http://127.0.0.1:5000/callback state=… code_challenge=… code_challenge_method=S256 resource=http://localhost:3000/mcp scope=mcp:basic offline_access prompt=consent
        POST http://localhost:4000/token (named by a peer)
          grant_type=authorization_code code=c0de redirect_uri=http://127.0.0.1:5000/callback code_verifier=… resource=http://localhost:3000/mcp client_id=registered
        done: registered at http://localhost:4000 (none, dynamic) for http://localhost:3000/mcp scopes [mcp:basic offline_access] Bearer acc refresh -
    "#]],
    );
}

#[test]
fn offline_access_not_supported() {
    let scopes = json!({ "scopes_supported": ["mcp:basic", "mcp:read"] });
    let mut world = World::usual()
        .get(AT_PATH, &with(resource(), &scopes))
        .get(AS_METADATA, &with(server(ISSUER), &scopes));
    let kept = world.login(settings(), unauthorized(CHALLENGE), None);
    assert_eq!(kept.scopes, ["mcp:basic", "mcp:read"]);
    assert!(!world.log.contains("offline_access"), "{}", world.log);
}

#[test]
fn authorization_server_migration() {
    let second = "http://localhost:4001";
    let mut world = World::usual().post(
        REGISTER,
        201,
        &json!({ "client_id": "of-first", "client_secret": "first" }),
    );
    let kept = world.login(settings(), unauthorized("Bearer scope=\"mcp:basic\""), None);
    let mut world = World::new()
        .get(AT_PATH, &with(resource(), &json!({ "authorization_servers": [second] })))
        .get("http://localhost:4001/.well-known/oauth-authorization-server", &server(second))
        .post("http://localhost:4001/register", 201, &json!({ "client_id": "of-second" }))
        .post("http://localhost:4001/token", 200, &tokens())
        .brings("code=c0de&iss=http%3A%2F%2Flocalhost%3A4001");
    let _ = world.login(settings(), unauthorized("Bearer scope=\"mcp:basic\""), Some(kept));
    expect![[r#"
        GET http://localhost:3000/.well-known/oauth-protected-resource/mcp
        GET http://localhost:4001/.well-known/oauth-authorization-server (named by a peer)
        POST http://localhost:4001/register (named by a peer)
          {"application_type":"native","client_name":"Bowline","grant_types":["authorization_code","refresh_token"],"redirect_uris":["http://127.0.0.1:5000/callback"],"response_types":["code"],"token_endpoint_auth_method":"none"}
        browser http://localhost:4001/authorize response_type=code client_id=of-second redirect_uri=http://127.0.0.1:5000/callback state=… code_challenge=… code_challenge_method=S256 resource=http://localhost:3000/mcp scope=mcp:basic
        POST http://localhost:4001/token (named by a peer)
          grant_type=authorization_code code=c0de redirect_uri=http://127.0.0.1:5000/callback code_verifier=… resource=http://localhost:3000/mcp client_id=of-second
        done: of-second at http://localhost:4001 (none, dynamic) for http://localhost:3000/mcp scopes [mcp:basic] Bearer acc refresh -
    "#]].assert_eq(&world.log);
}

/// A browser that brings this, from a server that says or does not say that it always names itself.
fn issuer_of_response(announced: bool, brings: &'static str) -> Result<Kept, Fault> {
    let announced = json!({ "authorization_response_iss_parameter_supported": announced });
    let mut world =
        World::usual().get(AS_METADATA, &with(server(ISSUER), &announced)).brings(brings);
    let end = world.run(settings(), unauthorized(CHALLENGE), None);
    assert_eq!(end.is_ok(), world.log.contains(TOKEN), "{}", world.log);
    end
}

#[test]
fn iss_supported() {
    assert!(issuer_of_response(true, "code=c0de&iss=http%3A%2F%2Flocalhost%3A4000").is_ok());
}

#[test]
fn iss_not_advertised() {
    assert!(issuer_of_response(false, "code=c0de").is_ok());
}

#[test]
fn iss_supported_missing() {
    let fault = issuer_of_response(true, "code=c0de").unwrap_err();
    assert_eq!(fault, Fault::Callback(super::super::CallbackFault::NoIssuer));
}

#[test]
fn iss_wrong_issuer() {
    let fault =
        issuer_of_response(true, "code=c0de&iss=https%3A%2F%2Fevil.example.com").unwrap_err();
    expect!["the answer is from `https://evil.example.com`, but `http://localhost:4000` was asked (`iss`); it was not used"]
        .assert_eq(&fault.to_string());
}

#[test]
fn iss_unexpected() {
    assert!(issuer_of_response(false, "code=c0de&iss=https%3A%2F%2Fevil.example.com").is_err());
}

#[test]
fn iss_normalized() {
    assert!(issuer_of_response(true, "code=c0de&iss=http%3A%2F%2Flocalhost%3A4000%2F").is_err());
}

#[test]
fn metadata_issuer_mismatch() {
    let metadata = with(server(ISSUER), &json!({ "issuer": "https://evil.example.com" }));
    check(
        World::usual().get(AS_METADATA, &metadata),
        settings(),
        CHALLENGE,
        &expect![[r#"
        GET http://localhost:3000/.well-known/oauth-protected-resource/mcp
        GET http://localhost:4000/.well-known/oauth-authorization-server (named by a peer)
        GET http://localhost:4000/.well-known/openid-configuration (named by a peer)
        failed: `http://localhost:4000/.well-known/oauth-authorization-server` should be about the issuer `http://localhost:4000`, but says it is `https://evil.example.com`; it was not used
    "#]],
    );
}
