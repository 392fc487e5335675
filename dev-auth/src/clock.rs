//! The time, which a test moves by hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What time it is: that of the system by default, or one that moves only when it is told to.
#[derive(Clone, Debug, Default)]
pub struct Clock(Option<Arc<AtomicU64>>);

impl Clock {
    /// A clock that stands at so many seconds after 1970. Its clones move with it.
    pub fn stopped_at(seconds: u64) -> Self {
        Self(Some(Arc::new(AtomicU64::new(seconds))))
    }

    /// Moves a stopped clock, by whole seconds; that of the system goes on as it does.
    pub fn advance(&self, by: Duration) {
        if let Some(stopped) = &self.0 {
            stopped.fetch_add(by.as_secs(), Ordering::Relaxed);
        }
    }

    /// Seconds since 1970.
    pub fn now(&self) -> u64 {
        match &self.0 {
            Some(stopped) => stopped.load(Ordering::Relaxed),
            None => {
                SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |passed| passed.as_secs())
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
    }
}
