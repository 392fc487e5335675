//! Where logins are begun, and where browsers come to.

use super::browser::{self, Cookies, Odd, Signer, name_of as visit_of, secret};
use super::form::{once, pairs};
use super::pages::{self, Consent, Page};
use super::visit::{Stage, Ticket, Visit};
use super::{Entrance, Fetch, Proof, Proofs, Recognize, name_of};
use crate::error::{Error, Result};
use crate::principal::Principal;
use bowline_auth::Url;
use bowline_auth::fetch::Purpose;
use bowline_auth::flow::{Cause, Event, Failed, Fault, Flow, Step};
use bowline_auth::settings::Settings;
use bowline_auth::store::{Kept, Store};
use bytes::Bytes;
use http::{HeaderMap, Method, Response, StatusCode};
use serde_json::json;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

/// Where logins are begun, and where browsers come to.
pub(crate) struct Desk {
    /// The origin of the pages, as browsers know it.
    base: Url,
    proofs: Proofs,
    store: Arc<dyn Store>,
    fetch: Arc<dyn Fetch>,
    signer: Signer,
    clock: Box<dyn Fn() -> SystemTime + Send + Sync>,
    /// Who wants to know of a login that was made: the server's name, and whose it is.
    made: Made,
    open: Mutex<Open>,
}

type Made = Box<dyn Fn(&str, Option<&Principal>) + Send + Sync>;

/// A server that can be logged in to.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// What the host calls it.
    pub(crate) server: Arc<str>,
    /// Who we are there, and what is asked for; of the caller whose login it will be, and of where the browser comes
    /// back to, it says nothing yet.
    pub(crate) settings: Settings,
}

/// A URL for one caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    /// The URL.
    pub(crate) url: String,
}

/// What a browser asks for.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: Option<String>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// What is open: all of it for ten minutes at most.
#[derive(Default)]
struct Open {
    /// By the names of visits that they will begin.
    tickets: HashMap<String, (String, Ticket)>,
    visits: HashMap<String, Visit>,
    /// Which visit a browser comes back to.
    states: HashMap<String, String>,
}

/// How long a login may take, from the URL to the end.
const TERM: Duration = Duration::from_secs(10 * 60);

/// A URL that is good for so long is given again to whoever wants the same.
const FRESH: Duration = Duration::from_secs(5 * 60);

/// Logins that are open at once, of all callers together.
const MOST: usize = 4096;

/// How often a browser may show to be somebody else's before the URL is no good.
const WRONG: u32 = 3;

/// Below which all pages are.
const FOLDER: &str = "/login/";

const CALLBACK: &str = "/login/callback";

/// Where an authorization server finds out who we are.
const DOCUMENT: &str = "/login/client.json";

impl Desk {
    /// Pages at this origin.
    ///
    /// # Errors
    /// When it is no URL of pages, or the system has no random numbers.
    pub(crate) fn new(
        base: &str,
        proofs: Proofs,
        store: Arc<dyn Store>,
        fetch: Arc<dyn Fetch>,
        made: impl Fn(&str, Option<&Principal>) + Send + Sync + 'static,
    ) -> Result<Self> {
        let invalid = |fault| Error::invalid(format!("logins cannot be made at `{base}`: {fault}"));
        let base = Url::parse(base).map_err(|fault| invalid(fault.to_string()))?;
        let signer = Signer::new();
        let signer = signer.ok_or_else(|| Error::invalid("the system has no random numbers"))?;
        Ok(Self {
            base,
            proofs,
            store,
            fetch,
            signer,
            clock: Box::new(SystemTime::now),
            made: Box::new(made),
            open: Mutex::default(),
        })
    }

    /// The same with another clock.
    #[cfg(test)]
    pub(crate) fn clock(mut self, now: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.clock = Box::new(now);
        self
    }

    /// Whether there is a page at a path.
    pub(crate) fn is_at(&self, path: &str) -> bool {
        path.starts_with(FOLDER)
    }

    /// A URL by which this caller, and nobody else, can make a login at a server.
    ///
    /// # Errors
    /// When too many are open already, or a browser could not show that it is the caller's.
    pub(crate) fn link(
        &self,
        place: &Arc<Place>,
        principal: Option<&Principal>,
        program: Option<String>,
    ) -> Result<Link> {
        if self.proofs.of(principal).is_none() {
            let why = "it could not be found out whether a browser is the caller's";
            return Err(Error::invalid(why));
        }
        let now = (self.clock)();
        let mut open = self.open();
        open.sweep(now);
        let same = |ticket: &Ticket| {
            ticket.principal.as_ref() == principal
                && ticket.place.server == place.server
                && ticket.place.settings.server.as_str() == place.settings.server.as_str()
                && ticket.program == program
                && ticket.wrong == 0
                && ticket.until > now + FRESH
        };
        if let Some((known, _)) = open.tickets.values().find(|(_, ticket)| same(ticket)) {
            return Ok(self.link_of(&place.server, known));
        }
        if open.tickets.len() + open.visits.len() >= MOST {
            return Err(Error::overloaded("too many logins are open; try again in some minutes"));
        }
        let text = secret().ok_or_else(|| Error::invalid("the system has no random numbers"))?;
        let link = self.link_of(&place.server, &text);
        let ticket = Ticket {
            place: place.clone(),
            principal: principal.cloned(),
            program,
            until: now + TERM,
            wrong: 0,
        };
        open.tickets.insert(visit_of(&text), (text, ticket));
        Ok(link)
    }

    fn link_of(&self, server: &str, ticket: &str) -> Link {
        Link { url: format!("{}{FOLDER}{}?ticket={ticket}", self.base.origin(), encoded(server)) }
    }

    /// Answers a browser.
    pub(crate) async fn answer(&self, asked: Asked, who: &dyn Recognize) -> Response<Bytes> {
        if asked.path == DOCUMENT && asked.method == Method::GET && self.is_named_by_document() {
            return pages::response(StatusCode::OK, "application/json", self.document());
        }
        let page = match browser::check(&asked.method, &asked.headers, &self.base.origin()) {
            Ok(()) => self.page(&asked, who).await,
            Err(odd) => Err(Refusal::Odd(odd)),
        };
        let page = page.unwrap_or_else(|refusal| {
            tracing::info!(target: "bowline::login", path = asked.path, "a login was refused: {refusal}");
            pages::refused(refusal.status(), &refusal.to_string())
        });
        page.into_response()
    }

    async fn page(&self, asked: &Asked, who: &dyn Recognize) -> Result<Page, Refusal> {
        let query = pairs(asked.query.as_deref().unwrap_or_default()).ok_or(Refusal::Unreadable)?;
        match (&asked.method, &*asked.path) {
            (&Method::GET, CALLBACK) => self.back(asked, &query, who).await,
            (&Method::GET, _) => self.enter(asked, once(&query, "ticket")),
            (&Method::POST, _) => {
                let is_form = asked.headers.get(http::header::CONTENT_TYPE).is_some_and(|kind| {
                    let kind = kind.to_str().unwrap_or_default();
                    let kind = kind.split(';').next().unwrap_or_default().trim();
                    kind.eq_ignore_ascii_case("application/x-www-form-urlencoded")
                });
                let text = std::str::from_utf8(&asked.body).ok().filter(|_| is_form);
                let fields = text.and_then(pairs).ok_or(Refusal::Unreadable)?;
                match once(&fields, "visit") {
                    Some(visit) => self.decided(asked, visit, &fields),
                    None => self.begin(asked, &fields, who).await,
                }
            }
            _ => Err(Refusal::Method),
        }
    }

    /// Somebody opens a URL. Nothing comes of that alone: it may be a program that looks at what the URL leads to.
    fn enter(&self, asked: &Asked, ticket: Option<&str>) -> Result<Page, Refusal> {
        let ticket = ticket.ok_or(Refusal::Unknown)?;
        let visit = visit_of(ticket);
        let (server, proof) = {
            let mut open = self.open();
            open.sweep((self.clock)());
            let known = open.tickets.get(&visit).filter(|(text, _)| text == ticket);
            let (_, known) = known.ok_or(Refusal::Unknown)?;
            (known.place.server.clone(), self.proofs.of(known.principal.as_ref()))
        };
        self.is_place(asked, &server)?;
        let cookies = self.cookies(&visit);
        let (browser, cookie) = match self.browser(cookies, &asked.headers) {
            Some(browser) => (browser, None),
            None => {
                let browser = secret().ok_or(Refusal::Random)?;
                let signed = self.signer.sign(&["browser", &visit, &browser]);
                let cookie = cookies.set("browser", &format!("{browser}.{signed}"), TERM.as_secs());
                (browser, Some(cookie))
            }
        };
        let csrf = self.signer.sign(&["begin", &visit, &browser]);
        let fields = [("ticket", ticket), ("csrf", &csrf)];
        let wants_token = matches!(proof, Some(Proof::Token));
        let page = pages::who(&server, &self.action(&server), &fields, wants_token);
        Ok(cookie.into_iter().fold(page, Page::cookie))
    }

    /// A person wants to go on, and is to show who it is. From here on the URL is of no use to anybody else.
    async fn begin(
        &self,
        asked: &Asked,
        fields: &[(String, String)],
        who: &dyn Recognize,
    ) -> Result<Page, Refusal> {
        let text = once(fields, "ticket").ok_or(Refusal::Unknown)?;
        let visit = visit_of(text);
        let cookies = self.cookies(&visit);
        let browser = self.browser(cookies, &asked.headers).ok_or(Refusal::OtherBrowser)?;
        let csrf = once(fields, "csrf").unwrap_or_default();
        if !self.signer.is_of(&["begin", &visit, &browser], csrf) {
            return Err(Refusal::OtherBrowser);
        }
        let ticket = {
            let mut open = self.open();
            open.sweep((self.clock)());
            let is_known = open.tickets.get(&visit).is_some_and(|(known, _)| known == text);
            let taken = if is_known { open.tickets.remove(&visit) } else { None };
            taken.ok_or(Refusal::Unknown)?.1
        };
        self.is_place(asked, &ticket.place.server)?;
        match self.proofs.of(ticket.principal.as_ref()).ok_or(Refusal::SomebodyElse)? {
            Proof::Nobody => self.ask(visit, ticket, browser).await,
            Proof::Token => {
                let token = once(fields, "token").unwrap_or_default();
                let found = who.recognize(token).await;
                if found.is_none() || found != ticket.principal {
                    return Err(self.mistaken(visit, text, ticket));
                }
                self.ask(visit, ticket, browser).await
            }
            Proof::Login(entrance) => {
                let mut settings = entrance.settings.clone();
                self.redirect(&mut settings)?;
                let mut flow = Box::new(Flow::new(settings, Cause::Login, None));
                let begun = self.run(&mut flow, Event::Begin, &At::Entrance(&entrance)).await;
                let (url, state) = match begun.map_err(Refusal::Fault)? {
                    Reached::Browser { url, state } => (url, state),
                    Reached::Done(_) | Reached::Waiting(_) => return Err(Refusal::Unknown),
                };
                let stage = Stage::Proving(flow);
                Ok(self.leave(&visit, Visit { ticket, browser, stage }, url.as_str(), state))
            }
        }
    }

    /// Who it is that shows a token of somebody else may have mistyped it, but not often.
    fn mistaken(&self, visit: String, text: &str, mut ticket: Ticket) -> Refusal {
        ticket.wrong += 1;
        if ticket.wrong < WRONG {
            self.open().tickets.insert(visit, (text.to_owned(), ticket));
        }
        Refusal::SomebodyElse
    }

    /// A person whose browser this is, is asked.
    async fn ask(&self, visit: String, ticket: Ticket, browser: String) -> Result<Page, Refusal> {
        let place = ticket.place.clone();
        let mut settings = place.settings.clone();
        settings.principal = name_of(ticket.principal.as_ref());
        self.redirect(&mut settings)?;
        let server = settings.server.as_str().to_owned();
        let kept = self.store.load(&settings.key()).ok().flatten();
        let mut flow = Box::new(Flow::new(settings, Cause::Login, kept));
        let begun = self.run(&mut flow, Event::Begin, &At::Server(&server)).await;
        let (url, state) = match begun.map_err(Refusal::Fault)? {
            Reached::Browser { url, state } => (url, state),
            Reached::Done(kept) => {
                self.keep(&ticket, &kept)?;
                return Ok(pages::done(&place.server));
            }
            Reached::Waiting(fault) => return Err(Refusal::Fault(fault)),
        };
        let wanted = pairs(url.query().unwrap_or_default()).ok_or(Refusal::Unreadable)?;
        let scopes = once(&wanted, "scope").unwrap_or_default();
        let scopes: Vec<_> = scopes.split_ascii_whitespace().map(str::to_owned).collect();
        let what = Consent {
            program: ticket.program.as_deref(),
            caller: ticket.principal.as_ref().map_or("whoever runs this host", Principal::name),
            server: &place.server,
            url: &server,
            issuer: &url.origin(),
            client: once(&wanted, "client_id").unwrap_or_default(),
            scopes: &scopes,
            redirect: once(&wanted, "redirect_uri").unwrap_or_default(),
        };
        let csrf = self.consents(&visit, &browser, &state, what.client);
        let fields = [("visit", &*visit), ("csrf", &*csrf)];
        let page = pages::consent(&what, &self.action(&place.server), &fields);
        let stage = Stage::Asking { flow, url, state };
        self.open().visits.insert(visit, Visit { ticket, browser, stage });
        Ok(page)
    }

    /// A person has decided.
    fn decided(
        &self,
        asked: &Asked,
        visit: &str,
        fields: &[(String, String)],
    ) -> Result<Page, Refusal> {
        let browser = self.browser(self.cookies(visit), &asked.headers);
        let browser = browser.ok_or(Refusal::OtherBrowser)?;
        let known = {
            let mut open = self.open();
            open.sweep((self.clock)());
            let Some(known) = open.visits.get(visit) else { return Err(Refusal::Unknown) };
            let Stage::Asking { url, state, .. } = &known.stage else {
                return Err(Refusal::Unknown);
            };
            let wanted = pairs(url.query().unwrap_or_default()).unwrap_or_default();
            let client = once(&wanted, "client_id").unwrap_or_default();
            let csrf = once(fields, "csrf").unwrap_or_default();
            let signed = ["consent", visit, &browser, state, client];
            if known.browser != browser || !self.signer.is_of(&signed, csrf) {
                return Err(Refusal::OtherBrowser);
            }
            open.visits.remove(visit).ok_or(Refusal::Unknown)?
        };
        let Visit { ticket, browser, stage: Stage::Asking { flow, url, state } } = known else {
            return Err(Refusal::Unknown);
        };
        self.is_place(asked, &ticket.place.server)?;
        if once(fields, "answer") != Some("allow") {
            return Ok(pages::denied(&ticket.place.server));
        }
        let stage = Stage::Away(flow);
        Ok(self.leave(visit, Visit { ticket, browser, stage }, url.as_str(), state))
    }

    /// Sends a browser away: only now it gets what it will be known by when it comes back.
    fn leave(&self, visit: &str, of: Visit, url: &str, state: String) -> Page {
        let signed = self.signer.sign(&["state", visit, &of.browser, &state]);
        let cookie = self.cookies(visit).set("state", &signed, TERM.as_secs());
        let mut open = self.open();
        open.states.insert(state, visit.to_owned());
        open.visits.insert(visit.to_owned(), of);
        pages::away(url).cookie(cookie)
    }

    /// A browser comes back. Whatever it brings, this was the only time.
    async fn back(
        &self,
        asked: &Asked,
        query: &[(String, String)],
        who: &dyn Recognize,
    ) -> Result<Page, Refusal> {
        let state = once(query, "state").ok_or(Refusal::Unknown)?;
        let (visit, known) = {
            let mut open = self.open();
            open.sweep((self.clock)());
            let visit = open.states.remove(state).ok_or(Refusal::Unknown)?;
            let known = open.visits.remove(&visit).ok_or(Refusal::Unknown)?;
            (visit, known)
        };
        let cookies = self.cookies(&visit);
        let is_same = self.browser(cookies, &asked.headers).is_some_and(|b| b == known.browser);
        let signed = cookies.get("state", &asked.headers).unwrap_or_default();
        if !is_same || !self.signer.is_of(&["state", &visit, &known.browser, state], signed) {
            return Err(Refusal::OtherBrowser);
        }
        let Visit { ticket, browser, stage } = known;
        let query = asked.query.as_deref().unwrap_or_default();
        let returned = Event::Returned(format!("{CALLBACK}?{query}"));
        match stage {
            Stage::Proving(mut flow) => {
                let entrance = self.proofs.entrance.as_ref().ok_or(Refusal::Unknown)?;
                let kept = done(self.run(&mut flow, returned, &At::Entrance(entrance)).await)?;
                let token = kept.tokens.as_ref().map(|tokens| tokens.access.clone());
                let token = token.ok_or(Refusal::SomebodyElse)?;
                let found = who.recognize(token.expose()).await;
                if found.is_none() || found != ticket.principal {
                    return Err(Refusal::SomebodyElse);
                }
                self.ask(visit, ticket, browser).await
            }
            Stage::Away(mut flow) => {
                let at = At::Server(ticket.place.settings.server.as_str());
                let kept = done(self.run(&mut flow, returned, &at).await)?;
                self.keep(&ticket, &kept)?;
                Ok(pages::done(&ticket.place.server))
            }
            Stage::Asking { .. } => Err(Refusal::Unknown),
        }
    }

    fn keep(&self, ticket: &Ticket, kept: &Kept) -> Result<(), Refusal> {
        self.store.save(kept).map_err(|fault| {
            tracing::warn!(target: "bowline::login", "a login was not kept: {fault}");
            Refusal::Store
        })?;
        (self.made)(&ticket.place.server, ticket.principal.as_ref());
        Ok(())
    }

    /// Goes on with a flow, until it needs a person or is over.
    async fn run(&self, flow: &mut Flow, mut event: Event, at: &At<'_>) -> Result<Reached, Fault> {
        loop {
            match flow.next(event, (self.clock)()) {
                Step::Fetch(request) => {
                    event = Event::Fetched(match at {
                        At::Server(server) => self.fetch.fetch(server, request).await,
                        At::Entrance(entrance)
                            if request.purpose == Purpose::ProtectedResourceMetadata =>
                        {
                            Ok(entrance.metadata())
                        }
                        At::Entrance(entrance) => {
                            self.fetch.fetch(entrance.settings.server.as_str(), request).await
                        }
                    });
                }
                Step::OpenBrowser { url, state, .. } => {
                    return Ok(Reached::Browser { url, state });
                }
                Step::Wait { fault, .. } => return Ok(Reached::Waiting(fault)),
                Step::Done(kept) => return Ok(Reached::Done(kept)),
                Step::Failed(Failed { fault, kept }) => {
                    // A registration that was made is worth keeping, unless it was only to prove something.
                    if let (Some(kept), At::Server(_)) = (kept, at) {
                        let _ = self.store.save(&kept);
                    }
                    return Err(fault);
                } // What nobody here can do yet.
            }
        }
    }

    fn redirect(&self, settings: &mut Settings) -> Result<(), Refusal> {
        let redirect = Url::parse(&format!("{}{CALLBACK}", self.base.origin()));
        let redirect = redirect.map_err(|_| Refusal::Unknown)?;
        settings.grant = bowline_auth::settings::Grant::AuthorizationCode { redirect };
        if self.is_named_by_document() {
            let url = Url::parse(&format!("{}{DOCUMENT}", self.base.origin()));
            settings.identity.metadata_url = url.ok();
        }
        Ok(())
    }

    /// Only what others reach, encrypted, can say who we are.
    fn is_named_by_document(&self) -> bool {
        self.is_secure() && !self.base.is_loopback()
    }

    /// Who we are, for authorization servers that nobody has told.
    fn document(&self) -> String {
        let origin = self.base.origin();
        let document = json!({
            "client_id": format!("{origin}{DOCUMENT}"),
            "client_name": "Bowline",
            "client_uri": origin,
            "redirect_uris": [format!("{origin}{CALLBACK}")],
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "token_endpoint_auth_method": "none",
            "application_type": "web",
        });
        document.to_string()
    }

    fn consents(&self, visit: &str, browser: &str, state: &str, client: &str) -> String {
        self.signer.sign(&["consent", visit, browser, state, client])
    }

    /// The browser that a login was begun with, if this is it.
    fn browser(&self, cookies: Cookies<'_>, headers: &HeaderMap) -> Option<String> {
        let (browser, signed) = cookies.get("browser", headers)?.split_once('.')?;
        let is_ours = self.signer.is_of(&["browser", cookies.visit, browser], signed);
        is_ours.then(|| browser.to_owned())
    }

    fn cookies<'a>(&self, visit: &'a str) -> Cookies<'a> {
        Cookies { secure: self.is_secure(), port: self.base.port(), visit }
    }

    fn is_secure(&self) -> bool {
        self.base.scheme() == bowline_auth::url::Scheme::Https
    }

    fn action(&self, server: &str) -> String {
        format!("{FOLDER}{}", encoded(server))
    }

    fn is_place(&self, asked: &Asked, server: &str) -> Result<(), Refusal> {
        if asked.path == self.action(server) { Ok(()) } else { Err(Refusal::Unknown) }
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        // Nothing that runs under the lock can leave what it holds half-changed.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    /// Lets go what has taken too long.
    fn sweep(&mut self, now: SystemTime) {
        self.tickets.retain(|_, (_, ticket)| ticket.until > now);
        self.visits.retain(|_, visit| visit.ticket.until > now);
        let visits = &self.visits;
        self.states.retain(|_, visit| visits.contains_key(visit));
    }
}

/// What is logged in to.
enum At<'a> {
    /// A server of the host.
    Server(&'a str),
    /// The endpoint itself, to show who one is.
    Entrance(&'a Entrance),
}

/// How far a flow has come.
enum Reached {
    Browser { url: Url, state: String },
    Waiting(Fault),
    Done(Box<Kept>),
}

fn done(reached: Result<Reached, Fault>) -> Result<Box<Kept>, Refusal> {
    match reached {
        Ok(Reached::Done(kept)) => Ok(kept),
        Ok(Reached::Waiting(fault)) | Err(fault) => Err(Refusal::Fault(fault)),
        Ok(Reached::Browser { .. }) => Err(Refusal::Unknown),
    }
}

/// Why a person gets no further.
#[derive(Debug)]
enum Refusal {
    Odd(Odd),
    Method,
    Unreadable,
    /// No such login is open: it never was, is over, or this is not the page of it.
    Unknown,
    OtherBrowser,
    SomebodyElse,
    Fault(Fault),
    Store,
    Random,
}

impl Refusal {
    fn status(&self) -> StatusCode {
        match self {
            Self::Odd(_) | Self::OtherBrowser | Self::SomebodyElse => StatusCode::FORBIDDEN,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Unreadable => StatusCode::BAD_REQUEST,
            Self::Unknown => StatusCode::NOT_FOUND,
            Self::Fault(_) => StatusCode::BAD_GATEWAY,
            Self::Store | Self::Random => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Odd(Odd::OtherSite) => f.write_str("Another site made your browser send this."),
            Self::Odd(Odd::NoPage) => f.write_str("Open this URL in a browser, in a window of its own."),
            Self::Method => f.write_str("This page can be opened, and its form be sent, and nothing else."),
            Self::Unreadable => f.write_str("What your browser sent cannot be read."),
            Self::Unknown => f.write_str(
                "No such login is open: it may have been made already, or taken too long. Let your program begin again.",
            ),
            Self::OtherBrowser => f.write_str(
                "This login was begun in another browser, and is over now. Let your program begin again, and open the \
                 page once, in the browser where you want to log in.",
            ),
            Self::SomebodyElse => f.write_str(
                "This login was begun by somebody else, who may have sent you here. Nothing was done.",
            ),
            Self::Fault(fault) => write!(f, "The login did not work: {fault}"),
            Self::Store => f.write_str("The login worked, but could not be kept. Tell whoever runs this endpoint."),
            Self::Random => f.write_str("This cannot be done now. Tell whoever runs this endpoint."),
        }
    }
}

/// A name as a part of a path.
fn encoded(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out += &format!("%{byte:02X}");
        }
    }
    out
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk").field("base", &self.base.origin()).finish_non_exhaustive()
    }
}
