//! What is kept of a login.

mod json;

use super::Key;
use crate::token::Tokens;
use crate::{Secret, dpop};
use serde_json::{Map, Value};
use std::time::SystemTime;

/// What is kept of a login.
///
/// The client and the tokens belong to the issuer: when a server names another one, neither is used there.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Kept {
    /// Whose login it is, and to what.
    pub key: Key,
    /// What tokens are asked for (RFC 8707): the `resource` of the server's metadata, byte for byte.
    pub resource: Option<String>,
    /// The authorization server, byte for byte as it names itself.
    pub issuer: String,
    /// Where tokens are refreshed.
    pub token_endpoint: Option<String>,
    /// Who we are there.
    pub client: Client,
    /// What came of the login; none while only a registration is kept.
    pub tokens: Option<Tokens>,
    /// The scopes that were asked for; what was granted of them, if the server said so, is in `tokens`.
    pub scopes: Vec<String>,
    /// The key that the tokens are bound to.
    pub dpop: Option<dpop::Key>,
    /// What is not known here, as another version of this program may have kept it; it is written again as it is.
    /// Members of `client` and `tokens` are under the same names.
    pub extra: Extra,
}

/// Members that are not known here. They may be secrets, and are shown by nothing.
#[derive(Clone, Default, PartialEq)]
pub struct Extra(pub Map<String, Value>);

/// Who we are at an authorization server.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Client {
    /// The `client_id`.
    pub id: String,
    /// The `client_secret`.
    pub secret: Option<Secret>,
    /// When the secret ends, if it does.
    pub secret_expires: Option<SystemTime>,
    /// How we say who we are (`token_endpoint_auth_method`).
    pub method: String,
    /// Whether we registered ourselves there, and may do so again.
    pub dynamic: bool,
    /// The redirect URIs that were registered.
    pub redirect_uris: Vec<String>,
}

impl Client {
    /// A public client with this name.
    pub fn new(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            secret: None,
            secret_expires: None,
            method: "none".to_owned(),
            dynamic: false,
            redirect_uris: Vec::new(),
        }
    }
}

impl Kept {
    /// A login at this issuer that has no tokens yet.
    pub fn new(key: Key, issuer: impl Into<String>, client: Client) -> Self {
        Self {
            key,
            resource: None,
            issuer: issuer.into(),
            token_endpoint: None,
            client,
            tokens: None,
            scopes: Vec::new(),
            dpop: None,
            extra: Extra::default(),
        }
    }
}

impl std::fmt::Debug for Extra {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Extra(…)")
    }
}
