//! The same words of a server over every transport: as a line, as a body, as an event, as an event of HTTP+SSE.

use crate::outcome::{Got, call_within, works};
use crate::script::Script;
use crate::web::Web;
use crate::{honest, old};
use bowline::Client;
use bowline::client::Target;
use bowline::protocol::limits::Limits;
use serde_json::Value;
use std::time::Duration;

/// How a server's words travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// As lines of a byte stream.
    Line,
    /// As the JSON body of a response of Streamable HTTP.
    Json,
    /// As events of a response of Streamable HTTP, which ends behind them.
    Event,
    /// As events of the one stream of HTTP+SSE.
    OldEvent,
}

/// A client of a server that answers the tool `row` with these words, and all else honestly.
pub(crate) struct Pair {
    client: Client,
    _server: Option<Web>,
}

impl Pair {
    pub(crate) async fn new(delivery: Delivery, words: &'static [&'static str]) -> Self {
        let (target, server) = match delivery {
            Delivery::Line => (Target::custom(lines(words)), None),
            Delivery::Json | Delivery::Event => {
                let web = bodies(words, delivery == Delivery::Event).await;
                (Target::url(&web.url()).unwrap(), Some(web))
            }
            Delivery::OldEvent => {
                let web = events(words).await;
                (Target::url(&web.url()).unwrap(), Some(web))
            }
        };
        let client = Client::builder().limits(quick()).connect(target).await.unwrap();
        Self { client, _server: server }
    }

    /// What becomes of the call that is answered by the words, within a time without any; another one must work after
    /// it.
    pub(crate) async fn run(&self, name: &str, idle: Duration) -> Got {
        let got = call_within(&self.client, "row", idle).await;
        works(&self.client, name).await;
        got
    }
}

/// The usual limits, but that nobody waits long before a lost connection is made anew.
pub(crate) fn quick() -> Limits {
    Limits::local().reconnect_delay(Duration::from_millis(1))
}

fn lines(words: &'static [&'static str]) -> Script {
    Script::new(move |mut peer| async move {
        loop {
            let call = peer.until_call("row").await;
            for words in words {
                peer.say([spoken(words, &call), b"\n".to_vec()].concat()).await;
            }
        }
    })
}

async fn bodies(words: &'static [&'static str], events: bool) -> Web {
    Web::new(move |mut exchange| async move {
        if !exchange.heard.calls("row") {
            return exchange.honestly(honest::MODERN).await;
        }
        let call = exchange.heard.body.clone();
        if events {
            exchange.stream().await;
            for words in words {
                let event = [b"data: ".to_vec(), spoken(words, &call), b"\n\n".to_vec()];
                exchange.say(event.concat()).await;
            }
        } else {
            let body = spoken(words[0], &call);
            let json = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
            let head = format!("{json}connection: close\r\ncontent-length: {}\r\n\r\n", body.len());
            exchange.say([head.into_bytes(), body].concat()).await;
        }
        exchange.closed()
    })
    .await
}

async fn events(words: &'static [&'static str]) -> Web {
    old::server(old::OPENING, move |message, stream| async move {
        if message["params"]["name"] == "row" {
            for words in words {
                let event = [b"data: ".to_vec(), spoken(words, &message), b"\n\n".to_vec()];
                stream.say(event.concat());
            }
        } else {
            stream.honestly(&message);
        }
    })
    .await
}

/// Words of a table as bytes: `$ID` is the id of the call, `$GOOD` a good result, `$FF` a byte that no text has.
pub(crate) fn spoken(words: &str, call: &Value) -> Vec<u8> {
    let good = honest::says("good").to_string();
    let text = words.replace("$ID", &call["id"].to_string()).replace("$GOOD", &good);
    let mut bytes = Vec::new();
    for (at, part) in text.split("$FF").enumerate() {
        bytes.extend((at > 0).then_some(0xFF));
        bytes.extend_from_slice(part.as_bytes());
    }
    bytes
}
