//! A client by hand, so that every byte of it is known.

use crate::conformance::through::Era;
use crate::conformance::through::http::{Body, Framing, Head};
use serde_json::{Value, json};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

/// A client of one kind.
pub(super) struct Peer {
    authority: String,
    path: String,
    era: Era,
    session: Option<String>,
    /// What is said outside of calls.
    aside: Option<Response>,
}

/// A response that is being read.
pub(super) struct Response {
    head: Head,
    socket: TcpStream,
    /// Its messages; closed at its end.
    messages: Receiver<Value>,
}

/// The id of the subscription of a client without a session.
pub(super) const SUBSCRIPTION: &str = "subscription";

impl Peer {
    /// One that has said nothing.
    pub(super) fn new(url: &str, era: Era) -> Result<Self, String> {
        let parts = url.strip_prefix("http://").and_then(|rest| rest.split_once('/'));
        let (authority, path) = parts.ok_or_else(|| format!("{url} has no path"))?;
        Ok(Self {
            authority: authority.to_owned(),
            path: format!("/{path}"),
            era,
            session: None,
            aside: None,
        })
    }

    pub(super) fn era(&self) -> Era {
        self.era
    }

    /// Opens the session, where there is one, and the stream of what is said outside of calls.
    pub(super) fn open(&mut self) -> Result<(), String> {
        if self.era == Era::Modern {
            return Ok(());
        }
        let info = json!({"name": "talk", "version": "1"});
        let params = json!({"protocolVersion": LEGACY, "capabilities": {}, "clientInfo": info});
        let opening = self.begin("opening", "initialize", params)?;
        let session = opening.head.get("mcp-session-id").map(str::to_owned);
        opening.result("opening")?;
        self.session = Some(session.ok_or("there is no session id")?);
        self.notify("notifications/initialized", &json!({}))?;
        self.aside = Some(self.exchange("GET", None, &[])?);
        Ok(())
    }

    /// Ends the session, where there is one.
    pub(super) fn close(&self) -> Result<(), String> {
        if self.session.is_some() {
            self.exchange("DELETE", None, &[])?;
        }
        if let Some(aside) = &self.aside {
            aside.close();
        }
        Ok(())
    }

    /// The result of a request.
    pub(super) fn request(&self, id: &str, method: &str, params: Value) -> Result<Value, String> {
        self.begin(id, method, params)?.result(id)
    }

    /// The result of a tool that takes no arguments.
    pub(super) fn call(&self, id: &str, tool: &str) -> Result<Value, String> {
        self.request(id, "tools/call", json!({"name": tool, "arguments": {}}))
    }

    /// Sends a request, and does not wait for its result.
    pub(super) fn begin(
        &self,
        id: &str,
        method: &str,
        mut params: Value,
    ) -> Result<Response, String> {
        let name = params["name"].as_str().or_else(|| params["uri"].as_str()).map(str::to_owned);
        let mut headers = Vec::new();
        if self.era == Era::Modern {
            params["_meta"] = json!({
                "io.modelcontextprotocol/protocolVersion": MODERN,
                "io.modelcontextprotocol/clientInfo": {"name": "talk", "version": "1"},
                "io.modelcontextprotocol/clientCapabilities": {},
            });
            headers.push(("Mcp-Method", method.to_owned()));
            headers.extend(name.map(|name| ("Mcp-Name", name)));
        }
        let message = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
        self.exchange("POST", Some(&message), &headers)
    }

    /// Starts to hear of a resource.
    pub(super) fn subscribe(&self, uri: &str) -> Result<Hearing<'_>, String> {
        match &self.aside {
            Some(aside) => {
                self.request("subscribe", "resources/subscribe", json!({ "uri": uri }))?;
                Ok(Hearing::Aside(aside))
            }
            None => {
                let params = json!({"notifications": {"resourceSubscriptions": [uri]}});
                let listen = self.begin(SUBSCRIPTION, "subscriptions/listen", params)?;
                let first = listen.next(Instant::now() + LIMIT)?;
                match first["method"] == "notifications/subscriptions/acknowledged" {
                    true => Ok(Hearing::Own(listen)),
                    false => Err(format!("not acknowledged: {first}")),
                }
            }
        }
    }

    /// Gives a request up, as clients of this kind do.
    pub(super) fn give_up(&self, id: &str, response: &Response) -> Result<(), String> {
        match self.era {
            Era::Legacy => self.notify("notifications/cancelled", &json!({ "requestId": id })),
            Era::Modern => {
                response.close();
                Ok(())
            }
        }
    }

    fn notify(&self, method: &str, params: &Value) -> Result<(), String> {
        let message = json!({"jsonrpc": "2.0", "method": method, "params": params});
        let response = self.exchange("POST", Some(&message), &[])?;
        match response.head.line.contains(" 202") {
            true => Ok(()),
            false => Err(format!("{method}: {}", response.head.line)),
        }
    }

    fn exchange(
        &self,
        method: &str,
        message: Option<&Value>,
        headers: &[(&str, String)],
    ) -> Result<Response, String> {
        let exchange = || -> io::Result<Response> {
            let socket = TcpStream::connect(&self.authority)?;
            socket.set_nodelay(true)?;
            socket.set_read_timeout(Some(LIMIT))?;
            let mut all = vec![
                ("host", self.authority.clone()),
                ("content-type", "application/json".to_owned()),
                ("accept", if message.is_some() { BOTH } else { "text/event-stream" }.to_owned()),
            ];
            let version = if self.era == Era::Modern { MODERN } else { LEGACY };
            all.push(("mcp-protocol-version", version.to_owned()));
            all.extend(self.session.clone().map(|id| ("mcp-session-id", id)));
            all.extend_from_slice(headers);
            let body = message.map(Value::to_string).unwrap_or_default();
            let headers = all.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
            let head = Head { line: format!("{method} {} HTTP/1.1", self.path), headers };
            let mut to = &socket;
            head.write(&mut to, Framing::Length(body.len() as u64))?;
            to.write_all(body.as_bytes())?;
            Response::read(socket)
        };
        exchange().map_err(|error| format!("{method} {}: {error}", self.path))
    }
}

/// Where a client hears of a resource.
pub(super) enum Hearing<'a> {
    /// On the stream of its session.
    Aside(&'a Response),
    /// On a stream of its own.
    Own(Response),
}

impl Hearing<'_> {
    /// The next message.
    pub(super) fn next(&self, until: Instant) -> Result<Value, String> {
        match self {
            Self::Aside(response) => response.next(until),
            Self::Own(response) => response.next(until),
        }
    }
}

impl Response {
    fn read(socket: TcpStream) -> io::Result<Self> {
        let mut from = BufReader::new(socket.try_clone()?);
        let head = Head::read(&mut from)?.ok_or(io::ErrorKind::UnexpectedEof)?;
        let framing = head.of_response();
        let stream = head.get("content-type").is_some_and(|kind| kind.starts_with("text/event"));
        let (sender, messages) = mpsc::channel();
        // Ends with the response, at the latest when nothing came for a while.
        thread::spawn(move || {
            let body = Body::new(from, framing);
            if !stream {
                let mut text = String::new();
                // What is broken off is no message.
                let _ = { body }.read_to_string(&mut text);
                // Fails when nobody waits any more.
                let _ = serde_json::from_str(&text).map(|message| sender.send(message));
                return;
            }
            for line in BufReader::new(body).lines().map_while(Result::ok) {
                let data = line.strip_prefix("data:").unwrap_or_default();
                if let Ok(message) = serde_json::from_str(data)
                    && sender.send(message).is_err()
                {
                    return;
                }
            }
        });
        Ok(Self { head, socket, messages })
    }

    /// The next message.
    pub(super) fn next(&self, until: Instant) -> Result<Value, String> {
        let left = until.saturating_duration_since(Instant::now());
        self.messages.recv_timeout(left).map_err(|error| error.to_string())
    }

    /// The result of the request of this id; whatever is said before is passed over.
    fn result(&self, id: &str) -> Result<Value, String> {
        let until = Instant::now() + LIMIT;
        loop {
            let message = self.next(until)?;
            if message["id"] == id {
                let result = message.get("result").cloned();
                return result.ok_or_else(|| format!("{id}: {message}"));
            }
        }
    }

    /// Closes the connection before its end.
    fn close(&self) {
        // Fails when it is closed already.
        let _ = self.socket.shutdown(Shutdown::Both);
    }
}

impl Drop for Response {
    fn drop(&mut self) {
        self.close();
    }
}

const LEGACY: &str = "2025-11-25";
const MODERN: &str = "2026-07-28";
const BOTH: &str = "application/json, text/event-stream";

/// How long a message may take.
const LIMIT: Duration = Duration::from_secs(10);
