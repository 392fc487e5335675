//! Proofs that a token is presented by whoever it was given to (DPoP, RFC 9449).
//!
//! A client makes a [`Key`], and with each request a proof: a small token that names the method and URL of the request
//! and, to a resource server, the access token. A server checks the proof with [`check`], and that the access token is
//! bound to the key of the proof.

mod check;
mod key;
mod nonces;
mod replays;

pub use check::{Expected, Fault, Proved, check};
pub use key::{Key, Proof};
pub use nonces::Nonces;
pub use replays::Replays;
