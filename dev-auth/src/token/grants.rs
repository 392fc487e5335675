//! The grants of RFC 6749, and what each gives.

use super::Request;
use crate::books::{Login, MONTH, Presented, Tokens};
use crate::client::{AUTHORIZATION_CODE, CLIENT_CREDENTIALS, REFRESH_TOKEN};
use crate::refusal::{Kind, Refusal};
use crate::server::OFFLINE_ACCESS;
use serde_json::{Map, Value, json};

/// A token for a code.
pub(super) fn code(request: &Request<'_>) -> Result<Value, Refusal> {
    let Request { server, form, thumbprint, now, .. } = *request;
    let client = request.known_client()?;
    client.must_use(AUTHORIZATION_CODE)?;
    let presented = Presented {
        code: form.need("code")?,
        client_id: &client.client_id,
        redirect_uri: form.get("redirect_uri"),
        verifier: form.need("code_verifier")?,
        thumbprint,
    };
    let redeemed = server.books().redeem(&presented, now)?;
    if client.is_public() {
        // What a public client refreshes with is of use to it alone.
        server.books().bind(&redeemed.login, thumbprint, now);
    }
    give(
        request,
        &Given { login: &redeemed.login, refresh: true, nonce: redeemed.nonce.as_deref() },
    )
}

/// A token for a refresh token, which is replaced.
pub(super) fn refresh(request: &Request<'_>) -> Result<Value, Refusal> {
    let Request { server, form, thumbprint, now, .. } = *request;
    let client = request.known_client()?;
    let secret = form.need(REFRESH_TOKEN)?;
    let name = {
        let mut books = server.books();
        let unknown =
            || Kind::InvalidGrant.because("the refresh token is unknown, expired or revoked");
        let name = books.login_of_refresh(secret, now).ok_or_else(unknown)?;
        let login = books.login(&name, now).ok_or_else(unknown)?;
        if login.client_id != client.client_id {
            return Err(Kind::InvalidGrant.because("the refresh token is that of another client"));
        }
        if login.thumbprint.is_some() && login.thumbprint.as_deref() != thumbprint {
            return Err(Kind::InvalidDpopProof.because("the refresh token is bound to another key"));
        }
        // What is asked for is looked at first: a request that is refused must not use the token up.
        within(request, login)?;
        books.use_refresh(secret, server.settings.rotation, now)?;
        name
    };
    give(request, &Given { login: &name, refresh: true, nonce: None })
}

/// A token for the client itself.
pub(super) fn credentials(request: &Request<'_>) -> Result<Value, Refusal> {
    let Request { server, form, now, .. } = *request;
    let client = request.known_client()?;
    client.must_use(CLIENT_CREDENTIALS)?;
    if client.is_public() {
        return Err(Kind::UnauthorizedClient.because("the client does not prove who it is"));
    }
    let login = Login {
        subject: client.client_id.clone(),
        client_id: client.client_id.clone(),
        scopes: server.scopes(form.get("scope").or(client.scope.as_deref()))?,
        resources: server.resources(form.all("resource"))?,
        thumbprint: None,
    };
    let name = server.books().begin(login, now)?;
    give(request, &Given { login: &name, refresh: false, nonce: None })
}

/// What a request is given.
#[derive(Clone, Copy, Debug)]
pub(super) struct Given<'a> {
    /// The name of the login.
    pub(super) login: &'a str,
    /// With a refresh token, where the client wants one.
    pub(super) refresh: bool,
    /// Of OpenID Connect.
    pub(super) nonce: Option<&'a str>,
}

pub(super) fn give(request: &Request<'_>, given: &Given<'_>) -> Result<Value, Refusal> {
    let Request { server, thumbprint, now, .. } = *request;
    let mut books = server.books();
    let revoked = || Kind::InvalidGrant.because("the login was revoked");
    let login = books.login(given.login, now).ok_or_else(revoked)?.clone();
    let (scopes, resources) = within(request, &login)?;
    let lifetime = server.lifetime();
    let claimed = server.settings.claimed_lifetime.map_or(lifetime, |time| time.as_secs());
    let tokens = Tokens {
        issuer: &server.issuer,
        login: given.login,
        scopes: &scopes,
        audience: &server.audience(&resources),
        thumbprint,
        lifetime,
        claimed,
        now,
    };
    let mut answer = books.access_token(&tokens)?;
    let offline = login.scopes.iter().any(|scope| scope == OFFLINE_ACCESS);
    let wanted = request.client.is_some_and(|client| client.uses(REFRESH_TOKEN));
    if given.refresh && (offline || wanted) {
        answer.insert(REFRESH_TOKEN.to_owned(), books.give_refresh(given.login, now)?.into());
        answer.insert("refresh_token_expires_in".to_owned(), MONTH.into());
    }
    if login.scopes.iter().any(|scope| scope == "openid") {
        let mut claims = Map::new();
        let mut claim = |name: &str, value: Value| drop(claims.insert(name.to_owned(), value));
        claim("iss", server.issuer.clone().into());
        claim("sub", login.subject.clone().into());
        claim("aud", login.client_id.clone().into());
        claim("iat", now.into());
        claim("exp", (now + lifetime).into());
        if let Some(nonce) = given.nonce {
            claim("nonce", nonce.into());
        }
        answer.insert("id_token".to_owned(), books.keys.sign("JWT", &claims).into());
    }
    Ok(json!(answer))
}

/// Scopes and resources of a request, which must be among those of the login; all of them if it names none.
fn within(request: &Request<'_>, login: &Login) -> Result<(Vec<String>, Vec<String>), Refusal> {
    let Request { server, form, .. } = *request;
    let scopes = match form.get("scope") {
        None => login.scopes.clone(),
        asked => server.scopes(asked)?,
    };
    if let Some(more) = scopes.iter().find(|scope| !login.scopes.contains(scope)) {
        return Err(Kind::InvalidScope.because(format!("scope {more} was not granted")));
    }
    let asked = server.resources(form.all("resource"))?;
    if asked.is_empty() {
        return Ok((scopes, login.resources.clone()));
    }
    match asked.iter().find(|resource| !login.resources.contains(resource)) {
        Some(more) => Err(Kind::InvalidTarget.because(format!("resource {more} was not granted"))),
        None => Ok((scopes, asked)),
    }
}
