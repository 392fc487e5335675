//! A server with a tool for each way to answer, and requests to it.

use bowline::protocol::limits::Limits;
use bowline::transport::Running;
use bowline::transport::http::{Endpoint, Http, HttpService, ResponseBody};
use bowline::types::log::LoggingLevel;
use bowline::types::tool::Tool;
use bowline::{Context, Server};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Notify, Semaphore};

pub(crate) const VERSION: &str = "2026-07-28";

#[derive(Deserialize, JsonSchema)]
struct Echo {
    message: String,
}

#[derive(Deserialize, JsonSchema)]
struct Count {
    count: usize,
}

/// What tests see of the handlers, and tell them.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    /// One permit for each handler of `wait` that has begun.
    pub(crate) begun: Began,
    /// One permit for each handler that was dropped before its end.
    pub(crate) dropped: Began,
    /// Lets every handler of `wait` end.
    pub(crate) go: Notify,
    pub(crate) alive: AtomicUsize,
}

#[derive(Debug)]
pub(crate) struct Began(Semaphore);

impl Default for Began {
    fn default() -> Self {
        Self(Semaphore::new(0))
    }
}

impl Began {
    fn tell(&self) {
        self.0.add_permits(1);
    }

    /// Waits for one; fails after a time that no machine needs.
    pub(crate) async fn one(&self) {
        tokio::time::timeout(Duration::from_secs(60), self.0.acquire())
            .await
            .expect("waited a minute")
            .unwrap()
            .forget();
    }

    pub(crate) fn count(&self) -> usize {
        self.0.available_permits()
    }
}

/// Tells when a handler is dropped before its end.
struct Alive(Arc<Watch>, bool);

impl Alive {
    fn new(watch: &Arc<Watch>) -> Self {
        watch.alive.fetch_add(1, Ordering::SeqCst);
        watch.begun.tell();
        Self(watch.clone(), false)
    }

    fn end(mut self) {
        self.1 = true;
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.alive.fetch_sub(1, Ordering::SeqCst);
        if !self.1 {
            self.0.dropped.tell();
        }
    }
}

/// The server, and what can be seen of its handlers.
pub(crate) fn server() -> (Server, Arc<Watch>) {
    let watch = Arc::new(Watch::default());
    let (waiting, gushing) = (watch.clone(), watch.clone());
    let server = Server::new("test", "1")
        .tool(Tool::new("echo"), |Echo { message }: Echo| async move { message })
        .tool(Tool::new("large"), |Count { count }: Count| async move { "x".repeat(count) })
        .tool(Tool::new("who"), |cx: Context| async move {
            let secret = cx.headers().contains_key("authorization");
            format!("{:?} {} {secret}", cx.principal().kind(), cx.principal().name())
        })
        .tool(Tool::new("report"), |cx: Context, Count { count }: Count| async move {
            for step in 1..=count {
                cx.progress(step as f64, count as f64, None);
            }
            "reported"
        })
        .tool(Tool::new("log"), |cx: Context, Count { count }: Count| async move {
            for step in 1..=count {
                cx.log(LoggingLevel::Info, step);
            }
            "logged"
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
        .tool(Tool::new("gush"), move |cx: Context| {
            let watch = gushing.clone();
            async move {
                let _alive = Alive::new(&watch);
                let text = "x".repeat(32 * 1024);
                loop {
                    cx.log(LoggingLevel::Info, &text);
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                #[allow(unreachable_code, reason = "gives the function its type")]
                ""
            }
        });
    (server, watch)
}

pub(crate) fn mounted(limits: Limits) -> (HttpService, Arc<Watch>) {
    let (server, watch) = server();
    (Endpoint::default().limits(limits).mount(server), watch)
}

/// Serves over sockets until the returned value is dropped.
pub(crate) async fn listening(
    change: impl FnOnce(Http) -> Http,
) -> (SocketAddr, Running, Arc<Watch>) {
    let (server, watch) = server();
    let http = change(Http::bind("127.0.0.1:0").await.unwrap());
    let address = http.address();
    (address, server.start(http).unwrap(), watch)
}

pub(crate) fn meta() -> Value {
    json!({
        "io.modelcontextprotocol/protocolVersion": VERSION,
        "io.modelcontextprotocol/clientInfo": { "name": "test", "version": "1" },
        "io.modelcontextprotocol/clientCapabilities": {},
    })
}

/// A call of a tool that wants everything a call can want.
pub(crate) fn call(id: impl Into<Value>, name: &str, arguments: &Value) -> String {
    let mut meta = meta();
    meta["progressToken"] = json!("p");
    meta["io.modelcontextprotocol/logLevel"] = json!("debug");
    json!({
        "jsonrpc": "2.0", "id": id.into(), "method": "tools/call",
        "params": { "name": name, "arguments": arguments, "_meta": meta },
    })
    .to_string()
}

pub(crate) fn headers(name: &str) -> Vec<(&'static str, String)> {
    [
        ("host", "localhost"),
        ("content-type", "application/json"),
        ("accept", "application/json, text/event-stream"),
        ("mcp-protocol-version", VERSION),
        ("mcp-method", "tools/call"),
        ("mcp-name", name),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .to_vec()
}

pub(crate) fn request(name: &str, arguments: &Value) -> Request<Full<Bytes>> {
    let mut request = Request::post("/mcp");
    for (name, value) in headers(name) {
        request = request.header(name, value);
    }
    request.body(Full::from(call(1, name, arguments))).unwrap()
}

pub(crate) fn media_type<B>(response: &Response<B>) -> &str {
    response.headers()["content-type"].to_str().unwrap()
}

pub(crate) async fn text(response: Response<ResponseBody>) -> String {
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The messages of an event stream.
pub(crate) fn events(text: &str) -> Vec<Value> {
    text.split_terminator("\n\n")
        .filter(|event| !event.starts_with(':'))
        .map(|event| serde_json::from_str(event.strip_prefix("data: ").unwrap()).unwrap())
        .collect()
}

/// A call as HTTP/1.1; `more` are header lines.
pub(crate) fn http1(name: &str, arguments: &Value, more: &str) -> String {
    let body = call(1, name, arguments);
    let mut head = String::from("POST /mcp HTTP/1.1\r\n");
    for (name, value) in headers(name) {
        head += &format!("{name}: {value}\r\n");
    }
    format!("{head}{more}content-length: {}\r\n\r\n{body}", body.len())
}

/// Sends bytes and reads until the server closes.
pub(crate) async fn exchange(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // The server may refuse and close before it has read all.
    let _ = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(60), stream.read_to_end(&mut answer)).await;
    read.expect("the server does not close").unwrap();
    String::from_utf8(answer).unwrap()
}

/// The status of an answer of HTTP/1.1; 0 when there was none.
pub(crate) fn status(answer: &str) -> u16 {
    answer.get(9..12).map_or(0, |status| status.parse().unwrap())
}
