//! A server that says whatever a test wants, and what the wire makes of it.

mod answers;
#[cfg(not(modern_only))]
mod sessions;
#[cfg(not(modern_only))]
mod sse;

use super::Way;
use crate::client::wire::{Event, Exchange, Failure, Hears, Outgoing, Wire};
use crate::error::Error;
use crate::transport::http::client::{Connector, Options};
use bowline_protocol::era::Incoming;
use bowline_protocol::era::client::Speaker;
use bowline_protocol::http::{HeaderMap, HeaderValue};
use bowline_protocol::limits::Limits;
use bowline_protocol::outcome::Body;
use bowline_protocol::protocol::{Request, Response};
use bowline_protocol::scan::{BodyKey, Message, Raw};
use bowline_types::jsonrpc::Id;
use bowline_types::revision::Revision;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// Comes at the end of a reply after which the connection stays open.
const HOLD: &str = "\u{1}";

/// A server whose every response is written down beforehand. After each it closes the connection.
struct Script {
    address: std::net::SocketAddr,
    seen: Arc<Mutex<Vec<String>>>,
    /// Rings whenever something was seen.
    bell: Arc<Notify>,
    server: JoinHandle<()>,
}

impl Script {
    /// Answers one request after another; in a reply `ID` stands for the id of the last request that had one.
    async fn play<R: Into<String>>(replies: impl IntoIterator<Item = R>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::<Mutex<Vec<String>>>::default();
        let bell = Arc::<Notify>::default();
        let (told, ring) = (seen.clone(), bell.clone());
        let mut replies: Vec<String> = replies.into_iter().map(Into::into).collect();
        replies.reverse();
        let server = tokio::spawn(async move {
            let mut id = Value::Null;
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let Some((head, body)) = request(&mut stream).await else { continue };
                if let Ok(message) = serde_json::from_str::<Value>(&body)
                    && message["method"].is_string()
                    && !message["id"].is_null()
                {
                    id = message["id"].clone();
                }
                told.lock().unwrap().push(format!("{head}{body}"));
                ring.notify_waiters();
                let reply = replies.pop().unwrap_or_else(|| status("500 Out Of Script", ""));
                let (reply, holds) = match reply.strip_suffix(HOLD) {
                    Some(reply) => (reply.replace("ID", &id.to_string()), true),
                    None => (reply.replace("ID", &id.to_string()), false),
                };
                let _ = stream.write_all(reply.as_bytes()).await;
                if holds {
                    let (told, ring) = (told.clone(), ring.clone());
                    tokio::spawn(async move {
                        let _ = stream.read(&mut [0]).await;
                        told.lock().unwrap().push("(the client closed)".to_owned());
                        ring.notify_waiters();
                    });
                } else {
                    let _ = stream.shutdown().await;
                }
            }
        });
        Self { address, seen, bell, server }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// What was seen so far, one line each.
    fn seen(&self) -> String {
        let seen = self.seen.lock().unwrap();
        seen.iter().fold(String::new(), |text, line| text + line.trim_end() + "\n")
    }

    /// A text without what differs from run to run.
    fn stable(&self, text: &str) -> String {
        text.replace(&format!(":{}", self.address.port()), ":PORT")
    }

    /// Waits until so much was seen.
    async fn until_seen(&self, count: usize) {
        let seen = async {
            loop {
                let ring = self.bell.notified();
                if self.seen.lock().unwrap().len() >= count {
                    return;
                }
                ring.await;
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(20), seen).await;
        assert!(waited.is_ok(), "only this was seen:\n{}", self.seen());
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Reads a request: what a test wants to know of its head, and its body.
async fn request(stream: &mut TcpStream) -> Option<(String, String)> {
    let mut text = Vec::new();
    let end = loop {
        if let Some(end) = text.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut text).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(text[..end].to_vec()).unwrap();
    let mut lines = head.split("\r\n");
    let mut shown = lines.next()?.strip_suffix(" HTTP/1.1")?.to_owned() + " ";
    let mut length = 0;
    let mut told: Vec<String> = Vec::new();
    for line in lines {
        let (name, value) = line.split_once(": ")?;
        match name {
            "content-length" => length = value.parse().ok()?,
            "mcp-protocol-version"
            | "mcp-session-id"
            | "mcp-method"
            | "mcp-name"
            | "last-event-id"
            | "x-own" => told.push(format!("{name}={value} ")),
            _ => {}
        }
    }
    told.sort();
    shown += &told.concat();
    while text.len() < end + 4 + length {
        if stream.read_buf(&mut text).await.ok()? == 0 {
            return None;
        }
    }
    Some((shown, String::from_utf8(text[end + 4..].to_vec()).unwrap()))
}

/// A response of this status.
fn status(status: &str, more: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{more}content-length: 0\r\n\r\n")
}

/// A response with a body.
fn body(status: &str, kind: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-type: {kind}\r\n\r\n{body}")
}

fn json(text: &str) -> String {
    body("200 OK", "application/json", text)
}

fn stream(text: &str) -> String {
    body("200 OK", "text/event-stream", text)
}

const DONE: &str = r#"{"jsonrpc":"2.0","id":ID,"result":{}}"#;

fn done() -> String {
    json(DONE)
}

/// Writes down what belongs to no request.
#[derive(Debug, Default)]
struct Ears(Mutex<Vec<String>>, Notify);

impl Ears {
    fn tell(&self, text: String) {
        self.0.lock().unwrap().push(text);
        self.1.notify_waiters();
    }

    fn take(&self) -> String {
        self.0.lock().unwrap().drain(..).fold(String::new(), |text, line| text + &line + "\n")
    }

    /// Waits until so much was heard.
    #[cfg(not(modern_only))]
    async fn until_heard(&self, count: usize) {
        let heard = async {
            loop {
                let ring = self.1.notified();
                if self.0.lock().unwrap().len() >= count {
                    return;
                }
                ring.await;
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(20), heard).await;
        assert!(waited.is_ok(), "only this was heard: {:?}", self.0.lock().unwrap());
    }
}

impl Hears for Ears {
    fn notification(&self, notification: Message) {
        self.tell(format!("notification {}", notification.method()));
    }

    fn question(&self, question: Incoming) {
        self.tell(format!("question {}", question.method()));
    }

    fn cancelled(&self, id: &Id) {
        self.tell(format!("cancelled {id:?}"));
    }

    fn fault(&self, error: Error) {
        self.tell(format!("fault {error}"));
    }

    fn lost(&self, error: Error) {
        self.tell(format!("lost {error}"));
    }
}

/// Small enough that tests reach them, quick enough that nobody waits.
fn limits() -> Limits {
    Limits::default()
        .response_bytes(2048)
        .event_bytes(2048)
        .reconnects(2)
        .reconnect_delay(Duration::from_millis(2))
        .retry_min(Duration::from_millis(1))
}

fn way(url: &str, ears: &Arc<Ears>) -> Way {
    let mut headers = HeaderMap::new();
    let mut own = HeaderValue::from_static("canary");
    own.set_sensitive(true);
    headers.insert("x-own", own);
    let connector = Connector::new(&Options::default().proxy_from_env(false)).unwrap();
    Way::to(url, connector, headers, Arc::new(limits()), ears.clone()).unwrap()
}

/// A wire to a script, and who hears for it.
fn wire(script: &Script) -> (Arc<dyn Wire>, Arc<Ears>) {
    let ears = Arc::<Ears>::default();
    (way(&script.url("/mcp"), &ears).streamable(), ears)
}

/// A request of a protocol version, which wants progress.
fn outgoing(revision: Revision, method: &'static str, params: &Value) -> Outgoing {
    let nothing = Raw::encode(&json!({})).unwrap();
    let speaker = Speaker::new(revision, &nothing, &nothing, None);
    let params = speaker.outgoing(method, Body::of(params).unwrap()).unwrap();
    let request = Request::new(method).params(params).progress();
    Outgoing { request, headers: HeaderMap::new() }
}

/// A call of the tool `t`.
fn call(revision: Revision) -> Outgoing {
    outgoing(revision, "tools/call", &json!({ "name": "t" }))
}

async fn next(exchange: &mut dyn Exchange) -> Result<Event, Failure> {
    let next = poll_fn(|task| exchange.poll_next(task));
    tokio::time::timeout(Duration::from_secs(20), next).await.expect("nothing comes")
}

/// All that comes, on one line.
async fn outcome(mut exchange: Box<dyn Exchange>) -> String {
    let mut said = String::new();
    loop {
        match next(&mut *exchange).await {
            Ok(event) => {
                said += &show(&event);
                if let Event::Answer(_) = event {
                    return said;
                }
                said += ", ";
            }
            Err(failure) => return said + &show_failure(&failure),
        }
    }
}

fn show(event: &Event) -> String {
    match event {
        Event::Progress(message) => {
            let progress = message.body(BodyKey::Progress).unwrap_or_default();
            format!("progress {}", String::from_utf8_lossy(progress))
        }
        Event::Notification(message) => message.method().into_owned(),
        Event::Question(question) => format!("question {}", question.method()),
        Event::Cancelled(id) => format!("cancelled {id:?}"),
        Event::Left => "left".to_owned(),
        Event::Answer(Response::Result(_)) => "result".to_owned(),
        Event::Answer(Response::Error(error)) => {
            format!("error {} {}", error.code.0, error.message)
        }
        Event::Answer(Response::Malformed(fault)) => format!("malformed: {fault}"),
    }
}

fn show_failure(failure: &Failure) -> String {
    match failure {
        Failure::Unsent(error) => format!("unsent: {error}"),
        Failure::SessionLost(error) => format!("session lost: {error}"),
        Failure::Lost(error) => format!("lost: {error}"),
        Failure::Refused { error, status, challenges } => {
            let mut shown = format!("refused {status}: {error}");
            for challenge in challenges {
                let _ = write!(shown, " {challenge:?}");
            }
            shown
        }
    }
}
