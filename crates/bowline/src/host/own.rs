//! Servers that each caller uses with a login of his own.
//!
//! Such a server is one for each of its callers: with instances, lists and listeners of its own, so that nothing of one
//! reaches another. What everybody is shown of it is a tool that says how to log in.

use super::catalogue::{Catalogue, Offer};
use super::fault;
use super::settings::Credentials;
use super::shared::{Shared, lock};
use super::upstream::{self, Login, Plan, Upstream};
use crate::context::Context;
use crate::principal::{Principal, PrincipalKind};
use bowline_protocol::outcome::{Body, Outcome};
use bowline_types::content::ContentBlock;
use bowline_types::jsonrpc::ErrorObject;
use bowline_types::tool::CallToolResult;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// The servers of single callers, and what those are shown.
#[derive(Default)]
pub(super) struct Own {
    servers: Mutex<HashMap<Whose, Arc<Upstream>>>,
    /// What callers are shown, of which catalogue of all.
    shown: Mutex<HashMap<Principal, Shown>>,
}

/// A server and one of its callers.
type Whose = (Arc<str>, Principal);

/// What all are shown, and what one caller is shown of that.
type Shown = (Arc<Catalogue>, Arc<Catalogue>);

/// Servers of single callers, and callers with something else to be shown: of all together.
pub(super) const MOST: usize = 1024;

/// The tool that says how to log in.
pub(super) const LOGIN: &str = "login";

/// The server that a caller uses.
pub(super) enum Theirs {
    Server(Arc<Upstream>),
    /// He has no login there yet.
    Nobodys,
    /// As many callers as there may be have one now.
    Full,
}

impl Shared {
    /// How somebody's calls of a server are used: by which login they are known there.
    ///
    /// Who has proved nothing, or is at the other end of our own pipes, is whoever runs the host, as long as nobody has
    /// to prove anything.
    fn login_of(&self, principal: &Principal) -> Option<Login> {
        if !self.authenticates {
            return Some(Login::Host);
        }
        match principal.kind() {
            PrincipalKind::Anonymous => None,
            PrincipalKind::Process if is_ourselves(principal.name()) => Some(Login::Host),
            _ => Some(Login::Of(principal.clone())),
        }
    }

    /// Whether each caller of a server uses it with a login of his own.
    pub(super) fn is_own(&self, upstream: &Upstream) -> bool {
        self.authenticates
            && self.logins.are_kept()
            && upstream.plan.target.login_url().is_some()
            && match upstream.plan.settings.credentials {
                Some(Credentials::Own) => true,
                Some(Credentials::Shared) => false,
                None => upstream.is_guarded(),
            }
    }

    /// With whose login a server of everybody is started.
    pub(super) fn login_for(&self, plan: &Plan) -> Login {
        match plan.settings.credentials {
            None | Some(Credentials::Own) if self.authenticates => Login::Nobody,
            _ => Login::Host,
        }
    }

    /// The server that somebody uses under a name.
    pub(super) fn theirs(&self, of: &Arc<Upstream>, principal: &Principal) -> Theirs {
        if !self.is_own(of) {
            return Theirs::Server(of.clone());
        }
        let key = (of.name().clone(), principal.clone());
        if let Some(known) = lock(&self.own.servers).get(&key) {
            return Theirs::Server(known.clone());
        }
        let Some(login) = self.login_of(principal) else { return Theirs::Nobodys };
        let whose = match &login {
            Login::Of(principal) => Some(principal),
            Login::Host | Login::Nobody => None,
        };
        // A small file is read, once until there is a server: not worth a thread.
        if !self.logins.is_made(&of.plan, whose) {
            return Theirs::Nobodys;
        }
        // What it offers is nobody else's business, also not on disk.
        let plan = Plan { login, fingerprint: None, ..of.plan.clone() };
        let mut servers = lock(&self.own.servers);
        if let Some(known) = servers.get(&key) {
            return Theirs::Server(known.clone());
        }
        if servers.len() >= MOST {
            let idle = servers.iter().find(|(_, one)| one.instances().is_empty());
            let Some(idle) = idle.map(|(key, _)| key.clone()) else { return Theirs::Full };
            servers.remove(&idle);
        }
        let upstream = Upstream::new(plan, of.hosting());
        servers.insert(key, upstream.clone());
        drop(servers);
        upstream::begin(&upstream);
        Theirs::Server(upstream)
    }

    /// All servers of single callers.
    pub(super) fn of_callers(&self) -> Vec<(Principal, Arc<Upstream>)> {
        let servers = lock(&self.own.servers);
        servers.iter().map(|((_, principal), one)| (principal.clone(), one.clone())).collect()
    }

    /// Takes out the servers of single callers for which this is so.
    pub(super) fn take_own(&self, wanted: impl Fn(&str, &Principal) -> bool) -> Vec<Arc<Upstream>> {
        let mut servers = lock(&self.own.servers);
        let out: Vec<_> = servers.keys().filter(|(name, who)| wanted(name, who)).cloned().collect();
        out.iter().filter_map(|key| servers.remove(key)).collect()
    }

    /// What somebody is shown: all that everybody is, and his own.
    pub(super) fn shown_to(&self, all: &Arc<Catalogue>, principal: &Principal) -> Arc<Catalogue> {
        if !all.has_own() {
            return all.clone();
        }
        if let Some((of, shown)) = lock(&self.own.shown).get(principal)
            && Arc::ptr_eq(of, all)
        {
            return shown.clone();
        }
        let offers: Vec<_> = self
            .all()
            .into_iter()
            .map(|upstream| {
                let offer = match self.theirs(&upstream, principal) {
                    Theirs::Server(theirs) => theirs.offer().unwrap_or_else(unknown),
                    Theirs::Nobodys => login(upstream.name()),
                    Theirs::Full => unknown(),
                };
                (upstream.name().clone(), offer)
            })
            .collect();
        let shown = Arc::new(self.catalogue_of(&offers).0);
        let mut known = lock(&self.own.shown);
        if known.len() >= MOST {
            known.retain(|_, (of, _)| Arc::ptr_eq(of, all));
        }
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(principal.clone(), (all.clone(), shown.clone()));
        shown
    }

    /// A login was made: whoever made it uses another server from now on.
    #[cfg_attr(not(feature = "auth"), expect(dead_code, reason = "only pages make logins"))]
    pub(super) fn logged_in(&self, server: &str, who: Option<&Principal>) {
        let gone = self.take_own(|name, principal| name == server && Some(principal) == who);
        for upstream in gone {
            tokio::spawn(async move { upstream.leave(std::time::Duration::ZERO).await });
        }
        self.offered_again();
    }

    /// Says how a caller gets a login at a server.
    ///
    /// # Errors
    /// That the caller has to log in, where it cannot be asked to.
    pub(super) fn ask_login(
        &self,
        cx: &Context,
        of: &Upstream,
        is_asked_for: bool,
    ) -> Result<Outcome, ErrorObject> {
        let name = of.name();
        let login = match self.login_of(cx.principal()) {
            // That of whoever runs the host is not for others to make.
            Some(_) if self.authenticates && !self.is_own(of) => None,
            login => login,
        };
        let Some(login) = login else {
            return Err(fault::wants_login(name, None));
        };
        let whose = match &login {
            Login::Of(principal) => Some(principal),
            Login::Host | Login::Nobody => None,
        };
        let program = cx.client_info().map(|info| info.name);
        let url = match self.logins.link(&of.plan, whose, program) {
            Ok(url) => url,
            Err(error) => {
                tracing::info!(target: "bowline::host", server = &**name, "nobody can log in: {error}");
                return Err(fault::wants_login(name, None));
            }
        };
        let message = format!("Log in to {name}, to go on with this.");
        match self.bridge.visit(cx, name, message, &url) {
            Err(None) if is_asked_for => Ok(said(&format!(
                "To log in to {name}, open this URL in a browser: {url} (it is good once, for some minutes, and only for \
                 you). List the tools again then."
            ))),
            Err(None) => Err(fault::wants_login(name, Some(&url))),
            Err(Some(error)) => Err(error),
            Ok(outcome) => Ok(outcome),
        }
    }
}

/// Whether a process that goes by this name is of whoever runs the host.
fn is_ourselves(process: &str) -> bool {
    matches!(process, "stdio" | "memory") || our_user().is_some_and(|user| process == user)
}

#[cfg(unix)]
fn our_user() -> Option<String> {
    Some(format!("uid:{}", rustix::process::geteuid().as_raw()))
}

#[cfg(not(unix))]
fn our_user() -> Option<String> {
    None
}

/// What everybody is shown of a server that nobody has logged in to.
pub(super) fn login(server: &str) -> Arc<Offer> {
    Arc::new(Offer::login(server, LOGIN))
}

fn unknown() -> Arc<Offer> {
    Arc::new(Offer::unknown())
}

/// The result of a tool, in words.
pub(super) fn said(text: &str) -> Outcome {
    match Body::encode(CallToolResult::new(vec![ContentBlock::text(text)])) {
        Ok(body) => Outcome::complete(body),
        Err(_) => ErrorObject::internal_error("the result cannot be encoded").into(),
    }
}
