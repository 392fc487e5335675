//! An authorization server that does what a test wants, and counts what it is asked.

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use bowline::transport::http::{Endpoint, HttpService, Issuer, Protected};
use bowline_auth::jose::SigningKey;
use http::Request;
use http_body_util::Full;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::task::AbortHandle;

pub(super) const RESOURCE: &str = "https://mcp.example.com/mcp";

/// The server; gone with its last clone.
#[derive(Clone)]
pub(super) struct Authority(Arc<Inner>);

pub(super) struct Inner {
    pub(super) issuer: String,
    /// What it calls itself in its metadata, if that is not what it is.
    pub(super) metadata: Mutex<Value>,
    /// The key that signs, and those that it publishes.
    pub(super) key: Mutex<SigningKey>,
    pub(super) published: Mutex<Vec<SigningKey>>,
    pub(super) cache_control: Mutex<&'static str>,
    /// What it says of tokens.
    pub(super) told: Mutex<HashMap<String, Value>>,
    pub(super) asked_by: Mutex<Vec<String>>,
    pub(super) metadata_reads: AtomicUsize,
    pub(super) key_reads: AtomicUsize,
    pub(super) questions: AtomicUsize,
    pub(super) broken: AtomicBool,
    task: Mutex<Option<AbortHandle>>,
}

impl std::ops::Deref for Authority {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

struct Owner(AbortHandle);

impl Drop for Owner {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Authority {
    pub(super) async fn start() -> Self {
        Self::start_at("").await
    }

    /// One whose issuer has a path.
    pub(super) async fn start_at(path: &str) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let issuer = format!("{origin}{path}");
        let key = SigningKey::generate().with_id("k1");
        let metadata = json!({ "issuer": issuer, "jwks_uri": format!("{origin}/keys") });
        let inner = Arc::new(Inner {
            issuer,
            metadata: Mutex::new(metadata),
            published: Mutex::new(vec![key.clone()]),
            key: Mutex::new(key),
            cache_control: Mutex::new("max-age=600"),
            told: Mutex::default(),
            asked_by: Mutex::default(),
            metadata_reads: AtomicUsize::new(0),
            key_reads: AtomicUsize::new(0),
            questions: AtomicUsize::new(0),
            broken: AtomicBool::new(false),
            task: Mutex::default(),
        });
        let router = Router::new()
            .route(&format!("/.well-known/oauth-authorization-server{path}"), get(metadata_of))
            .route("/keys", get(keys_of))
            .route("/introspect", post(introspect))
            .with_state(inner.clone());
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        *inner.task.lock().unwrap() = Some(task.abort_handle());
        Self(inner)
    }

    /// Nobody answers there any more.
    pub(super) fn stop(&self) {
        self.task.lock().unwrap().take().unwrap().abort();
    }

    pub(super) fn protected(&self) -> Protected {
        Protected::new(RESOURCE).unwrap().issuer(Issuer::new(&self.issuer).unwrap())
    }

    /// A good token, but for what is changed; `null` takes a claim away.
    pub(super) fn token(&self, changes: Value) -> String {
        self.signed(&self.key.lock().unwrap(), json!({ "typ": "at+jwt" }), changes)
    }

    pub(super) fn signed(&self, key: &SigningKey, header: Value, changes: Value) -> String {
        let mut claims = Map::new();
        claims.insert("iss".into(), self.issuer.as_str().into());
        claims.insert("aud".into(), RESOURCE.into());
        claims.insert("sub".into(), "alice".into());
        claims.insert("client_id".into(), "client-1".into());
        claims.insert("iat".into(), now().into());
        claims.insert("exp".into(), (now() + 3600).into());
        for (name, value) in changes.as_object().unwrap() {
            match value {
                Value::Null => drop(claims.remove(name)),
                value => drop(claims.insert(name.clone(), value.clone())),
            }
        }
        key.sign(header.as_object().unwrap().clone(), &claims).expose().to_owned()
    }

    /// Signs with another key from now on, and publishes only that.
    pub(super) fn rotate(&self, id: &str) {
        let key = SigningKey::generate().with_id(id);
        *self.published.lock().unwrap() = vec![key.clone()];
        *self.key.lock().unwrap() = key;
    }

    pub(super) fn reads(&self) -> (usize, usize) {
        (self.metadata_reads.load(Ordering::SeqCst), self.key_reads.load(Ordering::SeqCst))
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(task) = self.task.get_mut().unwrap().take() {
            drop(Owner(task));
        }
    }
}

pub(super) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// An endpoint at `/mcp` that is known to the world as [`RESOURCE`].
pub(super) fn mount(protected: Protected, server: bowline::Server) -> HttpService {
    endpoint(protected).mount(server)
}

pub(super) fn endpoint(protected: Protected) -> Endpoint {
    Endpoint::default().path("/mcp").public_url(RESOURCE).unwrap().protected(protected).unwrap()
}

/// A request with a token.
pub(super) fn with(
    mut request: Request<Full<bytes::Bytes>>,
    token: &str,
) -> Request<Full<bytes::Bytes>> {
    request.headers_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    request
}

async fn metadata_of(State(authority): State<Arc<Inner>>) -> Response {
    authority.metadata_reads.fetch_add(1, Ordering::SeqCst);
    if authority.broken.load(Ordering::SeqCst) {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    authority.metadata.lock().unwrap().to_string().into_response()
}

async fn keys_of(State(authority): State<Arc<Inner>>) -> Response {
    authority.key_reads.fetch_add(1, Ordering::SeqCst);
    if authority.broken.load(Ordering::SeqCst) {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    let published = authority.published.lock().unwrap();
    let keys: Vec<Value> =
        published.iter().map(|key| Value::Object(key.public().to_json())).collect();
    let cache_control = *authority.cache_control.lock().unwrap();
    ([(header::CACHE_CONTROL, cache_control)], json!({ "keys": keys }).to_string()).into_response()
}

async fn introspect(
    State(authority): State<Arc<Inner>>,
    headers: HeaderMap,
    body: String,
) -> Response {
    authority.questions.fetch_add(1, Ordering::SeqCst);
    let by = headers.get("authorization").map_or("", |value| value.to_str().unwrap());
    authority.asked_by.lock().unwrap().push(by.to_owned());
    if authority.broken.load(Ordering::SeqCst) {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    let token = body.strip_prefix("token=").and_then(|rest| rest.split_once('&')).unwrap().0;
    let told = authority.told.lock().unwrap().get(token).cloned();
    told.unwrap_or_else(|| json!({ "active": false })).to_string().into_response()
}
