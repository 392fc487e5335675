//! What a protected resource says of itself.

use super::{decode, inserted, list};
use crate::Url;
use serde::Deserialize;

/// Metadata of a protected resource (RFC 9728 §2), as far as a client has use for it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct ProtectedResource {
    /// What tokens for it are asked for, byte for byte.
    pub resource: String,
    /// The issuers of the authorization servers that it trusts.
    #[serde(default, deserialize_with = "list::texts")]
    pub authorization_servers: Option<Vec<String>>,
    /// The scopes that its basic use needs.
    #[serde(default, deserialize_with = "list::texts")]
    pub scopes_supported: Option<Vec<String>>,
    /// Whether it takes no token but one that is bound to a key.
    pub dpop_bound_access_tokens_required: Option<bool>,
}

impl ProtectedResource {
    /// Reads a document.
    ///
    /// # Errors
    ///
    /// What is wrong with it, fit to be shown.
    pub fn read(body: &[u8]) -> Result<Self, String> {
        decode(body)
    }

    /// Where the metadata of a server is, if no challenge says so: at its path, then at the root.
    #[must_use]
    pub fn well_known(server: &Url) -> Vec<Url> {
        // A slash after the host is no path (RFC 9728 §3.1).
        let path = Some(server.path()).filter(|&path| path != "/").unwrap_or_default();
        let mut urls: Vec<_> = inserted(server, SUFFIX, path).into_iter().collect();
        if let Ok(root) = Url::parse(&format!("{}/.well-known/{SUFFIX}", server.root()))
            && !urls.contains(&root)
        {
            urls.push(root);
        }
        urls
    }

    /// Whether this speaks of the server that the user named (RFC 9728 §3.3): the same URL, or a path above it at the
    /// same origin, as the metadata at the root has it. A token for another server would be one to steal.
    #[must_use]
    pub fn covers(&self, server: &Url) -> bool {
        if self.resource == server.as_str() {
            return true;
        }
        let Ok(resource) = Url::parse(&self.resource) else { return false };
        resource.same_origin(server)
            && resource.query().is_none()
            && is_above(resource.path(), server.path())
    }
}

const SUFFIX: &str = "oauth-protected-resource";

/// Whether a path is another one or begins it, by whole segments. A slash at the end makes no difference here: what is
/// sent later is the text of the resource anyway.
fn is_above(above: &str, path: &str) -> bool {
    let above = above.strip_suffix('/').unwrap_or(above);
    // Dots, in any spelling, could lead from there to somewhere else.
    let climbs = |path: &str| {
        path.split('/').any(|segment| {
            let plain = segment.to_ascii_lowercase().replace("%2e", ".");
            matches!(plain.as_str(), "." | "..")
        })
    };
    let below = path.strip_prefix(above);
    !climbs(path) && below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
