//! Sessions of the older protocol versions over Streamable HTTP.

mod owners;
mod replay;
mod requests;
mod streams;

use crate::defects::Test;

/// Every test of sessions.
pub(crate) fn all() -> impl Iterator<Item = &'static Test> {
    requests::TESTS.iter().chain(streams::TESTS).chain(replay::TESTS).chain(owners::TESTS)
}
