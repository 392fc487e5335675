//! Looking for the metadata of the resource, then for that of its authorization server.
//!
//! See [Authorization Server Discovery](https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization/authorization-server-discovery).

use super::attempt::{Attempt, MOST_SHOWN, Next, State, answered};
use super::fault::{Fault, Wrong};
use super::{Step, legacy};
use crate::Url;
use crate::fetch::{FetchFault, Purpose, Response};
use crate::metadata::{AuthorizationServer, ProtectedResource};
use crate::shown::shown;
use bytes::Bytes;
use std::collections::VecDeque;
use std::time::SystemTime;

/// Looking for the metadata of the resource.
#[derive(Debug)]
pub(super) struct ResourceSearch {
    places: Places,
    /// Whether a challenge named the place that is asked.
    named: bool,
}

/// Looking for the metadata of the authorization server.
#[derive(Debug)]
pub(super) struct ServerSearch {
    places: Places,
    /// What it may say that it is.
    issuers: Vec<String>,
    /// What counts if it says nothing.
    otherwise: Option<AuthorizationServer>,
    /// Documents of another issuer, which are not used.
    foreign: Option<Fault>,
}

impl Attempt {
    /// The place that the challenge names, that of the path of the server, that at its root.
    pub(super) fn look_for_resource(&self) -> Next {
        let named = self.challenges().iter().find_map(|it| it.resource_metadata.as_deref());
        let named = named.map(|text| self.checked("resource_metadata", text)).transpose()?;
        let is_named = named.is_some();
        let mut urls = ProtectedResource::well_known(&self.settings.server);
        if let Some(named) = named {
            urls.retain(|url| *url != named);
            urls.insert(0, named);
        }
        match Places::new(urls) {
            Some(places) => Ok(self.ask_resource(ResourceSearch { places, named: is_named })),
            None => self.without_resource(Vec::new()),
        }
    }

    pub(super) fn resource_fetched(
        &mut self,
        mut search: ResourceSearch,
        answer: Result<Response, FetchFault>,
    ) -> Next {
        const PURPOSE: Purpose = Purpose::ProtectedResourceMetadata;
        let answer = answered(PURPOSE, &search.places.asked, answer)?;
        if let Some(body) = search.places.document(answer) {
            let url = search.places.asked.clone();
            match ProtectedResource::read(&body) {
                Ok(metadata) => return self.resource_found(metadata, url),
                Err(what) if search.named => {
                    return Err(Fault::Malformed { purpose: PURPOSE, url, what });
                }
                // Servers that know no metadata may answer a page to any path.
                Err(_) => search.places.note("no metadata"),
            }
        }
        search.named = false;
        if search.places.go_on() {
            return Ok(self.ask_resource(search));
        }
        if search.places.failed {
            return Err(Fault::NoMetadata { purpose: PURPOSE, tried: search.places.tried });
        }
        self.without_resource(search.places.tried)
    }

    pub(super) fn server_fetched(
        &mut self,
        mut search: ServerSearch,
        answer: Result<Response, FetchFault>,
        now: SystemTime,
    ) -> Next {
        const PURPOSE: Purpose = Purpose::AuthorizationServerMetadata;
        let answer = answered(PURPOSE, &search.places.asked, answer)?;
        if let Some(body) = search.places.document(answer) {
            match AuthorizationServer::read(&body) {
                Ok(metadata) if search.issuers.contains(&metadata.issuer) => {
                    self.server = metadata;
                    return self.server_found(now);
                }
                Ok(metadata) => {
                    search.places.note("metadata of another issuer");
                    search.foreign.get_or_insert_with(|| Fault::Issuer {
                        expected: shown(&search.issuers[0], MOST_SHOWN),
                        found: shown(&metadata.issuer, MOST_SHOWN),
                        url: search.places.asked.clone(),
                    });
                }
                Err(_) => search.places.note("no metadata"),
            }
        }
        if search.places.go_on() {
            return Ok(self.ask_server(search));
        }
        if let Some(fault) = search.foreign {
            return Err(fault);
        }
        match search.otherwise {
            Some(server) if !search.places.failed => {
                self.server = server;
                self.server_found(now)
            }
            _ => Err(Fault::NoMetadata { purpose: PURPOSE, tried: search.places.tried }),
        }
    }

    /// Looks for the metadata of this issuer.
    pub(super) fn look_for_server(&self, issuer: String) -> Next {
        let url = self.checked("authorization_servers", &issuer)?;
        if url.query().is_some() {
            let text = shown(&issuer, MOST_SHOWN);
            return Err(Fault::Url { member: "authorization_servers", text, wrong: Wrong::Query });
        }
        let places = Places::new(AuthorizationServer::well_known(&url));
        let purpose = Purpose::AuthorizationServerMetadata;
        let places = places.ok_or(Fault::NoMetadata { purpose, tried: Vec::new() })?;
        let issuers = vec![issuer];
        Ok(self.ask_server(ServerSearch { places, issuers, otherwise: None, foreign: None }))
    }

    fn resource_found(&mut self, metadata: ProtectedResource, url: Url) -> Next {
        if !metadata.covers(&self.settings.server) {
            return Err(Fault::Resource {
                resource: shown(&metadata.resource, MOST_SHOWN),
                server: self.settings.server.clone(),
            });
        }
        let issuer = self.chosen(metadata.authorization_servers.as_deref().unwrap_or_default());
        let issuer = issuer.ok_or_else(|| Fault::Malformed {
            purpose: Purpose::ProtectedResourceMetadata,
            url,
            what: "it names no `authorization_servers`".to_owned(),
        })?;
        self.resource = Some(metadata);
        self.look_for_server(issuer)
    }

    /// Among several authorization servers that one where we are known already, else the first.
    fn chosen(&self, issuers: &[String]) -> Option<String> {
        let registered = self.settings.identity.preregistered.as_ref();
        let registered = registered.and_then(|client| client.issuer.as_ref());
        let kept = self.kept.as_ref().map(|kept| &kept.issuer);
        let known = [registered, kept].into_iter().flatten().find(|&known| issuers.contains(known));
        known.or_else(|| issuers.first()).cloned()
    }

    /// Servers of the time before there was such metadata have their authorization server at their own root.
    fn without_resource(&self, tried: Vec<(Url, String)>) -> Next {
        let purpose = Purpose::ProtectedResourceMetadata;
        let none = || Fault::NoMetadata { purpose, tried };
        let legacy = legacy::at_root_of(&self.settings.server).ok_or_else(none)?;
        Ok(self.ask_server(ServerSearch {
            places: Places {
                asked: legacy.metadata,
                after: VecDeque::new(),
                tried: Vec::new(),
                failed: false,
            },
            issuers: legacy.issuers,
            otherwise: Some(legacy.otherwise),
            foreign: None,
        }))
    }

    fn ask_resource(&self, search: ResourceSearch) -> (State, Step) {
        let purpose = Purpose::ProtectedResourceMetadata;
        let request = self.document(purpose, search.places.asked.clone());
        (State::Resource(search), Step::Fetch(request))
    }

    fn ask_server(&self, search: ServerSearch) -> (State, Step) {
        let purpose = Purpose::AuthorizationServerMetadata;
        let request = self.document(purpose, search.places.asked.clone());
        (State::Server(search), Step::Fetch(request))
    }
}

/// The places where a document may be.
#[derive(Debug)]
struct Places {
    /// The one that is asked.
    asked: Url,
    after: VecDeque<Url>,
    tried: Vec<(Url, String)>,
    /// Whether one failed in a way that does not mean that there is nothing.
    failed: bool,
}

impl Places {
    fn new(urls: Vec<Url>) -> Option<Self> {
        let mut after = VecDeque::from(urls);
        let asked = after.pop_front()?;
        Some(Self { asked, after, tried: Vec::new(), failed: false })
    }

    /// What is there; notes what was answered if it is nothing.
    fn document(&mut self, answer: Response) -> Option<Bytes> {
        if (200..300).contains(&answer.status) {
            return Some(answer.body);
        }
        self.failed |= answer.status == 429 || answer.status >= 500;
        self.note(&answer.status.to_string());
        None
    }

    fn note(&mut self, what: &str) {
        self.tried.push((self.asked.clone(), what.to_owned()));
    }

    /// Whether there is another place, which is asked then.
    fn go_on(&mut self) -> bool {
        match self.after.pop_front() {
            Some(next) => {
                self.asked = next;
                true
            }
            None => false,
        }
    }
}
