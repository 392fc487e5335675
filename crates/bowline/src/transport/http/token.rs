//! Static bearer tokens.
//!
//! Only digests of tokens are kept, and every digest is compared whole, so that neither memory nor time tells how
//! much of a token was right. A token never reaches a log, an error or a handler.

use super::watched::{self, Watched};
use crate::error::{Error, Result};
use crate::principal::Principal;
use ring::digest::{SHA256, SHA256_OUTPUT_LEN, digest};
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The tokens that let in.
#[derive(Clone, Debug, Default)]
pub(super) struct Tokens {
    given: Option<Token>,
    file: Option<Arc<Watched<Vec<Token>>>>,
}

/// One token, by its digest. All calls that present it share its principal, so that they are counted together.
#[derive(Clone)]
struct Token {
    digest: [u8; SHA256_OUTPUT_LEN],
    principal: Principal,
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Token").field(&self.principal.name()).finish()
    }
}

/// A token of 256 random bits has at least so many characters.
const STRONG: usize = 43;

impl Tokens {
    /// Also lets in the tokens of a file.
    pub(super) fn file(mut self, path: &Path) -> Result<Self> {
        self.file = Some(Arc::new(Watched::new([path.to_owned()], load)?));
        Ok(self)
    }

    /// Also lets in this token.
    pub(super) fn secret(mut self, secret: &str) -> Result<Self> {
        if !is_token68(secret.as_bytes()) {
            return Err(Error::invalid(
                "bearer token must be letters, digits and -._~+/ with = at its end",
            ));
        }
        if secret.len() < STRONG {
            tracing::warn!(
                "bearer token is short; take 256 random bits, as `openssl rand -hex 32` prints"
            );
        }
        let digest = sha256(secret.as_bytes());
        self.given = Some(Token { digest, principal: Principal::token("token", []) });
        Ok(self)
    }

    /// The principal of a token.
    pub(super) fn find(&self, presented: &[u8]) -> Option<Principal> {
        let presented = sha256(presented);
        let file = self.file.as_ref().map(|file| file.current());
        let mut found = None;
        for token in self.given.iter().chain(file.iter().flat_map(|tokens| tokens.iter())) {
            // No early end: the time is that of looking at all.
            if equal(&token.digest, &presented) {
                found = Some(&token.principal);
            }
        }
        found.cloned()
    }
}

/// A token as it was presented.
#[derive(Clone, Copy)]
pub(super) struct Presented<'a> {
    /// Whether it is to be proved that it belongs to whoever presents it (scheme `DPoP`).
    pub(super) proved: bool,
    /// The token.
    pub(super) token: &'a str,
}

impl<'a> Presented<'a> {
    /// Reads the value of `Authorization`; `None` when it has no token of ours.
    pub(super) fn read(value: &'a [u8]) -> Option<Self> {
        let end = value.iter().position(|byte| *byte == b' ')?;
        let (scheme, rest) = value.split_at(end);
        let proved = scheme.eq_ignore_ascii_case(b"DPoP");
        if !proved && !scheme.eq_ignore_ascii_case(b"Bearer") {
            return None;
        }
        let token = rest.trim_ascii_start();
        let token = is_token68(token).then(|| std::str::from_utf8(token).ok())??;
        Some(Self { proved, token })
    }
}

/// `token68` of RFC 9110 §11.2, as RFC 6750 has it for bearer tokens.
fn is_token68(token: &[u8]) -> bool {
    let end = token.iter().rposition(|byte| *byte != b'=').map_or(0, |last| last + 1);
    end > 0
        && token[..end].iter().all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/".contains(byte))
}

fn sha256(text: &[u8]) -> [u8; SHA256_OUTPUT_LEN] {
    let mut out = [0; SHA256_OUTPUT_LEN];
    out.copy_from_slice(digest(&SHA256, text).as_ref());
    out
}

/// Compares in a time that does not depend on where two digests differ.
fn equal(a: &[u8; SHA256_OUTPUT_LEN], b: &[u8; SHA256_OUTPUT_LEN]) -> bool {
    let difference = a.iter().zip(b).fold(0, |difference, (a, b)| black_box(difference | (a ^ b)));
    difference == 0
}

#[allow(clippy::ptr_arg, reason = "the type that `Watched` keeps")]
fn load(paths: &[PathBuf], before: Option<&Vec<Token>>) -> Result<Vec<Token>> {
    let mut tokens = Vec::new();
    for path in paths {
        private(path)?;
        let text = watched::read(path)?;
        let wrong = |line: usize, what: &str| {
            Error::invalid(format!("{}, line {line}: {what}", path.display()))
        };
        for (at, line) in text.split(|byte| *byte == b'\n').enumerate() {
            let line = std::str::from_utf8(line).map_err(|_| wrong(at + 1, "not UTF-8"))?.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let token = parse(line, &tokens, before).map_err(|what| wrong(at + 1, what))?;
            tokens.push(token);
        }
    }
    Ok(tokens)
}

fn parse(line: &str, others: &[Token], before: Option<&Vec<Token>>) -> Result<Token, &'static str> {
    const FORM: &str = "expected `name:digest:scopes`";
    let (name, rest) = line.split_once(':').ok_or(FORM)?;
    let (hex, scopes) = rest.split_once(':').ok_or(FORM)?;
    let name = name.trim();
    if name.is_empty() || name.chars().any(char::is_control) {
        return Err("the name is empty or has control characters");
    }
    let digest =
        parse_hex(hex.trim()).ok_or("the digest must be a SHA-256 in 64 hexadecimal digits")?;
    if others.iter().any(|other| other.digest == digest) {
        return Err("the same token stands in a line above");
    }
    let principal = Principal::token(name, scopes.split_whitespace());
    let same_name = |token: &&Token| token.principal == principal;
    let same = |token: &Token| token.principal.scopes().eq(principal.scopes());
    if let Some(other) = others.iter().find(same_name) {
        // Two tokens for one name are how a token is replaced without a gap.
        return if same(other) {
            Ok(Token { digest, principal: other.principal.clone() })
        } else {
            Err("the same name stands above with other scopes")
        };
    }
    // What a principal has running goes on counting when the file is read again.
    let kept = before.and_then(|tokens| tokens.iter().find(same_name).filter(|token| same(token)));
    let principal = kept.map_or_else(|| principal.clone(), |token| token.principal.clone());
    Ok(Token { digest, principal })
}

fn parse_hex(text: &str) -> Option<[u8; SHA256_OUTPUT_LEN]> {
    let mut out = [0; SHA256_OUTPUT_LEN];
    if text.len() != 2 * out.len() {
        return None;
    }
    for (byte, digits) in out.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let high = char::from(digits[0]).to_digit(16)?;
        let low = char::from(digits[1]).to_digit(16)?;
        *byte = (high << 4 | low) as u8;
    }
    Some(out)
}

/// Refuses a file that other users of the system can read.
#[cfg(unix)]
fn private(path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let metadata = std::fs::metadata(path)
        .map_err(|error| Error::io(format!("cannot read {}", path.display()), error))?;
    if metadata.permissions().mode() & 0o007 == 0 {
        return Ok(());
    }
    let path = path.display();
    Err(Error::invalid(format!("{path} is open to other users; run `chmod 600 {path}`")))
}

#[cfg(not(unix))]
fn private(_: &Path) -> Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests;
