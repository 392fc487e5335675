//! An endpoint as an OAuth 2.1 resource server.
//!
//! See [Authorization](https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization).

mod introspection;
mod issuer;
mod protected;

pub use introspection::Introspection;
pub use issuer::Issuer;
pub use protected::Protected;
