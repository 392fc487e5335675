//! Servers of 2025-03-26: no metadata of the resource; the authorization server is at the root of the same host, and has
//! metadata there, or default endpoints.
//!
//! See [Server Metadata Discovery](https://modelcontextprotocol.io/specification/2025-03-26/basic/authorization#server-metadata-discovery).

use crate::Url;
use crate::metadata::AuthorizationServer;

/// What there is at the root of a server.
#[derive(Debug)]
pub(super) struct Legacy {
    /// Where metadata may be.
    pub(super) metadata: Url,
    /// What it may say that it is.
    pub(super) issuers: Vec<String>,
    /// What counts if it is not there.
    pub(super) otherwise: AuthorizationServer,
}

/// What there is at the root of this server.
pub(super) fn at_root_of(server: &Url) -> Option<Legacy> {
    let root = server.root();
    let otherwise = AuthorizationServer {
        issuer: root.to_owned(),
        authorization_endpoint: Some(format!("{root}/authorize")),
        token_endpoint: Some(format!("{root}/token")),
        registration_endpoint: Some(format!("{root}/register")),
        // All clients have to do PKCE there, and nothing says how; there is but one method that may be used.
        code_challenge_methods_supported: Some(vec!["S256".to_owned()]),
        ..AuthorizationServer::default()
    };
    Some(Legacy {
        metadata: Url::parse(&format!("{root}/.well-known/oauth-authorization-server")).ok()?,
        // Both identifiers lead to this place (RFC 8414 §3.1).
        issuers: vec![root.to_owned(), format!("{root}/")],
        otherwise,
    })
}
