//! A good answer that is cut at every byte: never half a result, never a wait without end, and the next call works.

use crate::deliver::quick;
use crate::honest;
use crate::outcome::{Got, call_within, works};
use crate::script::Script;
use bowline::Client;
use bowline::client::Target;
use serde_json::{Value, json};
use std::time::Duration;

/// A short answer, so that there are few places to cut.
fn answer(call: &Value) -> String {
    json!({"jsonrpc": "2.0", "id": call["id"], "result": honest::says("a\u{e9}\n")}).to_string()
}

/// The answer of a call whose id has one digit.
fn length() -> usize {
    answer(&json!({"id": 2})).len()
}

#[tokio::test(start_paused = true)]
async fn of_a_line() {
    for cut in 0..=length() {
        let script = Script::new(move |mut peer| async move {
            let call = peer.until_call("row").await;
            peer.say(&answer(&call).as_bytes()[..cut]).await;
        });
        let builder = Client::builder().limits(quick());
        let client = builder.connect(Target::custom(script)).await.unwrap();
        let got = call_within(&client, "row", Duration::from_secs(5)).await;
        if cut == length() {
            // Whole but for its line feed, it says all there is to say.
            assert_eq!(got, Got::Said("a\u{e9}\n".into()));
        } else {
            assert!(matches!(got, Got::Closed | Got::Bad), "cut at byte {cut}: {got}");
        }
        works(&client, &format!("cut at byte {cut}")).await;
    }
}

#[tokio::test(start_paused = true)]
async fn of_the_first_answer() {
    let whole =
        honest::reply(honest::MODERN, &json!({"id": 1, "method": "server/discover"})).unwrap();
    for cut in 0..whole.to_string().len() {
        let script = Script::new(move |mut peer| async move {
            if peer.nth == 1 {
                let asked = peer.until("server/discover").await;
                let reply = honest::reply(honest::MODERN, &asked).unwrap().to_string();
                peer.say(&reply.as_bytes()[..cut]).await;
                return;
            }
            // An exit during the probe looks like a server of a session: it is one.
            peer.version = honest::LEGACY;
            peer.honest().await;
        });
        let builder = Client::builder().limits(quick());
        let client = builder.connect(Target::custom(script.clone())).await.unwrap();
        assert_eq!(client.protocol_version(), honest::LEGACY, "cut at byte {cut}");
        assert_eq!(script.connections(), 2, "cut at byte {cut}");
        works(&client, &format!("cut at byte {cut}")).await;
    }
}

#[cfg(feature = "http")]
mod over_http {
    use super::{Got, Value, answer, call_within, honest, length, quick, works};
    use crate::old;
    use crate::web::Web;
    use bowline::Client;
    use std::time::Duration;
    use tokio::task::JoinSet;

    /// A whole response to a call, as bytes.
    type Whole = fn(&Value) -> String;

    fn counted(call: &Value) -> String {
        let answer = answer(call);
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
        format!("{head}content-length: {}\r\n\r\n{answer}", answer.len())
    }

    fn poured(call: &Value) -> String {
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
        format!("{head}connection: close\r\n\r\n{}", answer(call))
    }

    fn chunked(call: &Value) -> String {
        let answer = answer(call);
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
        let (first, rest) = answer.split_at(20);
        let chunks =
            format!("{:x}\r\n{first}\r\n{:x}\r\n{rest}\r\n0\r\n\r\n", first.len(), rest.len());
        format!("{head}transfer-encoding: chunked\r\n\r\n{chunks}")
    }

    fn streamed(call: &Value) -> String {
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n";
        format!("{head}connection: close\r\n\r\ndata: {}\n\n", answer(call))
    }

    #[tokio::test]
    async fn of_a_body_with_a_length() {
        cut_everywhere(counted).await;
    }

    #[tokio::test]
    async fn of_a_body_that_ends_with_the_connection() {
        cut_everywhere(poured).await;
    }

    #[tokio::test]
    async fn of_chunks() {
        cut_everywhere(chunked).await;
    }

    #[tokio::test]
    async fn of_a_stream() {
        cut_everywhere(streamed).await;
    }

    /// Sixteen places at a time.
    async fn cut_everywhere(whole: Whole) {
        let length = whole(&serde_json::json!({"id": 2})).len();
        let mut running = JoinSet::new();
        for part in 0..16 {
            running.spawn(async move {
                for at in (0..length).filter(|at| at % 16 == part) {
                    cut(whole, at).await;
                }
            });
        }
        running.join_all().await;
    }

    async fn cut(whole: Whole, at: usize) {
        let web = Web::new(move |mut exchange| async move {
            if !exchange.heard.calls("row") {
                return exchange.honestly(honest::MODERN).await;
            }
            let whole = whole(&exchange.heard.body);
            exchange.say(&whole.as_bytes()[..at]).await;
            exchange.closed()
        })
        .await;
        let client = Client::builder().limits(quick()).connect(web.url()).await.unwrap();
        let got = call_within(&client, "row", Duration::from_secs(10)).await;
        // Of a body whose end nobody marked, a cut is JSON that is none; nothing else can be told of it.
        assert!(matches!(got, Got::Closed | Got::Bad), "cut at byte {at}: {got}");
        works(&client, &format!("cut at byte {at}")).await;
    }

    #[tokio::test]
    #[cfg(not(modern_only))]
    async fn of_an_event_of_the_oldest_transport() {
        let mut running = JoinSet::new();
        for part in 0..16 {
            running.spawn(async move {
                for at in (0..length()).filter(|at| at % 16 == part) {
                    cut_old(at).await;
                }
            });
        }
        running.join_all().await;
    }

    #[cfg(not(modern_only))]
    async fn cut_old(at: usize) {
        let web = old::server(old::OPENING, move |message, stream| async move {
            if message["params"]["name"] == "row" {
                stream.say(format!(
                    "data: {}",
                    &String::from_utf8_lossy(&answer(&message).as_bytes()[..at])
                ));
                stream.end();
            } else {
                stream.honestly(&message);
            }
        })
        .await;
        let client = Client::builder().limits(quick()).connect(web.url()).await.unwrap();
        let got = call_within(&client, "row", Duration::from_secs(10)).await;
        assert_eq!(got, Got::Closed, "cut at byte {at}");
        works(&client, &format!("cut at byte {at}")).await;
    }
}
