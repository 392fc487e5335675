//! Servers that are played by the test: of any era, on standard streams or Streamable HTTP.

mod modern;
mod stdio;
mod talk;
pub(crate) mod tools;
mod web;

pub(crate) use talk::Talk;

use crate::relay;
use crate::seen::Seen;
use bowline::client::Target;
use bowline::transport::child::Command;
use serde_json::{Value, json};
use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::net::{TcpListener, UnixListener};
use tokio::task::JoinHandle;

/// What a server speaks, and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Speaks {
    /// A session of this protocol version.
    Legacy(&'static str),
    Modern,
}

pub(crate) const LEGACY: Speaks = Speaks::Legacy("2025-11-25");

/// How it is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Over {
    Stdio,
    Http,
}

/// What plays the tools: the name and the arguments are in the talk; what comes out is a result or an error.
pub(crate) type Play =
    Arc<dyn Fn(Talk) -> Pin<Box<dyn Future<Output = Answer> + Send>> + Send + Sync>;

/// The result, or the error.
pub(crate) type Answer = Result<Value, Value>;

/// A server that the test plays; gone when it is dropped.
pub(crate) struct Upstream {
    pub(crate) seen: Seen,
    entry: Value,
    stage: Stage,
    at: At,
    serving: JoinHandle<()>,
}

/// Where it listens.
#[derive(Clone)]
enum At {
    Socket(PathBuf),
    Port(SocketAddr),
}

/// What every connection of a server shares.
#[derive(Clone)]
struct Stage {
    speaks: Speaks,
    play: Play,
    seen: Seen,
    instances: Arc<AtomicUsize>,
}

impl Stage {
    fn instance(&self) -> usize {
        self.instances.fetch_add(1, Ordering::SeqCst)
    }
}

impl Upstream {
    /// A server with the usual tools.
    pub(crate) async fn new(speaks: Speaks, over: Over) -> Self {
        Self::playing(speaks, over, tools::play()).await
    }

    pub(crate) async fn playing(speaks: Speaks, over: Over, play: Play) -> Self {
        let stage = Stage { speaks, play, seen: Seen::default(), instances: Arc::default() };
        let (at, entry) = match over {
            Over::Stdio => {
                let socket = stdio::socket();
                let entry = relay::entry(&socket);
                (At::Socket(socket), entry)
            }
            Over::Http => {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                let address = listener.local_addr().unwrap();
                (
                    At::Port(address),
                    json!({ "type": "http", "url": format!("http://{address}/mcp") }),
                )
            }
        };
        let serving = serve(stage.clone(), at.clone()).await;
        Self { seen: stage.seen.clone(), entry, stage, at, serving }
    }

    /// Ends it with all of its processes, connections and sessions.
    pub(crate) async fn stop(&mut self) {
        self.serving.abort();
        let _ = (&mut self.serving).await;
        if let At::Socket(socket) = &self.at {
            let _ = std::fs::remove_file(socket);
        }
        self.seen.count(|calls| calls.cancelled += calls.running());
    }

    /// Starts it again where it was.
    pub(crate) async fn start(&mut self) {
        self.serving = serve(self.stage.clone(), self.at.clone()).await;
    }

    /// The way to it for a client of its own.
    pub(crate) fn target(&self) -> Target {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        if self.entry["url"].is_string() {
            return Target::url(&text(&self.entry["url"])).unwrap();
        }
        let args = self.entry["args"].as_array().unwrap().iter().map(text);
        let command = Command::new(text(&self.entry["command"])).args(args);
        let env = self.entry["env"].as_object().unwrap();
        Target::command(
            env.iter().fold(command, |command, (key, value)| command.env(key, text(value))),
        )
    }

    /// Its entry under `mcpServers`.
    pub(crate) fn entry(&self) -> Value {
        self.entry.clone()
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.serving.abort();
        if let At::Socket(socket) = &self.at {
            let _ = std::fs::remove_file(socket);
        }
    }
}

async fn serve(stage: Stage, at: At) -> JoinHandle<()> {
    match at {
        At::Socket(socket) => {
            let listener = UnixListener::bind(socket).unwrap();
            tokio::spawn(stdio::serve(stage, listener))
        }
        At::Port(address) => {
            let listener = TcpListener::bind(address).await.unwrap();
            tokio::spawn(web::serve(stage, listener))
        }
    }
}

/// What a server says to what is no call of a tool; `None` where it says nothing.
fn reply(speaks: Speaks, message: &Value) -> Option<Value> {
    let id = message.get("id")?;
    let result = match (message["method"].as_str()?, speaks) {
        ("server/discover", Speaks::Modern) => modern::discovered(),
        ("initialize", Speaks::Legacy(version)) => json!({
            "protocolVersion": version, "capabilities": capabilities(),
            "serverInfo": { "name": "script", "version": "1" },
        }),
        ("ping" | "logging/setLevel", Speaks::Legacy(_)) => json!({}),
        ("tools/list", Speaks::Legacy(_)) => json!({ "tools": tools::list() }),
        ("tools/list", Speaks::Modern) => json!({
            "resultType": "complete", "ttlMs": 0, "cacheScope": "private", "tools": tools::list(),
        }),
        _ => {
            let error = json!({ "code": -32601, "message": "method not found" });
            return Some(json!({ "jsonrpc": "2.0", "id": id, "error": error }));
        }
    };
    Some(json!({ "jsonrpc": "2.0", "id": id, "result": result }))
}

fn capabilities() -> Value {
    json!({ "tools": { "listChanged": true }, "logging": {} })
}

/// The whole answer to a call.
fn answered(call: &Value, answer: Answer) -> Value {
    match answer {
        Ok(result) => json!({ "jsonrpc": "2.0", "id": call["id"], "result": result }),
        Err(error) => json!({ "jsonrpc": "2.0", "id": call["id"], "error": error }),
    }
}
