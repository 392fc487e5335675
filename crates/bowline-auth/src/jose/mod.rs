//! Keys and signatures: JWK (RFC 7517), JWS (RFC 7515), JWT (RFC 7519), over `ring`.
//!
//! The compact serialisation only. What is verified here was signed by a key that the caller trusts, with an algorithm
//! that the caller allows: the token chooses neither. Symmetric algorithms do not exist, so a public key is never taken
//! for a shared secret.

mod algorithm;
pub(crate) mod base64url;
pub(crate) mod date;
mod fault;
pub(crate) mod json;
mod jwk;
mod jwks;
mod sign;
pub(crate) mod unique;
mod verify;

#[cfg(test)]
mod tests;

pub use algorithm::Algorithm;
pub use fault::{Fault, KeyFault};
pub use jwk::Jwk;
pub use jwks::Jwks;
pub use sign::SigningKey;
pub use verify::{Header, Verified, verify, verify_with};
