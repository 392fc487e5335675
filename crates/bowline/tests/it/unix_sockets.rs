//! Many clients on one Unix socket.

use bowline::protocol::limits::Limits;
use bowline::server::ToolError;
use bowline::transport::{Running, Unix};
use bowline::types::tool::Tool;
use bowline::{Context, Server};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::Notify;

/// A server on a socket, in a directory that is gone with the test.
struct Place {
    dir: PathBuf,
    running: Running,
    go: Arc<Notify>,
    /// How many calls of `wait` have begun.
    begun: Arc<AtomicUsize>,
    dropped: Arc<AtomicUsize>,
}

struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Place {
    async fn new(limits: Limits) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name =
            format!("bowline-it-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let dir = std::env::temp_dir().join(name);
        std::fs::create_dir(&dir).unwrap();
        let (go, begun, dropped) = <(Arc<Notify>, Arc<AtomicUsize>, Arc<AtomicUsize>)>::default();
        let waiting = (go.clone(), begun.clone(), dropped.clone());
        let server = Server::new("test", "1")
            .tool(Tool::new("who"), |cx: Context| async move {
                Ok::<_, ToolError>(cx.principal().name().to_owned())
            })
            .tool(Tool::new("wait"), move || {
                let (go, begun, dropped) = waiting.clone();
                async move {
                    let _counted = Counted(dropped);
                    begun.fetch_add(1, Ordering::SeqCst);
                    go.notified().await;
                    Ok::<_, ToolError>("went on")
                }
            });
        let unix = Unix::bind(dir.join("s")).await.unwrap().limits(limits);
        assert_eq!(unix.path(), dir.join("s"));
        Self { running: server.start(unix).unwrap(), dir, go, begun, dropped }
    }

    async fn client(&self) -> Client {
        let (input, output) = UnixStream::connect(self.dir.join("s")).await.unwrap().into_split();
        Client { lines: BufReader::new(input).lines(), output }
    }

    async fn until_begun(&self, count: usize) {
        while self.begun.load(Ordering::SeqCst) < count {
            tokio::task::yield_now().await;
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

struct Client {
    lines: Lines<BufReader<OwnedReadHalf>>,
    output: OwnedWriteHalf,
}

impl Client {
    async fn send(&mut self, id: u32, tool: &str) {
        let message = json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": {
            "name": tool,
            "_meta": {
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientCapabilities": {},
            },
        }});
        self.output.write_all(format!("{message}\n").as_bytes()).await.unwrap();
    }

    /// The id and the text of the next answer; `None` at the end.
    async fn answer(&mut self) -> Option<(u64, String)> {
        let line = self.lines.next_line().await.unwrap()?;
        let message: Value = serde_json::from_str(&line).unwrap();
        let text = message["result"]["content"][0]["text"].as_str();
        let text = text.map_or_else(|| message["error"].to_string(), str::to_owned);
        Some((message["id"].as_u64().unwrap(), text))
    }
}

#[tokio::test]
async fn each_connection_is_a_client_of_its_own() {
    let mut place = Place::new(Limits::local()).await;
    let mut clients = Vec::new();
    // All with the same id, which each must get back once.
    for _ in 0..100 {
        let mut client = place.client().await;
        client.send(7, "wait").await;
        clients.push(client);
    }
    place.until_begun(100).await;
    // One that goes away leaves the others as they are.
    drop(clients.pop());
    place.go.notify_waiters();
    for client in &mut clients {
        assert_eq!(client.answer().await.unwrap(), (7, "went on".to_owned()));
        client.send(8, "who").await;
        let (id, name) = client.answer().await.unwrap();
        assert_eq!((id, name.starts_with("uid:")), (8, true), "{name}");
    }
    place.running.close(Duration::ZERO).await.unwrap();
    assert_eq!(place.dropped.load(Ordering::SeqCst), 100);
}

#[tokio::test]
async fn no_more_connections_are_served_than_may_be() {
    let place = Place::new(Limits::local().connections(2)).await;
    let (mut first, mut second, mut third) =
        (place.client().await, place.client().await, place.client().await);
    for client in [&mut first, &mut second, &mut third] {
        client.send(1, "who").await;
    }
    first.answer().await.unwrap();
    second.answer().await.unwrap();
    let waiting = tokio::time::timeout(Duration::from_millis(200), third.answer()).await;
    assert!(waiting.is_err(), "a third one was served: {waiting:?}");
    drop(first);
    third.answer().await.unwrap();
}

#[tokio::test]
async fn closing_removes_the_file_refuses_new_calls_and_lets_open_ones_finish() {
    let mut place = Place::new(Limits::local()).await;
    let mut client = place.client().await;
    client.send(1, "wait").await;
    place.until_begun(1).await;
    let go = place.go.clone();
    let path = place.dir.join("s");
    let closing = place.running.close(Duration::from_secs(60));
    let rest = async {
        while path.exists() {
            tokio::task::yield_now().await;
        }
        assert!(UnixStream::connect(&path).await.is_err());
        client.send(2, "who").await;
        let (id, refused) = client.answer().await.unwrap();
        assert!(id == 2 && refused.contains("closing"), "{refused}");
        go.notify_waiters();
        assert_eq!(client.answer().await.unwrap(), (1, "went on".to_owned()));
        assert_eq!(client.answer().await, None);
    };
    let (closed, ()) = tokio::join!(closing, rest);
    closed.unwrap();
}

#[tokio::test]
async fn closing_cancels_at_its_deadline() {
    let mut place = Place::new(Limits::local()).await;
    let mut client = place.client().await;
    client.send(1, "wait").await;
    place.until_begun(1).await;
    place.running.close(Duration::from_millis(50)).await.unwrap();
    assert_eq!(place.dropped.load(Ordering::SeqCst), 1);
    assert_eq!(client.answer().await, None);
}

#[tokio::test]
async fn what_is_never_served_leaves_no_file() {
    let mut place = Place::new(Limits::local()).await;
    let other = place.dir.join("other");
    let unix = Unix::bind(&other).await.unwrap();
    assert!(other.exists());
    drop(unix);
    assert!(!other.exists());
    place.running.close(Duration::ZERO).await.unwrap();
}
