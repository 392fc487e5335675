//! Asking an authorization server about tokens.

use super::fetch::Fetcher;
use super::flight::{Flights, TooMany};
use super::introspection::{AsksAs, Introspection};
use super::known::Digest;
use crate::error::{Error, Result};
use crate::transport::http::client::Credentials;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bowline_auth::Secret;
use bowline_auth::resource::{Refusal, Rules, answer, form};
use http::{HeaderValue, StatusCode, header};
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// One authorization server that is asked.
///
/// Who presents the same token at the same time waits for one answer. What is no token is remembered for a while, so that
/// presenting it again asks nobody.
#[derive(Debug)]
pub(super) struct Oracle {
    pub(super) rules: Rules,
    endpoint: Box<str>,
    credentials: Credentials,
    fetcher: Fetcher,
    flights: Arc<Flights<Digest>>,
    /// What was said of late.
    said: Arc<Mutex<HashMap<Digest, (Said, Instant)>>>,
}

/// What the server said of a token.
#[derive(Clone, Debug)]
pub(super) enum Said {
    /// It is good, and this is claimed of it.
    Good(Arc<Map<String, Value>>),
    /// It is not.
    Bad(Refusal),
    /// Nothing: it could not be asked.
    Nothing,
}

/// Questions on the way at the same time; whoever comes then is told to come later.
const MOST: usize = 64;

/// Answers that are remembered for those who asked together, and for those who ask again.
const REMEMBERED: usize = 4096;

/// How long it is believed that a token is none, and that nobody can be asked.
const BAD: Duration = Duration::from_secs(10);
const NOTHING: Duration = Duration::from_secs(1);

impl Oracle {
    /// # Errors
    /// When a file with certificates cannot be read, or a secret cannot stand in a header.
    pub(super) fn new(introspection: &Introspection) -> Result<Self> {
        let credentials = match &introspection.asks_as {
            AsksAs::Nobody => Credentials::none(),
            AsksAs::Bearer(token) => Credentials::none().bearer(token)?,
            AsksAs::Client { id, secret } => {
                // RFC 6749 §2.3.1: both are encoded as in forms before they are joined.
                let both = Secret::new(format!("{}:{}", escaped(id), escaped(secret)));
                let value = format!("Basic {}", BASE64.encode(both.expose()));
                let value = HeaderValue::try_from(value).map_err(|_| {
                    Error::invalid("introspection: the client cannot stand in a header")
                })?;
                Credentials::none().header(header::AUTHORIZATION, value)
            }
        };
        Ok(Self {
            rules: Rules::new(&introspection.issuer),
            endpoint: introspection.endpoint.clone(),
            credentials,
            fetcher: Fetcher::new(&introspection.cacerts)?,
            flights: Arc::default(),
            said: Arc::default(),
        })
    }

    /// Asks about a token.
    pub(super) async fn ask(self: &Arc<Self>, digest: Digest, token: &str) -> Said {
        if let Some(said) = self.recall(&digest) {
            return said;
        }
        let (oracle, token) = (self.clone(), Secret::new(token));
        let asking = || async move {
            let said = oracle.asked(&token).await;
            oracle.remember(digest, said);
        };
        match self.flights.join(digest, MOST, asking).await {
            Ok(()) => self.recall(&digest).unwrap_or(Said::Nothing),
            Err(TooMany) => Said::Nothing,
        }
    }

    async fn asked(&self, token: &Secret) -> Said {
        let sent = self.fetcher.post(&self.endpoint, form(token.expose()), &self.credentials).await;
        let why: String = match sent {
            Ok(fetched) if fetched.status == StatusCode::OK => match answer(&fetched.body) {
                Ok(claims) => return Said::Good(Arc::new(claims)),
                Err(Refusal::Answer) => Refusal::Answer.to_string(),
                Err(refusal) => return Said::Bad(refusal),
            },
            Ok(fetched) => format!("status {}; 200 was expected", fetched.status),
            Err(error) => error.to_string(),
        };
        tracing::warn!(
            issuer = self.rules.issuer(),
            error = why,
            "the authorization server cannot be asked about tokens"
        );
        Said::Nothing
    }

    fn recall(&self, digest: &Digest) -> Option<Said> {
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let (said, until) = said.get(digest)?;
        (Instant::now() < *until).then(|| said.clone())
    }

    fn remember(&self, digest: Digest, answer: Said) {
        let now = Instant::now();
        let until = match answer {
            Said::Bad(_) => now + BAD,
            // What is good is known to whoever asked, and need not be known here for longer than they wait.
            Said::Good(_) | Said::Nothing => now + NOTHING,
        };
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if said.len() >= REMEMBERED {
            said.retain(|_, (_, until)| now < *until);
        }
        if said.len() >= REMEMBERED {
            said.clear();
        }
        said.insert(digest, (answer, until));
    }
}

/// As forms have it, which keeps the colon between the two from being one of them.
fn escaped(text: &str) -> String {
    let form = form(text);
    let value = form.strip_prefix("token=").and_then(|rest| rest.split_once('&'));
    value.map_or_else(String::new, |(value, _)| value.to_owned())
}
