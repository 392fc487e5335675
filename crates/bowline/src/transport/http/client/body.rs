//! The body of a response, as it comes.

use super::explain;
use super::origin::Origin;
use super::pool::Connection;
use crate::error::{Error, Result};
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use hyper::body::Incoming;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// The body of a response, as it comes. How much of it is wanted is up to who reads it.
///
/// Dropping it before its end ends the exchange: in HTTP/1 the connection is closed, in HTTP/2 the stream is reset.
/// After an error it is at its end.
pub struct Body {
    /// `None` after its end.
    incoming: Option<Incoming>,
    origin: Origin,
    /// What it comes over; `None` when nothing more may come over that.
    connection: Option<Connection>,
}

impl Body {
    pub(super) fn new(incoming: Incoming, origin: Origin, connection: Connection) -> Self {
        Self { incoming: Some(incoming), origin, connection: Some(connection) }
    }

    /// Takes care that nothing more is sent over the connection that this came over: what was said on it was not what
    /// was asked, and what is said next may be late too.
    pub(crate) fn distrust(&mut self) {
        if let Some(connection) = self.connection.take() {
            connection.distrust();
        }
    }

    /// The next piece of it; `None` at its end. Cancelling this loses nothing.
    ///
    /// # Errors
    /// [`Error::is_closed`] when it breaks off, and [`Error::is_timeout`] never: time is up to the caller.
    pub async fn next_chunk(&mut self) -> Option<Result<Bytes>> {
        loop {
            match poll_fn(|task| self.poll_next(task)).await? {
                // What follows a body is of no interest.
                Ok(frame) => match frame.into_data() {
                    Ok(data) if data.is_empty() => {}
                    Ok(data) => return Some(Ok(data)),
                    Err(_) => {}
                },
                Err(error) => return Some(Err(error)),
            }
        }
    }

    fn poll_next(&mut self, task: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>>>> {
        let Some(incoming) = &mut self.incoming else { return Poll::Ready(None) };
        Poll::Ready(match ready!(http_body::Body::poll_frame(Pin::new(incoming), task)) {
            Some(Ok(frame)) => Some(Ok(frame)),
            Some(Err(error)) => {
                (self.incoming, self.connection) = (None, None);
                Some(Err(explain::body(error, &self.origin)))
            }
            None => {
                self.incoming = None;
                None
            }
        })
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>>>> {
        self.poll_next(task)
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.as_ref().is_none_or(http_body::Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.as_ref().map_or_else(|| SizeHint::with_exact(0), http_body::Body::size_hint)
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        let ended = http_body::Body::is_end_stream(self);
        if let Some(connection) = self.connection.take().filter(|_| ended) {
            connection.keep();
        }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body").field("ended", &self.incoming.is_none()).finish_non_exhaustive()
    }
}
