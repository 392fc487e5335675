//! How long a forwarded call may take.

use crate::error::Error;
use bowline_protocol::limits::Limits;
use bowline_protocol::protocol::{Clock, Timeouts};
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::{Context as Task, Poll, ready};
use std::time::Duration;
use tokio::time::{Instant, Sleep};

/// The time of one call, through as many exchanges as it takes; it stands still while a question is open.
pub(super) struct Time {
    timeouts: Timeouts,
    /// Made when something has to be waited for.
    running: Option<Running>,
}

struct Running {
    born: Instant,
    clock: Clock,
    /// Rings when the clock is due, as it was known when it was set.
    alarm: Option<(Duration, Pin<Box<Sleep>>)>,
}

impl Time {
    /// The figures of these limits.
    pub(super) fn of(limits: &Limits) -> Self {
        Self { timeouts: Timeouts::of(limits), running: None }
    }

    /// The time without a sign of life begins anew.
    pub(super) fn touch(&mut self) {
        if let Some(Running { born, clock, .. }) = &mut self.running {
            clock.touch(born.elapsed());
        }
    }

    /// Both times stand still from now on.
    pub(super) fn stop(&mut self) {
        let running = self.running();
        running.clock.pause(running.born.elapsed());
    }

    /// Ready when the time is over. It stands still as long as `asked` is said.
    pub(super) fn poll_over(&mut self, asked: bool, task: &mut Task<'_>) -> Poll<()> {
        let Running { born, clock, alarm } = self.running();
        let now = born.elapsed();
        if asked {
            clock.pause(now);
        } else {
            clock.resume(now);
        }
        let Some(due) = clock.due() else {
            *alarm = None;
            return Poll::Pending;
        };
        let at = *born + due;
        let (set, sleep) =
            alarm.get_or_insert_with(|| (due, Box::pin(tokio::time::sleep_until(at))));
        if *set != due {
            *set = due;
            sleep.as_mut().reset(at);
        }
        ready!(sleep.as_mut().poll(task));
        Poll::Ready(())
    }

    /// Waits for something that is no exchange; `None` when the time was over before.
    pub(super) async fn within<T>(&mut self, wait: impl Future<Output = T>) -> Option<T> {
        let mut wait = pin!(wait);
        poll_fn(|task| match wait.as_mut().poll(task) {
            Poll::Ready(done) => Poll::Ready(Some(done)),
            Poll::Pending => self.poll_over(false, task).map(|()| None),
        })
        .await
    }

    /// What the call ends with when the time is over.
    pub(super) fn over(&self, method: &str) -> Error {
        let Timeouts { idle, total } = self.timeouts;
        let (idle, total) = (idle.unwrap_or_default(), total.unwrap_or_default());
        Error::timed_out(format!(
            "{method}: no answer and no progress for {idle:?}, or no answer within {total:?}"
        ))
    }

    fn running(&mut self) -> &mut Running {
        self.running.get_or_insert_with(|| Running {
            born: Instant::now(),
            clock: Clock::start(self.timeouts, Duration::ZERO),
            alarm: None,
        })
    }
}
