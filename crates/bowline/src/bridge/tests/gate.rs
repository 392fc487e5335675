//! A host of one server, reduced to what the bridge needs of it.

use crate::bridge::{Bridge, Lease};
use crate::client::forward::Onward;
use crate::client::lane::Lane;
use crate::client::{Client, Connect, IntoTarget, Pipe, Target};
use crate::error::Result;
use crate::server::Server;
use crate::service::{Answer, Call, Service};
use crate::transport::memory;
use bowline_protocol::scan::BodyKey;
use bowline_types::capability::ClientCapabilities;
use bowline_types::input::Root;
use serde_json::{Value, json};
use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, UNIX_EPOCH};
use tokio::sync::Mutex;
use tokio::time::Instant;

/// One server, and the way to it.
pub(super) struct Gate {
    pub(super) bridge: Arc<Bridge>,
    pub(super) client: Client,
    /// One call at a time, where the server does not say for which it asks.
    lane: Option<(Lane, Arc<Mutex<()>>)>,
    own: bool,
    roots: Option<Arc<[Root]>>,
    leases: Arc<AtomicUsize>,
}

/// Gives a lease back when it is dropped.
struct Hold {
    leases: Arc<AtomicUsize>,
    _turn: Option<Box<dyn Any + Send + Sync>>,
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.leases.fetch_sub(1, Ordering::SeqCst);
    }
}

/// What hosts declare to servers: everything.
pub(super) fn everything() -> Value {
    json!({
        "elicitation": { "form": {}, "url": {} },
        "sampling": { "tools": {}, "context": {} },
        "roots": { "listChanged": true },
    })
}

impl Gate {
    /// A server that may be asked, or scripted, in this protocol version; whatever is not the newest is on a pipe.
    pub(super) async fn open(target: Target, version: &str) -> Self {
        let lane = Lane::default();
        let capabilities: ClientCapabilities = serde_json::from_value(everything()).unwrap();
        let client = Client::builder()
            .protocol_version(version)
            .hand_on(capabilities, lane.clone())
            .connect(target)
            .await
            .unwrap();
        let lane = (!client.owns_questions()).then(|| (lane, Arc::default()));
        let start = Instant::now();
        let bridge = Bridge {
            clock: Box::new(move || UNIX_EPOCH + Duration::from_secs(1_000_000) + start.elapsed()),
            ..Bridge::default()
        };
        Self {
            bridge: Arc::new(bridge),
            client,
            lane,
            own: true,
            roots: None,
            leases: Arc::default(),
        }
    }

    pub(super) async fn to(server: &Server, version: &str) -> Self {
        Self::open(target(server, version), version).await
    }

    pub(super) fn shared(mut self) -> Self {
        self.own = false;
        self
    }

    pub(super) fn roots(mut self, roots: &[Root]) -> Self {
        self.roots = Some(roots.into());
        self
    }

    /// Shares the bridge of another.
    pub(super) fn beside(mut self, other: &Self) -> Self {
        self.bridge = other.bridge.clone();
        self
    }

    /// How many calls have the server.
    pub(super) fn leases(&self) -> usize {
        self.leases.load(Ordering::SeqCst)
    }

    async fn lease(&self) -> Lease {
        let (lane, turn): (_, Option<Box<dyn Any + Send + Sync>>) = match &self.lane {
            Some((lane, turn)) => {
                (Some(lane.clone()), Some(Box::new(turn.clone().lock_owned().await)))
            }
            None => (None, None),
        };
        self.leases.fetch_add(1, Ordering::SeqCst);
        Lease {
            client: self.client.clone(),
            lane,
            own: self.own,
            roots: self.roots.clone(),
            measured: None,
            hold: Some(Box::new(Hold { leases: self.leases.clone(), _turn: turn })),
        }
    }
}

/// The way to a server of this process: over a pipe where it is to have a session.
pub(super) fn target(server: &Server, version: &str) -> Target {
    match version {
        "2026-07-28" => server.into_target().unwrap(),
        _ => Target::custom(Piped(server.clone())),
    }
}

struct Piped(Server);

impl Connect for Piped {
    async fn connect(&self) -> Result<Pipe> {
        let (near, far) = memory::pair();
        let mut running = self.0.start(far)?;
        // Owned by the test's runtime, and over with the pipe.
        tokio::spawn(async move { running.wait().await });
        let (input, output) = tokio::io::split(near);
        Ok(Pipe::new(input, output))
    }

    fn name(&self) -> String {
        "piped".to_owned()
    }
}

impl Service for Gate {
    fn call(self: Arc<Self>, call: Call) -> Answer {
        Answer::new(async move {
            let cx = call.cx;
            if let Some(outcome) = self.bridge.resume(&cx, "one").await {
                return outcome;
            }
            if let "server/discover" | "subscriptions/listen" = cx.request().row().name {
                return Service::call(Arc::new(self.client.clone()), Call::new(cx)).await;
            }
            let params = cx.request().message().handed_on(&[]);
            let onward = Onward::of(&cx, cx.request().method().into_owned().into(), params);
            let onward = match cx.request().param_str(BodyKey::Name) {
                Some(name) => onward.tool(Arc::from(&*name)),
                None => onward,
            };
            self.bridge.carry(&cx, "one", self.lease().await, onward).await
        })
    }
}
