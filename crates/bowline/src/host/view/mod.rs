//! What one endpoint of a host answers: for all servers, for one, or for a part of them.
//!
//! Lists, discovery and what is unknown are answered here, from the catalogue; everything else is handed on to the server
//! that a name or URI leads to, with nothing changed in it but that name. What comes back goes through as it is, but for
//! one thing: where a URI of that server is shown with its namespace in front, because another server has the same, the
//! links and resources in a result are shown so too (`links`). Names in text, and in structured content, are never
//! touched.

mod answers;
mod links;
mod listen;
mod route;
mod upstreams;

#[cfg(test)]
mod tests;

pub(crate) use upstreams::{Errand, Later, Upstreams, Watch};

use super::access::Sight;
use super::catalogue::{Catalogue, Route, Selection, Shelves};
use super::own;
use crate::context::Context;
use crate::principal::Principal;
use crate::scopes::{Asked, Scopes};
use crate::server::ItemKind;
use crate::service::{Answer, Call, Service};
use bowline_protocol::outcome::Outcome;
use bowline_protocol::scan::{BodyKey, Message, Raw};
use bowline_types::jsonrpc::ErrorObject;
use listen::Listeners;
use route::Step;
use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// One endpoint.
pub(crate) struct View {
    upstreams: Arc<dyn Upstreams>,
    selection: Selection,
    /// What the host says it is, an `Implementation`.
    info: Raw,
    /// What is shown of which catalogue: made anew when that is another.
    parts: Mutex<Parts>,
    listeners: Listeners,
}

impl View {
    /// An endpoint with this selection of what the servers offer.
    pub(crate) fn new(upstreams: Arc<dyn Upstreams>, selection: Selection, info: Raw) -> Self {
        let (parts, listeners) = (Mutex::default(), Listeners::default());
        Self { upstreams, selection, info, parts, listeners }
    }

    /// What it shows of a catalogue to somebody.
    fn shelves(&self, catalogue: &Arc<Catalogue>, principal: &Principal) -> Arc<Shelves> {
        let theirs = catalogue.has_own().then(|| self.upstreams.shown_to(catalogue, principal));
        let catalogue = theirs.as_ref().unwrap_or(catalogue);
        let sight = catalogue.sight(principal);
        match (&self.selection, &sight) {
            (Selection::Everything, None) => catalogue.merged().clone(),
            (Selection::Server(_), None) => catalogue.select(&self.selection),
            _ => {
                // Held while a part is made, which happens once for each catalogue.
                let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
                parts.of(catalogue, &self.selection, sight)
            }
        }
    }

    /// The server of an endpoint that has only one, under its own names.
    fn server(&self) -> Option<&Arc<str>> {
        match &self.selection {
            Selection::Server(name) => Some(name),
            Selection::Everything | Selection::Profile(_) => None,
        }
    }

    /// What it shows as soon as all that is known of its servers is in it.
    async fn settled(&self, principal: &Principal) -> Arc<Shelves> {
        let server = self.server().cloned();
        let catalogue = Arc::clone(&self.upstreams).settled(server, principal.clone()).await;
        self.shelves(&catalogue, principal)
    }

    /// The answer to whoever calls the tool that says how to log in, and has done so: that tool is not listed to him any
    /// more, but his call is made again after the login.
    fn logged_in(&self, cx: &Context, shelves: &Shelves) -> Option<Outcome> {
        if cx.request().row().name != "tools/call" {
            return None;
        }
        let catalogue = self.upstreams.catalogue();
        if !catalogue.has_own() {
            return None;
        }
        let name = cx.request().param_str(BodyKey::Name)?;
        if shelves.tools.find(&name).is_some() {
            return None;
        }
        let all = catalogue.select(&self.selection);
        let Route { server, name, .. } = &all.tools.find(&name)?.route;
        let sight = catalogue.sight(cx.principal());
        let is_shown = sight.is_none_or(|sight| sight.permits(ItemKind::Tool, server, name));
        (is_shown && **name == *own::LOGIN).then(|| {
            own::said(&format!(
                "You are logged in to {server}. List the tools again to see what it has."
            ))
        })
    }

    /// Refuses somebody who has proved who he is, and lacks a scope that his call needs.
    fn check_scopes(&self, cx: &Context, shelves: &Shelves) -> Result<(), ErrorObject> {
        let catalogue = self.upstreams.catalogue();
        let Some(needs) = catalogue.needs().filter(|_| cx.principal().is_authenticated()) else {
            return Ok(());
        };
        let server = self.server().map(|name| &**name);
        let needed = needs.needed(&Asked::of(cx.request().message()), shelves, server);
        if needed.are_granted(cx.principal()) { Ok(()) } else { Err(needed.refusal()) }
    }

    /// What it shows to somebody just now.
    fn now(&self, principal: &Principal) -> Arc<Shelves> {
        self.shelves(&self.upstreams.catalogue(), principal)
    }
}

/// The parts of one catalogue that an endpoint shows, to whom.
#[derive(Default)]
struct Parts {
    of: Option<Arc<Catalogue>>,
    shown: VecDeque<(Option<Sight>, Arc<Shelves>)>,
}

/// How many parts are kept, the ones asked for last; those who may use the same have the same.
const PARTS: usize = 64;

/// What a session's client may always say: it is about itself.
const ROOTS: &str = "notifications/roots/list_changed";

impl Parts {
    fn of(
        &mut self,
        catalogue: &Arc<Catalogue>,
        selection: &Selection,
        sight: Option<Sight>,
    ) -> Arc<Shelves> {
        if !self.of.as_ref().is_some_and(|of| Arc::ptr_eq(of, catalogue)) {
            self.of = Some(catalogue.clone());
            self.shown.clear();
        }
        if let Some(at) = self.shown.iter().position(|(for_whom, _)| *for_whom == sight) {
            // The one asked for last is the last to go.
            let found = self.shown.remove(at);
            self.shown.extend(found);
        } else {
            let all = catalogue.select(selection);
            let shelves = sight.as_ref().map_or_else(|| all.clone(), |s| Arc::new(all.seen(s)));
            if self.shown.len() >= PARTS {
                self.shown.pop_front();
            }
            self.shown.push_back((sight, shelves));
        }
        match self.shown.back() {
            Some((_, shelves)) => shelves.clone(),
            None => catalogue.select(selection),
        }
    }
}

impl Service for View {
    fn call(self: Arc<Self>, call: Call) -> Answer {
        let cx = call.cx;
        if cx.request().row().name == "subscriptions/listen" {
            return listen::listen(self, cx);
        }
        let shelves = self.now(cx.principal());
        if let Some(outcome) = self.logged_in(&cx, &shelves) {
            return Answer::ready(outcome);
        }
        let step = route::step(&self, &shelves, &cx);
        match step {
            Step::Onward(errand, None) => Arc::clone(&self.upstreams).forward(cx, errand),
            Step::Onward(errand, Some(links)) => {
                let answer = Arc::clone(&self.upstreams).forward(cx, errand);
                Answer::new(async move { links.show(answer.await) })
            }
            Step::Answer(outcome) => Answer::ready(outcome),
            // A server that was just started may have it.
            Step::Look => Answer::new(async move {
                let shelves = self.settled(cx.principal()).await;
                match route::step(&self, &shelves, &cx) {
                    Step::Onward(errand, links) => {
                        // What it needs was not known when the scopes were looked at.
                        if let Err(error) = self.check_scopes(&cx, &shelves) {
                            return error.into();
                        }
                        let answer = Arc::clone(&self.upstreams).forward(cx, errand).await;
                        match links {
                            Some(links) => links.show(answer),
                            None => answer,
                        }
                    }
                    Step::Answer(outcome) => outcome,
                    Step::Look => answers::answer(&shelves, &cx),
                }
            }),
        }
    }

    fn notify(&self, from: &Principal, notification: Message) {
        let server = self.server().map(|name| &**name);
        // What nobody defines may mean anything to its server.
        let may = server.is_none_or(|server| self.now(from).is_open(server));
        if may || notification.method() == ROOTS {
            self.upstreams.notify(from, server, &notification);
        }
    }

    fn scopes(&self, asked: &Asked<'_>, from: &Principal) -> Scopes {
        let catalogue = self.upstreams.catalogue();
        let Some(needs) = catalogue.needs() else {
            return Scopes::default();
        };
        let server = self.server().map(|name| &**name);
        needs.needed(asked, &self.shelves(&catalogue, from), server)
    }

    fn server_info(&self) -> Option<Raw> {
        Some(self.info.clone())
    }
}

impl fmt::Debug for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("View").field(&self.selection).finish()
    }
}
