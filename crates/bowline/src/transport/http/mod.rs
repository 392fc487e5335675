//! Streamable HTTP.
//!
//! See [Streamable HTTP](https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http).

mod body;
mod exchange;
mod guard;
mod server;

pub use body::ResponseBody;
pub use server::{Http, HttpService};
