//! Signing.

use super::{Algorithm, Jwk, KeyFault};
use crate::Secret;
use serde_json::{Map, Value};

/// A private key that signs: ES256, RS256 or EdDSA. Cheap to clone.
#[derive(Clone)]
pub struct SigningKey {}

impl SigningKey {
    /// Makes a key for ES256.
    #[must_use]
    pub fn generate() -> Self {
        todo!()
    }

    /// Reads the PEM of a PKCS#8 private key (`-----BEGIN PRIVATE KEY-----`); its kind decides the algorithm.
    ///
    /// # Errors
    /// When it is not one such key, or of a kind that is not supported.
    pub fn from_pem(pem: &Secret) -> Result<Self, KeyFault> {
        let _ = pem;
        todo!()
    }

    /// The key as PEM, to be kept.
    #[must_use]
    pub fn to_pem(&self) -> Secret {
        todo!()
    }

    /// The same key under this identifier, which what it signs then names.
    #[must_use]
    pub fn with_id(self, id: impl Into<String>) -> Self {
        let _: String = id.into();
        todo!()
    }

    /// What it signs with.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        todo!()
    }

    /// What checks its signatures.
    #[must_use]
    pub fn public(&self) -> &Jwk {
        todo!()
    }

    /// A token: `header` (to which `alg` and `kid` are added) and claims, signed, in compact serialisation.
    #[must_use]
    pub fn sign(&self, header: Map<String, Value>, claims: &Map<String, Value>) -> Secret {
        let _ = (header, claims);
        todo!()
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey").finish_non_exhaustive()
    }
}
