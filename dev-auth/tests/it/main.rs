//! The server, asked over HTTP by a client that hides nothing.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests too")]

mod authorize;
mod clients;
mod extensions;
mod hostile;
mod logins;
mod peer;
mod token;
