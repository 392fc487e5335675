//! The [Model Context Protocol](https://modelcontextprotocol.io) for Rust: servers that models can use.
//!
//! A server is a function from requests to answers with a catalogue behind it. Build one from plain async functions,
//! then serve it wherever it is wanted: over stdio, over Streamable HTTP, in memory, or mounted into another program.
//!
//! ```
//! use bowline::prelude::*;
//!
//! #[derive(serde::Deserialize, schemars::JsonSchema)]
//! struct Add {
//!     /// the first addend
//!     a: f64,
//!     /// the second addend
//!     b: f64,
//! }
//!
//! let server = Server::new("calculator", "1.0.0")
//!     .tool(Tool::new("add").description("Add two numbers."), |Add { a, b }: Add| async move { a + b });
//! # async fn serve(server: Server) -> bowline::Result<()> {
//! server.serve(Stdio).await
//! # }
//! ```
//!
//! What a handler may take, it takes in any order before its arguments: a [`Context`] for progress, logs and
//! questions to the client, an [`Auth`](server::Auth) for who calls. What it may return is anything that makes sense as an answer, and a `Result` of it with
//! any error.
//!
//! This crate must never do more than it was asked for: no telemetry, no update check, no network use of its own,
//! and nothing of one client within reach of another.

pub mod ask;
#[cfg(feature = "host")]
mod bridge;
#[cfg(feature = "auth")]
pub use bowline_auth as auth;
#[cfg(feature = "client")]
pub mod client;
mod closing;
#[cfg(feature = "client")]
pub mod config;
mod context;
mod error;
#[cfg(feature = "host")]
pub mod host;
pub mod layer;
mod outbox;
mod principal;
mod scopes;
pub mod server;
mod service;
pub mod transport;

#[cfg(feature = "client")]
pub use client::Client;
pub use context::Context;
pub use error::{Error, Result};
#[cfg(feature = "host")]
pub use host::Host;
pub use principal::{Principal, PrincipalKind};
pub use scopes::{Asked, Scopes};
pub use server::Server;
pub use service::{Answer, Call, Service};

pub use bowline_protocol as protocol;
pub use bowline_types as types;

/// Everything that a server needs in sight.
pub mod prelude {
    #[cfg(feature = "http")]
    pub use crate::transport::http::Http;
    pub use crate::{
        Context, Error, Server,
        server::{Auth, IntoToolResult, Json, ToolError},
        transport::Stdio,
        types::{
            content::ContentBlock,
            log::LoggingLevel,
            prompt::{Prompt, PromptArgument, PromptMessage},
            resource::{Resource, ResourceContents, ResourceTemplate},
            tool::{CallToolResult, Tool, ToolAnnotations},
        },
    };
}
