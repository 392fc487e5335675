//! A server on a byte stream that does, line by line, what a test says.

use crate::honest;
use bowline::Result;
use bowline::client::{Connect, Pipe};
use serde_json::{Value, json};
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::io::{
    AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, ReadHalf, WriteHalf, split,
};
use tokio::sync::Notify;

/// A server that plays the same script for every connection.
#[derive(Clone)]
pub(crate) struct Script {
    play: Arc<Play>,
    version: &'static str,
    buffer: usize,
    name: Arc<str>,
    seen: Arc<Seen>,
}

/// Every script has a name of its own: what is remembered of one must not be taken for another.
static NAMES: AtomicUsize = AtomicUsize::new(0);

type Play = dyn Fn(Peer) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync;

#[derive(Default)]
struct Seen {
    connections: AtomicUsize,
    ended: AtomicUsize,
    heard: Mutex<Vec<Value>>,
}

impl Script {
    pub(crate) fn new<F, A>(play: F) -> Self
    where
        F: Fn(Peer) -> A + Send + Sync + 'static,
        A: Future<Output = ()> + Send + 'static,
    {
        Self {
            play: Arc::new(move |peer| Box::pin(play(peer))),
            version: honest::MODERN,
            buffer: 64 * 1024,
            name: format!("script {}", NAMES.fetch_add(1, Ordering::SeqCst)).into(),
            seen: Arc::default(),
        }
    }

    /// Lets the server speak this protocol version instead of the newest.
    pub(crate) fn speaking(mut self, version: &'static str) -> Self {
        self.version = version;
        self
    }

    /// Sets how many bytes lie between the two before a writer has to wait.
    pub(crate) fn buffering(mut self, bytes: usize) -> Self {
        self.buffer = bytes;
        self
    }

    /// How often the client connected.
    pub(crate) fn connections(&self) -> usize {
        self.seen.connections.load(Ordering::SeqCst)
    }

    /// How many of the connections the script has come to the end of.
    pub(crate) fn ended(&self) -> usize {
        self.seen.ended.load(Ordering::SeqCst)
    }

    /// Every message that a script has read, over all connections.
    pub(crate) fn heard(&self) -> Vec<Value> {
        self.seen.heard.lock().unwrap().clone()
    }

    /// The messages of one method.
    pub(crate) fn heard_of(&self, method: &str) -> Vec<Value> {
        self.heard().into_iter().filter(|message| message["method"] == method).collect()
    }

    /// The methods in the order in which they came; answers are `answer`.
    pub(crate) fn methods(&self) -> Vec<String> {
        let method = |message: &Value| message["method"].as_str().unwrap_or("answer").to_owned();
        self.heard().iter().map(method).collect()
    }
}

impl Connect for Script {
    async fn connect(&self) -> Result<Pipe> {
        let (near, far) = tokio::io::duplex(self.buffer);
        let (input, out) = split(far);
        let nth = self.seen.connections.fetch_add(1, Ordering::SeqCst) + 1;
        let (version, seen) = (self.version, self.seen.clone());
        let (input, hung_up) = (BufReader::new(input), Arc::default());
        let peer = Peer { input, out, nth, version, seen: seen.clone(), hung_up };
        let hung_up = peer.hung_up.clone();
        let played = (self.play)(peer);
        // Owned by the test's runtime, and over when the script is, or when it waits in vain.
        tokio::spawn(async move {
            tokio::select! {
                () = played => {}
                () = hung_up.notified() => {}
            }
            seen.ended.fetch_add(1, Ordering::SeqCst);
        });
        let (input, output) = split(near);
        Ok(Pipe::new(input, output))
    }

    fn name(&self) -> String {
        self.name.to_string()
    }
}

/// The server's end of one connection. Dropping it ends the stream.
pub(crate) struct Peer {
    input: BufReader<ReadHalf<DuplexStream>>,
    out: WriteHalf<DuplexStream>,
    /// The how-manieth connection this is, from 1.
    pub(crate) nth: usize,
    pub(crate) version: &'static str,
    seen: Arc<Seen>,
    /// Told when a script waits for what cannot come any more.
    hung_up: Arc<Notify>,
}

impl Peer {
    /// Whether this is the first connection that was of use: a server that opens sessions is started once more when
    /// the probe has found that out.
    pub(crate) fn is_first(&self) -> bool {
        self.nth == if self.version == honest::MODERN { 1 } else { 2 }
    }

    /// The next message of the client; `None` when it has hung up.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        let mut line = String::new();
        let count = self.input.read_line(&mut line).await.ok()?;
        if count == 0 {
            return None;
        }
        let message: Value = serde_json::from_str(&line).unwrap();
        self.seen.heard.lock().unwrap().push(message.clone());
        Some(message)
    }

    /// The next message of this method; what comes before it is answered honestly. The script ends when
    /// the client hangs up before it.
    pub(crate) async fn until(&mut self, method: &str) -> Value {
        loop {
            match self.next().await {
                Some(message) if message["method"] == method => return message,
                Some(message) => self.honestly(&message).await,
                None => self.in_vain().await,
            }
        }
    }

    async fn in_vain<T>(&self) -> T {
        self.hung_up.notify_one();
        std::future::pending().await
    }

    /// The next call of this tool.
    pub(crate) async fn until_call(&mut self, tool: &str) -> Value {
        loop {
            let call = self.until("tools/call").await;
            if call["params"]["name"] == tool {
                return call;
            }
            self.honestly(&call).await;
        }
    }

    /// The next answer of the client; what comes before it is answered honestly.
    pub(crate) async fn until_answer(&mut self) -> Value {
        loop {
            match self.next().await {
                Some(message) if message.get("method").is_none() => return message,
                Some(message) => self.honestly(&message).await,
                None => self.in_vain().await,
            }
        }
    }

    /// Answers everything honestly until the client hangs up.
    pub(crate) async fn honest(&mut self) {
        while let Some(message) = self.next().await {
            self.honestly(&message).await;
        }
    }

    pub(crate) async fn honestly(&mut self, message: &Value) {
        if let Some(reply) = honest::reply(self.version, message) {
            self.send(&reply).await;
        }
    }

    /// Writes bytes as they are.
    pub(crate) async fn say(&mut self, bytes: impl AsRef<[u8]>) {
        // The client may have hung up.
        let _ = self.out.write_all(bytes.as_ref()).await;
    }

    /// Writes a line.
    pub(crate) async fn line(&mut self, line: &str) {
        self.say([line.as_bytes(), b"\n"].concat()).await;
    }

    pub(crate) async fn send(&mut self, message: &Value) {
        self.line(&message.to_string()).await;
    }

    pub(crate) async fn answer(&mut self, request: &Value, result: Value) {
        self.send(&honest::answer(request, result)).await;
    }

    pub(crate) async fn error(&mut self, request: &Value, code: i64, message: &str) {
        self.send(&honest::error(request, code, message)).await;
    }

    pub(crate) async fn notify(&mut self, method: &str, params: Value) {
        self.send(&json!({"jsonrpc": "2.0", "method": method, "params": params})).await;
    }

    /// Asks the client something.
    pub(crate) async fn ask(&mut self, id: Value, method: &str, params: Value) {
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})).await;
    }

    /// Ends what the client reads, and leaves what it writes.
    pub(crate) async fn shut(&mut self) {
        let _ = self.out.shutdown().await;
    }
}
