//! One attempt to be let in: a flow, and whatever it takes.

use super::browser::{Shown, Visit};
use super::callback::{Callback, Told, Visitor};
use super::fetcher::Fetcher;
use super::pass::Source;
use super::{Authorization, Interactive, Way};
use crate::error::{Error, Result};
use bowline_auth::Url;
use bowline_auth::flow::{Cause, Event, Failed, Flow, Step};
use bowline_auth::store::Kept;
use std::pin::Pin;
use std::time::{Duration, SystemTime};
use tokio::time::sleep;

/// What attempts need, whoever makes them.
#[derive(Debug)]
pub(super) struct Means {
    pub(super) authorization: Authorization,
    pub(super) server: Url,
    pub(super) fetcher: Fetcher,
}

/// What came of an attempt.
#[derive(Debug)]
pub(super) struct Outcome {
    /// What is to be kept.
    pub(super) kept: Box<Kept>,
    pub(super) source: Source,
}

/// Why an attempt failed.
#[derive(Debug)]
pub(super) enum Fault {
    /// Nobody can be asked.
    NobodyThere,
    /// Nobody wanted to, or could, log in.
    GivenUp(Error),
    /// It did not work; a registration may be worth keeping.
    Failed(Failed),
}

impl Means {
    /// # Errors
    /// The options of the connection are broken.
    pub(super) fn new(
        authorization: Authorization,
        server: Url,
        options: &crate::transport::http::client::Options,
    ) -> Result<Self> {
        let fetcher = Fetcher::new(&server, options, authorization.private)?;
        Ok(Self { authorization, server, fetcher })
    }

    /// Makes an attempt. `unwanted` is ready when nobody waits for it any more; a browser is then not waited for.
    ///
    /// # Errors
    /// There is no token.
    pub(super) async fn attempt(
        &self,
        cause: Cause,
        kept: Option<Kept>,
        unwanted: impl Future<Output = ()>,
    ) -> Result<Outcome, Fault> {
        let asking = self.authorization.takes_a_person() && !matches!(cause, Cause::Refresh);
        if asking && self.authorization.interactive == Interactive::Never {
            return Err(Fault::NobodyThere);
        }
        let mut person = Person::default();
        if asking && let Way::Loopback(port) = self.authorization.way {
            person.callback = Some(listen(port, kept.as_ref()).await.map_err(Fault::GivenUp)?);
        }
        let redirect = person.callback.as_ref().map(Callback::redirect);
        let settings = self.authorization.settings(&self.server, redirect);
        // Without a person each token is as good as a new login; with one it is not before the person is asked.
        let silent = self.authorization.takes_a_person();
        let mut source = if silent { Source::Refreshed } else { Source::LoggedIn };
        let mut unwanted = std::pin::pin!(unwanted);
        let mut flow = Flow::new(settings, cause, kept);
        let mut step = flow.next(Event::Begin, SystemTime::now());
        loop {
            let event = match step {
                Step::Fetch(request) => Event::Fetched(self.fetcher.fetch(request).await),
                Step::OpenBrowser { url, redirect_uri, until, .. } => {
                    source = Source::LoggedIn;
                    let (server, redirect) = (self.server.clone(), redirect_uri);
                    person.showing =
                        Some(self.authorization.browser.show(Visit { url, server, redirect }));
                    person.comes_back(until, unwanted.as_mut()).await?
                }
                Step::Wait { until, fault } => {
                    person.was_stranger(fault)?;
                    person.comes_back(until, unwanted.as_mut()).await?
                }
                Step::Done(kept) => return Ok(Outcome { kept, source }),
                Step::Failed(failed) => {
                    person.was_expected();
                    return Err(Fault::Failed(failed));
                }
            };
            step = flow.next(event, SystemTime::now());
            if matches!(step, Step::Fetch(_) | Step::Done(_)) {
                person.was_expected();
            }
        }
    }
}

/// A listener, if it can be on the port that we are registered with.
async fn listen(port: Option<u16>, kept: Option<&Kept>) -> Result<Callback> {
    if port.is_some() {
        return Callback::listen(port).await;
    }
    let registered = kept.into_iter().flat_map(|kept| &kept.client.redirect_uris);
    let ports = registered.filter_map(|uri| Url::parse(uri).ok()).filter(Url::is_loopback);
    for port in ports.map(|uri| uri.port()).take(PORTS) {
        if let Ok(callback) = Callback::listen(Some(port)).await {
            return Ok(callback);
        }
    }
    Callback::listen(None).await
}

/// How many ports of a registration are tried.
const PORTS: usize = 4;

/// Whoever is asked, and the ways they come back.
#[derive(Default)]
struct Person {
    callback: Option<Callback>,
    showing: Option<Showing>,
    /// Who came last, and has not been answered.
    visitor: Option<Visitor>,
}

type Showing = Pin<Box<dyn Future<Output = Result<Shown>> + Send>>;

impl Person {
    /// Waits until somebody comes back.
    ///
    /// # Errors
    /// Nothing can be shown.
    async fn comes_back(
        &mut self,
        until: SystemTime,
        mut unwanted: Pin<&mut impl Future<Output = ()>>,
    ) -> Result<Event, Fault> {
        let left = until.duration_since(SystemTime::now()).unwrap_or(Duration::ZERO);
        let mut over = std::pin::pin!(sleep(left));
        loop {
            let visitor = async {
                match &mut self.callback {
                    Some(callback) => callback.next().await,
                    None => std::future::pending().await,
                }
            };
            let shown = async {
                match &mut self.showing {
                    Some(showing) => showing.as_mut().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                visitor = visitor => {
                    let target = visitor.target().to_owned();
                    self.visitor = Some(visitor);
                    return Ok(Event::Returned(target));
                }
                shown = shown => {
                    self.showing = None;
                    match shown.map_err(Fault::GivenUp)? {
                        Shown::Open => {}
                        Shown::Returned(url) => return Ok(Event::Returned(url)),
                        Shown::Declined => {
                            let error = Error::unauthorized("the login was declined");
                            return Err(Fault::GivenUp(error));
                        }
                    }
                }
                () = unwanted.as_mut() => return Ok(Event::Cancelled),
                () = &mut over => return Ok(Event::Cancelled),
            }
        }
    }

    /// Turns away who came last.
    ///
    /// # Errors
    /// It was pasted, and nobody pastes again.
    fn was_stranger(&mut self, fault: bowline_auth::flow::Fault) -> Result<(), Fault> {
        match self.visitor.take() {
            Some(visitor) => {
                visitor.tell(Told::Stranger);
                Ok(())
            }
            None => Err(Fault::Failed(Failed { fault, kept: None })),
        }
    }

    /// Thanks who came last; nobody else is waited for.
    fn was_expected(&mut self) {
        if let Some(visitor) = self.visitor.take() {
            visitor.tell(Told::Received);
            self.callback = None;
            self.showing = None;
        }
    }
}
