//! The duplex exchange: many requests, answers and notifications on one byte stream.
//!
//! Where every request has a stream of its own, as over HTTP, nothing here is needed. Ids, tables of pending requests
//! and cancellation by message exist only on a shared stream, and only in this module.

mod answering;

pub use answering::{Answering, Received};
