//! One public key.

use super::{Algorithm, KeyFault, base64url, json};
use crate::shown::shown;
use ring::digest::{SHA256, digest};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaParameters, RsaPublicKeyComponents,
    UnparsedPublicKey, VerificationAlgorithm,
};
use serde_json::{Map, Value};
use std::fmt;

/// A public key (RFC 7517, RFC 7518 §6, RFC 8037 §2): RSA of 2048 to 8192 bits, P-256, P-384 or Ed25519.
///
/// One that comes with its private half is refused: whoever published it does not know what it is.
#[derive(Clone, PartialEq, Eq)]
pub struct Jwk {
    id: Option<String>,
    /// Its `alg`, as it stands there: perhaps one that is not known here.
    algorithm: Option<String>,
    /// Whether `use` and `key_ops` let it check signatures.
    signs: bool,
    material: Material,
}

/// What makes the key.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Material {
    Rsa { n: Vec<u8>, e: Vec<u8> },
    P256([u8; 65]),
    P384([u8; 97]),
    Ed25519([u8; 32]),
}

impl Jwk {
    /// Reads a key from JSON.
    ///
    /// # Errors
    /// Says which member is wrong, or that the kind of key is not supported.
    pub fn parse(json: &str) -> Result<Self, KeyFault> {
        if json.len() > LONGEST {
            return Err(KeyFault::TooLong);
        }
        Self::read(&json::object(json.as_bytes()).ok_or(KeyFault::NotJson)?)
    }

    pub(crate) fn read(members: &Map<String, Value>) -> Result<Self, KeyFault> {
        if let Some(private) = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"]
            .into_iter()
            .find(|name| members.contains_key(*name))
        {
            return Err(KeyFault::Private(private));
        }
        let material = Material::read(members)?;
        let id = optional(members, "kid")?.map(str::to_owned);
        let algorithm = optional(members, "alg")?.map(str::to_owned);
        let used = optional(members, "use")?.is_none_or(|used| used == "sig");
        let operations = match members.get("key_ops") {
            None => true,
            Some(Value::Array(operations)) => operations.iter().any(|name| name == "verify"),
            Some(_) => return Err(KeyFault::Member("key_ops")),
        };
        Ok(Self { id, algorithm, signs: used && operations, material })
    }

    pub(super) fn new(material: Material, algorithm: Algorithm) -> Self {
        Self { id: None, algorithm: Some(algorithm.name().to_owned()), signs: true, material }
    }

    /// Its identifier, `kid`.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The same key under another identifier.
    #[must_use]
    pub fn with_id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Whether a signature by this algorithm can be checked with it, as its kind, curve, `alg`, `use` and `key_ops` say.
    #[must_use]
    pub fn verifies(&self, algorithm: Algorithm) -> bool {
        let named =
            self.algorithm.as_deref().is_none_or(|name| Algorithm::named(name) == Some(algorithm));
        let able = match algorithm {
            Algorithm::Rs256
            | Algorithm::Rs384
            | Algorithm::Rs512
            | Algorithm::Ps256
            | Algorithm::Ps384
            | Algorithm::Ps512 => matches!(self.material, Material::Rsa { .. }),
            Algorithm::Es256 => matches!(self.material, Material::P256(_)),
            Algorithm::Es384 => matches!(self.material, Material::P384(_)),
            Algorithm::EdDsa => matches!(self.material, Material::Ed25519(_)),
        };
        self.signs && named && able
    }

    /// Whether this signature of the message is of this key. False too when [`Jwk::verifies`] is.
    pub(super) fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        if !self.verifies(algorithm) {
            return false;
        }
        let point = |curve: &'static dyn VerificationAlgorithm, key: &[u8]| {
            UnparsedPublicKey::new(curve, key).verify(message, signature)
        };
        let checked = match &self.material {
            Material::Rsa { n, e } => {
                let Some(parameters) = rsa(algorithm) else { return false };
                RsaPublicKeyComponents { n, e }.verify(parameters, message, signature)
            }
            Material::P256(key) => point(&ECDSA_P256_SHA256_FIXED, key),
            Material::P384(key) => point(&ECDSA_P384_SHA384_FIXED, key),
            Material::Ed25519(key) => point(&ED25519, key),
        };
        checked.is_ok()
    }

    /// Its JSON: what makes the key, and `kid` and `alg` if it has them.
    #[must_use]
    pub fn to_json(&self) -> Map<String, Value> {
        let mut members = self.material.members();
        let named = [("kid", &self.id), ("alg", &self.algorithm)];
        for (name, value) in named {
            if let Some(value) = value {
                members.insert(name.to_owned(), value.as_str().into());
            }
        }
        members
    }

    /// What makes the key, and nothing else.
    pub(crate) fn bare(&self) -> Map<String, Value> {
        self.material.members()
    }

    /// Its thumbprint: base64url of the SHA-256 of what makes the key (RFC 7638).
    #[must_use]
    pub fn thumbprint(&self) -> String {
        // The members in the order of their names, without white space (§3). Sorted here, since whether a map is sorted
        // is for whoever builds the program to say.
        let members = self.material.members();
        let mut sorted: Vec<_> =
            members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
        sorted.sort_unstable();
        base64url::encode(digest(&SHA256, format!("{{{}}}", sorted.join(",")).as_bytes()))
    }
}

/// What is public of it: its identifier and its thumbprint.
impl fmt::Debug for Jwk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jwk")
            .field("id", &self.id)
            .field("thumbprint", &self.thumbprint())
            .finish_non_exhaustive()
    }
}

impl Material {
    fn read(members: &Map<String, Value>) -> Result<Self, KeyFault> {
        let curve = || optional(members, "crv")?.ok_or(KeyFault::Member("crv"));
        match optional(members, "kty")?.ok_or(KeyFault::Member("kty"))? {
            "RSA" => Self::rsa(unsigned(members, "n")?, unsigned(members, "e")?),
            "EC" => match curve()? {
                "P-256" => {
                    Ok(Self::P256(point(&fixed::<32>(members, "x")?, &fixed::<32>(members, "y")?)))
                }
                "P-384" => {
                    Ok(Self::P384(point(&fixed::<48>(members, "x")?, &fixed::<48>(members, "y")?)))
                }
                other => Err(KeyFault::Unsupported(shown(other, 32))),
            },
            "OKP" => match curve()? {
                "Ed25519" => Ok(Self::Ed25519(fixed(members, "x")?)),
                other => Err(KeyFault::Unsupported(shown(other, 32))),
            },
            other => Err(KeyFault::Unsupported(shown(other, 32))),
        }
    }

    /// What `ring` takes: 2048 to 8192 bits, and an odd exponent from 3 to 33 bits.
    pub(super) fn rsa(n: Vec<u8>, e: Vec<u8>) -> Result<Self, KeyFault> {
        let bits = n.len() * 8 - n.first().map_or(0, |first| first.leading_zeros() as usize);
        let odd = |number: &[u8]| number.last().is_some_and(|last| last % 2 == 1);
        if !odd(&n) || bits > 8192 {
            return Err(KeyFault::Member("n"));
        }
        if bits < 2048 || e == [1] {
            return Err(KeyFault::Weak);
        }
        if !odd(&e) || e.len() > 4 {
            return Err(KeyFault::Member("e"));
        }
        Ok(Self::Rsa { n, e })
    }

    fn members(&self) -> Map<String, Value> {
        let encoded = |bytes: &[u8]| base64url::encode(bytes);
        let members: Vec<(&str, String)> = match self {
            Self::Rsa { n, e } => {
                vec![("e", encoded(e)), ("kty", "RSA".to_owned()), ("n", encoded(n))]
            }
            Self::P256(key) => curve("P-256", &key[1..]),
            Self::P384(key) => curve("P-384", &key[1..]),
            Self::Ed25519(key) => {
                vec![("crv", "Ed25519".to_owned()), ("kty", "OKP".to_owned()), ("x", encoded(key))]
            }
        };
        members.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect()
    }
}

/// As much as a key with certificates needs.
const LONGEST: usize = 64 * 1024;

fn curve(name: &str, point: &[u8]) -> Vec<(&'static str, String)> {
    let (x, y) = point.split_at(point.len() / 2);
    let kind = "EC".to_owned();
    vec![
        ("crv", name.to_owned()),
        ("kty", kind),
        ("x", base64url::encode(x)),
        ("y", base64url::encode(y)),
    ]
}

fn rsa(algorithm: Algorithm) -> Option<&'static RsaParameters> {
    Some(match algorithm {
        Algorithm::Rs256 => &RSA_PKCS1_2048_8192_SHA256,
        Algorithm::Rs384 => &RSA_PKCS1_2048_8192_SHA384,
        Algorithm::Rs512 => &RSA_PKCS1_2048_8192_SHA512,
        Algorithm::Ps256 => &RSA_PSS_2048_8192_SHA256,
        Algorithm::Ps384 => &RSA_PSS_2048_8192_SHA384,
        Algorithm::Ps512 => &RSA_PSS_2048_8192_SHA512,
        Algorithm::Es256 | Algorithm::Es384 | Algorithm::EdDsa => return None,
    })
}

/// An uncompressed point (SEC 1 §2.3.3).
fn point<const N: usize>(x: &[u8], y: &[u8]) -> [u8; N] {
    let mut point = [4; N];
    point[1..=x.len()].copy_from_slice(x);
    point[1 + x.len()..].copy_from_slice(y);
    point
}

fn optional<'a>(
    members: &'a Map<String, Value>,
    name: &'static str,
) -> Result<Option<&'a str>, KeyFault> {
    match members.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(KeyFault::Member(name)),
    }
}

fn bytes(members: &Map<String, Value>, name: &'static str) -> Result<Vec<u8>, KeyFault> {
    optional(members, name)?.and_then(base64url::decode).ok_or(KeyFault::Member(name))
}

/// A number in the fewest bytes (RFC 7518 §2, `Base64urlUInt`).
fn unsigned(members: &Map<String, Value>, name: &'static str) -> Result<Vec<u8>, KeyFault> {
    bytes(members, name).and_then(|number| match number.first() {
        None | Some(0) => Err(KeyFault::Member(name)),
        Some(_) => Ok(number),
    })
}

fn fixed<const N: usize>(
    members: &Map<String, Value>,
    name: &'static str,
) -> Result<[u8; N], KeyFault> {
    bytes(members, name)?.try_into().map_err(|_| KeyFault::Member(name))
}
