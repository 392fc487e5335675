//! A server that wants to know who asks, and the authorization server that it trusts, at one address of this machine.

use bowline::Server;
use bowline::auth::store::{Kept, Key, Store};
use bowline::client::Builder;
use bowline::client::auth::{AskingBrowser, Authorization, Browser, Shown, Visit};
use bowline::transport::http::{Endpoint, HttpService};
use bowline::types::tool::Tool;
use bowline::{Client, Error};
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body::{Body, Frame};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinSet;

/// Both servers, until this is dropped.
pub(crate) struct World {
    pub(crate) address: SocketAddr,
    inner: Arc<Inner>,
    _serving: JoinSet<()>,
}

struct Inner {
    address: SocketAddr,
    service: HttpService,
    state: Mutex<State>,
    /// Rings when requests for tokens are answered that were held back.
    go: Notify,
}

/// What happened, and what is to happen.
#[derive(Default)]
pub(crate) struct State {
    /// How often each endpoint was asked.
    pub(crate) asked: BTreeMap<&'static str, u32>,
    /// The requests to the server: method, session, what they showed.
    pub(crate) shown: Vec<(String, Option<String>)>,
    /// Access tokens that are taken, with their scopes.
    taken: BTreeMap<String, BTreeSet<String>>,
    /// The one refresh token that is taken.
    refresh: Option<String>,
    made: u32,
    codes: BTreeMap<String, BTreeSet<String>>,
    /// How long tokens live, in seconds.
    pub(crate) lives: Option<u64>,
    /// The next answer with tokens is lost on its way.
    pub(crate) loses: bool,
    /// Answers with tokens wait.
    pub(crate) holds: bool,
    /// The server takes no token at all.
    pub(crate) takes_none: bool,
    /// The server lets nobody do more, whatever scope is shown.
    pub(crate) wants_more: bool,
    /// The authorization server sends browsers back with another state.
    pub(crate) strays: bool,
    /// Tokens are bound to keys, and proofs have this nonce.
    pub(crate) nonce: Option<&'static str>,
    /// Where the server leads its clients.
    pub(crate) leads_to: Option<String>,
    /// What the server says of itself instead of the truth.
    pub(crate) lies: Option<Value>,
}

type Answer = Response<UnsyncBoxBody<Bytes, io::Error>>;

impl World {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = Server::new("test", "1")
            .tool(Tool::new("read"), || async { "read" })
            .tool(Tool::new("write"), || async { "written" });
        let service = Endpoint::default().mount(server);
        let (state, go) = (Mutex::default(), Notify::new());
        let inner = Arc::new(Inner { address, service, state, go });
        let serving = inner.clone();
        let mut accepting = JoinSet::new();
        accepting.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let inner = serving.clone();
                connections.spawn(async move {
                    let service = service_fn(move |request| {
                        let inner = inner.clone();
                        async move { Ok::<_, Infallible>(inner.answer(request).await) }
                    });
                    let server = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
                    let _ = server.serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        Self { address, inner, _serving: accepting }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.inner.state.lock().unwrap()
    }

    /// The URL of the server.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/mcp", self.address)
    }

    pub(crate) fn key(&self) -> Key {
        Key::new("", self.url())
    }

    pub(crate) fn kept(&self, store: &impl Store) -> Option<Kept> {
        store.load(&self.key()).unwrap()
    }

    /// How often an endpoint was asked since the last time.
    pub(crate) fn asked(&self, endpoint: &str) -> u32 {
        self.state().asked.insert_zero(endpoint)
    }

    /// Answers what was held back, and holds nothing back any more.
    pub(crate) fn release(&self) {
        self.state().holds = false;
        self.inner.go.notify_waiters();
    }

    /// Forgets all access tokens.
    pub(crate) fn expire(&self) {
        self.state().taken.clear();
    }

    /// Forgets everything that was ever given out.
    pub(crate) fn revoke(&self) {
        let mut state = self.state();
        state.taken.clear();
        state.refresh = None;
    }

    /// A client with the usual browser.
    pub(crate) async fn client(&self, store: impl Store + 'static) -> Client {
        self.connect(Authorization::new(store).browser(obedient())).await.unwrap()
    }

    pub(crate) async fn connect(&self, authorization: Authorization) -> Result<Client, Error> {
        self.builder(authorization).connect(self.url().as_str()).await
    }

    pub(crate) fn builder(&self, authorization: Authorization) -> Builder {
        Client::builder().authorization(authorization)
    }
}

trait Counts {
    fn insert_zero(&mut self, endpoint: &str) -> u32;
}

impl Counts for BTreeMap<&'static str, u32> {
    fn insert_zero(&mut self, endpoint: &str) -> u32 {
        self.get_mut(endpoint).map(std::mem::take).unwrap_or_default()
    }
}

/// A browser that goes where it is sent, and says where it ends.
pub(crate) fn obedient() -> impl Browser {
    AskingBrowser::new(|visit: Visit| async move {
        Ok(Shown::Returned(location(visit.url.as_str()).await))
    })
}

/// Where a page redirects to.
pub(crate) async fn location(url: &str) -> String {
    let answer = get(url).await;
    let line = answer.lines().find_map(|line| line.strip_prefix("location: "));
    line.unwrap_or_else(|| panic!("no redirect: {answer}")).to_owned()
}

/// Fetches a page of this machine.
pub(crate) async fn get(url: &str) -> String {
    let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut stream = TcpStream::connect(host).await.unwrap();
    let head = format!("GET /{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

impl Inner {
    async fn answer(&self, request: Request<Incoming>) -> Answer {
        let path = request.uri().path().to_owned();
        match path.as_str() {
            "/mcp" => self.serve(request).await,
            "/.well-known/oauth-protected-resource/mcp" => self.resource(),
            "/.well-known/oauth-authorization-server" => self.server(),
            "/register" => self.register(request).await,
            "/authorize" => self.authorize(&query(request.uri().query().unwrap_or_default())),
            "/token" => self.token(request).await,
            _ => text(StatusCode::NOT_FOUND, "nothing"),
        }
    }

    fn count(&self, endpoint: &'static str) {
        *self.state.lock().unwrap().asked.entry(endpoint).or_default() += 1;
    }

    /// Lets in who shows a token that is taken, and is allowed to do it.
    async fn serve(&self, request: Request<Incoming>) -> Answer {
        let header = |name| {
            let value = request.headers().get(name)?;
            Some(value.to_str().unwrap().to_owned())
        };
        let (shown, proof) = (header("authorization"), header("dpop"));
        assert!(request.uri().query().is_none(), "a token in a URL");
        let (parts, body) = request.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let writes = String::from_utf8_lossy(&body).contains("\"write\"");
        {
            let mut state = self.state.lock().unwrap();
            let session = parts.headers.contains_key("mcp-session-id");
            let what = format!("{}{}", parts.method, if session { " in session" } else { "" });
            state.shown.push((what, shown.clone()));
            if let Some(to) = state.leads_to.take() {
                return redirect(&to);
            }
            let token = shown.as_deref().and_then(|shown| shown.split_once(' '));
            let scopes = token.and_then(|(_, token)| state.taken.get(token));
            let Some(scopes) = scopes.filter(|_| !state.takes_none) else {
                let error = if shown.is_some() { r#", error="invalid_token""# } else { "" };
                return self
                    .challenge(StatusCode::UNAUTHORIZED, &format!(r#"scope="read"{error}"#));
            };
            if let Some(nonce) = state.nonce {
                let proof = proof.expect("a bound token without a proof");
                if !claims(&proof).contains(nonce) {
                    let answer = self.challenge_by(
                        "DPoP",
                        StatusCode::UNAUTHORIZED,
                        r#"error="use_dpop_nonce""#,
                    );
                    return with(answer, "dpop-nonce", nonce);
                }
            }
            if writes && (!scopes.contains("write") || state.wants_more) {
                let wanted = r#"error="insufficient_scope", scope="write""#;
                return self.challenge(StatusCode::FORBIDDEN, wanted);
            }
        }
        let request = Request::from_parts(parts, Full::new(body));
        let response = self.service.answer(request).await;
        response.map(|body| body.map_err(io::Error::other).boxed_unsync())
    }

    fn challenge(&self, status: StatusCode, members: &str) -> Answer {
        let bound = self.state.try_lock().is_ok_and(|state| state.nonce.is_some());
        self.challenge_by(if bound { "DPoP" } else { "Bearer" }, status, members)
    }

    fn challenge_by(&self, scheme: &str, status: StatusCode, members: &str) -> Answer {
        let metadata = format!("http://{}/.well-known/oauth-protected-resource/mcp", self.address);
        let value = format!(r#"{scheme} resource_metadata="{metadata}", {members}"#);
        with(text(status, "who asks?"), "www-authenticate", &value)
    }

    fn resource(&self) -> Answer {
        self.count("resource");
        if let Some(lie) = &self.state.lock().unwrap().lies {
            return json_of(StatusCode::OK, lie);
        }
        let base = format!("http://{}", self.address);
        let bound = self.state.lock().unwrap().nonce.is_some();
        json_of(
            StatusCode::OK,
            &json!({
                "resource": format!("{base}/mcp"),
                "authorization_servers": [base],
                "dpop_bound_access_tokens_required": bound,
            }),
        )
    }

    fn server(&self) -> Answer {
        self.count("server");
        let base = format!("http://{}", self.address);
        json_of(
            StatusCode::OK,
            &json!({
                "issuer": base,
                "authorization_endpoint": format!("{base}/authorize"),
                "token_endpoint": format!("{base}/token"),
                "registration_endpoint": format!("{base}/register"),
                "response_types_supported": ["code"],
                "grant_types_supported": ["authorization_code", "refresh_token"],
                "code_challenge_methods_supported": ["S256"],
                "token_endpoint_auth_methods_supported": ["none"],
                "dpop_signing_alg_values_supported": ["ES256"],
            }),
        )
    }

    async fn register(&self, request: Request<Incoming>) -> Answer {
        self.count("register");
        let body = request.into_body().collect().await.unwrap().to_bytes();
        let mut client: Value = serde_json::from_slice(&body).unwrap();
        client["client_id"] = json!("registered");
        json_of(StatusCode::CREATED, &client)
    }

    fn authorize(&self, query: &BTreeMap<String, String>) -> Answer {
        self.count("authorize");
        assert_eq!(query["code_challenge_method"], "S256");
        let mut state = self.state.lock().unwrap();
        state.made += 1;
        let code = format!("code-{}", state.made);
        let scopes = query.get("scope").map(String::as_str).unwrap_or_default();
        let scopes = scopes.split(' ').map(str::to_owned).collect();
        state.codes.insert(code.clone(), scopes);
        let back = if state.strays { "another" } else { &query["state"] };
        redirect(&format!("{}?code={code}&state={back}", query["redirect_uri"]))
    }

    async fn token(&self, request: Request<Incoming>) -> Answer {
        let proof = request.headers().contains_key("dpop");
        let body = request.into_body().collect().await.unwrap().to_bytes();
        let form = query(std::str::from_utf8(&body).unwrap());
        let refreshes = form["grant_type"] == "refresh_token";
        self.count(if refreshes { "refresh" } else { "code" });
        let waiting = self.go.notified();
        let held = self.state.lock().unwrap().holds;
        if held {
            waiting.await;
        }
        let mut state = self.state.lock().unwrap();
        let scopes = match refreshes {
            true => (state.refresh.as_ref() == form.get("refresh_token"))
                .then(|| ["read".to_owned()].into()),
            false => state.codes.remove(&form["code"]),
        };
        let Some(scopes) = scopes else {
            return json_of(StatusCode::BAD_REQUEST, &json!({ "error": "invalid_grant" }));
        };
        state.made += 1;
        let (access, refresh) =
            (format!("access-{}", state.made), format!("refresh-{}", state.made));
        state.taken.insert(access.clone(), scopes);
        state.refresh = Some(refresh.clone());
        if std::mem::take(&mut state.loses) {
            return Response::new(Broken.boxed_unsync());
        }
        let kind = if proof && state.nonce.is_some() { "DPoP" } else { "Bearer" };
        let mut tokens =
            json!({ "access_token": access, "refresh_token": refresh, "token_type": kind });
        if let Some(seconds) = state.lives {
            tokens["expires_in"] = json!(seconds);
        }
        json_of(StatusCode::OK, &tokens)
    }
}

/// What a proof says.
fn claims(proof: &str) -> String {
    use base64::Engine;
    let claims = proof.split('.').nth(1).unwrap();
    let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
    String::from_utf8(engine.decode(claims).unwrap()).unwrap()
}

fn query(text: &str) -> BTreeMap<String, String> {
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(key, value)| (key.to_owned(), decoded(value))).collect()
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [rest.next().unwrap(), rest.next().unwrap()];
                u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).unwrap()
}

fn text(status: StatusCode, text: &'static str) -> Answer {
    let body = Full::from(text).map_err(|never: Infallible| match never {}).boxed_unsync();
    let mut answer = Response::new(body);
    *answer.status_mut() = status;
    answer
}

fn json_of(status: StatusCode, value: &Value) -> Answer {
    let body = Full::from(value.to_string()).map_err(|never: Infallible| match never {});
    let mut answer = Response::new(body.boxed_unsync());
    *answer.status_mut() = status;
    with(answer, "content-type", "application/json")
}

fn redirect(to: &str) -> Answer {
    with(text(StatusCode::FOUND, ""), "location", to)
}

fn with(mut answer: Answer, name: &'static str, value: &str) -> Answer {
    answer.headers_mut().insert(name, value.parse().unwrap());
    answer
}

/// A body that breaks off.
struct Broken;

impl Body for Broken {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        Poll::Ready(Some(Err(io::Error::other("lost"))))
    }
}
