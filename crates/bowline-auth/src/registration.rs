//! How an authorization server gets to know a client.
//!
//! See [Client Registration](https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization/client-registration).

use crate::flow::Fault;
use crate::metadata::AuthorizationServer;
use crate::settings::{ClientIdentity, Credential, Dynamic, Grant, Preregistered, Settings};
use crate::shown::shown;
use crate::store::{Client, Kept};
use crate::token::ClientAuth;
use crate::url::Scheme;
use crate::{Secret, Url, fetch};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Who we are at an authorization server, or how we become somebody there.
#[derive(Debug)]
pub(crate) enum Choice {
    /// This is us.
    Known(Client),
    /// This is to be posted to the registration endpoint.
    Register(Map<String, Value>),
}

/// Chooses in the order of the specification: registered by hand, named by the URL of our metadata, registered now.
pub(crate) fn choose(
    settings: &Settings,
    server: &AuthorizationServer,
    kept: Option<&Kept>,
    now: SystemTime,
) -> Result<Choice, Fault> {
    let identity = &settings.identity;
    if let Some(client) = &identity.preregistered {
        return preregistered(client, server, kept).map(Choice::Known);
    }
    if let Some(client) = by_metadata(identity, server)? {
        return Ok(Choice::Known(client));
    }
    let Some((dynamic, redirect)) = dynamic(settings) else { return Err(nobody(server)) };
    if let Some(client) = kept.and_then(|kept| registered(kept, server, redirect, now)) {
        return Ok(Choice::Known(client));
    }
    match server.registration_endpoint {
        Some(_) => Ok(Choice::Register(request(dynamic, redirect, server))),
        None => Err(nobody(server)),
    }
}

/// The client that a registration made.
pub(crate) fn read(
    body: &[u8],
    asked: &Map<String, Value>,
    server: &AuthorizationServer,
) -> Result<Client, String> {
    let answer: Answer = match body.len() {
        0..=fetch::Response::MAX_BODY => {
            serde_json::from_slice(body).map_err(|error| shown(&error.to_string(), MOST_SHOWN))?
        }
        _ => return Err("it is too long".to_owned()),
    };
    if !(1..=MOST_ID).contains(&answer.client_id.len()) || !is_visible(&answer.client_id) {
        return Err(format!("its `client_id` is not 1 to {MOST_ID} characters of visible ASCII"));
    }
    let secret = answer.client_secret.filter(|secret| !secret.is_empty()).map(Secret::new);
    let named = answer.token_endpoint_auth_method;
    let method = match named.filter(|method| OURS.contains(&method.as_str())) {
        Some(method) if method == NONE || secret.is_some() => method,
        _ => method(secret.is_some(), server).to_owned(),
    };
    let mut client = Client::new(answer.client_id);
    // Zero means never (RFC 7591 §3.2.1).
    client.secret_expires = answer
        .client_secret_expires_at
        .filter(|&seconds| seconds != 0)
        .and_then(|seconds| UNIX_EPOCH.checked_add(Duration::from_secs(seconds)));
    client.secret = secret;
    client.method = method;
    client.dynamic = true;
    let uris = asked.get("redirect_uris").and_then(Value::as_array);
    client.redirect_uris =
        uris.into_iter().flatten().filter_map(|uri| uri.as_str().map(str::to_owned)).collect();
    Ok(client)
}

/// Why a registration was refused (RFC 7591 §3.2.2), fit to be shown.
pub(crate) fn refusal(body: &[u8]) -> (Option<String>, Option<String>) {
    let refusal: Refusal = match body.len() {
        0..=fetch::Response::MAX_BODY => serde_json::from_slice(body).unwrap_or_default(),
        _ => Refusal::default(),
    };
    let fit = |text: Option<String>| text.map(|text| shown(&text, MOST_SHOWN));
    (fit(refusal.error), fit(refusal.error_description))
}

/// How a client says at the token endpoint who it is.
pub(crate) fn authentication(
    client: &Client,
    identity: &ClientIdentity,
    issuer: &str,
) -> ClientAuth {
    let id = client.id.clone();
    let key = match &identity.preregistered {
        Some(Preregistered { id: of, credential: Credential::Key(key), .. }) if *of == id => {
            Some(key)
        }
        _ => None,
    };
    match (client.method.as_str(), &client.secret, key) {
        (KEY, _, Some(key)) => {
            ClientAuth::PrivateKeyJwt { id, key: key.clone(), audience: issuer.to_owned() }
        }
        (BASIC, Some(secret), _) => ClientAuth::Basic { id, secret: secret.clone() },
        (POST, Some(secret), _) => ClientAuth::Post { id, secret: secret.clone() },
        _ => ClientAuth::None { id },
    }
}

const NONE: &str = "none";
const BASIC: &str = "client_secret_basic";
const POST: &str = "client_secret_post";
const KEY: &str = "private_key_jwt";
/// What we can, but for keys, which nobody registers for us.
const OURS: [&str; 3] = [NONE, BASIC, POST];
const MOST_ID: usize = 2048;
const MOST_SHOWN: usize = 300;

fn preregistered(
    client: &Preregistered,
    server: &AuthorizationServer,
    kept: Option<&Kept>,
) -> Result<Client, Fault> {
    // A client that was named without its issuer belongs to the first one that it met.
    let met = kept.filter(|kept| kept.client.id == client.id && !kept.client.dynamic);
    let issuer = client.issuer.as_ref().or_else(|| met.map(|kept| &kept.issuer));
    if let Some(issuer) = issuer.filter(|&issuer| *issuer != server.issuer) {
        return Err(Fault::OtherIssuer {
            client_id: shown(&client.id, MOST_SHOWN),
            registered: shown(issuer, MOST_SHOWN),
            named: shown(&server.issuer, MOST_SHOWN),
        });
    }
    let mut known = Client::new(client.id.clone());
    known.method = match &client.credential {
        Credential::None => NONE,
        Credential::Secret(secret) => {
            known.secret = Some(secret.clone());
            method(true, server)
        }
        Credential::Key(_) => KEY,
    }
    .to_owned();
    Ok(known)
}

/// Who has a secret uses it as the server wants it; in the header if that one does not say (RFC 8414 §2).
fn method(has_secret: bool, server: &AuthorizationServer) -> &'static str {
    match &server.token_endpoint_auth_methods_supported {
        _ if !has_secret => NONE,
        None => BASIC,
        Some(methods) => [BASIC, POST, NONE]
            .into_iter()
            .find(|method| methods.iter().any(|listed| listed == method))
            .unwrap_or(BASIC),
    }
}

fn by_metadata(
    identity: &ClientIdentity,
    server: &AuthorizationServer,
) -> Result<Option<Client>, Fault> {
    let Some(url) = &identity.metadata_url else { return Ok(None) };
    if url.scheme() != Scheme::Https || matches!(url.path(), "" | "/") {
        return Err(Fault::MetadataUrl { url: url.clone() });
    }
    let supported = server.client_id_metadata_document_supported == Some(true);
    Ok(supported.then(|| Client::new(url.as_str())))
}

/// What we would say, and where a browser would come back to; none where nobody registers by himself.
fn dynamic(settings: &Settings) -> Option<(&Dynamic, Option<&Url>)> {
    let dynamic = settings.identity.dynamic.as_ref()?;
    match &settings.grant {
        Grant::AuthorizationCode { redirect } => Some((dynamic, Some(redirect))),
        Grant::EnterpriseManaged(_) => Some((dynamic, None)),
        Grant::ClientCredentials | Grant::JwtBearer { .. } => None,
    }
}

/// The registration that is kept, if it is of this issuer, for this redirect, and not at its end.
fn registered(
    kept: &Kept,
    server: &AuthorizationServer,
    redirect: Option<&Url>,
    now: SystemTime,
) -> Option<Client> {
    let client = &kept.client;
    let fits = |redirect: &Url| client.redirect_uris.iter().any(|uri| uri == redirect.as_str());
    let usable = kept.issuer == server.issuer
        && client.dynamic
        && redirect.is_none_or(fits)
        && client.secret_expires.is_none_or(|end| now < end);
    usable.then(|| client.clone())
}

/// What we say of ourselves; without a browser that comes back somewhere we bring assertions of an identity provider.
fn request(
    dynamic: &Dynamic,
    redirect: Option<&Url>,
    server: &AuthorizationServer,
) -> Map<String, Value> {
    let mut request = Map::new();
    request.insert("client_name".into(), dynamic.name.as_str().into());
    if let Some(uri) = &dynamic.uri {
        request.insert("client_uri".into(), uri.as_str().into());
    }
    match redirect {
        Some(redirect) => {
            // Without it OpenID Connect means `web`, which may not come back to loopback.
            let kind = if redirect.is_loopback() { "native" } else { "web" };
            request.insert("application_type".into(), kind.into());
            request.insert("redirect_uris".into(), json!([redirect.as_str()]));
            request.insert("response_types".into(), json!(["code"]));
            request.insert("grant_types".into(), json!(["authorization_code", "refresh_token"]));
        }
        None => {
            request.insert("application_type".into(), "native".into());
            request.insert("redirect_uris".into(), json!([]));
            request.insert("response_types".into(), json!([]));
            request.insert("grant_types".into(), json!([JWT_BEARER]));
        }
    }
    let listed = server.token_endpoint_auth_methods_supported.as_ref();
    let method = listed.and_then(|listed| {
        OURS.into_iter().find(|method| listed.iter().any(|listed| listed == method))
    });
    request.insert("token_endpoint_auth_method".into(), method.unwrap_or(NONE).into());
    request
}

/// What RFC 6749 appendix A calls `VSCHAR`.
fn is_visible(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

fn nobody(server: &AuthorizationServer) -> Fault {
    Fault::NoClient { issuer: shown(&server.issuer, MOST_SHOWN) }
}

#[derive(Deserialize)]
struct Answer {
    client_id: String,
    client_secret: Option<String>,
    client_secret_expires_at: Option<u64>,
    token_endpoint_auth_method: Option<String>,
}

#[derive(Default, Deserialize)]
struct Refusal {
    error: Option<String>,
    error_description: Option<String>,
}

#[cfg(test)]
mod tests;
