//! Clients: what is known of them, and how they came to be known.

pub(crate) mod document;
pub(crate) mod redirect;
pub(crate) mod registration;

use crate::refusal::{Kind, Refusal};
use serde::Deserialize;
use serde_json::Value;

/// What a client says of itself (RFC 7591, section 2), as far as something follows from it.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Client {
    #[serde(default)]
    pub(crate) client_id: String,
    pub(crate) client_secret: Option<String>,
    pub(crate) client_name: Option<String>,
    #[serde(default)]
    pub(crate) redirect_uris: Vec<String>,
    pub(crate) grant_types: Option<Vec<String>>,
    pub(crate) response_types: Option<Vec<String>>,
    pub(crate) token_endpoint_auth_method: Option<Method>,
    pub(crate) application_type: Option<String>,
    pub(crate) jwks: Option<Value>,
    pub(crate) jwks_uri: Option<String>,
    pub(crate) scope: Option<String>,
    #[serde(default)]
    pub(crate) dpop_bound_access_tokens: bool,
}

/// How a client says who it is at the token endpoint.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
pub(crate) enum Method {
    #[serde(rename = "none")]
    Nothing,
    #[serde(rename = "client_secret_basic")]
    Basic,
    #[serde(rename = "client_secret_post")]
    Post,
    #[serde(rename = "private_key_jwt")]
    PrivateKeyJwt,
}

impl Method {
    pub(crate) const ALL: [Self; 4] = [Self::Nothing, Self::Basic, Self::Post, Self::PrivateKeyJwt];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Nothing => "none",
            Self::Basic => "client_secret_basic",
            Self::Post => "client_secret_post",
            Self::PrivateKeyJwt => "private_key_jwt",
        }
    }

    /// Whether the client and the server share a secret.
    pub(crate) fn shares(self) -> bool {
        matches!(self, Self::Basic | Self::Post)
    }
}

impl Client {
    /// A client of the settings, which may leave out what follows from the rest.
    pub(crate) fn preregistered(value: &Value) -> Result<Self, String> {
        let mut client: Self = serde_json::from_value(value.clone())
            .map_err(|error| format!("a client of the settings is not one: {error}"))?;
        let id = client.client_id.clone();
        if id.is_empty() {
            return Err("a client of the settings has no client_id".to_owned());
        }
        let method = match client.token_endpoint_auth_method {
            Some(method) => method,
            None if client.client_secret.is_some() => Method::Basic,
            None if client.jwks.is_some() || client.jwks_uri.is_some() => Method::PrivateKeyJwt,
            None => Method::Nothing,
        };
        client.token_endpoint_auth_method = Some(method);
        if method.shares() && client.client_secret.is_none() {
            return Err(format!("client {id} has no client_secret, which {} needs", method.name()));
        }
        client.check().map_err(|refusal| format!("client {id}: {}", refusal.description))?;
        Ok(client)
    }

    /// How it says who it is.
    pub(crate) fn method(&self) -> Method {
        self.token_endpoint_auth_method.unwrap_or(Method::Basic)
    }

    /// Whether anybody else could speak in its name.
    pub(crate) fn is_public(&self) -> bool {
        self.method() == Method::Nothing
    }

    /// Whether it said that it would use this grant.
    pub(crate) fn uses(&self, grant: &str) -> bool {
        match &self.grant_types {
            None => grant == AUTHORIZATION_CODE,
            Some(grants) => grants.iter().any(|one| one == grant),
        }
    }

    /// An error unless it said that it would use this grant.
    pub(crate) fn must_use(&self, grant: &str) -> Result<(), Refusal> {
        if self.uses(grant) {
            return Ok(());
        }
        let id = &self.client_id;
        Err(Kind::UnauthorizedClient
            .because(format!("client {id} has not registered the grant type {grant}")))
    }

    /// What a person is told that it is called.
    pub(crate) fn shown_name(&self) -> &str {
        self.client_name.as_deref().unwrap_or(&self.client_id)
    }

    /// The redirect URI of a request.
    pub(crate) fn redirect_uri<'a>(&'a self, named: Option<&'a str>) -> Result<&'a str, Refusal> {
        match (named, self.redirect_uris.as_slice()) {
            (Some(named), registered) => {
                let known = registered.iter().any(|one| redirect::matches(one, named));
                known.then_some(named).ok_or_else(|| {
                    let id = &self.client_id;
                    Kind::InvalidRequest
                        .because(format!("client {id} has not registered redirect_uri {named}"))
                })
            }
            (None, [only]) => Ok(only),
            (None, _) => Err(Kind::InvalidRequest
                .because("redirect_uri is missing, and the client has not registered exactly one")),
        }
    }

    /// What holds for each client, however it came to be known.
    pub(crate) fn check(&self) -> Result<(), Refusal> {
        let metadata = |description: String| Err(Kind::InvalidClientMetadata.because(description));
        for grant in self.grant_types.iter().flatten() {
            if !GRANTS.contains(&grant.as_str()) {
                return metadata(format!("grant type {grant} is not one of {}", GRANTS.join(", ")));
            }
        }
        if let Some(other) = self.response_types.iter().flatten().find(|one| *one != "code") {
            return metadata(format!("response type {other} is not code"));
        }
        for uri in &self.redirect_uris {
            redirect::sort(uri).map_err(|wrong| Kind::InvalidRedirectUri.because(wrong))?;
        }
        if self.uses(AUTHORIZATION_CODE) && self.redirect_uris.is_empty() {
            return Err(Kind::InvalidRedirectUri
                .because("redirect_uris is missing, which authorization_code needs"));
        }
        if self.jwks.is_some() && self.jwks_uri.is_some() {
            return metadata("jwks and jwks_uri are given, and only one may be".to_owned());
        }
        let keys = self.jwks.is_some() || self.jwks_uri.is_some();
        if self.method() == Method::PrivateKeyJwt && !keys {
            return metadata("private_key_jwt needs jwks or jwks_uri".to_owned());
        }
        if self.is_public() && self.uses(CLIENT_CREDENTIALS) {
            return metadata("client_credentials needs a client that says who it is".to_owned());
        }
        Ok(())
    }
}

pub(crate) const AUTHORIZATION_CODE: &str = "authorization_code";
pub(crate) const REFRESH_TOKEN: &str = "refresh_token";
pub(crate) const CLIENT_CREDENTIALS: &str = "client_credentials";
pub(crate) const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
pub(crate) const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

/// The grants there are.
pub(crate) const GRANTS: [&str; 5] =
    [AUTHORIZATION_CODE, REFRESH_TOKEN, CLIENT_CREDENTIALS, JWT_BEARER, TOKEN_EXCHANGE];
