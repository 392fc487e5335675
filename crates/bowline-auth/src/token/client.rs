//! How a client says who it is.

use super::form;
use crate::Secret;
use crate::jose::{SigningKey, date, unique};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use serde_json::{Map, Value};
use std::time::{Duration, SystemTime};
use zeroize::Zeroizing;

/// How a client says who it is at a token endpoint (`token_endpoint_auth_method`).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ClientAuth {
    /// `none`: a public client says its name.
    None {
        /// Its `client_id`.
        id: String,
    },
    /// `client_secret_basic`: name and password in the header `Authorization`, form-encoded first (RFC 6749 §2.3.1).
    Basic {
        /// Its `client_id`.
        id: String,
        /// Its `client_secret`.
        secret: Secret,
    },
    /// `client_secret_post`: name and password in the body.
    Post {
        /// Its `client_id`.
        id: String,
        /// Its `client_secret`.
        secret: Secret,
    },
    /// `private_key_jwt`: a token that it signed itself (RFC 7523 §2.2). The name is in there, and only there.
    PrivateKeyJwt {
        /// Its `client_id`.
        id: String,
        /// What it signs with.
        key: SigningKey,
        /// Who the token is for: the issuer of the authorization server, exactly as it names itself.
        audience: String,
    },
}

/// How long what a client signed of itself is good for.
const LIFE: Duration = Duration::from_secs(120);

impl ClientAuth {
    /// The name of the method, as metadata and registrations write it.
    #[must_use]
    pub fn method(&self) -> &'static str {
        match self {
            Self::None { .. } => "none",
            Self::Basic { .. } => "client_secret_basic",
            Self::Post { .. } => "client_secret_post",
            Self::PrivateKeyJwt { .. } => "private_key_jwt",
        }
    }

    /// The `client_id`.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::None { id }
            | Self::Basic { id, .. }
            | Self::Post { id, .. }
            | Self::PrivateKeyJwt { id, .. } => id,
        }
    }

    /// The password, if it has one.
    pub(super) fn secret(&self) -> Option<&Secret> {
        match self {
            Self::Basic { secret, .. } | Self::Post { secret, .. } => Some(secret),
            Self::None { .. } | Self::PrivateKeyJwt { .. } => None,
        }
    }

    /// The value of `Authorization`, marked as sensitive, if the method has one.
    pub(super) fn authorization(&self) -> Option<HeaderValue> {
        let Self::Basic { id, secret } = self else { return None };
        let room = 3 * (id.len() + secret.expose().len()) + 1;
        let mut pair = Zeroizing::new(String::with_capacity(room));
        form::push(&mut pair, id);
        pair.push(':');
        form::push(&mut pair, secret.expose());
        let value = Zeroizing::new(format!("Basic {}", STANDARD.encode(pair.as_bytes())));
        let mut value = HeaderValue::from_str(&value).expect("base64 is a header value");
        value.set_sensitive(true);
        Some(value)
    }

    /// What the body says of the client.
    pub(super) fn pairs(&self, now: SystemTime) -> Vec<(&'static str, Secret)> {
        match self {
            Self::None { id } => vec![("client_id", id.as_str().into())],
            Self::Basic { .. } => Vec::new(),
            Self::Post { id, secret } => {
                vec![("client_id", id.as_str().into()), ("client_secret", secret.clone())]
            }
            Self::PrivateKeyJwt { id, key, audience } => vec![
                (
                    "client_assertion_type",
                    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer".into(),
                ),
                ("client_assertion", assertion(id, key, audience, now)),
            ],
        }
    }
}

/// "I am this client, says its key" (RFC 7523 §3).
fn assertion(id: &str, key: &SigningKey, audience: &str, now: SystemTime) -> Secret {
    let now = date::seconds(now);
    let mut header = Map::new();
    header.insert("typ".to_owned(), "JWT".into());
    let claims: [(&str, Value); 6] = [
        ("iss", id.into()),
        ("sub", id.into()),
        ("aud", audience.into()),
        ("jti", unique::unique().into()),
        ("iat", now.into()),
        ("exp", (now + LIFE.as_secs()).into()),
    ];
    key.sign(header, &claims.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}
