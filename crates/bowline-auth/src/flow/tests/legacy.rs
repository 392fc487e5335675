//! The fallbacks of 2025-03-26.
#![cfg(not(modern_only))]

use super::*;
use expect_test::expect;

const ROOT: &str = "http://localhost:3000/.well-known/oauth-authorization-server";

/// What the root of the server has.
fn world() -> World {
    World::new()
        .post("http://localhost:3000/register", 201, &json!({ "client_id": "registered" }))
        .post("http://localhost:3000/token", 200, &tokens())
        .brings("code=c0de")
}

#[test]
fn metadata_at_the_root_of_the_server_counts_if_the_resource_has_none() {
    let metadata = json!({
        "issuer": "http://localhost:3000",
        "authorization_endpoint": "http://localhost:3000/oauth/authorize",
        "token_endpoint": "http://localhost:3000/oauth/token",
        "registration_endpoint": "http://localhost:3000/oauth/register",
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["none"],
        "authorization_response_iss_parameter_supported": true,
    });
    let mut world = world()
        .get(ROOT, &metadata)
        .post("http://localhost:3000/oauth/register", 201, &json!({ "client_id": "registered" }))
        .post("http://localhost:3000/oauth/token", 200, &tokens())
        .brings("code=c0de&iss=http%3A%2F%2Flocalhost%3A3000");
    let _ = world.login(settings(), Cause::Unauthorized(vec![]), None);
    expect![[r#"
        GET http://localhost:3000/.well-known/oauth-protected-resource/mcp
        GET http://localhost:3000/.well-known/oauth-protected-resource
        GET http://localhost:3000/.well-known/oauth-authorization-server
        POST http://localhost:3000/oauth/register
          {"application_type":"native","client_name":"Bowline","grant_types":["authorization_code","refresh_token"],"redirect_uris":["http://127.0.0.1:5000/callback"],"response_types":["code"],"token_endpoint_auth_method":"none"}
        browser http://localhost:3000/oauth/authorize response_type=code client_id=registered redirect_uri=http://127.0.0.1:5000/callback state=… code_challenge=… code_challenge_method=S256 resource=http://localhost:3000/mcp
        POST http://localhost:3000/oauth/token
          grant_type=authorization_code code=c0de redirect_uri=http://127.0.0.1:5000/callback code_verifier=… resource=http://localhost:3000/mcp client_id=registered
        done: registered at http://localhost:3000 (none, dynamic) for http://localhost:3000/mcp scopes [] Bearer acc refresh -
    "#]].assert_eq(&world.log);
}

#[test]
fn without_any_metadata_the_default_endpoints_are_used() {
    let mut world = world();
    let _ = world.login(settings(), Cause::Unauthorized(vec![]), None);
    expect![[r#"
        GET http://localhost:3000/.well-known/oauth-protected-resource/mcp
        GET http://localhost:3000/.well-known/oauth-protected-resource
        GET http://localhost:3000/.well-known/oauth-authorization-server
        POST http://localhost:3000/register
          {"application_type":"native","client_name":"Bowline","grant_types":["authorization_code","refresh_token"],"redirect_uris":["http://127.0.0.1:5000/callback"],"response_types":["code"],"token_endpoint_auth_method":"none"}
        browser http://localhost:3000/authorize response_type=code client_id=registered redirect_uri=http://127.0.0.1:5000/callback state=… code_challenge=… code_challenge_method=S256 resource=http://localhost:3000/mcp
        POST http://localhost:3000/token
          grant_type=authorization_code code=c0de redirect_uri=http://127.0.0.1:5000/callback code_verifier=… resource=http://localhost:3000/mcp client_id=registered
        done: registered at http://localhost:3000 (none, dynamic) for http://localhost:3000/mcp scopes [] Bearer acc refresh -
    "#]].assert_eq(&world.log);
}

#[test]
fn a_slash_at_the_end_of_that_issuer_leads_to_the_same_place() {
    let metadata = with(
        server("http://localhost:3000"),
        &json!({
            "issuer": "http://localhost:3000/",
            "authorization_response_iss_parameter_supported": null,
        }),
    );
    let kept = world().get(ROOT, &metadata).login(settings(), Cause::Login, None);
    assert_eq!(kept.issuer, "http://localhost:3000/");
}

#[test]
fn a_failure_is_no_sign_of_an_old_server() {
    for at in [AT_PATH, AT_ROOT, ROOT] {
        let mut world = world().answer(Method::Get, at, 503, &[], "");
        let fault = world.run(settings(), Cause::Unauthorized(vec![]), None).unwrap_err();
        assert!(matches!(fault, Fault::NoMetadata { .. }), "{at}: {fault}");
        assert!(!world.log.contains("browser"));
    }
    // Neither is metadata of somebody else.
    let mut world = world().get(ROOT, &server("http://localhost:4000"));
    let fault = world.run(settings(), Cause::Login, None).unwrap_err();
    assert!(matches!(fault, Fault::Issuer { .. }), "{fault}");
}

#[test]
fn old_servers_are_not_excused_from_pkce_where_they_have_metadata() {
    let metadata =
        with(server("http://localhost:3000"), &json!({ "code_challenge_methods_supported": null }));
    let fault = world().get(ROOT, &metadata).run(settings(), Cause::Login, None).unwrap_err();
    assert!(fault.to_string().contains("S256"), "{fault}");
}
