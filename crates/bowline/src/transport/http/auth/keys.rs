//! The keys of an authorization server: fetched when they are needed, kept, and fetched again when they change.

use super::fetch::{Fetched, Fetcher};
use super::flight::Flights;
use super::issuer::Issuer;
use super::protected::known_url;
use crate::error::{Error, Result};
use bowline_auth::Url;
use bowline_auth::jose::{Algorithm, Fault, Jwks};
use bowline_auth::metadata::AuthorizationServer;
use http::StatusCode;
use serde::Deserialize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// The keys of one authorization server.
///
/// One fetch runs at a time, whoever waits for it. A key that is not known is reason to fetch once, and not again before
/// [`PAUSE`] has passed, so that tokens with invented keys make no traffic. While keys cannot be fetched those known
/// before stay good for [`STALE`].
#[derive(Debug)]
pub(super) struct Keys {
    issuer: Issuer,
    fetcher: Fetcher,
    state: Mutex<State>,
    flights: Arc<Flights<()>>,
}

#[derive(Debug, Default)]
struct State {
    /// What is known, since when, and when it is to be fetched again.
    known: Option<(Arc<Jwks>, Instant, Instant)>,
    /// When they were last fetched, or tried to be.
    tried: Option<Instant>,
    failing: bool,
}

/// Between two fetches for keys that are not known.
const PAUSE: Duration = Duration::from_secs(30);

/// Between two tries while nothing can be fetched.
const RETRY: Duration = Duration::from_secs(5);

/// How long keys are kept whose server does not say, and bounds of what it may say.
const USUAL: Duration = Duration::from_secs(60 * 60);
const LEAST: Duration = Duration::from_secs(60);
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// How long keys stay good that cannot be fetched again.
const STALE: Duration = Duration::from_secs(24 * 60 * 60);

/// Keys cannot be fetched now.
#[derive(Debug)]
pub(super) struct Unavailable;

impl Keys {
    /// # Errors
    /// When a file with certificates cannot be read.
    pub(super) fn new(issuer: Issuer) -> Result<Self> {
        let fetcher = Fetcher::new(&issuer.cacerts)?;
        Ok(Self { issuer, fetcher, state: Mutex::default(), flights: Arc::default() })
    }

    /// Keys among which is the one of this name, if it can be had.
    pub(super) async fn with(
        self: &Arc<Self>,
        id: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<Arc<Jwks>, Unavailable> {
        let (known, due) = self.look(id, algorithm);
        match (known, due) {
            (Some(keys), false) => Ok(keys),
            (known, true) => {
                self.refresh().await;
                self.state().good().or(known).ok_or(Unavailable)
            }
            (None, false) => Err(Unavailable),
        }
    }

    /// The keys that are known, and whether they are to be fetched before they are used.
    fn look(&self, id: Option<&str>, algorithm: Algorithm) -> (Option<Arc<Jwks>>, bool) {
        let now = Instant::now();
        let state = self.state();
        let since = state.tried.map(|tried| now.duration_since(tried));
        let may = |pause| since.is_none_or(|since| since >= pause);
        let Some(keys) = state.good() else {
            return (None, may(RETRY));
        };
        let due = match &state.known {
            Some((_, _, due)) if *due <= now => may(if state.failing { PAUSE } else { RETRY }),
            _ => matches!(keys.choose(id, algorithm), Err(Fault::NoKey(_))) && may(PAUSE),
        };
        (Some(keys), due)
    }

    /// Fetches them, or waits for whoever does.
    async fn refresh(self: &Arc<Self>) {
        let keys = self.clone();
        // There is room for one, and there is only one.
        let _ = self.flights.join((), 1, || async move { keys.fetch().await }).await;
    }

    async fn fetch(&self) {
        self.state().tried = Some(Instant::now());
        let fetched = self.fetch_keys().await;
        let now = Instant::now();
        let mut state = self.state();
        state.failing = fetched.is_err();
        match fetched {
            Ok((keys, max_age)) => {
                let age = max_age.unwrap_or(USUAL).clamp(LEAST, LONGEST);
                state.known = Some((Arc::new(keys), now, now + age));
            }
            Err(error) => {
                let issuer = &*self.issuer.name;
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                tracing::warn!(issuer, %error, cause, "keys of the authorization server cannot be fetched");
            }
        }
    }

    async fn fetch_keys(&self) -> Result<(Jwks, Option<Duration>)> {
        let url = match &self.issuer.jwks_uri {
            Some(url) => url.to_string(),
            None => self.discover().await?,
        };
        let Fetched { status, body, max_age } = self.fetcher.get(&url).await?;
        if status != StatusCode::OK {
            return Err(Error::bad_answer(
                "jwks_uri",
                format_args!("status {status}; 200 was expected"),
            ));
        }
        let keys = Jwks::parse(&body).map_err(|fault| Error::bad_answer("jwks_uri", fault))?;
        Ok((keys, max_age))
    }

    /// Where the keys are, by the metadata of the issuer.
    async fn discover(&self) -> Result<String> {
        let issuer = &*self.issuer.name;
        let url = Url::parse(issuer)
            .map_err(|fault| Error::invalid(format!("issuer `{issuer}`: {fault}")))?;
        let mut last = None;
        for place in AuthorizationServer::well_known(&url) {
            match self.read_metadata(place.as_str()).await {
                Ok(Some(jwks_uri)) => return Ok(jwks_uri),
                Ok(None) => {}
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(|| {
            Error::bad_answer(
                issuer,
                "there is no metadata at any of the well-known places; set jwks_uri",
            )
        }))
    }

    /// `None` where there is no metadata.
    async fn read_metadata(&self, place: &str) -> Result<Option<String>> {
        let Fetched { status, body, .. } = self.fetcher.get(place).await?;
        if status.is_client_error() {
            return Ok(None);
        }
        if status != StatusCode::OK {
            return Err(Error::bad_answer(
                "metadata",
                format_args!("status {status}; 200 was expected"),
            ));
        }
        let metadata: Metadata = serde_json::from_slice(&body).map_err(|error| {
            Error::bad_answer("metadata", "no JSON object with `issuer`").because(error)
        })?;
        if *metadata.issuer != *self.issuer.name {
            let why = format!(
                "it is that of `{}`, which must be the same byte for byte",
                metadata.issuer.escape_debug()
            );
            return Err(Error::bad_answer("metadata", why));
        }
        let Some(jwks_uri) = metadata.jwks_uri else {
            return Err(Error::bad_answer(
                "metadata",
                "there is no `jwks_uri`; set it here, or ask by introspection",
            ));
        };
        known_url("jwks_uri of the metadata", &jwks_uri)?;
        // A server elsewhere has no business on this machine.
        if jwks_uri.starts_with("http:") && !self.issuer.name.starts_with("http:") {
            return Err(Error::bad_answer("metadata", "its `jwks_uri` is not encrypted"));
        }
        Ok(Some(jwks_uri))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The keys that are known, unless they could not be fetched again for too long.
    fn good(&self) -> Option<Arc<Jwks>> {
        let (keys, since, due) = self.known.as_ref()?;
        let now = Instant::now();
        (now < *due || now.duration_since(*since) < STALE).then(|| keys.clone())
    }
}

#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    jwks_uri: Option<String>,
}
