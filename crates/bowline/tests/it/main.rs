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
mod link_bad_input;
mod link_calls;
mod link_end;
mod link_memory;
mod link_wire;
mod support;
mod trace;

#[cfg(feature = "http")]
mod http_bad_input;
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
mod http_session_life;
#[cfg(feature = "http")]
mod http_session_stores;
#[cfg(feature = "http")]
mod http_session_streams;
#[cfg(feature = "http")]
mod http_session_support;
#[cfg(feature = "http")]
mod http_sockets;
#[cfg(feature = "http")]
mod http_support;
#[cfg(feature = "http")]
mod http_tls;
