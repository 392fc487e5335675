//! Services around services.

pub mod trace;

pub use trace::Trace;
