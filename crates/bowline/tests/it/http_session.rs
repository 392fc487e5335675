//! Sessions over HTTP: what opens one, what they answer, and who may speak in them.

use crate::http_session_support::{
    ACCEPT, Peer, VERSIONS, bytes, call, initialize, is_stream, json_of, messages, mounted,
};
use bowline::Principal;
use bowline::transport::http::ResponseBody;
use expect_test::expect;
use http::Response;
use serde_json::{Value, json};
use std::collections::HashSet;

#[tokio::test(start_paused = true)]
async fn a_session_opens_works_and_ends_in_every_version() {
    let (service, _) = mounted(|endpoint| endpoint);
    for version in VERSIONS {
        let peer = Peer::open(&service, version).await;
        assert_eq!(peer.text(1, "echo", json!({"message": "hi"})).await, "hi");
        let ping = peer.post(&json!({"jsonrpc": "2.0", "id": "p", "method": "ping"})).await;
        assert_eq!(json_of(ping).await, json!({"jsonrpc": "2.0", "id": "p", "result": {}}));
        let messages = messages(peer.call(2, "log", json!({"count": 2})).await).await;
        let methods: Vec<_> = messages.iter().map(|message| message["method"].as_str()).collect();
        let log = Some("notifications/message");
        assert_eq!(methods, [log, log, None], "{version}");
        assert_eq!(messages[2]["id"], 2);
        assert_eq!(peer.delete().await.status(), 204);
        assert_eq!(peer.call(3, "echo", json!({"message": "hi"})).await.status(), 404);
        assert_eq!(peer.get(None).await.status(), 404);
        assert_eq!(peer.delete().await.status(), 404);
    }
}

/// `name: status, kind of body, error and id`.
async fn row(name: &str, response: Response<ResponseBody>) -> String {
    let status = response.status().as_u16();
    let stream = is_stream(&response);
    let allow = response.headers().get("allow").map(|allow| allow.to_str().unwrap().to_owned());
    let bytes = bytes(response).await;
    let body: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    let what = match (stream, bytes.len(), &body["error"]) {
        (true, len, _) => format!("a stream of {len} bytes"),
        (_, 0, _) => "nothing".to_owned(),
        (_, _, Value::Null) => "a result".to_owned(),
        (_, _, error) => format!("{} {} (id {})", error["code"], error["message"], body["id"]),
    };
    let allow = allow.map(|allow| format!(", allows {allow}")).unwrap_or_default();
    format!("{name}: {status} {what}{allow}\n")
}

#[tokio::test(start_paused = true)]
async fn the_head_of_a_request_decides_first() {
    let (service, _) = mounted(|endpoint| endpoint);
    let peer = Peer::open(&service, "2025-06-18").await;
    let nobody = Peer::new(&service, "2025-06-18");
    let echo = || call(7, "echo", json!({"message": "hi"})).to_string();
    let ready = || json!({"jsonrpc": "2.0", "method": "notifications/initialized"}).to_string();
    let bare = |method: &str| nobody.head(method);
    let id = peer.session.clone().unwrap();
    let posted = |head: http::request::Builder| head.header("mcp-session-id", &id);
    let rows = [
        ("with all", peer.head("POST"), echo()),
        ("without a session", bare("POST").header("mcp-protocol-version", "2025-06-18"), echo()),
        (
            "a notification without a session",
            bare("POST").header("mcp-protocol-version", "2025-11-25"),
            ready(),
        ),
        ("without anything", bare("POST"), echo()),
        ("two sessions", posted(peer.head("POST")), echo()),
        ("an empty session", bare("POST").header("mcp-session-id", ""), echo()),
        ("an unknown session", bare("POST").header("mcp-session-id", "x".repeat(32)), echo()),
        (
            "initialize in an unknown session",
            bare("POST").header("mcp-session-id", "mine"),
            initialize("2025-06-18").to_string(),
        ),
        ("initialize once more", peer.head("POST"), initialize("2025-06-18").to_string()),
        (
            "initialize as a notification",
            bare("POST"),
            json!({"jsonrpc": "2.0", "method": "initialize"}).to_string(),
        ),
        (
            "initialize without params",
            bare("POST"),
            json!({"jsonrpc": "2.0", "id": 1, "method": "initialize"}).to_string(),
        ),
        ("without the version", posted(bare("POST")), echo()),
        (
            "another older version",
            posted(bare("POST")).header("mcp-protocol-version", "2025-03-26"),
            echo(),
        ),
        (
            "the newest version",
            posted(bare("POST")).header("mcp-protocol-version", "2026-07-28"),
            echo(),
        ),
        (
            "GET in no version",
            posted(bare("GET")).header("mcp-protocol-version", "1"),
            String::new(),
        ),
        ("no version at all", posted(bare("POST")).header("mcp-protocol-version", "1"), echo()),
        ("two versions", peer.head("POST").header("mcp-protocol-version", "2025-06-18"), echo()),
        ("no JSON", peer.head("POST"), "{".to_owned()),
        ("no message", peer.head("POST"), "{\"id\":9}".to_owned()),
        ("a batch", peer.head("POST"), format!("[{}]", echo())),
        ("a batch without a session", bare("POST"), format!("[{}]", echo())),
        (
            "a response without a session",
            bare("POST"),
            json!({"jsonrpc": "2.0", "id": 1, "result": {}}).to_string(),
        ),
        (
            "a response to nothing",
            peer.head("POST"),
            json!({"jsonrpc": "2.0", "id": 1, "result": {}}).to_string(),
        ),
        (
            "an unknown method",
            peer.head("POST"),
            json!({"jsonrpc": "2.0", "id": 8, "method": "no/such"}).to_string(),
        ),
        (
            "a method of the newest version",
            peer.head("POST"),
            json!({"jsonrpc": "2.0", "id": 8, "method": "server/discover"}).to_string(),
        ),
        ("an unknown tool", peer.head("POST"), call(8, "no", json!({})).to_string()),
        ("GET without a session", bare("GET"), String::new()),
        ("GET of an unknown session", bare("GET").header("mcp-session-id", "x"), String::new()),
        (
            "GET in the newest version",
            bare("GET").header("mcp-protocol-version", "2026-07-28"),
            String::new(),
        ),
        ("DELETE without a session", bare("DELETE"), String::new()),
        (
            "DELETE in the newest version",
            posted(bare("DELETE")).header("mcp-protocol-version", "2026-07-28"),
            String::new(),
        ),
        ("PUT", peer.head("PUT"), echo()),
    ];
    let mut table = String::new();
    for (name, head, body) in rows {
        table += &row(name, peer.send(head, body).await).await;
    }
    for (name, method, accept) in [
        ("POST that takes JSON only", "POST", "application/json"),
        ("POST that takes streams only", "POST", "text/event-stream"),
        ("GET that takes JSON only", "GET", "application/json"),
    ] {
        let mut head = peer.head(method);
        head.headers_mut().unwrap().insert("accept", accept.parse().unwrap());
        table += &row(name, peer.send(head, echo()).await).await;
    }
    expect![[r#"
        with all: 200 a result
        without a session: 400 -32600 "header Mcp-Session-Id is missing; open a session with `initialize`, and send its id with every request" (id null)
        a notification without a session: 400 -32600 "header Mcp-Session-Id is missing; open a session with `initialize`, and send its id with every request" (id null)
        without anything: 400 -32602 "params._meta.io.modelcontextprotocol/protocolVersion: missing; every request carries it" (id 7)
        two sessions: 400 -32600 "header Mcp-Session-Id stands more than once" (id null)
        an empty session: 404 -32600 "no such session; open another one with `initialize`" (id null)
        an unknown session: 404 -32600 "no such session; open another one with `initialize`" (id null)
        initialize in an unknown session: 404 -32600 "no such session; open another one with `initialize`" (id null)
        initialize once more: 400 -32600 "the session is open already; go on, or open another one" (id 0)
        initialize as a notification: 400 -32600 "`initialize` must be a request" (id null)
        initialize without params: 200 -32602 "params.protocolVersion: expected a string" (id 1)
        without the version: 200 a result
        another older version: 200 a result
        the newest version: 400 -32600 "header MCP-Protocol-Version must be one of 2025-11-25, 2025-06-18, 2025-03-26, 2024-11-05 in a session" (id null)
        GET in no version: 400 -32600 "header MCP-Protocol-Version must be one of 2025-11-25, 2025-06-18, 2025-03-26, 2024-11-05 in a session" (id null)
        no version at all: 400 -32600 "header MCP-Protocol-Version must be one of 2025-11-25, 2025-06-18, 2025-03-26, 2024-11-05 in a session" (id null)
        two versions: 400 -32600 "header MCP-Protocol-Version stands more than once" (id null)
        no JSON: 400 -32700 "expected a member name at byte 1" (id null)
        no message: 400 -32600 "`jsonrpc` must be \"2.0\"" (id 9)
        a batch: 400 -32600 "batches are not allowed; send every message on its own" (id null)
        a batch without a session: 400 -32600 "batches are not allowed; send every message in a POST of its own" (id null)
        a response without a session: 400 -32600 "clients send no responses; answers travel in `inputResponses` of a repeated request" (id null)
        a response to nothing: 202 nothing
        an unknown method: 200 -32601 "method not found: no/such" (id 8)
        a method of the newest version: 200 -32601 "method not found: server/discover" (id 8)
        an unknown tool: 200 -32602 "unknown tool: no" (id 8)
        GET without a session: 400 -32600 "header Mcp-Session-Id is missing; open a session with `initialize`, and send its id with every request" (id null)
        GET of an unknown session: 404 -32600 "no such session; open another one with `initialize`" (id null)
        GET in the newest version: 405 -32600 "the endpoint takes POST only" (id null), allows POST
        DELETE without a session: 400 -32600 "header Mcp-Session-Id is missing; open a session with `initialize`, and send its id with every request" (id null)
        DELETE in the newest version: 405 -32600 "the endpoint takes POST only" (id null), allows POST
        PUT: 405 -32600 "the endpoint takes POST, GET, DELETE only" (id null), allows POST, GET, DELETE
        POST that takes JSON only: 406 -32600 "header Accept must list application/json and text/event-stream" (id null)
        POST that takes streams only: 406 -32600 "header Accept must list application/json and text/event-stream" (id null)
        GET that takes JSON only: 406 -32600 "header Accept must list text/event-stream" (id null)
    "#]].assert_eq(&table);
    assert_eq!(peer.text(99, "echo", json!({"message": "still"})).await, "still");
}

/// Whoever says in the body that it speaks a newer protocol version has no session, whatever headers it sends.
#[tokio::test(start_paused = true)]
async fn one_endpoint_answers_both_kinds_of_clients() {
    let (service, _) = mounted(|endpoint| endpoint);
    let peer = Peer::open(&service, "2025-11-25").await;
    let mut modern = call(1, "echo", json!({"message": "new"}));
    modern["params"]["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    for session in [None, peer.session.clone(), Some("never heard of".to_owned())] {
        let mut head = Peer { session: None, ..peer.clone() }
            .head("POST")
            .header("mcp-protocol-version", "2026-07-28")
            .header("mcp-method", "tools/call")
            .header("mcp-name", "echo");
        if let Some(session) = session {
            head = head.header("mcp-session-id", session);
        }
        let response = peer.send(head, modern.to_string()).await;
        assert!(!response.headers().contains_key("mcp-session-id"));
        let answer = json_of(response).await;
        assert_eq!(answer["result"]["resultType"], "complete", "{answer}");
        assert_eq!(answer["result"]["content"][0]["text"], "new");
    }
    let old = json_of(peer.call(2, "echo", json!({"message": "old"})).await).await;
    assert_eq!(old["result"], json!({"content": [{"type": "text", "text": "old"}]}));
}

#[tokio::test(start_paused = true)]
async fn without_sessions_nobody_opens_one() {
    let (service, _) = mounted(bowline::transport::http::Endpoint::without_sessions);
    let peer = Peer::new(&service, "2025-06-18");
    let mut table = String::new();
    table += &row("initialize", peer.post(&initialize("2025-06-18")).await).await;
    let named = Peer { session: Some("x".repeat(32)), ..peer.clone() };
    table += &row("call", named.call(1, "echo", json!({"message": "hi"})).await).await;
    table += &row("GET", named.get(None).await).await;
    table += &row("DELETE", named.delete().await).await;
    expect![[r#"
        initialize: 400 -32022 "unsupported protocol version" (id 0)
        call: 400 -32602 "params._meta.io.modelcontextprotocol/protocolVersion: missing; every request carries it" (id 1)
        GET: 405 -32600 "the endpoint takes POST only" (id null), allows POST
        DELETE: 405 -32600 "the endpoint takes POST only" (id null), allows POST
    "#]].assert_eq(&table);
}

#[tokio::test(start_paused = true)]
async fn only_sessions_means_what_needs_none_is_refused_as_by_an_older_server() {
    let (service, _) = mounted(bowline::transport::http::Endpoint::only_sessions);
    let bare = Peer::new(&service, "2026-07-28");
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let modern = |id: i32, method: &str, params: Value| {
        let mut params = params;
        params["_meta"] = meta.clone();
        json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
    };
    let discover = modern(1, "server/discover", json!({}));
    let echo = modern(2, "tools/call", json!({"name": "echo", "arguments": {"message": "new"}}));
    let mut table = String::new();
    table += &row("discover", bare.post(&discover).await).await;
    table += &row("call", bare.post(&echo).await).await;
    table += &row("GET", bare.get(None).await).await;
    table += &row("initialize", bare.post(&initialize("2026-07-28")).await).await;
    let peer = Peer::open(&service, "2025-11-25").await;
    table += &row("discover in a session", peer.post(&discover).await).await;
    let echoed = peer.text(3, "echo", json!({"message": "old"})).await;
    expect![[r#"
        discover: 400 -32600 "header Mcp-Session-Id is missing; open a session with `initialize`, and send its id with every request" (id null)
        call: 400 -32600 "header Mcp-Session-Id is missing; open a session with `initialize`, and send its id with every request" (id null)
        GET: 400 -32600 "header Mcp-Session-Id is missing; open a session with `initialize`, and send its id with every request" (id null)
        initialize: 200 a result
        discover in a session: 200 -32601 "method not found: server/discover" (id 1)
    "#]].assert_eq(&table);
    assert_eq!(echoed, "old");
}

#[tokio::test(start_paused = true)]
async fn a_version_is_agreed_on() {
    let (service, _) = mounted(|endpoint| endpoint);
    for (offered, agreed) in [
        ("2024-11-05", "2024-11-05"),
        ("2025-11-25", "2025-11-25"),
        ("2026-07-28", "2025-11-25"),
        ("1999-01-01", "2025-11-25"),
        ("", "2025-11-25"),
    ] {
        let response = Peer::new(&service, "").post(&initialize(offered)).await;
        let answer = json_of(response).await;
        assert_eq!(answer["result"]["protocolVersion"], agreed, "{offered}");
    }
}

#[tokio::test(start_paused = true)]
async fn ids_are_long_random_visible_and_never_chosen_by_clients() {
    let (service, _) = mounted(|endpoint| endpoint.limits(limits().sessions_per_principal(1000)));
    let mut seen = HashSet::new();
    for _ in 0..500 {
        let response = Peer::new(&service, "2025-11-25").post(&initialize("2025-11-25")).await;
        let id = &response.headers()["mcp-session-id"];
        assert!(id.is_sensitive());
        let id = id.to_str().unwrap().to_owned();
        assert!(id.len() >= 22 && id.bytes().all(|byte| byte.is_ascii_graphic()), "{id}");
        assert!(seen.insert(id));
    }
    for chosen in ["mine", "0", "x".repeat(32).as_str()] {
        let peer = Peer { session: Some(chosen.to_owned()), ..Peer::new(&service, "2025-11-25") };
        assert_eq!(peer.post(&initialize("2025-11-25")).await.status(), 404);
        assert_eq!(peer.call(1, "echo", json!({"message": "hi"})).await.status(), 404);
    }
}

#[tokio::test(start_paused = true)]
async fn a_foreign_session_looks_like_none() {
    let (service, watch) = mounted(|endpoint| endpoint);
    let alice = Peer::open_as(&service, "2025-11-25", "alice").await;
    let running = alice.call(1, "wait", json!({})).await;
    let prime = crate::http_session_support::Stream::of(running);
    let mut prime = prime;
    let last = prime.next().await.unwrap().id.unwrap();
    let unknown = "A".repeat(32);
    for foreign in [Some(Principal::token("bob", [])), Some(Principal::process("alice")), None] {
        let known = Peer { principal: foreign.clone(), ..alice.clone() };
        let never = Peer { session: Some(unknown.clone()), ..known.clone() };
        let mut answers = Vec::new();
        for peer in [&known, &never] {
            let mut answer = Vec::new();
            for response in [
                peer.call(5, "echo", json!({"message": "hi"})).await,
                peer.post(&json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}})).await,
                peer.post(&initialize("2025-11-25")).await,
                peer.get(None).await,
                peer.get(Some(&last)).await,
                peer.delete().await,
                peer.send(peer.head("POST").header("mcp-protocol-version", "2025-11-25"), "[]").await,
                peer.send(Peer { version: "", ..peer.clone() }.head("POST").header("mcp-protocol-version", "2024-11-05"), "{}").await,
            ] {
                let (parts, body) = response.into_parts();
                let body = bytes(Response::new(body)).await;
                answer.push((parts.status.as_u16(), format!("{:?}", parts.headers), body));
            }
            answers.push(answer);
        }
        assert_eq!(answers[0], answers[1], "{foreign:?}");
        let statuses: Vec<u16> = answers[0].iter().map(|answer| answer.0).collect();
        assert_eq!(statuses, [404; 8], "{foreign:?}");
        assert_eq!((watch.alive(), watch.dropped()), (1, 0));
    }
    // The call of the session's owner is where it was, and so is its stream.
    watch.go.notify_waiters();
    assert_eq!(prime.message().await.unwrap()["result"]["content"][0]["text"], "alice");
}

#[tokio::test(start_paused = true)]
async fn handlers_get_nothing_that_speaks_for_the_client() {
    let (service, _) = mounted(|endpoint| endpoint);
    let peer = Peer::open(&service, "2025-06-18").await;
    let head = peer.head("POST").header("last-event-id", "a-1").header("authorization", "Bearer x");
    let response = peer.send(head, call(1, "secrets", json!({})).to_string()).await;
    assert_eq!(json_of(response).await["result"]["content"][0]["text"], "");
}

#[tokio::test(start_paused = true)]
async fn who_names_the_stream_first_gets_one() {
    let (service, _) = mounted(|endpoint| endpoint);
    let peer = Peer::open(&service, "2025-11-25").await;
    for (accept, streamed) in [(ACCEPT, false), ("text/event-stream, application/json", true)] {
        let mut head = peer.head("POST");
        head.headers_mut().unwrap().insert("accept", accept.parse().unwrap());
        let body = call(1, "echo", json!({"message": "hi"})).to_string();
        assert_eq!(is_stream(&peer.send(head, body).await), streamed);
    }
}

#[tokio::test(start_paused = true)]
async fn large_answers_arrive_whole() {
    let (service, _) = mounted(|endpoint| endpoint);
    let peer = Peer::open(&service, "2025-11-25").await;
    for count in [65_000, 65_536, 1_000_000] {
        assert_eq!(peer.text(1, "large", json!({"count": count})).await.len(), count);
        let mut head = peer.head("POST");
        let accept = "text/event-stream, application/json";
        head.headers_mut().unwrap().insert("accept", accept.parse().unwrap());
        let response = peer.send(head, call(2, "large", json!({"count": count})).to_string()).await;
        let streamed = messages(response).await.pop().unwrap();
        assert_eq!(streamed["result"]["content"][0]["text"].as_str().unwrap().len(), count);
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_ends_its_call_and_nothing_else() {
    let (service, _) = mounted(|endpoint| endpoint);
    let peer = Peer::open(&service, "2025-11-25").await;
    let answer = json_of(peer.call(1, "panic", json!({})).await).await;
    assert_eq!(answer["error"]["code"], -32603, "{answer}");
    assert_eq!(peer.text(1, "echo", json!({"message": "on"})).await, "on");
}

fn limits() -> bowline::protocol::limits::Limits {
    bowline::protocol::limits::Limits::local()
}
