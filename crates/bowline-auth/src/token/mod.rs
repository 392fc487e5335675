//! Requests for tokens, and what they are answered with (RFC 6749, RFC 7523, RFC 8693, RFC 8707).
//!
//! A [`TokenRequest`] makes the [`Form`] that is posted to a token endpoint, and reads the answer to it.

mod answer;
mod client;
mod echo;
mod fault;
mod form;
mod request;
mod revocation;

#[cfg(test)]
mod tests;

pub use answer::{Exchanged, Scheme, Tokens};
pub use client::ClientAuth;
pub use fault::{Code, TokenFault};
pub use request::{Form, Grant, Subject, TokenRequest};
pub use revocation::Revocation;
