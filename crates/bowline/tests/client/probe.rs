//! Which protocol version is found, by what a server does with the first message.

use crate::deliver::quick;
use crate::honest::{self, LEGACY, MODERN};
use crate::outcome::{Faults, works};
use crate::script::{Peer, Script};
use bowline::Client;
use bowline::client::Target;
use serde_json::{Value, json};
use std::pin::Pin;
use std::time::Duration;
use tokio::time::Instant;

/// What a server does with `server/discover`, on its first start; afterwards it is honest.
struct Row {
    name: &'static str,
    /// The version that it speaks to those who open a session, or the newest.
    version: &'static str,
    does: for<'a> fn(&'a mut Peer, &'a Value) -> Deed<'a>,
    /// The version that is found.
    finds: &'static str,
    /// How often it is started.
    starts: usize,
    /// The longest time that it may take, in seconds.
    seconds: u64,
}

type Deed<'a> = Pin<Box<dyn Future<Output = End> + Send + 'a>>;

#[derive(PartialEq)]
enum End {
    Stays,
    Leaves,
}

use End::{Leaves, Stays};

macro_rules! does {
    (|$peer:ident, $asked:ident| $body:expr) => {
        |$peer, $asked| Box::pin(async move { $body })
    };
}

#[rustfmt::skip]
const ROWS: &[Row] = &[
    row("answers", MODERN, does!(|peer, asked| { peer.honestly(asked).await; Stays }), MODERN, 1, 0),
    row("answers late", MODERN, does!(|peer, asked| { tokio::time::sleep(Duration::from_secs(4)).await; peer.honestly(asked).await; Stays }), MODERN, 1, 4),
    row("takes its time to start", MODERN, does!(|peer, asked| { tokio::time::sleep(Duration::from_secs(25)).await; peer.honestly(asked).await; Stays }), MODERN, 1, 25),
    row("says that it speaks another version, and ours", MODERN, does!(|peer, asked| { peer.send(&unsupported(asked, json!(["2027-01-01", MODERN]))).await; Stays }), MODERN, 1, 0),
    row("does not know the method", LEGACY, does!(|peer, asked| { peer.error(asked, -32601, "method not found").await; Stays }), LEGACY, 2, 0),
    row("finds the params invalid", LEGACY, does!(|peer, asked| { peer.error(asked, -32602, "not initialized").await; Stays }), LEGACY, 2, 0),
    row("fails in its own way", LEGACY, does!(|peer, asked| { peer.error(asked, 42, "what?").await; Stays }), LEGACY, 2, 0),
    row("names only versions that open sessions", LEGACY, does!(|peer, asked| { peer.send(&unsupported(asked, json!(["2025-11-25", "2025-06-18"]))).await; Stays }), LEGACY, 1, 0),
    row("exits", LEGACY, does!(|_peer, _asked| Leaves), LEGACY, 2, 1),
    row("exits with a complaint", LEGACY, does!(|peer, _asked| { peer.say("Traceback (most recent call last):\n").await; Leaves }), LEGACY, 2, 1),
    row("says nothing", LEGACY, does!(|_peer, _asked| Stays), LEGACY, 2, 30),
    row("says nothing but noise", LEGACY, does!(|peer, _asked| { peer.say("starting\n").await; Stays }), LEGACY, 2, 5),
    row("answers without an id", LEGACY, does!(|peer, _asked| { peer.line(r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"invalid"}}"#).await; Stays }), LEGACY, 2, 5),
    row("answers another id", LEGACY, does!(|peer, _asked| { peer.line(r#"{"jsonrpc":"2.0","id":"x","result":{}}"#).await; Stays }), LEGACY, 2, 30),
    row("answers half", LEGACY, does!(|peer, _asked| { peer.say("{\"jsonrpc\":\"2.0\",\"id\":").await; Leaves }), LEGACY, 2, 1),
];

const fn row(
    name: &'static str,
    version: &'static str,
    does: for<'a> fn(&'a mut Peer, &'a Value) -> Deed<'a>,
    finds: &'static str,
    starts: usize,
    seconds: u64,
) -> Row {
    Row { name, version, does, finds, starts, seconds }
}

fn unsupported(asked: &Value, versions: Value) -> Value {
    let mut error = honest::error(asked, -32022, "unsupported protocol version");
    error["error"]["data"] = json!({"supported": versions, "requested": MODERN});
    error
}

#[tokio::test(start_paused = true)]
async fn on_a_byte_stream() {
    let mut wrong = Vec::new();
    for row in ROWS {
        let script = Script::new(|peer| play(peer, row)).speaking(row.version);
        let begun = Instant::now();
        let builder = Client::builder().limits(quick()).on_error(Faults::default().hear());
        let client = match builder.connect(Target::custom(script.clone())).await {
            Ok(client) => client,
            Err(error) => {
                wrong.push(format!("{}: {error:?}", row.name));
                continue;
            }
        };
        let took = begun.elapsed().as_secs();
        let found = (client.protocol_version(), script.connections());
        if found != (row.finds, row.starts) || took > row.seconds {
            wrong.push(format!("{}: {found:?} after {took} s", row.name));
        }
        works(&client, row.name).await;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

async fn play(mut peer: Peer, row: &'static Row) {
    if peer.nth == 1 {
        let Some(asked) = peer.next().await else { return };
        assert_eq!(asked["method"], "server/discover");
        if (row.does)(&mut peer, &asked).await == Leaves {
            return;
        }
    }
    peer.honest().await;
}

#[tokio::test(start_paused = true)]
async fn a_session_is_opened_before_anything_else_is_said() {
    let script = Script::new(|mut peer| async move { peer.honest().await }).speaking(LEGACY);
    let client = Client::connect(Target::custom(script.clone())).await.unwrap();
    works(&client, "a session").await;
    let methods = script.methods();
    let want = ["server/discover", "initialize", "notifications/initialized", "tools/call"];
    assert_eq!(methods, want);
}

#[tokio::test(start_paused = true)]
async fn every_older_version_is_spoken_to_a_server_that_knows_no_newer_one() {
    for version in ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"] {
        let script = Script::new(|mut peer| async move { peer.honest().await }).speaking(version);
        let client = Client::connect(Target::custom(script.clone())).await.unwrap();
        assert_eq!(client.protocol_version(), version);
        works(&client, version).await;
        let call = script.heard_of("tools/call").remove(0);
        assert!(
            call["params"].get("_meta").is_none_or(|meta| {
                meta.get("io.modelcontextprotocol/protocolVersion").is_none()
            })
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_of_no_version_of_ours_is_an_error_that_names_its_versions() {
    for answer in [
        honest::initialized("1999-01-01"),
        honest::initialized(""),
        json!({"capabilities": {}, "serverInfo": {"name": "s", "version": "1"}}),
        json!({"protocolVersion": 5, "capabilities": {}, "serverInfo": {"name": "s", "version": "1"}}),
        json!(null),
    ] {
        let script = Script::new(move |mut peer| {
            let answer = answer.clone();
            async move {
                let asked = peer.until("initialize").await;
                peer.answer(&asked, answer).await;
                peer.honest().await;
            }
        });
        let client = Client::connect(Target::custom(script.speaking(LEGACY))).await;
        assert!(client.is_err());
    }
    let script = Script::new(|mut peer| async move {
        while let Some(asked) = peer.next().await {
            peer.send(&unsupported(&asked, json!(["2031-01-01"]))).await;
        }
    });
    let error = Client::connect(Target::custom(script)).await.unwrap_err();
    assert!(error.to_string().contains("2031-01-01"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_pinned_version_is_not_probed_for() {
    let script = Script::new(|mut peer| async move { peer.honest().await }).speaking("2025-06-18");
    let builder = Client::builder().protocol_version("2025-06-18");
    let client = builder.connect(Target::custom(script.clone())).await.unwrap();
    assert_eq!(client.protocol_version(), "2025-06-18");
    assert_eq!(script.methods()[0], "initialize");

    // A server that does not speak it is refused, not followed.
    let builder = Client::builder().protocol_version(MODERN);
    assert!(builder.connect(Target::custom(script)).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_server_that_exits_again_and_again_is_given_up() {
    let script = Script::new(|_peer| async {});
    let error = Client::connect(Target::custom(script.clone())).await.unwrap_err();
    assert!(error.is_closed(), "{error:?}");
    assert!((2..=16).contains(&script.connections()), "{} starts", script.connections());
}

#[cfg(feature = "http")]
mod over_http {
    use super::{LEGACY, MODERN, json, quick, works};
    use crate::web::{JSON, TEXT, Web};
    use bowline::Client;

    #[tokio::test]
    async fn an_error_that_tells_versions_is_no_older_server() {
        let web = Web::new(|mut exchange| async move {
            if exchange.heard.header("mcp-protocol-version") != Some("2025-11-25") {
                let error = super::unsupported(&exchange.heard.body, json!(["2031-01-01"]));
                exchange.respond("400 Bad Request", JSON, &error.to_string()).await;
            }
            exchange
        })
        .await;
        let error = Client::connect(web.url()).await.unwrap_err();
        assert!(error.to_string().contains("2031-01-01"), "{error}");
        assert!(!web.methods().contains(&"initialize".to_owned()), "{:?}", web.methods());
    }

    #[tokio::test]
    #[cfg(not(modern_only))]
    async fn any_other_refusal_of_a_first_message_is_a_session_to_open() {
        for (status, kind, body) in [
            ("400 Bad Request", TEXT, "Bad Request: no valid session"),
            (
                "400 Bad Request",
                JSON,
                r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"no session"}}"#,
            ),
            (
                "404 Not Found",
                JSON,
                r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32001,"message":"session not found"}}"#,
            ),
            ("422 Unprocessable", TEXT, "what?"),
            (
                "200 OK",
                JSON,
                r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"method not found"}}"#,
            ),
            (
                "200 OK",
                "content-type: text/event-stream\r\nconnection: close\r\n",
                "data: {\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32602,\"message\":\"?\"}}\n\n",
            ),
        ] {
            let web = Web::new(move |mut exchange| async move {
                if exchange.heard.method() == "server/discover" {
                    exchange.respond(status, kind, body).await;
                    return exchange;
                }
                exchange.honestly(LEGACY).await
            })
            .await;
            let client = Client::builder().limits(quick()).connect(web.url()).await.unwrap();
            assert_eq!(client.protocol_version(), LEGACY, "{status} {body}");
            works(&client, body).await;
            let heard = web.heard();
            let call = heard.iter().find(|heard| heard.calls("good")).unwrap();
            assert_eq!(call.header("mcp-session-id"), Some("session-1"));
            assert_eq!(call.header("mcp-protocol-version"), Some(LEGACY));
        }
    }

    #[tokio::test]
    async fn a_newest_server_is_found_with_one_request() {
        let web = Web::new(|exchange| exchange.honestly(MODERN)).await;
        let client = Client::connect(web.url()).await.unwrap();
        works(&client, "the first").await;
        assert_eq!(web.methods(), ["server/discover", "tools/call"]);
        let heard = web.heard();
        assert_eq!(heard[1].header("mcp-method"), Some("tools/call"));
        assert_eq!(heard[1].header("mcp-name"), Some("good"));
        assert_eq!(heard[1].header("mcp-session-id"), None);
        assert_eq!(heard[1].header("accept"), Some("application/json, text/event-stream"));
        assert_eq!(MODERN, heard[1].header("mcp-protocol-version").unwrap());
    }
}
