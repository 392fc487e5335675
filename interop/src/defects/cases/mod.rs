//! The tests.

mod decoding;
mod http;
mod running;

use crate::defects::Test;

/// Every test, in the order in which they run.
pub(crate) fn all() -> impl Iterator<Item = &'static Test> {
    decoding::TESTS.iter().chain(running::TESTS).chain(http::TESTS)
}
