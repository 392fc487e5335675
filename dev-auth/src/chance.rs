//! What nobody can guess, and the names under which it is kept.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom, SystemRandom};

/// 256 bits of chance, as 43 characters that need no escape anywhere.
pub(crate) fn token() -> String {
    let mut bytes = [0; 32];
    // The system has chance to give, or nothing here is worth anything.
    #[expect(clippy::expect_used, reason = "a server without chance must not go on")]
    SystemRandom::new().fill(&mut bytes).expect("the system gives random bytes");
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The name under which a secret is kept: whoever looks it up learns nothing from how long that takes.
pub(crate) fn name(secret: &str) -> String {
    sha256(secret)
}

/// SHA-256 in base64url, as PKCE has it.
pub(crate) fn sha256(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::{sha256, token};

    #[test]
    fn tokens_differ() {
        assert_eq!(token().len(), 43);
        assert_ne!(token(), token());
    }

    /// <https://www.rfc-editor.org/rfc/rfc7636#appendix-B>
    #[test]
    fn the_example_of_the_standard() {
        assert_eq!(
            sha256("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }
}
