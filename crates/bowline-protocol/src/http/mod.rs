//! The rules of the HTTP transports that need no connection.

pub mod headers;
pub mod origin;
