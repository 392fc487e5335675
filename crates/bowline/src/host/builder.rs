//! What a host is told before it starts.

use super::Host;
use super::consent::{Ask, Consent, Elicit, Proposal};
use super::handle::Handle;
use super::logins::Logins;
use super::settings::{ServerSettings, Settings};
use super::shared::Shared;
use super::upstream::{Login, Plan};
use crate::client::{self, Asked, IntoTarget};
use crate::config::{Config, Environment, Resolved};
use crate::error::{Error, Result};
use bowline_types::discover::Implementation;
use bowline_types::input::{
    CreateMessageRequestParams, CreateMessageResult, ElicitRequestFormParams,
    ElicitRequestUrlParams, ElicitResult, Root,
};
use std::fmt;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;

/// What a host is told before it starts.
#[must_use = "a builder does nothing before it starts"]
pub struct Builder {
    pub(super) info: Implementation,
    pub(super) settings: Settings,
    pub(super) plans: Vec<Plan>,
    pub(super) consent: Option<Ask>,
    pub(super) elicit: Option<Elicit>,
    pub(super) visit: Option<Visit>,
    pub(super) sample: Option<Sample>,
    pub(super) roots: Option<Vec<Root>>,
    pub(super) clients: Option<Clients>,
    pub(super) folder: Option<PathBuf>,
    pub(super) logins: Logins,
    pub(super) authenticates: bool,
    pub(super) fault: Option<Error>,
}

type Handler<P, R> =
    Arc<dyn Fn(Asked, P) -> Pin<Box<dyn Future<Output = Result<R>> + Send>> + Send + Sync>;
pub(super) type Visit = Handler<ElicitRequestUrlParams, ElicitResult>;
pub(super) type Sample = Handler<CreateMessageRequestParams, CreateMessageResult>;
pub(super) type Clients = Arc<dyn Fn(client::Builder) -> client::Builder + Send + Sync>;

impl Default for Builder {
    fn default() -> Self {
        Self {
            info: Implementation::new("bowline", env!("CARGO_PKG_VERSION")),
            settings: Settings::default(),
            plans: Vec::new(),
            consent: None,
            elicit: None,
            visit: None,
            sample: None,
            roots: None,
            clients: None,
            folder: None,
            logins: Logins::default(),
            authenticates: false,
            fault: None,
        }
    }
}

impl Builder {
    /// Starts the host, and waits until each server has told what it offers or could not be started: one that is
    /// not there does not keep the others from being used, and is tried again.
    ///
    /// # Errors
    /// When something was set wrongly, or two servers have the same name for something and nothing tells them apart.
    pub async fn start(self) -> Result<Host> {
        let host = self.begin()?;
        host.settled().await?;
        Ok(host)
    }

    /// Starts the host without waiting for its servers. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// When something was set wrongly.
    pub fn begin(mut self) -> Result<Host> {
        if let Some(fault) = self.fault.take() {
            return Err(fault);
        }
        let plans = std::mem::take(&mut self.plans);
        let shared = Shared::new(self)?;
        shared.apply(plans);
        Ok(Host(Arc::new(Handle::new(shared))))
    }

    /// Sets what clients and servers are told the host is.
    pub fn info(mut self, name: impl Into<String>, version: impl Into<String>) -> Self {
        self.info = Implementation::new(name, version);
        self
    }

    /// Sets what flags and configs say of a host.
    pub fn settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    /// Adds a server under a name of its own.
    pub fn server(mut self, name: impl Into<Arc<str>>, target: impl IntoTarget) -> Self {
        let name = name.into();
        match target.into_target() {
            Ok(target) => self.plans.push(Plan {
                settings: ServerSettings::default(),
                tools: None,
                login: Login::default(),
                fingerprint: None,
                name,
                target,
            }),
            Err(error) => {
                let fault = format!("server `{}` cannot be had", name.escape_debug());
                self.fault.get_or_insert_with(|| Error::invalid(fault).because(error));
            }
        }
        self
    }

    /// Adds a server of a config.
    pub fn resolved(mut self, server: Resolved) -> Self {
        match plan(server) {
            Ok(plan) => self.plans.push(plan),
            Err(error) => drop(self.fault.get_or_insert(error)),
        }
        self
    }

    /// Adds the servers of a config that are not switched off, and takes the settings that stand under its key
    /// `bowline`.
    pub fn config(mut self, config: &Config, environment: &Environment) -> Self {
        match read(config, environment) {
            Ok((settings, plans)) => {
                self.settings = settings;
                self.plans.extend(plans);
            }
            Err(error) => drop(self.fault.get_or_insert(error)),
        }
        self
    }

    /// Sets who is asked before every call of a tool. Without it all are made.
    pub fn on_consent<F, A>(mut self, ask: F) -> Self
    where
        F: Fn(Proposal) -> A + Send + Sync + 'static,
        A: Future<Output = Consent> + Send + 'static,
    {
        self.consent = Some(Arc::new(move |proposal| Box::pin(ask(proposal))));
        self
    }

    /// Sets who fills in the forms of servers, for the calls of [`Host::call`]; [`Asked::server`] says whose.
    pub fn on_elicit<F, A>(mut self, answer: F) -> Self
    where
        F: Fn(Asked, ElicitRequestFormParams) -> A + Send + Sync + 'static,
        A: Future<Output = Result<ElicitResult>> + Send + 'static,
    {
        self.elicit = Some(Arc::new(move |asked, form| Box::pin(answer(asked, form))));
        self
    }

    /// Sets who visits the URLs of servers, for the calls of [`Host::call`].
    pub fn on_elicit_url<F, A>(mut self, answer: F) -> Self
    where
        F: Fn(Asked, ElicitRequestUrlParams) -> A + Send + Sync + 'static,
        A: Future<Output = Result<ElicitResult>> + Send + 'static,
    {
        self.visit = Some(Arc::new(move |asked, visit| Box::pin(answer(asked, visit))));
        self
    }

    /// Sets whose model servers may use, for the calls of [`Host::call`].
    pub fn on_sample<F, A>(mut self, answer: F) -> Self
    where
        F: Fn(Asked, CreateMessageRequestParams) -> A + Send + Sync + 'static,
        A: Future<Output = Result<CreateMessageResult>> + Send + 'static,
    {
        self.sample = Some(Arc::new(move |asked, params| Box::pin(answer(asked, params))));
        self
    }

    /// Sets the roots that servers are told of, for the calls of [`Host::call`].
    pub fn roots(mut self, roots: Vec<Root>) -> Self {
        self.roots = Some(roots);
        self
    }

    /// Changes how the client of each server is built: certificates, limits, where its messages are written down.
    pub fn clients(
        mut self,
        change: impl Fn(client::Builder) -> client::Builder + Send + Sync + 'static,
    ) -> Self {
        self.clients = Some(Arc::new(change));
        self
    }

    /// Sets whether callers have to prove who they are before they come here. Then a login of whoever runs the host is
    /// used for them only where [`Credentials::Shared`](super::Credentials::Shared) says so; without it, all callers are
    /// whoever runs the host.
    pub fn callers_authenticate(mut self, authenticate: bool) -> Self {
        self.authenticates = authenticate;
        self
    }

    /// Keeps in this folder what servers of configs offer, so that they are started only when they are needed.
    pub fn remember_in(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = Some(folder.into());
        self
    }
}

/// What a config says of a host, and its servers that are not switched off.
pub(super) fn read(config: &Config, environment: &Environment) -> Result<(Settings, Vec<Plan>)> {
    let setup = config.setup(environment);
    let setup = setup.map_err(|problems| Error::invalid(problems.to_string()))?;
    let plans: Result<_> = setup.servers.into_iter().map(plan).collect();
    Ok((setup.bowline.settings, plans?))
}

pub(super) fn plan(server: Resolved) -> Result<Plan> {
    // How long its requests may take is not what tells servers apart, and is treated as such.
    let timeout = server.timeout.map_or(0, |timeout| timeout.as_millis());
    Ok(Plan {
        name: server.name.as_str().into(),
        tools: server.tools.clone(),
        settings: ServerSettings::default(),
        login: Login::default(),
        fingerprint: Some(format!("{} {timeout}", server.fingerprint())),
        target: server.into_target()?,
    })
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("settings", &self.settings).finish_non_exhaustive()
    }
}
