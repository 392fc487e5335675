//! From one look to the next.

use super::Tally;
use crate::host::status::Usage;
use std::time::Duration;
use tokio::time::Instant;

/// What is remembered of the last look at one group.
#[derive(Debug, Default)]
pub(super) struct Account {
    last: Option<Last>,
}

#[derive(Clone, Copy, Debug)]
struct Last {
    group: u32,
    at: Instant,
    cpu: Duration,
    percent: Option<f64>,
}

impl Account {
    /// What a look at this group says of it; nothing where there is nobody. Another group begins anew.
    pub(super) fn enter(&mut self, found: Option<(u32, &Tally)>, now: Instant) -> Option<Usage> {
        let Some((group, tally)) = found else {
            self.last = None;
            return None;
        };
        let before = self.last.filter(|last| last.group == group);
        // A child that nobody of the group waited for takes its time with it.
        let cpu = tally.cpu.max(before.map_or(Duration::ZERO, |last| last.cpu));
        let percent = before.and_then(|last| {
            let passed = now.saturating_duration_since(last.at);
            let used = (cpu - last.cpu).as_secs_f64();
            // Two looks at one time tell no more than the first.
            if passed.is_zero() {
                last.percent
            } else {
                Some(tenths(100.0 * used / passed.as_secs_f64()))
            }
        });
        self.last = Some(Last { group, at: now, cpu, percent });
        Some(Usage {
            cpu,
            cpu_percent: percent,
            memory: tally.memory,
            descriptors: tally.descriptors,
            processes: tally.processes,
            threads: tally.threads,
        })
    }
}

/// Clocks of processors tick a hundred times a second: more digits would say nothing.
fn tenths(share: f64) -> f64 {
    (share * 10.0).round() / 10.0
}
