//! With whose logins servers are used.

use super::Builder;
use super::login::{Desk, Fetch, Later, Place, Proofs, name_of};
use super::shared::Shared;
use super::upstream::{Login, Plan};
use crate::client::{self, auth};
use crate::error::{Error, Result};
use crate::principal::Principal;
use crate::transport::http::client::Options;
use bowline_auth::Url;
use bowline_auth::fetch::{FetchFault, Request, Response};
use bowline_auth::settings::{ClientIdentity, Credential, Dynamic, Preregistered, Settings};
use bowline_auth::store::{Key, Store};
use std::sync::{Arc, OnceLock, Weak};

/// With whose logins servers are used.
#[derive(Debug, Default)]
pub(super) struct Logins {
    store: Option<Arc<dyn Store>>,
    /// By which whoever runs the host is asked for a login that is not there.
    browser: Option<Arc<dyn auth::Browser>>,
    desk: OnceLock<Arc<Desk>>,
}

impl Builder {
    /// Keeps logins here: that of whoever runs the host, and those of callers, each under the name of its principal.
    /// Servers over HTTP that want a login are used with one of these.
    pub fn logins(mut self, store: impl Store + 'static) -> Self {
        self.logins.store = Some(Arc::new(store));
        self
    }

    /// Asks whoever runs the host to log in, by this, when a server wants that and there is no login; without it the
    /// error says what to run. Callers with logins of their own are given URLs in any case.
    pub fn login_browser(mut self, browser: impl auth::Browser) -> Self {
        self.logins.browser = Some(Arc::new(browser));
        self
    }
}

impl super::Host {
    /// Serves pages by which callers make logins of their own, below this origin: that of the endpoint, as browsers know
    /// it.
    pub(crate) fn open_desk(&self, origin: &str, proofs: Proofs) -> Result<Option<Arc<Desk>>> {
        let shared = &self.0.shared;
        let Some(store) = &shared.logins.store else {
            return Ok(None);
        };
        let fetch = Arc::new(Guards(shared.http_options()));
        let me: Weak<Shared> = Arc::downgrade(shared);
        let made = move |server: &str, who: Option<&Principal>| {
            if let Some(me) = me.upgrade() {
                me.logged_in(server, who);
            }
        };
        let desk = Arc::new(Desk::new(origin, proofs, store.clone(), fetch, made)?);
        // Of two ways in, the first one is that which URLs lead to.
        let _ = shared.logins.desk.set(desk.clone());
        Ok(Some(desk))
    }
}

impl Logins {
    /// Whether any are kept.
    pub(super) fn are_kept(&self) -> bool {
        self.store.is_some()
    }

    /// The same client with the login that this server is used with.
    pub(super) fn authorize(&self, builder: client::Builder, plan: &Plan) -> client::Builder {
        let (Some(store), Some(_)) = (&self.store, plan.target.login_url()) else {
            return builder;
        };
        let principal = match &plan.login {
            Login::Nobody => return builder,
            Login::Host => String::new(),
            Login::Of(principal) => name_of(Some(principal)),
        };
        let mut authorization = auth::Authorization::keeping(store.clone()).principal(principal);
        authorization = match (&self.browser, &plan.login) {
            (Some(browser), Login::Host) => authorization.shown_by(browser.clone()),
            _ => authorization.interactive(auth::Interactive::Never),
        };
        if let Some(client) = preregistered(plan) {
            // Only the config knows it, and so only the name leads to it.
            let command = format!("bowline login {}", plan.name);
            authorization = authorization.preregistered(client).login_command(command);
        }
        builder.authorization(authorization)
    }

    /// Whether a caller has a login at a server; `None` is whoever runs the host.
    pub(super) fn is_made(&self, plan: &Plan, who: Option<&Principal>) -> bool {
        let (Some(store), Some(url)) = (&self.store, plan.target.login_url()) else {
            return false;
        };
        let kept = store.load(&Key::new(name_of(who), url));
        kept.ok().flatten().is_some_and(|kept| kept.tokens.is_some())
    }

    /// A URL by which a caller makes a login at a server.
    ///
    /// # Errors
    /// When there are no pages, or it could not be found out whose browser comes to them.
    pub(super) fn link(
        &self,
        plan: &Plan,
        who: Option<&Principal>,
        program: Option<String>,
    ) -> Result<String> {
        let desk =
            self.desk.get().ok_or_else(|| Error::invalid("there are no pages to log in by"))?;
        let url = plan.target.login_url().unwrap_or_default();
        let url = Url::parse(url).map_err(|fault| Error::invalid(fault.to_string()))?;
        // Where browsers come back to, the desk says.
        let mut settings = Settings::new(url.clone(), url);
        settings.identity = ClientIdentity::default();
        settings.identity.preregistered = preregistered(plan);
        settings.identity.dynamic = Some(Dynamic { name: "Bowline".to_owned(), uri: None });
        let place = Arc::new(Place { server: plan.name.clone(), settings });
        desk.link(&place, who, program).map(|link| link.url)
    }
}

fn preregistered(plan: &Plan) -> Option<Preregistered> {
    let client = plan.settings.client.as_ref()?;
    let credential = match &client.secret {
        Some(secret) => Credential::Secret(secret.expose().into()),
        None => Credential::None,
    };
    Some(Preregistered { issuer: None, id: client.id.clone(), credential })
}

/// Whoever fetches what logins need, past the guard of the client.
#[derive(Debug)]
struct Guards(Options);

impl Fetch for Guards {
    fn fetch<'a>(
        &'a self,
        server: &'a str,
        request: Request,
    ) -> Later<'a, std::result::Result<Response, FetchFault>> {
        Box::pin(async move {
            let server = Url::parse(server);
            let server = server.map_err(|fault| FetchFault::Refused(fault.to_string()))?;
            let fetcher = auth::Fetcher::new(&server, &self.0, false);
            let fetcher = fetcher.map_err(|error| FetchFault::Refused(error.to_string()))?;
            fetcher.fetch(request).await
        })
    }
}
