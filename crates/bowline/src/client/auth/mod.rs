//! Logging in to servers that want to know who asks.
//!
//! A client that was given an [`Authorization`] shows a token with every request over HTTP, gets one when the server
//! asks for it, and another before that one ends. Every URL that a server names on the way is fetched through a guard
//! that leads to public addresses only (to this machine only where the server is on it too), and through a proxy only
//! if [`Options::proxy`](crate::transport::http::client::Options::proxy) names one.
//!
//! ```no_run
//! # async fn example() -> bowline::Result<()> {
//! use bowline::Client;
//! use bowline::auth::store::FileStore;
//! use bowline::client::auth::Authorization;
//!
//! let logins = FileStore::new("/home/me/.local/state/my-agent/logins");
//! let client = Client::builder()
//!     .authorization(Authorization::new(logins))
//!     .connect("https://example.com/mcp")
//!     .await?;
//! # let _ = client;
//! # Ok(())
//! # }
//! ```
//!
//! See [Authorization](https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization).

mod attempt;
mod browser;
mod callback;
mod carry;
mod fetcher;
mod login;
mod pass;
mod session;

pub use browser::{AskingBrowser, Browser, Shown, SystemBrowser, Visit};
pub use login::{GivenBack, LoggedIn, LoggedOut};

pub(crate) use carry::Login;
#[cfg(feature = "host")]
pub(crate) use fetcher::Fetcher;

use super::builder::Builder;
use bowline_auth::Url;
use bowline_auth::settings::{ClientIdentity, Dpop, Dynamic, Grant, Preregistered, Settings};
use bowline_auth::store::Store;
use std::sync::Arc;

/// How a client logs in, and where logins are kept.
///
/// By default a person says yes in the browser of this machine, and the client registers itself where it is not known.
#[derive(Clone, Debug)]
#[must_use = "it does nothing before a client is given it"]
pub struct Authorization {
    store: Arc<dyn Store>,
    way: Way,
    browser: Arc<dyn Browser>,
    interactive: Interactive,
    principal: String,
    identity: ClientIdentity,
    registers: bool,
    name: Option<String>,
    scopes: Vec<String>,
    dpop: Dpop,
    command: Option<String>,
    private: bool,
}

impl Builder {
    /// Logs in to servers behind URLs that want to know who asks. Others have no use for it: a process gets what it
    /// needs to know in its environment.
    pub fn authorization(mut self, authorization: Authorization) -> Self {
        self.web.login = Login::Wanted(Box::new(authorization));
        self
    }
}

/// Whether a person can be asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Interactive {
    /// A browser is opened when a server wants a login.
    #[default]
    Allowed,
    /// Nobody is asked: a login that is kept is used and renewed, and an error says how to make one.
    Never,
}

/// What is given for a token.
#[derive(Clone, Debug)]
enum Way {
    /// A person's consent; the browser comes back to a listener of ours, on this port or a free one.
    Loopback(Option<u16>),
    /// A person's consent; the browser is sent elsewhere, and what it was sent to is pasted.
    Elsewhere(Url),
    /// Something that takes no person.
    Machine(Grant),
}

impl Authorization {
    /// Keeps logins in this store.
    pub fn new(store: impl Store + 'static) -> Self {
        Self::keeping(Arc::new(store))
    }

    /// The same where others keep logins there too.
    pub(crate) fn keeping(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            way: Way::Loopback(None),
            browser: Arc::new(SystemBrowser::default()),
            interactive: Interactive::default(),
            principal: String::new(),
            identity: ClientIdentity::default(),
            registers: true,
            name: None,
            scopes: Vec::new(),
            dpop: Dpop::default(),
            command: None,
            private: false,
        }
    }

    /// Shows pages in this way instead of in the browser of the system.
    pub fn browser(self, browser: impl Browser) -> Self {
        self.shown_by(Arc::new(browser))
    }

    pub(crate) fn shown_by(mut self, browser: Arc<dyn Browser>) -> Self {
        self.browser = browser;
        self
    }

    /// Sets whether a person can be asked; [`Interactive::Allowed`] by default.
    pub fn interactive(mut self, interactive: Interactive) -> Self {
        self.interactive = interactive;
        self
    }

    /// Has the browser come back to `http://127.0.0.1:PORT/callback`, for authorization servers that want to know the
    /// port in advance; by default it is a free one.
    pub fn callback_port(mut self, port: u16) -> Self {
        self.way = Way::Loopback(Some(port));
        self
    }

    /// Has the browser sent to a page elsewhere, from where its URL comes back by [`Shown::Returned`].
    pub fn redirect(mut self, redirect: Url) -> Self {
        self.way = Way::Elsewhere(redirect);
        self
    }

    /// Gets tokens in a way that takes no person: client credentials, an identity provider, an assertion.
    pub fn grant(mut self, grant: Grant) -> Self {
        self.way = match grant {
            Grant::AuthorizationCode { redirect } => Way::Elsewhere(redirect),
            grant => Way::Machine(grant),
        };
        self
    }

    /// Whose logins these are: those of one principal are no other's. By default they belong to whoever runs the
    /// program.
    pub fn principal(mut self, name: impl Into<String>) -> Self {
        self.principal = name.into();
        self
    }

    /// Is known to the authorization server as this client, which somebody registered there.
    pub fn preregistered(mut self, client: Preregistered) -> Self {
        self.identity.preregistered = Some(client);
        self
    }

    /// Says who the client is by this document of its own, where the authorization server takes that.
    ///
    /// See [Client ID Metadata Documents](https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization/client-registration#client-id-metadata-documents).
    pub fn metadata_url(mut self, url: Url) -> Self {
        self.identity.metadata_url = Some(url);
        self
    }

    /// Says this of the client when it registers itself; by default the name that servers are told too.
    pub fn registered_as(mut self, client: Dynamic) -> Self {
        self.registers = true;
        self.identity.dynamic = Some(client);
        self
    }

    /// Never registers the client by itself.
    pub fn without_registration(mut self) -> Self {
        self.registers = false;
        self.identity.dynamic = None;
        self
    }

    /// Asks for these scopes besides those that a server wants.
    pub fn scopes(mut self, scopes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.scopes = scopes.into_iter().map(Into::into).collect();
        self
    }

    /// Sets whether tokens are bound to a key of the client, so that nobody else can use them; by default where the
    /// server asks for it.
    pub fn dpop(mut self, dpop: Dpop) -> Self {
        self.dpop = dpop;
        self
    }

    /// What errors tell a person to run who has to log in first; by default `bowline login` and the URL.
    pub fn login_command(mut self, command: impl Into<String>) -> Self {
        self.command = Some(command.into());
        self
    }

    /// Lets servers name URLs that lead into the networks this machine is in, as they do inside of a company: private
    /// addresses, still over https. A hostile server can then make this machine send requests there.
    pub fn dangerously_allow_private_addresses(mut self, allowed: bool) -> Self {
        self.private = allowed;
        self
    }

    /// Takes the name that servers are told, where no other was set.
    pub(super) fn named(mut self, name: &str) -> Self {
        self.name.get_or_insert_with(|| name.to_owned());
        self
    }

    /// What a flow is told. `redirect` is where the browser comes back to, if that is a listener.
    fn settings(&self, server: &Url, redirect: Option<&Url>) -> Settings {
        let grant = match &self.way {
            Way::Machine(grant) => grant.clone(),
            Way::Elsewhere(redirect) => Grant::AuthorizationCode { redirect: redirect.clone() },
            Way::Loopback(_) => {
                // Without a listener nobody is asked, and it is not used.
                let redirect = redirect.unwrap_or(server).clone();
                Grant::AuthorizationCode { redirect }
            }
        };
        let mut settings = Settings::with_grant(server.clone(), grant);
        settings.principal.clone_from(&self.principal);
        settings.identity = self.identity.clone();
        if self.registers && settings.identity.dynamic.is_none() {
            let name = self.name.clone().unwrap_or_else(|| "bowline".to_owned());
            settings.identity.dynamic = Some(Dynamic { name, uri: None });
        }
        settings.scopes.clone_from(&self.scopes);
        settings.dpop = self.dpop;
        settings
    }

    /// Whether somebody who is not there may be needed.
    fn takes_a_person(&self) -> bool {
        !matches!(self.way, Way::Machine(_))
    }

    /// What to run to log in.
    fn command(&self, server: &Url) -> String {
        // A query may have secrets in it, and is known to whoever typed it.
        let shown = server.as_str().split('?').next().unwrap_or_default();
        self.command.clone().unwrap_or_else(|| format!("bowline login {shown}"))
    }
}
