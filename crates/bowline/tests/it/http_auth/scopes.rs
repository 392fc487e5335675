//! What a request needs besides a good token.

use super::authority::{Authority, mount, with};
use crate::http_session_support::Peer;
use crate::http_support::{meta, request, text};
use bowline::Server;
use bowline::server::ToolExt;
use bowline::transport::http::{Endpoint, HttpService};
use bowline::types::tool::Tool;
use http::{HeaderValue, Request};
use http_body_util::{BodyExt, Full};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const METADATA: &str = "https://mcp.example.com/.well-known/oauth-protected-resource/mcp";

/// Tools that need scopes by what the server says, and a count of what has begun.
fn server() -> (Server, Arc<AtomicUsize>) {
    let begun = Arc::new(AtomicUsize::new(0));
    let tool = |begun: &Arc<AtomicUsize>| {
        let begun = begun.clone();
        move || {
            begun.fetch_add(1, Ordering::SeqCst);
            async { "done" }
        }
    };
    let server = Server::new("test", "1")
        .scope("tools/call", ["call"])
        .tool(Tool::new("read"), tool(&begun))
        .tool(Tool::new("write").scopes(["write", "call"]), tool(&begun))
        .tool(Tool::new("purge").scopes(["write", "admin"]), tool(&begun));
    (server, begun)
}

fn service(authority: &Authority, server: Server) -> HttpService {
    let told = authority
        .protected()
        .scopes(["mcp"])
        .tool_scopes("purge", ["purge"])
        .implies("all", ["mcp", "call", "write", "admin"])
        .implies("admin", ["purge"]);
    mount(told, server)
}

/// RS-04: 403 with one challenge that names everything the call needs; hierarchies count; nothing has begun.
#[tokio::test]
async fn rs_04_one_challenge_names_everything_that_a_call_needs() {
    let authority = Authority::start().await;
    let (server, begun) = server();
    let service = service(&authority, server);
    let rows: &[(&str, &str, Option<&str>)] = &[
        ("", "read", Some("call mcp")),
        ("mcp", "read", Some("call mcp")),
        ("mcp call", "read", None),
        ("call", "read", Some("call mcp")),
        ("mcp call", "write", Some("call write mcp")),
        ("mcp call write", "write", None),
        ("mcp", "purge", Some("call write admin mcp purge")),
        ("mcp call write", "purge", Some("call write admin mcp purge")),
        ("mcp call write admin", "purge", None),
        ("all", "purge", None),
        ("ALL", "read", Some("call mcp")),
        // Nobody learns by scopes what there is.
        ("mcp call", "unknown", None),
    ];
    let mut expected = 0;
    for (granted, tool, needed) in rows {
        let token = authority.token(json!({ "scope": granted }));
        let response = service.answer(with(request(tool, &json!({})), &token)).await;
        let what = format!("{tool} with `{granted}`");
        match needed {
            None => {
                assert_ne!(response.status(), 403, "{what}");
                expected += usize::from(*tool != "unknown");
            }
            Some(needed) => {
                assert_eq!(response.status(), 403, "{what}");
                let challenge =
                    response.headers().get_all("www-authenticate").iter().collect::<Vec<_>>();
                let one = format!(
                    "Bearer error=\"insufficient_scope\", scope=\"{needed}\", resource_metadata=\"{METADATA}\""
                );
                assert_eq!(challenge, [&HeaderValue::try_from(one).unwrap()], "{what}");
                let body: Value = serde_json::from_str(&text(response).await).unwrap();
                assert_eq!(body["id"], 1);
                assert_eq!(body["error"]["data"]["scope"], *needed);
            }
        }
        assert_eq!(begun.load(Ordering::SeqCst), expected, "{what}");
    }
}

/// The same for clients of sessions, whose calls are in a body that can be a batch.
#[tokio::test]
async fn sessions_are_challenged_as_well() {
    let authority = Authority::start().await;
    let (server, begun) = server();
    let service = service(&authority, server);
    let bearer =
        |scope: &str| Some(format!("Bearer {}", authority.token(json!({ "scope": scope }))));
    let call = |id: u32, tool: &str| json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": { "name": tool, "arguments": {} } });
    for version in ["2025-03-26", "2025-11-25"] {
        let none = Peer { authorization: bearer(""), ..Peer::new(&service, version) };
        let opening = none.post(&crate::http_session_support::initialize(version)).await;
        assert_eq!(opening.status(), 403);
        let peer = Peer { authorization: bearer("mcp call"), ..Peer::new(&service, version) };
        let peer = peer.opened().await;
        let before = begun.load(Ordering::SeqCst);
        assert_eq!(peer.post(&call(1, "read")).await.status(), 200);
        let refused = peer.post(&call(2, "write")).await;
        assert_eq!(refused.status(), 403);
        let challenge = refused.headers()["www-authenticate"].to_str().unwrap().to_owned();
        assert!(challenge.contains("scope=\"call write mcp\""), "{challenge}");
        assert_eq!(begun.load(Ordering::SeqCst), before + 1);
        // More in the same session, by a token with more.
        let more = Peer { authorization: bearer("mcp call write"), ..peer.clone() };
        assert_eq!(more.post(&call(3, "write")).await.status(), 200);
        // Less again: the session remembers nothing of it.
        assert_eq!(peer.post(&call(4, "write")).await.status(), 403);
        let less = Peer { authorization: bearer(""), ..peer.clone() };
        assert_eq!(less.get(None).await.status(), 403);
        assert_eq!(less.delete().await.status(), 403);
        if version == "2025-03-26" {
            let batch = json!([call(5, "read"), call(6, "write"), call(7, "purge")]);
            let refused = peer.post(&batch).await;
            assert_eq!(refused.status(), 403);
            let challenge = refused.headers()["www-authenticate"].to_str().unwrap().to_owned();
            assert!(challenge.contains("scope=\"call mcp write admin purge\""), "{challenge}");
            let all = Peer { authorization: bearer("all"), ..peer.clone() };
            assert_eq!(all.post(&batch).await.status(), 200);
        }
    }
}

/// And for clients of the oldest version, whose messages are POSTed beside the stream.
#[tokio::test]
async fn messages_beside_a_stream_are_challenged_as_well() {
    let authority = Authority::start().await;
    let (server, begun) = server();
    let service = service(&authority, server);
    let get = |scope: &str| {
        let token = authority.token(json!({ "scope": scope }));
        let head = Request::get("/sse").header("host", "localhost");
        let head = head.header("accept", "text/event-stream");
        with(head.body(Full::default()).unwrap(), &token)
    };
    assert_eq!(service.answer(get("call")).await.status(), 403);
    let mut events = service.answer(get("mcp call")).await;
    assert_eq!(events.status(), 200);
    let first = events.body_mut().frame().await.unwrap().unwrap().into_data().unwrap();
    let first = String::from_utf8(first.to_vec()).unwrap();
    let place = first.lines().find_map(|line| line.strip_prefix("data: ")).unwrap();
    let post = async |scope: &str, tool: &str| {
        let token = authority.token(json!({ "scope": scope }));
        let head = Request::post(place).header("host", "localhost");
        let head = head.header("content-type", "application/json");
        let body = json!({
            "jsonrpc": "2.0", "id": 1, "method": "tools/call",
            "params": { "name": tool, "arguments": {} },
        });
        let body = Full::from(body.to_string());
        service.answer(with(head.body(body).unwrap(), &token)).await
    };
    let refused = post("mcp call", "write").await;
    assert_eq!(refused.status(), 403);
    let challenge = refused.headers()["www-authenticate"].to_str().unwrap();
    assert!(challenge.contains("scope=\"call write mcp\""), "{challenge}");
    assert_eq!(post("mcp call", "read").await.status(), 202);
    assert_eq!(begun.load(Ordering::SeqCst), 0);
}

/// Keys that are written with escapes name the same tool.
#[tokio::test]
async fn no_spelling_gets_past_a_scope() {
    let authority = Authority::start().await;
    let (server, begun) = server();
    let service = service(&authority, server);
    let token = authority.token(json!({ "scope": "mcp call" }));
    for name in [r"wr\u0069te", r"\u0077rite"] {
        let meta = meta();
        let body = format!(
            r#"{{"jsonrpc":"2.0","id":1,"m\u0065thod":"tools\/call","params":{{"n\u0061me":"{name}","arguments":{{}},"_meta":{meta}}}}}"#
        );
        let mut request = with(request("write", &json!({})), &token);
        *request.body_mut() = Full::from(body);
        assert_eq!(service.answer(request).await.status(), 403, "{name}");
    }
    assert_eq!(begun.load(Ordering::SeqCst), 0);
}

/// Tokens that are known here have scopes too, with an authorization server or without.
#[tokio::test]
async fn a_token_of_a_file_has_scopes_too() {
    use std::os::unix::fs::PermissionsExt;
    let dir = std::env::temp_dir().join(format!("bowline-scopes-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let file = dir.join("tokens");
    let digest = |token: &str| {
        let digest = ring::digest::digest(&ring::digest::SHA256, token.as_bytes());
        digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    let (reads, all) = ("r".repeat(43), "a".repeat(43));
    let text_of = format!("reads:{}:mcp call\nall:{}:all\n", digest(&reads), digest(&all));
    std::fs::write(&file, text_of).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();

    let plain = Endpoint::default().path("/mcp").token_file(&file).unwrap().mount(server().0);
    let status = async |service: &HttpService, tool: &str, token: &str| {
        let response = service.answer(with(request(tool, &json!({})), token)).await;
        let challenge = response.headers().get("www-authenticate").cloned();
        (response.status().as_u16(), challenge.map(|value| value.to_str().unwrap().to_owned()))
    };
    assert_eq!(status(&plain, "read", &reads).await, (200, None));
    let challenge = "Bearer error=\"insufficient_scope\", scope=\"call write\"".to_owned();
    assert_eq!(status(&plain, "write", &reads).await, (403, Some(challenge)));

    let authority = Authority::start().await;
    let told = authority.protected().implies("all", ["call", "write"]);
    let both = super::authority::endpoint(told).token_file(&file).unwrap().mount(server().0);
    assert_eq!(status(&both, "write", &all).await, (200, None));
    assert_eq!(status(&both, "write", &reads).await.0, 403);
    std::fs::remove_dir_all(dir).unwrap();
}

/// Who was let in by something in front is asked for scopes as everybody is.
#[tokio::test]
async fn a_principal_from_a_layer_in_front_is_asked_too() {
    let (server, begun) = server();
    let service = Endpoint::default().mount(server);
    let with_scopes = |tool: &str, scopes: &[&str]| {
        let mut request: Request<_> = request(tool, &json!({}));
        let principal = bowline::Principal::token("alice", scopes.iter().copied());
        request.extensions_mut().insert(principal);
        request
    };
    assert_eq!(service.answer(with_scopes("write", &["call"])).await.status(), 403);
    assert_eq!(service.answer(request("read", &json!({}))).await.status(), 403);
    assert_eq!(begun.load(Ordering::SeqCst), 0);
    assert_eq!(service.answer(with_scopes("write", &["call", "write"])).await.status(), 200);
}

/// Where there is no status a JSON-RPC error says the same.
#[cfg(feature = "client")]
#[tokio::test]
async fn other_transports_answer_with_an_error() {
    let (server, begun) = server();
    let refused = async |server: &Server| {
        let client = bowline::Client::connect(server).await.unwrap();
        client.call_tool("write", json!({})).await.map(drop)
    };
    let error = refused(&server).await.unwrap_err();
    let object = error.rpc().unwrap();
    assert_eq!(object.data.as_ref().unwrap()["scope"], "call write");
    assert_eq!(begun.load(Ordering::SeqCst), 0);
    // A process has no token, and can be granted scopes.
    assert!(refused(&server.clone().process_scopes(["call"])).await.is_err());
    assert!(refused(&server.process_scopes(["write"])).await.is_ok());
    assert_eq!(begun.load(Ordering::SeqCst), 1);
}

/// By default lists show everything, so that clients can ask for more; a server may show what can be called only.
#[tokio::test]
async fn lists_show_what_the_predicate_shows() {
    let authority = Authority::start().await;
    let names = async |service: &HttpService, scope: &str| {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": { "_meta": meta() } });
        let mut request =
            with(request("", &json!({})), &authority.token(json!({ "scope": scope })));
        request.headers_mut().insert("mcp-method", HeaderValue::from_static("tools/list"));
        request.headers_mut().remove("mcp-name");
        *request.body_mut() = Full::from(body.to_string());
        let body: Value = serde_json::from_str(&text(service.answer(request).await).await).unwrap();
        let tools = body["result"]["tools"].as_array().unwrap_or_else(|| panic!("{body}"));
        tools.iter().map(|tool| tool["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let everything = service(&authority, server().0);
    assert_eq!(names(&everything, "mcp").await, ["read", "write", "purge"]);
    let granted = server().0.visible(|principal, item| item.is_granted(principal));
    let granted = service(&authority, granted);
    assert_eq!(names(&granted, "mcp").await, ["read"]);
    assert_eq!(names(&granted, "mcp call write").await, ["read", "write"]);
    assert_eq!(names(&granted, "all").await, ["read", "write", "purge"]);
    // What is hidden is unknown, and asks for nothing that would tell that it is there.
    let token = authority.token(json!({ "scope": "mcp call" }));
    let hidden = text(granted.answer(with(request("write", &json!({})), &token)).await).await;
    let unknown = text(granted.answer(with(request("never", &json!({})), &token)).await).await;
    assert_eq!(hidden.replace("write", "never"), unknown);
}

#[test]
fn a_scope_that_is_none_is_told_at_the_start() {
    let server = Server::new("test", "1").tool(Tool::new("a").scopes(["b c"]), || async { "" });
    assert_eq!(server.check().unwrap_err().to_string(), "tool `a`: \"b c\" is no scope");
    let server = Server::new("test", "1").scope("tools/call", [""]);
    assert_eq!(server.check().unwrap_err().to_string(), "scopes of `tools/call`: \"\" is no scope");
}
