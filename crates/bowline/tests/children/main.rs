//! A thousand children, counted from outside: what is left of them in `/proc`, and what they left in this process.
//!
//! A program of its own, because the descriptors and children of a whole process are counted. For the thousand:
//! `cargo test -p bowline --test children -- --ignored --nocapture`.

#![cfg(all(feature = "client", target_os = "linux"))]
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test that cannot go on panics, and what was counted is for people to read"
)]

mod census;
mod dropped;
mod kinds;
mod soak;
