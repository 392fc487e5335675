//! How messages travel.

#[cfg(any(unix, feature = "http"))]
mod accept;
#[cfg(all(feature = "client", any(unix, windows)))]
pub mod child;
#[cfg(feature = "http")]
pub mod http;
pub(crate) mod link;
pub mod memory;
pub(crate) mod running;
#[cfg(not(modern_only))]
mod session;
mod stdio;
#[cfg(unix)]
mod unix;

pub use link::serve_stream;
pub use memory::Memory;
pub use running::{End, Running, Transport, start};
pub use stdio::{LimitedStdio, Stdio};
#[cfg(unix)]
pub use unix::Unix;
