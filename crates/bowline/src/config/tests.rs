//! Configs as people write them, and as they get them wrong.

mod approvals;
mod expansion;
mod lookup;
mod reading;
mod support;
