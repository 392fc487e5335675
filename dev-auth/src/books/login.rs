//! Logins, and the access tokens of each.

use super::{Books, MONTH, full};
use crate::chance;
use crate::refusal::Refusal;
use serde_json::{Map, Value, json};

/// What somebody let a client do.
#[derive(Clone, Debug)]
pub(crate) struct Login {
    /// The user, or the client itself.
    pub(crate) subject: String,
    pub(crate) client_id: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) resources: Vec<String>,
    /// Of the key that refresh tokens are bound to.
    pub(crate) thumbprint: Option<String>,
}

/// How an access token is made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tokens<'a> {
    pub(crate) issuer: &'a str,
    /// The name of the login.
    pub(crate) login: &'a str,
    /// Of its scopes, these.
    pub(crate) scopes: &'a [String],
    /// At least one.
    pub(crate) audience: &'a [String],
    /// The key that it is bound to.
    pub(crate) thumbprint: Option<&'a str>,
    pub(crate) lifetime: u64,
    /// How long the answer says that it lasts.
    pub(crate) claimed: u64,
    pub(crate) now: u64,
}

impl Books {
    /// Begins a login; its name.
    pub(crate) fn begin(&mut self, login: Login, now: u64) -> Result<String, Refusal> {
        let name = chance::token();
        self.logins.put(name.clone(), login, now + MONTH, now).map_err(|_| full())?;
        Ok(name)
    }

    /// Binds the refresh tokens of a login to a key.
    pub(crate) fn bind(&mut self, name: &str, thumbprint: Option<&str>, now: u64) {
        if let Some(login) = self.logins.change(name, now) {
            login.thumbprint = thumbprint.map(str::to_owned);
        }
    }

    /// The login of that name, unless it was revoked.
    pub(crate) fn login(&self, name: &str, now: u64) -> Option<&Login> {
        self.logins.look(name, now)
    }

    /// Ends a login, and with it every token of it.
    pub(crate) fn revoke(&mut self, name: &str, now: u64) {
        self.logins.take(name, now);
    }

    /// Ends one access token.
    pub(crate) fn revoke_access(&mut self, jti: &str, now: u64) {
        self.access.take(jti, now);
    }

    /// Ends every login of a user; how many there were.
    pub(crate) fn revoke_user(&mut self, user: &str, now: u64) -> usize {
        let logins: Vec<String> =
            self.logins.names(|login| login.subject == user, now).map(str::to_owned).collect();
        logins.iter().for_each(|name| self.revoke(name, now));
        logins.len()
    }

    /// The login of an access token that still counts.
    pub(crate) fn login_of(&self, jti: &str, now: u64) -> Option<(&str, &Login)> {
        let name = self.access.look(jti, now)?;
        Some((name, self.logins.look(name, now)?))
    }

    /// Makes an access token ([RFC 9068](https://www.rfc-editor.org/rfc/rfc9068)), and the answer that has it.
    pub(crate) fn access_token(
        &mut self,
        tokens: &Tokens<'_>,
    ) -> Result<Map<String, Value>, Refusal> {
        let Tokens { issuer, login, scopes, audience, thumbprint, lifetime, claimed, now } =
            *tokens;
        let Some(Login { subject, client_id, .. }) = self.logins.look(login, now).cloned() else {
            return Err(crate::refusal::Kind::InvalidGrant.because("the login was revoked"));
        };
        let (jti, until) = (chance::token(), now + lifetime);
        let audience = match audience {
            [one] => json!(one),
            several => json!(several),
        };
        let scope = scopes.join(" ");
        let mut claims = json!({
            "iss": issuer, "sub": subject, "aud": audience, "client_id": client_id, "scope": scope,
            "iat": now, "exp": until, "jti": jti,
        });
        if let Some(thumbprint) = thumbprint {
            claims["cnf"] = json!({ "jkt": thumbprint });
        }
        let claims = claims.as_object().cloned().unwrap_or_default();
        let token = self.keys.sign("at+jwt", &claims);
        self.access.put(jti, login.to_owned(), until, now).map_err(|_| full())?;
        let answer = json!({
            "access_token": token,
            "token_type": if thumbprint.is_some() { "DPoP" } else { "Bearer" },
            "expires_in": claimed,
            "scope": scope,
        });
        Ok(answer.as_object().cloned().unwrap_or_default())
    }
}
