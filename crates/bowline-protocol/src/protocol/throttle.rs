//! How often errors may be sent that answer nobody.

use core::time::Duration;

/// A bucket of tokens: so many at once, so many a second afterwards.
///
/// An error without an id tells a person what went wrong and serves no program. Two peers that answer each other's
/// errors, or a megabyte of noise, would make one of every line; the bucket bounds them.
#[derive(Debug)]
pub struct Throttle {
    burst: u32,
    /// Time in which one token grows back.
    period: Duration,
    tokens: u32,
    /// From when the next token grows.
    since: Duration,
    dropped: u64,
}

impl Throttle {
    /// A full bucket.
    #[must_use]
    pub const fn new(burst: u32, per_second: u32) -> Self {
        let period = match Duration::from_secs(1).checked_div(per_second) {
            Some(period) => period,
            None => Duration::MAX,
        };
        Self { burst, period, tokens: burst, since: Duration::ZERO, dropped: 0 }
    }

    /// Takes a token; without one the caller stays silent, and that is counted.
    pub fn allows(&mut self, now: Duration) -> bool {
        let passed = now.saturating_sub(self.since).as_nanos();
        let grown = passed / self.period.as_nanos().max(1);
        if grown >= u128::from(self.burst - self.tokens) {
            self.tokens = self.burst;
            self.since = now;
        } else {
            // Fewer than the burst, which is 32 bits.
            self.tokens += grown as u32;
            self.since += self.period * grown as u32;
        }
        if self.tokens == 0 {
            self.dropped += 1;
            return false;
        }
        self.tokens -= 1;
        true
    }

    /// How often there was no token.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped
    }
}

impl Default for Throttle {
    /// Sixteen at once, then four a second.
    fn default() -> Self {
        Self::new(16, 4)
    }
}
