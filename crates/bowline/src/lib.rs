//! The Model Context Protocol for Rust.

pub mod ask;
mod closing;
mod context;
mod error;
pub mod layer;
mod outbox;
mod principal;
pub mod server;
mod service;
pub mod transport;

pub use context::Context;
pub use error::{Error, Result};
pub use principal::{Principal, PrincipalKind};
pub use server::Server;
pub use service::{Answer, Call, Service};

pub use bowline_protocol as protocol;
pub use bowline_types as types;
