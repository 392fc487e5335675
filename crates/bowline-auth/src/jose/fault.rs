//! What is wrong with a key or a token.

use std::error::Error;
use std::fmt;

/// What is wrong with a key. It shows nothing of the key but the names of its members.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyFault {
    /// It is longer than any key is.
    TooLong,
    /// It is not one JSON object without repeated members.
    NotJson,
    /// A member that its kind needs is missing, or not what it must be.
    Member(&'static str),
    /// It is of a kind, on a curve, or for an algorithm that is not known here.
    Unsupported(String),
    /// It has a member that only private keys have.
    Private(&'static str),
    /// It is weaker than is safe: an RSA key of fewer than 2048 bits.
    Weak,
    /// It is not the PEM of a PKCS#8 private key.
    Pem(&'static str),
}

impl fmt::Display for KeyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => f.write_str("the key is longer than 64 KiB"),
            Self::NotJson => f.write_str("the key is not a JSON object without repeated members"),
            Self::Member(name) => {
                write!(f, "the member `{name}` of the key is missing or is not what it must be")
            }
            Self::Unsupported(what) => {
                write!(f, "a key for `{what}` is not supported; RSA, P-256, P-384 and Ed25519 are")
            }
            Self::Private(name) => write!(
                f,
                "the key has the member `{name}` of a private key; publish only the public part"
            ),
            Self::Weak => f.write_str(
                "the RSA key has fewer than 2048 bits or a bad exponent; make a longer one",
            ),
            Self::Pem(what) => {
                write!(f, "{what}; `openssl pkcs8 -topk8 -nocrypt` makes what is needed")
            }
        }
    }
}

impl Error for KeyFault {}

/// Why a token was not accepted. It shows nothing of the token but its `alg`, `kid` and the name of a `crit` member,
/// escaped and cut short.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// It is longer than the limit.
    TooLong,
    /// It is not of the form of a JWS in compact serialisation.
    Malformed(&'static str),
    /// Its algorithm is not one of those that are allowed.
    Algorithm(String),
    /// It says `crit`, and what it names is not understood here.
    Critical(String),
    /// No key that is known fits it; a newer set of keys may.
    NoKey(Option<String>),
    /// Several keys fit it, and it does not say which.
    Ambiguous,
    /// Its signature is not that of the key.
    Signature,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => f.write_str("the token is longer than 16 KiB"),
            Self::Malformed(what) => write!(f, "the token is malformed: {what}"),
            Self::Algorithm(name) => write!(f, "the token is signed with `{name}`, which is not allowed here"),
            Self::Critical(name) => write!(f, "the token demands that `{name}` is understood, which it is not here"),
            Self::NoKey(Some(kid)) => write!(f, "no key `{kid}` is known for the algorithm of the token"),
            Self::NoKey(None) => f.write_str("no key is known for the algorithm of the token"),
            Self::Ambiguous => f.write_str("the token names no key, and several fit its algorithm; its issuer has to send `kid`"),
            Self::Signature => f.write_str("the signature of the token does not fit its key"),
        }
    }
}

impl Error for Fault {}
