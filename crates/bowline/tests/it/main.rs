//! The whole library, through its public interface.

#![allow(clippy::unwrap_used, reason = "tests")]

mod link_bad_input;
mod link_calls;
mod link_end;
mod link_memory;
mod link_wire;
mod trace;
