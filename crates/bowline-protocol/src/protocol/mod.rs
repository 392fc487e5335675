//! The duplex exchange: many requests, answers and notifications on one byte stream.
//!
//! Where every request has a stream of its own, as over HTTP, nothing here is needed. Ids, tables of pending requests
//! and cancellation by message exist only on a shared stream, and only in this module.
//!
//! [`Protocol`] is both directions at once; [`Answering`] and [`Asking`] are its halves, for drivers that need only
//! one. Time is a [`Duration`](core::time::Duration) since any moment the driver chose, and must never go back.

mod answering;
mod asking;
mod clock;
mod duplex;
mod request;
#[cfg(not(modern_only))]
mod session;
#[cfg(modern_only)]
#[path = "no_session.rs"]
mod session;
mod throttle;

pub use answering::{Answering, Received};
pub use asking::{Answered, Asking, Ignored, Response};
pub use clock::{Clock, Timeouts};
pub use duplex::{Event, Protocol};
pub use request::Request;
pub use session::Told;
pub use throttle::Throttle;
