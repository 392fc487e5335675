//! What all requests share.

use crate::books::Books;
use crate::client::{Client, document};
use crate::clock::Clock;
use crate::hostile::Hostile;
use crate::refusal::{Kind, Refusal};
use crate::running::StartError;
use crate::settings::{Secrets, Settings};
use bowline_auth::jose::Jwks;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What all requests share.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) settings: Settings,
    /// The issuer, exactly, without which no endpoint has a URL.
    pub(crate) issuer: String,
    /// Authorities that a request may be for.
    pub(crate) authorities: Vec<String>,
    preregistered: Vec<Client>,
    /// Issuers whose assertions are taken, but for this server.
    pub(crate) trusted: Vec<(String, Jwks)>,
    books: Mutex<Books>,
    hostile: Mutex<Hostile>,
    /// Seconds that an access token lasts, from now on.
    lifetime: AtomicU64,
    requests: Mutex<BTreeMap<String, u64>>,
    /// What a search shall look for, each once.
    secrets: Mutex<BTreeSet<String>>,
}

impl Server {
    /// Checks the settings.
    pub(crate) fn new(
        settings: Settings,
        issuer: String,
        authorities: Vec<String>,
    ) -> Result<Self, StartError> {
        let clients = settings.clients.iter().map(Client::preregistered).collect::<Result<_, _>>();
        let trusted = settings.trusted.iter().map(|(issuer, keys)| {
            let keys = Jwks::parse(keys.to_string().as_bytes());
            keys.map(|keys| (issuer.clone(), keys))
                .map_err(|fault| StartError::Setting(format!("the keys of {issuer}: {fault}")))
        });
        let trusted = trusted.collect::<Result<_, _>>()?;
        Ok(Self {
            issuer,
            authorities,
            preregistered: clients.map_err(StartError::Setting)?,
            trusted,
            books: Mutex::default(),
            hostile: Mutex::new(settings.hostile.clone()),
            lifetime: AtomicU64::new(settings.token_lifetime.as_secs()),
            requests: Mutex::default(),
            secrets: Mutex::default(),
            settings,
        })
    }

    /// The URL of an endpoint.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.issuer.trim_end_matches('/'))
    }

    /// What time it is, in seconds.
    pub(crate) fn now(&self) -> u64 {
        Clock::now(&self.settings.clock)
    }

    /// What is remembered; held for no longer than it takes to look.
    pub(crate) fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How it misbehaves now.
    pub(crate) fn hostile(&self) -> Hostile {
        self.hostile.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Misbehaves in another way from now on.
    pub(crate) fn misbehave(&self, hostile: Hostile) {
        *self.hostile.lock().unwrap_or_else(PoisonError::into_inner) = hostile;
    }

    /// How long an access token lasts.
    pub(crate) fn lifetime(&self) -> u64 {
        self.lifetime.load(Ordering::Relaxed)
    }

    /// Lets access tokens last for so many seconds from now on.
    pub(crate) fn set_lifetime(&self, seconds: u64) {
        self.lifetime.store(seconds, Ordering::Relaxed);
    }

    /// Counts a request.
    pub(crate) fn count(&self, what: &str) {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        *requests.entry(what.to_owned()).or_default() += 1;
    }

    /// How many requests there were of each sort.
    pub(crate) fn requests(&self) -> BTreeMap<String, u64> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes what nobody else may see, if somebody shall look for it.
    pub(crate) fn note(&self, secrets: impl IntoIterator<Item = impl Into<String>>) {
        if self.settings.secrets == Secrets::DangerouslyShown {
            let mut noted = self.secrets.lock().unwrap_or_else(PoisonError::into_inner);
            noted.extend(secrets.into_iter().map(Into::into).take(MOST_SECRETS));
        }
    }

    /// What was noted.
    pub(crate) fn secrets(&self) -> BTreeSet<String> {
        self.secrets.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The client of that name, however it came to be known.
    pub(crate) async fn client(&self, id: &str) -> Result<Client, Refusal> {
        if let Some(client) = self.preregistered.iter().find(|client| client.client_id == id) {
            return Ok(client.clone());
        }
        if let Some(client) = self.books().client(id, self.now()) {
            return Ok(client);
        }
        if !document::is_url(id) || !self.settings.client_documents {
            return Err(Kind::InvalidClient.because(format!("client {id} is unknown")));
        }
        let client = document::fetched(id, self.settings.addresses).await?;
        let now = self.now();
        self.books().add_client(client.clone(), now + A_MINUTE, now)?;
        Ok(client)
    }

    /// The scopes of a request, in the order of the request.
    pub(crate) fn scopes(&self, asked: Option<&str>) -> Result<Vec<String>, Refusal> {
        let Some(asked) = asked else {
            return Ok(self.settings.scopes.first().cloned().into_iter().collect());
        };
        let mut scopes: Vec<String> = Vec::new();
        for scope in asked.split(' ').filter(|scope| !scope.is_empty()) {
            let known = self.settings.scopes.iter().any(|one| one == scope);
            if !known && !BUILT_IN.contains(&scope) {
                return Err(Kind::InvalidScope.because(format!(
                    "scope {scope} is not one of {}",
                    self.settings.scopes.join(", ")
                )));
            }
            if !scopes.iter().any(|one| one == scope) {
                scopes.push(scope.to_owned());
            }
        }
        Ok(scopes)
    }

    /// The resources of a request (RFC 8707), byte for byte.
    pub(crate) fn resources<'a>(
        &self,
        asked: impl Iterator<Item = &'a str>,
    ) -> Result<Vec<String>, Refusal> {
        let mut resources: Vec<String> = Vec::new();
        for resource in asked {
            let absolute = resource.split_once(':').is_some_and(|(scheme, rest)| {
                !rest.is_empty()
                    && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
                    && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
            });
            if !absolute || resource.contains('#') {
                return Err(Kind::InvalidTarget.because(format!(
                    "resource {resource} is not an absolute URI without fragment"
                )));
            }
            let known = &self.settings.resources;
            if !known.is_empty() && !known.iter().any(|one| one == resource) {
                return Err(Kind::InvalidTarget
                    .because(format!("resource {resource} is not one of {}", known.join(", "))));
            }
            if !resources.iter().any(|one| one == resource) {
                resources.push(resource.to_owned());
            }
        }
        Ok(resources)
    }

    /// Whom a token is for: the resources, else the only one there is, else this server.
    pub(crate) fn audience(&self, resources: &[String]) -> Vec<String> {
        match (resources, self.settings.resources.as_slice()) {
            ([], [only]) => vec![only.clone()],
            ([], _) => vec![self.issuer.clone()],
            (resources, _) => resources.to_vec(),
        }
    }
}

/// Scopes with a meaning of their own.
pub(crate) const BUILT_IN: [&str; 2] = ["openid", OFFLINE_ACCESS];

/// The scope that asks for a refresh token.
pub(crate) const OFFLINE_ACCESS: &str = "offline_access";

/// Of one request.
const MOST_SECRETS: usize = 16;

/// How long a document of a client is believed.
const A_MINUTE: u64 = 60;
