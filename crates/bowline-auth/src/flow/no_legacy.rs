//! Without servers of the time before there was metadata of resources.

use crate::Url;
use crate::metadata::AuthorizationServer;

/// What there would be at the root of a server.
#[derive(Debug)]
pub(super) struct Legacy {
    pub(super) metadata: Url,
    pub(super) issuers: Vec<String>,
    pub(super) otherwise: AuthorizationServer,
}

/// Nothing that counts.
pub(super) fn at_root_of(_: &Url) -> Option<Legacy> {
    None
}
