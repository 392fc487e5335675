//! The key of a client, and its proofs.

use crate::Secret;
use crate::jose::{KeyFault, SigningKey};
use std::time::SystemTime;

/// The key that a client proves possession of: P-256, for ES256. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Key(SigningKey);

/// What a proof is for.
#[derive(Clone, Copy, Debug)]
pub struct Proof<'a> {
    /// The HTTP method of the request.
    pub method: &'a str,
    /// The URL of the request; query and fragment are left out of the proof.
    pub url: &'a str,
    /// The access token that the request carries, if it goes to a resource server.
    pub token: Option<&'a Secret>,
    /// The last nonce that the server sent ([`super::Nonces`]).
    pub nonce: Option<&'a str>,
    /// The time now.
    pub now: SystemTime,
}

impl Key {
    /// Makes a key.
    #[must_use]
    pub fn generate() -> Self {
        Self(SigningKey::generate())
    }

    /// Reads what [`Key::to_pem`] wrote.
    ///
    /// # Errors
    /// When it is not the PEM of a PKCS#8 key on P-256.
    pub fn from_pem(pem: &Secret) -> Result<Self, KeyFault> {
        SigningKey::from_pem(pem).map(Self)
    }

    /// The key as PEM, to be kept.
    #[must_use]
    pub fn to_pem(&self) -> Secret {
        self.0.to_pem()
    }

    /// The thumbprint of the public key: `jkt` in a token, `dpop_jkt` in an authorization request.
    #[must_use]
    pub fn thumbprint(&self) -> String {
        self.0.public().thumbprint()
    }

    /// The value of the header `DPoP` for one request; each request needs its own, a repeated one too.
    #[must_use]
    pub fn prove(&self, proof: &Proof<'_>) -> http::HeaderValue {
        let _ = proof;
        todo!()
    }
}
