//! Checking signatures.

use super::{Algorithm, Fault, Jwk, Jwks, base64url, json};
use crate::shown::shown;
use serde_json::{Map, Value};
use std::fmt;

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
    /// The whole header. What it says of keys (`jwk`, `jku`, `x5c`, `x5u`) was not heeded.
    pub members: Map<String, Value>,
}

/// Checks a token against a set of keys; the algorithm has to be one of those that are allowed.
///
/// # Errors
/// Says what is wrong with the token.
pub fn verify(token: &str, keys: &Jwks, allowed: &[Algorithm]) -> Result<Verified, Fault> {
    let parts = Parts::split(token)?;
    let header = Header::read(parts.header, allowed)?;
    let key = keys.choose(header.id.as_deref(), header.algorithm)?;
    parts.verify(header, key)
}

/// Checks a token against one key, whatever `kid` it names.
///
/// # Errors
/// As [`verify`].
pub fn verify_with(token: &str, key: &Jwk, allowed: &[Algorithm]) -> Result<Verified, Fault> {
    let parts = Parts::split(token)?;
    let header = Header::read(parts.header, allowed)?;
    if !key.verifies(header.algorithm) {
        return Err(Fault::NoKey(None));
    }
    parts.verify(header, key)
}

impl Header {
    /// Reads the header of a token that nothing was checked of yet: to find the key, and for nothing else.
    ///
    /// # Errors
    /// As [`verify`], but for the signature.
    pub fn unverified(token: &str, allowed: &[Algorithm]) -> Result<Self, Fault> {
        Self::read(Parts::split(token)?.header, allowed)
    }

    fn read(encoded: &str, allowed: &[Algorithm]) -> Result<Self, Fault> {
        let json =
            base64url::decode(encoded).ok_or(Fault::Malformed("its header is not base64url"))?;
        let members = json::object(&json)
            .ok_or(Fault::Malformed("its header is not a JSON object without repeated members"))?;
        let text = |name: &str, fault| match members.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(Fault::Malformed(fault)),
        };
        let name =
            text("alg", "`alg` is not a text")?.ok_or(Fault::Malformed("it names no `alg`"))?;
        let algorithm = Algorithm::named(&name).filter(|algorithm| allowed.contains(algorithm));
        let algorithm = algorithm.ok_or_else(|| Fault::Algorithm(shown(&name, 32)))?;
        let id = text("kid", "`kid` is not a text")?;
        let kind = text("typ", "`typ` is not a text")?;
        match members.get("crit") {
            None => Ok(Self { algorithm, id, kind, members }),
            // "If any of the listed extension Header Parameters are not understood and supported by the recipient, then
            // the JWS is invalid." (RFC 7515 §4.1.11) None is supported here.
            Some(Value::Array(names)) => match names.first() {
                Some(Value::String(name)) => Err(Fault::Critical(shown(name, 32))),
                _ => Err(Fault::Malformed("`crit` is not a list of names")),
            },
            Some(_) => Err(Fault::Malformed("`crit` is not a list of names")),
        }
    }
}

/// A token in compact serialisation.
struct Parts<'a> {
    signed: &'a str,
    header: &'a str,
    claims: &'a str,
    signature: &'a str,
}

impl<'a> Parts<'a> {
    fn split(token: &'a str) -> Result<Self, Fault> {
        if token.len() > LONGEST {
            return Err(Fault::TooLong);
        }
        let parts = token.rsplit_once('.').and_then(|(signed, signature)| {
            let (header, claims) = signed.split_once('.')?;
            Some(Self { signed, header, claims, signature })
        });
        // A fourth part is found in the middle one.
        parts
            .filter(|parts| !parts.claims.contains('.'))
            .ok_or(Fault::Malformed("it does not have three parts"))
    }

    fn verify(&self, header: Header, key: &Jwk) -> Result<Verified, Fault> {
        let signature = base64url::decode(self.signature)
            .ok_or(Fault::Malformed("its signature is not base64url"))?;
        if !key.verify(header.algorithm, self.signed.as_bytes(), &signature) {
            return Err(Fault::Signature);
        }
        let claims = base64url::decode(self.claims)
            .ok_or(Fault::Malformed("its claims are not base64url"))?;
        let claims = json::object(&claims)
            .ok_or(Fault::Malformed("its claims are not a JSON object without repeated members"))?;
        Ok(Verified { header, claims })
    }
}

/// What it claims is about a person, and shown to nobody by the way.
impl fmt::Debug for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verified").field("header", &self.header).finish_non_exhaustive()
    }
}

/// As long as headers of HTTP may be.
const LONGEST: usize = 16 * 1024;
