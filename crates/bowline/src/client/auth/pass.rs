//! What requests show.

use super::session::Session;
use bowline_auth::dpop::{self, Nonces, Proof};
use bowline_auth::store::Kept;
use bowline_auth::token::{Scheme, Tokens};
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, Method, Uri};
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::time::Instant;

/// A token that requests show, and what is known of it.
pub(super) struct Pass {
    /// Tells it from those before it.
    pub(super) number: u64,
    /// What it is a part of.
    pub(super) kept: Kept,
    pub(super) tokens: Tokens,
    pub(super) key: Option<dpop::Key>,
    pub(super) source: Source,
    pub(super) since: Instant,
    /// How long before its end another one is got.
    margin: Duration,
    /// Whether the server has let anything in with it.
    proved: AtomicBool,
}

/// Where a token comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// It was kept.
    Kept,
    /// A refresh token was given for it.
    Refreshed,
    /// Somebody logged in.
    LoggedIn,
}

/// The longest time before the end of a token at which another is got.
const MARGIN: Duration = Duration::from_secs(60);

pub(super) const DPOP: HeaderName = HeaderName::from_static("dpop");

impl Pass {
    /// The token of a login; none if only a registration is kept.
    pub(super) fn of(kept: Kept, number: u64, source: Source, now: SystemTime) -> Option<Self> {
        let tokens = kept.tokens.clone()?;
        let left = tokens.expires.and_then(|expires| expires.duration_since(now).ok());
        Some(Self {
            number,
            key: kept.dpop.clone().filter(|_| tokens.scheme == Scheme::Dpop),
            // One that lives for seconds is used for most of them. How long one was to live that was kept nobody knows.
            margin: match left {
                Some(left) if source != Source::Kept => MARGIN.min(left / 4),
                _ => MARGIN,
            },
            tokens,
            kept,
            source,
            since: Instant::now(),
            proved: AtomicBool::new(false),
        })
    }

    /// Whether it has ended.
    pub(super) fn has_ended(&self, now: SystemTime) -> bool {
        self.tokens.ends(now, Duration::ZERO)
    }

    /// Whether it is time to get another one.
    pub(super) fn ends_soon(&self, now: SystemTime) -> bool {
        self.tokens.ends(now, self.margin)
    }

    /// Remembers that the server took it.
    pub(super) fn prove(&self) {
        self.proved.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_proved(&self) -> bool {
        self.proved.load(Ordering::Relaxed)
    }

    /// Puts it into the headers of one request.
    pub(super) fn put(
        &self,
        headers: &mut HeaderMap,
        method: &Method,
        uri: &Uri,
        nonces: &Mutex<Nonces>,
    ) {
        // One that no header can carry is never kept; the server says what it thinks of none.
        headers.extend(self.tokens.authorization().map(|token| (AUTHORIZATION, token)));
        let Some(key) = &self.key else { return };
        let nonces = nonces.lock().unwrap_or_else(PoisonError::into_inner);
        let url = uri.to_string();
        let mut proof = key.prove(&Proof {
            method: method.as_str(),
            url: &url,
            token: Some(&self.tokens.access),
            nonce: nonces.of(&Session::origin(uri)),
            now: SystemTime::now(),
        });
        proof.set_sensitive(true);
        headers.insert(DPOP, proof);
    }
}

impl fmt::Debug for Pass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pass")
            .field("number", &self.number)
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}
