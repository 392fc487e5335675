//! Authorization for the Model Context Protocol, as rules.
//!
//! What a client does to be let in, and what a server checks before it lets anybody in: pure functions and small state
//! machines. Whoever drives them fetches, waits, opens browsers and keeps files.
//!
//! It must never fetch anything, read a clock or start a task. Only [`store`] touches what is outside: files, their locks,
//! and the keychain of the system.
//!
//! See [Authorization](https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization).

pub mod challenge;
pub mod dpop;
pub mod fetch;
pub mod flow;
pub mod jose;
pub mod metadata;
pub mod resource;
pub mod scope;
pub mod settings;
pub mod store;
pub mod token;
pub mod url;

mod callback;
mod form;
mod pkce;
mod registration;
mod secret;
mod shown;

pub use challenge::Challenge;
pub use secret::Secret;
pub use url::Url;
