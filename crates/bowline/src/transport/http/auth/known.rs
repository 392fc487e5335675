//! Tokens that were found to be good.

use crate::principal::Principal;
use bowline_auth::resource::Checked;
use ring::digest::{SHA256, SHA256_OUTPUT_LEN, digest};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;
use tokio::time::Instant;

/// The digest of a token: what it is known by, so that no table has tokens in it.
pub(super) type Digest = [u8; SHA256_OUTPUT_LEN];

/// The digest of a token.
pub(super) fn digest_of(token: &str) -> Digest {
    let mut out = [0; SHA256_OUTPUT_LEN];
    out.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
    out
}

/// A token that is good.
#[derive(Debug)]
pub(super) struct Good {
    pub(super) principal: Principal,
    pub(super) checked: Checked,
    /// When its authorization server is to be asked again.
    pub(super) until: Option<Instant>,
}

impl Good {
    fn is_still(&self) -> bool {
        !self.checked.has_expired(SystemTime::now())
            && self.until.is_none_or(|until| Instant::now() < until)
    }
}

/// Tokens that were found to be good, in two generations: when the younger is full the older goes. One that is used
/// comes into the younger again, so that what goes was not used for long.
#[derive(Debug, Default)]
pub(super) struct Known(Mutex<Generations>);

#[derive(Debug, Default)]
struct Generations {
    young: HashMap<Digest, Arc<Good>>,
    old: HashMap<Digest, Arc<Good>>,
}

/// Tokens of one generation.
const MOST: usize = 2048;

impl Known {
    pub(super) fn find(&self, token: &Digest) -> Option<Arc<Good>> {
        let mut generations = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(good) = generations.young.get(token) {
            if good.is_still() {
                return Some(good.clone());
            }
            generations.young.remove(token);
            return None;
        }
        let good = generations.old.remove(token).filter(|good| good.is_still())?;
        generations.insert(*token, good.clone());
        Some(good)
    }

    pub(super) fn insert(&self, token: Digest, good: Arc<Good>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(token, good);
    }
}

impl Generations {
    fn insert(&mut self, token: Digest, good: Arc<Good>) {
        if self.young.len() >= MOST {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(token, good);
    }
}

#[cfg(test)]
mod tests {
    use super::{Good, Known, MOST, digest_of};
    use crate::principal::Principal;
    use bowline_auth::resource::Rules;
    use serde_json::json;
    use std::sync::Arc;
    use std::time::{Duration, SystemTime, UNIX_EPOCH};
    use tokio::time::{Instant, advance};

    fn good(seconds: i64, until: Option<Instant>) -> Arc<Good> {
        let now = SystemTime::now();
        let exp = now.duration_since(UNIX_EPOCH).unwrap().as_secs() as i64 + seconds;
        let claims = json!({ "iss": "https://a.test", "aud": "x", "exp": exp, "sub": "alice" });
        let claims = claims.as_object().unwrap();
        // Looked at before it ended.
        let before = now - Duration::from_secs(3600);
        let checked = Rules::new("https://a.test").check(None, claims, before).unwrap();
        let principal = Principal::claimed("https://a.test", claims.clone()).unwrap();
        Arc::new(Good { principal, checked, until })
    }

    #[tokio::test]
    async fn a_token_is_known_until_it_ends() {
        let known = Known::default();
        known.insert(digest_of("good"), good(1000, None));
        known.insert(digest_of("as clocks differ"), good(-30, None));
        known.insert(digest_of("ended"), good(-90, None));
        assert!(known.find(&digest_of("good")).is_some());
        assert!(known.find(&digest_of("as clocks differ")).is_some());
        assert!(known.find(&digest_of("ended")).is_none());
        assert!(known.find(&digest_of("never seen")).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_that_was_asked_about_is_asked_about_again() {
        let known = Known::default();
        let token = digest_of("t");
        known.insert(token, good(1000, Some(Instant::now() + Duration::from_secs(60))));
        advance(Duration::from_secs(59)).await;
        assert!(known.find(&token).is_some());
        advance(Duration::from_secs(1)).await;
        assert!(known.find(&token).is_none());
    }

    #[tokio::test]
    async fn there_are_never_more_than_two_generations_and_what_is_used_stays() {
        let known = Known::default();
        let used = digest_of("used");
        known.insert(used, good(1000, None));
        let other = good(1000, None);
        for number in 0..10 * MOST {
            known.insert(digest_of(&number.to_string()), other.clone());
            assert!(known.find(&used).is_some(), "{number}");
        }
        let generations = known.0.lock().unwrap();
        assert!(generations.young.len() <= MOST && generations.old.len() <= MOST);
    }
}
