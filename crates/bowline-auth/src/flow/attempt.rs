//! What an attempt knows, and which of its parts is told of an event.

use super::browser::Waiting;
use super::discovery::{ResourceSearch, ServerSearch};
use super::fault::{Fault, Wrong};
use super::tokens::{Asked, Exchange};
use super::{Cause, Event, Step};
use crate::dpop::{self, Nonces};
use crate::fetch::{FetchFault, Method, NamedBy, Purpose, Request, Response};
use crate::metadata::{AuthorizationServer, ProtectedResource};
use crate::settings::{Grant, Settings};
use crate::shown::shown;
use crate::store::{Client, Kept};
use crate::url::Scheme;
use crate::{Challenge, Secret, Url};
use http::{HeaderMap, HeaderValue, header};
use serde_json::{Map, Value};
use std::time::SystemTime;

/// What comes next, and what is waited for then.
pub(super) type Next = Result<(State, Step), Fault>;

/// What an attempt knows.
#[derive(Debug)]
pub(super) struct Attempt {
    pub(super) settings: Settings,
    pub(super) cause: Cause,
    pub(super) kept: Option<Kept>,
    /// What the resource says; none if it says nothing.
    pub(super) resource: Option<ProtectedResource>,
    /// The authorization server, once it is found.
    pub(super) server: AuthorizationServer,
    /// Who we are there.
    pub(super) client: Option<Client>,
    /// Whether that was registered in this attempt.
    pub(super) registered: bool,
    /// The scopes that were asked for.
    pub(super) scopes: Vec<String>,
    /// The key that tokens are bound to.
    pub(super) dpop: Option<dpop::Key>,
    pub(super) nonces: Nonces,
}

/// What is waited for.
#[derive(Debug)]
pub(super) enum State {
    New,
    Resource(ResourceSearch),
    Server(ServerSearch),
    Registering { endpoint: Url, asked: Map<String, Value> },
    Browser(Waiting),
    Exchanging(Exchange),
    Token(Asked),
    Ended,
}

impl Attempt {
    pub(super) fn new(settings: Settings, cause: Cause, kept: Option<Kept>) -> Self {
        Self {
            settings,
            cause,
            kept,
            resource: None,
            server: AuthorizationServer::default(),
            client: None,
            registered: false,
            scopes: Vec::new(),
            dpop: None,
            nonces: Nonces::default(),
        }
    }

    pub(super) fn advance(&mut self, state: State, event: Event, now: SystemTime) -> Next {
        match (state, event) {
            (State::Ended, _) => Err(Fault::OutOfTurn),
            (_, Event::Cancelled) => Err(Fault::Cancelled),
            (State::New, Event::Begin) => self.begin(now),
            (State::Resource(search), Event::Fetched(answer)) => {
                self.resource_fetched(search, answer)
            }
            (State::Server(search), Event::Fetched(answer)) => {
                self.server_fetched(search, answer, now)
            }
            (State::Registering { endpoint, asked }, Event::Fetched(answer)) => {
                let answer = answered(Purpose::Registration, &endpoint, answer)?;
                self.registration_answered(&endpoint, &asked, &answer, now)
            }
            (State::Browser(waiting), Event::Returned(text)) => self.returned(waiting, &text, now),
            (State::Exchanging(exchange), Event::Fetched(answer)) => {
                let answer = answered(Purpose::TokenExchange, &exchange.endpoint, answer)?;
                self.exchanged(exchange, &answer, now)
            }
            (State::Token(asked), Event::Fetched(answer)) => {
                let answer = answered(Purpose::Token, &asked.endpoint, answer)?;
                self.token_answered(asked, &answer, now)
            }
            _ => Err(Fault::OutOfTurn),
        }
    }

    fn begin(&mut self, now: SystemTime) -> Next {
        let server = &self.settings.server;
        require_secure(server)?;
        match &self.settings.grant {
            Grant::AuthorizationCode { redirect } => {
                if !is_secure(redirect) || redirect.query().is_some() {
                    return Err(Fault::Redirect { redirect: redirect.clone() });
                }
                match self.cause {
                    Cause::Refresh => self.refresh_at_once(now),
                    _ => self.look_for_resource(),
                }
            }
            Grant::EnterpriseManaged(provider) => {
                require_secure(&provider.token_endpoint)?;
                self.look_for_resource()
            }
            Grant::ClientCredentials | Grant::JwtBearer { .. } => self.look_for_resource(),
        }
    }

    /// The challenges that it began with.
    pub(super) fn challenges(&self) -> &[Challenge] {
        match &self.cause {
            Cause::Login | Cause::Refresh => &[],
            Cause::Unauthorized(challenges) | Cause::Rejected(challenges) => challenges,
            Cause::InsufficientScope(challenge) => std::slice::from_ref(challenge),
        }
    }

    /// What tokens are asked for: what the resource says it is, or else the URL that the user named.
    pub(super) fn resource_name(&self) -> &str {
        let named = self.resource.as_ref().map(|metadata| metadata.resource.as_str());
        named.unwrap_or(self.settings.server.as_str())
    }

    /// What is kept of the authorization server that is asked now; of another one nothing is used.
    pub(super) fn kept_here(&self) -> Option<&Kept> {
        self.kept.as_ref().filter(|kept| kept.issuer == self.server.issuer)
    }

    /// A registration that is worth keeping although there is no token, unless a login would be lost by it.
    pub(super) fn registration(&self) -> Option<Box<Kept>> {
        let client = self.client.as_ref().filter(|_| self.registered)?;
        if self.kept_here().is_some_and(|kept| kept.tokens.is_some()) {
            return None;
        }
        let key = self.settings.key();
        Some(Box::new(Kept::new(key, self.server.issuer.clone(), client.clone())))
    }

    /// A URL that a peer named, if a request may go there.
    pub(super) fn checked(&self, member: &'static str, text: &str) -> Result<Url, Fault> {
        let wrong = |wrong| Fault::Url { member, text: shown(text, MOST_SHOWN), wrong };
        let url = Url::parse(text).map_err(|fault| wrong(Wrong::Url(fault)))?;
        if url.is_loopback() && !self.settings.server.is_loopback() {
            return Err(wrong(Wrong::Loopback));
        }
        if !is_secure(&url) {
            return Err(wrong(Wrong::Plain));
        }
        Ok(url)
    }

    /// A document that is to be fetched.
    pub(super) fn document(&self, purpose: Purpose, url: Url) -> Request {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, JSON);
        self.request(purpose, Method::Get, url, headers, None)
    }

    /// Something that is to be posted.
    pub(super) fn post(
        &self,
        purpose: Purpose,
        url: Url,
        headers: HeaderMap,
        body: Secret,
    ) -> Request {
        self.request(purpose, Method::Post, url, headers, Some(body))
    }

    fn request(
        &self,
        purpose: Purpose,
        method: Method,
        url: Url,
        headers: HeaderMap,
        body: Option<Secret>,
    ) -> Request {
        let of_user = url.same_origin(&self.settings.server)
            || matches!(&self.settings.grant, Grant::EnterpriseManaged(provider) if provider.token_endpoint == url);
        let named_by = if of_user { NamedBy::User } else { NamedBy::Peer };
        Request { purpose, method, url, named_by, headers, body }
    }
}

/// `application/json`.
pub(super) const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// How much of what a peer says is shown.
pub(super) const MOST_SHOWN: usize = 300;

/// An answer, or that there was none.
pub(super) fn answered(
    purpose: Purpose,
    url: &Url,
    answer: Result<Response, FetchFault>,
) -> Result<Response, Fault> {
    answer.map_err(|fault| Fault::Fetch { purpose, url: url.clone(), fault })
}

/// `https`, or this machine.
fn is_secure(url: &Url) -> bool {
    url.scheme() == Scheme::Https || url.is_loopback()
}

fn require_secure(url: &Url) -> Result<(), Fault> {
    if is_secure(url) { Ok(()) } else { Err(Fault::Insecure { server: url.clone() }) }
}
