//! Logins that a peer leads astray, seen from the places that nobody may come to.

use super::Fetcher;
use crate::transport::http::client::Options;
use bowline_auth::fetch::Response;
use bowline_auth::flow::{Cause, Event, Flow, Step};
use bowline_auth::settings::{Dynamic, Settings};
use bowline_auth::{Challenge, Url};
use http::{HeaderMap, HeaderValue};
use serde_json::{Value, json};
use std::time::{Duration, SystemTime};
use tokio::net::TcpListener;
use tokio::time::timeout;

const SERVER: &str = "https://mcp.example/mcp";
const ISSUER: &str = "https://as.example";

/// Each way to call this machine, its network, and the metadata service of a cloud.
const INSIDE: &[&str] = &[
    "127.0.0.1",
    "127.255.0.1",
    "localhost",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "0.0.0.0",
    "10.0.0.1",
    "169.254.169.254",
    "[::ffff:169.254.169.254]",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "127.1",
    "127.0.0.1.",
];

/// Which member of which document leads astray.
const ASTRAY: &[&str] = &[
    "resource_metadata",
    "authorization_servers",
    "registration_endpoint",
    "token_endpoint",
    "authorization_endpoint",
];

fn with(mut document: Value, name: &str, value: Value) -> Value {
    document[name] = value;
    document
}

/// What the two servers say, one member of which is this.
fn documents(url: &str, member: &str, astray: &str) -> Option<Value> {
    let document = match url {
        "https://mcp.example/.well-known/oauth-protected-resource/mcp" => {
            json!({ "resource": SERVER, "authorization_servers": [ISSUER] })
        }
        "https://as.example/.well-known/oauth-authorization-server" => json!({
            "issuer": ISSUER,
            "authorization_endpoint": format!("{ISSUER}/authorize"),
            "token_endpoint": format!("{ISSUER}/token"),
            "registration_endpoint": format!("{ISSUER}/register"),
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"],
        }),
        "https://as.example/register" => json!({ "client_id": "registered" }),
        "https://as.example/token" => json!({ "access_token": "acc", "token_type": "Bearer" }),
        _ => return None,
    };
    Some(match member {
        "authorization_servers" if document.get(member).is_some() => {
            with(document, member, json!([astray]))
        }
        _ if document.get(member).is_some() => with(document, member, astray.into()),
        _ => document,
    })
}

/// Goes through a login, and says whether it led anywhere, and whether a browser was shown something.
async fn log_in(fetcher: &Fetcher, member: &str, astray: &str) -> (bool, Option<Url>) {
    let mut settings = Settings::new(
        Url::parse(SERVER).unwrap(),
        Url::parse("http://127.0.0.1:1/callback").unwrap(),
    );
    settings.identity.dynamic = Some(Dynamic { name: "test".to_owned(), uri: None });
    let challenge = match member {
        "resource_metadata" => format!("Bearer resource_metadata=\"{astray}\""),
        _ => "Bearer".to_owned(),
    };
    let challenges = Challenge::parse([&HeaderValue::try_from(challenge).unwrap()]);
    let mut flow = Flow::new(settings, Cause::Unauthorized(challenges), None);
    let (mut event, mut shown) = (Event::Begin, None);
    loop {
        event = match flow.next(event, SystemTime::now()) {
            Step::Fetch(request) => {
                let url = request.url.as_str();
                let ours = url.starts_with("https://mcp.example/")
                    || url.starts_with("https://as.example/");
                Event::Fetched(match documents(url, member, astray) {
                    Some(document) => {
                        let status = if url.ends_with("/register") { 201 } else { 200 };
                        let body = document.to_string().into();
                        Ok(Response { status, headers: HeaderMap::new(), body })
                    }
                    None if ours => panic!("nobody said that there is anything at {url}"),
                    None => fetcher.fetch(request).await,
                })
            }
            Step::OpenBrowser { url, state, .. } => {
                shown = Some(url);
                Event::Returned(format!("/callback?code=c0de&state={state}"))
            }
            Step::Done(_) => return (true, shown),
            Step::Failed(_) => return (false, shown),
            step => panic!("{step:?}"),
        };
    }
}

async fn was_visited(canary: &TcpListener) -> bool {
    timeout(Duration::from_millis(20), canary.accept()).await.is_ok()
}

#[tokio::test]
async fn a_login_that_a_peer_leads_astray_reaches_nothing_of_ours() {
    let canary = TcpListener::bind("0.0.0.0:0").await.unwrap();
    let port = canary.local_addr().unwrap().port();
    let six = TcpListener::bind(("::1", port)).await;
    let fetcher = Fetcher::new(&Url::parse(SERVER).unwrap(), &Options::default(), false).unwrap();
    assert!(log_in(&fetcher, "", "").await.0, "it is only ever the one member");
    for member in ASTRAY {
        for host in INSIDE {
            for scheme in ["http", "https"] {
                let (done, shown) =
                    log_in(&fetcher, member, &format!("{scheme}://{host}:{port}/x")).await;
                let url = format!("{member} {scheme}://{host}");
                // A page is for a browser to load, as any link of any page; the rest we would have to fetch.
                assert!(!done || *member == "authorization_endpoint", "{url}");
                let led = shown.filter(|page| page.origin() != ISSUER);
                assert!(
                    led.is_none_or(
                        |page| page.as_str().starts_with("https://") && !page.is_loopback()
                    ),
                    "{url}"
                );
            }
        }
    }
    assert!(!was_visited(&canary).await);
    if let Ok(six) = six {
        assert!(!was_visited(&six).await);
    }
}
