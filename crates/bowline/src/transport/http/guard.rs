//! What every request must pass before anything is done for it.

use super::cors;
use super::protection::Door;
use super::refuse::{Refused, forbidden, only_post, refuse_unread, unauthorized};
use super::sessions::{Sibling, Siblings};
use super::token::{Presented, Tokens};
use crate::principal::Principal;
use bowline_protocol::http::headers::{Accepts, MediaType};
use bowline_protocol::http::origin::{HostGuard, OriginGuard};
use bowline_protocol::limits::Limits;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use std::sync::Arc;

/// The checks in front of an endpoint, in the order in which they are cheapest to fail.
#[derive(Clone, Debug, Default)]
pub(super) struct Guard {
    /// `None` where a router in front has chosen by path.
    pub(super) path: Option<Box<str>>,
    pub(super) hosts: HostGuard,
    pub(super) origins: OriginGuard,
    pub(super) tokens: Option<Tokens>,
    /// What lets in by tokens of authorization servers.
    pub(super) door: Option<Arc<Door>>,
    /// Whether there are sessions, which have streams to GET and can be DELETEd.
    pub(super) sessions: bool,
    /// Other paths that something is served at.
    pub(super) siblings: Siblings,
}

/// What is known of a request that may come in.
#[derive(Debug)]
pub(super) struct Passed {
    pub(super) prefers_stream: bool,
    /// Which path it is for, if not for the endpoint.
    pub(super) sibling: Option<Sibling>,
}

impl Guard {
    /// Checks where a request comes from; gives the origin whose pages may read the answer.
    pub(super) fn check_source(
        &self,
        parts: &Parts,
        limits: &Limits,
    ) -> Result<Option<HeaderValue>, Refused> {
        check_size(&parts.headers, limits)?;
        self.hosts.check(&parts.uri, &parts.headers).map_err(|refusal| forbidden(&refusal))?;
        match self.origins.check_and_echo(&parts.headers) {
            Ok(None) => Ok(None),
            Ok(Some(_)) => Ok(parts.headers.get(header::ORIGIN).cloned()),
            Err(refusal) => Err(forbidden(&refusal)),
        }
    }

    /// Answers what anybody may ask, and finds out what the rest is for. `allowed` tells whether the origin was explicitly
    /// allowed.
    pub(super) fn check_path(
        &self,
        parts: &Parts,
        allowed: bool,
    ) -> Result<Option<Sibling>, Refused> {
        if let Some(door) = &self.door
            && door.is_metadata(parts.uri.path())
        {
            return Err(door.metadata(parts, allowed).into());
        }
        let sibling = self.sibling(parts.uri.path())?;
        if allowed && cors::is_preflight(parts) {
            let methods = sibling.map_or_else(|| self.methods(), Sibling::method);
            return Err(cors::preflight(parts, methods).into());
        }
        Ok(sibling)
    }

    /// Checks the rest of the head.
    pub(super) fn check(&self, parts: &Parts, sibling: Option<Sibling>) -> Result<Passed, Refused> {
        if let Some(path) = sibling {
            path.check(parts)?;
            return Ok(Passed { prefers_stream: true, sibling });
        }
        match parts.method {
            Method::POST => {}
            Method::GET if self.sessions => {
                check_accept(accepts(parts).event_stream, "text/event-stream")?;
                return Ok(Passed { prefers_stream: true, sibling });
            }
            Method::DELETE if self.sessions => {
                return Ok(Passed { prefers_stream: false, sibling });
            }
            _ => return Err(only_post(self.methods())),
        }
        check_content(parts)?;
        let accepts = accepts(parts);
        let both = accepts.json && accepts.event_stream;
        check_accept(both, "application/json and text/event-stream")?;
        Ok(Passed { prefers_stream: accepts.prefers_event_stream, sibling })
    }

    /// Which path a request is for, if not for the endpoint.
    fn sibling(&self, path: &str) -> Result<Option<Sibling>, Refused> {
        if self.path.as_deref() == Some(path) {
            return Ok(None);
        }
        match (self.siblings.find(path), &self.path) {
            (None, Some(endpoint)) => {
                let message = format!("nothing is served here; the endpoint is {endpoint}");
                Err(refuse_unread(StatusCode::NOT_FOUND, message))
            }
            (found, _) => Ok(found),
        }
    }

    fn methods(&self) -> &'static str {
        if self.sessions { "POST, GET, DELETE" } else { "POST" }
    }

    /// Finds out who a request is from; `None` where nobody asks for tokens.
    pub(super) async fn authenticate(&self, parts: &Parts) -> Result<Option<Principal>, Refused> {
        match self.read_token(parts)? {
            Who::Anybody => Ok(None),
            Who::Known(principal) => Ok(Some(principal)),
            Who::Presents(door, token) => match door.known(token, parts) {
                Some(known) => known.map(Some),
                // Boxed: it waits for others, and is rare.
                None => Box::pin(door.verify(token, parts)).await.map(Some),
            },
        }
    }

    /// Finds the token of a request, and whose it is if it is known here.
    fn read_token<'a>(&'a self, parts: &'a Parts) -> Result<Who<'a>, Refused> {
        // Whatever stands in a URL ends in logs, so a token that came that way counts as lost.
        if parts.uri.query().is_some_and(has_token) {
            return Err(refuse_unread(
                StatusCode::BAD_REQUEST,
                "a token must not stand in the URL; send it in header Authorization",
            ));
        }
        if self.tokens.is_none() && self.door.is_none() {
            return Ok(Who::Anybody);
        }
        let mut values = parts.headers.get_all(header::AUTHORIZATION).iter();
        let first = values.next();
        if values.next().is_some() {
            return Err(refuse_unread(
                StatusCode::BAD_REQUEST,
                "header Authorization stands more than once",
            ));
        }
        let Some(value) = first else {
            return Err(self.unauthorized(false));
        };
        let presented = Presented::read(value.as_bytes());
        let presented = presented.ok_or_else(|| self.unauthorized(true))?;
        if let Some(tokens) = &self.tokens
            && !presented.proved
            && let Some(principal) = tokens.find(presented.token.as_bytes())
        {
            return Ok(Who::Known(match &self.door {
                Some(door) => door.widen(principal),
                None => principal,
            }));
        }
        match &self.door {
            Some(door) => Ok(Who::Presents(door, presented)),
            None => Err(unauthorized(true)),
        }
    }

    fn unauthorized(&self, presented: bool) -> Refused {
        self.door
            .as_ref()
            .map_or_else(|| unauthorized(presented), |door| door.unauthorized(presented))
    }
}

/// Who a request is from, as far as it is known without asking anybody.
enum Who<'a> {
    /// Nobody asks.
    Anybody,
    Known(Principal),
    /// Whoever this token belongs to.
    Presents(&'a Arc<Door>, Presented<'a>),
}

/// Takes out of the headers what must not reach a handler or a log.
pub(super) fn strip(headers: &mut HeaderMap) {
    for name in [header::AUTHORIZATION, header::PROXY_AUTHORIZATION, DPOP] {
        headers.remove(name);
    }
}

/// The proof that a token belongs to whoever presents it (RFC 9449).
pub(super) const DPOP: HeaderName = HeaderName::from_static("dpop");

fn check_size(headers: &HeaderMap, limits: &Limits) -> Result<(), Refused> {
    let too_large =
        |message| Err(refuse_unread(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, message));
    if headers.len() > limits.headers {
        return too_large(format!("more than {} headers", limits.headers));
    }
    for (name, value) in headers {
        let len = name.as_str().len() + value.len();
        // Most are small: one comparison is enough for them.
        if len > limits.mcp_header_bytes.min(limits.header_bytes) {
            let (what, limit) = if is_mcp(name) {
                (value.len(), limits.mcp_header_bytes)
            } else {
                (len, limits.header_bytes)
            };
            if what > limit {
                return too_large(format!("header {name} is larger than {limit} bytes"));
            }
        }
    }
    Ok(())
}

fn is_mcp(name: &HeaderName) -> bool {
    name.as_str().starts_with("mcp-")
}

/// Refuses a body that is no JSON.
pub(super) fn check_content(parts: &Parts) -> Result<(), Refused> {
    if media_type(&parts.headers) != Some(MediaType::Json) {
        return Err(refuse_unread(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "header Content-Type must be application/json, in UTF-8",
        ));
    }
    if parts.headers.contains_key(header::CONTENT_ENCODING) {
        return Err(refuse_unread(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "header Content-Encoding is not supported; send the body as it is",
        ));
    }
    Ok(())
}

/// What the sender of a request can read.
pub(super) fn accepts(parts: &Parts) -> Accepts {
    Accepts::of(parts.headers.get_all(header::ACCEPT).iter().map(HeaderValue::as_bytes))
}

/// Refuses whoever cannot read the answer.
pub(super) fn check_accept(accepted: bool, types: &str) -> Result<(), Refused> {
    if accepted {
        return Ok(());
    }
    Err(refuse_unread(StatusCode::NOT_ACCEPTABLE, format!("header Accept must list {types}")))
}

/// The type of the body; `None` when it is none of ours, or said twice.
fn media_type(headers: &HeaderMap) -> Option<MediaType> {
    let mut values = headers.get_all(header::CONTENT_TYPE).iter();
    let first = values.next()?;
    if values.next().is_some() {
        return None;
    }
    MediaType::from_content_type(first.as_bytes())
}

/// Whether a query has the parameter of RFC 6750 §2.3.
fn has_token(query: &str) -> bool {
    query.split('&').any(|pair| {
        let name = pair.split_once('=').map_or(pair, |(name, _)| name);
        name.eq_ignore_ascii_case("access_token")
    })
}
