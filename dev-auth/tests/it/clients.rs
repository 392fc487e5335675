//! Clients that register themselves, and those with a document.

use crate::peer::{Answer, CALLBACK, Peer, VERIFIER, send, settings};
use dev_auth::{Addresses, Settings};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

async fn register(peer: &Peer, said: &Value) -> Answer {
    let json = [("content-type", "application/json")];
    send(peer.server.address(), "POST", "/register", &json, &said.to_string()).await
}

#[tokio::test]
async fn a_client_that_registers_can_log_in() {
    let peer = Peer::new(settings()).await;
    let said = json!({
        "client_name": "Knot", "redirect_uris": [CALLBACK], "application_type": "native",
        "token_endpoint_auth_method": "client_secret_post",
    });
    let answer = register(&peer, &said).await;
    assert_eq!((answer.status, answer.header("cache-control")), (201, Some("no-store")));
    let client = answer.json();
    let (id, secret) =
        (client["client_id"].as_str().unwrap(), client["client_secret"].as_str().unwrap());
    let code = peer.code(&[("client_id", id)]).await;
    let form = |secret| {
        [
            ("grant_type", "authorization_code"),
            ("client_id", id),
            ("client_secret", secret),
            ("code", code.as_str()),
            ("code_verifier", VERIFIER),
        ]
    };
    assert_eq!(peer.token(&form("wrong")).await.refused(), (401, "invalid_client".to_owned()));
    assert_eq!(peer.token(&form(secret)).await.status, 200);
}

#[tokio::test]
async fn a_registration_that_is_wrong_names_what_is_wrong() {
    let peer = Peer::new(settings()).await;
    let answer = register(&peer, &json!({ "redirect_uris": ["http://app.example/cb"] })).await;
    assert_eq!(answer.refused(), (400, "invalid_redirect_uri".to_owned()));
    assert!(answer.body.contains("http://app.example/cb"));
}

#[tokio::test]
async fn nobody_registers_where_nobody_may() {
    let peer = Peer::new(Settings { registration: false, ..settings() }).await;
    let answer = register(&peer, &json!({ "redirect_uris": [CALLBACK] })).await;
    assert_eq!(answer.refused(), (400, "access_denied".to_owned()));
    let document = peer.get("/.well-known/oauth-authorization-server").await.json();
    assert_eq!(document.get("registration_endpoint"), None);
}

/// Answers each request with this, and counts them.
async fn site(answer: impl Fn(&str) -> String + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let named = url.clone();
    // Ends with the runtime of the test.
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = [0; 2048];
            let read = stream.read(&mut head).await.unwrap();
            assert!(head[..read].starts_with(b"GET /client.json HTTP/1.1\r\n"));
            // It may have gone already.
            let _ = stream.write_all(answer(&named).as_bytes()).await;
        }
    });
    format!("{url}/client.json")
}

fn found(body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
}

fn document(url: &str) -> Value {
    json!({
        "client_id": format!("{url}/client.json"), "client_name": "Knot",
        "redirect_uris": ["http://127.0.0.1/cb"], "grant_types": ["authorization_code", "refresh_token"],
    })
}

fn local() -> Settings {
    Settings { addresses: Addresses::DangerouslyLoopback, ..settings() }
}

#[tokio::test]
async fn a_client_with_a_document_can_log_in_without_registering() {
    let peer = Peer::new(local()).await;
    let id = site(|url| found(&document(url).to_string())).await;
    let code = peer.code(&[("client_id", &id), ("redirect_uri", "http://127.0.0.1:4711/cb")]).await;
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", &id),
        ("code", &code),
        ("redirect_uri", "http://127.0.0.1:4711/cb"),
        ("code_verifier", VERIFIER),
    ];
    let tokens = peer.token(&form).await.json();
    assert!(tokens["refresh_token"].is_string());
    assert_eq!(crate::peer::opened(&tokens["access_token"]).1["client_id"], id);
}

#[tokio::test]
async fn a_document_that_is_wrong_lets_nobody_in() {
    type Made = fn(&str) -> String;
    let rows: [(Made, &str); 7] = [
        (|_| "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n".to_owned(), "answers 404"),
        (
            |url| {
                format!("HTTP/1.1 302 Found\r\nlocation: {url}/other\r\ncontent-length: 0\r\n\r\n")
            },
            "answers 302",
        ),
        (
            |url| found(&document(url).to_string()).replace("application/json", "text/html"),
            "is not application/json",
        ),
        (
            |url| found(&format!("{}{}", document(url), " ".repeat(5 * 1024))),
            "longer than 5120 bytes",
        ),
        (|_| found("{"), "is not JSON"),
        (|_| found(&document("http://127.0.0.1:1").to_string()), "names another client_id"),
        (
            |url| {
                let mut document = document(url);
                document["redirect_uris"] = json!(["http://127.0.0.1/other"]);
                found(&document.to_string())
            },
            "has not registered redirect_uri",
        ),
    ];
    for (made, said) in rows {
        let peer = Peer::new(local()).await;
        let id = site(made).await;
        let answer = peer.authorize(&[("client_id", &id)]).await;
        assert_eq!((answer.status, answer.header("location")), (400, None), "{said}");
        assert!(answer.body.contains(said), "{said}: {}", answer.body);
    }
}

#[tokio::test]
async fn nothing_is_fetched_from_this_machine_unless_it_was_allowed() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let peer = Peer::new(settings()).await;
    for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "127.1", "2130706433"] {
        for scheme in ["http", "https"] {
            let id = format!("{scheme}://{host}:{port}/client.json");
            let answer = peer.authorize(&[("client_id", &id)]).await;
            assert_eq!((answer.status, answer.header("location")), (400, None), "{id}");
        }
    }
    let connected = tokio::time::timeout(std::time::Duration::ZERO, listener.accept()).await;
    assert!(connected.is_err(), "somebody connected");
}

#[tokio::test]
async fn documents_are_not_looked_at_where_they_are_not_supported() {
    let peer = Peer::new(Settings { client_documents: false, ..local() }).await;
    let id = site(|url| found(&document(url).to_string())).await;
    let answer = peer.authorize(&[("client_id", &id)]).await;
    assert!(answer.body.contains("is unknown"), "{}", answer.body);
    let metadata = peer.get("/.well-known/oauth-authorization-server").await.json();
    assert_eq!(metadata["client_id_metadata_document_supported"], false);
}
