//! What an authorization server says of itself.

use super::{decode, inserted, list};
use crate::Url;
use serde::Deserialize;

/// Metadata of an authorization server (RFC 8414 §2, OpenID Connect Discovery §3), as far as a client has use for it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct AuthorizationServer {
    /// Who it is, byte for byte.
    pub issuer: String,
    /// Where a person says yes.
    pub authorization_endpoint: Option<String>,
    /// Where tokens are given.
    pub token_endpoint: Option<String>,
    /// Where a client registers.
    pub registration_endpoint: Option<String>,
    /// Where a client gives tokens back (RFC 7009).
    pub revocation_endpoint: Option<String>,
    /// The scopes it knows.
    #[serde(default, deserialize_with = "list::texts")]
    pub scopes_supported: Option<Vec<String>>,
    /// What it comes back with.
    #[serde(default, deserialize_with = "list::texts")]
    pub response_types_supported: Option<Vec<String>>,
    /// What it gives tokens for.
    #[serde(default, deserialize_with = "list::texts")]
    pub grant_types_supported: Option<Vec<String>>,
    /// How clients say who they are where tokens are given.
    #[serde(default, deserialize_with = "list::texts")]
    pub token_endpoint_auth_methods_supported: Option<Vec<String>>,
    /// The methods of PKCE.
    #[serde(default, deserialize_with = "list::texts")]
    pub code_challenge_methods_supported: Option<Vec<String>>,
    /// The algorithms of proofs that bind a token to a key (RFC 9449 §5.1).
    #[serde(default, deserialize_with = "list::texts")]
    pub dpop_signing_alg_values_supported: Option<Vec<String>>,
    /// Whether it says in each answer who it is (RFC 9207).
    pub authorization_response_iss_parameter_supported: Option<bool>,
    /// Whether a client may be named by the URL of its metadata.
    pub client_id_metadata_document_supported: Option<bool>,
}

impl AuthorizationServer {
    /// Reads a document. Whether its `issuer` is the one that was meant is for the caller to check.
    ///
    /// # Errors
    ///
    /// What is wrong with it, fit to be shown.
    pub fn read(body: &[u8]) -> Result<Self, String> {
        decode(body)
    }

    /// Where the metadata of an issuer may be, in the order of the specification: three places if it has a path, else
    /// two.
    #[must_use]
    pub fn well_known(issuer: &Url) -> Vec<Url> {
        let path = issuer.path();
        let path = path.strip_suffix('/').unwrap_or(path);
        let mut urls = vec![inserted(issuer, OAUTH, path), inserted(issuer, OPENID, path)];
        if !path.is_empty() {
            let appended = format!("{}{path}/.well-known/{OPENID}", issuer.root());
            urls.push(Url::parse(&appended).ok());
        }
        urls.into_iter().flatten().collect()
    }

    /// Whether it does PKCE with `S256`. Silence means that it does not, also in the metadata of OpenID Connect.
    #[must_use]
    pub fn has_s256(&self) -> bool {
        lists(&self.code_challenge_methods_supported, "S256").unwrap_or(false)
    }

    /// Whether it gives codes; it does if it does not say.
    #[must_use]
    pub fn gives_codes(&self) -> bool {
        lists(&self.response_types_supported, "code").unwrap_or(true)
    }

    /// Whether it binds tokens to keys like ours.
    #[must_use]
    pub fn has_dpop(&self) -> bool {
        lists(&self.dpop_signing_alg_values_supported, "ES256").unwrap_or(false)
    }
}

const OAUTH: &str = "oauth-authorization-server";
const OPENID: &str = "openid-configuration";

/// Whether a list has a word; none if there is no list.
fn lists(list: &Option<Vec<String>>, word: &str) -> Option<bool> {
    list.as_ref().map(|list| list.iter().any(|member| member == word))
}
