//! Checking signatures.

use super::{Algorithm, Fault, Jwk, Jwks};
use serde_json::{Map, Value};

/// A token whose signature is right. Nothing was checked of what it claims.
#[derive(Clone, PartialEq)]
pub struct Verified {
    /// What its first part says.
    pub header: Header,
    /// What it claims.
    pub claims: Map<String, Value>,
}

/// The protected header of a token.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Header {
    /// The algorithm of the signature.
    pub algorithm: Algorithm,
    /// The key, `kid`.
    pub id: Option<String>,
    /// The media type of the token, `typ`, as it stands there.
    pub kind: Option<String>,
    /// The whole header.
    pub members: Map<String, Value>,
}

impl Header {
    /// Reads the header of a token that nothing was checked of yet: to find the key, and for nothing else.
    ///
    /// # Errors
    /// As [`verify`], but for the signature.
    pub fn unverified(token: &str, allowed: &[Algorithm]) -> Result<Self, Fault> {
        let _ = (token, allowed);
        todo!()
    }
}

/// Checks a token against a set of keys; the algorithm has to be one of those that are allowed.
///
/// # Errors
/// Says what is wrong with the token.
pub fn verify(token: &str, keys: &Jwks, allowed: &[Algorithm]) -> Result<Verified, Fault> {
    let _ = (token, keys, allowed);
    todo!()
}

/// Checks a token against one key, whatever `kid` it names.
///
/// # Errors
/// As [`verify`].
pub fn verify_with(token: &str, key: &Jwk, allowed: &[Algorithm]) -> Result<Verified, Fault> {
    let _ = (token, key, allowed);
    todo!()
}

impl std::fmt::Debug for Verified {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Verified").field("header", &self.header).finish_non_exhaustive()
    }
}
