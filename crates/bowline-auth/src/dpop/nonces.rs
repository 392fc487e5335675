//! The nonces that servers sent.

use http::HeaderMap;
use std::collections::HashMap;

/// The newest nonce of each origin, at most 64 of them (RFC 9449 §8, §9).
#[derive(Clone, Debug, Default)]
pub struct Nonces(HashMap<String, String>);

impl Nonces {
    /// The nonce for a request to this origin (`https://host:port`).
    #[must_use]
    pub fn of(&self, origin: &str) -> Option<&str> {
        self.0.get(origin).map(String::as_str)
    }

    /// Keeps what an answer of this origin says in `DPoP-Nonce`, whatever its status. True if it is another than before:
    /// then a request that was refused for its nonce is worth a second try, once.
    pub fn learn(&mut self, origin: &str, headers: &HeaderMap) -> bool {
        let _ = (origin, headers);
        todo!()
    }
}
