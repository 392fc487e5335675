//! The wire over HTTP+SSE: one stream for everything the server says, and a POST for each message of ours.
//!
//! See [HTTP with SSE](https://modelcontextprotocol.io/specification/2024-11-05/basic/transports#http-with-sse).

use super::super::Way;
use super::super::events::{Events, is_message};
use super::super::head::Heads;
use super::super::refusal::media;
use super::super::running::Running;
use super::super::shared::{Shared, failure, place, read};
use super::hear::{hear, hear_too_long};
use super::posted::Posted;
use super::session::reply;
use crate::client::wire::{BoxFuture, Exchange, Failure, Outgoing, Wire};
use crate::error::Error;
use crate::transport::http::client::{Origin, Target, resolve};
use bowline_protocol::frame::sse::Event;
use bowline_protocol::http::headers::MediaType;
use bowline_protocol::outcome::Outcome;
use bowline_protocol::scan::Raw;
use bowline_types::jsonrpc::Id;
use bowline_types::revision::Revision;
use bytes::Bytes;
use http::{Method, Uri};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// Opens the stream, and waits until the server says where messages go.
///
/// # Errors
/// There is no such stream, or it names no place that may be sent to.
pub(in crate::client::wire::http) async fn open_stream(way: Way) -> Result<Arc<dyn Wire>, Failure> {
    let url = way.target.uri();
    let mut events = connect(&way).await?;
    let (time, place) = (way.limits.session_init_timeout, place(url));
    let endpoint = match timeout(time, endpoint(&mut events)).await {
        Ok(Ok(endpoint)) => endpoint,
        Ok(Err(error)) => return Err(Failure::Lost(error)),
        Err(_) => {
            let why = format!(
                "it opened a stream and named no endpoint within {time:?}; it may speak another transport"
            );
            return Err(refused(&place, 200, why));
        }
    };
    let target = beside(url, &endpoint).map_err(|why| refused(&place, 200, why))?;
    let target = Target::new(target).map_err(Failure::here)?;
    let shared = Arc::new(Shared::new(Way { target, ..way }));
    // Owned by the wire, which aborts it when it is closed or dropped.
    shared.session.read_by(&tokio::spawn(listen(shared.clone(), events)));
    Ok(Arc::new(SseWire(shared)))
}

/// The way to one endpoint of HTTP+SSE. The stream is the session: both are lost together.
struct SseWire(Arc<Shared>);

impl Wire for SseWire {
    fn exchange(&self, outgoing: Outgoing) -> Box<dyn Exchange> {
        Box::new(Running::new(Posted::new(self.0.clone(), outgoing)))
    }

    fn reply(&self, id: &Id, outcome: Outcome) -> BoxFuture<Result<(), Failure>> {
        let (shared, id) = (self.0.clone(), id.clone());
        Box::pin(async move { reply(&shared, &id, &outcome).await })
    }

    fn send(&self, message: Raw) -> BoxFuture<Result<(), Failure>> {
        let shared = self.0.clone();
        Box::pin(async move { shared.tell(&read(message)?).await })
    }

    fn settle(&self, revision: Revision) {
        self.0.settle(revision);
    }

    fn close(&self, deadline: Duration) -> BoxFuture<()> {
        let shared = self.0.clone();
        Box::pin(async move {
            if shared.closing.is_closed() {
                return;
            }
            let deadline = Instant::now() + deadline;
            shared.closing.close();
            shared.errands.end(deadline).await;
            shared.session.stop();
            shared.session.inboxes.lose("the client was closed");
        })
    }
}

impl Drop for SseWire {
    fn drop(&mut self) {
        self.0.closing.close();
        self.0.errands.abort();
        self.0.session.stop();
    }
}

impl fmt::Debug for SseWire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SseWire").field(&self.0.place).finish()
    }
}

async fn connect(way: &Way) -> Result<Events, Failure> {
    let Way { connector, target, limits, hears, login, .. } = way;
    let (url, heads) = (target.uri(), Heads::new(way.headers.clone()));
    let headers = || heads.get.clone();
    let response = login
        .send(connector, &**hears, target, &Method::GET, headers, &Bytes::new())
        .await
        .map_err(failure)?;
    let status = response.status();
    if !status.is_success() || media(response.headers()) != Some(MediaType::EventStream) {
        let why = format!("it answered a GET with {status} and no event stream; check the URL");
        return Err(refused(&place(url), status.as_u16(), why));
    }
    Ok(Events::new(response.into_body(), limits.event_bytes))
}

/// Where messages go, as the server says it: the first event.
async fn endpoint(events: &mut Events) -> Result<Bytes, Error> {
    loop {
        match events.next().await {
            Some(Ok(Event::Message { name, data, .. })) if name == "endpoint" => return Ok(data),
            Some(Ok(_)) => {}
            Some(Err(error)) => return Err(error),
            None => return Err(Error::closed("the stream ended before it named an endpoint")),
        }
    }
}

/// The endpoint that a server names; credentials that are meant for its origin go nowhere else.
fn beside(url: &Uri, endpoint: &[u8]) -> Result<Uri, String> {
    let endpoint = std::str::from_utf8(endpoint).ok();
    let target = endpoint.and_then(|endpoint| resolve(url, endpoint.trim()));
    let Some(target) = target else {
        return Err("it named an endpoint that is no URL".to_owned());
    };
    match (Origin::of(url), Origin::of(&target)) {
        (Ok(origin), Ok(other)) if origin == other => Ok(target),
        (_, Ok(other)) => Err(format!(
            "it named an endpoint of another origin, {other}; messages go to its own only"
        )),
        (_, Err(error)) => Err(format!("it named an endpoint that cannot be sent to: {error}")),
    }
}

fn refused(place: &str, status: u16, why: String) -> Failure {
    Failure::Refused { error: Error::bad_answer(place, why), status, challenges: Vec::new() }
}

/// Reads the stream until it ends.
async fn listen(shared: Arc<Shared>, mut events: Events) {
    let why = loop {
        match events.next().await {
            Some(Ok(Event::Message { name, data, .. })) => {
                if is_message(&name, &data) {
                    hear(&shared, &data);
                }
            }
            Some(Ok(Event::TooLong { prefix })) => hear_too_long(&shared, &prefix),
            Some(Ok(Event::Retry(_))) => {}
            Some(Err(error)) => break error.to_string(),
            None => break format!("{} ended its stream", shared.place),
        }
    };
    shared.session.inboxes.lose(&why);
    shared.hears.lost(Error::closed(why));
}
