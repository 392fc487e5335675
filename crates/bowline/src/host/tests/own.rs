//! A server that wants a login, and callers who have some of their own, or none.

use crate::client::{self, Client};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::host::{Credentials, Host, ServerSettings, Settings};
use crate::principal::Principal;
use crate::server::Server;
use crate::transport::http::Http;
use crate::transport::{self, Running};
use bowline_auth::store::{Client as KnownAs, Kept, Key, MemoryStore, Store};
use bowline_auth::token::{Scheme, Tokens};
use bowline_types::input::{ElicitAction, ElicitResult};
use bowline_types::tool::Tool;
use ring::digest::{SHA256, digest};
use serde_json::json;
use std::fmt::Write;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::timeout;

/// A file of tokens; gone in the end.
struct TokenFile(PathBuf);

impl TokenFile {
    fn new(name: &str, names: &[&str]) -> Self {
        let path = std::env::temp_dir().join(format!("bowline-own-{}-{name}", std::process::id()));
        let lines = names.iter().map(|name| {
            let digest = digest(&SHA256, token(name).as_bytes());
            let hex = digest.as_ref().iter().fold(String::new(), |mut hex, byte| {
                let _ = write!(hex, "{byte:02x}");
                hex
            });
            format!("{name}:{hex}:\n")
        });
        std::fs::write(&path, lines.collect::<String>()).unwrap();
        for_us_alone(&path);
        Self(path)
    }
}

#[cfg(unix)]
fn for_us_alone(path: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

#[cfg(not(unix))]
fn for_us_alone(_: &std::path::Path) {}

impl Drop for TokenFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn token(name: &str) -> String {
    format!("a-token-that-nobody-can-guess-of-{name}")
}

/// A host in front of a server that lets in nobody whom it does not know, and whatever else keeps them running.
struct World {
    host: Host,
    store: MemoryStore,
    /// Where the server is.
    server: String,
    /// Where the host is.
    url: String,
    /// What the server has seen of those who called.
    seen: Arc<Mutex<Vec<String>>>,
    _running: [Running; 2],
    _files: [TokenFile; 2],
}

impl World {
    async fn new(name: &str, credentials: Option<Credentials>) -> Self {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let canary = seen.clone();
        let server = Server::new("notes", "1").tool(Tool::new("whoami"), move |cx: Context| {
            let line = format!("{} {:?}", cx.principal().name(), cx.headers());
            canary.lock().unwrap().push(line);
            async move { cx.principal().name().to_owned() }
        });
        let known = TokenFile::new(
            &format!("{name}-server"),
            &["alice-at-notes", "bob-at-notes", "operator-at-notes"],
        );
        let http = Http::bind("127.0.0.1:0").await.unwrap().token_file(&known.0).unwrap();
        let url = format!("http://127.0.0.1:{}/mcp", http.address().port());
        let behind = transport::start(Arc::new(server), http);

        let store = MemoryStore::default();
        let mut settings = Settings::default();
        let told = ServerSettings { credentials, ..ServerSettings::default() };
        settings.servers.insert("notes".to_owned(), told);
        let host = Host::builder()
            .settings(settings)
            .logins(store.clone())
            .callers_authenticate(true)
            .server("notes", url.as_str())
            .begin()
            .unwrap();
        let callers = TokenFile::new(&format!("{name}-callers"), &["alice", "bob"]);
        let http = Http::bind("127.0.0.1:0").await.unwrap().token_file(&callers.0).unwrap();
        let origin = format!("http://127.0.0.1:{}", http.address().port());
        let rooms = host.clone();
        let http = http.find(move |folder| rooms.find(folder));
        let http = http.login_pages(&host, &origin, None).unwrap();
        let front = transport::start(host.service(), http);
        Self {
            host,
            store,
            server: url,
            url: format!("{origin}/mcp"),
            seen,
            _running: [behind, front],
            _files: [known, callers],
        }
    }

    /// Keeps a login, as the pages do in the end.
    fn log_in(&self, principal: &str, of: &str) {
        let client = KnownAs::new("bowline");
        let mut kept = Kept::new(Key::new(principal, &*self.server), "https://a.test", client);
        kept.tokens = Some(Tokens::new(token(of).into(), Scheme::Bearer).unwrap());
        self.store.save(&kept).unwrap();
    }

    async fn client(&self, who: &str) -> Client {
        self.connect(Client::builder(), who, &self.url).await
    }

    async fn connect(&self, builder: client::Builder, who: &str, url: &str) -> Client {
        let header = format!("Bearer {}", token(who));
        builder.header("Authorization", &header).connect(url).await.unwrap()
    }
}

async fn tools(client: &Client) -> Vec<String> {
    client.list_tools().await.unwrap().into_iter().map(|tool| tool.name).collect()
}

async fn call(client: &Client, name: &str) -> Result<String> {
    let result = client.call_tool(name, json!({})).await?;
    Ok(serde_json::to_value(result).unwrap()["content"][0]["text"].as_str().unwrap().to_owned())
}

fn code(error: &Error) -> i64 {
    error.rpc().unwrap().code.0
}

#[tokio::test]
async fn each_caller_uses_a_server_with_a_login_of_his_own() {
    for (name, credentials) in [("own", Some(Credentials::Own)), ("default", None)] {
        let world = World::new(name, credentials).await;
        // That of whoever runs the host is nobody else's.
        world.log_in("", "operator-at-notes");
        world.log_in("token alice", "alice-at-notes");
        let (alice, bob) = (world.client("alice").await, world.client("bob").await);
        assert_eq!(tools(&alice).await, ["notes__whoami"], "{name}");
        assert_eq!(call(&alice, "notes__whoami").await.unwrap(), "alice-at-notes");
        assert_eq!(tools(&bob).await, ["notes__login"], "{name}");
        let unknown = call(&bob, "notes__whoami").await.unwrap_err();
        assert_eq!(code(&unknown), -32602, "he is not told what others have: {unknown}");
        let page = call(&bob, "notes__login").await.unwrap();
        assert!(page.contains("/login/notes?ticket="), "{page}");
        let one = world.url.replace("/mcp", "/servers/notes/mcp");
        let bob_there = world.connect(Client::builder(), "bob", &one).await;
        assert_eq!(tools(&bob_there).await, ["login"]);

        // And once he has one.
        world.log_in("token bob", "bob-at-notes");
        world.host.0.shared.logged_in("notes", Some(&Principal::token("bob", [])));
        assert_eq!(call(&bob_there, "whoami").await.unwrap(), "bob-at-notes");
        assert_eq!(call(&alice, "notes__whoami").await.unwrap(), "alice-at-notes");
        let bob = world.client("bob").await;
        assert_eq!(tools(&bob).await, ["notes__whoami"]);

        // No token of a caller was ever shown to the server.
        let seen = world.seen.lock().unwrap().join("\n");
        assert!(seen.contains("alice-at-notes") && seen.contains("bob-at-notes"), "{seen}");
        for caller in ["alice", "bob"] {
            assert!(!seen.contains(&format!("{}\"", token(caller))), "{seen}");
        }
        assert!(!seen.contains("operator"), "{seen}");
        world.host.close().await;
    }
}

#[tokio::test]
async fn a_caller_who_can_be_sent_to_a_page_goes_on_after_his_login() {
    let world = Arc::new(World::new("visit", Some(Credentials::Own)).await);
    let urls = Arc::new(Mutex::new(Vec::new()));
    let (logs_in, told) = (world.clone(), urls.clone());
    let builder = Client::builder().on_elicit_url(move |_, visit| {
        let (world, told) = (logs_in.clone(), told.clone());
        async move {
            told.lock().unwrap().push(visit.url);
            world.log_in("token bob", "bob-at-notes");
            world.host.0.shared.logged_in("notes", Some(&Principal::token("bob", [])));
            Ok(ElicitResult::new(ElicitAction::Accept))
        }
    });
    let one = world.url.replace("/mcp", "/servers/notes/mcp");
    let bob = world.connect(builder, "bob", &one).await;
    // The same call is made again by itself, and finds what is there by then.
    let answer = timeout(Duration::from_secs(20), call(&bob, "login")).await.unwrap();
    assert_eq!(
        answer.unwrap(),
        "You are logged in to notes. List the tools again to see what it has."
    );
    assert_eq!(urls.lock().unwrap().len(), 1);
    assert!(urls.lock().unwrap()[0].contains("/login/notes?ticket="));
    assert_eq!(call(&bob, "whoami").await.unwrap(), "bob-at-notes");
    world.host.close().await;
}

/// One who is sent to pages, and goes to none.
fn declining() -> client::Builder {
    let decline = |_, _| async { Ok(ElicitResult::new(ElicitAction::Decline)) };
    Client::builder().on_elicit_url(decline)
}

#[tokio::test]
async fn a_caller_who_does_not_want_to_log_in_is_not_asked_again() {
    let world = World::new("declined", Some(Credentials::Own)).await;
    let one = world.url.replace("/mcp", "/servers/notes/mcp");
    let bob = world.connect(declining(), "bob", &one).await;
    let declined = timeout(Duration::from_secs(20), call(&bob, "login")).await.unwrap();
    assert_eq!(code(&declined.unwrap_err()), -31002);
    world.host.close().await;
}

#[cfg(not(modern_only))]
#[tokio::test]
async fn a_session_is_told_of_the_page_in_the_way_that_its_version_knows() {
    let world = World::new("sessions", Some(Credentials::Own)).await;
    let one = world.url.replace("/mcp", "/servers/notes/mcp");
    let newer = declining().protocol_version("2025-11-25");
    let bob = world.connect(newer, "bob", &one).await;
    let error = timeout(Duration::from_secs(20), call(&bob, "login")).await.unwrap().unwrap_err();
    assert_eq!(code(&error), -32042, "{error}");
    let data = error.rpc().unwrap().data.clone().unwrap().to_string();
    assert!(data.contains("/login/notes?ticket=") && data.contains("elicitationId"), "{data}");
    let older = Client::builder().protocol_version("2025-06-18");
    let bob = world.connect(older, "bob", &one).await;
    let text = call(&bob, "login").await.unwrap();
    assert!(text.contains("/login/notes?ticket="), "{text}");
    world.host.close().await;
}

#[tokio::test]
async fn a_shared_login_is_that_of_whoever_runs_the_host() {
    let world = World::new("shared", Some(Credentials::Shared)).await;
    world.log_in("", "operator-at-notes");
    world.log_in("token alice", "alice-at-notes");
    world.host.settled().await.unwrap();
    for who in ["alice", "bob"] {
        let client = world.client(who).await;
        assert_eq!(call(&client, "notes__whoami").await.unwrap(), "operator-at-notes", "{who}");
    }
    world.host.close().await;
}
