//! Assertions: of clients about themselves, of other issuers about users, and ours for other servers.

use super::Request;
use super::grants::{Given, give};
use crate::books::Login;
use crate::chance;
use crate::client::{JWT_BEARER, TOKEN_EXCHANGE};
use crate::refusal::{Kind, Refusal};
use crate::server::Server;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bowline_auth::jose::{Algorithm, Jwks, verify};
use serde_json::{Map, Value, json};

/// What an assertion claims.
#[derive(Clone, Debug)]
pub(super) struct Claims {
    media_type: Option<String>,
    members: Map<String, Value>,
}

/// What an assertion is for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Purpose {
    /// To say which client it is.
    Authentication,
    /// To be given a token.
    Grant,
}

impl Claims {
    /// Reads claims that nobody has signed yet, to find the key that they must be signed with.
    pub(super) fn unverified(token: &str) -> Result<Self, Refusal> {
        let wrong = || Kind::InvalidClient.because("the assertion is no JWT");
        let part = token.split('.').nth(1).ok_or_else(wrong)?;
        let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| wrong())?;
        let members = serde_json::from_slice(&bytes).map_err(|_| wrong())?;
        Ok(Self { media_type: None, members })
    }

    /// Claims that one of these keys signed.
    pub(super) fn verified(token: &str, keys: &Jwks) -> Result<Self, Refusal> {
        let verified = verify(token, keys, &Algorithm::ALL)
            .map_err(|fault| Kind::InvalidGrant.because(fault.to_string()))?;
        Ok(Self { media_type: verified.header.kind, members: verified.claims })
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.members.get(name)?.as_str()
    }

    fn need(&self, name: &str) -> Result<&str, Refusal> {
        self.text(name)
            .ok_or_else(|| Kind::InvalidGrant.because(format!("the assertion has no {name}")))
    }

    fn is_for(&self, audience: &str) -> bool {
        match self.members.get("aud") {
            Some(Value::String(one)) => one == audience,
            Some(Value::Array(all)) => all.iter().any(|one| one == audience),
            _ => false,
        }
    }

    fn seconds(&self, name: &str) -> Option<u64> {
        self.members.get(name)?.as_u64()
    }

    /// Whether it is for us, now, and for the first time.
    pub(super) fn check(&self, server: &Server, purpose: Purpose) -> Result<(), Refusal> {
        let refused = |what: &str| Err(Kind::InvalidGrant.because(what));
        // The token endpoint is what RFC 7523 allows too, and what older clients send.
        if !self.is_for(&server.issuer) && !self.is_for(&server.url("/token")) {
            return refused("the assertion is for somebody else; its aud must be the issuer");
        }
        let now = server.now();
        let Some(until) = self.seconds("exp") else { return refused("the assertion has no exp") };
        if until + SKEW <= now {
            return refused("the assertion has expired");
        }
        if until > now + A_DAY {
            return refused("the assertion lasts for longer than a day");
        }
        let later = |name| self.seconds(name).is_some_and(|time| time > now + SKEW);
        if later("nbf") || later("iat") {
            return refused("the assertion is of the future");
        }
        match self.text("jti") {
            Some(jti) => server.books().see(self.need("iss")?, jti, until + SKEW, now),
            // A workload has what its platform gives it, which often has none.
            None if purpose == Purpose::Grant => Ok(()),
            None => refused("the assertion has no jti"),
        }
    }
}

/// A token for an assertion (RFC 7523, section 2.1): of a workload, or one that another server made for us.
pub(super) fn bearer(request: &Request<'_>) -> Result<Value, Refusal> {
    let Request { server, form, client, .. } = *request;
    let assertion = form.need("assertion")?;
    let claims = trusted(server, assertion)?;
    claims.check(server, Purpose::Grant)?;
    if let Some(client) = client {
        client.must_use(JWT_BEARER)?;
    }
    let subject = claims.need("sub")?.to_owned();
    let asked = form.get("scope");
    let (client_id, scopes, resources) = if claims.media_type.as_deref() == Some(ID_JAG) {
        let client = request.known_client()?;
        if claims.need("client_id")? != client.client_id {
            return Err(Kind::InvalidGrant.because("the assertion was made for another client"));
        }
        let granted = claims.text("scope");
        let scopes = server.scopes(asked.or(granted))?;
        let within =
            |scope: &String| granted.unwrap_or_default().split(' ').any(|one| one == scope);
        if granted.is_some() && !scopes.iter().all(within) {
            return Err(Kind::InvalidScope.because("the assertion does not have all these scopes"));
        }
        let resource = claims.text("resource").into_iter();
        (client.client_id.clone(), scopes, server.resources(resource)?)
    } else {
        let client_id = client.map_or_else(|| subject.clone(), |client| client.client_id.clone());
        (client_id, server.scopes(asked)?, server.resources(form.all("resource"))?)
    };
    let login = Login { subject, client_id, scopes, resources, thumbprint: None };
    let name = server.books().begin(login, request.now)?;
    give(request, &Given { login: &name, refresh: false, nonce: None })
}

/// Claims of this server or of one that it was told to trust.
fn trusted(server: &Server, assertion: &str) -> Result<Claims, Refusal> {
    let mut last = Kind::InvalidGrant.because("the issuer of the assertion is not trusted");
    if let Some(verified) = server.books().keys.verify(assertion) {
        let claims = Claims { media_type: verified.header.kind, members: verified.claims };
        // An access token of ours must not be good for another one.
        return match claims.media_type.as_deref() {
            Some(ID_JAG) => Ok(claims),
            _ => Err(Kind::InvalidGrant.because("this token of ours is no assertion")),
        };
    }
    for (issuer, keys) in &server.trusted {
        match Claims::verified(assertion, keys) {
            Ok(claims) if claims.text("iss") == Some(issuer) => return Ok(claims),
            Ok(_) => {}
            Err(refusal) => last = refusal,
        }
    }
    Err(last)
}

/// An assertion that lets a client in at another server in the name of a user (enterprise-managed authorization).
pub(super) fn exchange(request: &Request<'_>) -> Result<Value, Refusal> {
    let Request { server, form, now, .. } = *request;
    let client = request.known_client()?;
    client.must_use(TOKEN_EXCHANGE)?;
    let wrong = |name: &str, must: &str| {
        Err(Kind::InvalidRequest.because(format!("{name} must be {must}")))
    };
    if form.need("requested_token_type")? != ID_JAG_TYPE {
        return wrong("requested_token_type", ID_JAG_TYPE);
    }
    if form.need("subject_token_type")? != ID_TOKEN_TYPE {
        return wrong("subject_token_type", ID_TOKEN_TYPE);
    }
    let audience = form.need("audience")?;
    let subject = subject(server, form.need("subject_token")?, &client.client_id, now)?;
    let mut claims = json!({
        "iss": server.issuer, "sub": subject, "aud": audience, "client_id": client.client_id,
        "jti": chance::token(), "iat": now, "exp": now + FIVE_MINUTES,
    });
    // Which resources and scopes there are is for the other server to say.
    for name in ["resource", "scope"] {
        if let Some(value) = form.get(name) {
            claims[name] = value.into();
        }
    }
    let claims = claims.as_object().cloned().unwrap_or_default();
    let mut answer = json!({
        "issued_token_type": ID_JAG_TYPE,
        "access_token": server.books().keys.sign(ID_JAG, &claims),
        "token_type": "N_A",
        "expires_in": FIVE_MINUTES,
    });
    if let Some(scope) = form.get("scope") {
        answer["scope"] = scope.into();
    }
    Ok(answer)
}

/// The user of an ID token that this client was given.
fn subject(server: &Server, token: &str, client_id: &str, now: u64) -> Result<String, Refusal> {
    let refused = |what: &str| Kind::InvalidGrant.because(format!("subject_token {what}"));
    let verified = server.books().keys.verify(token);
    let verified = verified.ok_or_else(|| refused("is not signed by this server"))?;
    let claims = Claims { media_type: verified.header.kind, members: verified.claims };
    if claims.media_type.as_deref() != Some("JWT") {
        return Err(refused("is no ID token"));
    }
    if !claims.is_for(client_id) {
        return Err(refused("was given to another client"));
    }
    if claims.seconds("exp").is_none_or(|until| until <= now) {
        return Err(refused("has expired"));
    }
    claims.text("sub").map(str::to_owned).ok_or_else(|| refused("names nobody"))
}

/// The media type of an identity assertion.
const ID_JAG: &str = "oauth-id-jag+jwt";
const ID_JAG_TYPE: &str = "urn:ietf:params:oauth:token-type:id-jag";
const ID_TOKEN_TYPE: &str = "urn:ietf:params:oauth:token-type:id_token";
const SKEW: u64 = 60;
const FIVE_MINUTES: u64 = 300;
const A_DAY: u64 = 24 * 3600;
