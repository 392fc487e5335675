//! Who asks: authentication of clients (RFC 6749, section 2.3; RFC 7523, section 2.2).

use super::assertion::{Claims, Purpose};
use crate::client::{Client, Method};
use crate::fetch::{self, Target};
use crate::form::Form;
use crate::refusal::{Kind, Refusal};
use crate::server::Server;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bowline_auth::jose::Jwks;
use http::HeaderMap;
use http::header::AUTHORIZATION;

/// How a request says who it is of.
enum Said<'a> {
    Nothing(&'a str),
    Basic(String, String),
    Post(&'a str, &'a str),
    Assertion(&'a str),
}

impl Said<'_> {
    fn method(&self) -> Method {
        match self {
            Self::Nothing(_) => Method::Nothing,
            Self::Basic(..) => Method::Basic,
            Self::Post(..) => Method::Post,
            Self::Assertion(_) => Method::PrivateKeyJwt,
        }
    }
}

/// The client that a request is of, in the one way that it has registered; none if the request says nothing of one.
pub(super) async fn authenticated(
    server: &Server,
    headers: &HeaderMap,
    form: &Form,
) -> Result<Option<Client>, Refusal> {
    let Some(said) = said(headers, form)? else { return Ok(None) };
    let method = said.method();
    let claims = match &said {
        Said::Assertion(assertion) => Some(Claims::unverified(assertion)?),
        _ => None,
    };
    let id = match (&said, &claims) {
        (Said::Nothing(id) | Said::Post(id, _), _) => (*id).to_owned(),
        (Said::Basic(id, _), _) => id.clone(),
        (Said::Assertion(_), claims) => {
            claims.as_ref().and_then(|claims| claims.text("sub")).unwrap_or_default().to_owned()
        }
    };
    if form.get("client_id").is_some_and(|named| named != id) {
        return Err(refused("client_id is not the client that the request is of"));
    }
    let client = server.client(&id).await.map_err(|refusal| refused(&refusal.description))?;
    if client.method() != method {
        return Err(refused(&format!(
            "client {id} has registered {}, and this is {}",
            client.method().name(),
            method.name()
        )));
    }
    match said {
        Said::Nothing(_) => {}
        Said::Basic(_, secret) => check_secret(&client, &secret)?,
        Said::Post(_, secret) => check_secret(&client, secret)?,
        Said::Assertion(assertion) => check_assertion(server, &client, assertion).await?,
    }
    Ok(Some(client))
}

/// > The client MUST NOT use more than one authentication method in each request.
fn said<'a>(headers: &HeaderMap, form: &'a Form) -> Result<Option<Said<'a>>, Refusal> {
    let mut all = Vec::new();
    if let Some(value) = headers.get(AUTHORIZATION) {
        let value = value.to_str().ok().and_then(|value| value.split_once(' '));
        let text = value.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"));
        let pair = text.and_then(|(_, text)| basic(text));
        let (id, secret) = pair.ok_or_else(|| refused("the header Authorization is not Basic"))?;
        all.push(Said::Basic(id, secret));
    }
    if let Some(secret) = form.get("client_secret") {
        all.push(Said::Post(form.need("client_id")?, secret));
    }
    if let Some(assertion) = form.get("client_assertion") {
        if form.get("client_assertion_type") != Some(ASSERTION_TYPE) {
            return Err(refused(&format!("client_assertion_type is not {ASSERTION_TYPE}")));
        }
        all.push(Said::Assertion(assertion));
    }
    if all.len() > 1 {
        return Err(
            Kind::InvalidRequest.because("the request says in two ways which client it is of")
        );
    }
    Ok(all.pop().or_else(|| form.get("client_id").map(Said::Nothing)))
}

/// Name and secret are encoded as in a form before they are joined (RFC 6749, section 2.3.1).
fn basic(text: &str) -> Option<(String, String)> {
    let joined = String::from_utf8(STANDARD.decode(text.trim()).ok()?).ok()?;
    let (id, secret) = joined.split_once(':')?;
    let decoded = |text: &str| {
        // A lone `&` or `=` is part of the text: only the escapes are undone.
        let escaped = text.replace('&', "%26").replace('=', "%3D");
        form_urlencoded::parse(escaped.as_bytes()).next().map(|(name, _)| name.into_owned())
    };
    Some((decoded(id)?, decoded(secret).unwrap_or_default()))
}

fn check_secret(client: &Client, presented: &str) -> Result<(), Refusal> {
    // Of both the digest is compared, so that the time it takes says nothing of the secret.
    let same = client
        .client_secret
        .as_deref()
        .is_some_and(|secret| crate::chance::sha256(secret) == crate::chance::sha256(presented));
    if same { Ok(()) } else { Err(refused("client_secret is wrong")) }
}

async fn check_assertion(server: &Server, client: &Client, assertion: &str) -> Result<(), Refusal> {
    let keys = match (&client.jwks, &client.jwks_uri) {
        (Some(keys), _) => keys.clone(),
        (None, Some(url)) => {
            let addresses = server.settings.addresses;
            let target = Target::parse(url, addresses).map_err(|wrong| refused(&wrong))?;
            fetch::json(&target, addresses).await.map_err(|error| refused(&error.to_string()))?
        }
        (None, None) => return Err(refused("the client has no keys")),
    };
    let keys = Jwks::parse(keys.to_string().as_bytes());
    let keys = keys.map_err(|fault| refused(&format!("the keys of the client: {fault}")))?;
    let in_words = |refusal: Refusal| refused(&refusal.description);
    let claims = Claims::verified(assertion, &keys).map_err(in_words)?;
    let id = client.client_id.as_str();
    if claims.text("iss") != Some(id) || claims.text("sub") != Some(id) {
        return Err(refused("iss and sub of the assertion must be the client_id"));
    }
    claims.check(server, Purpose::Authentication).map_err(in_words)
}

fn refused(what: &str) -> Refusal {
    Kind::InvalidClient.because(what)
}

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

#[cfg(test)]
mod tests {
    use super::basic;
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    #[test]
    fn name_and_secret_are_encoded_before_they_are_joined() {
        let rows = [
            ("id:secret", Some(("id", "secret"))),
            ("a%3Ab:c%25d+e", Some(("a:b", "c%d e"))),
            ("id:a=b&c", Some(("id", "a=b&c"))),
            ("id:", Some(("id", ""))),
            ("id", None),
        ];
        for (text, expected) in rows {
            let found = basic(&STANDARD.encode(text));
            let found = found.as_ref().map(|(id, secret)| (id.as_str(), secret.as_str()));
            assert_eq!(found, expected, "{text}");
        }
        assert_eq!(basic("%%%"), None);
    }
}
