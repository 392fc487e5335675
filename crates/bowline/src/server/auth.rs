//! Who may call what, and who called.

use super::Server;
use super::function::FromCall;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::principal::{Principal, PrincipalKind};
use crate::scopes::{Asked, Scopes, is_scope};
use bowline_types::jsonrpc::ErrorObject;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::sync::atomic::Ordering;

/// Who calls, for a handler: a principal that was let in by a token, what is claimed of it, and its scopes.
///
/// `C` is what the handler needs of the claims. A call without a token, or whose claims lack something of `C`, is answered
/// with an error before the handler starts.
///
/// ```
/// use bowline::Server;
/// use bowline::server::Auth;
/// use bowline::types::tool::Tool;
///
/// #[derive(serde::Deserialize)]
/// struct Claims {
///     email: String,
/// }
///
/// let server = Server::new("me", "1.0.0")
///     .tool(Tool::new("whoami"), |auth: Auth<Claims>| async move { auth.claims.email });
/// assert!(server.check().is_ok());
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Auth<C = Map<String, Value>> {
    /// Who it is.
    pub principal: Principal,
    /// What the authorization server says of it; nothing (`{}`) of one that is known here by its token.
    pub claims: C,
    /// What it was granted, and what that implies.
    pub scopes: Scopes,
}

impl<C: DeserializeOwned + Send> FromCall for Auth<C> {
    fn from_call(cx: &Context) -> Result<Self> {
        let principal = cx.principal();
        if !principal.is_authenticated() {
            let error = ErrorObject::invalid_request("this needs a token, and there was none");
            return Err(Error::rpc_error(error));
        }
        let scopes = Scopes::new(principal.scopes());
        Ok(Self { principal: principal.clone(), claims: cx.claims()?, scopes })
    }
}

impl Server {
    /// Refuses requests of a method, such as `tools/call`, whose sender lacks one of these scopes.
    ///
    /// As with [`ToolExt::scopes`](super::ToolExt::scopes), which come on top for a tool.
    #[must_use]
    pub fn scope<'a>(self, method: &str, scopes: impl IntoIterator<Item = &'a str>) -> Self {
        let scopes = Scopes::new(scopes);
        let server = match scopes.iter().find(|scope| !is_scope(scope)) {
            Some(wrong) => self.fault(format_args!("scopes of `{method}`: {wrong:?} is no scope")),
            None => self,
        };
        server.ask_for_scopes(!scopes.is_empty());
        server.set(|settings| {
            settings.scopes.entry(method.into()).or_default().add(scopes.iter());
        })
    }

    /// Grants scopes to processes at the other end of a pipe or socket. They have no tokens, so that by default they
    /// cannot call what needs a scope.
    #[must_use]
    pub fn process_scopes<'a>(self, scopes: impl IntoIterator<Item = &'a str>) -> Self {
        let scopes = Scopes::new(scopes);
        self.set(|settings| settings.process_scopes.add(scopes.iter()))
    }

    /// From now on requests are looked at for the scopes that they need.
    pub(super) fn ask_for_scopes(&self, needed: bool) {
        self.0.scoped.fetch_or(needed, Ordering::Relaxed);
    }

    /// Refuses a request whose sender lacks scopes.
    pub(super) fn admit(&self, cx: &Context) -> Result<(), ErrorObject> {
        let from = cx.principal();
        let needed = self.needed(&Asked::of(cx.request().message()), from);
        if needed.are_granted(from) || self.grants(from, &needed) {
            return Ok(());
        }
        Err(needed.refusal())
    }

    /// What a request needs. Of what its sender may not know it needs nothing more, so that it tells nothing.
    pub(super) fn needed(&self, asked: &Asked<'_>, from: &Principal) -> Scopes {
        if !self.0.scoped.load(Ordering::Relaxed) {
            return Scopes::default();
        }
        let method = asked.method();
        let mut needed = self.settings().scopes.get(&*method).cloned().unwrap_or_default();
        if method == "tools/call"
            && let Some(name) = asked.name()
        {
            let catalogue = self.catalogue();
            if let Some(item) = catalogue.find(&catalogue.tools, from, &name) {
                needed.add(item.scopes.iter());
            }
        }
        needed
    }

    fn grants(&self, from: &Principal, needed: &Scopes) -> bool {
        let granted = &self.settings().process_scopes;
        from.kind() == PrincipalKind::Process
            && needed.iter().all(|scope| granted.iter().any(|granted| granted == scope))
    }
}
