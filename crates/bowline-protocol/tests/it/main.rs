//! Whole exchanges, through the public interface.

#![allow(clippy::unwrap_used, reason = "tests")]

mod duplex;
mod pair;
mod transcripts;
