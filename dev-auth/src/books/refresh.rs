//! Refresh tokens, each of which is replaced when it is used.

use super::{Books, MONTH, full};
use crate::chance;
use crate::refusal::{Kind, Refusal};
use crate::settings::Rotation;

/// A refresh token.
#[derive(Clone, Debug)]
pub(crate) struct Refresh {
    /// The name of its login.
    login: String,
    used: Option<u64>,
}

impl Books {
    /// A refresh token of a login.
    pub(crate) fn give_refresh(&mut self, login: &str, now: u64) -> Result<String, Refusal> {
        let secret = chance::token();
        let refresh = Refresh { login: login.to_owned(), used: None };
        self.refresh.put(chance::name(&secret), refresh, now + MONTH, now).map_err(|_| full())?;
        Ok(secret)
    }

    /// The login that a refresh token is of, whether it was used or not.
    pub(crate) fn login_of_refresh(&self, secret: &str, now: u64) -> Option<String> {
        let refresh = self.refresh.look(&chance::name(secret), now)?;
        self.logins.look(&refresh.login, now).map(|_| refresh.login.clone())
    }

    /// Whether a refresh token was not used yet.
    pub(crate) fn is_unused(&self, secret: &str, now: u64) -> bool {
        self.refresh.look(&chance::name(secret), now).is_some_and(|refresh| refresh.used.is_none())
    }

    /// Uses a refresh token up.
    ///
    /// > If a refresh token is compromised and subsequently used by both the attacker and the legitimate client, one of
    /// > them will present an invalidated refresh token, which will inform the authorization server of the breach.
    ///
    /// [RFC 6749, section 10.4](https://www.rfc-editor.org/rfc/rfc6749#section-10.4).
    pub(crate) fn use_refresh(
        &mut self,
        secret: &str,
        rotation: Rotation,
        now: u64,
    ) -> Result<(), Refusal> {
        let unknown =
            || Kind::InvalidGrant.because("the refresh token is unknown, expired or revoked");
        let refresh = self.refresh.change(&chance::name(secret), now).ok_or_else(unknown)?;
        let again = match (refresh.used, rotation) {
            (None, _) => false,
            (Some(used), Rotation::Grace(grace)) => now > used.saturating_add(grace.as_secs()),
            (Some(_), Rotation::Strict) => true,
        };
        if !again {
            refresh.used.get_or_insert(now);
            return Ok(());
        }
        let login = refresh.login.clone();
        self.revoke(&login, now);
        Err(Kind::InvalidGrant.because("the refresh token was used before; the login is revoked"))
    }
}
