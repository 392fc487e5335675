//! What every store must do, as tests that any store can run.
//!
//! ```
//! # use bowline::transport::http::legacy::{MemorySessions, contract};
//! # async fn test() {
//! contract::sessions(&MemorySessions::new(1_000)).await.expect("the store does what it must");
//! # }
//! ```

mod events;
mod sessions;

pub use events::events;
pub use sessions::sessions;

use std::fmt;

/// A rule that a store breaks.
#[derive(Debug)]
pub struct Broken {
    rule: &'static str,
    source: Option<std::io::Error>,
}

impl Broken {
    /// What the store must do and does not.
    #[must_use]
    pub fn rule(&self) -> &'static str {
        self.rule
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "broken: {}", self.rule)
    }
}

impl std::error::Error for Broken {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| source as _)
    }
}

/// Fails where a rule does not hold.
fn must(holds: bool, rule: &'static str) -> Result<(), Broken> {
    if holds { Ok(()) } else { Err(Broken { rule, source: None }) }
}

/// Fails where a store does.
fn works<T>(done: std::io::Result<T>) -> Result<T, Broken> {
    done.map_err(|error| Broken { rule: "a store that works does not fail", source: Some(error) })
}
