//! Telling the listeners of files that change.
//!
//! Only what somebody listens to is looked at, several times a second, each time beneath the open directory. A watch of
//! the kernel's is set by a path, and would stay on whatever was there when it was set: that could be led outside.

use super::job::Files;
use super::open::{Stamp, regular};
use super::place::Scope;
use bowline::Server;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::task::AbortHandle;

/// How long a change goes unseen at most.
const EVERY: Duration = Duration::from_millis(250);

/// Watches what is listened to. Where clients narrow what is served, nothing is: a listener cannot be asked for roots.
pub(super) fn register(server: Server, files: &Files) -> Server {
    if files.follows_client_roots() {
        return server;
    }
    let watcher =
        Watcher(Arc::new(Watch { scope: files.scope().clone(), state: Mutex::default() }));
    server.on_listen(move |server, uri| watcher.listened(server, uri))
}

#[derive(Clone)]
struct Watcher(Arc<Watch>);

struct Watch {
    scope: Scope,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// What is listened to, and how it was when it was looked at last; `None` where nothing was.
    seen: BTreeMap<Arc<str>, Option<Stamp>>,
    /// The task that looks, while anything is listened to.
    looking: Option<AbortHandle>,
}

impl Watcher {
    /// Somebody began or ended to listen.
    fn listened(&self, server: &Server, uri: &str) {
        let mut state = self.0.state();
        if !server.is_listened(uri) {
            state.seen.remove(uri);
            if state.seen.is_empty()
                && let Some(task) = state.looking.take()
            {
                task.abort();
            }
            return;
        }
        if !state.seen.contains_key(uri) {
            // Before the listener is told that it listens, lest a change is missed.
            state.seen.insert(uri.into(), stamp(&self.0.scope, uri));
        }
        if state.looking.is_none() {
            // Ends with the last listener; it holds the server only as long.
            let task = tokio::spawn(self.clone().look(server.clone()));
            state.looking = Some(task.abort_handle());
        }
    }

    async fn look(self, server: Server) {
        loop {
            tokio::time::sleep(EVERY).await;
            let watch = self.0.clone();
            let Ok(changed) = tokio::task::spawn_blocking(move || watch.changed()).await else {
                return;
            };
            for uri in changed {
                server.resource_updated(&uri);
            }
        }
    }
}

impl Watch {
    /// What is not as it was.
    fn changed(&self) -> Vec<Arc<str>> {
        let uris: Vec<Arc<str>> = self.state().seen.keys().cloned().collect();
        // The lock is not held while the file system is waited for.
        let stamps: Vec<_> = uris.iter().map(|uri| stamp(&self.scope, uri)).collect();
        let mut state = self.state();
        let looked = uris.into_iter().zip(stamps);
        looked
            .filter(|(uri, stamp)| match state.seen.get_mut(uri) {
                Some(seen) if seen != stamp => {
                    *seen = *stamp;
                    true
                }
                _ => false,
            })
            .map(|(uri, _)| uri)
            .collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that runs under the lock can leave it half-changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How the file or directory at a URI is; `None` where nothing can be read.
pub(super) fn stamp(scope: &Scope, uri: &str) -> Option<Stamp> {
    let place = scope.place(uri).ok()?;
    let (dir, rel) = place.anchor().ok()?;
    let metadata = dir.metadata(rel).ok()?;
    // What cannot be read must not tell of itself either.
    let readable =
        metadata.is_dir() || regular(&metadata, &place.path(), place.allow_hard_links).is_ok();
    readable.then(|| Stamp::of(&metadata))
}
