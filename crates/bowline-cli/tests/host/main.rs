//! The real binary between many servers and their callers.

#![allow(
    clippy::unwrap_used,
    clippy::needless_pass_by_value,
    reason = "a test that cannot go on panics, and its helpers take what `json!` makes"
)]
#![cfg(unix)]
#![allow(dead_code, reason = "what needs the verb `up` comes with it")]

mod asker;
mod head;
mod post;
#[path = "../it/program.rs"]
mod program;
mod relay;
mod script;
mod seen;
mod session;
mod straight;
mod tokens;
mod up;
