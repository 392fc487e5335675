//! Logging in and out because somebody wants to, and not because a server does.

use super::Authorization;
use super::attempt::Means;
use super::session::Session;
use crate::error::{Error, Result};
use crate::transport::http::client::Options;
use bowline_auth::fetch::{FetchFault, Method, NamedBy, Purpose, Request, Response};
use bowline_auth::metadata::AuthorizationServer;
use bowline_auth::store::{Kept, Key};
use bowline_auth::token::{Form, Revocation, Scheme};
use bowline_auth::{Challenge, Url};
use http::HeaderMap;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderValue, WWW_AUTHENTICATE};
use std::time::SystemTime;

/// A login that is kept, without anything in it that is secret.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LoggedIn {
    /// Whose it is; empty for whoever runs the program.
    pub principal: String,
    /// The URL of the server, as the user named it.
    pub server: String,
    /// The authorization server.
    pub issuer: String,
    /// Who we are there.
    pub client_id: String,
    /// What it may be used for: what was granted, or what was asked for if the server did not say.
    pub scopes: Vec<String>,
    /// When its token ends, if it does.
    pub expires: Option<SystemTime>,
    /// Whether it is renewed then without anybody being asked.
    pub renews: bool,
    /// Whether the token is of no use to anybody else (RFC 9449).
    pub bound: bool,
}

/// What became of a login that was given up.
#[derive(Debug)]
#[non_exhaustive]
pub struct LoggedOut {
    /// What it was.
    pub was: LoggedIn,
    /// Whether the authorization server knows; here it is forgotten in any case.
    pub given_back: GivenBack,
}

/// Whether an authorization server knows that a login is over (RFC 7009).
#[derive(Debug)]
#[non_exhaustive]
pub enum GivenBack {
    /// It does.
    Yes,
    /// It has no place to tell it, or only what is not kept could.
    NotPossible,
    /// It could not be told; the token is good until it ends.
    Failed(Error),
}

impl LoggedIn {
    /// What is kept; none if that is only a registration.
    #[must_use]
    pub fn of(kept: &Kept) -> Option<Self> {
        let tokens = kept.tokens.as_ref()?;
        Some(Self {
            principal: kept.key.principal.clone(),
            server: kept.key.server.clone(),
            issuer: kept.issuer.clone(),
            client_id: kept.client.id.clone(),
            scopes: tokens.scopes.clone().unwrap_or_else(|| kept.scopes.clone()),
            expires: tokens.expires,
            renews: tokens.refresh.is_some(),
            bound: tokens.scheme == Scheme::Dpop,
        })
    }
}

impl Authorization {
    /// Logs in to the server behind this URL now, whatever is kept of an earlier login.
    ///
    /// # Errors
    /// The server cannot be reached, nobody logs in, or the authorization server refuses.
    pub async fn log_in(self, server: &str, options: &Options) -> Result<LoggedIn> {
        let session = Session::new(self, server, options)?;
        let pass = session.log_in().await?;
        LoggedIn::of(&pass.kept).ok_or_else(|| Error::unauthorized("the login brought no token"))
    }

    /// Forgets the login at the server behind this URL, and tells the authorization server if that wants to know; none
    /// if there was none.
    ///
    /// # Errors
    /// What is kept cannot be read or removed.
    pub async fn log_out(self, server: &str, options: &Options) -> Result<Option<LoggedOut>> {
        let session = Session::new(self, server, options)?;
        let Some((kept, told)) = session.log_out().await? else { return Ok(None) };
        let given_back = match told {
            Ok(true) => GivenBack::Yes,
            Ok(false) => GivenBack::NotPossible,
            Err(error) => GivenBack::Failed(error),
        };
        Ok(LoggedIn::of(&kept).map(|was| LoggedOut { was, given_back }))
    }

    /// The login that is kept for the server behind this URL, if there is one.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn logged_in(&self, server: &str) -> Result<Option<LoggedIn>> {
        let key = Key::new(self.principal.clone(), server);
        let kept = self.store.load(&key).map_err(|fault| {
            Error::unauthorized("the logins that are kept cannot be used").because(fault)
        })?;
        Ok(kept.as_ref().and_then(LoggedIn::of))
    }
}

impl Means {
    /// With what the server refuses somebody whom it does not know; none if it does not.
    ///
    /// # Errors
    /// It cannot be reached.
    pub(super) async fn challenges(&self) -> Result<Option<Vec<Challenge>>> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let both = HeaderValue::from_static("application/json, text/event-stream");
        headers.insert(ACCEPT, both);
        let request = Request {
            purpose: Purpose::Challenge,
            method: Method::Post,
            url: self.server.clone(),
            named_by: NamedBy::User,
            headers,
            body: Some(NOBODY.into()),
        };
        let response = self.ask(request).await?;
        let challenges = || Challenge::parse(response.headers.get_all(WWW_AUTHENTICATE));
        Ok((response.status == 401).then(challenges))
    }

    /// Tells the authorization server that a login is over; false if it does not want to know.
    ///
    /// # Errors
    /// It could not be told.
    pub(super) async fn revoke(&self, kept: &Kept) -> Result<bool> {
        let Some(revocation) = Revocation::of(kept) else { return Ok(false) };
        let Some(url) = self.revocation_endpoint(&kept.issuer).await? else { return Ok(false) };
        let Form { headers, body } = revocation.form(SystemTime::now());
        let origin = url.origin();
        let request = Request {
            purpose: Purpose::Revocation,
            method: Method::Post,
            url,
            named_by: NamedBy::Peer,
            headers,
            body: Some(body),
        };
        match self.ask(request).await?.status {
            200..=299 => Ok(true),
            status => Err(Error::bad_answer(
                &origin,
                format!("giving the login back was answered with {status}"),
            )),
        }
    }

    /// Where this issuer takes tokens back, by its own word.
    async fn revocation_endpoint(&self, issuer: &str) -> Result<Option<Url>> {
        let read = |text: &str| {
            Url::parse(text).map_err(|fault| {
                Error::invalid(format!("the authorization server names no URL: {fault}"))
            })
        };
        for url in AuthorizationServer::well_known(&read(issuer)?) {
            let request = Request {
                purpose: Purpose::AuthorizationServerMetadata,
                method: Method::Get,
                url,
                named_by: NamedBy::Peer,
                headers: HeaderMap::new(),
                body: None,
            };
            let response = self.ask(request).await?;
            // What is not there, or says that it is about somebody else, says nothing.
            if let Ok(metadata) = AuthorizationServer::read(&response.body)
                && response.status == 200
                && metadata.issuer == issuer
            {
                return metadata.revocation_endpoint.as_deref().map(read).transpose();
            }
        }
        Ok(None)
    }

    async fn ask(&self, request: Request) -> Result<Response> {
        let origin = request.url.origin();
        let answer = self.fetcher.fetch(request).await;
        answer.map_err(|fault| match fault {
            FetchFault::Refused(why) => Error::invalid(why),
            fault => Error::unreachable(format!("{origin} cannot be asked")).because(fault),
        })
    }
}

/// A request of somebody whom no server knows.
const NOBODY: &str = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
