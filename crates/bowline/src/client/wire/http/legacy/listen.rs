//! The stream on which a session says what belongs to no request.
//!
//! See [Listening for messages from the server](https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#listening-for-messages-from-the-server).

use super::super::events::{Events, is_message};
use super::super::shared::Shared;
use super::hear::{hear, hear_too_long};
use super::trail::{Opened, Trail};
use crate::error::Error;
use crate::transport::http::client::Body;
use bowline_protocol::frame::sse::Event;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::Instant;

/// Reads the stream for as long as the server offers one; rings once it is open, or will not be.
pub(super) async fn listen(shared: Arc<Shared>, opened: oneshot::Sender<()>) {
    let mut trail = Trail::default();
    let mut opening = Some(opened);
    loop {
        let stream = trail.open(&shared).await;
        // Who waited for it no longer goes on without it.
        let _ = opening.take().map(|opening| opening.send(()));
        let error = match stream {
            Opened::Stream(body) => {
                let opened = Instant::now();
                let error = read(&shared, &mut trail, body).await;
                if opened.elapsed() >= STEADY {
                    trail.succeeded();
                }
                error
            }
            // Servers need not have one.
            Opened::Refused => return,
            Opened::Failed(error) => error,
        };
        if !trail.wait(&shared.limits).await {
            shared.hears.fault(error);
            return;
        }
    }
}

/// A stream that lasted so long was no failure, even if nothing was said.
const STEADY: Duration = Duration::from_secs(10);

async fn read(shared: &Arc<Shared>, trail: &mut Trail, body: Body) -> Error {
    let mut events = Events::new(body, shared.limits.event_bytes);
    let error = loop {
        match events.next().await {
            Some(Ok(Event::Message { name, data, id })) => {
                let is_new = trail.is_new(&id);
                if is_new && is_message(&name, &data) {
                    trail.succeeded();
                    hear(shared, &data);
                }
            }
            Some(Ok(Event::Retry(delay))) => trail.retry(delay),
            Some(Ok(Event::TooLong { prefix })) => hear_too_long(shared, &prefix),
            Some(Err(error)) => break error,
            None => {
                let place = &shared.place;
                break Error::closed(format!("{place} ended the stream of the session"));
            }
        }
    };
    trail.is_new(events.last_id());
    error
}
