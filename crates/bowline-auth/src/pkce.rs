//! Proof Key for Code Exchange (RFC 7636), with `S256` only.

use crate::Secret;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom, SystemRandom};

/// What only whoever began a login knows.
#[derive(Clone, Debug)]
pub(crate) struct Verifier(Secret);

impl Verifier {
    /// A new one; none if the system has no randomness to give.
    pub(crate) fn generate() -> Option<Self> {
        random().map(|text| Self(text.into()))
    }

    /// `code_verifier`.
    pub(crate) fn secret(&self) -> &Secret {
        &self.0
    }

    /// `code_challenge`, by the method `S256`.
    pub(crate) fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(digest(&SHA256, self.0.expose().as_bytes()))
    }
}

/// 256 random bits as 43 characters that need no escape anywhere.
pub(crate) fn random() -> Option<String> {
    let mut bytes = [0; 32];
    SystemRandom::new().fill(&mut bytes).ok()?;
    Some(URL_SAFE_NO_PAD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::{Verifier, random};

    #[test]
    fn the_challenge_is_that_of_rfc_7636_appendix_b() {
        let verifier = Verifier("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".into());
        assert_eq!(verifier.challenge(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn two_verifiers_differ_and_have_the_length_and_characters_of_one() {
        let [one, other] = [random().unwrap(), random().unwrap()];
        assert_ne!(one, other);
        assert_eq!(one.len(), 43);
        assert!(one.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
        let verifier = Verifier::generate().unwrap();
        assert_eq!(verifier.challenge().len(), 43);
        assert!(!format!("{verifier:?}").contains(verifier.secret().expose()));
    }
}
