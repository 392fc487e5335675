//! What sessions add to HTTP: their identifier, streams that are resumed, a stream for the session's own messages, and
//! HTTP+SSE.
//!
//! See [Session management](https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#session-management).

mod hear;
mod inbox;
mod listen;
mod posted;
mod session;
mod sse;
mod trail;

pub(super) use session::{Session, abandon, end, exchange, leave, reply, said};
pub(super) use sse::open_stream;
pub(super) use trail::Trail;
