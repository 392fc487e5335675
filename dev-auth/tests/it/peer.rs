//! A client that sends what it is told, and shows all that comes back.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dev_auth::{Approval, Clock, Running, Settings};
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A server with a clock that stands, which approves everything for alice.
pub(crate) fn settings() -> Settings {
    Settings {
        approval: Approval::Always("alice".to_owned()),
        scopes: ["mcp", "admin"].map(str::to_owned).to_vec(),
        clients: vec![
            json!({
                "client_id": "app", "redirect_uris": [CALLBACK],
                "grant_types": ["authorization_code", "refresh_token"],
            }),
            json!({
                "client_id": "service", "client_secret": "service secret",
                "grant_types": ["client_credentials", "urn:ietf:params:oauth:grant-type:token-exchange"],
            }),
            json!({
                "client_id": "posting", "client_secret": "posting secret",
                "token_endpoint_auth_method": "client_secret_post",
                "grant_types": ["client_credentials"],
            }),
        ],
        clock: Clock::stopped_at(NOW),
        ..Settings::default()
    }
}

pub(crate) const NOW: u64 = 1_800_000_000;
pub(crate) const CALLBACK: &str = "http://127.0.0.1:3000/cb";
pub(crate) const RESOURCE: &str = "https://mcp.example/a";
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(is, _)| is == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    /// Status and error.
    pub(crate) fn refused(&self) -> (u16, String) {
        (self.status, self.json()["error"].as_str().unwrap_or_default().to_owned())
    }

    /// A parameter of the URL that it leads to.
    pub(crate) fn located(&self, name: &str) -> Option<String> {
        let location = self.header("location").unwrap_or_else(|| panic!("no redirect: {self:?}"));
        let query = location.split_once('?')?.1;
        let mut pairs = form_urlencoded::parse(query.as_bytes());
        pairs.find(|(is, _)| is == name).map(|(_, value)| value.into_owned())
    }
}

/// A server, and a client of it.
pub(crate) struct Peer {
    pub(crate) server: Running,
    pub(crate) clock: Clock,
}

impl Peer {
    pub(crate) async fn new(settings: Settings) -> Self {
        let clock = settings.clock.clone();
        Self { server: dev_auth::start(settings).await.unwrap(), clock }
    }

    pub(crate) fn issuer(&self) -> &str {
        self.server.issuer()
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], "").await
    }

    pub(crate) async fn post(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        form: &[(&str, &str)],
    ) -> Answer {
        let mut headers = headers.to_vec();
        headers.push(("content-type", "application/x-www-form-urlencoded"));
        self.send("POST", path, &headers, &encoded(form)).await
    }

    pub(crate) async fn token(&self, form: &[(&str, &str)]) -> Answer {
        self.post("/token", &[], form).await
    }

    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        send(self.server.address(), method, path, headers, body).await
    }

    /// Parameters of an authorization request that is right, but for these.
    pub(crate) async fn authorize(&self, but: &[(&str, &str)]) -> Answer {
        let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, VERIFIER.as_bytes()));
        let mut parameters = vec![
            ("client_id", "app"),
            ("redirect_uri", CALLBACK),
            ("response_type", "code"),
            ("code_challenge", challenge.as_str()),
            ("code_challenge_method", "S256"),
            ("state", "my state"),
            ("resource", RESOURCE),
        ];
        parameters.retain(|(name, _)| !but.iter().any(|(other, _)| other == name));
        parameters.extend(but);
        self.get(&format!("/authorize?{}", encoded(&parameters))).await
    }

    /// A code for the client `app`.
    pub(crate) async fn code(&self, but: &[(&str, &str)]) -> String {
        let answer = self.authorize(but).await;
        answer.located("code").unwrap_or_else(|| panic!("no code: {answer:?}"))
    }

    /// Redeems a code of the client `app`.
    pub(crate) async fn redeem(&self, code: &str) -> Answer {
        self.token(&[
            ("grant_type", "authorization_code"),
            ("client_id", "app"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ])
        .await
    }

    /// The answer of the token endpoint after a whole login of the client `app`.
    pub(crate) async fn login(&self, but: &[(&str, &str)]) -> Value {
        let code = self.code(but).await;
        let answer = self.redeem(&code).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }

    pub(crate) async fn refresh(&self, token: &str) -> Answer {
        let form =
            [("grant_type", "refresh_token"), ("client_id", "app"), ("refresh_token", token)];
        self.token(&form).await
    }

    /// What the server says of a token to a client that may ask.
    pub(crate) async fn introspect(&self, token: &str) -> Value {
        let form =
            [("token", token), ("client_id", "posting"), ("client_secret", "posting secret")];
        self.post("/introspect", &[], &form).await.json()
    }

    pub(crate) async fn counts(&self, token: &Value) -> bool {
        self.introspect(token.as_str().unwrap()).await["active"] == true
    }
}

/// One request over a connection of its own.
pub(crate) async fn send(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Answer {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let mut text = format!("{method} {path} HTTP/1.1\r\nconnection: close\r\n");
    if !headers.iter().any(|(name, _)| *name == "host") {
        text += &format!("host: {address}\r\n");
    }
    for (name, value) in headers {
        text += &format!("{name}: {value}\r\n");
    }
    text += &format!("content-length: {}\r\n\r\n{body}", body.len());
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers = lines.map(|line| line.split_once(": ").unwrap());
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    Answer { status, headers, body: body.to_owned() }
}

pub(crate) fn encoded(form: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish()
}

/// Header and claims of a token, unchecked.
pub(crate) fn opened(token: &Value) -> (Value, Value) {
    let parts: Vec<&str> = token.as_str().unwrap().split('.').collect();
    let part =
        |at: usize| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[at]).unwrap()).unwrap();
    (part(0), part(1))
}
