//! What HTTP adds to a message: headers that repeat parts of the body, the guard in front, and statuses.

mod admit;
pub mod headers;
pub mod origin;

pub use admit::{Admitted, admit, decide, status_of};
pub use http::{HeaderMap, HeaderName, HeaderValue};
