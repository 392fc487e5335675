//! What listeners of every kind do when accepting fails.

use std::io;
use std::time::Duration;
use tokio::time::Instant;

/// Failures of accepting, one after the other.
///
/// Where file descriptors have run out, accepting fails at once and again: it waits for some to come back.
#[derive(Debug, Default)]
pub(super) struct Failures {
    count: u32,
    until: Option<Instant>,
}

impl Failures {
    const FIRST: Duration = Duration::from_millis(10);
    const DOUBLINGS: u32 = 7;

    pub(super) fn add(&mut self, error: &io::Error) {
        use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
        if matches!(
            error.kind(),
            ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted
        ) {
            // The fault of one peer, which is gone.
            return;
        }
        if self.count == 0 {
            tracing::error!(%error, "cannot accept connections; trying again");
        }
        self.until =
            Some(Instant::now() + Self::FIRST * 2_u32.pow(self.count.min(Self::DOUBLINGS)));
        self.count = self.count.saturating_add(1);
    }

    pub(super) fn pausing(&self) -> bool {
        self.until.is_some_and(|until| until > Instant::now())
    }

    pub(super) async fn pause(&self) {
        if let Some(until) = self.until {
            tokio::time::sleep_until(until).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Failures;
    use std::io::{Error, ErrorKind};
    use tokio::time::Instant;

    #[tokio::test(start_paused = true)]
    async fn failing_to_accept_waits_longer_each_time_up_to_a_bound() {
        let mut failures = Failures::default();
        let mut waits = Vec::new();
        for _ in 0..10 {
            failures.add(&Error::from_raw_os_error(24));
            let start = Instant::now();
            assert!(failures.pausing());
            failures.pause().await;
            assert!(!failures.pausing());
            waits.push(start.elapsed().as_millis());
        }
        assert_eq!(waits, [10, 20, 40, 80, 160, 320, 640, 1280, 1280, 1280]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_is_gone_delays_nobody() {
        let mut failures = Failures::default();
        failures.add(&Error::from(ErrorKind::ConnectionAborted));
        assert!(!failures.pausing());
    }
}
