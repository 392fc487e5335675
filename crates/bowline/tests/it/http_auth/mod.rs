//! An endpoint behind an authorization server.

mod authority;
mod foreign;
mod keys;
mod metadata;
mod opaque;
mod proofs;
mod scopes;
mod secrets;
mod streams;
mod tokens;
