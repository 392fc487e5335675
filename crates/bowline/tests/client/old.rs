//! A server of HTTP+SSE, of protocol version 2024-11-05: a stream of events, and an address to post to.

use crate::honest;
use crate::web::{EVENTS, Exchange, TEXT, Web};
use serde_json::Value;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

pub(crate) const OLD: &str = "2024-11-05";

/// What the stream that was opened last is told.
#[derive(Clone, Default)]
pub(crate) struct Stream(Arc<Mutex<Option<UnboundedSender<Told>>>>);

enum Told {
    Bytes(Vec<u8>),
    End,
}

type Play = dyn Fn(Value, Stream) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync;

impl Stream {
    /// Writes bytes as they are.
    pub(crate) fn say(&self, bytes: impl Into<Vec<u8>>) {
        self.tell(Told::Bytes(bytes.into()));
    }

    /// Writes an event with a message.
    pub(crate) fn event(&self, message: &str) {
        self.say(format!("event: message\ndata: {message}\n\n"));
    }

    /// Answers honestly.
    pub(crate) fn honestly(&self, message: &Value) {
        if let Some(reply) = honest::reply(OLD, message) {
            self.event(&reply.to_string());
        }
    }

    /// Ends the stream.
    pub(crate) fn end(&self) {
        self.tell(Told::End);
    }

    fn tell(&self, told: Told) {
        if let Some(sender) = &*self.0.lock().unwrap() {
            // The client may have hung up.
            let _ = sender.send(told);
        }
    }

    fn open(&self) -> UnboundedReceiver<Told> {
        let (sender, receiver) = unbounded_channel();
        *self.0.lock().unwrap() = Some(sender);
        receiver
    }
}

/// Starts a server that plays this for every message that is posted. Until then it says `opening`, behind the head.
pub(crate) async fn server<F, A>(opening: &'static str, play: F) -> Web
where
    F: Fn(Value, Stream) -> A + Send + Sync + 'static,
    A: Future<Output = ()> + Send + 'static,
{
    let play: Arc<Play> = Arc::new(move |message, stream| Box::pin(play(message, stream)));
    let stream = Stream::default();
    Web::new(move |exchange| answer(exchange, opening, play.clone(), stream.clone())).await
}

/// The event that names the address to post to.
pub(crate) const OPENING: &str = "event: endpoint\ndata: /messages?session=1\n\n";

async fn answer(
    mut exchange: Exchange,
    opening: &'static str,
    play: Arc<Play>,
    stream: Stream,
) -> Exchange {
    match (exchange.heard.verb.as_str(), exchange.heard.path.as_str()) {
        ("GET", "/mcp") => {
            let mut told = stream.open();
            let head = format!("HTTP/1.1 200 OK\r\n{EVENTS}connection: close\r\n\r\n");
            exchange.say(head + opening).await;
            loop {
                tokio::select! {
                    told = told.recv() => match told {
                        Some(Told::Bytes(bytes)) => drop(exchange.say(bytes).await),
                        Some(Told::End) | None => return exchange,
                    },
                    () = exchange.hung_up() => return exchange,
                }
            }
        }
        ("POST", "/messages?session=1") => {
            exchange.respond("202 Accepted", TEXT, "accepted").await;
            play(exchange.heard.body.clone(), stream).await;
        }
        _ => exchange.respond("404 Not Found", TEXT, "not here").await,
    }
    exchange
}
