//! Hosts in this process, whose servers are scripted.

#![cfg(all(feature = "host", not(modern_only)))]
#![allow(
    clippy::unwrap_used,
    clippy::needless_pass_by_value,
    reason = "a test that cannot go on panics, and its helpers take what `json!` makes"
)]

mod asking;
mod caller;
mod consent;
mod dropped;
#[path = "../client/honest.rs"]
#[allow(dead_code, reason = "the tests of clients need more of it")]
mod honest;
mod lanes;
mod names;
mod parked;
#[path = "../client/script.rs"]
#[allow(dead_code, reason = "the tests of clients need more of it")]
mod script;
mod stops;
