//! Hosts: many servers of whatever protocol version, behind one endpoint.

#[cfg(feature = "http")]
pub mod admin;
mod catalogue;
#[cfg_attr(not(test), expect(dead_code, reason = "upstreams begin to use it when they are there"))]
mod monitor;
mod settings;
pub mod status;
mod upstream;
mod view;

pub use settings::{Isolation, Naming, Profile, ServerSettings, Settings};
pub use status::Status;
