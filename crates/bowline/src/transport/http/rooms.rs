//! Several endpoints behind one listener, told apart by their paths.

use super::beside::Beside;
use super::endpoint::Endpoint;
use super::service::HttpService;
use crate::closing::Closing;
use crate::service::Service;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// Finds the service whose endpoint is `mcp` below a folder, such as `/servers/time`.
///
/// For the same folder it must give the same service as long as that is the one to call: sessions are kept with it.
pub(super) type Find = Arc<dyn Fn(&str) -> Option<Arc<dyn Service>> + Send + Sync>;

/// The endpoints of one listener: that at its own path, and those that are found.
#[derive(Clone)]
pub(super) struct Rooms {
    own: HttpService,
    others: Option<Arc<Others>>,
    beside: Option<Arc<dyn Beside>>,
}

struct Others {
    find: Find,
    endpoint: Endpoint,
    closing: Closing,
    /// What was found, by folder. A folder is here only while something is found there, so that there are no more of
    /// them than there are services.
    found: Mutex<HashMap<Box<str>, Room>>,
}

/// One endpoint that was found.
struct Room {
    service: Arc<dyn Service>,
    http: HttpService,
}

impl Rooms {
    pub(super) fn new(
        service: Arc<dyn Service>,
        endpoint: Endpoint,
        find: Option<Find>,
        beside: Option<Arc<dyn Beside>>,
        closing: Closing,
    ) -> Self {
        let mut endpoint = endpoint;
        endpoint.protection.root_is(endpoint.guard.path.as_deref());
        let others = find.map(|find| {
            let (endpoint, closing) = (endpoint.clone(), closing.clone());
            Arc::new(Others { find, endpoint, closing, found: Mutex::default() })
        });
        Self { own: HttpService::build(service, endpoint, closing), others, beside }
    }

    /// The endpoint at the listener's own path, whose limits hold for all.
    pub(super) fn own(&self) -> &HttpService {
        &self.own
    }

    /// The page for people at a path, if there is one.
    pub(super) fn beside(&self, path: &str) -> Option<&Arc<dyn Beside>> {
        self.beside.as_ref().filter(|pages| pages.is_at(path))
    }

    /// The endpoint at a path; a path that nothing is found at, the listener's own refuses as every wrong one.
    pub(super) fn at(&self, path: &str) -> HttpService {
        let found = self
            .others
            .as_ref()
            .and_then(|others| others.find(others.endpoint.protection.about(path)));
        found.unwrap_or_else(|| self.own.clone())
    }
}

impl Others {
    fn find(&self, path: &str) -> Option<HttpService> {
        let (folder, _) = path.rsplit_once('/').filter(|(folder, _)| !folder.is_empty())?;
        let service = (self.find)(folder);
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(service) = service else {
            found.remove(folder);
            return None;
        };
        if let Some(room) = found.get(folder).filter(|room| Arc::ptr_eq(&room.service, &service)) {
            return Some(room.http.clone());
        }
        let endpoint = self.endpoint.clone().path(&format!("{folder}/mcp"));
        let http = HttpService::build(service.clone(), endpoint, self.closing.clone());
        found.insert(folder.into(), Room { service, http: http.clone() });
        Some(http)
    }
}

impl fmt::Debug for Rooms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rooms").field("own", &self.own).finish_non_exhaustive()
    }
}
