//! HTTP with SSE, the transport of protocol version 2024-11-05.

use crate::http_session_support::{VERSIONS, call, initialize, is_stream, mounted, server};
use crate::http_support::exchange;
use bowline::Principal;
use bowline::protocol::limits::Limits;
use bowline::transport::http::{Http, HttpService, ResponseBody};
use bytes::Bytes;
use expect_test::expect;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::yield_now;
use tokio::time::timeout;

/// A stream of events that is open.
struct Client {
    service: HttpService,
    principal: Option<Principal>,
    body: ResponseBody,
    rest: String,
    /// Where messages go.
    endpoint: String,
}

impl Client {
    async fn connect(service: &HttpService, principal: Option<&str>) -> Self {
        let principal = principal.map(|name| Principal::token(name, []));
        let response = get(service, principal.as_ref()).await;
        assert_eq!(response.status(), 200);
        assert!(is_stream(&response));
        let (service, body) = (service.clone(), response.into_body());
        let mut client =
            Self { service, principal, body, rest: String::new(), endpoint: String::new() };
        let (event, data) = client.event().await.unwrap();
        assert_eq!(event, "endpoint");
        client.endpoint = data;
        client
    }

    /// One that has opened a session.
    async fn open(service: &HttpService) -> Self {
        let mut client = Self::connect(service, None).await;
        client.initialize("2024-11-05").await;
        client
    }

    async fn initialize(&mut self, version: &str) {
        assert_eq!(self.post(&initialize(version)).await, 202);
        let answer = self.message().await;
        assert_eq!(answer["result"]["protocolVersion"], version, "{answer}");
        self.send(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"})).await;
    }

    /// The next event and its data, comments included as an event without a name.
    async fn event(&mut self) -> Option<(String, String)> {
        loop {
            if let Some((event, rest)) = self.rest.split_once("\n\n") {
                let event = event.to_owned();
                self.rest = rest.to_owned();
                let Some((name, data)) = event.split_once("\ndata: ") else {
                    return Some((String::new(), event));
                };
                return Some((name.strip_prefix("event: ").unwrap().to_owned(), data.to_owned()));
            }
            let frame = self.body.frame().await?.unwrap().into_data().unwrap();
            self.rest += std::str::from_utf8(&frame).unwrap();
        }
    }

    /// The next message.
    async fn message(&mut self) -> Value {
        loop {
            let (event, data) = self.event().await.expect("the stream has ended");
            if event.is_empty() {
                continue;
            }
            assert_eq!(event, "message");
            return serde_json::from_str(&data).unwrap();
        }
    }

    async fn answer(&mut self, id: impl Into<Value>) -> Value {
        let id = id.into();
        loop {
            let message = self.message().await;
            if message["id"] == id && message.get("method").is_none() {
                return message;
            }
        }
    }

    async fn text(&mut self, id: i64, tool: &str, arguments: Value) -> String {
        self.send(&call(id, tool, arguments)).await;
        let answer = self.answer(id).await;
        let text = answer["result"]["content"][0]["text"].as_str();
        text.unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    async fn post(&self, message: &Value) -> u16 {
        self.post_text(message.to_string()).await.status().as_u16()
    }

    async fn post_text(&self, text: impl Into<Bytes>) -> Response<ResponseBody> {
        post(&self.service, self.principal.as_ref(), &self.endpoint, text).await
    }

    async fn send(&self, message: &Value) {
        assert_eq!(self.post(message).await, 202);
    }
}

async fn get(service: &HttpService, principal: Option<&Principal>) -> Response<ResponseBody> {
    let mut head =
        Request::get("/sse").header("host", "localhost").header("accept", "text/event-stream");
    if let Some(principal) = principal {
        head = head.extension(principal.clone());
    }
    service.answer(head.body(Full::<Bytes>::default()).unwrap()).await
}

/// A POST as a client of that time sends it: without a word about what it accepts.
async fn post(
    service: &HttpService,
    principal: Option<&Principal>,
    uri: &str,
    text: impl Into<Bytes>,
) -> Response<ResponseBody> {
    let mut head =
        Request::post(uri).header("host", "localhost").header("content-type", "application/json");
    if let Some(principal) = principal {
        head = head.extension(principal.clone());
    }
    service.answer(head.body(Full::from(text.into())).unwrap()).await
}

async fn shown(response: Response<ResponseBody>) -> String {
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    format!("{status} {}", String::from_utf8_lossy(&body))
}

fn ping(id: i64) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "method": "ping"})
}

#[tokio::test(start_paused = true)]
async fn the_first_event_says_where_messages_go() {
    let (service, _) = mounted(|endpoint| endpoint.path("/mcp"));
    let client = Client::connect(&service, None).await;
    let (path, id) = client.endpoint.split_once("?sessionId=").unwrap();
    assert_eq!(path, "/messages");
    assert_eq!(id.len(), 32);
    assert_ne!(Client::connect(&service, None).await.endpoint, client.endpoint);

    let response = get(&service, None).await;
    let head = response.headers();
    assert_eq!(head["x-accel-buffering"], "no");
    assert_eq!(head["cache-control"], "no-cache");
}

#[tokio::test(start_paused = true)]
async fn the_path_is_the_one_that_clients_see() {
    for (public, told) in [
        ("https://example.com", "/messages"),
        ("https://example.com/", "/messages"),
        ("https://example.com/tools/mcp", "/tools/messages"),
        ("https://example.com/tools/mcp?a=/b/c", "/tools/messages"),
    ] {
        let (service, _) = mounted(|endpoint| endpoint.path("/mcp").public_url(public).unwrap());
        let client = Client::connect(&service, None).await;
        assert_eq!(client.endpoint.split_once('?').unwrap().0, told, "{public}");
    }
    // A router that has cut the path knows better, so that the client finds it beside the stream.
    let (service, _) = mounted(|endpoint| endpoint);
    let client = Client::connect(&service, None).await;
    assert_eq!(client.endpoint.split_once('?').unwrap().0, "messages");
}

#[tokio::test(start_paused = true)]
async fn a_session_works_in_every_version() {
    for version in VERSIONS {
        let (service, _) = mounted(|endpoint| endpoint.path("/mcp"));
        let mut client = Client::connect(&service, None).await;
        client.initialize(version).await;
        assert_eq!(client.text(1, "echo", json!({"message": "hello"})).await, "hello");
        client.send(&ping(2)).await;
        assert_eq!(client.answer(2).await, json!({"jsonrpc": "2.0", "id": 2, "result": {}}));
    }
}

#[tokio::test(start_paused = true)]
async fn notifications_come_before_the_answer_and_changes_by_themselves() {
    let (service, _) = mounted(|endpoint| endpoint.path("/mcp"));
    let mut client = Client::open(&service).await;
    let level = json!({"level": "debug"});
    client
        .send(&json!({"jsonrpc": "2.0", "id": 1, "method": "logging/setLevel", "params": level}))
        .await;
    client.answer(1).await;
    client.send(&call(2, "log", json!({"count": 3}))).await;
    for step in 1..=3 {
        assert_eq!(client.message().await["params"]["data"], step);
    }
    assert_eq!(client.message().await["id"], 2);

    let subscribe = json!({"uri": "test://a"});
    client.send(&json!({"jsonrpc": "2.0", "id": 3, "method": "resources/subscribe", "params": subscribe})).await;
    client.answer(3).await;
    client.send(&call(4, "touch", json!({}))).await;
    let messages = [client.message().await, client.message().await];
    let updated = |message: &&Value| message["method"] == "notifications/resources/updated";
    assert_eq!(messages.iter().filter(updated).count(), 1, "{messages:?}");
}

#[tokio::test(start_paused = true)]
async fn questions_are_asked_live() {
    let (service, _) = mounted(|endpoint| endpoint.path("/mcp"));
    let mut client = Client::connect(&service, None).await;
    client.initialize("2025-06-18").await;
    client.send(&call(1, "ask", json!({}))).await;
    let question = client.message().await;
    assert_eq!(question["method"], "elicitation/create", "{question}");
    let answer = json!({"action": "accept", "content": {"age": 42}});
    client.send(&json!({"jsonrpc": "2.0", "id": question["id"], "result": answer})).await;
    let answer = client.answer(1).await;
    assert_eq!(answer["result"]["content"][0]["text"], "you are 42");
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_taken_is_refused() {
    let (service, _) =
        mounted(|endpoint| endpoint.path("/mcp").limits(Limits::local().body_bytes(1000)));
    let client = Client::open(&service).await;
    let large = ping(1).to_string() + &" ".repeat(1000);
    let twice = format!("{}&{}", client.endpoint, client.endpoint.split_once('?').unwrap().1);
    let mut table = String::new();
    for (name, uri, body) in [
        ("no JSON", &*client.endpoint, "{"),
        ("two messages", &client.endpoint, "{\"jsonrpc\":\"2.0\"}\n{}"),
        ("too large", &client.endpoint, &large),
        ("no id", "/messages", "{}"),
        ("two ids", &twice, "{}"),
        ("unknown id", "/messages?sessionId=unknown", "{}"),
        ("empty id", "/messages?sessionId=", "{}"),
        ("token in the URL", "/messages?sessionId=x&access_token=y", "{}"),
    ] {
        let response = post(&service, None, uri, body.to_owned()).await;
        table += &format!("{name}: {}\n", shown(response).await);
    }
    expect![[r#"
        no JSON: 400 {"jsonrpc":"2.0","error":{"code":-32700,"message":"expected a member name at byte 1"}}
        two messages: 400 {"jsonrpc":"2.0","error":{"code":-32700,"message":"expected the end of the message at byte 18"}}
        too large: 413 {"jsonrpc":"2.0","error":{"code":-32600,"message":"body is larger than the limit of 1000 bytes"}}
        no id: 400 {"jsonrpc":"2.0","error":{"code":-32600,"message":"the URL must have one sessionId; POST to the one that the event `endpoint` gave"}}
        two ids: 400 {"jsonrpc":"2.0","error":{"code":-32600,"message":"the URL must have one sessionId; POST to the one that the event `endpoint` gave"}}
        unknown id: 404 {"jsonrpc":"2.0","error":{"code":-32600,"message":"no such session; GET another stream of events"}}
        empty id: 404 {"jsonrpc":"2.0","error":{"code":-32600,"message":"no such session; GET another stream of events"}}
        token in the URL: 400 {"jsonrpc":"2.0","error":{"code":-32600,"message":"a token must not stand in the URL; send it in header Authorization"}}
    "#]]
    .assert_eq(&table);

    let mut table = String::new();
    for (method, path, accept, kind) in [
        ("POST", "/sse", "*/*", "application/json"),
        ("DELETE", "/sse", "*/*", ""),
        ("GET", "/sse", "application/json", ""),
        ("GET", "/messages", "text/event-stream", ""),
        ("POST", "/messages", "*/*", "text/plain"),
        ("POST", "/messages", "*/*", ""),
        ("GET", "/sse/", "text/event-stream", ""),
        ("GET", "/other/sse", "text/event-stream", ""),
    ] {
        let mut head = Request::builder().method(method).uri(path).header("host", "localhost");
        head = head.header("accept", accept);
        if !kind.is_empty() {
            head = head.header("content-type", kind);
        }
        let response = service.answer(head.body(Full::<Bytes>::default()).unwrap()).await;
        table += &format!("{method} {path} {accept} {kind}: {}\n", shown(response).await);
    }
    expect![[r#"
        POST /sse */* application/json: 405 {"jsonrpc":"2.0","error":{"code":-32600,"message":"the endpoint takes GET only"}}
        DELETE /sse */* : 405 {"jsonrpc":"2.0","error":{"code":-32600,"message":"the endpoint takes GET only"}}
        GET /sse application/json : 406 {"jsonrpc":"2.0","error":{"code":-32600,"message":"header Accept must list text/event-stream"}}
        GET /messages text/event-stream : 405 {"jsonrpc":"2.0","error":{"code":-32600,"message":"the endpoint takes POST only"}}
        POST /messages */* text/plain: 415 {"jsonrpc":"2.0","error":{"code":-32600,"message":"header Content-Type must be application/json, in UTF-8"}}
        POST /messages */* : 415 {"jsonrpc":"2.0","error":{"code":-32600,"message":"header Content-Type must be application/json, in UTF-8"}}
        GET /sse/ text/event-stream : 404 {"jsonrpc":"2.0","error":{"code":-32600,"message":"nothing is served here; the endpoint is /mcp"}}
        GET /other/sse text/event-stream : 404 {"jsonrpc":"2.0","error":{"code":-32600,"message":"nothing is served here; the endpoint is /mcp"}}
    "#]].assert_eq(&table);
}

#[tokio::test(start_paused = true)]
async fn every_guard_stands_before_both_paths() {
    let (service, _) = mounted(|endpoint| endpoint.path("/mcp").bearer_token("secret").unwrap());
    for (method, path) in [("GET", "/sse"), ("POST", "/messages?sessionId=x")] {
        for (name, value, status) in [
            ("host", "evil.example.com", 403),
            ("origin", "https://evil.example.com", 403),
            ("origin", "null", 403),
            ("authorization", "Bearer wrong", 401),
            ("authorization", "", 401),
            ("x-large", &"x".repeat(9000), 431),
        ] {
            let mut head = Request::builder().method(method).uri(path);
            let given = [
                ("host", "localhost"),
                ("accept", "text/event-stream"),
                ("content-type", "application/json"),
                ("authorization", "Bearer secret"),
            ];
            for (other, value) in given.into_iter().filter(|(other, _)| *other != name) {
                head = head.header(other, value);
            }
            if !value.is_empty() {
                head = head.header(name, value);
            }
            let response = service.answer(head.body(Full::<Bytes>::default()).unwrap()).await;
            assert_eq!(response.status(), status, "{method} {path} {name} {value}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_foreign_principal_is_answered_as_if_there_were_no_stream() {
    let (service, _) = mounted(|endpoint| endpoint.path("/mcp"));
    let alice = Client::connect(&service, Some("alice")).await;
    let bob = Principal::token("bob", []);
    let unknown = alice.endpoint.replace(&alice.endpoint[alice.endpoint.len() - 4..], "AAAA");
    let text = ping(1).to_string();
    let theirs = shown(post(&service, Some(&bob), &alice.endpoint, text.clone()).await).await;
    let nobodys = shown(post(&service, Some(&bob), &unknown, text.clone()).await).await;
    assert!(theirs.starts_with("404"), "{theirs}");
    assert_eq!(theirs, nobodys);
    assert_eq!(shown(post(&service, None, &alice.endpoint, text).await).await, nobodys);
}

#[tokio::test(start_paused = true)]
async fn one_message_stays_one_message() {
    let (service, _) = mounted(|endpoint| endpoint.path("/mcp"));
    let mut client = Client::open(&service).await;
    let text = "{\"jsonrpc\":\"2.0\",\n\"id\":7,\r\n\"method\":\n\"ping\"\n}\n";
    assert_eq!(client.post_text(text).await.status(), 202);
    assert_eq!(client.message().await, json!({"jsonrpc": "2.0", "id": 7, "result": {}}));
    client.send(&ping(8)).await;
    assert_eq!(client.message().await["id"], 8);
}

#[tokio::test(start_paused = true)]
async fn sessions_do_not_mix() {
    let (service, _) = mounted(|endpoint| endpoint.path("/mcp"));
    let mut clients = Vec::new();
    for _ in 0..8 {
        clients.push(Client::open(&service).await);
    }
    for (at, client) in clients.iter().enumerate() {
        client.send(&call(1, "echo", json!({"message": at.to_string()}))).await;
    }
    for (at, client) in clients.iter_mut().enumerate() {
        let answer = client.message().await;
        assert_eq!(answer["result"]["content"][0]["text"], at.to_string());
        client.send(&ping(2)).await;
        assert_eq!(client.message().await["id"], 2);
    }
}

#[tokio::test(start_paused = true)]
async fn many_at_once_are_all_answered() {
    let (service, _) = mounted(|endpoint| endpoint.path("/mcp"));
    let mut client = Client::open(&service).await;
    let mut sending = tokio::task::JoinSet::new();
    for id in 1..=200 {
        let (service, endpoint) = (client.service.clone(), client.endpoint.clone());
        sending.spawn(async move {
            let message = call(id, "echo", json!({"message": id.to_string()})).to_string();
            post(&service, None, &endpoint, message).await.status().as_u16()
        });
    }
    let mut seen = BTreeSet::new();
    for _ in 0..200 {
        let answer = client.message().await;
        let id = answer["id"].as_i64().unwrap();
        assert_eq!(answer["result"]["content"][0]["text"], id.to_string());
        seen.insert(id);
    }
    assert_eq!(seen.len(), 200);
    while let Some(status) = sending.join_next().await {
        assert_eq!(status.unwrap(), 202);
    }
}

#[tokio::test(start_paused = true)]
async fn large_messages_pass_both_ways() {
    let (service, _) = mounted(|endpoint| endpoint.path("/mcp"));
    let mut client = Client::open(&service).await;
    let message = "0123456789abcdef".repeat(64 * 1024);
    assert_eq!(client.text(1, "echo", json!({"message": message})).await, message);
    assert_eq!(client.text(2, "large", json!({"count": 1 << 20})).await.len(), 1 << 20);
}

#[tokio::test(start_paused = true)]
async fn cancelled_means_dropped_and_silent() {
    let (service, watch) = mounted(|endpoint| endpoint.path("/mcp"));
    let mut client = Client::open(&service).await;
    client.send(&call(1, "wait", json!({}))).await;
    watch.until(|watch| watch.alive() == 1).await;
    let params = json!({"requestId": 1});
    client
        .send(&json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": params}))
        .await;
    watch.until(|watch| watch.alive() == 0).await;
    client.send(&ping(2)).await;
    assert_eq!(client.message().await["id"], 2);
}

#[tokio::test(start_paused = true)]
async fn the_end_of_the_stream_is_the_end_of_the_session() {
    let (service, watch) = mounted(|endpoint| endpoint.path("/mcp"));
    let client = Client::open(&service).await;
    for id in 1..=3 {
        client.send(&call(id, "wait", json!({}))).await;
    }
    watch.until(|watch| watch.alive() == 3).await;
    let Client { endpoint, body, .. } = client;
    drop(body);
    watch.until(|watch| watch.alive() == 0).await;
    let text = ping(4).to_string();
    assert_eq!(post(&service, None, &endpoint, text).await.status(), 404);
    assert_eq!(tokio::runtime::Handle::current().metrics().num_alive_tasks(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_stream_whose_client_says_nothing_ends() {
    let (service, _) = mounted(|endpoint| endpoint.path("/mcp"));
    let mut client = Client::connect(&service, None).await;
    let ended = timeout(Duration::from_secs(11), client.event()).await;
    assert_eq!(ended.expect("it goes on"), None);
    assert_eq!(client.post(&ping(1)).await, 404);
}

#[tokio::test(start_paused = true)]
async fn a_quiet_stream_is_kept_open_by_comments() {
    let (service, _) = mounted(|endpoint| endpoint.path("/mcp"));
    let mut client = Client::open(&service).await;
    for _ in 0..100 {
        let comment = timeout(Duration::from_secs(19), client.event()).await;
        assert_eq!(comment.unwrap(), Some((String::new(), ":".to_owned())));
    }
    assert_eq!(client.text(1, "echo", json!({"message": "still here"})).await, "still here");
}

/// It holds back what it asks for, and ends; others are not disturbed.
#[tokio::test(start_paused = true)]
async fn a_client_that_reads_nothing_is_bounded() {
    let (service, _) = mounted(|endpoint| endpoint.path("/mcp"));
    let mut other = Client::open(&service).await;
    let client = Client::open(&service).await;
    let mut taken = 0;
    let refused = loop {
        let message = call(taken, "large", json!({"count": 100_000}));
        match client.post(&message).await {
            202 => taken += 1,
            status => break status,
        }
        assert!(taken < 1000, "it takes and takes");
        assert_eq!(other.text(taken, "echo", json!({"message": "x"})).await, "x");
    };
    // The link gives up a client that takes nothing for so long, and with it goes the stream.
    assert!([404, 503].contains(&refused), "{refused}");
    assert!(taken < 20, "{taken} answers of 100 kB were made for nobody");
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(client.post(&ping(0)).await, 404);
    assert_eq!(other.text(0, "echo", json!({"message": "x"})).await, "x");
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_notifications_waits_within_bounds() {
    let (service, _) = mounted(|endpoint| endpoint.path("/mcp"));
    let mut other = Client::open(&service).await;
    let mut client = Client::open(&service).await;
    let level = json!({"level": "debug"});
    let set = json!({"jsonrpc": "2.0", "id": 1, "method": "logging/setLevel", "params": level});
    client.send(&set).await;
    client.answer(1).await;
    client.send(&call(2, "log", json!({"count": 100_000}))).await;
    for id in 1..=10 {
        assert_eq!(other.text(id, "echo", json!({"message": "x"})).await, "x");
    }
    let mut messages = 0;
    while client.message().await["id"] != 2 {
        messages += 1;
    }
    // What an outbox holds, and what was under way.
    assert!((100..2000).contains(&messages), "{messages} messages were kept");
}

#[tokio::test(start_paused = true)]
async fn a_post_that_breaks_off_while_it_waits_leaves_nothing_behind() {
    let (service, watch) = mounted(|endpoint| {
        endpoint.path("/mcp").limits(Limits::local().running_per_link(1).read_ahead_bytes(1))
    });
    let mut client = Client::open(&service).await;
    client.send(&call(1, "wait", json!({}))).await;
    watch.until(|watch| watch.alive() == 1).await;
    // The link takes no more, so that at some point a POST has to wait.
    let mut id = 1;
    while timeout(Duration::from_secs(1), client.post(&ping(id + 1000))).await.is_ok() {
        id += 1;
        let message = call(id, "echo", json!({"message": "x"}));
        if timeout(Duration::from_secs(1), client.post(&message)).await.is_err() {
            break;
        }
        assert!(id < 100, "it takes and takes");
    }
    watch.go.notify_waiters();
    assert_eq!(client.answer(1).await["result"]["content"][0]["text"], "");
    client.send(&ping(5000)).await;
    client.answer(5000).await;
}

#[tokio::test(start_paused = true)]
async fn streams_are_counted_for_each_and_for_all() {
    let limits = Limits::local().sessions(3).sessions_per_principal(2);
    let (service, _) = mounted(|endpoint| endpoint.path("/mcp").limits(limits));
    let (alice, bob) = (Principal::token("alice", []), Principal::token("bob", []));
    let first = get(&service, Some(&alice)).await;
    let second = get(&service, Some(&alice)).await;
    assert_eq!((first.status().as_u16(), second.status().as_u16()), (200, 200));
    let third = get(&service, Some(&alice)).await;
    assert_eq!(third.status(), 429);
    assert!(third.headers().contains_key("retry-after"));
    let other = get(&service, Some(&bob)).await;
    assert_eq!(other.status(), 200);
    assert_eq!(get(&service, Some(&bob)).await.status(), 503);
    drop(first);
    yield_now().await;
    assert_eq!(get(&service, Some(&alice)).await.status(), 200);
}

#[tokio::test]
async fn closing_lets_calls_finish_and_ends_the_streams() {
    let (server, watch) = server();
    let http = Http::bind("127.0.0.1:0").await.unwrap().path("/mcp");
    let address = http.address();
    let mut running = server.start(http).unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let get = "GET /sse HTTP/1.1\r\nhost: localhost\r\naccept: text/event-stream\r\n\r\n";
    stream.write_all(get.as_bytes()).await.unwrap();
    let first = read_until(&mut stream, "sessionId=").await;
    let (_, uri) = first.rsplit_once("data: ").unwrap();
    let uri = uri.lines().next().unwrap();
    post_over(address, uri, &initialize("2024-11-05")).await;
    read_until(&mut stream, "protocolVersion").await;
    post_over(address, uri, &call(1, "wait", json!({}))).await;
    while watch.alive() == 0 {
        yield_now().await;
    }
    let closing = tokio::spawn(async move { running.close(Duration::from_secs(20)).await });
    while TcpStream::connect(address).await.is_ok() {
        yield_now().await;
    }
    watch.go.notify_waiters();
    read_until(&mut stream, "\"id\":1").await;
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await.unwrap();
    closing.await.unwrap().unwrap();
    assert_eq!(watch.alive(), 0);
}

async fn read_until(stream: &mut TcpStream, text: &str) -> String {
    let mut read = String::new();
    while !read.contains(text) || !read.ends_with("\r\n") {
        let mut buf = [0; 4096];
        let len = timeout(Duration::from_secs(60), stream.read(&mut buf)).await.unwrap().unwrap();
        assert_ne!(len, 0, "the stream ended: {read}");
        read += std::str::from_utf8(&buf[..len]).unwrap();
    }
    read
}

async fn post_over(address: SocketAddr, uri: &str, message: &Value) {
    let body = message.to_string();
    let request = format!(
        "POST {uri} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\nconnection: close\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    let answer = exchange(address, request.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 202"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn without_sessions_there_is_no_such_path() {
    let (service, _) = mounted(|endpoint| endpoint.path("/mcp").without_sessions());
    assert_eq!(get(&service, None).await.status(), 404);
    assert_eq!(post(&service, None, "/messages?sessionId=x", "{}").await.status(), 404);
    let (service, _) = mounted(|endpoint| endpoint.path("/sse"));
    // The endpoint itself is there, where a GET is of a session.
    assert_eq!(get(&service, None).await.status(), 400);
}
