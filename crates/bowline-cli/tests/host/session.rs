//! A session over Streamable HTTP whose every byte is kept.

use crate::head::Head;
use crate::post::{Open, Said};
use serde_json::{Value, json};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

pub(crate) struct Session {
    address: String,
    token: String,
    id: String,
    next: AtomicUsize,
    bytes: Mutex<String>,
}

impl Session {
    /// Opens one, of 2025-11-25, and sets the log level to everything.
    pub(crate) async fn open(address: &str, token: Option<&str>) -> Self {
        let token = token.map(|token| format!("Authorization: Bearer {token}\r\n"));
        let mut session = Self {
            address: address.to_owned(),
            token: token.unwrap_or_default(),
            id: String::new(),
            next: AtomicUsize::new(100),
            bytes: Mutex::default(),
        };
        let hello = json!({
            "jsonrpc": "2.0", "id": 1, "method": "initialize",
            "params": {
                "protocolVersion": "2025-11-25", "clientInfo": { "name": "by hand", "version": "1" },
                "capabilities": { "elicitation": { "form": {} } },
            },
        });
        let mut stream = session.send(&hello).await;
        let head = Head::read(&mut stream).await.unwrap();
        session.id = head
            .field("mcp-session-id")
            .unwrap_or_else(|| panic!("no session: {}", head.text()))
            .to_owned();
        session.rest(stream).await;
        for message in [
            json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }),
            json!({ "jsonrpc": "2.0", "id": 2, "method": "logging/setLevel", "params": { "level": "debug" } }),
        ] {
            let stream = session.send(&message).await;
            session.rest(stream).await;
        }
        session
    }

    /// All that ever came.
    pub(crate) fn bytes(&self) -> String {
        self.bytes.lock().unwrap().clone()
    }

    /// Calls the tool `secret`, and fills in this secret when asked for that of this label.
    pub(crate) async fn secret(&self, label: &str, secret: &str) -> Said {
        let id = self.next.fetch_add(1, Ordering::SeqCst);
        let call = json!({
            "jsonrpc": "2.0", "id": id, "method": "tools/call",
            "params": { "name": "secret", "arguments": { "label": label }, "_meta": { "progressToken": id } },
        });
        let mut open = Open::of(self.send(&call).await);
        let asked = format!("the secret of {label}?");
        open.until(&asked).await;
        let question = open.message(&asked).await;
        let answer = json!({
            "jsonrpc": "2.0", "id": question["id"],
            "result": { "action": "accept", "content": { "secret": secret } },
        });
        let stream = self.send(&answer).await;
        self.rest(stream).await;
        let said = open.finish().await;
        self.bytes.lock().unwrap().push_str(&said.bytes);
        said
    }

    async fn send(&self, message: &Value) -> BufReader<TcpStream> {
        let mut stream = TcpStream::connect(&self.address).await.unwrap();
        let body = message.to_string();
        let session = match self.id.as_str() {
            "" => String::new(),
            id => format!("Mcp-Session-Id: {id}\r\nMCP-Protocol-Version: 2025-11-25\r\n"),
        };
        let request = format!(
            "POST /mcp HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n\
             Accept: application/json, text/event-stream\r\nConnection: close\r\nContent-Length: {}\r\n{}{session}\r\n{body}",
            self.address,
            body.len(),
            self.token
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        BufReader::new(stream)
    }

    async fn rest(&self, mut stream: BufReader<TcpStream>) {
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.unwrap();
        self.bytes.lock().unwrap().push_str(&String::from_utf8_lossy(&bytes));
    }
}
