//! A server on a socket that answers, request by request, what a test says, down to the bytes.

use crate::honest;
use serde_json::Value;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};

/// A listening server. Dropping it ends it with all its connections.
pub(crate) struct Web {
    address: SocketAddr,
    seen: Arc<Seen>,
    accepting: AbortHandle,
    number: usize,
}

static NUMBERS: AtomicUsize = AtomicUsize::new(0);

type Play = dyn Fn(Exchange) -> Pin<Box<dyn Future<Output = Exchange> + Send>> + Send + Sync;

#[derive(Default)]
struct Seen {
    heard: Mutex<Vec<Heard>>,
    open: AtomicUsize,
}

/// What the client sent.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    /// The HTTP method.
    pub(crate) verb: String,
    pub(crate) path: String,
    headers: Vec<(String, String)>,
    /// What it posted; `null` for nothing.
    pub(crate) body: Value,
}

impl Heard {
    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let same = |(key, _): &&(String, String)| key.eq_ignore_ascii_case(name);
        self.headers.iter().find(same).map(|(_, value)| value.as_str())
    }

    /// The method of the message in it.
    pub(crate) fn method(&self) -> &str {
        self.body["method"].as_str().unwrap_or_default()
    }

    /// Whether it calls this tool.
    pub(crate) fn calls(&self, tool: &str) -> bool {
        self.method() == "tools/call" && self.body["params"]["name"] == tool
    }
}

impl Web {
    pub(crate) async fn new<F, A>(play: F) -> Self
    where
        F: Fn(Exchange) -> A + Send + Sync + 'static,
        A: Future<Output = Exchange> + Send + 'static,
    {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::<Seen>::default();
        let play: Arc<Play> = Arc::new(move |exchange| Box::pin(play(exchange)));
        let accepting = tokio::spawn(accept(listener, play, seen.clone())).abort_handle();
        Self { address, seen, accepting, number: NUMBERS.fetch_add(1, Ordering::SeqCst) }
    }

    /// Where it listens: a URL that no other server of this process has, even if it gets the same port afterwards. What
    /// is remembered of one must not be taken for another.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/mcp/{}", self.address, self.number)
    }

    /// Every request that was read.
    pub(crate) fn heard(&self) -> Vec<Heard> {
        self.seen.heard.lock().unwrap().clone()
    }

    /// How many requests carried a message of this method.
    pub(crate) fn count(&self, method: &str) -> usize {
        self.heard().iter().filter(|heard| heard.method() == method).count()
    }

    /// The requests in the order in which they came: a method of the protocol, or the HTTP method.
    pub(crate) fn methods(&self) -> Vec<String> {
        let name = |heard: &Heard| match heard.method() {
            "" if heard.body.is_null() => heard.verb.clone(),
            "" => "answer".to_owned(),
            method => method.to_owned(),
        };
        self.heard().iter().map(name).collect()
    }

    /// How many connections are open.
    pub(crate) fn open(&self) -> usize {
        self.seen.open.load(Ordering::SeqCst)
    }
}

impl Drop for Web {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, play: Arc<Play>, seen: Arc<Seen>) {
    // Owned by this task, which the server owns.
    let mut connections = JoinSet::new();
    loop {
        let (socket, _) = listener.accept().await.unwrap();
        connections.spawn(connection(socket, play.clone(), seen.clone()));
        while connections.try_join_next().is_some() {}
    }
}

struct Open(Arc<Seen>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::SeqCst);
    }
}

async fn connection(mut socket: TcpStream, play: Arc<Play>, seen: Arc<Seen>) {
    seen.open.fetch_add(1, Ordering::SeqCst);
    let _open = Open(seen.clone());
    let mut read = Vec::new();
    while let Some(heard) = request(&mut socket, &mut read).await {
        seen.heard.lock().unwrap().push(heard.clone());
        let exchange = play(Exchange { heard, socket, keep: false }).await;
        if !exchange.keep {
            return;
        }
        socket = exchange.socket;
    }
}

/// Reads a request; `read` keeps what follows it.
async fn request(socket: &mut TcpStream, read: &mut Vec<u8>) -> Option<Heard> {
    let end = loop {
        if let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        more(socket, read).await?;
    };
    let head = String::from_utf8(read.drain(..end).collect()).unwrap();
    let mut lines = head.trim_end().split("\r\n");
    let mut first = lines.next()?.split(' ');
    let (verb, path) = (first.next()?.to_owned(), first.next()?.to_owned());
    let pair = |line: &str| {
        let (name, value) = line.split_once(':').unwrap();
        (name.to_owned(), value.trim().to_owned())
    };
    let mut heard = Heard { verb, path, headers: lines.map(pair).collect(), body: Value::Null };
    let length = heard.header("content-length").map_or(0, |length| length.parse().unwrap());
    while read.len() < length {
        more(socket, read).await?;
    }
    let body: Vec<u8> = read.drain(..length).collect();
    if !body.is_empty() {
        heard.body = serde_json::from_slice(&body).unwrap();
    }
    Some(heard)
}

async fn more(socket: &mut TcpStream, read: &mut Vec<u8>) -> Option<()> {
    let count = socket.read_buf(read).await.ok()?;
    (count > 0).then_some(())
}

/// A request, and the connection to answer it on.
pub(crate) struct Exchange {
    pub(crate) heard: Heard,
    socket: TcpStream,
    /// Whether the connection takes another request afterwards.
    keep: bool,
}

impl Exchange {
    /// Writes bytes as they are; `false` when the client has hung up.
    pub(crate) async fn say(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.socket.write_all(bytes.as_ref()).await.is_ok()
    }

    /// Writes a whole response with a body.
    pub(crate) async fn respond(&mut self, status: &str, headers: &str, body: &str) {
        self.keep = self.say(response(status, headers, body)).await;
    }

    /// Writes a message as JSON.
    pub(crate) async fn json(&mut self, message: &Value) {
        self.respond("200 OK", JSON, &message.to_string()).await;
    }

    /// Begins a stream of events; it lasts until the exchange is dropped.
    pub(crate) async fn stream(&mut self) {
        self.say(format!("HTTP/1.1 200 OK\r\n{EVENTS}connection: close\r\n\r\n")).await;
    }

    /// Writes an event with a message.
    pub(crate) async fn event(&mut self, message: &Value) -> bool {
        self.say(format!("data: {message}\n\n")).await
    }

    /// Answers as an honest server of this version that has sessions when it is not the newest.
    pub(crate) async fn honestly(mut self, version: &str) -> Self {
        let modern = version == honest::MODERN;
        match (self.heard.verb.as_str(), honest::reply(version, &self.heard.body)) {
            ("POST", Some(_)) if !modern && self.heard.method() == "server/discover" => {
                self.respond("400 Bad Request", TEXT, "no session").await;
            }
            ("POST", Some(reply)) if self.heard.method() == "initialize" => {
                let session = format!("{JSON}mcp-session-id: session-1\r\n");
                self.respond("200 OK", &session, &reply.to_string()).await;
            }
            ("POST", Some(reply)) => self.json(&reply).await,
            ("POST", None) => self.respond("202 Accepted", "", "").await,
            ("DELETE", _) if !modern => self.respond("200 OK", "", "").await,
            _ => self.respond("405 Method Not Allowed", TEXT, "no").await,
        }
        self
    }

    /// Waits until the client hangs up.
    pub(crate) async fn hung_up(&mut self) {
        let mut rest = Vec::new();
        while more(&mut self.socket, &mut rest).await.is_some() {}
    }

    /// Closes the connection behind what was said.
    pub(crate) fn closed(mut self) -> Self {
        self.keep = false;
        self
    }
}

pub(crate) const JSON: &str = "content-type: application/json\r\n";
pub(crate) const EVENTS: &str = "content-type: text/event-stream\r\n";
pub(crate) const TEXT: &str = "content-type: text/plain\r\n";

/// A response of this head and body.
pub(crate) fn response(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n{body}", body.len())
}
