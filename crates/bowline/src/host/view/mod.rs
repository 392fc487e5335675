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

use super::catalogue::{Catalogue, Selection, Shelves};
use crate::principal::Principal;
use crate::service::{Answer, Call, Service};
use bowline_protocol::scan::{Message, Raw};
use listen::Listeners;
use route::Step;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// One endpoint.
pub(crate) struct View {
    upstreams: Arc<dyn Upstreams>,
    selection: Selection,
    /// What the host says it is, an `Implementation`.
    info: Raw,
    /// The part that a profile is, and of what: made anew when the catalogue is another.
    part: Mutex<Option<(Arc<Catalogue>, Arc<Shelves>)>>,
    listeners: Listeners,
}

impl View {
    /// An endpoint with this selection of what the servers offer.
    pub(crate) fn new(upstreams: Arc<dyn Upstreams>, selection: Selection, info: Raw) -> Self {
        let (part, listeners) = (Mutex::default(), Listeners::default());
        Self { upstreams, selection, info, part, listeners }
    }

    /// What it shows of a catalogue.
    fn shelves(&self, catalogue: &Arc<Catalogue>) -> Arc<Shelves> {
        match &self.selection {
            Selection::Everything => catalogue.merged().clone(),
            Selection::Server(_) => catalogue.select(&self.selection),
            Selection::Profile(_) => {
                // Held while the part is made, which happens once for each catalogue.
                let mut part = self.part.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some((of, shelves)) = &*part
                    && Arc::ptr_eq(of, catalogue)
                {
                    return shelves.clone();
                }
                let shelves = catalogue.select(&self.selection);
                *part = Some((catalogue.clone(), shelves.clone()));
                shelves
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
    async fn settled(&self) -> Arc<Shelves> {
        let server = self.server().cloned();
        let catalogue = Arc::clone(&self.upstreams).settled(server).await;
        self.shelves(&catalogue)
    }
}

impl Service for View {
    fn call(self: Arc<Self>, call: Call) -> Answer {
        let cx = call.cx;
        if cx.request().row().name == "subscriptions/listen" {
            return listen::listen(self, cx);
        }
        let step = route::step(&self, &self.shelves(&self.upstreams.catalogue()), &cx);
        match step {
            Step::Onward(errand, None) => Arc::clone(&self.upstreams).forward(cx, errand),
            Step::Onward(errand, Some(links)) => {
                let answer = Arc::clone(&self.upstreams).forward(cx, errand);
                Answer::new(async move { links.show(answer.await) })
            }
            Step::Answer(outcome) => Answer::ready(outcome),
            // A server that was just started may have it.
            Step::Look => Answer::new(async move {
                let shelves = self.settled().await;
                match route::step(&self, &shelves, &cx) {
                    Step::Onward(errand, links) => {
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
        self.upstreams.notify(from, self.server().map(|name| &**name), &notification);
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
