//! Where metadata is, which is used, and what is wrong with the rest.

use super::{AuthorizationServer, ProtectedResource};
use crate::Url;

fn texts(urls: &[Url]) -> Vec<&str> {
    urls.iter().map(Url::as_str).collect()
}

#[test]
fn the_metadata_of_a_resource_is_at_its_path_then_at_the_root() {
    for (server, expected) in [
        (
            "https://h.example/public/mcp",
            &[
                "https://h.example/.well-known/oauth-protected-resource/public/mcp",
                "https://h.example/.well-known/oauth-protected-resource",
            ][..],
        ),
        ("https://h.example", &["https://h.example/.well-known/oauth-protected-resource"]),
        ("https://h.example/", &["https://h.example/.well-known/oauth-protected-resource"]),
        (
            "https://H.example:443/mcp/?a=b",
            &[
                "https://H.example:443/.well-known/oauth-protected-resource/mcp/?a=b",
                "https://H.example:443/.well-known/oauth-protected-resource",
            ],
        ),
    ] {
        let server = Url::parse(server).unwrap();
        assert_eq!(texts(&ProtectedResource::well_known(&server)), expected);
    }
}

#[test]
fn the_metadata_of_an_issuer_is_in_three_places_or_two() {
    for (issuer, expected) in [
        (
            "https://as.example/tenant1",
            &[
                "https://as.example/.well-known/oauth-authorization-server/tenant1",
                "https://as.example/.well-known/openid-configuration/tenant1",
                "https://as.example/tenant1/.well-known/openid-configuration",
            ][..],
        ),
        (
            "https://as.example/a/b/",
            &[
                "https://as.example/.well-known/oauth-authorization-server/a/b",
                "https://as.example/.well-known/openid-configuration/a/b",
                "https://as.example/a/b/.well-known/openid-configuration",
            ],
        ),
        (
            "https://as.example",
            &[
                "https://as.example/.well-known/oauth-authorization-server",
                "https://as.example/.well-known/openid-configuration",
            ],
        ),
        (
            "https://as.example/",
            &[
                "https://as.example/.well-known/oauth-authorization-server",
                "https://as.example/.well-known/openid-configuration",
            ],
        ),
    ] {
        let issuer = Url::parse(issuer).unwrap();
        assert_eq!(texts(&AuthorizationServer::well_known(&issuer)), expected);
    }
}

#[test]
fn a_resource_covers_itself_and_what_is_below_it_and_nothing_else() {
    let covers = |resource: &str, server: &str| {
        let body = serde_json::json!({ "resource": resource }).to_string();
        let metadata = ProtectedResource::read(body.as_bytes()).unwrap();
        metadata.covers(&Url::parse(server).unwrap())
    };
    for (resource, server) in [
        ("https://h.example/mcp", "https://h.example/mcp"),
        ("https://h.example/mcp?t=1", "https://h.example/mcp?t=1"),
        ("https://h.example", "https://h.example/mcp"),
        ("https://h.example/", "https://h.example/mcp"),
        ("https://h.example/", "https://h.example"),
        ("https://h.example", "https://h.example/"),
        ("https://h.example/mcp/", "https://h.example/mcp"),
        ("https://h.example/mcp", "https://h.example/mcp/"),
        ("https://h.example/a", "https://h.example/a/mcp?t=1"),
        ("https://H.Example:443/a", "https://h.example/a/mcp"),
    ] {
        assert!(covers(resource, server), "{resource} covers {server}");
    }
    for (resource, server) in [
        ("https://evil.example/mcp", "https://h.example/mcp"),
        ("https://h.example.evil.example/mcp", "https://h.example/mcp"),
        ("https://h.example@evil.example/mcp", "https://h.example/mcp"),
        ("http://h.example/mcp", "https://h.example/mcp"),
        ("https://h.example:8443/mcp", "https://h.example/mcp"),
        ("https://h.example/mcp/deeper", "https://h.example/mcp"),
        ("https://h.example/mc", "https://h.example/mcp"),
        ("https://h.example/other", "https://h.example/mcp"),
        ("https://h.example/a", "https://h.example/a/../b/mcp"),
        ("https://h.example/a", "https://h.example/a/%2E%2e/b/mcp"),
        ("https://h.example/mcp?t=2", "https://h.example/mcp?t=1"),
        ("https://h.example/mcp#f", "https://h.example/mcp"),
        ("urn:mcp", "https://h.example/mcp"),
        ("", "https://h.example/mcp"),
    ] {
        assert!(!covers(resource, server), "{resource} does not cover {server}");
    }
}

#[test]
fn silence_is_no_pkce_but_no_objection_to_codes() {
    for (document, s256, codes) in [
        (r#"{"issuer":"i"}"#, false, true),
        (r#"{"issuer":"i","code_challenge_methods_supported":null}"#, false, true),
        (r#"{"issuer":"i","code_challenge_methods_supported":[]}"#, false, true),
        (r#"{"issuer":"i","code_challenge_methods_supported":["plain"]}"#, false, true),
        (r#"{"issuer":"i","code_challenge_methods_supported":["s256"]}"#, false, true),
        (r#"{"issuer":"i","code_challenge_methods_supported":["plain","S256"]}"#, true, true),
        (r#"{"issuer":"i","code_challenge_methods_supported":[1,{},"S256"]}"#, true, true),
        (r#"{"issuer":"i","response_types_supported":["token"]}"#, false, false),
        (r#"{"issuer":"i","response_types_supported":["code","token"]}"#, false, true),
    ] {
        let server = AuthorizationServer::read(document.as_bytes()).unwrap();
        assert_eq!((server.has_s256(), server.gives_codes()), (s256, codes), "{document}");
    }
}

#[test]
fn what_is_no_metadata_is_refused_fit_to_be_shown() {
    for document in [
        "",
        "null",
        "[]",
        "<!doctype html>",
        "{}",
        r#"{"issuer":1}"#,
        r#"{"issuer":"a","issuer":"b"}"#,
        r#"{"issuer":"a","token_endpoint":{}}"#,
        r#"{"issuer":"a","scopes_supported":"a b"}"#,
        "{\"issuer\":\"a\",\"authorization_response_iss_parameter_supported\":\"\\u001b[31m\"}",
        &"[".repeat(100_000),
        &format!(r#"{{"issuer":"a","x":"{}"}}"#, "x".repeat(300_000)),
    ] {
        let fault = AuthorizationServer::read(document.as_bytes()).unwrap_err();
        assert!(fault.len() < 300 && !fault.contains('\u{1b}'), "{fault}");
    }
    assert!(ProtectedResource::read(br#"{"authorization_servers":["a"]}"#).is_err());
}
