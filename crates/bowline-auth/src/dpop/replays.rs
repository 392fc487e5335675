//! Which proofs were seen.

use super::check::WINDOW;
use crate::jose::date;
use ring::digest::{SHA256, digest};
use std::collections::{HashMap, HashSet};
use std::time::SystemTime;

/// The proofs that were accepted lately, so that none is accepted twice: bounded as a whole and for each key.
///
/// There are two generations. A proof stands in the newer one for at least as long as it could be accepted again, and
/// then the older one is forgotten as a whole; so nothing has to be searched for what ended.
#[derive(Debug)]
pub struct Replays {
    most: usize,
    most_of_key: usize,
    /// When the newer generation began, in seconds.
    began: u64,
    newer: Generation,
    older: Generation,
}

#[derive(Debug, Default)]
struct Generation {
    count: usize,
    /// The hashes of what was seen, by the thumbprint of their key.
    seen: HashMap<Box<str>, HashSet<[u8; 32]>>,
}

/// What became of a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    Never,
    Before,
    /// It cannot be remembered, and so not accepted.
    NoRoom,
}

impl Replays {
    /// Remembers at most this many proofs in all, and this many of one key. Each is remembered for two to four minutes.
    #[must_use]
    pub fn new(most: usize, most_of_key: usize) -> Self {
        Self {
            most,
            most_of_key,
            began: 0,
            newer: Generation::default(),
            older: Generation::default(),
        }
    }

    pub(super) fn see(&mut self, thumbprint: &str, id: &str, now: SystemTime) -> Seen {
        self.turn(date::seconds(now));
        let generations = [&self.newer, &self.older];
        let hash = hash(id);
        let of_key = generations.map(|generation| generation.seen.get(thumbprint));
        if of_key.iter().flatten().any(|seen| seen.contains(&hash)) {
            return Seen::Before;
        }
        let count = generations.map(|generation| generation.count).iter().sum::<usize>();
        let count_of_key = of_key.iter().flatten().map(|seen| seen.len()).sum::<usize>();
        if count >= self.most || count_of_key >= self.most_of_key {
            return Seen::NoRoom;
        }
        self.newer.seen.entry(thumbprint.into()).or_default().insert(hash);
        self.newer.count += 1;
        Seen::Never
    }

    fn turn(&mut self, now: u64) {
        // Accepted from `WINDOW` before the time it names until `WINDOW` after it.
        let life = 2 * WINDOW.as_secs() + 1;
        let age = now.saturating_sub(self.began);
        if age >= life {
            self.older = std::mem::take(&mut self.newer);
            self.began = now;
        }
        if age >= 2 * life {
            self.older = Generation::default();
        }
    }
}

fn hash(id: &str) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, id.as_bytes()).as_ref());
    hash
}

#[cfg(test)]
mod tests {
    use super::{Replays, Seen};
    use std::time::{Duration, SystemTime, UNIX_EPOCH};

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_000_000 + seconds)
    }

    #[test]
    fn an_identifier_is_new_once_for_each_key() {
        let mut replays = Replays::new(10, 10);
        assert_eq!(replays.see("a", "1", at(0)), Seen::Never);
        assert_eq!(replays.see("a", "1", at(0)), Seen::Before);
        assert_eq!(replays.see("b", "1", at(0)), Seen::Never);
        assert_eq!(replays.see("a", "2", at(0)), Seen::Never);
    }

    #[test]
    fn what_could_be_accepted_again_is_remembered_and_the_rest_forgotten() {
        for began in [0, 1, 60, 119, 120, 121, 122] {
            let mut replays = Replays::new(10, 10);
            assert_eq!(replays.see("a", "first", at(0)), Seen::Never);
            assert_eq!(replays.see("a", "1", at(began)), Seen::Never);
            for later in [0, 1, 60, 119, 120] {
                assert_eq!(
                    replays.see("a", "1", at(began + later)),
                    Seen::Before,
                    "{began} {later}"
                );
            }
            assert_eq!(replays.see("a", "1", at(began + 242)), Seen::Never, "{began}");
        }
    }

    #[test]
    fn there_is_room_for_so_many_and_again_after_a_while() {
        let mut replays = Replays::new(5, 3);
        let see = |replays: &mut Replays, key: &str, count: usize, seconds| {
            (0..count)
                .map(|id| replays.see(key, &format!("{id} {seconds}"), at(seconds)))
                .collect::<Vec<_>>()
        };
        use Seen::{Never, NoRoom};
        assert_eq!(see(&mut replays, "a", 4, 0), [Never, Never, Never, NoRoom]);
        assert_eq!(see(&mut replays, "b", 3, 0), [Never, Never, NoRoom]);
        assert_eq!(see(&mut replays, "b", 1, 121), [NoRoom]);
        assert_eq!(see(&mut replays, "b", 4, 242), [Never, Never, Never, NoRoom]);
    }

    #[test]
    fn a_clock_that_goes_back_forgets_nothing() {
        let mut replays = Replays::new(5, 5);
        assert_eq!(replays.see("a", "1", at(100)), Seen::Never);
        assert_eq!(replays.see("a", "1", at(0)), Seen::Before);
        assert_eq!(replays.see("a", "1", at(100)), Seen::Before);
    }
}
