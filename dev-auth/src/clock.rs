//! The time, which a test moves by hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What time it is: that of the system by default, or one that moves only when it is told to.
#[derive(Clone, Debug)]
pub struct Clock(Kind);

#[derive(Clone, Debug)]
enum Kind {
    /// That of the system, so many seconds ago.
    System(u64),
    Stopped(Arc<AtomicU64>),
}

impl Default for Clock {
    fn default() -> Self {
        Self(Kind::System(0))
    }
}

impl Clock {
    /// A clock that is behind that of the system, by whole seconds.
    ///
    /// A resource server that allows for a minute between clocks takes a token for a minute longer than it lasts; one of
    /// a server that is behind by almost as much, only for almost as long as it lasts.
    pub fn behind(by: Duration) -> Self {
        Self(Kind::System(by.as_secs()))
    }

    /// A clock that stands at so many seconds after 1970. Its clones move with it.
    pub fn stopped_at(seconds: u64) -> Self {
        Self(Kind::Stopped(Arc::new(AtomicU64::new(seconds))))
    }

    /// Moves a stopped clock, by whole seconds; that of the system goes on as it does.
    pub fn advance(&self, by: Duration) {
        if let Kind::Stopped(stopped) = &self.0 {
            stopped.fetch_add(by.as_secs(), Ordering::Relaxed);
        }
    }

    /// Seconds since 1970.
    pub fn now(&self) -> u64 {
        match &self.0 {
            Kind::Stopped(stopped) => stopped.load(Ordering::Relaxed),
            Kind::System(behind) => {
                let passed = SystemTime::now().duration_since(UNIX_EPOCH);
                passed.map_or(0, |passed| passed.as_secs()).saturating_sub(*behind)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Clock;
    use std::time::Duration;

    #[test]
    fn a_stopped_clock_moves_with_its_clones() {
        let clock = Clock::stopped_at(100);
        let same = clock.clone();
        clock.advance(Duration::from_secs(3));
        assert_eq!((clock.now(), same.now()), (103, 103));
    }

    #[test]
    fn the_clock_of_the_system_cannot_be_moved() {
        let clock = Clock::default();
        let before = clock.now();
        clock.advance(Duration::from_secs(1_000_000));
        assert!(before > 1_700_000_000 && clock.now() < before + 1_000);
        let behind = Clock::behind(Duration::from_secs(1_000)).now();
        assert!((before - 1_000..before).contains(&behind));
    }
}
