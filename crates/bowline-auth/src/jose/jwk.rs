//! One public key.

use super::{Algorithm, KeyFault};

/// A public key (RFC 7517, RFC 7518 §6, RFC 8037 §2): RSA of 2048 to 8192 bits, P-256, P-384 or Ed25519.
///
/// Private members of what it was read from are refused: nobody publishes them on purpose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jwk {}

impl Jwk {
    /// Reads a key from JSON.
    ///
    /// # Errors
    /// Says which member is wrong, or that the kind of key is not supported.
    pub fn parse(json: &str) -> Result<Self, KeyFault> {
        let _ = json;
        todo!()
    }

    /// Its identifier, `kid`.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        todo!()
    }

    /// The same key under another identifier.
    #[must_use]
    pub fn with_id(self, id: impl Into<String>) -> Self {
        let _: String = id.into();
        todo!()
    }

    /// Whether a signature by this algorithm can be checked with it, as its kind, curve, `alg`, `use` and `key_ops` say.
    #[must_use]
    pub fn verifies(&self, algorithm: Algorithm) -> bool {
        let _ = algorithm;
        todo!()
    }

    /// Its JSON: what makes the key, `kid` and `alg`.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        todo!()
    }

    /// Its thumbprint: base64url of the SHA-256 of what makes the key (RFC 7638).
    #[must_use]
    pub fn thumbprint(&self) -> String {
        todo!()
    }
}
