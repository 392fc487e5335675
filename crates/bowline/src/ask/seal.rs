//! Sealing: what goes through the client and must come back unread and unchanged.
//!
//! A sealed text is the base64url of a version, the id of a key, 24 random bytes and a ChaCha20-Poly1305 ciphertext.
//! The first half of the random bytes makes a key of its own out of the secret, the second half is the nonce; so no
//! number of sealed texts wears a secret out. What a text is bound to goes in as associated data: opening fails in
//! one and the same way whatever does not fit.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};

/// The keys of a server, newest first: the first seals, all of them open.
pub(super) struct Keyring(Vec<Key>);

struct Key {
    id: [u8; ID],
    secret: hmac::Key,
}

const VERSION: u8 = 1;
const ID: usize = 4;
const SALT: usize = 12;
const HEAD: usize = 1 + ID + SALT + NONCE_LEN;

impl Keyring {
    pub(super) fn new(secrets: impl IntoIterator<Item = [u8; 32]>) -> Self {
        Self(secrets.into_iter().map(|secret| Key::new(&secret)).collect())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Seals `plain`; it opens only together with the same `bound`.
    pub(super) fn seal(&self, plain: Vec<u8>, bound: &[u8]) -> Option<String> {
        let key = self.0.first()?;
        let mut head = [0; HEAD];
        head[0] = VERSION;
        head[1..=ID].copy_from_slice(&key.id);
        head[1 + ID..].copy_from_slice(&random::<{ SALT + NONCE_LEN }>());
        let mut sealed = plain;
        let (aead, nonce) = key.of(&head)?;
        aead.seal_in_place_append_tag(nonce, Aad::from(aad(&head, bound)), &mut sealed).ok()?;
        let mut text = BASE64.encode(head.iter().chain(&sealed).copied().collect::<Vec<u8>>());
        text.shrink_to_fit();
        Some(text)
    }

    /// Opens what was sealed under one of the keys, for `bound`.
    pub(super) fn open(&self, text: &str, bound: &[u8]) -> Option<Vec<u8>> {
        let bytes = BASE64.decode(text).ok()?;
        let (head, sealed) = bytes.split_first_chunk::<HEAD>()?;
        if head[0] != VERSION {
            return None;
        }
        self.0.iter().filter(|key| key.id == head[1..=ID]).find_map(|key| {
            let mut sealed = sealed.to_vec();
            let (aead, nonce) = key.of(head)?;
            let length =
                aead.open_in_place(nonce, Aad::from(aad(head, bound)), &mut sealed).ok()?.len();
            sealed.truncate(length);
            Some(sealed)
        })
    }
}

impl Key {
    fn new(secret: &[u8; 32]) -> Self {
        let secret = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let mut id = [0; ID];
        id.copy_from_slice(&hmac::sign(&secret, b"bowline requestState key id").as_ref()[..ID]);
        Self { id, secret }
    }

    /// The key and nonce of one sealed text.
    fn of(&self, head: &[u8; HEAD]) -> Option<(LessSafeKey, Nonce)> {
        let (salt, nonce) = head[1 + ID..].split_at(SALT);
        let mut input = b"bowline requestState ".to_vec();
        input.extend_from_slice(salt);
        let bytes = hmac::sign(&self.secret, &input);
        let key = UnboundKey::new(&CHACHA20_POLY1305, bytes.as_ref()).ok()?;
        Some((LessSafeKey::new(key), Nonce::try_assume_unique_for_key(nonce).ok()?))
    }
}

fn aad(head: &[u8; HEAD], bound: &[u8]) -> Vec<u8> {
    head.iter().chain(bound).copied().collect()
}

/// Random bytes.
///
/// # Panics
/// When the operating system has none to give. Nothing that is secret could go on then.
pub(super) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

#[cfg(test)]
mod tests {
    use super::{BASE64, Keyring};
    use base64::Engine as _;

    #[test]
    fn what_is_sealed_opens_for_the_same_purpose_only() {
        let keys = Keyring::new([[1; 32]]);
        let text = keys.seal(b"secret".to_vec(), b"bound").unwrap();
        assert_eq!(keys.open(&text, b"bound").unwrap(), b"secret");
        assert_eq!(keys.open(&text, b"else"), None);
        assert_eq!(Keyring::new([[2; 32]]).open(&text, b"bound"), None);
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        let keys = Keyring::new([[1; 32]]);
        let text = keys.seal(b"some longer secret".to_vec(), b"").unwrap();
        let bytes = BASE64.decode(&text).unwrap();
        for at in 0..bytes.len() {
            for change in [0x01, 0x80, 0xff] {
                let mut changed = bytes.clone();
                changed[at] ^= change;
                assert_eq!(keys.open(&BASE64.encode(changed), b""), None, "byte {at}");
            }
            assert_eq!(keys.open(&BASE64.encode(&bytes[..at]), b""), None, "length {at}");
        }
        for odd in ["", "!", "AA==", &format!("{text}A"), &format!(" {text}")] {
            assert_eq!(keys.open(odd, b""), None, "{odd:?}");
        }
    }

    #[test]
    fn old_keys_open_until_they_are_taken_away() {
        let text = Keyring::new([[1; 32]]).seal(b"x".to_vec(), b"").unwrap();
        assert!(Keyring::new([[2; 32], [1; 32]]).open(&text, b"").is_some());
        assert!(Keyring::new([[2; 32]]).open(&text, b"").is_none());
        let newest = Keyring::new([[2; 32], [1; 32]]).seal(b"x".to_vec(), b"").unwrap();
        assert!(Keyring::new([[2; 32]]).open(&newest, b"").is_some());
    }

    #[test]
    fn the_same_text_is_sealed_differently_each_time() {
        let keys = Keyring::new([[1; 32]]);
        assert_ne!(keys.seal(b"x".to_vec(), b""), keys.seal(b"x".to_vec(), b""));
    }

    #[test]
    fn no_key_seals_nothing() {
        assert_eq!(Keyring::new([]).seal(b"x".to_vec(), b""), None);
    }
}
