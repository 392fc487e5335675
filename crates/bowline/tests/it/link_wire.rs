//! A service that does what its caller says, and the other end of its link.

use bowline::protocol::limits::Limits;
use bowline::protocol::outcome::{Body, Outcome};
use bowline::protocol::scan::{BodyKey, Message};
use bowline::transport::{Memory, Running, memory};
use bowline::types::jsonrpc::ErrorObject;
use bowline::{Answer, Call, Context, Principal, Service};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

/// Answers `tools/call` by the tool's name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Probe(Arc<Counts>);

#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) started: AtomicUsize,
    pub(crate) alive: AtomicUsize,
    pub(crate) notified: AtomicUsize,
}

struct Alive(Probe);

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.0.alive.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Probe {
    pub(crate) fn alive(&self) -> usize {
        self.0.alive.load(Ordering::SeqCst)
    }

    pub(crate) fn started(&self) -> usize {
        self.0.started.load(Ordering::SeqCst)
    }

    pub(crate) fn notified(&self) -> usize {
        self.0.notified.load(Ordering::SeqCst)
    }

    fn begin(&self) -> Alive {
        self.0.started.fetch_add(1, Ordering::SeqCst);
        self.0.alive.fetch_add(1, Ordering::SeqCst);
        Alive(self.clone())
    }
}

impl Service for Probe {
    fn call(self: Arc<Self>, call: Call) -> Answer {
        let cx = call.cx;
        let alive = self.begin();
        if cx.request().method() == "subscriptions/listen" {
            return Answer::new(async move {
                let _alive = alive;
                std::future::pending().await
            });
        }
        let name = cx.request().param_str(BodyKey::Name).unwrap_or_default().into_owned();
        let arguments: Value = cx
            .request()
            .param_raw(BodyKey::Arguments)
            .map_or(Value::Null, |raw| raw.decode().unwrap());
        let amount = arguments["amount"].as_u64().unwrap_or_default();
        match name.as_str() {
            "now" => Answer::ready(result(&json!({}))),
            "big" => Answer::ready(result(&json!({ "text": "x".repeat(amount as usize) }))),
            "panic" => panic!("in the call itself"),
            _ => Answer::new(async move {
                let _alive = alive;
                later(&name, amount, &cx).await
            }),
        }
    }

    fn notify(&self, _: &Principal, notification: Message) {
        self.0.notified.fetch_add(1, Ordering::SeqCst);
        assert_ne!(notification.method(), "notifications/boom", "as the test wants it");
    }
}

async fn later(name: &str, amount: u64, cx: &Context) -> Outcome {
    match name {
        "sleep" => tokio::time::sleep(Duration::from_millis(amount)).await,
        "hang" => std::future::pending().await,
        "panic later" => {
            tokio::task::yield_now().await;
            panic!("in the running call");
        }
        "block" => {
            tokio::task::yield_now().await;
            std::thread::sleep(Duration::from_millis(amount));
        }
        "progress" => {
            for step in 1..=amount {
                cx.progress(step as f64, None, None);
            }
        }
        "slow progress" => {
            for step in 1..=amount {
                cx.progress(step as f64, None, None);
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
        "flood" => {
            let text = "x".repeat(64 * 1024);
            for _ in 0..amount {
                cx.log(bowline::types::log::LoggingLevel::Error, &text);
                tokio::task::yield_now().await;
            }
        }
        _ => return ErrorObject::invalid_params("unknown tool").into(),
    }
    result(&json!({ "done": name }))
}

fn result(value: &Value) -> Outcome {
    Outcome::complete(Body::of(value).unwrap())
}

/// The client's end of a link.
pub(crate) struct Wire {
    pub(crate) running: Running,
    pub(crate) probe: Probe,
    pub(crate) stream: BufReader<Memory>,
}

impl Wire {
    pub(crate) fn new(limits: Limits) -> Self {
        let (near, far) = memory::pair();
        let probe = Probe::default();
        let running = bowline::transport::start(Arc::new(probe.clone()), far.limits(limits));
        Self { running, probe, stream: BufReader::new(near) }
    }

    pub(crate) async fn send(&mut self, line: &str) {
        self.send_bytes(line.as_bytes()).await;
        self.send_bytes(b"\n").await;
    }

    pub(crate) async fn send_bytes(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    /// Closes the client's sending half.
    pub(crate) async fn end_input(&mut self) {
        self.stream.shutdown().await.unwrap();
    }

    /// The next line; `None` at the end of the stream.
    pub(crate) async fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let count = self.stream.read_line(&mut line).await.unwrap();
        (count > 0).then(|| line.trim_end().to_owned())
    }

    /// All lines that come within a time.
    pub(crate) async fn lines_within(&mut self, time: Duration) -> Vec<String> {
        let mut lines = Vec::new();
        let until = tokio::time::Instant::now() + time;
        while let Ok(Some(line)) = tokio::time::timeout_at(until, self.line()).await {
            lines.push(line);
        }
        lines
    }

    pub(crate) async fn rest(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        while let Some(line) = self.line().await {
            lines.push(line);
        }
        lines
    }
}

/// A call of a tool; `id` is JSON.
pub(crate) fn call(id: &str, name: &str, amount: u64) -> String {
    request(id, "tools/call", &json!({ "name": name, "arguments": { "amount": amount } }))
}

pub(crate) fn request(id: &str, method: &str, params: &Value) -> String {
    let mut params = params.clone();
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/logLevel": "debug",
        "progressToken": "p",
    });
    format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"{method}","params":{params}}}"#)
}

pub(crate) fn cancel(id: &str) -> String {
    let method = "notifications/cancelled";
    format!(r#"{{"jsonrpc":"2.0","method":"{method}","params":{{"requestId":{id}}}}}"#)
}

/// Lets everything happen that needs no time to pass.
pub(crate) async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}
