//! How messages travel.

#[cfg(feature = "http")]
pub mod http;
mod link;
pub mod memory;
mod running;
mod stdio;

pub use memory::Memory;
pub use running::{End, Running, Transport};
pub use stdio::Stdio;

pub(crate) use running::start;
