//! How messages travel.

#[cfg(feature = "http")]
pub mod http;
mod link;
pub mod memory;
mod running;
#[cfg(not(modern_only))]
mod session;
mod stdio;

pub use memory::Memory;
pub use running::{End, Running, Transport, start};
pub use stdio::{LimitedStdio, Stdio};
