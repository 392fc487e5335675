//! Clients that log in, against a server and an authorization server that do what a test says.

#![cfg(all(feature = "auth", feature = "client", feature = "server"))]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod bound;
mod browsers;
mod carried;
mod once;
mod refused;
mod world;
