//! Sessions of the protocol versions in which `initialize` opens one.
//!
//! A session belongs to the principal that opened it, and its calls belong to the session: a connection that breaks
//! ends none of them. What was sent on a stream can be asked for again by the id of its last event.
//!
//! A [`SessionStore`] keeps what a server remembers of its sessions, an [`EventStore`] what it sent; both are in memory
//! unless an [`Endpoint`](super::Endpoint) is given others. [`contract`] tests stores.
//!
//! See [Session Management](https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#session-management)
//! and [Resumability](https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#resumability-and-redelivery).

pub mod contract;
mod id;
mod memory;
mod record;
mod store;

pub use id::{SessionKey, StreamId};
pub use memory::{MemoryEvents, MemorySessions};
pub use record::SessionRecord;
pub use store::{EventStore, SessionStore, Stored, StoredEvent};
