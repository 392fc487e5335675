//! A proof, seen from the server (RFC 9449 §4.3).

use super::replays::{Replays, Seen};
use super::{hashed, uri};
use crate::Secret;
use crate::jose::{self, Algorithm, Header, Jwk, date, verify_with};
use serde_json::{Map, Value};
use std::error::Error;
use std::fmt;
use std::time::{Duration, SystemTime};

/// What proofs may be signed with (`dpop_signing_alg_values_supported`).
pub const ALGORITHMS: [Algorithm; 5] =
    [Algorithm::Es256, Algorithm::Es384, Algorithm::EdDsa, Algorithm::Ps256, Algorithm::Rs256];

/// How far the clocks of a client and a server may differ, and how long a proof may be under way.
pub(super) const WINDOW: Duration = Duration::from_secs(60);

/// What a proof has to say.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The method of the request.
    pub method: &'a str,
    /// The URL of the request as clients know it; query and fragment do not count.
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

/// Checks the value of the one header `DPoP` of a request, and remembers it. A request with two such headers is to be
/// refused before.
///
/// # Errors
/// Says what is wrong with the proof. Nothing is remembered of it then.
pub fn check(proof: &str, expected: &Expected<'_>, replays: &mut Replays) -> Result<Proved, Fault> {
    let header = Header::unverified(proof, &ALGORITHMS)?;
    if header.kind.as_deref() != Some(super::TYPE) {
        return Err(Fault::Invalid("its `typ` is not `dpop+jwt`"));
    }
    let Some(Value::Object(key)) = header.members.get("jwk") else {
        return Err(Fault::Invalid("its header has no key `jwk`"));
    };
    let key = Jwk::read(key)
        .map_err(|_| Fault::Invalid("its `jwk` is not a public key that is supported"))?;
    let claims = verify_with(proof, &key, &ALGORITHMS)?.claims;
    about(&claims, expected)?;
    let thumbprint = key.thumbprint();
    if expected.thumbprint.is_some_and(|bound| bound != thumbprint) {
        return Err(Fault::Binding);
    }
    let id = text(&claims, "jti").filter(|id| !id.is_empty() && id.len() <= LONGEST_ID);
    let id = id.ok_or(Fault::Invalid("its `jti` is not a text of 1 to 256 bytes"))?;
    match replays.see(&thumbprint, id, expected.now) {
        Seen::Never => Ok(Proved { thumbprint }),
        Seen::Before => Err(Fault::Replay),
        Seen::NoRoom => Err(Fault::NoRoom),
    }
}

/// Whether the proof is about this request, and of now.
fn about(claims: &Map<String, Value>, expected: &Expected<'_>) -> Result<(), Fault> {
    if text(claims, "htm") != Some(expected.method) {
        return Err(Fault::Invalid("its `htm` is not the method of the request"));
    }
    let url = text(claims, "htu").and_then(uri::normal);
    if url.is_none() || url != uri::normal(expected.url) {
        return Err(Fault::Invalid("its `htu` is not the URL of the request"));
    }
    let made =
        claims.get("iat").and_then(Value::as_f64).ok_or(Fault::Invalid("it has no time `iat`"))?;
    if (made - date::seconds(expected.now) as f64).abs() > WINDOW.as_secs_f64() {
        return Err(Fault::Invalid("its `iat` is more than 60 s away from the time here"));
    }
    if expected.token.is_some_and(|token| text(claims, "ath") != Some(&hashed(token))) {
        return Err(Fault::Invalid("its `ath` is not the hash of the access token"));
    }
    // Last, so that a new nonce is given to those only whose next proof may be right.
    let nonce = text(claims, "nonce");
    if !expected.nonces.is_empty() && !nonce.is_some_and(|nonce| expected.nonces.contains(&nonce)) {
        return Err(Fault::Nonce);
    }
    Ok(())
}

fn text<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    claims.get(name).and_then(Value::as_str)
}

const LONGEST_ID: usize = 256;

/// Why a proof was not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// It is not a token that is signed with its own key: answer `invalid_dpop_proof`, as to [`Fault::Invalid`].
    Token(jose::Fault),
    /// It says something else than it must.
    Invalid(&'static str),
    /// The access token is bound to another key: answer `invalid_token`.
    Binding,
    /// It needs a nonce, or another one: answer `use_dpop_nonce`, and a nonce in `DPoP-Nonce`.
    Nonce,
    /// It was used before: answer `invalid_dpop_proof`.
    Replay,
    /// It cannot be remembered now, as too many were seen lately: answer 429 or 503.
    NoRoom,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Token(_) => {
                f.write_str("the DPoP proof is not a token that is signed with its own key")
            }
            Self::Invalid(what) => write!(f, "the DPoP proof does not fit: {what}"),
            Self::Binding => {
                f.write_str("the access token is bound to another key than that of the DPoP proof")
            }
            Self::Nonce => f.write_str("the DPoP proof needs the nonce of the header `DPoP-Nonce`"),
            Self::Replay => {
                f.write_str("the DPoP proof was used before; make a new one for each request")
            }
            Self::NoRoom => {
                f.write_str("too many DPoP proofs were seen lately; try again in a minute")
            }
        }
    }
}

impl Error for Fault {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Token(fault) => Some(fault),
            _ => None,
        }
    }
}

impl From<jose::Fault> for Fault {
    fn from(fault: jose::Fault) -> Self {
        Self::Token(fault)
    }
}
