//! How long a request of ours may take.

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

/// The two clocks of one request.
#[derive(Debug)]
pub(super) struct Clock {
    timeouts: Timeouts,
    idle_due: Option<Duration>,
    total_due: Option<Duration>,
    /// Since when both stand still.
    paused: Option<Duration>,
}

impl Clock {
    pub(super) fn start(timeouts: Timeouts, now: Duration) -> Self {
        Self {
            timeouts,
            idle_due: timeouts.idle.map(|time| now.saturating_add(time)),
            total_due: timeouts.total.map(|time| now.saturating_add(time)),
            paused: None,
        }
    }

    /// When the request must be given up; never while it is paused.
    pub(super) fn due(&self) -> Option<Duration> {
        if self.paused.is_some() {
            return None;
        }
        match (self.idle_due, self.total_due) {
            (Some(idle), Some(total)) => Some(idle.min(total)),
            (idle, total) => idle.or(total),
        }
    }

    /// Something moved: the idle time begins anew, the total one does not.
    pub(super) fn touch(&mut self, now: Duration) {
        let now = self.paused.unwrap_or(now);
        self.idle_due = self.timeouts.idle.map(|time| now.saturating_add(time));
    }

    pub(super) fn pause(&mut self, now: Duration) {
        self.paused.get_or_insert(now);
    }

    pub(super) fn resume(&mut self, now: Duration) {
        if let Some(since) = self.paused.take() {
            let stood = now.saturating_sub(since);
            self.idle_due = self.idle_due.map(|due| due.saturating_add(stood));
            self.total_due = self.total_due.map(|due| due.saturating_add(stood));
        }
    }
}
