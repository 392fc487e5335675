//! A start that somebody gives up.

use crate::census::{Census, Left};
use crate::kinds::{ESCAPES, KINDS};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

/// Polls a future as often as it asks for it, but not more than `most` times, and drops it that long after the last
/// one: its output, if it was done.
async fn polled<F: Future>(future: F, most: usize, linger: Duration) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut polls = 0;
    poll_fn(move |task: &mut Context<'_>| {
        while polls < most {
            polls += 1;
            match future.as_mut().poll(task) {
                Poll::Ready(output) => return Poll::Ready(Some(output)),
                Poll::Pending if polls < most => return Poll::Pending,
                Poll::Pending => {}
            }
        }
        // What it waits for goes on meanwhile, on another thread.
        let dropped = Instant::now() + linger;
        while Instant::now() < dropped {
            std::hint::spin_loop();
        }
        Poll::Ready(None)
    })
    .await
}

/// Steps of the time from the last poll to the drop; a start takes about twenty.
const LINGER: Duration = Duration::from_micros(100);
const STEPS: u32 = 50;

#[test]
fn a_start_that_is_dropped_at_any_await_leaves_nothing() {
    let census = Census::begin();
    let awaits = census.runtime.as_ref().unwrap().block_on(async {
        for most in 0.. {
            let mut all_done = true;
            for step in 0..STEPS {
                let command = KINDS[step as usize % KINDS.len()].command();
                let started = polled(command.start(), most, LINGER * step).await;
                all_done &= started.is_some();
            }
            if all_done {
                return most;
            }
        }
        unreachable!("a start is done some time")
    });
    assert!(awaits > 1, "it waits at least once, or this tests nothing");
    assert_eq!(census.left(ESCAPES).0, Left::default());
}

#[test]
fn a_runtime_that_ends_amid_starts_leaves_nothing() {
    let mut census = Census::begin();
    let runtime = census.runtime.take().unwrap();
    let begun: Vec<_> = (0..40).map(|round| KINDS[round % KINDS.len()].command()).collect();
    for command in begun {
        runtime.spawn(async move {
            let child = command.start().await;
            std::future::pending::<()>().await;
            drop(child);
        });
    }
    drop(runtime);
    assert_eq!(census.left(ESCAPES).0, Left::default());
}
