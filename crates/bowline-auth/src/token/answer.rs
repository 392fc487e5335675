//! What a token endpoint answers.

use super::TokenFault;
use crate::Secret;
use crate::dpop::nonce;
use crate::jose::json;
use crate::shown::shown;
use http::{HeaderMap, HeaderValue};
use serde_json::{Map, Value};
use std::time::{Duration, SystemTime};

/// The tokens of a login.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tokens {
    /// What requests carry: visible ASCII.
    pub access: Secret,
    /// How they carry it.
    pub scheme: Scheme,
    /// When the access token ends, if the server said so.
    pub expires: Option<SystemTime>,
    /// What gets the next access token.
    pub refresh: Option<Secret>,
    /// The scopes granted, if the server said them; none means those that were asked for (RFC 6749 §5.1).
    pub scopes: Option<Vec<String>>,
    /// The ID token of OpenID Connect, if one came.
    pub id: Option<Secret>,
}

/// How a request carries its token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// Who has the token may use it (RFC 6750).
    Bearer,
    /// Only who has the key may use it (RFC 9449 §7.1).
    Dpop,
}

impl Tokens {
    /// A token that does not say when it ends.
    ///
    /// # Errors
    /// When it is empty, or has characters that no header can carry.
    pub fn new(access: Secret, scheme: Scheme) -> Result<Self, TokenFault> {
        if access.is_empty() || !access.expose().bytes().all(|c| c.is_ascii_graphic()) {
            return Err(TokenFault::Malformed("its `access_token` is not visible ASCII"));
        }
        Ok(Self { access, scheme, expires: None, refresh: None, scopes: None, id: None })
    }

    /// Reads the answer to a token request that was made at `now`. [`super::TokenRequest::tokens`] knows the request, too.
    ///
    /// # Errors
    /// What the server refused, or what is wrong with its answer.
    pub fn read(
        status: u16,
        headers: &HeaderMap,
        body: &[u8],
        now: SystemTime,
    ) -> Result<Self, TokenFault> {
        let members = granted(status, headers, body)?;
        let kind =
            text(&members, "token_type")?.ok_or(TokenFault::Malformed("it has no `token_type`"))?;
        let scheme = match kind.to_ascii_lowercase().as_str() {
            "bearer" => Scheme::Bearer,
            "dpop" => Scheme::Dpop,
            _ => return Err(TokenFault::TokenType(shown(kind, 32))),
        };
        let access = text(&members, "access_token")?
            .ok_or(TokenFault::Malformed("it has no `access_token`"))?;
        let scopes = text(&members, "scope")?;
        Ok(Self {
            expires: expires(&members, now)?,
            refresh: text(&members, "refresh_token")?
                .filter(|token| !token.is_empty())
                .map(Secret::from),
            scopes: scopes
                .map(|scopes| scopes.split_ascii_whitespace().map(str::to_owned).collect()),
            id: text(&members, "id_token")?.map(Secret::from),
            ..Self::new(access.into(), scheme)?
        })
    }

    /// Whether the access token has ended at `now`, or will have after `margin`. One of which nobody said when it ends
    /// never does.
    #[must_use]
    pub fn ends(&self, now: SystemTime, margin: Duration) -> bool {
        // A time that cannot be counted is after every other.
        self.expires
            .is_some_and(|expires| now.checked_add(margin).is_none_or(|then| expires <= then))
    }

    /// The value of the header `Authorization`, marked as sensitive. None if somebody put a token in that no header can
    /// carry.
    #[must_use]
    pub fn authorization(&self) -> Option<HeaderValue> {
        let text =
            zeroize::Zeroizing::new(format!("{} {}", self.scheme.name(), self.access.expose()));
        let mut value = HeaderValue::from_str(&text).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

impl Scheme {
    /// Its name in `Authorization` and `token_type`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Bearer => "Bearer",
            Self::Dpop => "DPoP",
        }
    }
}

/// What a token exchange gave: an assertion for another authorization server, and no access token.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Exchanged {
    /// The identity assertion (ID-JAG), to be sent as [`super::Grant::JwtBearer`].
    pub assertion: Secret,
    /// When it ends, if the server said so.
    pub expires: Option<SystemTime>,
}

/// The type of an identity assertion.
pub(super) const ID_JAG: &str = "urn:ietf:params:oauth:token-type:id-jag";

impl Exchanged {
    /// Reads the answer to [`super::Grant::Exchange`] that was made at `now`.
    ///
    /// # Errors
    /// What the server refused, or what is wrong with its answer; also when it issued anything but an ID-JAG.
    pub fn read(
        status: u16,
        headers: &HeaderMap,
        body: &[u8],
        now: SystemTime,
    ) -> Result<Self, TokenFault> {
        let members = granted(status, headers, body)?;
        if text(&members, "issued_token_type")? != Some(ID_JAG) {
            return Err(TokenFault::Malformed(
                "its `issued_token_type` is not an identity assertion (`id-jag`)",
            ));
        }
        // Not an access token, whatever the member is called (RFC 8693 §2.2.1).
        let assertion = text(&members, "access_token")?.filter(|token| !token.is_empty());
        let assertion = assertion.ok_or(TokenFault::Malformed("it has no `access_token`"))?;
        Ok(Self { assertion: assertion.into(), expires: expires(&members, now)? })
    }
}

/// The members of an answer that refuses nothing.
fn granted(
    status: u16,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Map<String, Value>, TokenFault> {
    let members = (body.len() <= LONGEST).then(|| json::object(body)).flatten();
    if let Some(members) = &members
        && let Some(error) = members.get("error").and_then(Value::as_str)
    {
        // Some servers refuse with 200.
        return Err(refusal(error, members, headers));
    }
    match members {
        _ if !(200..300).contains(&status) => Err(TokenFault::Status(status)),
        Some(members) => Ok(members),
        None if body.len() > LONGEST => Err(TokenFault::Malformed("it is longer than 256 KiB")),
        None => Err(TokenFault::Malformed("it is not a JSON object without repeated members")),
    }
}

fn refusal(error: &str, members: &Map<String, Value>, headers: &HeaderMap) -> TokenFault {
    if error == "use_dpop_nonce" {
        return nonce(headers).map_or(
            TokenFault::Malformed(
                "it wants a nonce in the DPoP proof, and sends none in `DPoP-Nonce`",
            ),
            |nonce| TokenFault::UseDpopNonce(nonce.to_owned()),
        );
    }
    let description = members.get("error_description").and_then(Value::as_str);
    TokenFault::Refused {
        code: error.into(),
        description: description.map(|text| shown(text, 200)),
    }
}

/// A member that is absent, null or a text.
fn text<'a>(
    members: &'a Map<String, Value>,
    name: &'static str,
) -> Result<Option<&'a str>, TokenFault> {
    match members.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(TokenFault::Malformed(match name {
            "access_token" => "its `access_token` is not a text",
            "token_type" => "its `token_type` is not a text",
            "refresh_token" => "its `refresh_token` is not a text",
            "scope" => "its `scope` is not a text",
            "id_token" => "its `id_token` is not a text",
            _ => "its `issued_token_type` is not a text",
        })),
    }
}

/// `expires_in`: seconds, as a number or, from some servers, as the text of one.
fn expires(
    members: &Map<String, Value>,
    now: SystemTime,
) -> Result<Option<SystemTime>, TokenFault> {
    let seconds = match members.get("expires_in") {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Number(number)) => number.as_f64(),
        Some(Value::String(text)) => text.trim().parse().ok(),
        Some(_) => None,
    };
    let seconds = seconds.filter(|seconds| *seconds >= 0.0);
    let seconds =
        seconds.ok_or(TokenFault::Malformed("its `expires_in` is not a number of seconds"))?;
    // What ends after the last time there is never ends.
    Ok(Duration::try_from_secs_f64(seconds).ok().and_then(|life| now.checked_add(life)))
}

const LONGEST: usize = 256 * 1024;
