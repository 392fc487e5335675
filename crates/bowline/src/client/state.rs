//! How a connection stands.

use crate::error::Error;
use std::sync::Arc;

/// How a connection stands.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum State {
    /// It is being made for the first time.
    Connecting,
    /// It is there.
    Ready {
        /// The protocol version that was agreed on.
        protocol_version: &'static str,
    },
    /// It was lost, and is being made anew.
    Reconnecting {
        /// The how-manieth attempt it is, from 1.
        attempt: u32,
        /// Why the last one failed, or the connection was lost.
        last_error: Arc<Error>,
    },
    /// It is over.
    Closed {
        /// Why, unless it was closed from here.
        reason: Option<Arc<Error>>,
    },
}
