//! What one server tells of resources.

use super::notes::{Note, Notes};
use crate::client::Change;
use crate::context::Context;
use crate::error::Result;
use crate::host::catalogue::Shelves;
use crate::host::view::{Later, Upstreams, Watch};
use std::collections::HashSet;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context as Task, Poll, ready};
use std::time::Duration;
use tokio::time::Sleep;

/// The resources of one server that somebody listens to. A subscription that ends is made anew, and then anything may
/// have changed.
pub(super) struct Feed {
    upstreams: Arc<dyn Upstreams>,
    cx: Context,
    server: Arc<str>,
    uris: Vec<Heard>,
    state: State,
    /// Whether it has ever stood: by then it is known of which resources the server tells.
    begun: bool,
    delay: Duration,
}

/// A resource that somebody listens to.
pub(super) struct Heard {
    /// At the server's own URI.
    pub(super) own: Arc<str>,
    /// At the URI under which it is shown.
    pub(super) shown: Arc<str>,
}

enum State {
    /// The server is asked.
    Asking(Later<Result<Watch>>),
    /// It tells.
    Open(Box<Watch>),
    /// It could not be asked, or does not tell any more: it is asked again.
    Waiting(Pin<Box<Sleep>>),
}

/// The time before a server is asked again: it doubles up to the second.
const AGAIN: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));

impl Feed {
    pub(super) fn new(
        upstreams: Arc<dyn Upstreams>,
        cx: Context,
        server: Arc<str>,
        uris: Vec<Heard>,
    ) -> Self {
        let state = State::Asking(ask(&upstreams, &cx, &server, &uris));
        Self { upstreams, cx, server, uris, state, begun: false, delay: AGAIN.0 }
    }

    /// Waits until the server has agreed, or has not.
    pub(super) fn poll_begun(&mut self, task: &mut Task<'_>) -> Poll<()> {
        if let State::Asking(asking) = &mut self.state
            && !self.begun
        {
            let asked = ready!(asking.as_mut().poll(task));
            if let Ok(watch) = &asked {
                let honored = watch.subscription.honored().resource_subscriptions.iter().flatten();
                let honored: HashSet<&str> = honored.map(String::as_str).collect();
                self.uris.retain(|uri| honored.contains(&*uri.own));
            }
            self.begun = asked.is_ok();
            self.asked(asked);
        }
        Poll::Ready(())
    }

    /// Whether the server was asked and agreed to nothing.
    pub(super) fn is_refused(&self) -> bool {
        self.uris.is_empty() || matches!(self.state, State::Waiting(_))
    }

    /// The resources it hears of, as they are shown.
    pub(super) fn shown(&self) -> impl Iterator<Item = &str> {
        self.uris.iter().map(|uri| &*uri.shown)
    }

    /// Notes what the server tells, of what may be used while these are shown.
    pub(super) fn poll(&mut self, task: &mut Task<'_>, notes: &mut Notes, shelves: &Shelves) {
        loop {
            match &mut self.state {
                State::Asking(asking) => {
                    let Poll::Ready(asked) = asking.as_mut().poll(task) else { return };
                    self.asked(asked);
                    if matches!(self.state, State::Open(_)) {
                        // Acknowledged before the server agreed, or told of by another process of it.
                        self.begun = true;
                        self.delay = AGAIN.0;
                        self.all(notes, shelves);
                    }
                }
                State::Open(watch) => {
                    // It keeps no place of its own: what was not taken is there for the next one.
                    let Poll::Ready(change) = pin!(watch.subscription.next()).poll(task) else {
                        return;
                    };
                    match change {
                        Some(Change::Resource(uri)) => self.note(&uri, notes, shelves),
                        Some(Change::Resumed) => self.all(notes, shelves),
                        Some(_) => {}
                        None => self.wait(),
                    }
                }
                State::Waiting(sleep) => {
                    if sleep.as_mut().poll(task).is_pending() {
                        return;
                    }
                    let asking = ask(&self.upstreams, &self.cx, &self.server, &self.uris);
                    self.state = State::Asking(asking);
                }
            }
        }
    }

    fn asked(&mut self, asked: Result<Watch>) {
        match asked {
            Ok(watch) => self.state = State::Open(Box::new(watch)),
            Err(_) => self.wait(),
        }
    }

    fn wait(&mut self) {
        self.state = State::Waiting(Box::pin(tokio::time::sleep(self.delay)));
        self.delay = (self.delay * 2).min(AGAIN.1);
    }

    /// Anything may have changed.
    fn all(&self, notes: &mut Notes, shelves: &Shelves) {
        let may = |uri: &&Heard| shelves.permits_uri(&self.server, &uri.own);
        for uri in self.uris.iter().filter(may) {
            notes.add(Note::Resource(uri.shown.clone()));
        }
    }

    /// A resource changed, or a part of one, such as a file of a folder.
    fn note(&self, uri: &str, notes: &mut Notes, shelves: &Shelves) {
        if !shelves.permits_uri(&self.server, uri) {
            return;
        }
        let exact = self.uris.iter().find(|heard| *heard.own == *uri);
        let whole = || self.uris.iter().find(|heard| uri.starts_with(&*heard.own));
        let Some(Heard { own, shown }) = exact.or_else(whole) else {
            return;
        };
        let note = match uri.strip_prefix(&**own) {
            Some(rest) if !rest.is_empty() && notes.has_room() => format!("{shown}{rest}").into(),
            _ => shown.clone(),
        };
        notes.add(Note::Resource(note));
    }
}

fn ask(
    upstreams: &Arc<dyn Upstreams>,
    cx: &Context,
    server: &Arc<str>,
    uris: &[Heard],
) -> Later<Result<Watch>> {
    let uris = uris.iter().map(|uri| uri.own.to_string()).collect();
    Arc::clone(upstreams).subscribe(cx.clone(), server.clone(), uris)
}
