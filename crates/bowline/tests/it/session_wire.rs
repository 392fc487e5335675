//! A client that opens a session on a link in memory, and everything that was said there.

use bowline::Server;
use bowline::protocol::limits::Limits;
use bowline::transport::{Memory, Running, memory};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

/// Every protocol version that has sessions, oldest first.
pub(crate) const VERSIONS: [&str; 4] = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"];

/// The client's end of a link.
pub(crate) struct Client {
    pub(crate) running: Running,
    pub(crate) stream: BufReader<Memory>,
    /// `->` from the client, `<-` from the server.
    pub(crate) transcript: String,
    last_id: u64,
    /// The rest of a line whose sending was given up.
    unsent: Vec<u8>,
}

impl Client {
    /// One that has said nothing.
    pub(crate) fn new(server: &Server, limits: Limits) -> Self {
        let (near, far) = memory::pair();
        let running = server.start(far.limits(limits)).unwrap();
        let stream = BufReader::new(near);
        Self { running, stream, transcript: String::new(), last_id: 0, unsent: Vec::new() }
    }

    /// One with an open session, which can be asked everything.
    pub(crate) async fn open(server: &Server, limits: Limits, version: &str) -> Self {
        let mut client = Self::new(server, limits);
        client.initialize(version).await;
        client.notify("notifications/initialized", &json!({})).await;
        client.hear().await;
        client.transcript.clear();
        client
    }

    /// Sends `initialize` and gives back the answer.
    pub(crate) async fn initialize(&mut self, version: &str) -> Value {
        self.ask("initialize", &initialize(version)).await
    }

    /// Sends a request and gives back its id.
    pub(crate) async fn request(&mut self, method: &str, params: &Value) -> u64 {
        self.last_id += 1;
        self.say(&request(self.last_id, method, params)).await;
        self.last_id
    }

    /// Sends a request and gives back what comes next, which must be its answer.
    pub(crate) async fn ask(&mut self, method: &str, params: &Value) -> Value {
        let id = self.request(method, params).await;
        let answer = self.next().await;
        assert_eq!(answer["id"], id, "{answer:#}");
        answer
    }

    /// Calls a tool; gives back its id.
    pub(crate) async fn call(&mut self, tool: &str) -> u64 {
        self.request("tools/call", &json!({ "name": tool })).await
    }

    pub(crate) async fn notify(&mut self, method: &str, params: &Value) {
        self.say(&notification(method, params)).await;
    }

    pub(crate) async fn cancel(&mut self, id: u64) {
        self.notify("notifications/cancelled", &json!({ "requestId": id })).await;
    }

    /// Answers a request of the server.
    pub(crate) async fn answer(&mut self, id: &Value, result: &Value) {
        self.say(&json!({ "jsonrpc": "2.0", "id": id, "result": result }).to_string()).await;
    }

    /// Sends a line as it is; dropped before its end, it leaves the rest to the next one.
    pub(crate) async fn say(&mut self, line: &str) {
        self.transcript += &format!("-> {line}\n");
        self.unsent.extend_from_slice(format!("{line}\n").as_bytes());
        while !self.unsent.is_empty() {
            let count = self.stream.write(&self.unsent).await.unwrap();
            self.unsent.drain(..count);
        }
    }

    /// The next message of the server, however long it takes.
    pub(crate) async fn next(&mut self) -> Value {
        let line = self.line().await.unwrap();
        serde_json::from_str(&line).unwrap()
    }

    /// The next line; `None` at the end of the stream.
    pub(crate) async fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let count = self.stream.read_line(&mut line).await.unwrap();
        let line = line.trim_end().to_owned();
        if count > 0 {
            self.transcript += &format!("<- {line}\n");
        }
        (count > 0).then_some(line)
    }

    /// Everything that the server says while nothing else happens.
    pub(crate) async fn hear(&mut self) -> Vec<Value> {
        self.hear_for(Duration::from_millis(1)).await
    }

    pub(crate) async fn hear_for(&mut self, time: Duration) -> Vec<Value> {
        let mut messages = Vec::new();
        let until = tokio::time::Instant::now() + time;
        while let Ok(message) = tokio::time::timeout_at(until, self.next()).await {
            messages.push(message);
        }
        messages
    }

    /// Closes the client's sending half, and gives back what still comes.
    pub(crate) async fn end_input(&mut self) -> Vec<String> {
        self.stream.shutdown().await.unwrap();
        let mut lines = Vec::new();
        while let Some(line) = self.line().await {
            lines.push(line);
        }
        lines
    }
}

/// The params of `initialize`.
pub(crate) fn initialize(version: &str) -> Value {
    json!({
        "protocolVersion": version,
        "capabilities": {
            "elicitation": { "form": {}, "url": {} },
            "sampling": { "tools": {}, "context": {} },
            "roots": { "listChanged": true },
        },
        "clientInfo": { "name": "script", "version": "1" },
    })
}

pub(crate) fn request(id: u64, method: &str, params: &Value) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"{method}","params":{params}}}"#)
}

pub(crate) fn notification(method: &str, params: &Value) -> String {
    format!(r#"{{"jsonrpc":"2.0","method":"{method}","params":{params}}}"#)
}

/// The text of a tool's result, or its error as `code: message`.
pub(crate) fn outcome(message: &Value) -> String {
    if let Some(error) = message.get("error") {
        return format!("{}: {}", error["code"], error["message"].as_str().unwrap());
    }
    let text = message["result"]["content"][0]["text"].as_str();
    let text = text.map_or_else(|| message["result"].to_string(), str::to_owned);
    if message["result"]["isError"] == true { format!("tool error: {text}") } else { text }
}

/// An accepted form.
pub(crate) fn named(name: &str) -> Value {
    json!({ "action": "accept", "content": { "name": name } })
}
