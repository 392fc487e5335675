//! A small authorization server, for tests and for trying out.
//!
//! It lets users in by name alone, without a password, and is otherwise as strict as one that is used in earnest:
//! OAuth 2.1 with PKCE, resource indicators (RFC 8707), the issuer in each answer (RFC 9207), dynamic registration
//! (RFC 7591), client documents, refresh tokens that rotate, DPoP (RFC 9449), and the grants of the extensions of the
//! Model Context Protocol. Tests start it in their own process, and can make it misbehave ([`Hostile`]).
//!
//! It must never be used in earnest, and keeps nothing when it ends.
//!
//! See [Authorization](https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization).
//!
//! ```no_run
//! # async fn example() -> Result<(), dev_auth::StartError> {
//! let server = dev_auth::start(dev_auth::Settings::default()).await?;
//! let issuer = server.issuer();
//! # Ok(())
//! # }
//! ```

mod admin;
mod answer;
mod authorize;
mod books;
mod chance;
mod client;
mod clock;
mod fetch;
mod form;
mod hostile;
mod keys;
mod metadata;
mod refusal;
mod running;
mod server;
mod settings;
mod shelf;
mod token;

pub use clock::Clock;
pub use hostile::{Hostile, Iss, Metadata, Token};
pub use running::{Running, StartError, start};
pub use settings::{Addresses, ApplicationType, Approval, Dpop, Rotation, Secrets, Settings};
