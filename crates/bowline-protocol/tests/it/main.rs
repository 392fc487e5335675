//! Whole exchanges, through the public interface.

mod duplex;
mod pair;
mod transcripts;
