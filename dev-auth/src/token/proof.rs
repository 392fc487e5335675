//! Proofs that whoever asks has a key (RFC 9449).

use crate::refusal::{Kind, Refusal};
use crate::server::Server;
use bowline_auth::dpop::{Expected, Fault, check};
use http::HeaderMap;
use std::time::{Duration, UNIX_EPOCH};

/// The thumbprint of the key that a request proves, if it does.
pub(super) fn thumbprint(server: &Server, headers: &HeaderMap) -> Result<Option<String>, Refusal> {
    let mut proofs = headers.get_all("dpop").into_iter();
    let Some(proof) = proofs.next() else { return Ok(None) };
    let invalid = |what: String| Kind::InvalidDpopProof.because(what);
    if proofs.next().is_some() {
        return Err(invalid("there are two headers DPoP".to_owned()));
    }
    let proof = proof.to_str().map_err(|_| invalid("the header DPoP is no token".to_owned()))?;
    let now = server.now();
    let mut books = server.books();
    let nonces = if server.settings.dpop.nonce() { books.nonces(now) } else { Vec::new() };
    let nonces: Vec<&str> = nonces.iter().map(String::as_str).collect();
    let expected = Expected {
        method: "POST",
        url: &server.url("/token"),
        token: None,
        thumbprint: None,
        nonces: &nonces,
        now: UNIX_EPOCH + Duration::from_secs(now),
    };
    match check(proof, &expected, &mut books.proofs) {
        Ok(proved) => Ok(Some(proved.thumbprint)),
        Err(fault @ Fault::Nonce) => Err(Kind::UseDpopNonce.because(fault.to_string())),
        Err(fault) => Err(invalid(fault.to_string())),
    }
}
