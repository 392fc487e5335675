//! What happens once.

use super::base64url;
use ring::rand::{SecureRandom, SystemRandom};

/// A text that nobody made before or will guess: 128 random bits in base64url.
///
/// # Panics
/// When the operating system has no random bytes to give. Nothing that is secret could go on then.
pub(crate) fn unique() -> String {
    base64url::encode(random::<16>())
}

/// Random bytes.
///
/// # Panics
/// As [`unique`].
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}
