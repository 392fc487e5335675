//! Headers that repeat arguments, from callers over HTTP.

use super::support::{Fake, own_meta};
use crate::client::Client;
use crate::context::Context;
use crate::host::Host;
use crate::host::settings::Naming;
use crate::server::Server;
use crate::service::Service;
use crate::transport::Running;
use crate::transport::http::{Endpoint, Http, HttpService};
use bowline_types::tool::Tool;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use serde_json::{Value, json};
use std::sync::Arc;

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Query {
    #[schemars(extend("x-mcp-header" = "Region"))]
    region: Option<String>,
}

/// One whose tool `find` says what it was asked, and with which header.
fn server() -> Server {
    let find = |cx: Context, query: Query| async move {
        let header = cx.headers().get("mcp-param-region").map(|value| value.to_str().unwrap());
        format!("{:?} {header:?}", query.region)
    };
    Server::new("s", "1").tool(Tool::new("find"), find).tool(Tool::new("plain"), || async { "" })
}

/// Serves over a socket.
async fn serve(server: Server) -> (String, Running) {
    let http = Http::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/mcp", http.address());
    (url, server.start(http).unwrap())
}

fn mount(service: impl Service) -> HttpService {
    Endpoint::default().mount(service)
}

/// The status and the message that answers; of an error the code and the text.
async fn post(endpoint: &HttpService, headers: &[(&str, &str)], message: Value) -> (u16, String) {
    let mut request = http::Request::post("/mcp")
        .header("host", "localhost")
        .header("content-type", "application/json")
        .header("accept", "application/json, text/event-stream");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Full::<Bytes>::from(message.to_string())).unwrap();
    let response = endpoint.answer(request).await;
    let status = response.status().as_u16();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    let text = text.lines().find_map(|line| line.strip_prefix("data: {")).map_or_else(
        || text.clone(),
        // Of a session's stream: the first event that carries a message.
        |rest| format!("{{{rest}"),
    );
    let answer: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{status} {text}"));
    let said = match answer.get("error") {
        Some(error) => format!("{} {}", error["code"], error["message"]),
        None => format!("{}", answer["result"]["content"][0]["text"]),
    };
    (status, said)
}

/// A call of the newest protocol version.
async fn call(
    endpoint: &HttpService,
    tool: &str,
    headers: &[(&str, &str)],
    arguments: Value,
) -> (u16, String) {
    let own =
        [("mcp-protocol-version", "2026-07-28"), ("mcp-method", "tools/call"), ("mcp-name", tool)];
    let params = json!({ "name": tool, "arguments": arguments, "_meta": own_meta() });
    let message = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
    post(endpoint, &[&own[..], headers].concat(), message).await
}

/// A call of a client with a session.
#[cfg(not(modern_only))]
async fn call_in_session(
    endpoint: &HttpService,
    tool: &str,
    headers: &[(&str, &str)],
    arguments: Value,
) -> (u16, String) {
    let initialize = json!({
        "jsonrpc": "2.0", "id": 0, "method": "initialize",
        "params": {
            "protocolVersion": "2025-11-25", "capabilities": {},
            "clientInfo": { "name": "test", "version": "1" },
        },
    });
    let request = http::Request::post("/mcp")
        .header("host", "localhost")
        .header("content-type", "application/json")
        .header("accept", "application/json, text/event-stream")
        .body(Full::<Bytes>::from(initialize.to_string()))
        .unwrap();
    let opened = endpoint.answer(request).await;
    let session = opened.headers()["mcp-session-id"].to_str().unwrap().to_owned();
    let own = [("mcp-protocol-version", "2025-11-25"), ("mcp-session-id", &*session)];
    let params = json!({ "name": tool, "arguments": arguments });
    let message = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
    post(endpoint, &[&own[..], headers].concat(), message).await
}

/// Headers and arguments of a call, and what is wrong with them.
type Row = (&'static [(&'static str, &'static str)], Value, Option<&'static str>);

fn rows() -> [Row; 9] {
    let hello = || json!({ "region": "Hello" });
    [
        (&[("mcp-param-region", "Hello")], hello(), None),
        (&[("mcp-param-region", "=?base64?SGVsbG8=?=")], hello(), None),
        (&[], json!({}), None),
        (&[("mcp-param-region", "hello")], hello(), Some("differs")),
        (&[], hello(), Some("missing")),
        (&[("mcp-param-region", "=?base64?SGVs!!!bG8=?=")], hello(), Some("Base64")),
        (&[("mcp-param-region", "=?base64?SGVsbG8?=")], hello(), Some("Base64")),
        (&[("mcp-param-region", "Hello")], json!({}), Some("no value")),
        (
            &[("mcp-param-region", "Hello"), ("mcp-param-region", "Hello")],
            hello(),
            Some("more than once"),
        ),
    ]
}

#[tokio::test]
async fn headers_that_repeat_arguments_are_checked_before_anything_is_handed_on() {
    let fake = Fake::new(Naming::Prefix, &[("a", server()), ("b", server())]).await;
    let whole: Arc<dyn Service> = fake.whole();
    let one: Arc<dyn Service> = fake.one("a");
    let part: Arc<dyn Service> = fake.profile(&["b__*"]);
    for (view, tool) in [(whole, "a__find"), (one, "find"), (part, "b__find")] {
        let endpoint = mount(view);
        for (headers, arguments, fault) in rows() {
            let (status, said) = call(&endpoint, tool, headers, arguments.clone()).await;
            let handed_on = !fake.seen().is_empty();
            let at = format!("{tool} {headers:?} {arguments}: {status} {said}");
            match fault {
                None => assert!(status == 200 && handed_on, "{at}"),
                Some(fault) => {
                    assert_eq!((status, handed_on), (400, false), "{at}");
                    assert!(said.starts_with("-32020 ") && said.contains(fault), "{at}");
                }
            }
        }
        let (status, said) = call(&endpoint, tool, &[], json!([])).await;
        assert!(status == 200 && said.starts_with("-32602 "), "{status} {said}");
        let plain = tool.replace("find", "plain");
        let stray = [("mcp-param-region", "whatever")];
        assert_eq!(call(&endpoint, &plain, &stray, json!({})).await.0, 200, "nothing is repeated");
    }
}

#[cfg(not(modern_only))]
#[tokio::test]
async fn headers_of_sessions_are_not_checked() {
    let fake = Fake::new(Naming::Prefix, &[("a", server())]).await;
    let view: Arc<dyn Service> = fake.whole();
    let endpoint = mount(view);
    for (headers, arguments, _) in rows() {
        let (status, said) = call_in_session(&endpoint, "a__find", headers, arguments).await;
        assert_eq!(status, 200, "{headers:?}: {said}");
        assert!(said.contains("None"), "{said}");
    }
}

#[tokio::test]
async fn a_server_over_http_gets_headers_that_its_client_makes() {
    let (url, _running) = serve(server()).await;
    let host = Host::builder().server("a", url.as_str()).start().await.unwrap();
    let endpoint = mount(host.service());
    let plain = [("mcp-param-region", "Hello")];
    let wrapped = [("mcp-param-region", "=?base64?SGVsbG8=?=")];
    let hello = || json!({ "region": "Hello" });
    for headers in [plain, wrapped] {
        let said = call(&endpoint, "a__find", &headers, hello()).await;
        // The caller's own spelling ends at the host.
        assert_eq!(said, (200, r#""Some(\"Hello\") Some(\"Hello\")""#.to_owned()));
    }
    let (status, said) = call(&endpoint, "a__find", &[], hello()).await;
    assert!(status == 400 && said.starts_with("-32020 "), "{status} {said}");
    #[cfg(not(modern_only))]
    {
        let said = call_in_session(&endpoint, "a__find", &[], hello()).await;
        assert_eq!(said, (200, r#""Some(\"Hello\") Some(\"Hello\")""#.to_owned()));
    }
    host.close().await;
}

#[tokio::test]
async fn a_client_that_has_listed_nothing_yet_learns_which_arguments_are_repeated() {
    let (url, _running) = serve(server()).await;
    let client = Client::connect(url.as_str()).await.unwrap();
    let endpoint = mount(client);
    let header = [("mcp-param-region", "Hello")];
    for _ in 0..2 {
        let said = call(&endpoint, "find", &header, json!({ "region": "Hello" })).await;
        assert_eq!(said, (200, r#""Some(\"Hello\") Some(\"Hello\")""#.to_owned()));
    }
}
