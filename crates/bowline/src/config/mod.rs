//! Configs of MCP clients.

mod near;

pub use near::nearest;
