//! Streamable HTTP.
//!
//! [`Http`] is a listener; what it lets in is an [`Endpoint`], and the same endpoint in front of a service makes an
//! [`HttpService`], which mounts into any other HTTP server that takes a `tower::Service`.
//!
//! See [Streamable HTTP](https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http).

#[cfg(feature = "auth")]
mod auth;
mod beside;
mod body;
#[cfg(any(feature = "client", feature = "auth"))]
#[cfg_attr(
    not(feature = "client"),
    allow(dead_code, unused_imports, reason = "servers fetch keys, and need not all of it")
)]
pub mod client;
mod connection;
mod cors;
mod demand;
mod endpoint;
mod exchange;
mod guard;
#[cfg(not(modern_only))]
pub mod legacy;
mod listener;
#[cfg(all(feature = "auth", feature = "host"))]
mod login;
pub(crate) mod pages;
mod patient;
mod read;
mod refuse;
mod rooms;
mod service;
mod site;
mod tls;
mod token;
mod watched;
#[cfg(not(feature = "auth"))]
mod without_auth;
#[cfg(modern_only)]
mod without_sessions;

#[cfg(feature = "auth")]
pub use auth::{Introspection, Issuer, Protected};
pub use body::ResponseBody;
pub use endpoint::Endpoint;
pub use listener::Http;
pub use service::HttpService;
pub use tls::TlsFiles;

#[cfg(not(modern_only))]
use legacy as sessions;
#[cfg(modern_only)]
use without_sessions as sessions;

#[cfg(feature = "auth")]
use auth as protection;
#[cfg(not(feature = "auth"))]
use without_auth as protection;
