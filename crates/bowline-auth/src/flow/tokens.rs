//! Asking for tokens.

use super::attempt::{Attempt, MOST_SHOWN, Next, State};
use super::fault::Fault;
use super::{Cause, Step};
use crate::fetch::{Purpose, Response};
use crate::pkce::Verifier;
use crate::settings::{Credential, Grant};
use crate::shown::shown;
use crate::store::{Client, Kept};
use crate::token::{self, ClientAuth, Scheme, TokenFault, TokenRequest, Tokens};
use crate::{Secret, Url, dpop, registration};
use http::HeaderName;
use std::time::SystemTime;

/// A token request that was sent.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) endpoint: Url,
    request: TokenRequest,
    /// Whether it was sent again for the nonce of its proof.
    again: bool,
}

/// A token exchange that was sent.
#[derive(Debug)]
pub(super) struct Exchange {
    pub(super) endpoint: Url,
    request: TokenRequest,
}

impl Attempt {
    /// The refresh token is used where the last one was, without looking for metadata if that place is known.
    pub(super) fn refresh_at_once(&mut self, now: SystemTime) -> Next {
        let kept = self.kept.as_ref().ok_or(Fault::NothingToRefresh)?;
        if kept.tokens.as_ref().is_none_or(|tokens| tokens.refresh.is_none()) {
            return Err(Fault::NothingToRefresh);
        }
        let issuer = kept.issuer.clone();
        let Some(endpoint) = kept.token_endpoint.clone() else {
            return self.look_for_server(issuer);
        };
        self.server.issuer = issuer;
        self.server.token_endpoint = Some(endpoint);
        self.refresh_here(now)?.ok_or(Fault::NothingToRefresh)
    }

    /// The refresh token is used, if there is one of this authorization server for this resource and this client.
    pub(super) fn refresh_here(&mut self, now: SystemTime) -> Result<Option<(State, Step)>, Fault> {
        let (Cause::Unauthorized(_) | Cause::Refresh) = self.cause else { return Ok(None) };
        let Some(kept) = self.kept_here() else { return Ok(None) };
        // Refreshing in advance, nobody has asked what the resource is called now.
        let known = self.resource.is_none() && matches!(self.cause, Cause::Refresh);
        let same = known || kept.resource.as_deref() == Some(self.resource_name());
        let refresh = kept.tokens.as_ref().and_then(|tokens| tokens.refresh.clone());
        let (true, Some(token), Some(client)) = (same, refresh, self.client_of(kept, now)) else {
            return Ok(None);
        };
        let request = TokenRequest {
            grant: token::Grant::Refresh { token },
            client: self.authentication(&client),
            resource: kept.resource.clone(),
            scopes: Vec::new(),
        };
        (self.dpop, self.scopes) = (kept.dpop.clone(), kept.scopes.clone());
        self.client = Some(client);
        self.ask(request, now).map(Some)
    }

    /// The code that the browser brought is given for tokens.
    pub(super) fn redeem(
        &mut self,
        code: Secret,
        redirect: &Url,
        verifier: &Verifier,
        now: SystemTime,
    ) -> Next {
        let grant = token::Grant::AuthorizationCode {
            code,
            redirect_uri: redirect.as_str().to_owned(),
            verifier: verifier.secret().clone(),
        };
        self.ask_for(grant, Vec::new(), now)
    }

    /// Whatever is given for tokens where no person is asked.
    pub(super) fn ask_without_person(&mut self, now: SystemTime) -> Next {
        let scopes = self.scopes.clone();
        let grant = match &self.settings.grant {
            Grant::AuthorizationCode { .. } => return Err(Fault::OutOfTurn),
            Grant::ClientCredentials => token::Grant::ClientCredentials,
            Grant::JwtBearer { assertion } => {
                token::Grant::JwtBearer { assertion: assertion.clone() }
            }
            Grant::EnterpriseManaged(provider) => {
                let request = TokenRequest {
                    grant: token::Grant::Exchange {
                        subject: provider.subject.clone(),
                        kind: provider.kind,
                        audience: self.server.issuer.clone(),
                    },
                    client: provider.client.clone(),
                    resource: Some(self.resource_name().to_owned()),
                    scopes,
                };
                let endpoint = provider.token_endpoint.clone();
                let form = request.form(now);
                let purpose = Purpose::TokenExchange;
                let step = self.post(purpose, endpoint.clone(), form.headers, form.body);
                let exchange = Exchange { endpoint, request };
                return Ok((State::Exchanging(exchange), Step::Fetch(step)));
            }
        };
        self.ask_for(grant, scopes, now)
    }

    /// The assertion of the identity provider is given for tokens.
    pub(super) fn exchanged(
        &mut self,
        exchange: Exchange,
        answer: &Response,
        now: SystemTime,
    ) -> Next {
        let Exchange { endpoint, request } = exchange;
        let exchanged = request
            .exchanged(answer.status, &answer.headers, &answer.body, now)
            .map_err(|fault| Fault::Token { url: endpoint, fault })?;
        let grant = token::Grant::JwtBearer { assertion: exchanged.assertion };
        let scopes = self.scopes.clone();
        self.ask_for(grant, scopes, now)
    }

    pub(super) fn token_answered(
        &mut self,
        asked: Asked,
        answer: &Response,
        now: SystemTime,
    ) -> Next {
        self.nonces.learn(&asked.endpoint.origin(), &answer.headers);
        let tokens = asked.request.tokens(answer.status, &answer.headers, &answer.body, now);
        let fault = match tokens {
            Ok(tokens) => return self.done(asked, tokens),
            Err(fault) => fault,
        };
        match &fault {
            TokenFault::UseDpopNonce(_) if !asked.again && self.dpop.is_some() => {
                let Asked { endpoint, request, .. } = asked;
                Ok(self.send(Asked { endpoint, request, again: true }, now))
            }
            TokenFault::Refused { .. } if self.begins_anew(&asked, &fault) => self.enter(now),
            _ => Err(Fault::Token { url: asked.endpoint, fault }),
        }
    }

    /// Whether a refusal is the end of something that was kept, and no more: what is kept is forgotten then, so that
    /// this happens once.
    fn begins_anew(&mut self, asked: &Asked, fault: &TokenFault) -> bool {
        let unknown = fault.is_invalid_client();
        let was_kept = !self.registered && self.client.as_ref().is_some_and(|it| it.dynamic);
        match asked.request.grant {
            _ if fault.is_temporary() => false,
            token::Grant::Refresh { .. } if matches!(self.cause, Cause::Refresh) => false,
            token::Grant::Refresh { .. } => {
                self.forget(unknown && was_kept);
                true
            }
            token::Grant::AuthorizationCode { .. } if unknown && was_kept => {
                self.forget(true);
                true
            }
            _ => false,
        }
    }

    fn forget(&mut self, registration: bool) {
        self.cause = match std::mem::replace(&mut self.cause, Cause::Login) {
            Cause::Unauthorized(challenges) => Cause::Rejected(challenges),
            cause => cause,
        };
        if let Some(kept) = self.kept.as_mut().filter(|_| registration) {
            kept.client = Client::new(String::new());
            kept.tokens = None;
        }
    }

    fn ask_for(&self, grant: token::Grant, scopes: Vec<String>, now: SystemTime) -> Next {
        let client = self.client.as_ref().ok_or(Fault::OutOfTurn)?;
        let request = TokenRequest {
            grant,
            client: self.authentication(client),
            resource: Some(self.resource_name().to_owned()),
            scopes,
        };
        self.ask(request, now)
    }

    fn ask(&self, request: TokenRequest, now: SystemTime) -> Next {
        let text = self.server.token_endpoint.as_deref().unwrap_or_default();
        let endpoint = self.checked("token_endpoint", text)?;
        Ok(self.send(Asked { endpoint, request, again: false }, now))
    }

    fn send(&self, asked: Asked, now: SystemTime) -> (State, Step) {
        let form = asked.request.form(now);
        let mut headers = form.headers;
        if let Some(key) = &self.dpop {
            let origin = asked.endpoint.origin();
            let proof = dpop::Proof {
                method: "POST",
                url: asked.endpoint.as_str(),
                token: None,
                nonce: self.nonces.of(&origin),
                now,
            };
            headers.insert(HeaderName::from_static("dpop"), key.prove(&proof));
        }
        let request = self.post(Purpose::Token, asked.endpoint.clone(), headers, form.body);
        (State::Token(asked), Step::Fetch(request))
    }

    fn done(&mut self, asked: Asked, tokens: Tokens) -> Next {
        let issuer = || shown(&self.server.issuer, MOST_SHOWN);
        match (tokens.scheme, &self.dpop) {
            (Scheme::Dpop, None) => {
                return Err(Fault::Binding { issuer: issuer(), wanted: false });
            }
            (Scheme::Bearer, Some(_)) => {
                return Err(Fault::Binding { issuer: issuer(), wanted: true });
            }
            _ => {}
        }
        let client = self.client.take().ok_or(Fault::OutOfTurn)?;
        let mut kept = Kept::new(self.settings.key(), self.server.issuer.clone(), client);
        kept.resource = asked.request.resource;
        kept.token_endpoint = Some(asked.endpoint.as_str().to_owned());
        kept.scopes = std::mem::take(&mut self.scopes);
        kept.dpop = self.dpop.take();
        kept.tokens = Some(tokens);
        kept.extra = self.kept_here().map(|before| before.extra.clone()).unwrap_or_default();
        Ok((State::Ended, Step::Done(Box::new(kept))))
    }

    fn authentication(&self, client: &Client) -> ClientAuth {
        registration::authentication(client, &self.settings.identity, &self.server.issuer)
    }

    /// The client that is kept, unless the settings are about another one; a secret in the settings is the newer one.
    fn client_of(&self, kept: &Kept, now: SystemTime) -> Option<Client> {
        let mut client = kept.client.clone();
        let identity = &self.settings.identity;
        if let Some(registered) = &identity.preregistered {
            if registered.id != client.id || client.dynamic {
                return None;
            }
            if let Credential::Secret(secret) = &registered.credential {
                client.secret = Some(secret.clone());
            }
            return Some(client);
        }
        let ended = client.secret_expires.is_some_and(|end| end <= now);
        let by_metadata =
            identity.metadata_url.as_ref().is_some_and(|url| url.as_str() == client.id);
        // Who logs in as a client once need not say so again.
        let silent = identity.metadata_url.is_none() && !client.dynamic;
        ((client.dynamic && !ended) || by_metadata || silent).then_some(client)
    }
}
