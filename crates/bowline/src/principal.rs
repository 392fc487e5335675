//! Who asks.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

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
    /// Calls running now; the principal is shared by all of them, so this is their count.
    running: AtomicUsize,
}

/// How a principal was proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum PrincipalKind {
    /// Not at all.
    Anonymous,
    /// By being the process at the other end of a pipe or socket.
    Process,
    /// By a bearer token.
    Token,
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

    /// The holder of a bearer token that goes by this name.
    #[must_use]
    pub fn token<'a>(name: &str, scopes: impl IntoIterator<Item = &'a str>) -> Self {
        Self::new(PrincipalKind::Token, name, scopes)
    }

    fn new<'a>(kind: PrincipalKind, name: &str, scopes: impl IntoIterator<Item = &'a str>) -> Self {
        let scopes = scopes.into_iter().map(Box::from).collect();
        Self(Arc::new(Inner { kind, name: name.into(), scopes, running: AtomicUsize::new(0) }))
    }

    /// How it was proved.
    #[must_use]
    pub fn kind(&self) -> PrincipalKind {
        self.0.kind
    }

    /// Its name; empty for nobody in particular.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The scopes it was granted.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        self.0.scopes.iter().map(AsRef::as_ref)
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
