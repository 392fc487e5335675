//! The whole library, through its public interface.

#![allow(
    clippy::unwrap_used,
    clippy::needless_pass_by_value,
    reason = "a test that cannot go on panics, and its helpers take what `json!` makes"
)]

mod ask;
mod ask_answers;
mod ask_once;
mod ask_state;
#[cfg(all(feature = "client", target_os = "linux"))]
mod child_end;
#[cfg(all(feature = "client", target_os = "linux"))]
mod child_start;
#[cfg(all(feature = "client", target_os = "linux"))]
mod child_stderr;
#[cfg(feature = "client")]
mod client;
mod link_bad_input;
mod link_calls;
mod link_end;
mod link_memory;
mod link_wire;
#[cfg(any(all(feature = "client", feature = "http"), feature = "auth"))]
mod log;
#[cfg(not(modern_only))]
mod session_batches;
#[cfg(not(modern_only))]
mod session_changes;
#[cfg(not(modern_only))]
mod session_effects;
#[cfg(not(modern_only))]
mod session_opening;
#[cfg(not(modern_only))]
mod session_pressure;
#[cfg(not(modern_only))]
mod session_questions;
#[cfg(not(modern_only))]
mod session_server;
#[cfg(not(modern_only))]
mod session_transcripts;
#[cfg(not(modern_only))]
mod session_wire;
mod support;
mod trace;
#[cfg(unix)]
mod unix_sockets;

#[cfg(all(feature = "client", feature = "http"))]
mod connector;

#[cfg(feature = "auth")]
mod http_auth;
#[cfg(feature = "http")]
mod http_bad_input;
#[cfg(all(feature = "client", feature = "http", not(modern_only)))]
mod http_client;
#[cfg(feature = "http")]
mod http_exchange;
#[cfg(feature = "http")]
mod http_guard;
#[cfg(feature = "http")]
mod http_limits;
#[cfg(feature = "http")]
mod http_mount;
#[cfg(feature = "http")]
mod http_session;
#[cfg(feature = "http")]
mod http_session_asks;
#[cfg(feature = "http")]
mod http_session_life;
#[cfg(feature = "http")]
mod http_session_stores;
#[cfg(feature = "http")]
mod http_session_streams;
#[cfg(feature = "http")]
mod http_session_support;
#[cfg(feature = "http")]
mod http_session_walk;
#[cfg(feature = "http")]
mod http_sockets;
#[cfg(feature = "http")]
mod http_sse;
#[cfg(feature = "http")]
mod http_support;
#[cfg(feature = "http")]
mod http_tls;
