//! Where a stream was left, and how it is taken up again.

use super::super::refusal::media;
use super::super::shared::Shared;
use crate::error::Error;
use crate::transport::http::client::Body;
use bowline_protocol::http::HeaderValue;
use bowline_protocol::http::headers::MediaType;
use bowline_protocol::limits::Limits;
use bytes::Bytes;
use http::{HeaderName, Method, StatusCode};
use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// Where a stream was left.
///
/// See [Resumability](https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#resumability-and-redelivery).
#[derive(Debug, Default)]
pub(in crate::client::wire::http) struct Trail {
    /// The id of the last event; empty when events have none.
    last: Bytes,
    /// The ids of the last events, to tell those that come twice.
    seen: VecDeque<Bytes>,
    /// The stream has just been taken up, and may begin with what is known.
    catching_up: bool,
    /// How long the server wants to be left alone.
    retry: Option<Duration>,
    /// Attempts to take it up since the last event.
    attempts: u32,
    /// It was said that the server let go of the stream.
    left: bool,
}

/// What came of an attempt.
pub(super) enum Opened {
    Stream(Body),
    /// There is no such stream.
    Refused,
    Failed(Error),
}

/// How many ids are remembered.
const REMEMBERED: usize = 64;

/// The longest id that counts, in bytes: it has to go into a header.
const ID: usize = 1024;

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

impl Trail {
    /// Takes the id of an event; whether the event has not been seen before.
    pub(in crate::client::wire::http) fn is_new(&mut self, id: &Bytes) -> bool {
        if id.is_empty() || id.len() > ID {
            return true;
        }
        if self.catching_up && self.seen.contains(id) {
            return false;
        }
        self.catching_up = false;
        // An event without an id of its own has that of the one before.
        if *id != self.last {
            self.last = id.clone();
            self.attempts = 0;
            if self.seen.len() == REMEMBERED {
                self.seen.pop_front();
            }
            self.seen.push_back(id.clone());
        }
        true
    }

    /// Takes the time that the server wants to be left alone.
    pub(in crate::client::wire::http) fn retry(&mut self, delay: Duration) {
        self.retry = Some(delay);
    }

    /// Whether a stream that has ended is one that the server means to go on with; told once for each time.
    pub(in crate::client::wire::http) fn leaves_off(&mut self) -> bool {
        !self.last.is_empty() && self.retry.is_some() && !std::mem::replace(&mut self.left, true)
    }

    /// Takes a stream up again behind its last event; `None` when that cannot be.
    pub(in crate::client::wire::http) async fn resume(&mut self, shared: &Shared) -> Option<Body> {
        if self.last.is_empty() {
            return None;
        }
        while self.wait(&shared.limits).await {
            match self.open(shared).await {
                Opened::Stream(body) => {
                    self.left = false;
                    return Some(body);
                }
                Opened::Refused => return None,
                Opened::Failed(_) => {}
            }
        }
        None
    }

    /// Waits before another attempt; `false` when there have been enough.
    pub(super) async fn wait(&mut self, limits: &Limits) -> bool {
        if self.attempts >= limits.reconnects {
            return false;
        }
        tokio::time::sleep(self.delay(limits)).await;
        self.attempts += 1;
        true
    }

    /// Forgets how often it has failed.
    pub(super) fn succeeded(&mut self) {
        self.attempts = 0;
    }

    /// Opens a stream by a GET: behind the last event, or from now on.
    pub(super) async fn open(&mut self, shared: &Shared) -> Opened {
        let mut headers = shared.heads.get.clone();
        shared.name_in(&mut headers);
        if !self.last.is_empty() {
            let Ok(last) = HeaderValue::from_bytes(&self.last) else { return Opened::Refused };
            headers.insert(LAST_EVENT_ID, last);
        }
        let response = match shared.send(Method::GET, || headers.clone(), Bytes::new()).await {
            Ok(response) => response,
            Err(error) if error.is_unreachable() || error.is_closed() || error.is_timeout() => {
                return Opened::Failed(error);
            }
            Err(_) => return Opened::Refused,
        };
        let status = response.status();
        if status == StatusCode::OK && media(response.headers()) == Some(MediaType::EventStream) {
            self.catching_up = !self.seen.is_empty();
            return Opened::Stream(response.into_body());
        }
        if status.is_server_error() && status != StatusCode::NOT_IMPLEMENTED
            || status == StatusCode::TOO_MANY_REQUESTS
        {
            let place = &shared.place;
            return Opened::Failed(Error::closed(format!(
                "{place} answered with {status} instead of a stream"
            )));
        }
        Opened::Refused
    }

    /// What the server named, at first exactly; else a random part of a time that doubles.
    fn delay(&self, limits: &Limits) -> Duration {
        let most = limits.reconnect_delay_max;
        let named = self.retry.map(|retry| retry.clamp(limits.retry_min.min(most), most));
        match named {
            Some(named) if self.attempts == 0 => named,
            named => {
                let doubled = limits.reconnect_delay.saturating_mul(1 << self.attempts.min(16));
                jittered(doubled.min(most)).max(named.unwrap_or_default())
            }
        }
    }
}

/// Any time up to this, so that many clients do not come back all at once.
fn jittered(most: Duration) -> Duration {
    let random = RandomState::new().hash_one(()) as u32;
    most.mul_f64(f64::from(random) / f64::from(u32::MAX))
}
