//! Proofs that a token is presented by whoever it was given to (DPoP, RFC 9449).
//!
//! A client makes a [`Key`], and with each request a proof: a small token that names the method and URL of the request
//! and, to a resource server, the access token. A server checks the proof with [`check`], and that the access token is
//! bound to the key of the proof.
//!
//! A server may want a nonce of its own in each proof. It answers `use_dpop_nonce`, and whoever keeps [`Nonces`] knows
//! the nonce for the second try.

mod check;
mod key;
mod nonces;
mod replays;
mod uri;

#[cfg(test)]
mod tests;

pub use check::{ALGORITHMS, Expected, Fault, Proved, check};
pub use key::{Key, Proof};
pub use nonces::Nonces;
pub use replays::Replays;

pub(crate) use nonces::nonce;

use crate::Secret;
use crate::jose::base64url;
use ring::digest::{SHA256, digest};

/// The media type of a proof, `typ`.
const TYPE: &str = "dpop+jwt";

/// The hash of an access token, `ath`.
fn hashed(token: &Secret) -> String {
    base64url::encode(digest(&SHA256, token.expose().as_bytes()))
}

fn without_query(url: &str) -> &str {
    url.find(['?', '#']).map_or(url, |end| &url[..end])
}
