//! The pages by which callers of a host make logins of their own at its servers.
//!
//! A caller is given a URL with a ticket. Whoever opens it has nothing yet: the browser first has to show that it is the
//! caller's whom the ticket was made for, else somebody could send the URL to another, who would then log in for him
//! ([Phishing](https://modelcontextprotocol.io/specification/2026-07-28/client/elicitation#phishing)). Then a person is
//! told what is asked for and by whom, and only who agrees to that is sent to the authorization server. The code that
//! comes back counts only in the browser that was sent there.
//!
//! ```text
//! /login/SERVER?ticket=…      who are you?          ─► prove ─► what is asked for ─► authorization server
//! /login/callback?state=…     the same browser?     ─► tokens are kept for the caller
//! ```
//!
//! Nothing here trusts a browser for more than it has shown, keeps a secret in a URL or in a page, or loads a script.

mod browser;
mod desk;
mod form;
mod pages;
mod text;
mod visit;

#[cfg(test)]
mod tests;

pub(crate) use desk::{Asked, Desk, Place};

use crate::principal::{Principal, PrincipalKind};
use bowline_auth::fetch::{FetchFault, Request, Response};
use bowline_auth::settings::Settings;
use http::{HeaderMap, HeaderValue, header};
use serde_json::json;
use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;

/// What comes later.
pub(crate) type Later<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Whoever fetches what a login needs, and guards that nothing else is reached by it.
pub(crate) trait Fetch: Send + Sync + Debug {
    /// Makes a request of a login at the server behind this URL.
    fn fetch<'a>(
        &'a self,
        server: &'a str,
        request: Request,
    ) -> Later<'a, Result<Response, FetchFault>>;
}

/// Whoever knows tokens of callers.
pub(crate) trait Recognize: Send + Sync {
    /// Whose token this is; nobody's when it is not good here.
    fn recognize<'a>(&'a self, token: &'a str) -> Later<'a, Option<Principal>>;
}

/// How browsers show whose they are.
#[derive(Clone, Debug, Default)]
pub(crate) struct Proofs {
    /// Whether there is only one caller, who runs the host.
    pub(crate) nobody: bool,
    /// Whether callers have tokens that they can type in.
    pub(crate) token: bool,
    /// Where callers can log in.
    pub(crate) entrance: Option<Entrance>,
}

impl Proofs {
    /// How a browser shows that it is this caller's; nothing if it cannot.
    fn of(&self, principal: Option<&Principal>) -> Option<Proof> {
        let Some(principal) = principal else {
            return self.nobody.then_some(Proof::Nobody);
        };
        let login = || self.entrance.clone().map(|entrance| Proof::Login(Box::new(entrance)));
        match principal.kind() {
            PrincipalKind::Token if self.token => Some(Proof::Token),
            PrincipalKind::Token | PrincipalKind::Claims => login(),
            PrincipalKind::Anonymous | PrincipalKind::Process => None,
        }
    }
}

/// How a browser shows whose it is.
#[derive(Clone, Debug)]
enum Proof {
    /// There is only one caller, who runs the host.
    Nobody,
    /// By a token that the endpoint knows, typed into a page.
    Token,
    /// By a login at the authorization server of the endpoint.
    Login(Box<Entrance>),
}

/// An endpoint that one logs in to.
#[derive(Clone, Debug)]
pub(crate) struct Entrance {
    /// The endpoint, and who we are at its authorization server.
    pub(crate) settings: Settings,
    /// The authorization server.
    pub(crate) issuer: String,
    /// Scopes without which nobody is let in.
    pub(crate) scopes: Vec<String>,
}

impl Entrance {
    /// What the endpoint says of itself: nobody need be asked for it, and not everywhere it could be.
    fn metadata(&self) -> Response {
        let document = json!({
            "resource": self.settings.server.as_str(),
            "authorization_servers": [self.issuer],
            "scopes_supported": self.scopes,
        });
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Response { status: 200, headers, body: document.to_string().into() }
    }
}

/// The name under which logins of a principal are kept; empty for whoever runs the host.
pub(crate) fn name_of(principal: Option<&Principal>) -> String {
    let Some(principal) = principal else {
        return String::new();
    };
    let kind = match principal.kind() {
        PrincipalKind::Anonymous => "anonymous",
        PrincipalKind::Process => "process",
        PrincipalKind::Token => "token",
        PrincipalKind::Claims => "claims",
    };
    format!("{kind} {}", principal.name())
}
