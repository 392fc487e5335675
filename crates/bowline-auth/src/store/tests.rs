//! What is kept, and who may see it.

mod files;
mod keychains;
mod processes;
mod secrets;

use super::{Client, Extra, FileStore, Kept, Key, MemoryStore, Store};
use crate::dpop;
use crate::token::{Scheme, Tokens};
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, UNIX_EPOCH};

/// A folder of one test, removed with it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        let path =
            std::env::temp_dir().join(format!("bowline-store-{}-{next}", std::process::id()));
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    /// A folder for logins in it, which is not there yet.
    fn logins(&self) -> PathBuf {
        self.0.join("data").join("logins")
    }

    fn store(&self) -> FileStore {
        FileStore::new(self.logins())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn key(name: &str) -> Key {
    Key::new(name, "https://mcp.example/mcp")
}

/// A login with everything in it.
fn full(key: Key) -> Kept {
    let mut client = Client::new("app");
    client.secret = Some("client-secret".into());
    client.secret_expires = Some(UNIX_EPOCH + Duration::from_secs(1_900_000_000));
    client.method = "client_secret_basic".to_owned();
    client.dynamic = true;
    client.redirect_uris = vec!["http://127.0.0.1/callback".to_owned()];
    let mut tokens = Tokens::new("access-token".into(), Scheme::Dpop).unwrap();
    tokens.expires = Some(UNIX_EPOCH + Duration::from_secs(1_800_000_000));
    tokens.refresh = Some("refresh-token".into());
    tokens.scopes = Some(vec!["read".to_owned()]);
    tokens.id = Some("id-token".into());
    let mut kept = Kept::new(key, "https://auth.example", client);
    kept.resource = Some("https://mcp.example/mcp".to_owned());
    kept.token_endpoint = Some("https://auth.example/token".to_owned());
    kept.tokens = Some(tokens);
    kept.scopes = vec!["read".to_owned(), "write".to_owned()];
    kept.dpop = Some(dpop::Key::generate());
    kept
}

/// What stands in the file, to compare by.
fn json_of(kept: &Kept) -> Value {
    serde_json::from_str(&kept.encode()).unwrap()
}

fn decode(value: &Value) -> Result<Kept, super::Fault> {
    Kept::decode(&value.to_string(), Path::new("x.login"))
}

#[test]
fn all_of_a_login_is_kept() {
    for kept in [full(key("a")), Kept::new(key(""), "https://auth.example", Client::new("app"))] {
        let read = Kept::decode(&kept.encode(), Path::new("x.login")).unwrap();
        assert_eq!(read.key, kept.key);
        assert_eq!(read.resource, kept.resource);
        assert_eq!(read.issuer, kept.issuer);
        assert_eq!(read.token_endpoint, kept.token_endpoint);
        assert_eq!(read.client, kept.client);
        assert_eq!(read.tokens, kept.tokens);
        assert_eq!(read.scopes, kept.scopes);
        let thumbprint = |kept: &Kept| kept.dpop.as_ref().map(dpop::Key::thumbprint);
        assert_eq!(thumbprint(&read), thumbprint(&kept));
        assert_eq!(read.extra, Extra::default());
        assert_eq!(json_of(&read), json_of(&kept));
    }
}

#[test]
fn the_file_has_this_shape() {
    let mut kept = full(key("somebody"));
    kept.dpop = None;
    assert_eq!(
        json_of(&kept),
        json!({
            "version": 1,
            "principal": "somebody",
            "server": "https://mcp.example/mcp",
            "resource": "https://mcp.example/mcp",
            "issuer": "https://auth.example",
            "token_endpoint": "https://auth.example/token",
            "client": {
                "id": "app", "secret": "client-secret", "secret_expires": 1_900_000_000,
                "method": "client_secret_basic", "dynamic": true, "redirect_uris": ["http://127.0.0.1/callback"],
            },
            "tokens": {
                "access": "access-token", "scheme": "DPoP", "expires": 1_800_000_000, "refresh": "refresh-token",
                "scopes": ["read"], "id": "id-token",
            },
            "scopes": ["read", "write"],
        })
    );
}

#[test]
fn what_another_version_kept_stays() {
    let mut value = json_of(&full(key("a")));
    value["new"] = json!({"a": [1]});
    value["client"]["new"] = json!(2);
    value["tokens"]["new"] = json!("3");
    let mut read = decode(&value).unwrap();
    assert_eq!(json_of(&read), value);
    // New tokens are others, but what is not known of them may be of the login.
    read.tokens = Some(Tokens::new("next".into(), Scheme::Bearer).unwrap());
    let tokens = json!({"access": "next", "scheme": "Bearer", "new": "3"});
    assert_eq!(json_of(&read)["tokens"], tokens);
    read.tokens = None;
    assert_eq!(json_of(&read).get("tokens"), None);
}

#[test]
fn what_is_not_what_was_kept_is_refused() {
    let good = json_of(&full(key("a")));
    let changed = |pointer: &str, value: Value| {
        let mut changed = good.clone();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let parent = changed.pointer_mut(parent).unwrap().as_object_mut().unwrap();
        match value {
            Value::Null => drop(parent.remove(name)),
            value => drop(parent.insert(name.to_owned(), value)),
        }
        decode(&changed).err().map(|fault| fault.to_string())
    };
    let damaged =
        "the login in x.login cannot be used: it is not what is kept of a login; log in again";
    let required = [
        "/version",
        "/principal",
        "/server",
        "/issuer",
        "/client",
        "/client/id",
        "/client/method",
        "/client/dynamic",
        "/tokens/access",
        "/tokens/scheme",
    ];
    for pointer in required {
        assert_eq!(changed(pointer, Value::Null).as_deref(), Some(damaged), "{pointer}");
    }
    let optional = [
        "/resource",
        "/token_endpoint",
        "/tokens",
        "/scopes",
        "/dpop",
        "/client/secret",
        "/client/secret_expires",
        "/client/redirect_uris",
        "/tokens/expires",
        "/tokens/refresh",
        "/tokens/scopes",
        "/tokens/id",
    ];
    for pointer in optional {
        assert_eq!(changed(pointer, Value::Null), None, "{pointer}");
    }
    for pointer in required
        .iter()
        .chain(&optional)
        .filter(|pointer| !["/version", "/tokens"].contains(pointer))
    {
        assert_eq!(changed(pointer, json!(-1)).as_deref(), Some(damaged), "{pointer}");
    }
    for pointer in ["/scopes", "/tokens/scopes", "/client/redirect_uris"] {
        assert_eq!(changed(pointer, json!(["a", 1])).as_deref(), Some(damaged), "{pointer}");
    }
    assert_eq!(changed("/dpop", json!("no key")).as_deref(), Some(damaged));
    assert_eq!(changed("/tokens/scheme", json!("mac")).as_deref(), Some(damaged));
    assert_eq!(changed("/tokens/access", json!("a\nb")).as_deref(), Some(damaged));
    for text in ["", "{", "[]", r#"{"version":1,"version":1}"#] {
        assert!(Kept::decode(text, Path::new("x.login")).is_err(), "{text}");
    }
    let newer = "the login in x.login was written by a newer version of this program; use that one, or log in again";
    assert_eq!(changed("/version", json!(2)).as_deref(), Some(newer));
}

#[test]
fn every_store_keeps_finds_lists_and_forgets() {
    let folder = Folder::new();
    let stores: [&dyn Store; 2] = [&MemoryStore::default(), &folder.store()];
    for store in stores {
        let (a, b) = (key("a"), key("b"));
        assert!(store.load(&a).unwrap().is_none());
        assert!(!store.remove(&a).unwrap());
        assert!(store.list().unwrap().is_empty());
        store.save(&full(b.clone())).unwrap();
        store.save(&full(a.clone())).unwrap();
        let mut changed = full(a.clone());
        changed.scopes = vec!["other".to_owned()];
        store.save(&changed).unwrap();
        assert_eq!(store.load(&a).unwrap().unwrap().scopes, ["other"]);
        assert_eq!(store.load(&b).unwrap().unwrap().scopes, ["read", "write"]);
        assert!(store.load(&Key::new("a", "https://mcp.example/mcp/")).unwrap().is_none());
        let listed: Vec<_> =
            store.list().unwrap().into_iter().map(|kept| kept.unwrap().key).collect();
        assert_eq!(listed, [a.clone(), b.clone()]);
        assert!(store.remove(&a).unwrap());
        assert!(!store.remove(&a).unwrap());
        assert!(store.load(&a).unwrap().is_none());
        assert!(store.load(&b).unwrap().is_some());
    }
}

#[test]
fn who_and_where_do_not_run_together() {
    let folder = Folder::new();
    let stores: [&dyn Store; 2] = [&MemoryStore::default(), &folder.store()];
    for store in stores {
        store.save(&full(Key::new("a", "bc"))).unwrap();
        assert!(store.load(&Key::new("ab", "c")).unwrap().is_none());
        assert!(store.load(&Key::new("", "abc")).unwrap().is_none());
        assert!(store.load(&Key::new("1:a", "bc")).unwrap().is_none());
    }
}

#[test]
fn one_has_the_lock_of_a_login_and_others_wait_for_their_limit() {
    let folder = Folder::new();
    let memory = MemoryStore::default();
    // A second value for the same place, as another process has.
    let stores: [(&dyn Store, &dyn Store); 2] =
        [(&memory, &memory.clone()), (&folder.store(), &folder.store())];
    for (store, other) in stores {
        let (a, b) = (key("a"), key("b"));
        let held = store.try_lock(&a).unwrap().unwrap();
        assert!(other.try_lock(&a).unwrap().is_none());
        assert!(store.try_lock(&a).unwrap().is_none());
        assert!(other.try_lock(&b).unwrap().is_some());
        let fault = other.lock(&a, Duration::from_millis(30)).unwrap_err();
        assert_eq!(
            fault.to_string(),
            "another process has been refreshing the login at https://mcp.example/mcp for too long; \
             end it, or try again"
        );
        // Who has the lock reads and writes like everybody.
        store.save(&full(a.clone())).unwrap();
        assert!(other.load(&a).unwrap().is_some());
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| other.lock(&a, Duration::from_secs(60)).is_ok());
            drop(held);
            assert!(waiting.join().unwrap());
        });
        assert!(store.lock(&a, Duration::ZERO).is_ok());
        store.remove(&a).unwrap();
        assert!(store.try_lock(&a).unwrap().is_some());
    }
}

#[test]
fn many_who_refresh_do_it_one_after_the_other() {
    let folder = Folder::new();
    folder.store().save(&Kept::new(key("a"), "0", Client::new("app"))).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..5 {
                    let store = folder.store();
                    let _lock = store.lock(&key("a"), Duration::from_secs(60)).unwrap();
                    let mut kept = store.load(&key("a")).unwrap().unwrap();
                    kept.issuer = (kept.issuer.parse::<u32>().unwrap() + 1).to_string();
                    store.save(&kept).unwrap();
                }
            });
        }
    });
    assert_eq!(folder.store().load(&key("a")).unwrap().unwrap().issuer, "40");
}

#[test]
fn a_lock_in_memory_outlives_a_panic_of_its_holder() {
    let store = MemoryStore::default();
    let panicked = std::thread::scope(|scope| {
        scope
            .spawn(|| {
                let _lock = store.try_lock(&key("a")).unwrap().unwrap();
                panic!("while it refreshes");
            })
            .join()
    });
    assert!(panicked.is_err());
    assert!(store.try_lock(&key("a")).unwrap().is_some());
}

#[test]
fn members_that_are_not_known_are_given_back_by_memory_too() {
    let store = MemoryStore::default();
    let mut kept = full(key("a"));
    kept.extra = Extra(Map::from_iter([("new".to_owned(), json!(1))]));
    store.save(&kept).unwrap();
    assert_eq!(store.load(&key("a")).unwrap().unwrap().extra, kept.extra);
}
