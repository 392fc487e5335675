//! The vocabulary of the Model Context Protocol: every message, capability, content block and error of
//! every protocol version, as plain serde types.
//!
//! One set of types serves all versions. Each has the shape of the newest version; a member that only
//! older versions have is an optional field whose documentation says so, and messages that died are in
//! [`legacy`] and [`task`].
//!
//! What holds for every type:
//!
//! - Members that no version knows are kept in `extra` and written back; content types, roles and enum
//!   values that no version knows are kept as `Other`.
//! - A list of objects is a [`List`]: one bad element is reported in [`List::rejected`], the others stay.
//! - An error names the place: `tools[3].inputSchema: missing field`. [`decode()`] is the way in.
//! - `null` stands for an absent optional member, except where any JSON value is allowed.
//! - `resultType` belongs to the envelope of a result: it is read with [`method::ResultType::of`], and
//!   neither kept in nor written by a result type.
//!
//! This crate must never do input or output, know a transport or a clock, or decide what a peer may send
//! when: it only says what a message looks like. It depends on serde's core and `serde_json`, nothing else.

mod decode;
mod extra;
mod list;
mod macros;

pub mod capability;
pub mod completion;
pub mod content;
pub mod discover;
pub mod input;
pub mod jsonrpc;
#[cfg(not(modern_only))]
pub mod legacy;
pub mod log;
pub mod meta;
pub mod method;
pub mod progress;
pub mod prompt;
pub mod resource;
pub mod revision;
pub mod subscription;
pub mod task;
pub mod tool;

pub use decode::{DecodeError, Member, decode, decode_value};
pub use extra::Extra;
pub use list::{List, Rejected};
