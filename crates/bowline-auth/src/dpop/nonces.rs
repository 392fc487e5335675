//! The nonces that servers sent.

use http::HeaderMap;
use std::collections::VecDeque;

/// The newest nonce of each origin, for the last 64 origins that sent one (RFC 9449 §8, §9).
#[derive(Clone, Debug, Default)]
pub struct Nonces(VecDeque<(String, String)>);

impl Nonces {
    /// The nonce for a request to this origin (`https://host:port`).
    #[must_use]
    pub fn of(&self, origin: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == origin).map(|(_, nonce)| nonce.as_str())
    }

    /// Keeps what an answer of this origin says in `DPoP-Nonce`, whatever its status. True if it is another than before:
    /// then a request that was refused for its nonce is worth a second try, once.
    pub fn learn(&mut self, origin: &str, headers: &HeaderMap) -> bool {
        let Some(nonce) = nonce(headers) else { return false };
        if self.of(origin) == Some(nonce) {
            return false;
        }
        self.0.retain(|(known, _)| known != origin);
        if self.0.len() == MOST {
            self.0.pop_front();
        }
        self.0.push_back((origin.to_owned(), nonce.to_owned()));
        true
    }
}

/// What `DPoP-Nonce` says, if it says one thing, in the characters of RFC 9449 §8.1 (`NQCHAR`) and not at length.
pub(crate) fn nonce(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all("dpop-nonce").iter();
    let nonce = values.next()?.to_str().ok()?;
    let fits = |c: u8| matches!(c, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
    let good = !nonce.is_empty() && nonce.len() <= LONGEST && nonce.bytes().all(fits);
    (good && values.next().is_none()).then_some(nonce)
}

const MOST: usize = 64;
const LONGEST: usize = 1024;
