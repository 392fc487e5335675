//! Everything of one host.

use super::access::Rules;
use super::builder::{Builder, Clients, Sample, Visit};
use super::catalogue::{Catalogue, Collision, Offer, Stored};
use super::consent::{Ask, Elicit};
use super::fault;
use super::logins::Logins;
use super::monitor::Monitor;
use super::needs::Needs;
use super::own::{self, Own, Theirs};
use super::settings::{Isolation, Profile, ServerSettings, Settings};
use super::upstream::{self, Hosting, Owner, Plan, Upstream};
use super::view::{Errand, Later, Upstreams, Watch};
use crate::bridge::Bridge;
use crate::client::forward::Onward;
use crate::client::{self, Asked, Client};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::principal::Principal;
use crate::service::Answer;
use bowline_protocol::limits::Limits;
use bowline_protocol::outcome::{Body, Outcome};
use bowline_protocol::scan::{Message, Raw};
use bowline_types::discover::Implementation;
use bowline_types::input::Root;
use bowline_types::jsonrpc::ErrorObject;
use bowline_types::subscription::SubscriptionFilter;
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, Weak};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::Instant;

/// Everything of one host.
pub(crate) struct Shared {
    me: Weak<Self>,
    pub(super) info: Implementation,
    pub(super) info_text: Raw,
    pub(super) settings: RwLock<Settings>,
    /// In the order of the config.
    pub(super) upstreams: RwLock<Vec<Arc<Upstream>>>,
    catalogue: watch::Sender<Arc<Catalogue>>,
    /// Catalogues are made one after the other; inside, what collided when the last one was.
    merging: Mutex<Option<Collision>>,
    pub(super) bridge: Arc<Bridge>,
    pub(super) consent: Option<Ask>,
    pub(super) elicit: Option<Elicit>,
    visit: Option<Visit>,
    sample: Option<Sample>,
    roots: Option<Vec<Root>>,
    clients: Option<Clients>,
    stored: Option<Stored>,
    pub(super) logins: Logins,
    /// Whether callers have to prove who they are.
    pub(super) authenticates: bool,
    pub(super) own: Own,
    pub(super) monitor: Arc<Monitor>,
    sweeper: Mutex<Option<AbortHandle>>,
    pub(super) born: Instant,
}

/// How long calls that a server has may go on when it is removed.
const DRAIN: Duration = Duration::from_secs(10);

/// How long whoever starts a host waits for its servers.
const START: Duration = Duration::from_secs(30);

/// How long a request of all servers waits for those that have not told what they offer.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often it is looked for instances that nobody needs, or that need too much.
const SWEEP: Duration = Duration::from_secs(1);

/// How often it is looked at what processes use while nobody asks.
const LOOK: Duration = Duration::from_secs(10);

impl Shared {
    pub(super) fn new(builder: Builder) -> Result<Arc<Self>> {
        let Builder {
            info,
            settings,
            consent,
            elicit,
            visit,
            sample,
            roots,
            clients,
            folder,
            logins,
            authenticates,
            ..
        } = builder;
        let info_text = Raw::encode(&info)?;
        let shared = Arc::new_cyclic(|me| Self {
            me: me.clone(),
            info,
            info_text,
            settings: RwLock::new(settings),
            upstreams: RwLock::default(),
            catalogue: watch::Sender::new(Arc::default()),
            merging: Mutex::default(),
            bridge: Arc::default(),
            consent,
            elicit,
            visit,
            sample,
            roots,
            clients,
            stored: folder.map(Stored::at),
            logins,
            authenticates,
            own: Own::default(),
            monitor: Arc::new(Monitor::new(LOOK)),
            sweeper: Mutex::default(),
            born: Instant::now(),
        });
        // Owned by the host: it ends with it.
        let sweeper = tokio::spawn(sweep(Arc::downgrade(&shared)));
        *lock(&shared.sweeper) = Some(sweeper.abort_handle());
        Ok(shared)
    }

    /// Makes these the servers of configs: those that are the same stay untouched, and so do those of no config.
    pub(super) fn apply(&self, plans: Vec<Plan>) {
        let (mut gone, mut gone_own) = (Vec::new(), Vec::new());
        let mut new: Vec<Arc<Upstream>> = Vec::new();
        {
            let mut upstreams = write(&self.upstreams);
            let names: Vec<_> = upstreams.iter().map(|one| one.name().clone()).collect();
            let mut old: HashMap<Arc<str>, Arc<Upstream>> =
                upstreams.drain(..).map(|one| (one.name().clone(), one)).collect();
            for mut plan in plans {
                plan.settings = self.settings_of(&plan.name);
                plan.login = self.login_for(&plan);
                match old.remove(&plan.name) {
                    Some(same) if same.plan.is_same(&plan) => upstreams.push(same),
                    changed => {
                        gone.extend(changed);
                        let upstream = Upstream::new(plan, self.me.clone());
                        new.push(upstream.clone());
                        upstreams.push(upstream);
                    }
                }
            }
            let left = names.iter().filter_map(|name| old.remove(name));
            let (of_config, others): (Vec<_>, Vec<_>) =
                left.partition(|one| one.plan.fingerprint.is_some());
            gone.extend(of_config);
            upstreams.extend(others);
        }
        for upstream in &new {
            self.begin(upstream);
        }
        for one in &gone {
            let name = one.name().clone();
            gone_own.extend(self.take_own(|server, _| *server == *name));
        }
        for upstream in gone.into_iter().chain(gone_own) {
            tokio::spawn(async move { upstream.leave(DRAIN).await });
        }
        self.merge();
    }

    fn begin(&self, upstream: &Arc<Upstream>) {
        if self.is_own(upstream) {
            // Nobody uses it but with a server of his own.
            upstream.rest();
        } else {
            upstream::begin(upstream);
        }
    }

    pub(super) fn add(&self, mut plan: Plan) -> Result<Arc<Upstream>> {
        plan.login = self.login_for(&plan);
        if self.upstream(&plan.name).is_some() {
            let name = plan.name.escape_debug();
            return Err(Error::invalid(format!("there is a server `{name}` already")));
        }
        let upstream = Upstream::new(plan, self.me.clone());
        write(&self.upstreams).push(upstream.clone());
        self.begin(&upstream);
        Ok(upstream)
    }

    pub(super) async fn remove(&self, name: &str) {
        let removed = {
            let mut upstreams = write(&self.upstreams);
            let place = upstreams.iter().position(|one| &**one.name() == name);
            place.map(|place| upstreams.remove(place))
        };
        if let Some(upstream) = removed {
            self.merge();
            let own = self.take_own(|server, _| server == name);
            for own in own {
                tokio::spawn(async move { own.leave(DRAIN).await });
            }
            upstream.leave(DRAIN).await;
        }
    }

    pub(super) fn upstream(&self, name: &str) -> Option<Arc<Upstream>> {
        read(&self.upstreams).iter().find(|upstream| &**upstream.name() == name).cloned()
    }

    pub(super) fn all(&self) -> Vec<Arc<Upstream>> {
        read(&self.upstreams).clone()
    }

    pub(super) fn names(&self) -> Vec<Arc<str>> {
        self.all().iter().map(|upstream| upstream.name().clone()).collect()
    }

    pub(super) fn set_settings(&self, settings: Settings) {
        *write(&self.settings) = settings;
    }

    pub(super) fn settings_of(&self, name: &str) -> ServerSettings {
        let settings = read(&self.settings).servers.get(name).cloned().unwrap_or_default();
        // Who may use a server does not make it another.
        ServerSettings { access: None, scopes: Vec::new(), ..settings }
    }

    pub(super) fn profile(&self, name: &str) -> Option<Profile> {
        read(&self.settings).profiles.iter().find(|profile| profile.name == name).cloned()
    }

    /// Waits until of each server it is known what it offers, or that it cannot be started; no longer than a host that
    /// starts waits.
    pub(super) async fn all_tried(&self) {
        self.all_tried_within(START).await;
    }

    async fn all_tried_within(&self, patience: Duration) {
        let deadline = Instant::now() + patience;
        for upstream in self.all() {
            let _ = tokio::time::timeout_at(deadline, upstream.tried()).await;
        }
    }

    pub(super) fn collision(&self) -> Option<Collision> {
        lock(&self.merging).clone()
    }

    /// A client to be, with the handlers of this host.
    pub(super) fn client_of_own(&self) -> client::Builder {
        let mut builder = Client::builder().implementation(self.info.clone());
        if let Some(answer) = self.elicit.clone() {
            let me = self.me.clone();
            builder = builder.on_elicit(move |asked, form| answer(named(&me, asked), form));
        }
        if let Some(answer) = self.visit.clone() {
            let me = self.me.clone();
            builder = builder.on_elicit_url(move |asked, url| answer(named(&me, asked), url));
        }
        if let Some(answer) = self.sample.clone() {
            let me = self.me.clone();
            builder = builder
                .on_sample_with_tools(move |asked, params| answer(named(&me, asked), params));
        }
        match self.roots.clone() {
            Some(roots) => builder.roots(roots),
            None => builder,
        }
    }

    pub(super) async fn close(&self) {
        if let Some(sweeper) = lock(&self.sweeper).take() {
            sweeper.abort();
        }
        self.bridge.close();
        let upstreams = std::mem::take(&mut *write(&self.upstreams));
        let leaving: Vec<_> = upstreams
            .into_iter()
            .chain(self.take_own(|_, _| true))
            .map(|upstream| tokio::spawn(async move { upstream.leave(Duration::ZERO).await }))
            .collect();
        for leaving in leaving {
            let _ = leaving.await;
        }
    }

    /// Merges what the servers offer just now.
    fn merge(&self) {
        let mut last = lock(&self.merging);
        let offers: Vec<_> = self
            .all()
            .into_iter()
            .map(|upstream| {
                // What it may have is declared, since sessions are told of that only once.
                let unknown = || Arc::new(Offer::unknown());
                let offer = if self.is_own(&upstream) {
                    own::login(upstream.name())
                } else {
                    upstream.offer().unwrap_or_else(unknown)
                };
                (upstream.name().clone(), offer)
            })
            .collect();
        let (catalogue, collisions) = self.catalogue_of(&offers);
        for collision in &collisions {
            tracing::warn!(target: "bowline::host", "{collision}");
        }
        *last = collisions.into_iter().next();
        self.catalogue.send_replace(Arc::new(catalogue));
    }

    /// These offers together.
    pub(super) fn catalogue_of(
        &self,
        offers: &[(Arc<str>, Arc<Offer>)],
    ) -> (Catalogue, Vec<Collision>) {
        let (naming, access, needs) = {
            let settings = read(&self.settings);
            (settings.naming, Rules::of(&settings), Needs::of(&settings))
        };
        let offers = offers.iter().map(|(name, offer)| (&**name, &**offer));
        let (catalogue, collisions) = Catalogue::settle(naming, offers);
        let own = self.authenticates && self.all().iter().any(|upstream| self.is_own(upstream));
        (catalogue.with_access(access).with_needs(needs).with_own(own), collisions)
    }

    pub(super) fn offered_again(&self) {
        self.merge();
    }

    /// How connections to servers are made.
    #[cfg(feature = "auth")]
    pub(super) fn http_options(&self) -> crate::transport::http::client::Options {
        let builder = Client::builder();
        let builder = match &self.clients {
            Some(change) => change(builder),
            None => builder,
        };
        builder.http_options().clone()
    }

    async fn carry(&self, cx: &Context, errand: Errand) -> Result<Outcome, ErrorObject> {
        let Errand { server, method, params, tool } = errand;
        let Some(upstream) = self.upstream(&server) else {
            return Err(fault::gone(&server));
        };
        if let Some(tool) = &tool
            && self.consent.is_some()
            && !self.bridge.goes_on(cx, &server)
        {
            Box::pin(self.consent(cx, &server, tool)).await?;
        }
        if let Some(outcome) = self.bridge.resume(cx, &server).await {
            return Ok(outcome);
        }
        let wants_login = |outcome: &Result<Outcome, ErrorObject>| {
            let error = match outcome {
                Err(error) | Ok(Outcome::Error(error)) => Some(error),
                Ok(_) => None,
            };
            error.is_some_and(|error| error.code == fault::WANTS_LOGIN)
        };
        let is_login = tool.as_deref() == Some(own::LOGIN) && self.is_own(&upstream);
        let theirs = match self.theirs(&upstream, cx.principal()) {
            Theirs::Server(theirs) => theirs,
            Theirs::Nobodys => return self.ask_login(cx, &upstream, is_login),
            Theirs::Full => return Err(fault::busy(upstream.name(), own::MOST)),
        };
        // A login was refused, before anything was done: another one may do.
        let again = (self.authenticates && !self.is_own(&upstream))
            .then(|| (method.clone(), params.clone(), tool.clone()));
        let outcome = self.send(cx, &theirs, method, params, tool).await;
        if !wants_login(&outcome) {
            return outcome;
        }
        theirs.guard();
        if let Some((method, params, tool)) = again
            && self.is_own(&upstream)
            && let Theirs::Server(theirs) = self.theirs(&upstream, cx.principal())
        {
            let outcome = self.send(cx, &theirs, method, params, tool).await;
            if !wants_login(&outcome) {
                return outcome;
            }
        }
        self.ask_login(cx, &upstream, false)
    }

    async fn send(
        &self,
        cx: &Context,
        upstream: &Arc<Upstream>,
        method: Cow<'static, str>,
        params: Body,
        tool: Option<Arc<str>>,
    ) -> Result<Outcome, ErrorObject> {
        let lease = upstream.lease(cx).await?;
        let onward = Onward::of(cx, method, params);
        let onward = match tool {
            Some(tool) => onward.tool(tool),
            None => onward,
        };
        Ok(self.bridge.carry(cx, upstream.name(), lease, onward).await)
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        if let Some(sweeper) = lock(&self.sweeper).take() {
            sweeper.abort();
        }
        let own = self.take_own(|_, _| true);
        for upstream in self.all().into_iter().chain(own) {
            upstream.end();
        }
    }
}

impl Hosting for Shared {
    fn client(&self, plan: &Plan) -> client::Builder {
        let limits = Limits::default().reconnects(u32::MAX);
        let builder = Client::builder().implementation(self.info.clone()).limits(limits);
        let builder = match &self.clients {
            Some(change) => change(builder),
            None => builder,
        };
        self.logins.authorize(builder, plan)
    }

    fn offered(&self) {
        self.merge();
    }

    fn stored(&self) -> Option<&Stored> {
        self.stored.as_ref()
    }

    fn isolation(&self) -> Option<Isolation> {
        read(&self.settings).isolation
    }

    fn idle_stop(&self) -> Option<Duration> {
        read(&self.settings).idle_stop
    }

    fn monitor(&self) -> &Arc<Monitor> {
        &self.monitor
    }
}

impl Upstreams for Shared {
    fn catalogue(&self) -> Arc<Catalogue> {
        self.catalogue.borrow().clone()
    }

    fn changes(&self) -> watch::Receiver<Arc<Catalogue>> {
        self.catalogue.subscribe()
    }

    fn settled(
        self: Arc<Self>,
        server: Option<Arc<str>>,
        principal: Principal,
    ) -> Later<Arc<Catalogue>> {
        Box::pin(async move {
            match server {
                Some(server) => {
                    if let Some(upstream) = self.upstream(&server) {
                        let tried = async {
                            upstream.tried().await;
                            if let Theirs::Server(theirs) = self.theirs(&upstream, &principal) {
                                theirs.tried().await;
                            }
                        };
                        let _ = tokio::time::timeout(START, tried).await;
                    }
                }
                None => {
                    let deadline = Instant::now() + PATIENCE;
                    self.all_tried_within(PATIENCE).await;
                    let all = self.all();
                    for upstream in all.into_iter().filter(|upstream| self.is_own(upstream)) {
                        if let Theirs::Server(theirs) = self.theirs(&upstream, &principal) {
                            let _ = tokio::time::timeout_at(deadline, theirs.tried()).await;
                        }
                    }
                }
            }
            self.catalogue()
        })
    }

    fn shown_to(&self, all: &Arc<Catalogue>, principal: &Principal) -> Arc<Catalogue> {
        Self::shown_to(self, all, principal)
    }

    fn forward(self: Arc<Self>, cx: Context, errand: Errand) -> Answer {
        Answer::new(async move {
            match self.carry(&cx, errand).await {
                Ok(outcome) => outcome,
                Err(error) => error.into(),
            }
        })
    }

    fn subscribe(
        self: Arc<Self>,
        cx: Context,
        server: Arc<str>,
        uris: Vec<String>,
    ) -> Later<Result<Watch>> {
        Box::pin(async move {
            let upstream = self.upstream(&server);
            let upstream = upstream.ok_or_else(|| Error::rpc_error(fault::gone(&server)))?;
            let Theirs::Server(upstream) = self.theirs(&upstream, cx.principal()) else {
                return Err(Error::rpc_error(fault::wants_login(&server, None)));
            };
            let call = upstream.instance(&upstream.key(&cx)).await?;
            let filter = SubscriptionFilter::new().resource_subscriptions(uris);
            let subscription = call.instance.client.subscribe(filter).await?;
            Ok(Watch { subscription, hold: Some(Box::new(call)) })
        })
    }

    fn notify(&self, from: &Principal, server: Option<&str>, notification: &Message) {
        let method = notification.method().into_owned();
        let is_roots = method == "notifications/roots/list_changed";
        if !is_roots && server.is_none() {
            // Of several servers nobody can say for which one it is.
            return;
        }
        let params = notification.params();
        let Ok(params) = params.map_or_else(|| Ok(Body::empty()), |params| split(&params)) else {
            return;
        };
        let wanted =
            |upstream: &&Arc<Upstream>| server.is_none_or(|server| &**upstream.name() == server);
        let own = self.of_callers().into_iter().filter(|(whose, _)| whose == from);
        let all: Vec<_> = self.all().into_iter().chain(own.map(|(_, upstream)| upstream)).collect();
        for upstream in all.iter().filter(wanted) {
            for (owner, instance) in upstream.instances() {
                let is_theirs = match &owner {
                    Owner::Everybody => !is_roots,
                    Owner::Principal(principal) | Owner::Session(principal, _) => principal == from,
                };
                if is_theirs && (!is_roots || !instance.client.is_modern()) {
                    let (client, method, params) =
                        (instance.client.clone(), method.clone(), params.clone());
                    // It waits for nothing but a place in the stream.
                    tokio::spawn(async move { client.pass(&method, &params).await });
                }
            }
        }
    }
}

/// The params of a notification, `_meta` apart.
fn split(params: &Raw) -> Result<Body> {
    let mut members: serde_json::Map<String, serde_json::Value> = params.decode()?;
    let meta = members.remove("_meta");
    let body = Body::of(&members)?;
    Ok(match meta {
        Some(meta) => body.with_meta(&meta)?,
        None => body,
    })
}

/// Who asks, by the name that the host has for it: the server of the tool that is called.
#[allow(clippy::needless_pass_by_value, reason = "it is asked for another in its place")]
fn named(me: &Weak<Shared>, asked: Asked) -> Asked {
    let request = asked.request().map(Arc::from);
    let tool = asked.request().and_then(|request| request.strip_prefix("tools/call "));
    let route = tool.zip(me.upgrade()).and_then(|(tool, me)| {
        let catalogue = Upstreams::catalogue(&*me);
        catalogue.tool(tool).map(|route| (route.server.clone(), route.name.clone()))
    });
    match route {
        Some((server, tool)) => Asked::new(server, Some(format!("tools/call {tool}").into())),
        None => Asked::new(asked.server().into(), request),
    }
}

/// Looks after the instances, until the host is gone.
async fn sweep(shared: Weak<Shared>) {
    let mut tick = tokio::time::interval(SWEEP);
    loop {
        tick.tick().await;
        let Some(shared) = shared.upgrade() else {
            return;
        };
        let upstreams = shared.all();
        if upstreams.iter().any(|upstream| upstream.plan.settings.max_memory.is_some()) {
            shared.monitor.look().await;
        }
        let own = shared.of_callers().into_iter().map(|(_, upstream)| upstream);
        for upstream in upstreams.into_iter().chain(own) {
            upstream.sweep();
        }
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing that runs under these locks can leave what they hold half-changed.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn read<T>(lock: &RwLock<T>) -> std::sync::RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> std::sync::RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}
