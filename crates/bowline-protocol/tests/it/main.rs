//! Whole exchanges, through the public interface.

#![allow(clippy::unwrap_used, reason = "tests")]

mod client;
mod duplex;
#[cfg(not(modern_only))]
mod legacy;
mod pair;
#[cfg(not(modern_only))]
mod session;
mod transcripts;
