//! What those have who hold a host.

use super::catalogue::{Globs, Selection};
use super::shared::{Shared, lock};
use super::view::View;
use crate::client::{Client, Target};
use crate::error::{Error, Result};
use crate::service::Service;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::OnceCell;

/// What the clones of a [`Host`](super::Host) have in common.
///
/// Endpoints keep [`Shared`] alive, and nothing but the clones keeps this: what is in it goes with the last of them, and
/// everything else with the last endpoint that somebody else still has.
pub(super) struct Handle {
    pub(super) shared: Arc<Shared>,
    /// The endpoints that were asked for, by folder.
    views: Mutex<HashMap<Box<str>, Shown>>,
    own: OnceCell<Client>,
    closed: AtomicBool,
}

/// An endpoint, and what it shows.
struct Shown {
    view: Arc<dyn Service>,
    selection: Selection,
}

impl Handle {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        let (views, own, closed) = (Mutex::default(), OnceCell::new(), AtomicBool::new(false));
        Self { shared, views, own, closed }
    }

    /// The endpoint of all servers.
    pub(super) fn whole(&self) -> Arc<dyn Service> {
        self.make("", Selection::Everything)
    }

    /// The endpoint of one server, if there is one of that name.
    pub(super) fn server(&self, name: &str) -> Option<Arc<dyn Service>> {
        let selection = self.shared.upstream(name).map(|one| Selection::Server(one.name().clone()));
        self.view(&format!("/servers/{name}"), selection)
    }

    /// The endpoint of a profile, if there is one of that name.
    pub(super) fn profile(&self, name: &str) -> Option<Arc<dyn Service>> {
        let profile = self.shared.profile(name);
        let selection = profile.map(|profile| Selection::Profile(Globs::new(profile.globs)));
        self.view(&format!("/profiles/{name}"), selection)
    }

    /// A client of all servers, with the handlers of the host.
    pub(super) async fn own(&self) -> Result<Client> {
        if self.closed.load(Ordering::Acquire) {
            return Err(Error::closed("the host is closed"));
        }
        let connect = || self.shared.client_of_own().connect(Target::service(self.whole()));
        self.own.get_or_try_init(connect).await.cloned()
    }

    pub(super) async fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.shared.close().await;
        if let Some(own) = self.own.get() {
            own.close().await;
        }
        lock(&self.views).clear();
    }

    /// The endpoint at a folder, as long as it shows anything.
    fn view(&self, folder: &str, selection: Option<Selection>) -> Option<Arc<dyn Service>> {
        let Some(selection) = selection else {
            lock(&self.views).remove(folder);
            return None;
        };
        Some(self.make(folder, selection))
    }

    /// The endpoint at a folder: the same for as long as it shows the same, since what callers have open is counted by it.
    fn make(&self, folder: &str, selection: Selection) -> Arc<dyn Service> {
        let mut views = lock(&self.views);
        if let Some(shown) = views.get(folder)
            && shown.selection == selection
        {
            return shown.view.clone();
        }
        let info = self.shared.info_text.clone();
        let view: Arc<dyn Service> =
            Arc::new(View::new(self.shared.clone(), selection.clone(), info));
        views.insert(folder.into(), Shown { view: view.clone(), selection });
        view
    }
}
