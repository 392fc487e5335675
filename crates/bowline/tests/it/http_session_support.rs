//! A client of sessions over HTTP, without sockets, and a server with a tool for each thing a session can do.

use bowline::Principal;
use bowline::prelude::*;
use bowline::transport::http::{Endpoint, HttpService, ResponseBody};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::{Notify, Semaphore};

pub(crate) const VERSIONS: [&str; 4] = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"];

/// What tests see of the handlers, and tell them.
#[derive(Debug)]
pub(crate) struct Watch {
    /// Handlers of `step`, `wait` and `hold` that are alive.
    pub(crate) alive: AtomicUsize,
    /// Handlers that were dropped before their end.
    pub(crate) dropped: AtomicUsize,
    /// Handlers that reached their end.
    pub(crate) ended: AtomicUsize,
    /// Lets `step` go one step on.
    pub(crate) steps: Semaphore,
    /// Lets all of `wait` go on.
    pub(crate) go: Notify,
}

impl Watch {
    pub(crate) fn alive(&self) -> usize {
        self.alive.load(Ordering::SeqCst)
    }

    pub(crate) fn dropped(&self) -> usize {
        self.dropped.load(Ordering::SeqCst)
    }

    pub(crate) fn ended(&self) -> usize {
        self.ended.load(Ordering::SeqCst)
    }

    /// Waits, in real time, until this holds.
    pub(crate) async fn until_for(&self, mut holds: impl FnMut(&Self) -> bool) {
        let waited = tokio::time::timeout(std::time::Duration::from_secs(60), async {
            while !holds(self) {
                tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            }
        });
        assert!(waited.await.is_ok(), "never came: {self:?}");
    }

    /// Waits, in virtual time, until this holds.
    pub(crate) async fn until(&self, mut holds: impl FnMut(&Self) -> bool) {
        for _ in 0..10_000 {
            if holds(self) {
                return;
            }
            tokio::task::yield_now().await;
        }
        panic!("never came: {self:?}");
    }
}

struct Alive(Arc<Watch>, bool);

impl Alive {
    fn new(watch: &Arc<Watch>) -> Self {
        watch.alive.fetch_add(1, Ordering::SeqCst);
        Self(watch.clone(), false)
    }

    fn end(mut self) {
        self.1 = true;
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.alive.fetch_sub(1, Ordering::SeqCst);
        let count = if self.1 { &self.0.ended } else { &self.0.dropped };
        count.fetch_add(1, Ordering::SeqCst);
    }
}

#[derive(Deserialize, JsonSchema)]
struct Echo {
    message: String,
}

#[derive(Deserialize, JsonSchema)]
struct Count {
    count: usize,
}

#[derive(Deserialize, JsonSchema)]
struct Age {
    age: u8,
}

/// The server, and what can be seen of its handlers.
pub(crate) fn server() -> (Server, Arc<Watch>) {
    let watch = Arc::new(Watch {
        alive: AtomicUsize::new(0),
        dropped: AtomicUsize::new(0),
        ended: AtomicUsize::new(0),
        steps: Semaphore::new(0),
        go: Notify::new(),
    });
    let (stepping, waiting, leaving) = (watch.clone(), watch.clone(), watch.clone());
    let server = Server::new("test", "1")
        .resource(Resource::new("test://a", "a"), |_: Context| async { "a" })
        .tool(Tool::new("echo"), |Echo { message }: Echo| async move { message })
        .tool(Tool::new("large"), |Count { count }: Count| async move { "x".repeat(count) })
        .tool(Tool::new("log"), |cx: Context, Count { count }: Count| async move {
            for step in 1..=count {
                cx.log(LoggingLevel::Info, step);
            }
            "logged"
        })
        .tool(Tool::new("step"), move |cx: Context, Count { count }: Count| {
            let watch = stepping.clone();
            async move {
                let alive = Alive::new(&watch);
                for step in 1..=count {
                    watch.steps.acquire().await.unwrap().forget();
                    cx.log(LoggingLevel::Info, step);
                }
                watch.steps.acquire().await.unwrap().forget();
                alive.end();
                "stepped"
            }
        })
        .tool(Tool::new("wait"), move |cx: Context| {
            let watch = waiting.clone();
            async move {
                let alive = Alive::new(&watch);
                watch.go.notified().await;
                alive.end();
                cx.principal().name().to_owned()
            }
        })
        .tool(Tool::new("leave"), move |cx: Context| {
            let watch = leaving.clone();
            async move {
                let alive = Alive::new(&watch);
                cx.log(LoggingLevel::Info, "before");
                cx.disconnect();
                watch.go.notified().await;
                alive.end();
                "after"
            }
        })
        .tool(Tool::new("ask"), |cx: Context| async move {
            let Age { age } = cx.elicit("age", "How old are you?").await?;
            Ok::<_, Error>(format!("you are {age}"))
        })
        .tool(Tool::new("touch"), |cx: Context| async move {
            if let Some(server) = cx.server() {
                server.resource_updated("test://a");
            }
            "touched"
        })
        .tool(Tool::new("panic"), |_: Context| async move {
            tokio::task::yield_now().await;
            if true {
                panic!("as told");
            }
            ""
        })
        .tool(Tool::new("secrets"), |cx: Context| async move {
            ["mcp-session-id", "last-event-id", "authorization"]
                .into_iter()
                .filter(|name| cx.headers().contains_key(*name))
                .collect::<String>()
        });
    (server, watch)
}

pub(crate) fn mounted(change: impl FnOnce(Endpoint) -> Endpoint) -> (HttpService, Arc<Watch>) {
    let (server, watch) = server();
    (change(Endpoint::default()).mount(server), watch)
}

/// One client; what it may say is up to the test.
#[derive(Clone)]
pub(crate) struct Peer {
    pub(crate) service: HttpService,
    pub(crate) principal: Option<Principal>,
    /// The value of header `Authorization`.
    pub(crate) authorization: Option<String>,
    pub(crate) session: Option<String>,
    pub(crate) version: &'static str,
}

impl Peer {
    /// One without a session.
    pub(crate) fn new(service: &HttpService, version: &'static str) -> Self {
        Self {
            service: service.clone(),
            principal: None,
            authorization: None,
            session: None,
            version,
        }
    }

    /// One that has opened a session and said that it is ready.
    pub(crate) async fn open(service: &HttpService, version: &'static str) -> Self {
        Self::new(service, version).opened().await
    }

    pub(crate) async fn open_as(service: &HttpService, version: &'static str, name: &str) -> Self {
        let principal = Some(Principal::token(name, []));
        Self { principal, ..Self::new(service, version) }.opened().await
    }

    pub(crate) async fn opened(mut self) -> Self {
        let response = self.post(&initialize(self.version)).await;
        assert_eq!(response.status(), 200);
        self.session = Some(response.headers()["mcp-session-id"].to_str().unwrap().to_owned());
        let answer = json_of(response).await;
        assert_eq!(answer["result"]["protocolVersion"], self.version, "{answer}");
        let ready = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
        assert_eq!(self.post(&ready).await.status(), 202);
        self
    }

    /// A request with the headers that a client of this session sends.
    pub(crate) fn head(&self, method: &str) -> http::request::Builder {
        let mut head = Request::builder()
            .method(method)
            .uri("/mcp")
            .header("host", "localhost")
            .header("accept", if method == "GET" { "text/event-stream" } else { ACCEPT });
        if method == "POST" {
            head = head.header("content-type", "application/json");
        }
        if let Some(session) = &self.session {
            head = head.header("mcp-session-id", session);
            if self.version >= "2025-06-18" {
                head = head.header("mcp-protocol-version", self.version);
            }
        }
        if let Some(authorization) = &self.authorization {
            head = head.header("authorization", authorization);
        }
        if let Some(principal) = &self.principal {
            head = head.extension(principal.clone());
        }
        head
    }

    pub(crate) async fn post(&self, message: &Value) -> Response<ResponseBody> {
        self.post_text(message.to_string()).await
    }

    pub(crate) async fn post_text(&self, text: impl Into<Bytes>) -> Response<ResponseBody> {
        self.send(self.head("POST"), text).await
    }

    pub(crate) async fn send(
        &self,
        head: http::request::Builder,
        body: impl Into<Bytes>,
    ) -> Response<ResponseBody> {
        self.service.answer(head.body(Full::from(body.into())).unwrap()).await
    }

    pub(crate) async fn call(
        &self,
        id: impl Into<Value>,
        tool: &str,
        arguments: Value,
    ) -> Response<ResponseBody> {
        self.post(&call(id, tool, arguments)).await
    }

    /// The text that a tool answers with, whichever way.
    pub(crate) async fn text(&self, id: impl Into<Value>, tool: &str, arguments: Value) -> String {
        let response = self.call(id, tool, arguments).await;
        assert_eq!(response.status(), 200);
        let answer = if is_stream(&response) {
            messages(response).await.pop().unwrap()
        } else {
            json_of(response).await
        };
        answer["result"]["content"][0]["text"]
            .as_str()
            .unwrap_or_else(|| panic!("{answer}"))
            .to_owned()
    }

    pub(crate) async fn get(&self, last: Option<&str>) -> Response<ResponseBody> {
        let mut head = self.head("GET");
        if let Some(last) = last {
            head = head.header("last-event-id", last);
        }
        self.send(head, "").await
    }

    pub(crate) async fn delete(&self) -> Response<ResponseBody> {
        self.send(self.head("DELETE"), "").await
    }

    pub(crate) async fn cancel(&self, id: impl Into<Value>) {
        let message = json!({
            "jsonrpc": "2.0", "method": "notifications/cancelled",
            "params": { "requestId": id.into() },
        });
        assert_eq!(self.post(&message).await.status(), 202);
    }
}

pub(crate) const ACCEPT: &str = "application/json, text/event-stream";

pub(crate) fn initialize(version: &str) -> Value {
    json!({
        "jsonrpc": "2.0", "id": 0, "method": "initialize",
        "params": {
            "protocolVersion": version,
            "capabilities": { "elicitation": {}, "sampling": {}, "roots": {} },
            "clientInfo": { "name": "test", "version": "1" },
        },
    })
}

pub(crate) fn call(id: impl Into<Value>, tool: &str, arguments: Value) -> Value {
    json!({
        "jsonrpc": "2.0", "id": id.into(), "method": "tools/call",
        "params": { "name": tool, "arguments": arguments },
    })
}

pub(crate) fn is_stream(response: &Response<ResponseBody>) -> bool {
    response.headers().get("content-type").is_some_and(|kind| kind == "text/event-stream")
}

pub(crate) async fn bytes(response: Response<ResponseBody>) -> Bytes {
    response.into_body().collect().await.unwrap().to_bytes()
}

pub(crate) async fn json_of(response: Response<ResponseBody>) -> Value {
    assert!(!is_stream(&response));
    let bytes = bytes(response).await;
    serde_json::from_slice(&bytes).unwrap_or_else(|_| panic!("no JSON: {bytes:?}"))
}

/// One event.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Event {
    pub(crate) id: Option<String>,
    pub(crate) retry: Option<u64>,
    /// `None` for one without a message.
    pub(crate) message: Option<Value>,
}

/// A stream that is being read.
pub(crate) struct Stream {
    body: ResponseBody,
    rest: String,
}

impl Stream {
    pub(crate) fn of(response: Response<ResponseBody>) -> Self {
        assert_eq!(response.status(), 200);
        assert!(is_stream(&response));
        Self { body: response.into_body(), rest: String::new() }
    }

    /// The next event, `None` at the end; comments are passed over.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        loop {
            while let Some((event, rest)) = self.rest.split_once("\n\n") {
                let event = parse(event);
                self.rest = rest.to_owned();
                if event != Event::default() {
                    return Some(event);
                }
            }
            let frame = self.body.frame().await?.unwrap().into_data().unwrap();
            self.rest += std::str::from_utf8(&frame).unwrap();
        }
    }

    /// The next message.
    pub(crate) async fn message(&mut self) -> Option<Value> {
        loop {
            if let Some(message) = self.next().await?.message {
                return Some(message);
            }
        }
    }

    /// What is left.
    pub(crate) async fn rest(mut self) -> Vec<Event> {
        let mut events = Vec::new();
        while let Some(event) = self.next().await {
            events.push(event);
        }
        events
    }
}

fn parse(text: &str) -> Event {
    let mut event = Event::default();
    for line in text.split('\n') {
        let (name, value) = line.split_once(": ").unwrap_or((line, ""));
        match name {
            "id" => event.id = Some(value.to_owned()),
            "retry" => event.retry = Some(value.parse().unwrap()),
            "data" if value.is_empty() => {}
            "data" => event.message = Some(serde_json::from_str(value).unwrap()),
            ":" => {}
            _ => panic!("no field of an event: {line}"),
        }
    }
    event
}

/// The messages of a stream, to its end.
pub(crate) async fn messages(response: Response<ResponseBody>) -> Vec<Value> {
    let events = Stream::of(response).rest().await;
    events.into_iter().filter_map(|event| event.message).collect()
}
