//! What resources and authorization servers say of themselves (RFC 9728, RFC 8414, OpenID Connect).
//!
//! See [Authorization Server Discovery](https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization/authorization-server-discovery).

mod list;
mod resource;
mod server;

pub use resource::ProtectedResource;
pub use server::AuthorizationServer;

use crate::shown::shown;
use crate::{Url, fetch};
use serde::de::DeserializeOwned;

/// Decodes a document; says what is wrong with it, fit to be shown.
fn decode<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    if body.len() > fetch::Response::MAX_BODY {
        return Err(format!("it is longer than {} bytes", fetch::Response::MAX_BODY));
    }
    serde_json::from_slice(body).map_err(|error| shown(&error.to_string(), 200))
}

/// `https://host/.well-known/SUFFIX/path?query` of `https://host/path?query`, if that is not too long.
fn inserted(url: &Url, suffix: &str, path: &str) -> Option<Url> {
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    Url::parse(&format!("{}/.well-known/{suffix}{path}{query}", url.root())).ok()
}

#[cfg(test)]
mod tests;
