//! A session over Streamable HTTP, as `initialize` opens it.

use std::net::SocketAddr;

use serde_json::{Value, json};

use crate::defects::events::Events;
use crate::defects::link::{SOON, text};
use crate::defects::web::{Response, open, post, read, send};

/// The newest protocol version that has sessions.
pub(crate) const NEWEST: &str = "2025-11-25";

/// A request as the protocol versions with sessions write it.
pub(crate) fn request(id: &Value, method: &str, params: &Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })
}

/// A `tools/call` as the protocol versions with sessions write it.
pub(crate) fn call(id: &Value, tool: &str, arguments: &Value) -> Value {
    request(id, "tools/call", &json!({ "name": tool, "arguments": arguments }))
}

/// The request that opens a session.
pub(crate) fn initialize(version: &str) -> Value {
    let params = json!({
        "protocolVersion": version,
        "capabilities": { "roots": { "listChanged": true } },
        "clientInfo": { "name": "defects", "version": "1.0.0" },
    });
    request(&json!("initialize"), "initialize", &params)
}

/// The notification that ends the opening.
pub(crate) fn initialized() -> Value {
    json!({ "jsonrpc": "2.0", "method": "notifications/initialized" })
}

/// The headers of every POST.
pub(crate) fn headers() -> Vec<(&'static str, String)> {
    vec![
        ("Content-Type", "application/json".to_owned()),
        ("Accept", "application/json, text/event-stream".to_owned()),
    ]
}

/// An open session and the headers of its requests.
pub(crate) struct Session {
    pub(crate) address: SocketAddr,
    pub(crate) id: String,
    version: &'static str,
    token: Option<&'static str>,
}

impl Session {
    /// Opens a session at the newest version that has them.
    pub(crate) fn open(address: SocketAddr) -> Result<Self, String> {
        Self::open_at(address, NEWEST, None)
    }

    /// Opens a session at `version`, for the holder of a token.
    pub(crate) fn open_at(
        address: SocketAddr,
        version: &'static str,
        token: Option<&'static str>,
    ) -> Result<Self, String> {
        let session = Self::begin(address, version, token)?;
        let response = session.post(&initialized())?;
        match response.status {
            202 => Ok(session),
            status => Err(format!("initialized is answered with status {status}, want 202")),
        }
    }

    /// Sends `initialize` only.
    pub(crate) fn begin(
        address: SocketAddr,
        version: &'static str,
        token: Option<&'static str>,
    ) -> Result<Self, String> {
        let body = initialize(version).to_string();
        let mut headers = headers();
        headers.extend(bearer(token));
        let response = post(address, &headers, body.as_bytes(), SOON)?;
        let answer = response.message()?;
        let agreed = answer.pointer("/result/protocolVersion").and_then(Value::as_str);
        if agreed != Some(version) {
            return Err(format!("initialize at {version} is answered {answer}"));
        }
        let id = response.head.header("Mcp-Session-Id").ok_or("initialize gave no session id")?;
        Ok(Self { address, id: id.to_owned(), version, token })
    }

    /// The same session as somebody who holds another token would name it.
    pub(crate) fn taken_by(&self, token: &'static str) -> Self {
        Self { id: self.id.clone(), token: Some(token), ..*self }
    }

    /// The headers of a request of this session, without those of a body.
    fn named(&self) -> Vec<(&'static str, String)> {
        let mut headers = vec![
            ("Mcp-Session-Id", self.id.clone()),
            ("MCP-Protocol-Version", self.version.to_owned()),
        ];
        headers.extend(bearer(self.token));
        headers
    }

    /// The headers of a POST of this session.
    pub(crate) fn headers(&self) -> Vec<(&'static str, String)> {
        let mut headers = headers();
        headers.extend(self.named());
        headers
    }

    /// Sends a message and reads the answer to its end.
    pub(crate) fn post(&self, message: &Value) -> Result<Response, String> {
        post(self.address, &self.headers(), message.to_string().as_bytes(), SOON)
    }

    /// Sends a message and gives the answer as it comes.
    pub(crate) fn stream(&self, message: &Value) -> Result<Events, String> {
        let body = message.to_string();
        Events::of(open(self.address, &self.headers(), body.as_bytes())?, SOON)
    }

    /// Opens the stream of the session, or what comes after an event.
    pub(crate) fn get(&self, last_event: Option<&str>) -> Result<Events, String> {
        let mut headers = self.named();
        headers.push(("Accept", "text/event-stream".to_owned()));
        headers.extend(last_event.map(|id| ("Last-Event-ID", id.to_owned())));
        Events::of(send(self.address, "GET", &headers, b"")?, SOON)
    }

    /// Ends the session.
    pub(crate) fn delete(&self) -> Result<Response, String> {
        read(send(self.address, "DELETE", &self.named(), b"")?, SOON)
    }

    /// The text that a tool answers.
    pub(crate) fn says(&self, tool: &str, arguments: &Value) -> Result<String, String> {
        let answer = self.post(&call(&json!(tool), tool, arguments))?.message()?;
        text(&answer).map(str::to_owned).ok_or_else(|| format!("{tool} is answered {answer}"))
    }

    /// How many calls of `slow` were cancelled.
    pub(crate) fn cancelled(&self) -> Result<u64, String> {
        let said = self.says("cancelled_count", &json!({}))?;
        let count = serde_json::from_str::<Value>(&said).ok();
        let count = count.and_then(|count| count["cancelled"].as_u64());
        count.ok_or_else(|| format!("cancelled_count says {said}"))
    }

    /// Fails unless a plain call is answered.
    pub(crate) fn works(&self) -> Result<(), String> {
        match self.says("echo", &json!({ "message": "yes" })) {
            Ok(said) if said == "yes" => Ok(()),
            Ok(said) => Err(format!("echo says {said:.200} afterwards")),
            Err(why) => Err(format!("the session is dead afterwards: {why}")),
        }
    }
}

fn bearer(token: Option<&str>) -> Option<(&'static str, String)> {
    token.map(|token| ("Authorization", format!("Bearer {token}")))
}
