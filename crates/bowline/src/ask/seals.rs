//! Seals for whoever hands on the calls of others: what their callers carry from round to round.

use super::chain::bound;
use super::seal::{Keyring, random};
use crate::context::Context;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Seals with a secret of its own, made with it.
pub(crate) struct Seals(Keyring);

impl Default for Seals {
    fn default() -> Self {
        Self(Keyring::new([random()]))
    }
}

impl Seals {
    /// Seals a value for exactly this request and this purpose.
    pub(crate) fn seal(
        &self,
        cx: &Context,
        purpose: &[&str],
        value: &impl Serialize,
    ) -> Option<String> {
        let plain = serde_json::to_vec(value).ok()?;
        self.0.seal(plain, bound(cx, purpose).as_bytes())
    }

    /// Opens what was sealed for this request and this purpose; says nothing about what else it may be.
    pub(crate) fn open<T: DeserializeOwned>(
        &self,
        cx: &Context,
        purpose: &[&str],
        text: &str,
    ) -> Option<T> {
        let plain = self.0.open(text, bound(cx, purpose).as_bytes())?;
        serde_json::from_slice(&plain).ok()
    }

    /// A number that nobody can guess.
    #[cfg(not(modern_only))]
    pub(crate) fn number() -> u64 {
        u64::from_be_bytes(random())
    }
}

impl std::fmt::Debug for Seals {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seals")
    }
}
