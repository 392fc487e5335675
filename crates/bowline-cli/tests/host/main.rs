//! The real binary between many servers and their callers.

#![allow(
    clippy::unwrap_used,
    clippy::needless_pass_by_value,
    reason = "a test that cannot go on panics, and its helpers take what `json!` makes"
)]
#![cfg(unix)]

mod asker;
mod bridge;
mod cancel;
mod foreign;
mod head;
mod heal;
mod parked;
mod post;
#[path = "../it/program.rs"]
#[expect(dead_code, reason = "the other tests of the binary need more of it")]
mod program;
mod proxy;
mod relay;
mod script;
mod seen;
mod session;
mod smuggling;
mod straight;
mod tokens;
mod up;
