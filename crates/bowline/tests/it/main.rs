//! Tests of the public interface, all in one program.

#![allow(
    clippy::unwrap_used,
    clippy::needless_pass_by_value,
    reason = "a test that cannot go on panics, and its helpers take what `json!` makes"
)]

mod ask;
mod ask_answers;
mod ask_once;
mod ask_state;
mod support;
