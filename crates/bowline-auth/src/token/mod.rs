//! Requests for tokens, and what they are answered with (RFC 6749, RFC 7523, RFC 8693, RFC 8707).

mod answer;
mod client;
mod fault;
mod request;

pub use answer::{Exchanged, Scheme, Tokens};
pub use client::ClientAuth;
pub use fault::{Code, TokenFault};
pub use request::{Form, Grant, Subject, TokenRequest};
