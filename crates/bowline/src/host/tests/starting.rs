//! Servers whose offer is kept on disk, and what becomes of it when they are needed.

use crate::client::{Connect, Pipe, Target};
use crate::error::{Error, Result};
use crate::host::status::ServerState;
use crate::host::upstream::{Login, Plan};
use crate::host::{Builder, Host, ServerSettings};
use crate::server::Server;
use crate::transport::memory;
use bowline_types::tool::Tool;
use serde_json::json;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, timeout};

/// A server that can be connected to while it is up, and when there is a permit.
#[derive(Clone)]
struct Door(Arc<State>);

struct State {
    up: AtomicBool,
    permits: Semaphore,
    tries: AtomicUsize,
}

impl Door {
    fn new() -> Self {
        Self(Arc::new(State {
            up: AtomicBool::new(true),
            permits: Semaphore::new(Semaphore::MAX_PERMITS),
            tries: AtomicUsize::new(0),
        }))
    }

    fn is_up(&self, up: bool) {
        self.0.up.store(up, Ordering::SeqCst);
    }

    fn tries(&self) -> usize {
        self.0.tries.load(Ordering::SeqCst)
    }
}

impl Connect for Door {
    async fn connect(&self) -> Result<Pipe> {
        self.0.tries.fetch_add(1, Ordering::SeqCst);
        self.0.permits.acquire().await.map_err(|_| Error::closed("no permits"))?.forget();
        if !self.0.up.load(Ordering::SeqCst) {
            return Err(Error::closed("nobody is there"));
        }
        let server = Server::new("s", "1").tool(Tool::new("ping"), async || "pong");
        let (near, far) = memory::pair();
        // Owned by the test's runtime: it ends with the other end.
        tokio::spawn(async move { server.serve(far).await });
        let (input, output) = tokio::io::split(near);
        Ok(Pipe::new(input, output))
    }

    fn name(&self) -> String {
        "door".to_owned()
    }
}

/// A folder for offers that is removed in the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let name = format!("bowline-starting-{}-{name}", std::process::id());
        Self(std::env::temp_dir().join(name))
    }

    /// A host with this server, as configs name them.
    fn host(&self, door: &Door) -> Builder {
        let mut builder = Host::builder().remember_in(&self.0);
        builder.plans.push(Plan {
            name: "one".into(),
            target: Target::custom(door.clone()),
            tools: None,
            settings: ServerSettings::default(),
            login: Login::default(),
            fingerprint: Some("door".to_owned()),
        });
        builder
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn state(host: &Host) -> ServerState {
    host.status().servers[0].state
}

async fn tools(host: &Host) -> usize {
    host.tools().await.unwrap().len()
}

/// A host that knows what its server offers, and has not started it.
async fn idle(folder: &Folder, door: &Door) -> Host {
    folder.host(door).start().await.unwrap().close().await;
    let tried = door.tries();
    let host = folder.host(door).start().await.unwrap();
    assert_eq!((tools(&host).await, door.tries()), (1, tried), "what is kept starts nothing");
    assert_eq!(state(&host), ServerState::Idle);
    host
}

#[tokio::test(start_paused = true)]
async fn a_server_whose_offer_is_kept_and_that_does_not_start_goes_and_comes_back() {
    let (folder, door) = (Folder::new("kept"), Door::new());
    let host = idle(&folder, &door).await;
    door.is_up(false);
    let before = door.tries();
    let fault = host.call("one__ping", json!({})).await.unwrap_err();
    assert!(fault.to_string().contains("`one`"), "{fault}");
    sleep(Duration::from_millis(1)).await;
    assert_eq!(tools(&host).await, 0, "what cannot be called is not listed");
    assert_eq!(state(&host), ServerState::Failed);
    let why = host.status().servers[0].last_error.clone().unwrap();
    assert!(why.message.contains("nobody is there"), "{why:?}");
    sleep(Duration::from_secs(10 * 60)).await;
    let tries = door.tries() - before;
    assert!((10..=20).contains(&tries), "tried {tries} times in ten minutes");
    door.is_up(true);
    sleep(Duration::from_secs(61)).await;
    assert_eq!((tools(&host).await, state(&host)), (1, ServerState::Ready));
    host.call("one__ping", json!({})).await.unwrap();
    host.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_server_is_starting_for_as_long_as_somebody_starts_it() {
    let (folder, door) = (Folder::new("starting"), Door::new());
    let host = idle(&folder, &door).await;
    door.0.permits.forget_permits(Semaphore::MAX_PERMITS);
    let client = host.client().await.unwrap();
    let call = || client.call_tool("one__ping", json!({})).into_future();
    let given_up = timeout(Duration::from_secs(1), async {
        tokio::join!(call(), async {
            sleep(Duration::from_millis(1)).await;
            assert_eq!(state(&host), ServerState::Starting);
        })
    });
    assert!(given_up.await.is_err(), "it waits for the server");
    assert_eq!(state(&host), ServerState::Idle, "nobody starts it any more");
    let began = Instant::now();
    let waiting = tokio::spawn(call());
    sleep(Duration::from_millis(1)).await;
    assert_eq!(state(&host), ServerState::Starting);
    door.0.permits.add_permits(1000);
    waiting.await.unwrap().unwrap();
    assert_eq!(state(&host), ServerState::Ready);
    assert!(began.elapsed() < Duration::from_secs(1));
    host.close().await;
}
