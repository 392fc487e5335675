//! What an endpoint asks of whoever calls it.

use super::introspection::Introspection;
use super::issuer::Issuer;
use crate::error::{Error, Result};
use crate::scopes::is_scope;
use bowline_auth::Url;
use bowline_auth::url::Scheme;
use std::collections::BTreeMap;
use std::fmt;

/// What an endpoint asks of whoever calls it: a token of an authorization server, made for this endpoint, with the
/// scopes that the call needs.
///
/// ```
/// use bowline::transport::http::{Endpoint, Issuer, Protected};
///
/// # fn main() -> bowline::Result<()> {
/// let protected = Protected::new("https://mcp.example.com/mcp")?
///     .issuer(Issuer::new("https://auth.example.com")?)
///     .scopes(["mcp"])
///     .scope("tools/call", ["mcp:call"])
///     .tool_scopes("delete", ["mcp:write"])
///     .implies("mcp:write", ["mcp:call", "mcp"]);
/// let endpoint = Endpoint::default().path("/mcp").protected(protected)?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Protected {
    pub(in crate::transport::http) resource: Box<str>,
    pub(super) audiences: Vec<Box<str>>,
    pub(super) issuers: Vec<Issuer>,
    pub(super) introspections: Vec<Introspection>,
    pub(in crate::transport::http) scopes: Vec<Box<str>>,
    pub(super) methods: BTreeMap<Box<str>, Vec<Box<str>>>,
    pub(super) tools: BTreeMap<Box<str>, Vec<Box<str>>>,
    pub(super) implied: BTreeMap<Box<str>, Vec<Box<str>>>,
    pub(super) name: Option<Box<str>>,
    pub(super) documentation: Option<Box<str>>,
    pub(super) dpop_required: bool,
}

impl Protected {
    /// Asks for tokens that were made for this URL, under which clients know the endpoint.
    ///
    /// Other endpoints of the same listener, such as `/servers/time/mcp`, are resources of their own: the same URL with
    /// their paths.
    ///
    /// # Errors
    /// When it is no `https` URL, nor an `http` one of this machine, or has a fragment.
    pub fn new(resource: &str) -> Result<Self> {
        known_url("resource", resource)?;
        Ok(Self {
            resource: resource.into(),
            audiences: Vec::new(),
            issuers: Vec::new(),
            introspections: Vec::new(),
            scopes: Vec::new(),
            methods: BTreeMap::new(),
            tools: BTreeMap::new(),
            implied: BTreeMap::new(),
            name: None,
            documentation: None,
            dpop_required: false,
        })
    }

    /// Takes signed tokens of this authorization server. There can be several.
    #[must_use]
    pub fn issuer(mut self, issuer: Issuer) -> Self {
        self.issuers.push(issuer);
        self
    }

    /// Asks this authorization server about tokens that nobody's keys have signed. There can be several.
    #[must_use]
    pub fn introspection(mut self, introspection: Introspection) -> Self {
        self.introspections.push(introspection);
        self
    }

    /// Also takes tokens made for this audience, at every path.
    #[must_use]
    pub fn audience(mut self, audience: &str) -> Self {
        self.audiences.push(audience.into());
        self
    }

    /// Lets in nobody without these scopes.
    #[must_use]
    pub fn scopes<'a>(mut self, scopes: impl IntoIterator<Item = &'a str>) -> Self {
        self.scopes.extend(scopes.into_iter().map(Box::from));
        self
    }

    /// Lets nobody call a method, such as `tools/call`, without these scopes.
    #[must_use]
    pub fn scope<'a>(mut self, method: &str, scopes: impl IntoIterator<Item = &'a str>) -> Self {
        self.methods.entry(method.into()).or_default().extend(scopes.into_iter().map(Box::from));
        self
    }

    /// Lets nobody call a tool without these scopes.
    #[must_use]
    pub fn tool_scopes<'a>(
        mut self,
        tool: &str,
        scopes: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        self.tools.entry(tool.into()).or_default().extend(scopes.into_iter().map(Box::from));
        self
    }

    /// Whoever was granted `scope` has these too, and those that they imply.
    #[must_use]
    pub fn implies<'a>(mut self, scope: &str, others: impl IntoIterator<Item = &'a str>) -> Self {
        self.implied.entry(scope.into()).or_default().extend(others.into_iter().map(Box::from));
        self
    }

    /// Names it for people (`resource_name`).
    #[must_use]
    pub fn name(mut self, name: &str) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Tells people where to read about it (`resource_documentation`).
    #[must_use]
    pub fn documentation(mut self, url: &str) -> Self {
        self.documentation = Some(url.into());
        self
    }

    /// Takes only tokens that are bound to a key of the caller, and proved with each request (DPoP, RFC 9449).
    ///
    /// Tokens that are bound are always to be proved; this refuses those that are not.
    #[must_use]
    pub fn dpop_required(mut self) -> Self {
        self.dpop_required = true;
        self
    }

    /// Tells whether it can be right.
    pub(super) fn check(&self) -> Result<()> {
        if self.issuers.is_empty() && self.introspections.is_empty() {
            return Err(Error::invalid(
                "protected: there is no authorization server, so nobody could get a token; add an issuer or an \
                 introspection",
            ));
        }
        let mut names: Vec<_> = self.issuers.iter().map(|issuer| &issuer.name).collect();
        names.sort_unstable();
        if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(Error::invalid(format!(
                "protected: the issuer `{}` stands twice",
                twice[0]
            )));
        }
        for (what, scope) in self.all_scopes() {
            if !is_scope(scope) {
                return Err(Error::invalid(format!("{what}: {scope:?} is no scope")));
            }
            if scope == "offline_access" {
                return Err(Error::invalid(format!(
                    "{what}: `offline_access` is for clients to ask for, and nothing that a call needs; leave it out"
                )));
            }
        }
        Ok(())
    }

    /// Every scope that is asked for, and where.
    fn all_scopes(&self) -> impl Iterator<Item = (String, &str)> {
        let everybody = self.scopes.iter().map(|scope| ("scopes".to_owned(), scope));
        let methods = self.methods.iter().flat_map(|(name, scopes)| {
            scopes.iter().map(move |scope| (format!("scopes of `{name}`"), scope))
        });
        let tools = self.tools.iter().flat_map(|(name, scopes)| {
            scopes.iter().map(move |scope| (format!("scopes of tool `{name}`"), scope))
        });
        let implied = self.implied.iter().flat_map(|(scope, implied)| {
            let of = move |one| (format!("scopes implied by `{scope}`"), one);
            std::iter::once(scope).chain(implied).map(of)
        });
        everybody.chain(methods).chain(tools).chain(implied).map(|(what, scope)| (what, &**scope))
    }

    /// Scheme and host of the resource, as it was given.
    pub(super) fn origin(&self) -> &str {
        let after = self.resource.find("://").map_or(0, |at| at + 3);
        let end = self.resource[after..].find(['/', '?']).map(|at| after + at);
        &self.resource[..end.unwrap_or(self.resource.len())]
    }

    /// What stands before the paths of the listener in the URLs that clients know: where the resource is at
    /// `/tools/mcp` for them, and at `/mcp` here, `/tools`.
    pub(super) fn prefix(&self, root: Option<&str>) -> &str {
        let path = &self.resource[self.origin().len()..];
        root.and_then(|root| path.strip_suffix(root)).unwrap_or_default()
    }

    /// The issuers of the tokens that let in.
    pub(in crate::transport::http) fn authorization_servers(&self) -> Vec<&str> {
        let signing = self.issuers.iter().map(|issuer| &*issuer.name);
        let mut servers: Vec<&str> = Vec::new();
        for server in signing.chain(self.introspections.iter().map(|asked| &*asked.issuer)) {
            if !servers.contains(&server) {
                servers.push(server);
            }
        }
        servers
    }
}

/// Checks a URL that the operator has written.
///
/// # Errors
/// When it is no `https` URL, nor an `http` one of this machine.
pub(super) fn known_url(what: &str, url: &str) -> Result<()> {
    let wrong = |why: &dyn fmt::Display| {
        Err(Error::invalid(format!("{what}: `{}` {why}", url.escape_debug())))
    };
    match Url::parse(url) {
        Ok(parsed) if parsed.scheme() == Scheme::Https || parsed.is_loopback() => Ok(()),
        Ok(_) => wrong(&"is not encrypted; use https"),
        Err(fault) => wrong(&format_args!("cannot be used: {fault}")),
    }
}
