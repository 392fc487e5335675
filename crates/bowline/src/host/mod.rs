//! Hosts: many servers of whatever protocol version, behind one endpoint.

mod catalogue;
mod monitor;
mod settings;
mod upstream;
mod view;

pub use settings::{Isolation, Naming, Profile, ServerSettings, Settings};
