//! Sealing: what lies in a file is read and changed by nobody without the key.
//!
//! A sealed file is a mark with a version, where its key is, 24 random bytes, and a ChaCha20-Poly1305 ciphertext. The
//! first half of the random bytes makes a key of its own out of the secret, the second half is the nonce; so no number
//! of files wears the secret out. The head and the name of the file are bound to it: a file that was copied over another
//! one opens as little as a changed one.

use crate::jose::unique;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac;
use std::fmt;
use zeroize::Zeroizing;

/// What seals: 32 random bytes.
#[derive(Clone)]
pub(super) struct Sealer(Zeroizing<[u8; 32]>);

/// Where the key of a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In a file beside it.
    File,
    /// In the keychain of the system.
    Keychain,
}

/// Changes with what stands in a file: `bowline` and a version.
const MARK: &[u8; 8] = b"bowline1";
const SALT: usize = 12;
const HEAD: usize = MARK.len() + 1 + SALT + NONCE_LEN;

impl Sealer {
    pub(super) fn new() -> Self {
        Self(Zeroizing::new(unique::random()))
    }

    /// None for anything but 32 bytes.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Some(Self(Zeroizing::new(bytes.try_into().ok()?)))
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_slice()
    }

    /// Seals what belongs into the file of this name. None when `ring` fails, which it does for texts of many gigabytes.
    pub(super) fn seal(&self, plain: &str, place: Place, name: &str) -> Option<Vec<u8>> {
        let mut head = [0; HEAD];
        let (mark, rest) = head.split_at_mut(MARK.len());
        mark.copy_from_slice(MARK);
        rest[0] = place.mark();
        rest[1..].copy_from_slice(&unique::random::<{ SALT + NONCE_LEN }>());
        // With room for the tag: a buffer that grows leaves a copy of its beginning behind.
        let mut sealed =
            Zeroizing::new(Vec::with_capacity(plain.len() + CHACHA20_POLY1305.tag_len()));
        sealed.extend_from_slice(plain.as_bytes());
        let (aead, nonce) = self.of(&head)?;
        aead.seal_in_place_append_tag(nonce, Aad::from(bound(&head, name)), &mut *sealed).ok()?;
        Some([&head[..], &sealed].concat())
    }

    /// Opens what [`Sealer::seal`] wrote for the file of this name.
    pub(super) fn open(&self, sealed: &[u8], name: &str) -> Option<Zeroizing<String>> {
        let (head, sealed) = sealed.split_first_chunk::<HEAD>()?;
        let (aead, nonce) = self.of(head)?;
        let mut plain = Zeroizing::new(sealed.to_vec());
        let length =
            aead.open_in_place(nonce, Aad::from(bound(head, name)), &mut plain).ok()?.len();
        std::str::from_utf8(&plain[..length]).ok().map(|plain| Zeroizing::new(plain.to_owned()))
    }

    /// The key and nonce of one file.
    fn of(&self, head: &[u8; HEAD]) -> Option<(LessSafeKey, Nonce)> {
        let (salt, nonce) = head[MARK.len() + 1..].split_at(SALT);
        let secret = hmac::Key::new(hmac::HMAC_SHA256, self.as_bytes());
        let key = hmac::sign(&secret, &[b"bowline login ", salt].concat());
        let key = UnboundKey::new(&CHACHA20_POLY1305, key.as_ref()).ok()?;
        Some((LessSafeKey::new(key), Nonce::try_assume_unique_for_key(nonce).ok()?))
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer(…)")
    }
}

impl Place {
    /// Where the key of this file is; none if it is no sealed file of this version.
    pub(super) fn of(sealed: &[u8]) -> Option<Self> {
        match sealed.strip_prefix(MARK)?.first()? {
            0 => Some(Self::File),
            1 => Some(Self::Keychain),
            _ => None,
        }
    }

    fn mark(self) -> u8 {
        match self {
            Self::File => 0,
            Self::Keychain => 1,
        }
    }
}

fn bound(head: &[u8; HEAD], name: &str) -> Vec<u8> {
    [head, name.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::{Place, Sealer};

    #[test]
    fn what_is_sealed_opens_for_its_file_and_key_only() {
        let sealer = Sealer::new();
        let sealed = sealer.seal("secret", Place::File, "a").unwrap();
        assert_eq!(sealer.open(&sealed, "a").unwrap().as_str(), "secret");
        assert!(sealer.open(&sealed, "b").is_none());
        assert!(Sealer::new().open(&sealed, "a").is_none());
        assert_ne!(sealer.seal("secret", Place::File, "a").unwrap(), sealed);
        assert!(!sealed.windows(6).any(|part| part == b"secret"));
    }

    #[test]
    fn every_changed_byte_and_every_missing_one_is_noticed() {
        let sealer = Sealer::new();
        let sealed = sealer.seal("some longer secret", Place::Keychain, "a").unwrap();
        for at in 0..sealed.len() {
            for change in [0x01, 0x80, 0xff] {
                let mut changed = sealed.clone();
                changed[at] ^= change;
                assert!(sealer.open(&changed, "a").is_none(), "byte {at}");
            }
            assert!(sealer.open(&sealed[..at], "a").is_none(), "length {at}");
        }
    }

    #[test]
    fn a_file_says_where_its_key_is() {
        for place in [Place::File, Place::Keychain] {
            let sealed = Sealer::new().seal("", place, "a").unwrap();
            assert_eq!(Place::of(&sealed), Some(place));
        }
        for odd in [&b""[..], b"bowline1", b"bowline2\0", b"bowline1\x02", b"{}"] {
            assert_eq!(Place::of(odd), None);
        }
    }
}
