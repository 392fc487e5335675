//! How long sessions live, how many there are, and what outlives a process.

use crate::http_session_support::{
    Event, Peer, Stream, bytes, call, initialize, json_of, messages, mounted, server,
};
use bowline::protocol::limits::Limits;
use bowline::transport::http::legacy::{
    EventStore, MemoryEvents, MemorySessions, SessionKey, SessionRecord, SessionStore, Stored,
    StoredEvent, StreamId,
};
use bowline::transport::http::{Endpoint, Http, HttpService};
use http::StatusCode;
use serde_json::json;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::time::Instant;

const NEWEST: &str = "2025-11-25";

fn stored(limits: Limits) -> (HttpService, Arc<MemorySessions>, Arc<MemoryEvents>) {
    let sessions = Arc::new(MemorySessions::new(100_000));
    let events = Arc::new(MemoryEvents::new(&limits));
    let (sessions_too, events_too) = (sessions.clone(), events.clone());
    let (service, _) = mounted(|endpoint| {
        endpoint.limits(limits).session_store(sessions_too).event_store(events_too)
    });
    (service, sessions, events)
}

/// Whether the session is there, seen without touching it.
fn lives(sessions: &MemorySessions) -> usize {
    sessions.len()
}

#[tokio::test(start_paused = true)]
async fn posts_that_open_nothing_leave_nothing() {
    let (service, sessions, events) = stored(Limits::local());
    let peer = Peer::new(&service, NEWEST);
    let named = Peer { session: Some("A".repeat(32)), ..peer.clone() };
    let mut wrong = initialize(NEWEST);
    wrong["params"]["capabilities"] = json!([]);
    let bodies = [
        String::new(),
        "{".to_owned(),
        "[]".to_owned(),
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\"}".to_owned(),
        "{\"jsonrpc\":\"2.0\",\"method\":\"initialize\"}".to_owned(),
        wrong.to_string(),
        format!("[{}]", initialize(NEWEST)),
        initialize(NEWEST).to_string().replace("clientInfo", "client"),
        call(1, "echo", json!({"message": "hi"})).to_string(),
        json!({"jsonrpc": "2.0", "method": "notifications/initialized"}).to_string(),
    ];
    for _ in 0..1000 {
        for body in &bodies {
            let status = peer.post_text(body.clone()).await.status();
            assert!(status.is_client_error() || status.is_success(), "{status}");
            assert!(named.post_text(body.clone()).await.status().is_client_error());
        }
        assert_eq!(named.get(None).await.status(), 404);
        assert_eq!(named.get(Some("AAAAAAAAAAAAAAAAAAAAAA-1")).await.status(), 404);
        assert_eq!(named.delete().await.status(), 404);
    }
    assert!(sessions.is_empty() && events.is_empty());
    assert_eq!(Handle::current().metrics().num_alive_tasks(), 0, "nothing is swept");
}

#[tokio::test(start_paused = true)]
async fn a_session_that_is_left_alone_ends() {
    let limits = Limits::local();
    let (service, sessions, _) = stored(limits.clone());
    // `initialize` and nothing behind it.
    assert_eq!(Peer::new(&service, NEWEST).post(&initialize(NEWEST)).await.status(), 200);
    tokio::time::sleep(limits.session_init_timeout - Duration::from_secs(2)).await;
    assert_eq!(lives(&sessions), 1);
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert_eq!(lives(&sessions), 0);

    let peer = Peer::open(&service, NEWEST).await;
    for _ in 0..5 {
        tokio::time::sleep(limits.session_idle - Duration::from_secs(2)).await;
        assert_eq!(peer.text(1, "echo", json!({"message": "hi"})).await, "hi");
    }
    assert_eq!(lives(&sessions), 1);
    tokio::time::sleep(limits.session_idle + Duration::from_secs(2)).await;
    assert_eq!(lives(&sessions), 0);
    assert_eq!(peer.call(1, "echo", json!({"message": "hi"})).await.status(), 404);
    // With the last session its sweeper went too.
    assert_eq!(Handle::current().metrics().num_alive_tasks(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_session_in_use_never_ends_of_age() {
    let limits = Limits::local().session_idle(Duration::from_secs(5));
    let sessions = Arc::new(MemorySessions::new(10));
    let kept = sessions.clone();
    let (service, watch) = mounted(|endpoint| endpoint.limits(limits).session_store(kept));
    // A silent call of ten minutes, whose client has gone.
    let calling = Peer::open(&service, NEWEST).await;
    drop(calling.call(1, "wait", json!({})).await);
    // A stream that somebody reads, comment by comment.
    let reading = Peer::open(&service, NEWEST).await;
    let mut own = Stream::of(reading.get(None).await);
    let reader = tokio::spawn(async move {
        while own.next().await.is_some() {}
        Instant::now()
    });
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert_eq!(lives(&sessions), 2);
    assert_eq!(watch.dropped(), 0);
    watch.go.notify_waiters();
    tokio::time::sleep(Duration::from_secs(8)).await;
    assert_eq!(lives(&sessions), 1);
    assert_eq!(reading.delete().await.status(), 204);
    reader.await.unwrap();
    assert_eq!(lives(&sessions), 0);
}

#[tokio::test(start_paused = true)]
async fn a_session_has_an_end_whatever_its_use() {
    let limits = Limits::local().session_ttl(Duration::from_secs(3600));
    let (service, sessions, _) = stored(limits);
    let peer = Peer::open(&service, NEWEST).await;
    for _ in 0..59 {
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert_eq!(peer.text(1, "echo", json!({"message": "hi"})).await, "hi");
    }
    tokio::time::sleep(Duration::from_secs(62)).await;
    assert_eq!(peer.call(1, "echo", json!({"message": "hi"})).await.status(), 404);
    assert!(sessions.is_empty());
}

#[tokio::test(start_paused = true)]
async fn there_are_only_so_many_sessions() {
    let (service, sessions, _) = stored(Limits::local().sessions(3).sessions_per_principal(2));
    let open = async |name: &str| {
        let principal = Some(bowline::Principal::token(name, []));
        let peer = Peer { principal, ..Peer::new(&service, NEWEST) };
        let response = peer.post(&initialize(NEWEST)).await;
        let retry = response.headers().get("retry-after").is_some();
        (response.status().as_u16(), retry)
    };
    assert_eq!(open("a").await, (200, false));
    assert_eq!(open("a").await, (200, false));
    // Both are too young to make room for a third.
    assert_eq!(open("a").await, (429, true));
    assert_eq!(open("b").await, (200, false));
    assert_eq!(open("b").await, (503, true));
    assert_eq!(open("c").await, (503, true));
    assert_eq!(lives(&sessions), 3);
}

#[tokio::test(start_paused = true)]
async fn sessions_that_nobody_uses_do_not_end_one_that_is_used() {
    let (service, _, _) = stored(Limits::local().sessions_per_principal(3));
    let used = Peer::open(&service, NEWEST).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    let mut statuses = Vec::new();
    for _ in 0..6 {
        let response = Peer::new(&service, NEWEST).post(&initialize(NEWEST)).await;
        statuses.push(response.status().as_u16());
        tokio::time::sleep(Duration::from_millis(400)).await;
    }
    // The first of the unused ones makes room, as soon as it is old enough.
    assert_eq!(statuses, [200, 200, 429, 200, 200, 429]);
    assert_eq!(used.text(1, "echo", json!({"message": "hi"})).await, "hi");
}

#[tokio::test(start_paused = true)]
async fn a_principal_with_too_many_sessions_loses_the_one_it_forgot() {
    let sessions = Arc::new(MemorySessions::new(100));
    let kept = sessions.clone();
    let (service, watch) = mounted(|endpoint| {
        endpoint.limits(Limits::local().sessions_per_principal(4)).session_store(kept)
    });
    let other = Peer::open_as(&service, NEWEST, "other").await;
    let second = Duration::from_secs(1);
    let open = async || {
        tokio::time::sleep(second).await;
        Peer::open_as(&service, NEWEST, "a").await
    };
    let alive =
        async |peer: &Peer| peer.call(9, "echo", json!({"message": ""})).await.status() == 200;
    let (busy, read, oldest) = (open().await, open().await, open().await);
    drop(busy.call(1, "wait", json!({})).await);
    let reading = read.get(None).await;
    // Never heard of again after `initialize`: that one goes first, though it is the youngest.
    tokio::time::sleep(second).await;
    let silent = Peer { session: None, ..oldest.clone() };
    assert_eq!(silent.post(&initialize(NEWEST)).await.status(), 200);
    let newer = open().await;
    for peer in [&newer, &busy, &read] {
        assert!(alive(peer).await);
    }
    // Then the one that was left alone for longest, of those in which nothing runs and that nobody reads.
    tokio::time::sleep(second).await;
    assert!(alive(&newer).await);
    let newest = open().await;
    assert_eq!(oldest.call(9, "echo", json!({"message": ""})).await.status(), 404);
    for peer in [&newest, &newer, &busy, &read, &other] {
        assert!(alive(peer).await);
    }
    assert_eq!((lives(&sessions), watch.dropped()), (5, 0));
    drop(reading);
}

/// The process ends and another one begins, with the same stores.
#[tokio::test(start_paused = true)]
async fn sessions_outlive_a_process_where_their_store_does() {
    let sessions = Arc::new(MemorySessions::new(100));
    let events = Arc::new(MemoryEvents::new(&Limits::local()));
    let start = || {
        let (server, watch) = server();
        let endpoint =
            Endpoint::default().session_store(sessions.clone()).event_store(events.clone());
        (endpoint.mount(server), watch)
    };
    let (service, watch) = start();
    let mut peer = Peer::open_as(&service, NEWEST, "alice").await;
    let quiet = json!({"jsonrpc": "2.0", "id": 1, "method": "logging/setLevel", "params": {"level": "error"}});
    assert_eq!(peer.post(&quiet).await.status(), 200);
    let subscribe = json!({"jsonrpc": "2.0", "id": 2, "method": "resources/subscribe", "params": {"uri": "test://a"}});
    assert_eq!(peer.post(&subscribe).await.status(), 200);
    let mut call = Stream::of(peer.call(3, "step", json!({"count": 1})).await);
    let prime = call.next().await.unwrap().id.unwrap();
    watch.steps.add_permits(2);
    assert!(
        call.message().await.unwrap()["result"].is_object(),
        "what is below the level is not sent"
    );
    let lost = Stream::of(peer.call(4, "wait", json!({})).await).next().await.unwrap().id.unwrap();
    let mut own = Stream::of(peer.get(None).await);
    let listened = own.next().await.unwrap().id.unwrap();
    assert_eq!(peer.text(5, "touch", json!({})).await, "touched");
    assert!(own.message().await.is_some());
    drop((call, own, service));
    peer.service = start().0;
    // A foreign principal finds it as little as before.
    let bob = Peer { principal: Some(bowline::Principal::token("bob", [])), ..peer.clone() };
    assert_eq!(bob.call(1, "echo", json!({"message": "hi"})).await.status(), 404);
    // What was sent before can be asked for; what ran is gone.
    assert_eq!(messages(peer.get(Some(&prime)).await).await.len(), 1);
    assert_eq!(peer.get(Some(&lost)).await.status(), 405);
    // It is still the same session: its level, its subscriptions, its protocol version.
    assert!(json_of(peer.call(5, "log", json!({"count": 3})).await).await["result"].is_object());
    let mut own = Stream::of(peer.get(Some(&listened)).await);
    assert_eq!(own.message().await.unwrap()["params"]["uri"], "test://a", "from before");
    assert_eq!(peer.text(6, "touch", json!({})).await, "touched");
    assert_eq!(own.message().await.unwrap()["params"]["uri"], "test://a");
    let again = json_of(peer.post(&initialize(NEWEST)).await).await;
    assert_eq!(again["error"]["code"], -32600);
    // And it ends for good.
    assert_eq!(peer.delete().await.status(), 204);
    assert!(sessions.is_empty() && events.is_empty());
    peer.service = start().0;
    assert_eq!(peer.call(7, "echo", json!({"message": "hi"})).await.status(), 404);
}

/// A store that answers when it is told to.
struct Slow<S> {
    inner: S,
    loads: Semaphore,
    loading: AtomicUsize,
    appends: Semaphore,
    slow: AtomicBool,
    broken: AtomicBool,
}

impl<S> Slow<S> {
    fn new(inner: S) -> Arc<Self> {
        Arc::new(Self {
            inner,
            loads: Semaphore::new(0),
            loading: AtomicUsize::new(0),
            appends: Semaphore::new(0),
            slow: AtomicBool::new(false),
            broken: AtomicBool::new(false),
        })
    }

    async fn turn(&self, gate: &Semaphore) -> io::Result<()> {
        if self.slow.load(Ordering::SeqCst) {
            gate.acquire().await.unwrap().forget();
        }
        if self.broken.load(Ordering::SeqCst) {
            return Err(io::Error::other("the store is away"));
        }
        Ok(())
    }
}

impl SessionStore for Slow<MemorySessions> {
    fn save<'a>(
        &'a self,
        key: &'a SessionKey,
        record: &'a SessionRecord,
        ttl: Duration,
    ) -> Stored<'a, ()> {
        Stored::new(async move {
            tokio::task::yield_now().await;
            if self.broken.load(Ordering::SeqCst) {
                return Err(io::Error::other("the store is away"));
            }
            self.inner.save(key, record, ttl).await
        })
    }

    fn load<'a>(&'a self, key: &'a SessionKey) -> Stored<'a, Option<SessionRecord>> {
        Stored::new(async move {
            // What is read before the store is told to answer is what it answers with.
            let found = self.inner.load(key).await;
            self.loading.fetch_add(1, Ordering::SeqCst);
            self.turn(&self.loads).await?;
            found
        })
    }

    fn remove<'a>(&'a self, key: &'a SessionKey) -> Stored<'a, ()> {
        Stored::new(async move {
            tokio::task::yield_now().await;
            self.inner.remove(key).await
        })
    }
}

impl EventStore for Slow<MemoryEvents> {
    fn append<'a>(&'a self, session: &'a SessionKey, event: StoredEvent) -> Stored<'a, ()> {
        Stored::new(async move {
            self.turn(&self.appends).await?;
            self.inner.append(session, event).await
        })
    }

    fn after<'a>(
        &'a self,
        session: &'a SessionKey,
        stream: StreamId,
        seq: u64,
    ) -> Stored<'a, Vec<StoredEvent>> {
        Stored::new(async move {
            tokio::task::yield_now().await;
            self.inner.after(session, stream, seq).await
        })
    }

    fn remove<'a>(&'a self, session: &'a SessionKey) -> Stored<'a, ()> {
        self.inner.remove(session)
    }
}

/// While one request reads a session from the store another one ends it: it must not come back to life.
#[tokio::test(start_paused = true)]
async fn a_session_that_ends_while_it_is_looked_up_stays_ended() {
    let store = Slow::new(MemorySessions::new(100));
    let (before, _) = mounted(|endpoint| endpoint.session_store(store.clone()));
    let mut peer = Peer::open(&before, NEWEST).await;
    drop(before);
    peer.service = mounted(|endpoint| endpoint.session_store(store.clone())).0;
    store.slow.store(true, Ordering::SeqCst);
    let (looked, ()) = tokio::join!(peer.call(1, "echo", json!({"message": "hi"})), async {
        while store.loading.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
        // The second one reads at once, and ends the session that the first has read of.
        store.slow.store(false, Ordering::SeqCst);
        assert_eq!(peer.delete().await.status(), 204);
        store.loads.add_permits(1);
    });
    assert_eq!(looked.status(), 404);
    assert!(store.inner.is_empty());
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(Handle::current().metrics().num_alive_tasks(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_away_ends_no_session() {
    let store = Slow::new(MemorySessions::new(100));
    let (service, _) = mounted(|endpoint| endpoint.session_store(store.clone()));
    let peer = Peer::open(&service, NEWEST).await;
    store.broken.store(true, Ordering::SeqCst);
    // One that is known is not looked up, and goes on even where it cannot be saved.
    let level = json!({"jsonrpc": "2.0", "id": 1, "method": "logging/setLevel", "params": {"level": "error"}});
    assert_eq!(peer.post(&level).await.status(), 200);
    let (service, _) = mounted(|endpoint| endpoint.session_store(store.clone()));
    let peer = Peer { service, ..peer };
    let refused = peer.call(1, "echo", json!({"message": "hi"})).await;
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE, "404 would end it at the client");
    assert!(refused.headers().contains_key("retry-after"));
    store.broken.store(false, Ordering::SeqCst);
    assert_eq!(peer.text(1, "echo", json!({"message": "hi"})).await, "hi");
}

/// The connection breaks while an event is on its way into the store: it is neither lost nor sent twice.
#[tokio::test(start_paused = true)]
async fn a_cut_while_the_store_is_slow_loses_nothing() {
    let store = Slow::new(MemoryEvents::new(&Limits::local()));
    let (service, watch) = mounted(|endpoint| endpoint.event_store(store.clone()));
    let peer = Peer::open(&service, NEWEST).await;
    store.slow.store(true, Ordering::SeqCst);
    for stored in [0, 1, 2, 3] {
        let mut stream = Stream::of(peer.call(1, "step", json!({"count": 3})).await);
        let mut last = stream.next().await.unwrap().id;
        watch.steps.add_permits(4);
        let mut got = Vec::new();
        store.appends.add_permits(stored);
        for _ in 0..stored {
            let event = stream.next().await.unwrap();
            last = event.id;
            got.push(event.message.unwrap());
        }
        // The next one waits for the store, and its reader goes.
        assert!(tokio::time::timeout(Duration::from_secs(1), stream.next()).await.is_err());
        drop(stream);
        watch.until(|watch| watch.alive() == 0).await;
        let resumed = peer.get(last.as_deref()).await;
        store.appends.add_permits(100);
        got.extend(messages(resumed).await);
        let data: Vec<_> = got.iter().map(|message| message["params"]["data"].as_u64()).collect();
        assert_eq!(data, [Some(1), Some(2), Some(3), None], "{stored}");
        let again = peer.get(last.as_deref()).await;
        assert_eq!(messages(again).await.len(), 4 - stored);
        store.appends.forget_permits(usize::MAX);
    }
}

/// Somebody takes over while the reader before waits for the store: one of them sends the event, the newer one.
#[tokio::test(start_paused = true)]
async fn a_reader_that_was_taken_over_sends_nothing_more() {
    let store = Slow::new(MemoryEvents::new(&Limits::local()));
    let (service, watch) = mounted(|endpoint| endpoint.event_store(store.clone()));
    let peer = Peer::open(&service, NEWEST).await;
    store.slow.store(true, Ordering::SeqCst);
    for appended_first in [false, true] {
        let mut before = Stream::of(peer.call(1, "step", json!({"count": 3})).await);
        let prime = before.next().await.unwrap().id;
        watch.steps.add_permits(4);
        assert!(tokio::time::timeout(Duration::from_secs(1), before.next()).await.is_err());
        let mut after = Stream::of(peer.get(prime.as_deref()).await);
        if !appended_first {
            assert!(tokio::time::timeout(Duration::from_secs(1), after.next()).await.is_err());
        }
        store.appends.add_permits(100);
        assert_eq!(before.next().await, None);
        let rest = after.rest().await;
        let data: Vec<_> = rest
            .iter()
            .filter_map(|event| event.message.as_ref())
            .map(|message| message["params"]["data"].as_u64())
            .collect();
        assert_eq!(data, [Some(1), Some(2), Some(3), None], "{appended_first}");
        store.appends.forget_permits(usize::MAX);
    }
}

/// What nobody reads goes into the store, with its bounds, when its call ends; unless nobody can come back to it.
#[tokio::test(start_paused = true)]
async fn what_nobody_reads_is_put_away() {
    let events = Arc::new(MemoryEvents::new(&Limits::local()));
    let kept = events.clone();
    let (service, watch) = mounted(|endpoint| endpoint.event_store(kept));
    let peer = Peer::open(&service, NEWEST).await;
    let mut stream = Stream::of(peer.call(1, "step", json!({"count": 3})).await);
    stream.next().await.unwrap();
    drop(stream);
    watch.steps.add_permits(2);
    watch.until(|watch| watch.steps.available_permits() == 0).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(events.len(), 0, "it waits for its reader as long as the call runs");
    watch.steps.add_permits(2);
    watch.until(|_| events.len() == 4).await;
    // An older client that has seen no event yet.
    let older = Peer::open(&service, "2025-06-18").await;
    drop(older.call(1, "step", json!({"count": 3})).await);
    watch.steps.add_permits(4);
    watch.until(|watch| watch.ended() == 2).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(events.len(), 4);
}

#[tokio::test(start_paused = true)]
async fn events_that_cannot_be_stored_are_sent() {
    let store = Slow::new(MemoryEvents::new(&Limits::local()));
    let (service, _) = mounted(|endpoint| endpoint.event_store(store.clone()));
    let peer = Peer::open(&service, NEWEST).await;
    store.broken.store(true, Ordering::SeqCst);
    assert_eq!(messages(peer.call(1, "log", json!({"count": 3})).await).await.len(), 4);
}

/// Over a socket: `close` ends what listens at once and what runs by its deadline, and nothing is left.
#[tokio::test]
async fn closing_the_listener_ends_sessions() {
    let (server, watch) = server();
    let http = Http::bind("127.0.0.1:0").await.unwrap();
    let address = http.address();
    let mut running = server.start(http).unwrap();
    let post = |session: &str, body: &str| {
        format!(
            "POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\naccept: application/json, \
             text/event-stream\r\n{session}content-length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(post("", &initialize(NEWEST).to_string()).as_bytes()).await.unwrap();
    let mut answer = vec![0; 16 * 1024];
    let count = stream.read(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer[..count]).into_owned();
    let session = answer.lines().find(|line| line.starts_with("mcp-session-id: ")).unwrap();
    let session = format!("{session}\r\n");
    let mut listening = TcpStream::connect(address).await.unwrap();
    let get = format!(
        "GET /mcp HTTP/1.1\r\nhost: localhost\r\naccept: text/event-stream\r\n{session}\r\n"
    );
    listening.write_all(get.as_bytes()).await.unwrap();
    let mut calling = TcpStream::connect(address).await.unwrap();
    let body = call(1, "wait", json!({})).to_string();
    calling.write_all(post(&session, &body).as_bytes()).await.unwrap();
    let mut gone = TcpStream::connect(address).await.unwrap();
    let body = call(2, "wait", json!({})).to_string();
    gone.write_all(post(&session, &body).as_bytes()).await.unwrap();
    watch.until_for(|watch| watch.alive() == 2).await;
    drop(gone);
    let start = std::time::Instant::now();
    let closing = tokio::spawn(async move {
        running.close(Duration::from_millis(500)).await.unwrap();
    });
    let mut rest = Vec::new();
    listening.read_to_end(&mut rest).await.unwrap();
    assert!(String::from_utf8_lossy(&rest).contains("retry: 1000"), "the stream was open");
    closing.await.unwrap();
    assert!(start.elapsed() < Duration::from_secs(5));
    watch.until_for(|watch| watch.alive() == 0).await;
    assert_eq!(watch.dropped(), 2);
    drop((stream, calling));
}

#[tokio::test(start_paused = true)]
async fn nothing_of_a_session_is_shown() {
    let (service, _) = mounted(|endpoint| endpoint);
    let peer = Peer::open(&service, NEWEST).await;
    let id = peer.session.clone().unwrap();
    let mut stream = Stream::of(peer.call(1, "leave", json!({})).await);
    let Event { id: Some(event), .. } = stream.next().await.unwrap() else { panic!("no id") };
    let shown = format!("{service:?}");
    assert!(!shown.contains(&id) && !shown.contains(&event), "{shown}");
    let refused =
        bytes(peer.send(peer.head("POST").header("mcp-session-id", "x"), "{}").await).await;
    assert!(!String::from_utf8_lossy(&refused).contains(&id));
}
