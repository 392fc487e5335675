//! What stands in front of one endpoint.

use super::known::Good;
use super::protected::Protected;
use super::verifier::{Verifier, Why};
use crate::principal::Principal;
use crate::scopes::{Asked, Scopes};
use crate::transport::http::body::ResponseBody;
use crate::transport::http::cors;
use crate::transport::http::guard::DPOP;
use crate::transport::http::refuse::{Refused, refuse_unread};
use crate::transport::http::token::Presented;
use bowline_auth::Secret;
use bowline_auth::dpop::{ALGORITHMS, Expected};
use bowline_auth::jose::Algorithm;
use bowline_auth::resource::{Document, WELL_KNOWN};
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode, header};
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

/// What stands in front of one endpoint: its name, what it says of itself, and what it asks of everybody.
pub(in crate::transport::http) struct Door {
    protected: Arc<Protected>,
    verifier: Arc<Verifier>,
    /// The URL under which clients know the endpoint.
    resource: Box<str>,
    /// What stands before the paths of the listener in the URLs that clients know.
    before: Box<str>,
    /// The path of the endpoint here; `None` where a router has chosen.
    path: Option<Box<str>>,
    audiences: Vec<Box<str>>,
    document: Bytes,
    metadata_url: Box<str>,
    /// What follows the well-known place in the paths of its metadata.
    places: Vec<Box<str>>,
    everybody: Scopes,
    challenges: Challenges,
}

/// The challenges to those who have no good token.
struct Challenges {
    missing: HeaderValue,
    invalid: HeaderValue,
    proof: HeaderValue,
}

impl Door {
    /// `root` is the path of the endpoint that the resource is, `path` that of this one.
    pub(super) fn new(
        protected: &Arc<Protected>,
        verifier: Arc<Verifier>,
        root: Option<&str>,
        path: Option<&str>,
    ) -> Self {
        let before = format!("{}{}", protected.origin(), protected.prefix(root));
        let is_root = path == root;
        let resource = match path {
            Some(path) if !is_root => format!("{before}{path}").into(),
            _ => protected.resource.clone(),
        };
        let public = resource.strip_prefix(protected.origin()).unwrap_or_default();
        let public = public.trim_end_matches('/');
        let metadata_url = format!("{}{WELL_KNOWN}{public}", protected.origin()).into_boxed_str();
        let mut places: Vec<Box<str>> = vec![public.into()];
        places.extend(path.map(Box::from));
        if is_root {
            places.extend(["".into(), "/".into()]);
        }
        let mut audiences = protected.audiences.clone();
        if public.is_empty() {
            // Of a URL without a path the slash at the end may be left out (RFC 3986 §6.2.3).
            audiences
                .extend([protected.origin().into(), format!("{}/", protected.origin()).into()]);
        }
        audiences.push(resource.clone());
        let everybody = Scopes::new(protected.scopes.iter().map(AsRef::as_ref));
        let challenges = Challenges::new(protected, &metadata_url, &everybody);
        Self {
            document: document(protected, &resource).into(),
            protected: protected.clone(),
            verifier,
            resource,
            before: before.into(),
            path: path.map(Box::from),
            audiences,
            metadata_url,
            places,
            everybody,
            challenges,
        }
    }

    /// Whether its metadata is at a path.
    pub(in crate::transport::http) fn is_metadata(&self, path: &str) -> bool {
        path.strip_prefix(WELL_KNOWN)
            .is_some_and(|rest| self.places.iter().any(|place| **place == *rest))
    }

    /// Answers a request for its metadata, which anybody may ask for. `allowed` tells whether the origin was explicitly
    /// allowed.
    pub(in crate::transport::http) fn metadata(
        &self,
        parts: &Parts,
        allowed: bool,
    ) -> Response<ResponseBody> {
        if allowed && cors::is_preflight(parts) {
            return cors::preflight(parts, "GET, HEAD");
        }
        if !matches!(parts.method, Method::GET | Method::HEAD) {
            let message = "there is only metadata to GET here";
            let refused = refuse_unread(StatusCode::METHOD_NOT_ALLOWED, message);
            return refused.header(header::ALLOW, "GET, HEAD").into();
        }
        let length = self.document.len();
        let text = if parts.method == Method::GET { self.document.clone() } else { Bytes::new() };
        let mut response = Response::new(ResponseBody::whole(text));
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"));
        if !allowed {
            // What is kept of this must not be shown to pages that may read it.
            headers.insert(header::VARY, HeaderValue::from_static("Origin"));
        }
        response
    }

    /// Where its metadata is.
    pub(in crate::transport::http) fn metadata_url(&self) -> &str {
        &self.metadata_url
    }

    /// What everybody needs.
    pub(in crate::transport::http) fn everybody(&self) -> &Scopes {
        &self.everybody
    }

    /// Adds what a request needs.
    pub(in crate::transport::http) fn add_needed(&self, asked: &Asked<'_>, needed: &mut Scopes) {
        let Protected { methods, tools, .. } = &*self.protected;
        needed.add(self.everybody.iter());
        if methods.is_empty() && tools.is_empty() {
            return;
        }
        let method = asked.method();
        let of_method = methods.get(&*method).into_iter().flatten();
        needed.add(of_method.map(AsRef::as_ref));
        if method == "tools/call"
            && let Some(tool) = asked.name()
        {
            needed.add(tools.get(&*tool).into_iter().flatten().map(AsRef::as_ref));
        }
    }

    /// Adds the scopes that those of a principal imply.
    pub(in crate::transport::http) fn widen(&self, principal: Principal) -> Principal {
        self.verifier.widen(principal)
    }

    /// Asks for a token. The answer is the same for every token that is not good, and none says why.
    pub(in crate::transport::http) fn unauthorized(&self, presented: bool) -> Refused {
        let Challenges { missing, invalid, .. } = &self.challenges;
        let challenge = if presented { invalid } else { missing };
        let message = "a token for this resource is required; its metadata says who gives one";
        refuse_unread(StatusCode::UNAUTHORIZED, message)
            .header_value(header::WWW_AUTHENTICATE, challenge.clone())
    }

    /// Whose a token is that was found to be good before.
    pub(in crate::transport::http) fn known(
        &self,
        presented: Presented<'_>,
        parts: &Parts,
    ) -> Option<Result<Principal, Refused>> {
        let good = self.verifier.known(presented.token)?;
        Some(self.admit(&good, presented, parts))
    }

    /// Finds out whose a token is.
    pub(in crate::transport::http) async fn verify(
        &self,
        presented: Presented<'_>,
        parts: &Parts,
    ) -> Result<Principal, Refused> {
        match self.verifier.verify(presented.token).await {
            Ok(good) => self.admit(&good, presented, parts),
            Err(Why::Invalid(why)) => Err(self.invalid(&why)),
            Err(Why::Unknown) => {
                let message = "tokens cannot be checked now; try again later";
                Err(refuse_unread(StatusCode::SERVICE_UNAVAILABLE, message)
                    .header(header::RETRY_AFTER, "5"))
            }
        }
    }

    /// Lets in by a good token, if it is for this endpoint, and is presented by whom it belongs to.
    fn admit(
        &self,
        good: &Good,
        presented: Presented<'_>,
        parts: &Parts,
    ) -> Result<Principal, Refused> {
        if !good.checked.is_for(&self.audiences) {
            return Err(self.invalid("the token was made for another audience"));
        }
        match (good.checked.thumbprint(), presented.proved) {
            (None, false) if !self.protected.dpop_required => {}
            (None, false) => return Err(self.invalid("the token is bound to no key")),
            (None, true) => {
                return Err(
                    self.invalid("a token that is bound to no key was presented as if it were")
                );
            }
            (Some(_), false) => {
                return Err(
                    self.invalid("a token that is bound to a key was presented without proof")
                );
            }
            (Some(thumbprint), true) => self.prove(thumbprint, presented.token, parts)?,
        }
        Ok(good.principal.clone())
    }

    fn prove(&self, thumbprint: &str, token: &str, parts: &Parts) -> Result<(), Refused> {
        let unproved = |why: &dyn fmt::Display| {
            tracing::debug!(resource = &*self.resource, %why, "proof of a token refused");
            refuse_unread(
                StatusCode::UNAUTHORIZED,
                "the proof of the token (header DPoP) is not good",
            )
            .header_value(header::WWW_AUTHENTICATE, self.challenges.proof.clone())
        };
        let mut proofs = parts.headers.get_all(DPOP).iter();
        let (Some(proof), None) = (proofs.next(), proofs.next()) else {
            return Err(unproved(&"there must be one header DPoP"));
        };
        let proof = proof.to_str().map_err(|_| unproved(&"it is no text"))?;
        let (url, token) = (self.url_of(parts.uri.path()), Secret::new(token));
        let expected = Expected {
            method: parts.method.as_str(),
            url: &url,
            token: Some(&token),
            thumbprint: Some(thumbprint),
            nonces: &[],
            now: SystemTime::now(),
        };
        self.verifier.prove(proof, &expected).map_err(|fault| unproved(&fault))
    }

    /// The URL of a request as its client knows it.
    fn url_of(&self, path: &str) -> String {
        match &self.path {
            Some(own) if **own != *path => format!("{}{path}", self.before),
            _ => self.resource.to_string(),
        }
    }

    fn invalid(&self, why: &str) -> Refused {
        tracing::debug!(resource = &*self.resource, why, "token refused");
        self.unauthorized(true)
    }
}

impl Challenges {
    fn new(protected: &Protected, metadata: &str, everybody: &Scopes) -> Self {
        let mut rest = format!("resource_metadata=\"{metadata}\"");
        if !everybody.is_empty() {
            rest += &format!(", scope=\"{everybody}\"");
        }
        let algorithms = ALGORITHMS.map(Algorithm::name).join(" ");
        let (scheme, more) = match protected.dpop_required {
            true => ("DPoP", format!(", algs=\"{algorithms}\"")),
            false => ("Bearer", String::new()),
        };
        let proof = format!("DPoP error=\"invalid_dpop_proof\", algs=\"{algorithms}\", {rest}");
        Self {
            missing: value(format!("{scheme} {rest}{more}")),
            invalid: value(format!("{scheme} error=\"invalid_token\", {rest}{more}")),
            proof: value(proof),
        }
    }
}

fn value(challenge: String) -> HeaderValue {
    // URLs and scopes were looked at when they were set, and have nothing that a header cannot carry.
    HeaderValue::try_from(challenge).unwrap_or_else(|_| HeaderValue::from_static("Bearer"))
}

fn document(protected: &Protected, resource: &str) -> String {
    let servers = protected.authorization_servers();
    let scopes: Vec<&str> = protected.scopes.iter().map(AsRef::as_ref).collect();
    Document {
        resource,
        authorization_servers: &servers,
        scopes_supported: &scopes,
        resource_name: protected.name.as_deref(),
        resource_documentation: protected.documentation.as_deref(),
        dpop_signing_alg_values_supported: &ALGORITHMS.map(Algorithm::name),
        dpop_bound_access_tokens_required: protected.dpop_required,
    }
    .to_json()
}

impl fmt::Debug for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Door").field("resource", &self.resource).finish_non_exhaustive()
    }
}
