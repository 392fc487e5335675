//! Signing.

use super::jwk::Material;
use super::{Algorithm, Jwk, KeyFault, base64url};
use crate::Secret;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256,
    RsaKeyPair,
};
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject as _;
use serde_json::{Map, Value};
use std::fmt;
use std::sync::Arc;
use zeroize::Zeroizing;

/// A private key that signs: ES256, RS256 or EdDSA. Cheap to clone.
#[derive(Clone)]
pub struct SigningKey {
    pair: Arc<Pair>,
    public: Jwk,
}

struct Pair {
    kind: Kind,
    der: Zeroizing<Vec<u8>>,
}

enum Kind {
    Es256(EcdsaKeyPair),
    Rs256(Box<RsaKeyPair>),
    EdDsa(Ed25519KeyPair),
}

impl SigningKey {
    /// Makes a key for ES256.
    ///
    /// # Panics
    /// When the operating system has no random bytes to give. Nothing that is secret could go on then.
    #[must_use]
    pub fn generate() -> Self {
        let document =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
        let document = document.expect("the operating system gives random bytes");
        Self::from_der(document.as_ref()).expect("a key that was just made is one")
    }

    /// Reads the PEM of a PKCS#8 private key (`-----BEGIN PRIVATE KEY-----`); its kind decides the algorithm.
    ///
    /// # Errors
    /// When it is not one such key, or of a kind that is not supported: P-256, RSA of 2048 to 4096 bits and Ed25519 are.
    pub fn from_pem(pem: &Secret) -> Result<Self, KeyFault> {
        if pem.expose().len() > LONGEST {
            return Err(KeyFault::TooLong);
        }
        let der = PrivatePkcs8KeyDer::from_pem_slice(pem.expose().as_bytes()).map_err(|_| {
            KeyFault::Pem("there is no `-----BEGIN PRIVATE KEY-----` (PKCS#8, not encrypted)")
        })?;
        Self::from_der(der.secret_pkcs8_der())
    }

    /// The key as PEM, to be kept.
    #[must_use]
    pub fn to_pem(&self) -> Secret {
        let text = Zeroizing::new(STANDARD.encode(&*self.pair.der));
        let head = "-----BEGIN PRIVATE KEY-----\n";
        let tail = "-----END PRIVATE KEY-----\n";
        // With room for all of it: a text that grows leaves copies of its beginning behind.
        let mut pem =
            String::with_capacity(head.len() + text.len() + text.len() / LINE + 1 + tail.len());
        pem.push_str(head);
        for line in text.as_bytes().chunks(LINE) {
            pem.extend(line.iter().copied().map(char::from));
            pem.push('\n');
        }
        pem.push_str(tail);
        Secret::new(pem)
    }

    /// The same key under this identifier, which what it signs then names.
    #[must_use]
    pub fn with_id(mut self, id: impl Into<String>) -> Self {
        self.public = self.public.with_id(id);
        self
    }

    /// What it signs with.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        match self.pair.kind {
            Kind::Es256(_) => Algorithm::Es256,
            Kind::Rs256(_) => Algorithm::Rs256,
            Kind::EdDsa(_) => Algorithm::EdDsa,
        }
    }

    /// What checks its signatures.
    #[must_use]
    pub fn public(&self) -> &Jwk {
        &self.public
    }

    /// A token: `header` (to which `alg` is added, and `kid` if the key has one) and claims, signed, in compact
    /// serialisation.
    ///
    /// # Panics
    /// When the operating system has no random bytes to give.
    #[must_use]
    pub fn sign(&self, mut header: Map<String, Value>, claims: &Map<String, Value>) -> Secret {
        header.insert("alg".to_owned(), self.algorithm().name().into());
        if let Some(id) = self.public.id() {
            header.insert("kid".to_owned(), id.into());
        }
        let part = |members: &Map<String, Value>| {
            base64url::encode(Value::Object(members.clone()).to_string())
        };
        let mut token = format!("{}.{}", part(&header), part(claims));
        let signature = self.signature(token.as_bytes());
        token.push('.');
        token.push_str(&base64url::encode(signature));
        Secret::new(token)
    }

    pub(super) fn signature(&self, message: &[u8]) -> Vec<u8> {
        self.pair.kind.sign(message).expect("the operating system gives random bytes")
    }

    fn from_der(der: &[u8]) -> Result<Self, KeyFault> {
        let (kind, public) = Kind::from_der(der)?;
        // A key whose parts do not fit together is only noticed when it signs.
        kind.sign(b"").ok_or(KeyFault::Pem("the parts of the key do not fit together"))?;
        Ok(Self { pair: Arc::new(Pair { kind, der: Zeroizing::new(der.to_vec()) }), public })
    }
}

/// What is public of it.
impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("public", &self.public).finish_non_exhaustive()
    }
}

impl Kind {
    fn from_der(der: &[u8]) -> Result<(Self, Jwk), KeyFault> {
        let curve = &ECDSA_P256_SHA256_FIXED_SIGNING;
        if let Ok(pair) = EcdsaKeyPair::from_pkcs8(curve, der, &SystemRandom::new()) {
            let point = pair.public_key().as_ref().try_into();
            let point = point.map_err(|_| KeyFault::Unsupported("another curve".to_owned()))?;
            return Ok((Self::Es256(pair), Jwk::new(Material::P256(point), Algorithm::Es256)));
        }
        // OpenSSL leaves the public key out, and there is nothing to check it against.
        if let Ok(pair) = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der) {
            let key = pair.public_key().as_ref().try_into();
            let key = key.map_err(|_| KeyFault::Unsupported("another curve".to_owned()))?;
            return Ok((Self::EdDsa(pair), Jwk::new(Material::Ed25519(key), Algorithm::EdDsa)));
        }
        match RsaKeyPair::from_pkcs8(der) {
            Ok(pair) => {
                let PublicKeyComponents { n, e } =
                    PublicKeyComponents::<Vec<u8>>::from(pair.public());
                Ok((Self::Rs256(Box::new(pair)), Jwk::new(Material::rsa(n, e)?, Algorithm::Rs256)))
            }
            Err(_) => Err(KeyFault::Unsupported("anything else".to_owned())),
        }
    }

    /// None when there are no random bytes, or the key is not sound.
    fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        let random = SystemRandom::new();
        match self {
            Self::Es256(pair) => {
                pair.sign(&random, message).ok().map(|signature| signature.as_ref().to_vec())
            }
            Self::EdDsa(pair) => Some(pair.sign(message).as_ref().to_vec()),
            Self::Rs256(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).ok()?;
                Some(signature)
            }
        }
    }
}

const LONGEST: usize = 64 * 1024;
/// As many characters of base64 as RFC 7468 has in a line.
const LINE: usize = 64;
