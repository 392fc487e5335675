//! The real binary, as scripts, service managers and clients see it.

#![allow(
    clippy::unwrap_used,
    clippy::needless_pass_by_value,
    reason = "a test that cannot go on fails, and its helpers take what `json!` makes"
)]

mod asking;
mod completions;
mod ending;
mod filesystem;
mod folder;
#[cfg(target_os = "linux")]
mod guard;
mod help;
mod http;
mod install;
mod login;
mod peer;
mod program;
mod proxy;
mod pty;
mod refusals;
mod stdio;
mod surface;
mod terminal;
mod unix;
mod up;
mod verbs;
mod verbs_end;
