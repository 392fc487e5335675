//! Logging in and out because somebody wants to, and not because a server does.

use super::Authorization;
use super::session::Session;
use crate::error::{Error, Result};
use crate::transport::http::client::Options;
use bowline_auth::store::{Kept, Key};
use bowline_auth::token::Scheme;
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
