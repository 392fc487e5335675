//! A server of HTTP+SSE, of protocol version 2024-11-05: a stream of events, and an address to post to.

use crate::honest;
use crate::web::{Exchange, TEXT, Web};
use serde_json::Value;
use std::future::Future;
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

/// Starts a server that says `opening` on its stream and plays this for every message that is posted.
pub(crate) async fn server<F, A>(opening: &'static str, play: F) -> Web
where
    F: Fn(Value, Stream) -> A + Send + Sync + 'static,
    A: Future<Output = ()> + Send + 'static,
{
    let play = Arc::new(play);
    let stream = Stream::default();
    Web::new(move |exchange| {
        let (play, stream) = (play.clone(), stream.clone());
        async move { answer(exchange, opening, &stream, &*play).await }
    })
    .await
}

/// The event that names the address to post to.
pub(crate) const OPENING: &str = "event: endpoint\ndata: /messages?session=1\n\n";

/// Opens the stream, or takes a message.
pub(crate) async fn answer<A: Future<Output = ()>>(
    mut exchange: Exchange,
    opening: &str,
    stream: &Stream,
    play: impl Fn(Value, Stream) -> A,
) -> Exchange {
    match (exchange.heard.verb.as_str(), exchange.heard.path.as_str()) {
        ("GET", path) if path.starts_with("/mcp") => {
            let mut told = stream.open();
            exchange.stream().await;
            exchange.say(opening).await;
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
            play(exchange.heard.body.clone(), stream.clone()).await;
        }
        _ => exchange.respond("404 Not Found", TEXT, "not here").await,
    }
    exchange
}
