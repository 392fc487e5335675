//! Bodies: as events, or whole.

use crate::error::{Error, Result};
use crate::transport::http::client::Body;
use bowline_protocol::frame::sse::{Decoder, Event};
use bytes::{Bytes, BytesMut};
use std::fmt;

/// A body that is read as events.
pub(super) struct Events {
    body: Body,
    decoder: Decoder,
}

impl Events {
    /// Events of up to `limit` bytes each.
    pub(super) fn new(body: Body, limit: usize) -> Self {
        Self { body, decoder: Decoder::new(limit) }
    }

    /// The next event; `None` at the end.
    ///
    /// # Errors
    /// The body broke off.
    pub(super) async fn next(&mut self) -> Option<Result<Event>> {
        loop {
            if let Some(event) = self.decoder.decode() {
                return Some(Ok(event));
            }
            match self.body.next_chunk().await? {
                Ok(chunk) => self.decoder.push(&chunk),
                Err(error) => return Some(Err(error)),
            }
        }
    }

    /// The id of the last event; empty when there was none.
    pub(super) fn last_id(&self) -> &Bytes {
        self.decoder.last_id()
    }

    /// What is left of the body.
    pub(super) fn into_body(self) -> Body {
        self.body
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Events")
    }
}

/// Whether an event is one that messages come in; [`EventSource`] hands others to other listeners.
///
/// [`EventSource`]: https://html.spec.whatwg.org/multipage/server-sent-events.html#dispatchMessage
pub(super) fn is_message(name: &[u8], data: &[u8]) -> bool {
    name == b"message" && !data.is_empty()
}

/// Reads a body whole.
///
/// # Errors
/// [`Error::is_overloaded`] as soon as it is longer than `limit` bytes; else it broke off.
pub(super) async fn whole(body: &mut Body, limit: usize) -> Result<Bytes> {
    let too_long = || {
        Error::overloaded(format!(
            "the response is longer than {limit} bytes; see `Limits::response_bytes`"
        ))
    };
    // What says how long it is need not be read to be refused.
    if http_body::Body::size_hint(body).lower() > limit as u64 {
        return Err(too_long());
    }
    let mut first = Bytes::new();
    let mut rest: Option<BytesMut> = None;
    let mut length = 0;
    while let Some(chunk) = body.next_chunk().await {
        let chunk = chunk?;
        length += chunk.len();
        if length > limit {
            return Err(too_long());
        }
        match &mut rest {
            // One piece, the usual case, is not copied.
            None if first.is_empty() => first = chunk,
            None => {
                let mut text = BytesMut::with_capacity(2 * length);
                text.extend_from_slice(&first);
                text.extend_from_slice(&chunk);
                rest = Some(text);
            }
            Some(text) => text.extend_from_slice(&chunk),
        }
    }
    Ok(rest.map_or(first, BytesMut::freeze))
}
