//! Tests of the vocabulary, through its public face.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of tests are tests too")]

mod content;
mod decoding;
mod enums;
mod errors;
mod ids;
#[cfg(not(modern_only))]
mod legacy;
mod lists;
mod meta;
mod methods;
#[cfg(not(modern_only))]
mod schema;
mod writing;
