//! Becoming known to the authorization server, and asking a person there.

use super::attempt::{Attempt, JSON, MOST_SHOWN, Next, State};
use super::fault::{Fault, Unsupported, Wrong};
use super::{Cause, Step};
use crate::callback::{self, Expected};
use crate::dpop;
use crate::fetch::{Purpose, Response};
use crate::form::{self, Query};
use crate::pkce::{self, Verifier};
use crate::registration::{self, Choice};
use crate::scope::{self, OFFLINE_ACCESS, Selection};
use crate::settings::{Dpop, Grant};
use crate::shown::shown;
use crate::store::Client;
use crate::token::Scheme;
use crate::{Secret, Url};
use http::{HeaderMap, header};
use serde_json::{Map, Value};
use std::time::{Duration, SystemTime};

/// How long a person has.
const PATIENCE: Duration = Duration::from_secs(600);

/// How often something else may come back before the login is given up.
const MOST_STRAYS: u8 = 16;

/// A browser that was sent away.
#[derive(Debug)]
pub(super) struct Waiting {
    expected: Expected,
    verifier: Verifier,
    until: SystemTime,
    strays: u8,
}

impl Attempt {
    /// The authorization server is known: refreshes, if that is possible, or begins anew there.
    pub(super) fn server_found(&mut self, now: SystemTime) -> Next {
        if let Some(next) = self.refresh_here(now)? {
            return Ok(next);
        }
        self.enter(now)
    }

    /// Asks for tokens from the start; first becomes known to the authorization server if it is not.
    pub(super) fn enter(&mut self, now: SystemTime) -> Next {
        if let Cause::Refresh = self.cause
            && let Grant::AuthorizationCode { .. } = self.settings.grant
        {
            return Err(Fault::NothingToRefresh);
        }
        self.require_support()?;
        self.scopes = self.wanted_scopes();
        self.dpop = self.key()?;
        match registration::choose(&self.settings, &self.server, self.kept.as_ref(), now)? {
            Choice::Known(client) => self.known(client, now),
            Choice::Register(asked) => self.register(asked),
        }
    }

    pub(super) fn registration_answered(
        &mut self,
        endpoint: &Url,
        asked: &Map<String, Value>,
        answer: &Response,
        now: SystemTime,
    ) -> Next {
        if !(200..300).contains(&answer.status) {
            let (error, description) = registration::refusal(&answer.body);
            let (url, status) = (endpoint.clone(), answer.status);
            return Err(Fault::Registration { url, status, error, description });
        }
        let client = registration::read(&answer.body, asked, &self.server).map_err(|what| {
            Fault::Malformed { purpose: Purpose::Registration, url: endpoint.clone(), what }
        })?;
        self.registered = true;
        self.known(client, now)
    }

    pub(super) fn returned(&mut self, mut waiting: Waiting, text: &str, now: SystemTime) -> Next {
        if now >= waiting.until {
            return Err(Fault::TooLate);
        }
        match callback::code(text, &waiting.expected) {
            Ok(code) => self.redeem(code, &waiting.expected.redirect, &waiting.verifier, now),
            Err(fault) if fault.is_stray() && waiting.strays < MOST_STRAYS => {
                waiting.strays += 1;
                let step = Step::Wait { until: waiting.until, fault: Fault::Callback(fault) };
                Ok((State::Browser(waiting), step))
            }
            Err(fault) => Err(Fault::Callback(fault)),
        }
    }

    /// Whether the authorization server can do what is about to be asked of it.
    fn require_support(&self) -> Result<(), Fault> {
        let server = &self.server;
        let lacks = |what| Err(self.unsupported(what));
        if server.token_endpoint.is_none() {
            return lacks(Unsupported::TokenEndpoint);
        }
        match self.settings.grant {
            Grant::AuthorizationCode { .. } if server.authorization_endpoint.is_none() => {
                lacks(Unsupported::AuthorizationEndpoint)
            }
            Grant::AuthorizationCode { .. } if !server.gives_codes() => lacks(Unsupported::Code),
            Grant::AuthorizationCode { .. } if !server.has_s256() => lacks(Unsupported::Pkce),
            _ => Ok(()),
        }
    }

    fn unsupported(&self, what: Unsupported) -> Fault {
        Fault::Unsupported { issuer: shown(&self.server.issuer, MOST_SHOWN), what }
    }

    fn wanted_scopes(&self) -> Vec<String> {
        let before = match self.cause {
            Cause::Login => None,
            _ => self.kept_here().map(|kept| kept.scopes.as_slice()),
        };
        let resource = self.resource.as_ref();
        Selection {
            wanted: &self.settings.scopes,
            before: before.unwrap_or_default(),
            challenged: scope::challenged(self.challenges()).as_deref(),
            of_resource: resource.and_then(|resource| resource.scopes_supported.as_deref()),
            of_server: self.server.scopes_supported.as_deref(),
            refreshes: matches!(self.settings.grant, Grant::AuthorizationCode { .. }),
        }
        .scopes()
    }

    /// The key that tokens are to be bound to, if they are.
    fn key(&self) -> Result<Option<dpop::Key>, Fault> {
        let required = self.settings.dpop == Dpop::Required || self.resource_requires_dpop();
        let challenged = self.challenges().iter().any(|it| it.scheme == Scheme::Dpop);
        match self.settings.dpop {
            Dpop::Off => Ok(None),
            _ if required && !self.server.has_dpop() => Err(self.unsupported(Unsupported::Dpop)),
            _ if required || (challenged && self.server.has_dpop()) => {
                let kept = self.kept_here().and_then(|kept| kept.dpop.clone());
                Ok(Some(kept.unwrap_or_else(dpop::Key::generate)))
            }
            _ => Ok(None),
        }
    }

    /// Whether the resource takes no token but a bound one.
    pub(super) fn resource_requires_dpop(&self) -> bool {
        let metadata = self.resource.as_ref();
        metadata.is_some_and(|it| it.dpop_bound_access_tokens_required == Some(true))
    }

    fn register(&self, asked: Map<String, Value>) -> Next {
        let text = self.server.registration_endpoint.as_deref().unwrap_or_default();
        let endpoint = self.checked("registration_endpoint", text)?;
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, JSON);
        headers.insert(header::CONTENT_TYPE, JSON);
        let body = Secret::new(Value::Object(asked.clone()).to_string());
        let request = self.post(Purpose::Registration, endpoint.clone(), headers, body);
        Ok((State::Registering { endpoint, asked }, Step::Fetch(request)))
    }

    /// Asks for tokens as this client.
    fn known(&mut self, client: Client, now: SystemTime) -> Next {
        let next = match &self.settings.grant {
            Grant::AuthorizationCode { redirect } => {
                Some(self.open(&client, redirect.clone(), now))
            }
            _ => None,
        };
        self.client = Some(client);
        next.unwrap_or_else(|| self.ask_without_person(now))
    }

    fn open(&self, client: &Client, redirect: Url, now: SystemTime) -> Next {
        let verifier = Verifier::generate().ok_or(Fault::NoRandomness)?;
        let state = pkce::random().ok_or(Fault::NoRandomness)?;
        let url = self.authorization_url(client, &redirect, &verifier, &state)?;
        let until = now.checked_add(PATIENCE).unwrap_or(now);
        let step =
            Step::OpenBrowser { url, redirect_uri: redirect.clone(), state: state.clone(), until };
        let expected = Expected {
            redirect,
            state: state.into(),
            issuer: self.server.issuer.clone(),
            names_itself: self.server.authorization_response_iss_parameter_supported == Some(true),
        };
        Ok((State::Browser(Waiting { expected, verifier, until, strays: 0 }), step))
    }

    fn authorization_url(
        &self,
        client: &Client,
        redirect: &Url,
        verifier: &Verifier,
        state: &str,
    ) -> Result<Url, Fault> {
        const MEMBER: &str = "authorization_endpoint";
        let text = self.server.authorization_endpoint.as_deref().unwrap_or_default();
        let endpoint = self.checked(MEMBER, text)?;
        let wrong = |wrong| Fault::Url { member: MEMBER, text: shown(text, MOST_SHOWN), wrong };
        // Who reads the first of two would be told another client, redirect or challenge than ours.
        let members = form::members(endpoint.query().unwrap_or_default());
        let members = members.ok_or_else(|| wrong(Wrong::Query))?;
        if members.iter().any(|(name, _)| is_ours(name)) {
            return Err(wrong(Wrong::Query));
        }
        let mut query = Query::default();
        query
            .add("response_type", "code")
            .add("client_id", &client.id)
            .add("redirect_uri", redirect.as_str())
            .add("state", state)
            .add("code_challenge", &verifier.challenge())
            .add("code_challenge_method", "S256")
            .add("resource", self.resource_name());
        if !self.scopes.is_empty() {
            query.add("scope", &self.scopes.join(" "));
        }
        let is_offline = self.scopes.iter().any(|scope| scope == OFFLINE_ACCESS);
        if is_offline && members.iter().all(|(name, _)| name != "prompt") {
            // OpenID Connect gives no refresh token to who was not asked (Core §11).
            query.add("prompt", "consent");
        }
        if let Some(key) = &self.dpop {
            query.add("dpop_jkt", &key.thumbprint());
        }
        endpoint.with_query(query.as_str()).map_err(|fault| wrong(Wrong::Url(fault)))
    }
}

fn is_ours(name: &str) -> bool {
    const OURS: [&str; 12] = [
        "response_type",
        "response_mode",
        "client_id",
        "redirect_uri",
        "state",
        "code_challenge",
        "code_challenge_method",
        "resource",
        "scope",
        "dpop_jkt",
        "request",
        "request_uri",
    ];
    OURS.contains(&name)
}
