//! The tests.

mod client;
mod decoding;
mod http;
mod running;
mod session;
mod stdio_session;

use crate::defects::Test;

/// Every test, in the order in which they run.
pub(crate) fn all() -> impl Iterator<Item = &'static Test> {
    let modern = decoding::TESTS.iter().chain(running::TESTS).chain(http::TESTS);
    modern.chain(stdio_session::TESTS).chain(session::all()).chain(client::TESTS)
}
