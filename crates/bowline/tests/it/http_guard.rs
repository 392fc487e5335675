//! Who may come in: hosts, origins, tokens, on every route.

use crate::http_support::{media_type, request, server};
use bowline::transport::http::{Endpoint, HttpService};
use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response};
use http_body_util::{BodyExt, Full};
use serde_json::json;

fn mount(change: impl FnOnce(Endpoint) -> bowline::Result<Endpoint>) -> HttpService {
    change(Endpoint::default().path("/mcp")).unwrap().mount(server().0)
}

fn echo() -> Request<Full<Bytes>> {
    request("echo", &json!({ "message": "hi" }))
}

fn set(headers: &mut HeaderMap, name: &'static str, values: &[&str]) {
    headers.remove(name);
    for value in values {
        headers.append(name, value.parse().unwrap());
    }
}

/// Every route of a server with no settings at all (the defect of other SDKs was a guard that was off by default).
#[tokio::test]
async fn hosts_and_origins_are_checked_on_every_route() {
    let service = Endpoint::default().path("/mcp").mount(server().0);
    let hosts: &[(&[&str], u16)] = &[
        (&["localhost"], 0),
        (&["127.0.0.1:8080"], 0),
        (&["[::1]:8080"], 0),
        (&["evil.com"], 403),
        (&["127.0.0.1.evil.com"], 403),
        (&["a@localhost"], 400),
        (&["localhost."], 400),
        (&["localhost:99999"], 400),
        (&[], 400),
        (&["localhost", "localhost"], 400),
    ];
    let origins: &[(&[&str], u16)] = &[
        (&[], 0),
        (&["http://localhost:3000"], 0),
        (&["null"], 403),
        (&["https://evil.com"], 403),
        (&["http://localhost.evil.com"], 403),
        (&["localhost"], 403),
        (&["http://localhost", "http://evil.com"], 403),
    ];
    let methods = [Method::GET, Method::POST, Method::DELETE, Method::OPTIONS, Method::HEAD];
    let paths =
        ["/mcp", "/sse", "/messages", "/", "/.well-known/oauth-protected-resource", "/metrics"];
    let mut seen = 0;
    for (hosts, host_status) in hosts {
        for (origins, origin_status) in origins {
            for method in &methods {
                for path in paths {
                    let mut request = echo();
                    *request.method_mut() = method.clone();
                    *request.uri_mut() = path.parse().unwrap();
                    set(request.headers_mut(), "host", hosts);
                    set(request.headers_mut(), "origin", origins);
                    let response = service.answer(request).await;
                    let expected = match (host_status, origin_status) {
                        (0, 0) => match (path, method) {
                            ("/mcp", &Method::POST) | ("/sse", &Method::GET) => 200,
                            // It names no stream.
                            ("/messages", &Method::POST) => 400,
                            ("/mcp" | "/sse" | "/messages", _) => 405,
                            _ => 404,
                        },
                        (0, origin) => *origin,
                        (host, _) => *host,
                    };
                    assert_eq!(
                        response.status(),
                        expected,
                        "{method} {path} {hosts:?} {origins:?}"
                    );
                    assert!(!response.headers().contains_key("access-control-allow-origin"));
                    seen += 1;
                }
            }
        }
    }
    assert_eq!(seen, 10 * 7 * 6 * 5);
}

#[tokio::test]
async fn a_refusal_names_the_value() {
    let mut request = echo();
    set(request.headers_mut(), "host", &["evil.com"]);
    let response = mount(Ok).answer(request).await;
    assert_eq!(media_type(&response), "application/json");
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(
        body,
        r#"{"jsonrpc":"2.0","error":{"code":-32600,"message":"host `evil.com` is not allowed"}}"#
    );
}

#[tokio::test]
async fn hosts_are_added_one_by_one() {
    let service = mount(|endpoint| {
        endpoint.allow_host("a.test")?.allow_host("b.test:81")?.public_url("https://c.test/mcp")
    });
    for (host, expected) in [
        ("a.test", 200),
        ("a.test:9", 200),
        ("b.test", 403),
        ("b.test:81", 200),
        ("c.test", 200),
        ("localhost", 200),
        ("d.test", 403),
    ] {
        let mut request = echo();
        set(request.headers_mut(), "host", &[host]);
        assert_eq!(service.answer(request).await.status(), expected, "{host}");
    }
    for wrong in ["*", "https://a.test", ""] {
        assert!(Endpoint::default().allow_host(wrong).is_err());
    }
    assert!(Endpoint::default().allow_origin("*").is_err());
    assert!(Endpoint::default().public_url("a.test").is_err());
}

fn cors(response: &Response<impl Sized>) -> Vec<(&str, &str)> {
    response
        .headers()
        .iter()
        .filter(|(name, _)| name.as_str().starts_with("access-control") || *name == "vary")
        .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
        .collect()
}

#[tokio::test]
async fn only_pages_of_allowed_origins_read_answers() {
    let service = mount(|endpoint| endpoint.allow_origin("https://app.test"));
    let cases: &[(Option<&str>, u16, bool)] = &[
        (None, 200, false),
        (Some("https://app.test"), 200, true),
        (Some("http://localhost:3000"), 200, false),
        (Some("https://other.test"), 403, false),
        (Some("null"), 403, false),
    ];
    for (origin, status, reads) in cases {
        let mut request = echo();
        set(request.headers_mut(), "origin", origin.as_slice());
        let response = service.answer(request).await;
        assert_eq!(response.status(), *status, "{origin:?}");
        let expected: &[(&str, &str)] = &[
            ("access-control-allow-origin", "https://app.test"),
            ("access-control-expose-headers", "mcp-session-id, retry-after, www-authenticate"),
            ("vary", "Origin"),
        ];
        let mut got = cors(&response);
        got.sort_unstable();
        assert_eq!(got, if *reads { expected } else { &[] }, "{origin:?}");
    }
}

#[tokio::test]
async fn a_browser_that_asks_first_is_answered_for_allowed_origins_only() {
    let token = "t".repeat(43);
    let service = mount(|endpoint| endpoint.allow_origin("https://app.test")?.bearer_token(&token));
    let preflight = |origin: &str, path: &str| {
        Request::options(path)
            .header("host", "localhost")
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header(
                "access-control-request-headers",
                "Content-Type, mcp-method,x-evil, Mcp-Param-Region, authorization",
            )
            .body(Full::<Bytes>::default())
            .unwrap()
    };
    let response = service.answer(preflight("https://app.test", "/mcp")).await;
    assert_eq!(response.status(), 204);
    let headers = response.headers();
    assert_eq!(headers["access-control-allow-origin"], "https://app.test");
    assert_eq!(headers["access-control-allow-methods"], "POST, GET, DELETE");
    assert_eq!(
        headers["access-control-allow-headers"],
        "content-type, mcp-method, mcp-param-region, authorization"
    );
    assert!(!headers.contains_key("access-control-allow-credentials"));
    for (origin, path, expected) in [
        ("https://other.test", "/mcp", 403),
        // Known, but not to be told: the browser learns nothing it could use.
        ("http://localhost:3000", "/mcp", 401),
        ("https://app.test", "/other", 404),
    ] {
        let response = service.answer(preflight(origin, path)).await;
        assert_eq!(response.status(), expected, "{origin} {path}");
        assert!(!response.headers().contains_key("access-control-allow-methods"));
    }
}

#[tokio::test]
async fn a_token_is_asked_for_and_never_shown() {
    let good = format!("good-{}", "a".repeat(40));
    let service = mount(|endpoint| endpoint.bearer_token(&good));
    let missing = Some("Bearer");
    let invalid = Some("Bearer error=\"invalid_token\"");
    let cases: &[(&[&str], u16, Option<&str>)] = &[
        (&[], 401, missing),
        (&["Bearer good"], 401, invalid),
        (&["Bearer "], 401, invalid),
        (&["Basic Z29vZA=="], 401, invalid),
        (&[&good], 401, invalid),
        (&[&format!("Bearer {good}")], 200, None),
        (&[&format!("bearer   {good}")], 200, None),
        (&[&format!("Bearer {good}"), "Bearer x"], 400, None),
    ];
    let mut bodies = Vec::new();
    for (values, status, challenge) in cases {
        let mut request = request("who", &json!({}));
        set(request.headers_mut(), "authorization", values);
        let response = service.answer(request).await;
        assert_eq!(response.status(), *status, "{values:?}");
        let asked = response.headers().get("www-authenticate").map(|value| value.to_str().unwrap());
        assert_eq!(asked, *challenge, "{values:?}");
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let body = String::from_utf8(body.to_vec()).unwrap();
        assert!(!body.contains("good"), "{body}");
        match status {
            200 => assert!(body.contains("Token token false"), "{body}"),
            401 => bodies.push(body),
            _ => {}
        }
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "{bodies:?}");

    for query in ["access_token=x", "a=b&access_token", "ACCESS_TOKEN=x"] {
        let mut request = echo();
        set(request.headers_mut(), "authorization", &[&format!("Bearer {good}")]);
        *request.uri_mut() = format!("/mcp?{query}").parse().unwrap();
        assert_eq!(service.answer(request).await.status(), 400, "{query}");
    }
}

/// Nobody learns from the order of checks whether a body would have been taken.
#[tokio::test]
async fn checks_come_in_order() {
    let service = mount(|endpoint| endpoint.bearer_token(&"t".repeat(43)));
    let mut request = echo();
    let headers = request.headers_mut();
    set(headers, "host", &["evil.com"]);
    set(headers, "origin", &["https://evil.com"]);
    set(headers, "content-type", &["text/plain"]);
    set(headers, "accept", &["text/html"]);
    let mended: [(&str, String, u16); 5] = [
        ("host", "localhost".into(), 403),
        ("origin", "http://localhost".into(), 401),
        ("authorization", format!("Bearer {}", "t".repeat(43)), 415),
        ("content-type", "application/json".into(), 406),
        ("accept", "*/*".into(), 200),
    ];
    assert_eq!(service.answer(request.clone()).await.status(), 403);
    for (name, value, then) in mended {
        set(request.headers_mut(), name, &[&value]);
        assert_eq!(service.answer(request.clone()).await.status(), then, "{name}");
    }
}
