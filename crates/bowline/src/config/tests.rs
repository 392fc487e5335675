//! Configs as people write them, and as they get them wrong.

mod approvals;
#[cfg(feature = "host")]
mod bowline;
#[cfg(feature = "host")]
mod difference;
mod expansion;
mod lookup;
mod reading;
mod support;
#[cfg(feature = "host")]
mod watch;
