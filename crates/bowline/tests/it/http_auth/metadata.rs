//! What a protected endpoint says of itself.

use super::authority::{Authority, RESOURCE, endpoint, mount};
use crate::http_support::{server, text};
use bowline::transport::http::{
    Endpoint, Http, HttpService, Introspection, Issuer, Protected, ResponseBody,
};
use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::Full;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

async fn ask(
    service: &HttpService,
    method: Method,
    path: &str,
    more: &[(&'static str, &str)],
) -> Response<ResponseBody> {
    let mut request = Request::builder().method(method).uri(path).header("host", "localhost");
    for (name, value) in more {
        request = request.header(*name, *value);
    }
    service.answer(request.body(Full::<Bytes>::default()).unwrap()).await
}

fn protected(resource: &str) -> Protected {
    Protected::new(resource).unwrap().issuer(Issuer::new("https://auth.example.com").unwrap())
}

/// RS-01: RFC 9728 with at least one authorization server, at the root and below it.
#[tokio::test]
async fn rs_01_metadata_is_at_the_root_and_below_it_for_everybody() {
    let told = protected(RESOURCE)
        .introspection(
            Introspection::new("https://other.example.com", "https://other.example.com/ask")
                .unwrap(),
        )
        .scopes(["mcp"])
        .scope("tools/call", ["mcp:call"])
        .name("Files")
        .documentation("https://mcp.example.com/about");
    let service = mount(told, server().0);
    for path in [WELL_KNOWN, &format!("{WELL_KNOWN}/"), &format!("{WELL_KNOWN}/mcp")] {
        let response = ask(&service, Method::GET, path, &[]).await;
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(response.headers()["content-type"], "application/json");
        assert_eq!(response.headers()["cache-control"], "public, max-age=3600");
        assert_eq!(response.headers()["vary"], "Origin");
        let length = response.headers()["content-length"].to_str().unwrap().to_owned();
        let document = text(response).await;
        assert_eq!(length, document.len().to_string());
        let document: Value = serde_json::from_str(&document).unwrap();
        assert_eq!(document["resource"], RESOURCE);
        let servers = json!(["https://auth.example.com", "https://other.example.com"]);
        assert_eq!(document["authorization_servers"], servers);
        assert_eq!(document["scopes_supported"], json!(["mcp"]));
        assert_eq!(document["bearer_methods_supported"], json!(["header"]));
        assert_eq!(document["resource_name"], "Files");

        let head = ask(&service, Method::HEAD, path, &[]).await;
        assert_eq!(
            (head.status().as_u16(), &head.headers()["content-length"]),
            (200, &length.parse().unwrap())
        );
        assert_eq!(text(head).await, "");
        let post = ask(&service, Method::POST, path, &[]).await;
        assert_eq!(
            (post.status().as_u16(), &post.headers()["allow"]),
            (405, &"GET, HEAD".parse().unwrap())
        );
    }
    for path in
        [format!("{WELL_KNOWN}/other"), format!("{WELL_KNOWN}x"), format!("{WELL_KNOWN}/mcp/")]
    {
        assert_eq!(ask(&service, Method::GET, &path, &[]).await.status(), 404, "{path}");
    }
}

#[tokio::test]
async fn pages_of_allowed_origins_read_metadata_and_no_others() {
    let service =
        endpoint(protected(RESOURCE)).allow_origin("https://app.test").unwrap().mount(server().0);
    let path = format!("{WELL_KNOWN}/mcp");
    let response = ask(&service, Method::GET, &path, &[("origin", "https://app.test")]).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["access-control-allow-origin"], "https://app.test");
    assert_eq!(response.headers()["vary"], "Origin");
    let response = ask(&service, Method::GET, &path, &[("origin", "https://evil.test")]).await;
    assert_eq!(response.status(), 403);
    assert!(!response.headers().contains_key("access-control-allow-origin"));
    assert_eq!(ask(&service, Method::GET, &path, &[("host", "evil.test")]).await.status(), 400);

    let preflight = [
        ("origin", "https://app.test"),
        ("access-control-request-method", "GET"),
        ("access-control-request-headers", "mcp-protocol-version"),
    ];
    let response = ask(&service, Method::OPTIONS, &path, &preflight).await;
    assert_eq!(response.status(), 204);
    assert_eq!(response.headers()["access-control-allow-methods"], "GET, HEAD");
    assert_eq!(response.headers()["access-control-allow-headers"], "mcp-protocol-version");
}

/// Without an authorization server there is nothing to say, and nothing changes.
#[tokio::test]
async fn an_endpoint_that_is_not_protected_has_no_metadata() {
    let service = Endpoint::default().path("/mcp").mount(server().0);
    assert_eq!(ask(&service, Method::GET, WELL_KNOWN, &[]).await.status(), 404);
}

/// Behind a proxy that cuts the path, clients know another one.
#[tokio::test]
async fn metadata_follows_the_path_that_clients_know() {
    let rows = [
        (
            "https://mcp.example.com",
            "/mcp",
            "https://mcp.example.com/.well-known/oauth-protected-resource",
            vec!["", "/mcp"],
        ),
        (
            "https://mcp.example.com/",
            "/",
            "https://mcp.example.com/.well-known/oauth-protected-resource",
            vec!["", "/"],
        ),
        (
            "https://mcp.example.com/tools/mcp",
            "/mcp",
            "https://mcp.example.com/.well-known/oauth-protected-resource/tools/mcp",
            vec!["", "/mcp", "/tools/mcp"],
        ),
    ];
    for (resource, path, url, places) in rows {
        let endpoint = Endpoint::default().path(path).protected(protected(resource)).unwrap();
        let service = endpoint.mount(server().0);
        for place in places {
            let response = ask(&service, Method::GET, &format!("{WELL_KNOWN}{place}"), &[]).await;
            assert_eq!(response.status(), 200, "{resource} {place}");
            let document: Value = serde_json::from_str(&text(response).await).unwrap();
            assert_eq!(document["resource"], resource);
        }
        let refused = ask(&service, Method::POST, path, &[]).await;
        let challenge = refused.headers()["www-authenticate"].to_str().unwrap();
        assert_eq!(challenge, format!("Bearer resource_metadata=\"{url}\""), "{resource}");
    }
}

/// Every endpoint of a listener is a resource of its own, and a token for one opens no other.
#[tokio::test]
async fn every_endpoint_of_a_listener_is_a_resource_of_its_own() {
    let authority = Authority::start().await;
    let told = Protected::new("https://mcp.example.com/tools/mcp").unwrap();
    let told = told.issuer(Issuer::new(&authority.issuer).unwrap());
    let other: std::sync::Arc<dyn bowline::Service> = std::sync::Arc::new(server().0);
    let http = Http::bind("127.0.0.1:0").await.unwrap().protected(told).unwrap();
    let http = http.find(move |folder| (folder == "/servers/time").then(|| other.clone()));
    let address = http.address();
    let _running = server().0.start(http).unwrap();

    let get = async |path: &str| {
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let head = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    };
    for path in ["/servers/time/mcp", "/tools/servers/time/mcp"] {
        let answer = get(&format!("{WELL_KNOWN}{path}")).await;
        assert!(
            answer.contains("\"resource\":\"https://mcp.example.com/tools/servers/time/mcp\""),
            "{answer}"
        );
    }
    for path in ["", "/mcp", "/tools/mcp"] {
        let answer = get(&format!("{WELL_KNOWN}{path}")).await;
        assert!(answer.contains("\"resource\":\"https://mcp.example.com/tools/mcp\""), "{answer}");
    }
    for path in ["/servers/other/mcp", "/servers/time", "/servers"] {
        let answer = get(&format!("{WELL_KNOWN}{path}")).await;
        assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
    }

    let post = async |path: &str, resource: &str| {
        let token = authority.token(json!({ "aud": resource }));
        let lines = format!("authorization: Bearer {token}\r\nconnection: close\r\n");
        let request = crate::http_support::http1("echo", &json!({ "message": "hi" }), &lines);
        let answer =
            crate::http_support::exchange(address, request.replacen("/mcp", path, 1).as_bytes())
                .await;
        crate::http_support::status(&answer)
    };
    let (own, room) =
        ("https://mcp.example.com/tools/mcp", "https://mcp.example.com/tools/servers/time/mcp");
    assert_eq!(post("/mcp", own).await, 200);
    assert_eq!(post("/mcp", room).await, 401);
    assert_eq!(post("/servers/time/mcp", room).await, 200);
    assert_eq!(post("/servers/time/mcp", own).await, 401);
}

#[test]
fn what_cannot_be_right_is_refused_when_it_is_said() {
    let refused = |result: bowline::Result<Protected>| result.unwrap_err().to_string();
    for (url, why) in [
        ("mcp.example.com", "resource: `mcp.example.com`"),
        ("http://mcp.example.com/mcp", "is not encrypted"),
        ("https://mcp.example.com/mcp#x", "`https://mcp.example.com/mcp#x`"),
        ("https://a@mcp.example.com/mcp", "cannot be used"),
    ] {
        let error = refused(Protected::new(url));
        assert!(error.contains(why), "{error}");
    }
    for good in ["http://localhost:8080/mcp", "http://127.0.0.1/mcp", "http://[::1]:1/mcp"] {
        assert!(Protected::new(good).is_ok(), "{good}");
    }
    assert!(Issuer::new("http://auth.example.com").is_err());
    assert!(Issuer::new("https://a.test").unwrap().jwks_uri("ftp://a.test").is_err());
    assert!(Issuer::new("https://a.test").unwrap().algorithms([]).is_err());
    assert!(Introspection::new("https://a.test", "http://a.test/x").is_err());
    let asked = || Introspection::new("https://a.test", "https://a.test/x").unwrap();
    assert!(asked().client("", "x").is_err() && asked().client("x", "").is_err());
    assert!(asked().bearer("a b").is_err() && asked().bearer("").is_err());

    let good = || protected(RESOURCE);
    let rows: Vec<(Protected, &str)> = vec![
        (Protected::new(RESOURCE).unwrap(), "no authorization server"),
        (good().issuer(Issuer::new("https://auth.example.com").unwrap()), "stands twice"),
        (good().scopes(["a b"]), "scopes: \"a b\" is no scope"),
        (good().scope("tools/call", ["a\""]), "scopes of `tools/call`"),
        (good().tool_scopes("delete", [""]), "scopes of tool `delete`"),
        (good().scopes(["offline_access"]), "`offline_access`"),
        (good().implies("a", ["b c"]), "implied"),
        (
            Protected::new(RESOURCE)
                .unwrap()
                .issuer(Issuer::new("https://a.test").unwrap().algorithms(["HS256"]).unwrap()),
            "there is no `HS256`; there are RS256",
        ),
        (
            Protected::new(RESOURCE)
                .unwrap()
                .issuer(Issuer::new("https://a.test").unwrap().algorithms(["none"]).unwrap()),
            "there is no `none`",
        ),
        (
            Protected::new(RESOURCE)
                .unwrap()
                .issuer(Issuer::new("https://a.test").unwrap().cacert("/nowhere.pem")),
            "/nowhere.pem",
        ),
    ];
    for (told, why) in rows {
        let error = Endpoint::default().protected(told).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
}

#[tokio::test]
async fn a_protected_listener_may_be_public() {
    let http = Http::bind("0.0.0.0:0").await.unwrap();
    assert!(http.check().is_err());
    let http = http.protected(protected(RESOURCE)).unwrap().public_url(RESOURCE).unwrap();
    assert!(http.check().is_ok());
}
