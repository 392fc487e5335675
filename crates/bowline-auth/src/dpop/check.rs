//! A proof, seen from the server.

use super::Replays;
use crate::Secret;
use std::error::Error;
use std::fmt;
use std::time::SystemTime;

/// What a proof has to say.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The method of the request.
    pub method: &'a str,
    /// The URL of the request as clients know it.
    pub url: &'a str,
    /// The access token of the request; none at a token endpoint.
    pub token: Option<&'a Secret>,
    /// The thumbprint that the access token is bound to (`cnf.jkt`).
    pub thumbprint: Option<&'a str>,
    /// The nonces that are accepted now; empty if none is asked for.
    pub nonces: &'a [&'a str],
    /// The time now.
    pub now: SystemTime,
}

/// A proof that was right.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Proved {
    /// The thumbprint of the key, to bind a new token to.
    pub thumbprint: String,
}

/// Checks the value of the one header `DPoP` of a request, and remembers it.
///
/// # Errors
/// Says what is wrong with the proof.
pub fn check(proof: &str, expected: &Expected<'_>, replays: &mut Replays) -> Result<Proved, Fault> {
    let _ = (proof, expected, replays);
    todo!()
}

/// Why a proof was not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// It needs a nonce, or another one: answer `use_dpop_nonce` and a new nonce in `DPoP-Nonce`.
    Nonce,
    /// It was seen before, or there is no room to remember that it was.
    Replay,
    /// Anything else: answer `invalid_dpop_proof`.
    Invalid(&'static str),
    /// The access token is bound to another key.
    Binding,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nonce => f.write_str("the proof needs the nonce of the header `DPoP-Nonce`"),
            Self::Replay => {
                f.write_str("the proof was used before; make a new one for each request")
            }
            Self::Invalid(what) => write!(f, "the proof is wrong: {what}"),
            Self::Binding => {
                f.write_str("the access token is bound to another key than that of the proof")
            }
        }
    }
}

impl Error for Fault {}
