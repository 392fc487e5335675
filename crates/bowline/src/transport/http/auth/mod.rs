//! An endpoint as an OAuth 2.1 resource server.
//!
//! [`Protected`] is what an operator says; from it a `Verifier` is made, which is shared by all endpoints of a listener
//! and knows good tokens, and for each endpoint a `Door`, which knows what that endpoint is called and asks of whom.
//!
//! A token that was verified is known by its digest until it ends, so that each further request costs a look-up. What a
//! caller is told of a bad token is the same for all of them; why it was bad is told to the log, at level debug, without
//! the token.
//!
//! See [Authorization](https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization).

mod door;
mod fetch;
mod flight;
mod introspection;
mod issuer;
mod keys;
mod known;
mod oracle;
mod protected;
mod protection;
mod verifier;

pub use introspection::Introspection;
pub use issuer::Issuer;
pub use protected::Protected;

pub(super) use door::Door;
pub(super) use protection::Protection;
