//! Names of sessions, streams and events: what a client is given to come back with.

use crate::principal::Principal;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use ring::digest::{Context, SHA256};
use ring::rand::{SecureRandom, SystemRandom};
use std::fmt;

/// What a session is kept under: a digest of its id and of whom it belongs to.
///
/// Whoever presents the id of somebody else's session looks for a key that nobody has, so that nothing can tell such
/// an id from one that never was. Of a key nobody can make the id, so that a store, or a log, may show it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionKey([u8; 32]);

impl SessionKey {
    /// The key of a session that `principal` calls by `id`.
    #[must_use]
    pub fn new(principal: &Principal, id: &[u8]) -> Self {
        let mut digest = Context::new(&SHA256);
        let kind = super::record::kind_name(principal.kind());
        for part in [kind.as_bytes(), principal.name().as_bytes(), id] {
            // With the lengths in it no two triples make the same text.
            digest.update(&(part.len() as u64).to_le_bytes());
            digest.update(part);
        }
        let mut key = [0; 32];
        key.copy_from_slice(digest.finish().as_ref());
        Self(key)
    }

    /// The digest.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl From<[u8; 32]> for SessionKey {
    fn from(digest: [u8; 32]) -> Self {
        Self(digest)
    }
}

impl fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionKey({})", BASE64.encode(self.0))
    }
}

/// One stream of events, whatever connection carries it at the time.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamId([u8; 16]);

/// The bit of the first byte that tells the two kinds of streams apart, also where only the id is left of one.
const OWN: u8 = 1;

impl StreamId {
    /// The bytes of the id.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// A new id that nobody can guess, of the stream of a call or of a session's `own` stream; `None` where the system
    /// gives no random bytes.
    pub(super) fn random(own: bool) -> Option<Self> {
        let mut bytes: [u8; 16] = random()?;
        bytes[0] = bytes[0] & !OWN | if own { OWN } else { 0 };
        Some(Self(bytes))
    }

    /// Whether it is of what a session says outside of calls.
    pub(super) fn is_own(self) -> bool {
        self.0[0] & OWN != 0
    }

    /// The id of an event of this stream.
    pub(super) fn event(self, seq: u64) -> String {
        format!("{}-{seq}", BASE64.encode(self.0))
    }
}

impl From<[u8; 16]> for StreamId {
    fn from(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A client comes back with it, so that no log may have it.
        f.write_str("StreamId")
    }
}

/// A new id for a session: 192 random bits as 32 visible characters; `None` where the system gives none.
pub(super) fn session_id() -> Option<String> {
    random::<24>().map(|bytes| BASE64.encode(bytes))
}

/// The event that a client names in `Last-Event-ID`; `None` for a text that is no id of ours.
pub(super) fn parse_event(text: &[u8]) -> Option<(StreamId, u64)> {
    // The alphabet of the first part has the hyphen too, but the second has digits only.
    let hyphen = text.iter().rposition(|&byte| byte == b'-')?;
    let (stream, seq) = (&text[..hyphen], &text[hyphen + 1..]);
    if !seq.iter().all(u8::is_ascii_digit) || seq.len() > 1 && seq[0] == b'0' {
        return None;
    }
    let mut bytes = [0; 16];
    let len = BASE64.decode_slice(stream, &mut bytes).ok()?;
    let seq = std::str::from_utf8(seq).ok()?.parse().ok()?;
    (len == bytes.len()).then_some((StreamId(bytes), seq))
}

fn random<const N: usize>() -> Option<[u8; N]> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).ok().map(|()| bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn ids_are_visible_and_never_the_same() {
        let ids: HashSet<String> = (0..1000).map(|_| session_id().unwrap()).collect();
        assert_eq!(ids.len(), 1000);
        assert!(ids.iter().all(|id| id.len() == 32 && id.bytes().all(|b| b.is_ascii_graphic())));
    }

    #[test]
    fn an_event_is_found_by_its_id() {
        for seed in 0..=255_u8 {
            let stream = StreamId([seed.wrapping_mul(31); 16]);
            for seq in [0, 1, 9, 10, u64::MAX] {
                assert_eq!(parse_event(stream.event(seq).as_bytes()), Some((stream, seq)));
            }
        }
    }

    #[test]
    fn what_is_no_event_id_names_nothing() {
        let long = "A".repeat(10_000);
        let good = StreamId([7; 16]).event(3);
        for text in [
            "",
            "-",
            "--",
            "-1",
            "1",
            "a-1",
            "AAAAAAAAAAAAAAAAAAAAAA",
            "AAAAAAAAAAAAAAAAAAAAAA-",
            "AAAAAAAAAAAAAAAAAAAAAA-x",
            "AAAAAAAAAAAAAAAAAAAAAA-00",
            "AAAAAAAAAAAAAAAAAAAAAA-01",
            "AAAAAAAAAAAAAAAAAAAAAA-+1",
            "AAAAAAAAAAAAAAAAAAAAAA--1",
            "AAAAAAAAAAAAAAAAAAAAAA-18446744073709551616",
            "AAAAAAAAAAAAAAAAAAAAA=-1",
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA-1",
            "\u{e9}AAAAAAAAAAAAAAAAAAAAA-1",
            &long,
            &format!("{good} "),
            &format!(" {good}"),
        ] {
            assert_eq!(parse_event(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn a_key_belongs_to_one_principal_and_one_id() {
        let alice = Principal::token("alice", []);
        let keys = [
            SessionKey::new(&alice, b"1"),
            SessionKey::new(&alice, b"2"),
            SessionKey::new(&Principal::token("bob", []), b"1"),
            SessionKey::new(&Principal::process("alice"), b"1"),
            SessionKey::new(&Principal::token("alice1", []), b""),
            SessionKey::new(&Principal::anonymous(), b"1"),
        ];
        assert_eq!(keys.iter().collect::<HashSet<_>>().len(), keys.len());
        assert_eq!(keys[0], SessionKey::new(&Principal::token("alice", ["more"]), b"1"));
    }
}
