//! A client that writes each request by hand.

use crate::head::Head;
use crate::seen::PATIENCE;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

pub(crate) const MODERN: &str = "2026-07-28";

/// A modern caller.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) address: String,
    pub(crate) path: &'static str,
    pub(crate) token: Option<String>,
    pub(crate) capabilities: Value,
}

impl Caller {
    pub(crate) fn new(address: &str) -> Self {
        let capabilities = json!({ "elicitation": { "form": {} }, "sampling": {}, "roots": {} });
        Self { address: address.to_owned(), path: "/mcp", token: None, capabilities }
    }

    pub(crate) fn with_token(mut self, token: &str) -> Self {
        self.token = Some(token.to_owned());
        self
    }

    /// The first request of a call.
    pub(crate) async fn call(&self, tool: &str, arguments: Value) -> Said {
        self.begin(tool, arguments, None).await.finish().await
    }

    /// The same request with the state of the last answer, and with answers to its questions.
    pub(crate) async fn retry(&self, tool: &str, arguments: Value, round: &Round) -> Said {
        self.begin(tool, arguments, Some(round)).await.finish().await
    }

    /// Sends the request and leaves the answer to come.
    pub(crate) async fn begin(&self, tool: &str, arguments: Value, round: Option<&Round>) -> Open {
        let mut params = json!({
            "name": tool, "arguments": arguments,
            "_meta": {
                "io.modelcontextprotocol/protocolVersion": MODERN,
                "io.modelcontextprotocol/clientInfo": { "name": "by hand", "version": "1" },
                "io.modelcontextprotocol/clientCapabilities": self.capabilities,
                "io.modelcontextprotocol/logLevel": "debug",
                "progressToken": "hand",
            },
        });
        if let Some(Round { state, responses }) = round {
            params["requestState"] = json!(state);
            params["inputResponses"] = responses.clone();
        }
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
        self.send(&body.to_string(), &format!("Mcp-Method: tools/call\r\nMcp-Name: {tool}\r\n"))
            .await
    }

    /// Sends a body with these headers besides the usual ones.
    pub(crate) async fn send(&self, body: &str, fields: &str) -> Open {
        let mut stream = TcpStream::connect(&self.address).await.unwrap();
        let token = self.token.as_ref().map(|token| format!("Authorization: Bearer {token}\r\n"));
        let request = format!(
            "POST {} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n\
             Accept: application/json, text/event-stream\r\nMCP-Protocol-Version: {MODERN}\r\nConnection: close\r\n\
             Content-Length: {}\r\n{}{fields}\r\n{body}",
            self.path,
            self.address,
            body.len(),
            token.unwrap_or_default()
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        Open::of(BufReader::new(stream))
    }
}

/// A state, and the answers that go with it.
#[derive(Clone)]
pub(crate) struct Round {
    pub(crate) state: String,
    pub(crate) responses: Value,
}

/// A request whose answer is read as it comes; dropping it hangs up.
pub(crate) struct Open {
    stream: BufReader<TcpStream>,
    head: Option<Head>,
    bytes: Vec<u8>,
}

impl Open {
    pub(crate) fn of(stream: BufReader<TcpStream>) -> Self {
        Self { stream, head: None, bytes: Vec::new() }
    }

    /// The message that holds this text, which has come.
    pub(crate) async fn message(&mut self, text: &str) -> Value {
        loop {
            let all = self.text();
            let line =
                all.split_inclusive('\n').find(|line| line.contains(text) && line.ends_with('\n'));
            if let Some(line) = line {
                let start = line.find('{').unwrap();
                return serde_json::from_str(line[start..].trim()).unwrap();
            }
            assert!(self.read().await > 0, "the answer ended in a message: {all}");
        }
    }

    /// Reads until this text has come.
    pub(crate) async fn until(&mut self, text: &str) {
        let reading = async {
            while !String::from_utf8_lossy(&self.bytes).contains(text) {
                assert!(self.read().await > 0, "the answer ended before {text:?}: {}", self.text());
            }
        };
        if tokio::time::timeout(PATIENCE, reading).await.is_err() {
            panic!("nothing more for {PATIENCE:?} before {text:?}: {}", self.text());
        }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    async fn read(&mut self) -> usize {
        if self.head.is_none() {
            self.head = Head::read(&mut self.stream).await;
            let Some(head) = &self.head else { return 0 };
            self.bytes.extend_from_slice(head.text().as_bytes());
            return head.text().len();
        }
        let read = match self.stream.fill_buf().await {
            Ok(bytes) => bytes.to_vec(),
            Err(_) => Vec::new(),
        };
        self.stream.consume(read.len());
        self.bytes.extend_from_slice(&read);
        read.len()
    }

    /// All of it.
    pub(crate) async fn finish(mut self) -> Said {
        let reading = async { while self.read().await > 0 {} };
        if tokio::time::timeout(PATIENCE, reading).await.is_err() {
            panic!("no end of the answer for {PATIENCE:?}: {}", self.text());
        }
        let status = self.head.as_ref().map_or(0, Head::status);
        let (_, body) = {
            let text = self.text();
            let (head, body) = text.split_once("\r\n\r\n").unwrap_or(("", ""));
            (head.to_owned(), body.to_owned())
        };
        let mut messages = Vec::new();
        for line in body.lines() {
            let line = line.strip_prefix("data:").unwrap_or(line).trim();
            if line.starts_with('{') {
                messages.push(
                    serde_json::from_str(line).unwrap_or_else(|_| panic!("no message: {line}")),
                );
            }
        }
        Said { status, messages, bytes: self.text() }
    }
}

/// Everything that was said to a request.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) status: u16,
    pub(crate) messages: Vec<Value>,
    pub(crate) bytes: String,
}

impl Said {
    /// The answer, which comes last.
    pub(crate) fn answer(&self) -> &Value {
        self.messages.last().unwrap_or_else(|| panic!("no message at all: {}", self.bytes))
    }

    pub(crate) fn code(&self) -> &Value {
        &self.answer()["error"]["code"]
    }

    /// The text of a complete result.
    pub(crate) fn text(&self) -> &str {
        let text = self.answer()["result"]["content"][0]["text"].as_str();
        text.unwrap_or_else(|| panic!("no text: {}", self.bytes))
    }

    /// What progress said, in its order.
    pub(crate) fn progress(&self) -> Vec<&str> {
        let all = self.messages.iter().filter(|one| one["method"] == "notifications/progress");
        all.filter_map(|one| one["params"]["message"].as_str()).collect()
    }

    /// The questions it ends with, each with its method.
    pub(crate) fn questions(&self) -> Vec<(String, String)> {
        let questions = self.answer()["result"]["inputRequests"].as_object();
        let questions = questions.unwrap_or_else(|| panic!("no questions: {}", self.bytes));
        let of = |(key, one): (&String, &Value)| {
            (key.clone(), one["method"].as_str().unwrap().to_owned())
        };
        questions.iter().map(of).collect()
    }

    pub(crate) fn state(&self) -> &str {
        let state = self.answer()["result"]["requestState"].as_str();
        state.unwrap_or_else(|| panic!("no state: {}", self.bytes))
    }

    /// The next round, in which every question gets the answer that `answer` has for its method and params.
    pub(crate) fn round(&self, answer: impl Fn(&str, &Value) -> Value) -> Round {
        let questions = self.answer()["result"]["inputRequests"].as_object();
        let questions = questions.unwrap_or_else(|| panic!("no questions: {}", self.bytes));
        let responses = questions
            .iter()
            .map(|(key, one)| {
                (key.clone(), answer(one["method"].as_str().unwrap(), &one["params"]))
            })
            .collect();
        Round { state: self.state().to_owned(), responses: Value::Object(responses) }
    }
}

/// Reads all that still comes on a raw connection.
pub(crate) async fn rest(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let _ = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut bytes)).await;
    String::from_utf8_lossy(&bytes).into_owned()
}
