//! The key of a client, and its proofs.

use super::{hashed, without_query};
use crate::Secret;
use crate::jose::{Algorithm, KeyFault, SigningKey, date, unique};
use http::HeaderValue;
use serde_json::{Map, Value, json};
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
        let key = SigningKey::from_pem(pem)?;
        // ES256 is what every server of RFC 9449 can check.
        if key.algorithm() == Algorithm::Es256 {
            Ok(Self(key))
        } else {
            Err(KeyFault::Pem("the key is not on P-256"))
        }
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
    ///
    /// # Panics
    /// When the operating system has no random bytes to give.
    #[must_use]
    pub fn prove(&self, proof: &Proof<'_>) -> HeaderValue {
        let mut header = Map::new();
        header.insert("typ".to_owned(), super::TYPE.into());
        header.insert("jwk".to_owned(), Value::Object(self.0.public().bare()));
        let mut claims = Map::new();
        let mut claim = |name: &str, value: Value| claims.insert(name.to_owned(), value);
        claim("jti", unique::unique().into());
        claim("htm", proof.method.into());
        claim("htu", without_query(proof.url).into());
        claim("iat", json!(date::seconds(proof.now)));
        if let Some(token) = proof.token {
            claim("ath", hashed(token).into());
        }
        if let Some(nonce) = proof.nonce {
            claim("nonce", nonce.into());
        }
        let token = self.0.sign(header, &claims);
        let value = HeaderValue::from_str(token.expose());
        let mut value = value.expect("base64url and dots are a header value");
        value.set_sensitive(true);
        value
    }
}
