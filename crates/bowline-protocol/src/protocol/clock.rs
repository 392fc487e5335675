//! How long a request of ours may take.
//!
//! Nothing else here knows of it: whoever waits for an answer, on whatever transport, keeps a [`Clock`] beside it.

use crate::limits::Limits;
use core::time::Duration;

/// How long a request may take; `None` is for ever.
///
/// See [Timeouts](https://modelcontextprotocol.io/specification/2026-07-28/basic/patterns/cancellation#timeouts).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timeouts {
    /// Longest time without an answer or progress.
    pub idle: Option<Duration>,
    /// Longest time whatever its progress.
    pub total: Option<Duration>,
}

impl Timeouts {
    /// No end: for requests that stay open until somebody ends them, such as `subscriptions/listen`.
    pub const NONE: Self = Self { idle: None, total: None };

    /// The figures of these limits.
    #[must_use]
    pub const fn of(limits: &Limits) -> Self {
        Self { idle: Some(limits.call_idle_timeout), total: Some(limits.call_timeout) }
    }
}

/// The two clocks of one request: since its last sign of life, and since it was sent.
///
/// Both stand still while it is paused, as while a person answers a question of the same call.
#[derive(Clone, Debug)]
pub struct Clock {
    timeouts: Timeouts,
    idle_due: Option<Duration>,
    total_due: Option<Duration>,
    /// Since when both stand still.
    paused: Option<Duration>,
}

impl Clock {
    /// Starts both.
    #[must_use]
    pub fn start(timeouts: Timeouts, now: Duration) -> Self {
        Self {
            timeouts,
            idle_due: timeouts.idle.map(|time| now.saturating_add(time)),
            total_due: timeouts.total.map(|time| now.saturating_add(time)),
            paused: None,
        }
    }

    /// When the request must be given up; never while it is paused.
    #[must_use]
    pub fn due(&self) -> Option<Duration> {
        if self.paused.is_some() {
            return None;
        }
        match (self.idle_due, self.total_due) {
            (Some(idle), Some(total)) => Some(idle.min(total)),
            (idle, total) => idle.or(total),
        }
    }

    /// Something moved: the idle time begins anew, the total one does not.
    pub fn touch(&mut self, now: Duration) {
        let now = self.paused.unwrap_or(now);
        self.idle_due = self.timeouts.idle.map(|time| now.saturating_add(time));
    }

    /// Stops both, until they are resumed; a second pause changes nothing.
    pub fn pause(&mut self, now: Duration) {
        self.paused.get_or_insert(now);
    }

    /// Lets both go on where they stood.
    pub fn resume(&mut self, now: Duration) {
        if let Some(since) = self.paused.take() {
            let stood = now.saturating_sub(since);
            self.idle_due = self.idle_due.map(|due| due.saturating_add(stood));
            self.total_due = self.total_due.map(|due| due.saturating_add(stood));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Row(&'static str, Option<u64>, Option<u64>, &'static [Step], Option<u64>);

    enum Step {
        Touch(u64),
        Pause(u64),
        Resume(u64),
    }
    use Step::{Pause, Resume, Touch};

    #[test]
    fn a_clock_is_due_when_it_ran_for_so_long() {
        let ms = Duration::from_millis;
        let rows = [
            Row("silence", Some(1000), Some(5000), &[], Some(1000)),
            Row("no timeouts", None, None, &[Touch(5)], None),
            Row("only a maximum", None, Some(50), &[Touch(5)], Some(50)),
            Row("a sign of life", Some(1000), Some(2500), &[Touch(900)], Some(1900)),
            Row(
                "the maximum stays",
                Some(1000),
                Some(2500),
                &[Touch(900), Touch(1800)],
                Some(2500),
            ),
            Row("a maximum below the idle time", Some(1000), Some(300), &[], Some(300)),
            Row("paused", Some(1000), Some(1500), &[Pause(400)], None),
            Row("paused without end", Some(1000), Some(1500), &[Pause(400), Touch(600)], None),
            Row("resumed", Some(1000), Some(1500), &[Pause(400), Resume(60_000)], Some(60_600)),
            Row(
                "paused twice",
                Some(1000),
                Some(1500),
                &[Pause(400), Pause(500), Resume(1400), Resume(9000)],
                Some(2000),
            ),
            Row(
                "a sign of life while paused counts from the pause",
                Some(1000),
                Some(9000),
                &[Pause(400), Touch(700), Resume(10_400)],
                Some(11_400),
            ),
            Row("at the end of time", Some(u64::MAX), Some(u64::MAX), &[], Some(u64::MAX)),
        ];
        for Row(name, idle, total, steps, expected) in rows {
            let timeouts = Timeouts { idle: idle.map(ms), total: total.map(ms) };
            let mut clock = Clock::start(timeouts, Duration::ZERO);
            for step in steps {
                match *step {
                    Touch(at) => clock.touch(ms(at)),
                    Pause(at) => clock.pause(ms(at)),
                    Resume(at) => clock.resume(ms(at)),
                }
            }
            assert_eq!(clock.due(), expected.map(ms), "{name}");
        }
    }
}
