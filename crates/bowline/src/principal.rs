//! Who asks.

use crate::error::{Error, Result};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
#[cfg(feature = "auth")]
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
#[cfg(feature = "auth")]
use std::sync::{Mutex, PoisonError, Weak};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Who a request comes from, as far as it has been proved.
///
/// A principal is part of every key under which something of a client is kept, so that nothing of one reaches
/// another. Two principals are equal when they are of the same kind and have the same name.
#[derive(Clone, Debug)]
pub struct Principal(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    kind: PrincipalKind,
    name: Box<str>,
    scopes: Box<[Box<str>]>,
    claimed: Option<Arc<Claimed>>,
    /// Calls running now; all values of one principal share it, so this is their count.
    running: Arc<AtomicUsize>,
}

/// What an authorization server says of a principal.
struct Claimed {
    issuer: Box<str>,
    claims: Map<String, Value>,
    expires: Option<SystemTime>,
}

/// How a principal was proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum PrincipalKind {
    /// Not at all.
    Anonymous,
    /// By being the process at the other end of a pipe or socket.
    Process,
    /// By a bearer token that is known here.
    Token,
    /// By what an authorization server says: the claims of a token that it has signed, or its answer about one.
    Claims,
}

impl Principal {
    /// Nobody in particular.
    #[must_use]
    pub fn anonymous() -> Self {
        Self::new(PrincipalKind::Anonymous, "", [])
    }

    /// The process at the other end of a pipe or socket.
    ///
    /// Our own transports name it by what is known of it: `stdio`, `memory`, and over a Unix socket `uid:1000`, the user
    /// that the kernel says it ran as when it connected. All processes of a user are one principal.
    #[must_use]
    pub fn process(name: &str) -> Self {
        Self::new(PrincipalKind::Process, name, [])
    }

    /// The holder of a bearer token that is known here by this name.
    #[must_use]
    pub fn token<'a>(name: &str, scopes: impl IntoIterator<Item = &'a str>) -> Self {
        Self::new(PrincipalKind::Token, name, scopes)
    }

    /// Whom the claims of a token are about, as its `issuer` says.
    ///
    /// Its name is made of the issuer and of the claim `sub`, or of `client_id` where a client acts for nobody but itself,
    /// so that principals of two issuers never meet, nor a client and a user of one. Its scopes are those of `scope` or
    /// `scp`, and it is one until `exp`. Nothing else is checked: that is for whoever has verified the token.
    ///
    /// # Errors
    /// When the issuer is empty or has spaces, or the claims say neither `sub` nor `client_id`.
    pub fn claimed(issuer: &str, claims: Map<String, Value>) -> Result<Self> {
        if issuer.is_empty() || issuer.contains(char::is_whitespace) {
            return Err(Error::invalid("the issuer of a principal is empty or has spaces"));
        }
        let name = match (text(&claims, "sub"), text(&claims, "client_id")) {
            (Some(subject), _) => format!("{issuer} sub:{subject}"),
            (None, Some(client)) => format!("{issuer} client:{client}"),
            (None, None) => {
                return Err(Error::invalid(
                    "the claims name nobody: there is neither `sub` nor `client_id`",
                ));
            }
        };
        let scopes = ["scope", "scp"].iter().find_map(|name| claims.get(*name)).map(words);
        let expires = claims
            .get("exp")
            .and_then(Value::as_f64)
            .and_then(|seconds| UNIX_EPOCH.checked_add(Duration::try_from_secs_f64(seconds).ok()?));
        let claimed = Claimed { issuer: issuer.into(), expires, claims };
        Ok(Self(Arc::new(Inner {
            kind: PrincipalKind::Claims,
            name: name.into(),
            scopes: scopes.unwrap_or_default(),
            claimed: Some(Arc::new(claimed)),
            running: Arc::default(),
        })))
    }

    fn new<'a>(kind: PrincipalKind, name: &str, scopes: impl IntoIterator<Item = &'a str>) -> Self {
        let scopes = scopes.into_iter().map(Box::from).collect();
        let (name, running) = (name.into(), Arc::default());
        Self(Arc::new(Inner { kind, name, scopes, claimed: None, running }))
    }

    /// One that went by this name before, when more was known of it.
    #[cfg(all(feature = "http", not(modern_only)))]
    pub(crate) fn remembered(kind: PrincipalKind, name: &str) -> Self {
        Self::new(kind, name, [])
    }

    /// The same with other scopes; its calls are counted together.
    #[cfg(feature = "auth")]
    pub(crate) fn with_scopes(&self, scopes: Vec<Box<str>>) -> Self {
        self.changed(scopes.into(), self.0.running.clone())
    }

    #[cfg(feature = "auth")]
    fn changed(&self, scopes: Box<[Box<str>]>, running: Arc<AtomicUsize>) -> Self {
        let Inner { kind, name, claimed, .. } = &*self.0;
        let (kind, name, claimed) = (*kind, name.clone(), claimed.clone());
        Self(Arc::new(Inner { kind, name, scopes, claimed, running }))
    }

    /// How it was proved.
    #[must_use]
    pub fn kind(&self) -> PrincipalKind {
        self.0.kind
    }

    /// Whether it had to prove who it is by a token.
    #[must_use]
    pub fn is_authenticated(&self) -> bool {
        matches!(self.0.kind, PrincipalKind::Token | PrincipalKind::Claims)
    }

    /// Its name; empty for nobody in particular.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The authorization server that says who it is.
    #[must_use]
    pub fn issuer(&self) -> Option<&str> {
        Some(&self.0.claimed.as_ref()?.issuer)
    }

    /// Who it is for that authorization server: the claim `sub`.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        text(&self.0.claimed.as_ref()?.claims, "sub")
    }

    /// The client that acts for it, or that it is: the claim `client_id`.
    #[must_use]
    pub fn client_id(&self) -> Option<&str> {
        text(&self.0.claimed.as_ref()?.claims, "client_id")
    }

    /// The scopes it was granted, and those that they imply where it was let in.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.0.scopes.iter().map(AsRef::as_ref)
    }

    /// Whether it has this scope.
    #[must_use]
    pub fn has_scope(&self, scope: &str) -> bool {
        self.scopes().any(|granted| granted == scope)
    }

    /// What an authorization server says of it, as a type of your own. Of all others nothing is said: `{}`.
    ///
    /// # Errors
    /// When something is missing or of another type.
    pub fn claims<C: DeserializeOwned>(&self) -> Result<C> {
        let none = Map::new();
        let claims = self.0.claimed.as_ref().map_or(&none, |claimed| &claimed.claims);
        C::deserialize(claims.clone())
            .map_err(|error| Error::invalid("the claims lack what is needed here").because(error))
    }

    /// Until when it is who it is, where that ends.
    #[must_use]
    pub fn expires(&self) -> Option<SystemTime> {
        self.0.claimed.as_ref()?.expires
    }

    /// Counts one more running call, unless there are `limit` already. A byte stream has one principal and counts
    /// its calls by itself.
    #[cfg(feature = "http")]
    pub(crate) fn enter(&self, limit: usize) -> Option<Running> {
        if self.0.running.fetch_add(1, Ordering::Relaxed) >= limit {
            self.0.running.fetch_sub(1, Ordering::Relaxed);
            return None;
        }
        Some(Running { principal: self.clone(), everybody: None })
    }
}

/// The calls of everybody together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Everybody(Arc<AtomicUsize>);

#[cfg(feature = "http")]
impl Everybody {
    /// Counts a running call here too, unless there are `limit` already.
    pub(crate) fn enter(&self, mut running: Running, limit: usize) -> Option<Running> {
        if self.0.fetch_add(1, Ordering::Relaxed) >= limit {
            self.0.fetch_sub(1, Ordering::Relaxed);
            return None;
        }
        running.everybody = Some(self.clone());
        Some(running)
    }
}

/// Who is known by name, so that all values of one principal are counted together, whichever token they were made from.
#[cfg(feature = "auth")]
#[derive(Debug, Default)]
pub(crate) struct Counts(Mutex<HashMap<Box<str>, Weak<AtomicUsize>>>);

#[cfg(feature = "auth")]
impl Counts {
    /// How many names there may be before those of nobody are dropped.
    const MOST: usize = 16 * 1024;

    /// The same principal, counted with all others of its name.
    pub(crate) fn join(&self, principal: &Principal) -> Principal {
        let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = names.get(principal.name()).and_then(Weak::upgrade) {
            return principal.changed(principal.0.scopes.clone(), running);
        }
        if names.len() >= Self::MOST {
            names.retain(|_, running| running.strong_count() > 0);
        }
        names.insert(principal.name().into(), Arc::downgrade(&principal.0.running));
        principal.clone()
    }
}

impl fmt::Debug for Claimed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What is claimed of people is nothing for a log.
        f.debug_struct("Claimed").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

fn text<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    claims.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// Scopes, apart by spaces or as a list.
fn words(value: &Value) -> Box<[Box<str>]> {
    match value {
        Value::String(words) => words.split_ascii_whitespace().map(Box::from).collect(),
        Value::Array(words) => words.iter().filter_map(Value::as_str).map(Box::from).collect(),
        _ => Box::default(),
    }
}

impl PartialEq for Principal {
    fn eq(&self, other: &Self) -> bool {
        (self.kind(), self.name()) == (other.kind(), other.name())
    }
}

impl Eq for Principal {}

impl std::hash::Hash for Principal {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        (self.kind(), self.name()).hash(state);
    }
}

/// One running call of a principal; its drop ends the count.
#[derive(Debug)]
pub(crate) struct Running {
    principal: Principal,
    everybody: Option<Everybody>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.principal.0.running.fetch_sub(1, Ordering::Relaxed);
        if let Some(Everybody(count)) = &self.everybody {
            count.fetch_sub(1, Ordering::Relaxed);
        }
    }
}
