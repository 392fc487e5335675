//! A start that somebody gives up.

use crate::census::{Census, Left};
use crate::kinds::{ESCAPES, KINDS};
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll};

/// Polls a future as often as it asks for it, but not more than `most` times: whether it was done.
async fn polled<F: Future>(future: F, most: usize) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut polls = 0;
    std::future::poll_fn(move |task: &mut Context<'_>| {
        if polls == most {
            return Poll::Ready(None);
        }
        polls += 1;
        match future.as_mut().poll(task) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            // After the last one nobody waits for it any more.
            Poll::Pending if polls == most => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

#[test]
fn a_start_that_is_dropped_at_any_await_leaves_nothing() {
    let census = Census::begin();
    let awaits = census.runtime.as_ref().unwrap().block_on(async {
        for most in 0.. {
            let mut done = 0;
            for round in 0..4 * KINDS.len() {
                let command = KINDS[round % KINDS.len()].command();
                done += usize::from(polled(command.start(), most).await.is_some());
            }
            if done == 4 * KINDS.len() {
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
